"""Rain: ground that shines and reflects, and falling drops drawn out to streaks by the exposure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Image, Light

_MARGIN = 96  # a frame's streaks are a window of a larger picture of streaks, at a place of its own


def wet(
    image: NDArray[np.floating], ground: NDArray[np.bool_], *, rain: float, mirrored: NDArray[np.floating]
) -> NDArray[np.float32]:
    """`image` [H, W, 3] with its `ground` [H, W] darkened by `rain` in 0-1; it mirrors what is `mirrored` [H, W, 3]."""
    height = len(image)
    rows = np.arange(height)[:, None]
    # A wall is mirrored at its foot: there the unbroken ground above a pixel begins.
    foot = np.maximum.accumulate(np.where(ground, 0, rows + 1), axis=0)
    source = np.clip(2 * foot - rows, 0, height - 1)
    mirror = np.take_along_axis(mirrored, source[..., None], axis=0).astype(np.float32)
    mirror = cv2.blur(mirror, (3, max(3, height // 12)))  # ripples draw a reflection out, more down than across
    shine = 0.42 * rain * np.exp(-(rows - foot) / (0.35 * height))[..., None]
    soaked = image * (1 - 0.25 * rain) * (1 - shine) + mirror * shine
    return np.asarray(np.where(ground[..., None], soaked, image), dtype=np.float32)


class Streaks:
    """Falling drops as one exposure sees them; the drops of two frames have nothing to do with each other."""

    def __init__(self, camera: Camera, light: Light, *, rain: float, rng: np.random.Generator) -> None:
        size = (camera.height + _MARGIN, camera.width + _MARGIN)
        sheet = np.zeros(size, np.uint8)
        bright = min(150.0, 0.42 * float(np.mean(light.sky)) * min(1.0, float(np.mean(light.tint)) + 0.12))
        slant = rng.uniform(-0.12, 0.12)
        # Far drops are many, short and faint; near ones few, long and bright.
        for per_pixel, length, level in ((0.0040, 0.030, 0.30), (0.0016, 0.06, 0.5), (0.0004, 0.11, 0.8)):
            for _ in range(round(per_pixel * rain * size[0] * size[1])):
                x, y = rng.uniform(0, size[1]), rng.uniform(0, size[0])
                long = camera.height * length * rng.uniform(0.7, 1.3)
                ends = np.rint(np.array([[x, y], [x + slant * long, y + long]]) * 16).astype(int)
                colour = (bright * level * rng.uniform(0.5, 1.0),)
                cv2.line(sheet, ends[0].tolist(), ends[1].tolist(), colour, 1, cv2.LINE_AA, 4)
        self._sheet = cv2.merge([cv2.blur(sheet, (1, 3))] * 3)

    def add(self, canvas: Image, rng: np.random.Generator) -> Image:
        """`canvas` [H, W, 3] behind the drops of one frame."""
        dy, dx = rng.integers(0, _MARGIN, size=2)
        height, width = canvas.shape[:2]
        return np.asarray(cv2.add(canvas, self._sheet[dy : dy + height, dx : dx + width]), dtype=np.uint8)
