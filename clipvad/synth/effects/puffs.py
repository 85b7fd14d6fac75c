"""Soft clouds made of puffs: what smoke, dust and a fireball are drawn with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.parts import Image

PixelBox = tuple[float, float, float, float]
_SIDE = 40  # pixels of a puff's sprite
_VARIANTS = 12


@dataclass(frozen=True)
class Puffs:
    """N puffs, drawn in this order: `centres` [N, 3] and `radii` [N] in metres, `colours` [N, 3] RGB, `alphas` [N]."""

    centres: Array
    radii: Array
    colours: Array
    alphas: Array


def draw_puffs(canvas: Image, puffs: Puffs, camera: Camera, *, variants: NDArray[np.int_]) -> PixelBox | None:
    """Blend puffs over `canvas` [H, W, 3]; `variants` [N] picks each one's shape. Returns their box, None if unseen.

    Mixed at a half to a quarter of the picture's size, since nothing in a cloud is sharp, and laid over it once.
    """
    px, depth = camera.project(puffs.centres)
    radii = camera.focal_px * puffs.radii / depth
    seen = (puffs.alphas > 0.02) & (radii > 0.3) & (depth > 0.5)
    box = clip_box((px - radii[:, None])[seen], (px + radii[:, None])[seen], canvas)
    if box is None:
        return None
    less = int(np.clip(max(box[2] - box[0], box[3] - box[1]) / 40, 2, 4))
    x0, y0 = int(box[0]), int(box[1])
    width, height = (int(np.ceil((high - low) / less)) for low, high in ((x0, box[2]), (y0, box[3])))
    mix = np.zeros((height, width, 4), np.float32)
    tints = (np.column_stack([puffs.colours, np.ones(len(radii))]) * puffs.alphas[:, None]).astype(np.float32)
    centres, sizes = (px - [x0, y0]) / less, np.maximum(radii / less, 0.6)
    for k in np.flatnonzero(seen):
        _add_puff(mix, centres[k], float(sizes[k]), tints[k], int(variants[k]))
    region = canvas[y0 : y0 + less * height, x0 : x0 + less * width]
    mix = cv2.resize(mix, (less * width, less * height), interpolation=cv2.INTER_LINEAR)
    mix = mix[: region.shape[0], : region.shape[1]]
    np.clip(region * (1 - mix[..., 3:]) + mix[..., :3], 0, 255, out=mix[..., :3])
    region[:] = mix[..., :3]
    return box


def clip_box(low: Array, high: Array, canvas: Image) -> PixelBox | None:
    """The box around corners [N, 2] and [N, 2] in pixels, clipped to the picture; None if nothing is inside."""
    if len(low) == 0:
        return None
    size = np.array([canvas.shape[1], canvas.shape[0]], dtype=float)
    a, b = np.clip(low.min(axis=0), 0, size), np.clip(high.max(axis=0), 0, size)
    return None if np.any(b - a < 1) else (float(a[0]), float(a[1]), float(b[0]), float(b[1]))


def _add_puff(mix: NDArray[np.float32], centre: Array, radius: float, tint: NDArray[np.float32], variant: int) -> None:
    """`mix` [H, W, 4] holds colour times alpha, and alpha; `tint` is a puff's RGB times alpha, and alpha."""
    height, width = mix.shape[:2]
    x0, y0 = max(int(centre[0] - radius), 0), max(int(centre[1] - radius), 0)
    x1, y1 = min(int(centre[0] + radius) + 2, width), min(int(centre[1] + radius) + 2, height)
    if x1 <= x0 or y1 <= y0:
        return
    zoom = 2 * radius / _SIDE
    shift = centre - radius - [x0, y0]
    warp = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])
    alpha, lit = cv2.split(cv2.warpAffine(_sprites()[variant % _VARIANTS], warp, (x1 - x0, y1 - y0)))
    region = mix[y0:y1, x0:x1]
    region *= 1 - (alpha * tint[3])[..., None]
    region[..., :3] += lit[..., None] * tint[:3]
    region[..., 3] += alpha * tint[3]


@cache
def _sprites() -> tuple[NDArray[np.float32], ...]:
    """Ragged soft discs [side, side, 2]: alpha, and alpha times brightness (lit from above, with folds)."""
    rng = np.random.default_rng(20)
    y, x = np.mgrid[-1 : 1 : _SIDE * 1j, -1 : 1 : _SIDE * 1j]
    made = []
    for _ in range(_VARIANTS):
        folds = sum(
            gain * cv2.resize(rng.standard_normal((n, n)), (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
            for n, gain in ((4, 0.5), (8, 0.4), (14, 0.25))
        )
        edge = np.hypot(x, y) + 0.22 * folds
        alpha = np.clip((0.95 - edge) / 0.55, 0, 1) * np.clip((1 - np.hypot(x, y)) / 0.12, 0, 1)
        light = 0.92 - 0.22 * y - 0.10 * x + 0.20 * folds
        made.append(np.stack([alpha, alpha * light], axis=2).astype(np.float32))
    return tuple(made)
