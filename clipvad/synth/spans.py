"""From when to when something happens: spans of the ground truth, worked out from the boxes of the frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import numpy as np

from clipvad.synth.rendering.render import Box
from clipvad.synth.story import Happening

Frames = Sequence[Sequence[Box]]

_IN_VIEW = 0.35  # an event lasts while at least this part of who makes it is in the picture
_BRIDGE_S = 0.5  # who is out of view for less than this has not left


@dataclass(frozen=True)
class Label:
    """What a stretch of the clip shows: for events, `kinds` are the actors whose presence makes it."""

    label: str
    caption: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Interval:
    """Seconds `start_s` <= t < `end_s`, what happens and who does it (track ids)."""

    start_s: float
    end_s: float
    label: str
    caption: str
    tracks: tuple[int, ...]


def label_spans(frames: Frames, label: Label, *, fps: float) -> list[Interval]:
    """The stretches of frames in which an actor of the label's kinds is in the picture."""
    who = [{b.track for b in seen if b.kind in label.kinds and b.inside >= _IN_VIEW} for seen in frames]
    return [
        _interval(low / fps, high / fps, label.label, label.caption, who[low:high])
        for low, high in _runs([bool(tracks) for tracks in who])
    ]


def happening_spans(
    frames: Frames, happening: Happening, *, actors: int, fps: float, rng: np.random.Generator
) -> list[Interval]:
    """When a happening of a scene with that many `actors` is seen, with one of its captions drawn by `rng`.

    Its own times are cut to the clip and to when one of its actors or effects is in view; gaps under half a second
    are bridged. One without actors and effects lasts its whole time.

    Raises:
        ValueError: it has neither times nor anybody to be seen, no caption, or it ends before it starts.
    """
    tracks = {1 + k for k in happening.actors} | {1 + actors + k for k in happening.effects}
    if not tracks and (happening.start_s is None or happening.end_s is None):
        raise ValueError(f"the happening {happening.label!r} needs times, or actors or effects to be seen")
    if not happening.captions:
        raise ValueError(f"the happening {happening.label!r} needs a caption")
    start_s = max(0.0, happening.start_s if happening.start_s is not None else 0.0)
    end_s = min(len(frames) / fps, happening.end_s if happening.end_s is not None else np.inf)
    if happening.start_s is not None and happening.end_s is not None and happening.end_s <= happening.start_s:
        raise ValueError(f"the happening {happening.label!r} ends at {happening.end_s} s, before it starts")
    caption = happening.captions[int(rng.integers(len(happening.captions)))]
    # The bound of rounding: a time that was meant to be a frame's is that frame's.
    first, stop = ceil(start_s * fps - 1e-6), ceil(end_s * fps - 1e-6)
    who = [{b.track for b in seen if b.track in tracks and b.inside >= _IN_VIEW} for seen in frames[first:stop]]
    present = [bool(now) or not tracks for now in who]
    spans = []
    for low, high in _runs(_bridged(present, most=_BRIDGE_S * fps)):
        start = start_s if low == 0 else (first + low) / fps
        spans.append(_interval(start, min((first + high) / fps, end_s), happening.label, caption, who[low:high]))
    return spans


def with_quiet(events: Sequence[Interval], quiet: Label, *, duration_s: float) -> tuple[Interval, ...]:
    """Events in the order of their starts, and the quiet between them, from 0 to the end."""
    captions, at = [], 0.0
    for event in events:
        if event.start_s > at:
            captions.append(Interval(at, event.start_s, quiet.label, quiet.caption, ()))
        captions.append(event)
        at = max(at, event.end_s)
    if at < duration_s:
        captions.append(Interval(at, round(duration_s, 3), quiet.label, quiet.caption, ()))
    return tuple(captions)


def _interval(start_s: float, end_s: float, label: str, caption: str, who: Sequence[set[int]]) -> Interval:
    return Interval(round(start_s, 3), round(end_s, 3), label, caption, tuple(sorted(set().union(*who))))


def _runs(present: Sequence[bool]) -> list[tuple[int, int]]:
    """First and one past the last index of each unbroken stretch of `True`."""
    edges = np.flatnonzero(np.diff([False, *present, False]))
    return [(int(low), int(high)) for low, high in edges.reshape(-1, 2)]


def _bridged(present: Sequence[bool], *, most: float) -> list[bool]:
    """Gaps between two stretches that are shorter than `most` frames are closed."""
    closed, runs = list(present), _runs(present)
    for (_, end), (start, _) in pairwise(runs):
        if start - end < most:
            closed[end:start] = [True] * (start - end)
    return closed
