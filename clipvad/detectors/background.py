"""The empty scene before a fixed camera: a temporal median, and what differs from it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

_SAMPLES = 25  # odd, so that the median is one of them
_FLOOR = 18  # grey levels: compression noise of surveillance footage stays below
_CEILING = 45  # a restless pixel may not hide everything


class MedianBackground:
    """Per-pixel median of samples spread over the last `memory_s` seconds (McFarlane & Schofield 1995 motivate
    the median: an object that covers a pixel less than half of the time leaves no trace).

    A young background takes every frame, an old one a sample every `memory_s / 25` seconds.
    """

    def __init__(self, *, memory_s: float, contrast: float = 1.0) -> None:
        self._memory_s = memory_s
        self._contrast = contrast
        self._samples: list[Picture] = []
        self._begin_s = 0.0
        self._last_s = 0.0
        self.picture: Picture | None = None
        self._threshold: NDArray[np.uint8] | None = None

    @property
    def age_s(self) -> float:
        """Seconds from the first to the last sample."""
        return self._last_s - self._begin_s if self._samples else 0.0

    def learn(self, picture: Picture, time_s: float) -> None:
        """Take uint8 [H, W, 3] as a sample if it is time for one."""
        if not self._samples:
            self._begin_s = time_s
        elif time_s - self._last_s < min((time_s - self._begin_s) / 12, self._memory_s / _SAMPLES):
            return
        self._last_s = time_s
        self._samples = [*self._samples[1 - _SAMPLES :], picture]
        ordered = _sorted(self._samples)
        middle = ordered[len(ordered) // 2]
        below, above = (ordered[round(part * (len(ordered) - 1))] for part in (0.2, 0.8))
        # Passers-by widen the distribution on one side only, noise and leaves on both.
        noise = np.minimum(middle - below, above - middle).max(axis=2)
        self.picture = middle
        self._threshold = np.clip((_FLOOR + 1.5 * noise) * self._contrast, 1, 255).astype(np.uint8)
        np.minimum(self._threshold, np.uint8(min(255, _CEILING * self._contrast)), out=self._threshold)

    def difference(self, picture: Picture) -> NDArray[np.bool_]:
        """bool [H, W]: where the picture differs from the background by more than the pixel's own noise."""
        if self.picture is None or self._threshold is None:
            raise ValueError("learn a picture before asking for the difference")
        return np.asarray(cv2.absdiff(picture, self.picture).max(axis=2) > self._threshold)


def _sorted(pictures: list[Picture]) -> list[Picture]:
    """The pictures sorted pixel by pixel: Batcher's odd-even merge sort, whole pictures at a time.

    Seven times faster than `numpy.partition` over the time axis, since minimum and maximum use SIMD.
    """
    rows = list(pictures)
    size, step = len(rows), 1
    while step < size:
        gap = step
        while gap >= 1:
            for start in range(gap % step, size - gap, 2 * gap):
                for low in range(start, start + min(gap, size - start - gap)):
                    if low // (2 * step) == (low + gap) // (2 * step):
                        a, b = rows[low], rows[low + gap]
                        rows[low], rows[low + gap] = np.minimum(a, b), np.maximum(a, b)
            gap //= 2
        step *= 2
    return rows
