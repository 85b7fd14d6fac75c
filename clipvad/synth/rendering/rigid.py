"""Solids that keep their shape: put into the world with one product for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi, sin

import numpy as np

from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Blob, Face, Part


class Rigid:
    """Parts in a frame of their own (metres), to be turned and moved together."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = tuple(parts)
        groups = [p.centres if isinstance(p, Blob) else np.concatenate(p.contours) for p in parts]
        self._points = np.concatenate(groups) if groups else np.zeros((0, 3))
        normals = [p.normal for p in parts if isinstance(p, Face)]
        self._normals = np.stack(normals) if normals else np.zeros((0, 3))

    def placed(self, turn: Array, shift: Array) -> list[Part]:
        """The parts turned by `turn` [3, 3] (rows: where x, y, z go), then moved by `shift` [3] metres."""
        points = self._points @ turn + shift
        normals = iter(self._normals @ turn)
        placed: list[Part] = []
        at = 0
        for p in self._parts:
            if isinstance(p, Blob):
                end = at + len(p.radii)
                placed.append(Blob(points[at:end], p.radii, p.colour, p.layer))
                at = end
                continue
            contours = []
            for c in p.contours:
                contours.append(points[at : at + len(c)])
                at += len(c)
            face = Face(tuple(contours), next(normals), p.colour, p.layer, p.double_sided, p.gloss, p.casts_shadow)
            placed.append(face)
        return placed


def upright(at: Sequence[float] | Array, bearing: float, *, pivot_x: float = 0.0) -> tuple[Array, Array]:
    """The turn [3, 3] and shift [3] that stand a frame at `at` (x, y), its x axis to `bearing` (radians), so that its
    point `pivot_x` comes to `at`."""
    c, s = cos(bearing), sin(bearing)
    turn = np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    return turn, np.array([at[0] - pivot_x * c, at[1] - pivot_x * s, 0.0])


def rolled(revolutions: float) -> Array:
    """The turn [3, 3] of a wheel about its axle (y) after rolling forward."""
    angle = 2 * pi * revolutions
    c, s = cos(angle), sin(angle)
    return np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])
