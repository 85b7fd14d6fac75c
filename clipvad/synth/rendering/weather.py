"""Times of day as a `Light`, and what rain, haze and wind do to the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clipvad.synth.rendering.parts import Colour, Light

_UP = (0.0, 0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Weather:
    """`rain` and `haze` in 0-1; `shake_px` is how far wind moves the camera's picture (sd, in pixels)."""

    rain: float = 0.0
    haze: float = 0.0
    shake_px: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.rain <= 1 or not 0 <= self.haze <= 1:
            raise ValueError(f"rain and haze must lie in 0-1, got {self.rain} and {self.haze}")
        if not 0 <= self.shake_px <= 8:
            raise ValueError(f"shake_px must lie in 0-8, got {self.shake_px}")

    @property
    def veil(self) -> float:
        """Haze of the air, rain included."""
        return min(1.0, self.haze + 0.35 * self.rain)


def day(*, towards: tuple[float, float, float] = (-0.55, -0.35, 0.76)) -> Light:
    """Sunshine and hard shadows; `towards` points to the sun."""
    return Light(towards=towards)


def overcast() -> Light:
    """A closed sky: no hard shadows, only the ground under a body is a little darker."""
    return Light(
        towards=_UP, ambient=0.60, sun=0.26, sky=(198.0, 202.0, 206.0), shadow=0.45, tint=(0.86, 0.88, 0.90), noise=1.2
    )


def dusk(*, lamps: Sequence[tuple[float, float, float]] = ()) -> Light:
    """The sun just above the horizon: dim, warm, with long faint shadows; `lamps` (x, y, height) are on already."""
    return Light(
        towards=(-0.72, 0.30, 0.40),
        ambient=0.60,
        sun=0.42,
        sky=(255.0, 206.0, 160.0),
        shadow=0.55,
        tint=(0.58, 0.47, 0.43),
        lamps=tuple(lamps),
        glow=(0.40, 0.32, 0.20),
        noise=1.6,
    )


def night(lamps: Sequence[tuple[float, float, float]], *, infrared: bool = False) -> Light:
    """Pools of warm light under `lamps` (x, y, height), almost black elsewhere.

    With `infrared` the camera sees greys by its own lamp, and the lamps of the street only faintly.
    """
    tint: Colour = (0.15, 0.15, 0.15) if infrared else (0.15, 0.16, 0.21)
    glow: Colour = (0.30, 0.30, 0.30) if infrared else (0.92, 0.76, 0.52)
    return Light(
        towards=_UP,
        ambient=0.62,
        sun=0.34,
        sky=(150.0, 160.0, 180.0),
        shadow=0.55,
        tint=tint,
        lamps=tuple(lamps),
        glow=glow,
        infrared=infrared,
        noise=2.8 if infrared else 2.4,
    )


def indoor() -> Light:
    """Rows of ceiling lamps: even light from above, soft faint shadows."""
    return Light(towards=_UP, ambient=0.64, sun=0.30, sky=(226.0, 226.0, 218.0), shadow=0.40, noise=1.3)
