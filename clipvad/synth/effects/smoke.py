"""Smoke that rises from a place and drifts with the wind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clipvad.synth.effects.puffs import PixelBox, Puffs, draw_puffs
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Colour, Image


@dataclass(frozen=True, kw_only=True)
class Smoke:
    """A plume from `at` (metres), `base_m` above the ground, `width_m` wide at its foot, from `span_s[0]` on.

    It thickens over `grow_s` seconds and rises at about 1 m/s to `height_m`, carried along by `wind` (m/s). `tone` is
    its RGB by day: light for mist and steam, dark for burning rubber; `dim` is how bright the scene's light is, 0-1.
    """

    at: tuple[float, float]
    span_s: tuple[float, float]
    height_m: float = 4.5
    width_m: float = 0.9
    base_m: float = 0.2
    grow_s: float = 3.0
    density: float = 0.6
    tone: Colour = (150.0, 150.0, 152.0)
    wind: tuple[float, float] = (0.35, 0.1)
    count: int = 34
    seed: int = 0
    dim: float = 1.0
    kind: str = "smoke"

    def draw(self, canvas: Image, t_s: float, camera: Camera) -> PixelBox | None:
        """See `Effect`."""
        if not self.span_s[0] <= t_s <= self.span_s[1]:
            return None
        rng = np.random.default_rng([self.seed, 11])
        life = self.height_m / 1.05 * rng.uniform(0.85, 1.2, self.count)
        # Each puff is born again and again, evenly in time; what it is made of changes with its turn.
        since = t_s - self.span_s[0] - np.arange(self.count) / self.count * life.mean()
        turn, age = np.floor(since / life), np.mod(since, life)
        variants = (np.arange(self.count) * 5 + 7 * turn).astype(int)
        spread = np.random.default_rng([self.seed, 12]).normal(0, 1, (64, 3))[np.mod(variants, 64)]
        part = age / life
        rise = self.height_m * (1 - (1 - part) ** 1.4)
        sway = 0.16 * np.sin(1.7 * t_s + 5 * spread[:, 2] + 1.5 * rise) * part
        reach = self.width_m * (0.30 + 0.45 * part)
        drift = age * (0.5 + 0.5 * part)
        centres = np.stack(
            [
                self.at[0] + spread[:, 0] * reach * 0.5 + self.wind[0] * drift + sway,
                self.at[1] + spread[:, 1] * reach * 0.3 + self.wind[1] * drift,
                self.base_m + rise,
            ],
            axis=1,
        )
        radii = self.width_m * (0.30 + 0.62 * part**0.8) * (1 + 0.15 * spread[:, 2])
        strength = np.clip((t_s - self.span_s[0]) / self.grow_s, 0.25, 1.0)
        fade = np.clip(part / 0.10, 0, 1) * np.clip((1 - part) / 0.65, 0, 1) ** 1.2
        alphas = np.where(since >= 0, self.density * strength * fade, 0.0)
        # Thick smoke is darker at its source and thins to the colour of haze.
        shades = (0.76 + 0.30 * part + 0.14 * spread[:, 0])[:, None] * np.array(self.tone) * self.dim
        order = np.argsort(-part)
        puffs = Puffs(centres[order], radii[order], np.clip(shades, 0, 235)[order], alphas[order])
        return draw_puffs(canvas, puffs, camera, variants=variants[order])
