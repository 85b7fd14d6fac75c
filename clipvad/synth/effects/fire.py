"""Open fire: flames that flicker and grow, sparks, and their glow on the ground."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.synth.effects.puffs import PixelBox, clip_box
from clipvad.synth.rendering.backdrop import FloatImage, Texture
from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.parts import Image

# Colours of hot soot by heat 0-1: transparent edge, deep red, orange, yellow, almost white.
_HEAT = np.array([0.0, 0.18, 0.42, 0.70, 1.0])
_COLOURS = np.array([[120, 20, 5], [214, 56, 10], [250, 128, 22], [255, 205, 76], [255, 246, 196]], dtype=float)


@dataclass(frozen=True, kw_only=True)
class Fire:
    """Flames at `at` (metres), from `base_m` above the ground, `width_m` wide and up to `height_m` high.

    It starts as a quarter of its size at `span_s[0]` and is full-grown after `grow_s` seconds. `glow` in 0-1 is how
    much of its light the ground shows: little by day, much at night.
    """

    at: tuple[float, float]
    span_s: tuple[float, float]
    width_m: float = 1.5
    height_m: float = 1.9
    base_m: float = 0.0
    grow_s: float = 4.0
    glow: float = 0.35
    seed: int = 0
    kind: str = "fire"

    def draw(self, canvas: Image, t_s: float, camera: Camera) -> PixelBox | None:
        """See `Effect`."""
        if not self.span_s[0] <= t_s <= self.span_s[1]:
            return None
        age = t_s - self.span_s[0]
        size = 0.25 + 0.75 * float(np.clip(age / self.grow_s, 0, 1)) ** 0.8
        width, height = self.width_m * size, self.height_m * size
        foot, depth = camera.project(np.array([*self.at, self.base_m]))
        scale = camera.focal_px / float(depth)
        if self.base_m < 0.3:
            self._scorch(canvas, camera, width)
        self._light(canvas, camera, t_s, width)
        low = foot - scale * np.array([width * 0.75, height * 1.25])
        box = clip_box(low[None], (foot + scale * np.array([width * 0.75, 0.12 * width]))[None], canvas)
        if box is None:
            return None
        x0, y0, x1, y1 = (int(v) for v in (box[0], box[1], box[2] + 1, box[3] + 1))
        region = canvas[y0:y1, x0:x1]
        rows, columns = region.shape[:2]
        x, z = np.meshgrid(
            (np.arange(columns) + 0.5 + x0 - foot[0]) / scale, (foot[1] - y0 - np.arange(rows) - 0.5) / scale
        )
        heat = self._heat(x, z, age, width, height)
        alpha = np.clip(heat / 0.16, 0, 1)[..., None]
        colour = _ramp()[np.clip(heat * 255, 0, 255).astype(np.uint8)]
        region[:] = (region * (1 - alpha) + colour * alpha).astype(np.uint8)
        self._sparks(canvas, camera, t_s, width, height)
        return box

    def _heat(self, x: Array, z: Array, age: float, width: float, height: float) -> FloatImage:
        """How hot the air is at metres `x` beside and `z` above the foot [H, W]: 0 is no flame, 1 the white core."""
        noise, drop = _noise(), self.seed * 7.3
        # Noise that rises with the hot gas tears tongues out of it; slow, broad noise bends them to and fro.
        lift = 0.55 * z - (0.9 + 0.75 * height) * age
        up = z / height
        bend = noise.at(x + drop, 0.6 * z - 1.1 * age, cell_m=0.55 * width) * up * 0.24 * width
        lick = noise.at(x + bend + drop, lift, cell_m=0.17 * width)
        curl = noise.at(x + bend + 3 + drop, 1.25 * lift, cell_m=0.075 * width)
        tops = noise.at(x + drop, np.full_like(x, 0.8 * age), cell_m=0.22 * width)
        belly = 1 - np.abs((x + bend) / (0.5 * width)) ** 2
        body = 1.05 * belly - np.clip(up, -0.2, None) / np.clip(0.62 + 0.30 * tops, 0.25, 1.1)
        rough = noise.at(x + drop, np.full_like(x, 0.3 * age), cell_m=0.09 * width)
        foot = np.clip((z + (0.10 + 0.06 * rough) * width * np.clip(belly, 0, 1) ** 0.5) / (0.05 * width), 0, 1)
        torn = (0.34 * lick + 0.20 * curl) * np.clip(0.30 + 1.3 * up, 0, 1)
        return np.asarray((body * 0.80 + torn) * foot, dtype=np.float32)

    def _scorch(self, canvas: Image, camera: Camera, width: float) -> None:
        """What burns: a charred patch on the ground."""
        corners = _ring(self.at, 0.42 * width, camera)
        cv2.fillPoly(canvas, [corners], (44, 36, 32), lineType=cv2.LINE_AA, shift=4)

    def _light(self, canvas: Image, camera: Camera, t_s: float, width: float) -> None:
        """Warm light on the surroundings, brighter and weaker with the flames."""
        flicker = 1 + 0.14 * np.sin(17.0 * t_s + self.seed) + 0.1 * np.sin(29.3 * t_s)
        centre, depth = camera.project(np.array([*self.at, 0.15]))
        half = camera.focal_px * 3.0 * max(width, 0.5) / float(depth) * np.array([1.0, 0.5])
        box = clip_box((centre - half)[None], (centre + half)[None], canvas)
        if box is None:
            return
        x0, y0, x1, y1 = (int(v) for v in box)
        u = ((np.arange(x0, x1) - centre[0]) / half[0]).astype(np.float32)
        v = ((np.arange(y0, y1) - centre[1]) / half[1]).astype(np.float32)
        fall = np.clip(1 - np.hypot(u[None], v[:, None]), 0, 1) ** 2 * np.float32(self.glow * flicker)
        region = canvas[y0:y1, x0:x1]
        warm = np.array([215, 120, 38], np.float32) * (0.35 + region * np.float32(1 / 160))  # dark ground takes less
        region[:] = np.clip(region + warm * fall[..., None], 0, 255).astype(np.uint8)

    def _sparks(self, canvas: Image, camera: Camera, t_s: float, width: float, height: float) -> None:
        rng = np.random.default_rng([self.seed, 21])
        start, side, speed = rng.uniform(0, 1, (3, 9))
        part = np.mod((t_s + start * 1.3) / 1.3, 1.0)
        x = self.at[0] + (side - 0.5) * width * (0.6 + part) + 0.15 * np.sin(6 * t_s + 9 * side)
        z = self.base_m + height * (0.5 + part * (0.6 + 0.7 * speed))
        px, _ = camera.project(np.stack([x, np.full(9, self.at[1]), z], axis=1))
        for (u, v), left in zip(np.rint(px * 16).astype(int), 1 - part, strict=True):
            if left > 0.25:
                cv2.circle(canvas, (int(u), int(v)), 9, (255, 150 + 80 * left, 70), -1, cv2.LINE_AA, 4)


def _ring(at: tuple[float, float], radius: float, camera: Camera) -> NDArray[np.int32]:
    """A circle on the ground as an image polygon in 1/16 pixel."""
    a = np.arange(20) * np.pi / 10
    px, _ = camera.project(np.stack([at[0] + radius * np.cos(a), at[1] + radius * np.sin(a), 0 * a], axis=1))
    return np.rint(np.clip(px, -16000, 16000) * 16).astype(np.int32)


@cache
def _noise() -> Texture:
    return Texture(np.random.default_rng(21))


@cache
def _ramp() -> FloatImage:
    """RGB by heat. [256, 3]"""
    heat = np.linspace(0, 1, 256)
    return np.stack([np.interp(heat, _HEAT, c) for c in _COLOURS.T], axis=1).astype(np.float32)
