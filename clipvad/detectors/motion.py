"""Motion: boxes around what moves before a fixed camera. Needs no weights and knows no classes.

What differs from the median of the last seconds (`background`), less cast shadows (`shadows`), as connected
blobs. It finds what a detector has no class for: smoke, a thrown chair, a fallen tree.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.core import Detections, FrameBatch, ModelUse
from clipvad.detectors.background import MedianBackground
from clipvad.detectors.base import MAX_OBJECTS, Boxes, to_detections
from clipvad.detectors.shadows import VERSION as SHADOWS
from clipvad.detectors.shadows import without_shadows
from clipvad.detectors.tracks import OverlapTracker
from clipvad.errors import DetectorError

NAMES = ("moving object",)
_LONGEST = 480  # pixels; a larger frame is looked at in this size, since blobs need no more
_GHOSTS_S = 4.0  # a younger background still holds what stood in the first frames
_OPEN, _CLOSE = 3, (1, 3)
_CHANGE = 16  # grey levels from one frame to the next


class MotionDetector:
    """Settings of the motion detector; `open` starts a clip.

    `min_area` in (0, 1): smallest blob as a part of the picture. `contrast` > 0 multiplies each pixel's
    threshold, 18 to 45 grey levels from the median; lower finds fainter things and more noise. `memory_s` > 0:
    seconds of background; what stands still for half of them has become a part of it. `shadows`: keep cast
    shadows as if they were things. `chosen`: why it was chosen, if not by the user.
    """

    names = NAMES

    def __init__(
        self,
        *,
        min_area: float = 0.0008,
        contrast: float = 1.0,
        memory_s: float = 20.0,
        shadows: bool = False,
        max_objects: int = MAX_OBJECTS,
        chosen: str = "",
    ) -> None:
        if not 0 < min_area < 1 or contrast <= 0 or memory_s <= 0 or max_objects < 1:
            raise DetectorError(
                "The motion detector needs min_area between 0 and 1, contrast and memory_s above 0 and "
                f"max_objects of at least 1, got {min_area}, {contrast}, {memory_s} and {max_objects}."
            )
        self.min_area, self.contrast, self.memory_s = min_area, contrast, memory_s
        self.shadows, self.max_objects, self.chosen = shadows, max_objects, chosen
        self.id = (
            f"motion:median|area={min_area:g}|contrast={contrast:g}|memory={memory_s:g}"
            f"|shadows={'kept' if shadows else f'cut{SHADOWS}'}|max={max_objects}"
        )

    @property
    def use(self) -> ModelUse:
        """What runs, for people."""
        return ModelUse(
            id=self.id,
            label="Motion (background subtraction)",
            limits=(
                f"{self.chosen}{' ' * bool(self.chosen)}"
                "Finds what moves before a fixed camera and nothing that stands still; people who walk close "
                "together share a box; in the first second and after a change of light it sees little."
            ),
            device="cpu",
        )

    def open(self, *, scale: float = 1.0) -> MotionSession:
        """Start a clip with an empty background."""
        return MotionSession(self, scale)


class MotionSession:
    """One clip: background, blobs and their identities. Every frame depends on those before it only."""

    def __init__(self, detector: MotionDetector, scale: float) -> None:
        self._detector = detector
        self._scale = scale
        self._background = MedianBackground(memory_s=detector.memory_s, contrast=detector.contrast)
        self._recent: list[NDArray[np.uint8]] = []
        self._tracker = OverlapTracker()

    def detect(self, batch: FrameBatch, first_frame: int) -> Detections:
        """See `DetectorSession.detect`."""
        height, width = batch.pixels.shape[1:3]
        return to_detections(
            [self._frame(picture, time) for picture, time in zip(batch.pixels, batch.pts_s, strict=True)],
            first_frame=first_frame,
            scale=self._scale,
            width=width,
            height=height,
            names=NAMES,
            detector_id=self._detector.id,
            max_objects=self._detector.max_objects,
        )

    def _frame(self, picture: NDArray[np.uint8], time_s: float) -> Boxes:
        gain = min(1.0, _LONGEST / max(picture.shape[:2]))
        small = cv2.resize(picture, None, fx=gain, fy=gain, interpolation=cv2.INTER_AREA) if gain < 1 else picture
        mask = self._foreground(cv2.GaussianBlur(small, (3, 3), 0), time_s)
        xyxy, confidence = _blobs(mask, min_area=self._detector.min_area)
        xyxy /= gain
        return Boxes(
            xyxy=xyxy,
            confidence=confidence,
            label=np.zeros(len(xyxy), np.int16),
            track=self._tracker.update(xyxy),
        )

    def _foreground(self, picture: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
        """uint8 [H, W], 1 where something moves. Learns the picture."""
        if self._background.picture is None or self._background.picture.shape != picture.shape:
            return self._restart(picture, time_s)
        mask = self._background.difference(picture)
        ground = self._background.picture
        if mask.mean() > 0.6:  # the light or the camera changed, not a thing
            return self._restart(picture, time_s)
        if self._background.age_s < _GHOSTS_S:
            mask &= _changing(picture, self._recent)
        self._background.learn(picture, time_s)
        self._recent = [*self._recent[-1:], picture]
        moving = mask.astype(np.uint8)
        return moving if self._detector.shadows else without_shadows(moving, picture, ground)

    def _restart(self, picture: NDArray[np.uint8], time_s: float) -> NDArray[np.uint8]:
        self._background = MedianBackground(memory_s=self._detector.memory_s, contrast=self._detector.contrast)
        self._background.learn(picture, time_s)
        self._recent = [picture]
        return np.zeros(picture.shape[:2], np.uint8)


def _changing(picture: NDArray[np.uint8], recent: list[NDArray[np.uint8]]) -> NDArray[np.bool_]:
    """bool [H, W]: near a pixel that changed within the last frames.

    A young background holds what stood there at first; when that goes, its ghost stays, but a ghost is still.
    """
    change = np.max([cv2.absdiff(picture, other).max(axis=2) for other in recent], axis=0) > _CHANGE
    reach = max(3, round(max(change.shape) / 36))
    return np.asarray(cv2.dilate(change.astype(np.uint8), _ellipse(reach, reach)) > 0)


def _blobs(mask: NDArray[np.uint8], *, min_area: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Boxes [K, 4] and confidences [K] of the connected regions of a mask of zeros and ones."""
    height, width = mask.shape
    unit = max(height, width) / 360  # sizes below were chosen on 360 x 240 pictures
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _ellipse(_OPEN * unit, _OPEN * unit))
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _ellipse(_CLOSE[0] * unit, _CLOSE[1] * unit))
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    x, y, w, h, area = stats[1:count].T.astype(np.float32)
    keep = area >= min_area * height * width
    xyxy = np.stack([x, y, x + w, y + h], axis=1)[keep]
    # A large blob that fills its box is surely a thing; a thin or ragged one may be noise.
    relative = area[keep] / (height * width)
    confidence = (area / np.maximum(w * h, 1))[keep] * relative / (relative + 4 * min_area)
    return xyxy.astype(np.float32), confidence.astype(np.float32)


def _ellipse(width: float, height: float) -> NDArray[np.uint8]:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_odd(width), _odd(height)))  # type: ignore[no-any-return]


def _odd(length: float) -> int:
    """The next odd size: an even kernel has no middle and would move the mask."""
    return max(1, 2 * round((length - 1) / 2) + 1)
