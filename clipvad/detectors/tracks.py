"""Identities over time for boxes without appearance: greedy overlap with a constant-velocity guess."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass
class _Track:
    identity: int
    box: NDArray[np.float32]  # where it was seen last, x1 y1 x2 y2
    velocity: NDArray[np.float32]  # of the centre, pixels a frame
    missed: int = 0


class OverlapTracker:
    """Gives each box of a frame the identity of the track that it overlaps most.

    A track's box moves on with its velocity while it is not seen and is forgotten after `patience` frames.
    Pairs are taken in falling order of IoU, at least `min_iou`; ties in order of age, so the result is
    deterministic. Identities count from 0.
    """

    def __init__(self, *, min_iou: float = 0.1, patience: int = 8) -> None:
        self._min_iou = min_iou
        self._patience = patience
        self._tracks: list[_Track] = []
        self._next = 0

    def update(self, boxes: NDArray[np.float32]) -> NDArray[np.int32]:
        """Identities, int32 [K], of the boxes [K, 4] of the next frame."""
        identities = np.full(len(boxes), -1, np.int32)
        guesses = [track.box + np.tile(track.velocity, 2) * (track.missed + 1) for track in self._tracks]
        overlap = iou(np.array(guesses, np.float32).reshape(-1, 4), boxes)
        seen: set[int] = set()
        for flat in np.argsort(-overlap, axis=None, kind="stable"):
            row, column = int(flat) // len(boxes), int(flat) % len(boxes)
            if overlap[row, column] < self._min_iou:
                break
            if row not in seen and identities[column] < 0:
                seen.add(row)
                identities[column] = self._tracks[row].identity
                _move(self._tracks[row], boxes[column])
        for row, track in enumerate(self._tracks):
            if row not in seen:
                track.missed += 1
        self._tracks = [track for track in self._tracks if track.missed <= self._patience]
        for column in map(int, np.flatnonzero(identities < 0)):
            identities[column] = self._next
            self._tracks.append(_Track(self._next, boxes[column].copy(), np.zeros(2, np.float32)))
            self._next += 1
        return identities


def iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of every pair, float32 [len(a), len(b)]; 0 where both are empty."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area_a, area_b = ((x[:, 2:] - x[:, :2]).prod(axis=1) for x in (a, b))
    union = area_a[:, None] + area_b[None, :] - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def _move(track: _Track, box: NDArray[np.float32]) -> None:
    step = ((box[:2] + box[2:]) - (track.box[:2] + track.box[2:])) / 2 / (track.missed + 1)
    track.velocity = ((track.velocity + step) / 2).astype(np.float32)
    track.box, track.missed = box.copy(), 0
