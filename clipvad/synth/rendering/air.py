"""What light and haze make of a surface's daylight colour, depending on where in the scene it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.parts import Light
from clipvad.synth.rendering.weather import Weather

_HAZE_M = 22.0  # at haze 1 a surface this far away keeps 1/e of its contrast
_MOST_LAMPS = 1.2  # lamplight of many lamps together, at most
_FARTHEST_M = 200.0  # the sky, as far as air is concerned
_INFRARED_M = 9.0  # where the camera's own lamp has half its strength


@dataclass(frozen=True)
class Tone:
    """Seen colour = own colour * `gain` + `veil`; both [..., 3]."""

    gain: NDArray[np.floating]
    veil: NDArray[np.floating]


@dataclass(frozen=True)
class Air:
    """The light and weather between a camera and the places that it sees."""

    camera: Camera
    light: Light
    weather: Weather

    @property
    def clear(self) -> bool:
        """Nothing changes a colour: plain daylight."""
        return self.light.tint == (1.0, 1.0, 1.0) and not self.light.lamps and self.weather.veil == 0

    def tone(self, points: Array) -> Tone:
        """At world points [..., 3] in metres."""
        tint, sky = np.array(self.light.tint), np.array(self.light.sky)
        gain = tint + self._lamplight(points)[..., None] * np.array(self.light.glow)
        away = np.linalg.norm(points - self.camera.position, axis=-1)
        if self.light.infrared:
            gain = gain + (0.95 / (1 + (away / _INFRARED_M) ** 3))[..., None]
        thick = 1 - np.exp(-self.weather.veil * away / _HAZE_M)[..., None]
        return Tone(gain * (1 - thick), sky * tint * thick)

    def halos(self, points: Array, *, supersample: int) -> NDArray[np.float32]:
        """What the lamps themselves add [H, W, 3] to a picture of surfaces at `points` [H, W, 3]."""
        height, width = points.shape[:2]
        out = np.zeros((height, width, 3), np.float32)
        reach = np.linalg.norm(points[..., :2] - self.camera.position[:2], axis=-1)
        y, x = np.ogrid[:height, :width]
        for lamp in self.light.lamps:
            px, depth = self.camera.project(np.array(lamp))
            u, v = (int(c * supersample) for c in px)
            away = float(np.hypot(*(np.array(lamp[:2]) - self.camera.position[:2])))
            # Not one that is behind the camera, off the picture, or behind a wall.
            if depth < 1 or not (0 <= v < height and 0 <= u < width) or away > reach[v, u] + 0.5:
                continue
            beside_m = np.hypot(y - v, x - u) * (float(depth) / self.camera.focal_px / supersample)
            # Its bright core, and the light that lens and air scatter around it.
            bright = 2.0 * np.exp(-((beside_m / 0.22) ** 2)) + 0.22 / (1 + (beside_m / 0.45) ** 2) ** 1.5
            out += (bright[..., None] * (200 * np.array(self.light.glow))).astype(np.float32)
        return out

    def _lamplight(self, points: Array) -> Array:
        """1 on the ground straight below a lamp [...]; little above it, as its hood throws light down."""
        total = np.zeros(points.shape[:-1])
        for x, y, height in self.light.lamps:
            dx, dy, dz = points[..., 0] - x, points[..., 1] - y, points[..., 2] - height
            reach = height**2 / np.maximum(dx**2 + dy**2 + dz**2, height**2)
            total += reach**1.3 * np.exp(-np.maximum(dz, 0) / (0.3 * height))
        # Where many lamps meet the camera stops down: nothing gets much brighter than under a single one.
        return np.asarray(total / (1 + (total / _MOST_LAMPS) ** 4) ** 0.25)


def surface_points(camera: Camera, reach: NDArray[np.floating], *, supersample: int) -> Array:
    """Where in the world each pixel looks [H, W, 3]; `reach` [H, W] in metres along the camera's axis."""
    far = np.minimum(reach, _FARTHEST_M)[..., None]
    return np.asarray(camera.position + camera.rays(supersample=supersample) * far)
