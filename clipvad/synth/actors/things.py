"""Bags, suitcases and boxes that stand somewhere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from clipvad.synth.actors.paths import Path
from clipvad.synth.rendering.parts import Blob, Colour, Face, Part, capsule
from clipvad.synth.rendering.rigid import Rigid, upright

THINGS = ("bag", "suitcase", "box", "backpack")
_DARK: Colour = (30.0, 30.0, 32.0)


@dataclass(frozen=True)
class Thing:
    """Something left at a place, or moved, from the start to the end of its path; `what` is one of `THINGS`."""

    path: Path
    what: str = "bag"
    colour: Colour = (52.0, 56.0, 66.0)
    kind: str = "bag"

    def __post_init__(self) -> None:
        if self.what not in THINGS:
            raise ValueError(f"unknown thing {self.what!r}; known: {', '.join(THINGS)}")

    def parts(self, t_s: float) -> list[Part]:
        """Its solids."""
        turn, shift = upright(self.path.position(t_s), self.path.bearing(t_s))
        return _thing(self.what, self.colour).placed(turn, shift)

    def action(self, t_s: float) -> str:
        """Always `standing`."""
        return "standing"


@lru_cache(maxsize=128)
def _thing(what: str, colour: Colour) -> Rigid:
    if what == "suitcase":
        parts: list[Part] = [*_cuboid((0.24, 0.44, 0.60), 0.06, colour)]
        parts += [capsule([0, y, 0.66], [0, y, 0.98], 0.011, 0.011, _DARK) for y in (-0.11, 0.11)]
        parts.append(capsule([0, -0.12, 0.98], [0, 0.12, 0.98], 0.018, 0.018, _DARK))
        parts += [Blob(np.array([[x, y, 0.03]]), np.array([0.03]), _DARK) for x in (-0.09, 0.09) for y in (-0.18, 0.18)]
        return Rigid(parts)
    if what == "box":
        return Rigid(_cuboid((0.42, 0.50, 0.36), 0.0, colour))
    if what == "backpack":
        hull = np.array([[-0.02, -0.09, 0.14], [-0.02, 0.09, 0.14], [-0.05, -0.07, 0.38], [-0.05, 0.07, 0.38]])
        pocket = np.array([[0.10, -0.06, 0.12], [0.10, 0.06, 0.12]])
        return Rigid([Blob(hull, np.array([0.13, 0.13, 0.10, 0.10]), colour), Blob(pocket, np.full(2, 0.08), colour)])
    hull = np.array([[0, -0.22, 0.15], [0, 0.22, 0.15]])
    handles = [capsule([x, -0.10, 0.27], [x / 2, 0, 0.40], 0.014, 0.014, _DARK) for x in (-0.06, 0.06)]
    handles += [capsule([x / 2, 0, 0.40], [x, 0.10, 0.27], 0.014, 0.014, _DARK) for x in (-0.06, 0.06)]
    return Rigid([Blob(hull, np.full(2, 0.15), colour), *handles])


def _cuboid(size: tuple[float, float, float], low: float, colour: Colour) -> list[Part]:
    """A box of `size` (x, y, z in metres) over the origin, its underside at height `low`."""
    dx, dy = size[0] / 2, size[1] / 2
    plan = np.array([[-dx, -dy], [dx, -dy], [dx, dy], [-dx, dy]])
    lid = np.column_stack([plan, np.full(4, low + size[2])])
    faces: list[Part] = [Face((lid,), np.array([0.0, 0.0, 1.0]), colour)]
    for k, normal in enumerate(((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0))):
        a, b = plan[k], plan[(k + 1) % 4]
        side = np.array([[*a, low], [*b, low], [*b, low + size[2]], [*a, low + size[2]]])
        faces.append(Face((side,), np.array(normal), colour))
    return faces
