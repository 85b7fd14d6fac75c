"""What vehicles share: a body, and things that spin with the way travelled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Blob, Colour, Face, Part, capsule
from clipvad.synth.rendering.rigid import Rigid, rolled

DARK: Colour = (28.0, 28.0, 30.0)
STEEL: Colour = (150.0, 152.0, 156.0)
_SIDE = np.array([0.0, 1.0, 0.0])


class Spinner:
    """Parts about an axle along y, given around the origin: put `at` (x, y, z) and turned once in `metres` of way."""

    def __init__(self, parts: Sequence[Part], *, at: Sequence[float] | Array, metres: float) -> None:
        self.at, self.metres = np.asarray(at, dtype=float), metres
        self._solid = Rigid(parts)

    def placed(self, way_m: float, turn: Array, shift: Array) -> list[Part]:
        """In the frame that `turn` and `shift` make, after `way_m` metres."""
        return self._solid.placed(rolled(way_m / self.metres) @ turn, self.at @ turn + shift)


class Vehicle:
    """A body and its spinners, in a frame with x forward, y to the left and z up from the ground."""

    def __init__(self, body: Sequence[Part], spinners: Sequence[Spinner]) -> None:
        self._body, self.spinners = Rigid(body), tuple(spinners)

    def placed(self, way_m: float, turn: Array, shift: Array) -> list[Part]:
        """The solids after `way_m` metres, turned by `turn` [3, 3] and moved by `shift` [3]."""
        parts = self._body.placed(turn, shift)
        for spinner in self.spinners:
            parts += spinner.placed(way_m, turn, shift)
        return parts

    def parts(self, way_m: float = 0.0) -> list[Part]:
        """The solids in the vehicle's own frame."""
        return self.placed(way_m, np.eye(3), np.zeros(3))


def circle(centre: Sequence[float] | Array, radius: float, points: int = 28) -> Array:
    """Points around a centre in the plane of a wheel. [points, 3]"""
    a = np.arange(points) * 2 * np.pi / points
    return np.asarray(centre) + radius * np.stack([np.cos(a), np.zeros(points), np.sin(a)], axis=1)


def tyre(axle: Sequence[float] | Array, radius: float, *, width: float = 0.022, depth: float = 0.045) -> list[Part]:
    """A tyre and its rim; a flat ring has no width from straight ahead, so a tread of arcs gives it one."""
    rings = ((radius, radius - depth, DARK), (radius - depth, radius - depth - 0.020, STEEL))
    parts: list[Part] = [
        Face((circle(axle, a), circle(axle, b)), _SIDE, colour, double_sided=True) for a, b, colour in rings
    ]
    tread = circle(axle, radius - width + 0.002, 16)
    parts += [Blob(tread[[k, k + 1, (k + 2) % 16]], np.full(3, width), DARK) for k in range(0, 16, 2)]
    return parts


def spokes(at: Sequence[float], radius: float, *, count: int = 7, rim: float = 0.06) -> Spinner:
    """Spokes as one face of slivers, and a hub; `at` is the axle, `radius` the wheel's, `rim` what the spokes leave."""
    slivers = []
    for k in range(count):
        a = 2 * np.pi * k / count
        along, across = np.array([np.cos(a), 0, np.sin(a)]), 0.005 * np.array([-np.sin(a), 0, np.cos(a)])
        tip = (radius - rim) * along
        slivers.append(np.stack([across, tip + across, tip - across, -across]))
    face = Face(tuple(slivers), _SIDE, (110.0, 112.0, 115.0), double_sided=True)
    hub = capsule([0, -0.04, 0], [0, 0.04, 0], 0.03, 0.03, STEEL)
    return Spinner([face, hub], at=at, metres=2 * np.pi * radius)
