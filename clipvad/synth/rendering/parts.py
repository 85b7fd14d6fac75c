"""The two solids that everything which moves is made of: `Blob` (a hull of spheres) and `Face` (a flat polygon).

A limb is a hull of two spheres, a torso one of six, a leaf a single sphere, a car a set of faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipvad.synth.rendering.camera import Array

Image = NDArray[np.uint8]
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Blob:
    """Convex hull of spheres: `centres` [K, 3] and `radii` [K] in metres, `colour` RGB in 0-255."""

    centres: Array
    radii: Array
    colour: Colour
    layer: int = 0


@dataclass(frozen=True)
class Face:
    """Flat polygons with a common `normal` [3]: the first is the outline, the others are holes in it; metres.

    A face is drawn only from the side its normal points to, unless `double_sided`; `gloss` in 0-1 mixes in the sky.
    """

    contours: tuple[Array, ...]
    normal: Array
    colour: Colour
    layer: int = 0
    double_sided: bool = False
    gloss: float = 0.0
    casts_shadow: bool = True


Part = Blob | Face


@dataclass(frozen=True, kw_only=True)
class Light:
    """Sun, sky and lamps; `clipvad.synth.rendering.weather` has the usual times of day.

    `towards` points to the sun, or straight up where light comes from everywhere. `ambient` and `sun` multiply a
    surface's own colour; `shadow` in 0-1 is how much a cast shadow takes away. `tint` is an RGB gain on all that is
    seen, `lamps` (x, y, height in metres) add `glow` to it around them, and `infrared` adds a lamp at the camera and
    takes the colours away. `noise` multiplies the sensor's noise: what a camera pays for seeing in the dark.
    """

    towards: tuple[float, float, float] = (-0.55, -0.35, 0.76)
    ambient: float = 0.52
    sun: float = 0.50
    sky: Colour = (205.0, 218.0, 232.0)
    shadow: float = 1.0
    tint: Colour = (1.0, 1.0, 1.0)
    lamps: tuple[tuple[float, float, float], ...] = ()
    glow: Colour = (0.95, 0.78, 0.55)
    infrared: bool = False
    noise: float = 1.0

    @property
    def direction(self) -> Array:
        """Unit vector to the sun. [3]"""
        v = np.asarray(self.towards)
        return np.asarray(v / np.linalg.norm(v))


def capsule(a: Sequence[float] | Array, b: Sequence[float] | Array, ra: float, rb: float, colour: Colour) -> Blob:
    """A limb from `a` to `b` (metres) with radii `ra` and `rb`."""
    return Blob(np.array([a, b], dtype=float), np.array([ra, rb]), colour)
