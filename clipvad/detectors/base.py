"""What a detector is: it proposes boxes around the things a sentence may be about.

A detector is opened once per clip, because trackers and background models remember what came before. The
same frames give the same boxes, however they are cut into batches.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Detections, FrameBatch, ModelUse
from clipvad.errors import DetectorError

MAX_OBJECTS = 20  # per frame, the most confident kept: the number used by Dong, ICPRAM 2024, section 4


class DetectorSession(Protocol):
    """A detector at work on one clip. Not safe to share between threads."""

    def detect(self, batch: FrameBatch, first_frame: int) -> Detections:
        """Boxes of the next frames of the clip.

        `batch` follows the previous one without a gap; its frames get the indices `first_frame`,
        `first_frame + 1`, ... Boxes are source pixels (batch pixels times the session's `scale`), clipped to
        the picture, sorted by frame and, within a frame, by falling confidence.
        """
        ...


class Detector(Protocol):
    """A loaded detector. `open` may be called for several clips at once."""

    @property
    def id(self) -> str:
        """Name, weights and every setting that changes a result: equal ids, equal boxes."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The class names that `Detections.label` indexes."""
        ...

    @property
    def use(self) -> ModelUse:
        """What runs, for people."""
        ...

    def open(self, *, scale: float = 1.0) -> DetectorSession:
        """Start a clip. `scale`: source pixels per batch pixel (`VideoInfo.width / batch width`)."""
        ...


@dataclass(frozen=True)
class Boxes:
    """The boxes of one frame, in batch pixels. `xyxy` [K, 4]; `confidence`, `label`, `track` [K]."""

    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    label: NDArray[np.int16]
    track: NDArray[np.int32]


def options_of(detector: type) -> tuple[str, ...]:
    """The names of the settings a user may give to a detector class: its keyword-only parameters."""
    parameters = inspect.signature(detector).parameters.values()
    internal = ("device", "chosen")
    return tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in internal)


def check_options(kind: str, options: Mapping[str, object], *detectors: type) -> None:
    """Raise `DetectorError` if an option is known to none of the detector classes."""
    allowed = sorted({name for detector in detectors for name in options_of(detector)})
    for name in options:
        if name not in allowed:
            raise DetectorError(f"The detector {kind!r} has no option {name!r}. Allowed: {', '.join(allowed)}.")


def to_detections(
    frames: Sequence[Boxes],
    *,
    first_frame: int,
    scale: float,
    width: int,
    height: int,
    names: tuple[str, ...],
    detector_id: str,
    max_objects: int,
) -> Detections:
    """One table from per-frame boxes: clipped, scaled to source pixels, sorted, at most `max_objects` a frame.

    `width`, `height`: size of the batch's frames. A box thinner than a pixel after clipping is dropped.
    """
    rows = [_keep(boxes, width, height, max_objects) for boxes in frames]
    if not rows:
        return Detections.empty(detector_id, names)
    counts = [len(boxes.confidence) for boxes in rows]
    return Detections(
        frame=np.repeat(np.arange(first_frame, first_frame + len(rows), dtype=np.int32), counts),
        xyxy=np.concatenate([boxes.xyxy for boxes in rows]) * np.float32(scale),
        confidence=np.concatenate([boxes.confidence for boxes in rows]),
        label=np.concatenate([boxes.label for boxes in rows]),
        track=np.concatenate([boxes.track for boxes in rows]),
        names=names,
        detector_id=detector_id,
    )


def _keep(boxes: Boxes, width: int, height: int, max_objects: int) -> Boxes:
    limit = np.array([width, height, width, height], np.float32)
    xyxy = np.clip(boxes.xyxy.astype(np.float32, copy=False), 0, limit)
    size = xyxy[:, 2:] - xyxy[:, :2]
    inside = np.flatnonzero((size >= 1).all(axis=1))
    order = inside[np.argsort(-boxes.confidence[inside], kind="stable")][:max_objects]
    return Boxes(
        xyxy=xyxy[order],
        confidence=boxes.confidence[order].astype(np.float32, copy=False),
        label=boxes.label[order].astype(np.int16, copy=False),
        track=boxes.track[order].astype(np.int32, copy=False),
    )
