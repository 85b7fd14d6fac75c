"""What the camera adds to a picture: wind that moves it, raindrops before it, lens, vignette, grain, infrared."""

from __future__ import annotations

import cv2
import numpy as np

from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.parts import Image, Light
from clipvad.synth.rendering.rain import Streaks
from clipvad.synth.rendering.weather import Weather

_MARGIN = 64  # a frame's grain is a window of a larger picture of grain, at a place of its own


class Sensor:
    """Lens and chip of a fixed camera; what differs from frame to frame depends on `seed` and time alone."""

    def __init__(
        self,
        camera: Camera,
        light: Light,
        weather: Weather,
        *,
        seed: int,
        noise: float,
        vignette: float,
        blur_px: float,
    ) -> None:
        self._seed, self._weather, self._blur_px = seed, weather, blur_px
        self._infrared = light.infrared
        self._vignette = _vignette(camera, vignette)
        rng = np.random.default_rng([seed, 1])
        shape = (camera.height + _MARGIN, camera.width + _MARGIN, 3)
        # Grain is partly common to the three channels, as after a camera's demosaicing.
        common, own = rng.standard_normal((*shape[:2], 1)), rng.standard_normal(shape)
        grain = 0.87 * np.repeat(common, 3, axis=2) if light.infrared else 0.75 * common + 0.45 * own
        grain = np.clip(np.rint(grain * noise * light.noise), -255, 255)
        # Two byte pictures, because adding and subtracting bytes is what a processor does fastest.
        self._brighter, self._darker = np.maximum(grain, 0).astype(np.uint8), np.maximum(-grain, 0).astype(np.uint8)
        self._swing = np.random.default_rng([seed, 3]).uniform(0, 1, (2, 3, 2))
        wet = np.random.default_rng([seed, 4])
        self._streaks = Streaks(camera, light, rain=weather.rain, rng=wet) if weather.rain > 0 else None

    def offset(self, t_s: float) -> Array:
        """How far wind has moved the picture at `t_s`, in pixels (right, down). [2]"""
        if self._weather.shake_px == 0:
            return np.zeros(2)
        # A mast swings in a few slow modes; each phase and frequency is the clip's own.
        frequency = np.array([0.35, 0.9, 2.1]) * (0.8 + 0.4 * self._swing[..., 0])
        strength = np.array([0.8, 0.5, 0.33])  # a sine's variance is a half: together sd 1 over time, about
        waves = np.sin(2 * np.pi * (frequency * t_s + self._swing[..., 1]))
        return np.asarray(self._weather.shake_px * np.sqrt(2) * (strength * waves).sum(axis=1))

    def expose(self, canvas: Image, t_s: float) -> Image:
        """The frame [H, W, 3] that the camera delivers for what it was shown at `t_s`."""
        rng = np.random.default_rng([self._seed, 2, round(t_s * 1000)])
        dy, dx = rng.integers(0, _MARGIN, size=2)
        height, width = canvas.shape[:2]
        if self._weather.shake_px > 0:
            canvas = _moved(canvas, self.offset(t_s))
        if self._streaks is not None:
            canvas = self._streaks.add(canvas, rng)
        if self._blur_px > 0:
            canvas = cv2.GaussianBlur(canvas, (0, 0), self._blur_px)
        if self._infrared:
            canvas = cv2.cvtColor(cv2.cvtColor(canvas, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        canvas = cv2.multiply(canvas, self._vignette, scale=1 / 255)
        window = np.s_[dy : dy + height, dx : dx + width]
        return np.asarray(cv2.subtract(cv2.add(canvas, self._brighter[window]), self._darker[window]), dtype=np.uint8)


def _moved(canvas: Image, offset: Array) -> Image:
    """Shifted by a fraction of a pixel; the rim is what was at the edge."""
    shift = np.array([[1.0, 0.0, offset[0]], [0.0, 1.0, offset[1]]])
    size = (canvas.shape[1], canvas.shape[0])
    return np.asarray(
        cv2.warpAffine(canvas, shift, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8
    )


def _vignette(camera: Camera, strength: float) -> Image:
    """Gain in 1/255 [H, W, 3]: full in the middle, `1 - strength` in the corners."""
    y, x = np.mgrid[-1 : 1 : camera.height * 1j, -1 : 1 : camera.width * 1j]
    gain = 1 - strength * ((x**2 + y**2) / 2) ** 1.3
    return np.asarray(np.repeat(np.rint(255 * gain)[..., None], 3, axis=2), dtype=np.uint8)
