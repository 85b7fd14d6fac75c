"""An explosion: flash, fireball, debris and a ring of dust, then smoke that stays."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from clipvad.synth.effects.puffs import PixelBox, Puffs, clip_box, draw_puffs
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Image

_GRAVITY = 9.81
_PIECES = 26
_FLASH_S, _BALL_S = 0.35, 1.3
# The fireball's colour over its life of 1.3 s: white hot, yellow, orange, red, soot.
_STAGES = np.array([0.0, 0.10, 0.35, 0.60, 0.85])
_COLOURS = np.array([[255, 252, 232], [255, 222, 110], [252, 140, 34], [176, 62, 20], [62, 54, 50]], dtype=float)


@dataclass(frozen=True, kw_only=True)
class Explosion:
    """A blast at `at` (metres), `base_m` above the ground, whose fireball reaches `radius_m`.

    It goes off at `span_s[0]`; fireball and debris last 1.5 to 2 seconds, the smoke thins out until `span_s[1]`.
    `dim` is how bright the light of the scene is, 0-1: what does not glow is seen by it.
    """

    at: tuple[float, float]
    span_s: tuple[float, float]
    radius_m: float = 1.8
    base_m: float = 0.4
    seed: int = 0
    dim: float = 1.0
    kind: str = "explosion"

    def draw(self, canvas: Image, t_s: float, camera: Camera) -> PixelBox | None:
        """See `Effect`. The flash lights the whole picture; the box is the cloud's."""
        if not self.span_s[0] <= t_s <= self.span_s[1]:
            return None
        age = t_s - self.span_s[0]
        self._flash(canvas, age, camera)
        low = self._dust(canvas, age, camera)
        self._debris(canvas, age, camera)
        boxes = (low, self._cloud(canvas, age, camera))
        seen = np.array([b for b in boxes if b is not None])
        return clip_box(seen[:, :2], seen[:, 2:], canvas) if len(seen) else None

    def _flash(self, canvas: Image, age: float, camera: Camera) -> None:
        """Brightest near the blast, but the whole picture is lit for a few frames."""
        left = 1 - age / _FLASH_S
        if left <= 0:
            return
        centre, depth = camera.project(np.array([*self.at, self.base_m]))
        reach = camera.focal_px * 3.5 * self.radius_m / float(depth)
        u = (np.arange(canvas.shape[1]) - centre[0]) / reach
        v = (np.arange(canvas.shape[0]) - centre[1]) / reach
        light = left * (0.16 + 0.85 * np.exp(-(u**2))[None] * np.exp(-(v**2))[:, None])
        warm = np.clip(light[..., None] * np.array([235, 215, 170]), 0, 255).astype(np.uint8)
        cv2.add(canvas, warm, dst=canvas)

    def _cloud(self, canvas: Image, age: float, camera: Camera) -> PixelBox | None:
        """The fireball, which turns into rising smoke."""
        rng = np.random.default_rng([self.seed, 31])
        count = 30
        way = rng.normal(0, 1, (count, 3))
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        way[:, 2] = np.abs(way[:, 2]) * 0.9
        far, late = rng.uniform(0.35, 1.0, count), rng.uniform(0.75, 1.3, count)
        grown = 1 - np.exp(-age / 0.16)
        lifted = 0.9 * age * (0.4 + 0.9 * way[:, 2]) * late
        centres = np.array([*self.at, self.base_m]) + way * (far * self.radius_m * 0.85 * grown)[:, None]
        centres[:, 2] += lifted
        centres[:, :2] += way[:, :2] * 0.16 * age
        centres[:, 0] += 0.2 * age**1.2
        # It cools unevenly: veins of soot between what still burns.
        part = age / _BALL_S * rng.uniform(0.6, 1.7, count)
        shade = np.stack([np.interp(part, _STAGES, c) for c in _COLOURS.T], axis=1)
        # Soot thins to grey haze.
        haze = np.clip((age - _BALL_S) / 3.5, 0, 1)
        shade = shade + (np.array([128, 126, 124]) - shade) * haze
        cold = np.clip((part - 0.6) / 0.3, 0, 1)[:, None]
        shade = shade * (1 - cold * (1 - self.dim))
        radii = self.radius_m * (0.32 + 0.22 * grown + 0.17 * age**0.8) * late**0.5
        lasting = max(self.span_s[1] - self.span_s[0], 2.0)
        fade = np.interp(age, [0, 0.05, _BALL_S, 0.6 * lasting, lasting], [0.5, 0.95, 0.8, 0.25, 0.0])
        order = rng.permutation(count)
        puffs = Puffs(centres[order], radii[order], shade[order], np.full(count, float(fade)))
        return draw_puffs(canvas, puffs, camera, variants=order)

    def _dust(self, canvas: Image, age: float, camera: Camera) -> PixelBox | None:
        """A low ring that runs outwards over the ground."""
        count = 20
        a = np.arange(count) * 2 * np.pi / count + self.seed
        reach = self.radius_m * (0.5 + 1.5 * (1 - np.exp(-age / 0.45)))
        uneven = 1 + 0.18 * np.sin(5 * a + self.seed)
        x, y = self.at[0] + reach * uneven * np.cos(a), self.at[1] + 0.8 * reach * uneven * np.sin(a)
        centres = np.stack([x, y, np.full(count, 0.15 + 0.12 * age)], axis=1)
        radii = np.full(count, self.radius_m * (0.16 + 0.17 * min(age, 2.5)))
        alphas = np.full(count, float(np.interp(age, [0, 0.15, 2.6], [0, 0.55, 0])))
        far_first = np.argsort(-y)
        puffs = Puffs(centres[far_first], radii, np.full((count, 3), [168.0, 156.0, 138.0]) * self.dim, alphas)
        return draw_puffs(canvas, puffs, camera, variants=far_first + 3)

    def _debris(self, canvas: Image, age: float, camera: Camera) -> None:
        """Dark fragments on ballistic arcs, some of them glowing; what has landed lies there."""
        rng = np.random.default_rng([self.seed, 32])
        a, out, up = rng.uniform(0, 2 * np.pi, _PIECES), rng.uniform(1.0, 4.0, _PIECES), rng.uniform(3, 8, _PIECES)
        size = rng.uniform(0.04, 0.12, _PIECES) * min(self.radius_m, 2.0) / 2
        landing = (up + np.sqrt(up**2 + 2 * _GRAVITY * self.base_m)) / _GRAVITY
        t = np.minimum(age, landing)
        z = np.maximum(self.base_m + up * t - _GRAVITY / 2 * t**2, 0.03)
        centres = np.stack([self.at[0] + out * np.cos(a) * t, self.at[1] + out * np.sin(a) * t, z], axis=1)
        # Each piece is a ragged triangle that tumbles until it lies.
        spin = (a * 7 + 9 * t * np.sign(np.cos(a)))[:, None] + np.array([0.0, 1.9, 4.0])
        corners = np.stack([np.cos(spin), 0 * spin, np.sin(spin) * np.where(age < landing, 1, 0.4)[:, None]], axis=2)
        px, _ = camera.project(centres[:, None] + corners * size[:, None, None])
        pieces = np.rint(np.clip(px, -4000, 4000) * 16).astype(np.int32)
        far_first = np.argsort(-centres[:, 1])
        for k in far_first:
            hot = k % 3 == 0 and age < 1.1
            colour = (255.0, 200 - 100 * age, 70.0) if hot else (44.0, 40.0, 38.0)
            cv2.fillConvexPoly(canvas, pieces[k], colour, lineType=cv2.LINE_AA, shift=4)
