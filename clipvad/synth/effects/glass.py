"""A broken pane: a dark jagged hole with cracks around it, and shards on the ground below."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.synth.effects.puffs import PixelBox, clip_box
from clipvad.synth.places.place import Target
from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.parts import Image

_FALL_S = 0.45


@dataclass(frozen=True, kw_only=True)
class BrokenGlass:
    """The pane `target` once it is smashed at `span_s[0]`; `size` is the hole's part of the pane, and
    `dim` how bright the scene's light is, both 0-1."""

    target: Target
    span_s: tuple[float, float]
    size: float = 0.62
    seed: int = 0
    dim: float = 1.0
    kind: str = "broken glass"

    @property
    def at(self) -> tuple[float, float]:
        """The middle of the pane on the ground, a little in front of it."""
        middle = np.mean(np.array(self.target.surface), axis=0)[:2]
        x, y = middle + 0.03 * (np.array(self.target.reach) - middle)
        return float(x), float(y)

    def draw(self, canvas: Image, t_s: float, camera: Camera) -> PixelBox | None:
        """See `Effect`."""
        if not self.span_s[0] <= t_s <= self.span_s[1]:
            return None
        rng = np.random.default_rng([self.seed, 41])
        hole, cracks = self._breaks(rng)
        hole_px = _pixels(self._on_pane(hole), camera)
        self._draw_cracks(canvas, camera, cracks)
        cv2.fillPoly(canvas, [hole_px], (16, 17, 20), lineType=cv2.LINE_AA, shift=4)
        cv2.polylines(canvas, [hole_px], True, tuple(self.dim * c for c in (206, 216, 220)), 1, cv2.LINE_AA, 4)
        self._shards(canvas, t_s - self.span_s[0], camera, rng)
        corners, _ = camera.project(np.array(self.target.surface))
        return clip_box(corners, corners, canvas)

    def _breaks(self, rng: np.random.Generator) -> tuple[Array, list[Array]]:
        """Outline of the hole [N, 2] and the cracks, each [M, 2], in fractions of the pane."""
        count = 14
        centre = rng.uniform(0.42, 0.58, 2)
        a = (np.arange(count) + rng.uniform(-0.25, 0.25, count)) * 2 * np.pi / count
        dents = np.where(np.arange(count) % 2, 0.68, 0.98) * rng.uniform(0.85, 1.15, count)
        r = 0.5 * self.size * dents
        way = np.stack([np.cos(a), np.sin(a)], axis=1)
        hole = np.clip(centre + r[:, None] * way, 0.02, 0.98)
        cracks = []
        for k in range(0, count, 2):
            side = np.array([-way[k, 1], way[k, 0]])
            ends = [hole[k] + way[k] * s * 0.22 + side * rng.normal(0, 0.03) for s in (1.0, 2.2)]
            cracks.append(np.clip([hole[k], *ends], 0, 1))
        ring = centre + (hole[::2] - centre) * 1.35
        return hole, [*cracks, np.clip(ring[: len(ring) // 2], 0, 1), np.clip(ring[len(ring) // 2 + 1 :], 0, 1)]

    def _draw_cracks(self, canvas: Image, camera: Camera, cracks: list[Array]) -> None:
        for crack in cracks:
            line = _pixels(self._on_pane(crack), camera)
            cv2.polylines(canvas, [line], False, tuple(self.dim * c for c in (226, 232, 234)), 1, cv2.LINE_AA, 4)

    def _shards(self, canvas: Image, age: float, camera: Camera, rng: np.random.Generator) -> None:
        """Pieces fall from the pane and stay on the ground, glinting."""
        count = 34
        start = self._on_pane(0.5 + self.size * rng.uniform(-0.5, 0.5, (count, 2)))
        out = np.array(self.target.reach) - np.array(self.at)
        out = out / (np.linalg.norm(out) + 1e-9)
        along = np.array([-out[1], out[0]])
        landed = start[:, :2] + rng.uniform(0.1, 1.0, (count, 1)) * out + rng.normal(0, 0.35, (count, 1)) * along
        part = min(age / _FALL_S, 1.0)
        place = start[:, :2] + (landed - start[:, :2]) * part
        height = np.maximum(start[:, 2] * (1 - part**2), 0.015)
        turn, size = rng.uniform(0, 6.3, count), rng.uniform(0.04, 0.10, count)
        bright = self.dim * rng.uniform(120, 250, count)
        a = turn[:, None] + np.array([0.0, 2.0, 4.3])
        x, y = (place[:, i, None] + size[:, None] * wave(a) for i, wave in enumerate((np.cos, np.sin)))
        triangles = _pixels(np.stack([x, y, np.repeat(height[:, None], 3, axis=1)], axis=2), camera)
        for triangle, grey in zip(triangles, bright, strict=True):
            cv2.fillConvexPoly(canvas, triangle, (0.92 * grey, 0.97 * grey, grey), lineType=cv2.LINE_AA, shift=4)

    def _on_pane(self, points: Array) -> Array:
        """Fractions of the pane [N, 2] -> world [N, 3]: bilinear between its corners (in order around it)."""
        a, b, c, d = np.array(self.target.surface, dtype=float)
        u, v = points[:, :1], points[:, 1:]
        return np.asarray((1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * d + u * c))


def _pixels(points: Array, camera: Camera) -> NDArray[np.int32]:
    """World points [N, 3] as an image polygon in 1/16 pixel."""
    px, _ = camera.project(points)
    return np.rint(np.clip(px, -16000, 16000) * 16).astype(np.int32)
