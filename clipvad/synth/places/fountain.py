"""A round stone fountain with two bowls and falling water."""

from __future__ import annotations

import numpy as np

from clipvad.synth.places.furniture import ring
from clipvad.synth.places.place import Point
from clipvad.synth.rendering.backdrop import Prop
from clipvad.synth.rendering.parts import Blob, Colour, Face, Part

_STONE: Colour = (176, 168, 154)
_SIDES = 24


def fountain(rng: np.random.Generator, at: Point, *, radius_m: float = 2.1) -> Prop:
    """Basin, pillar, bowl and jets; it stands still, as its spray is too fine to be seen moving from afar."""
    x, y = at
    parts: list[Part] = [*_basin(x, y, radius_m)]
    parts.append(Blob(np.array([[x, y, 0.35], [x, y, 1.25]]), np.array([0.34, 0.2]), _STONE, layer=4))
    bowl = np.stack([ring(x, y, 1.22, 0.5, _SIDES), ring(x, y, 1.42, 0.95, _SIDES)]).reshape(-1, 3)
    parts.append(Blob(bowl, np.full(len(bowl), 0.03), _STONE, layer=5))
    parts.append(Face((ring(x, y, 1.455, 0.86, _SIDES),), np.array([0, 0, 1.0]), (124, 148, 156), layer=6, gloss=0.5))
    parts.append(Blob(np.array([[x, y, 1.4], [x, y, 2.0]]), np.array([0.13, 0.09]), _STONE, layer=7))
    for _ in range(90):  # drops on their arcs from the top into the bowl and from the bowl into the basin
        way, fall = rng.uniform(0, 2 * np.pi), rng.uniform(0, 1)
        start, reach, top, deep = (0.1, 0.6, 2.12, 0.65) if rng.uniform() < 0.4 else (0.95, 0.5, 1.42, 1.0)
        out = start + reach * fall
        centre = np.array([[x + out * np.cos(way), y + out * np.sin(way), top - deep * fall**2]])
        parts.append(Blob(np.vstack([centre, centre - [0, 0, 0.1]]), np.full(2, 0.018), (226, 234, 240), layer=8))
    return Prop(at, tuple(parts))


def _basin(x: float, y: float, radius_m: float) -> list[Part]:
    inner, rim, water = radius_m - 0.28, 0.52, 0.36
    parts: list[Part] = []
    for radius, turned, layer in ((inner, -1.0, 0), (radius_m, 1.0, 2)):
        low, high = ring(x, y, 0.0, radius, _SIDES), ring(x, y, rim, radius, _SIDES)
        for k in range(_SIDES):
            n = (k + 1) % _SIDES
            out = low[k] + low[n] - 2 * np.array([x, y, 0.0])
            normal = turned * out / np.linalg.norm(out)
            parts.append(Face((np.stack([low[k], low[n], high[n], high[k]]),), normal, (158, 150, 138), layer=layer))
    up = np.array([0.0, 0.0, 1.0])
    parts.append(Face((ring(x, y, water, inner, _SIDES),), up, (92, 122, 132), layer=1, gloss=0.55))
    parts.append(
        Face((ring(x, y, rim, radius_m + 0.06, _SIDES), ring(x, y, rim, inner, _SIDES)), up, (196, 188, 174), layer=3)
    )
    return parts
