"""A delivery van as solids in its own frame: x forward, y to the left, z up, ground at z = 0, metres."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from clipvad.synth.actors.vehicles import panel, rims, wheel_faces
from clipvad.synth.actors.wheels import DARK, Vehicle
from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Blob, Colour, Face, Part

_AXLES = (-1.55, 1.70)
_HALF, _ROOF_HALF, _SHOULDER = 0.96, 0.86, 1.15  # half widths below the shoulder line and at the roof; its height
_GLASS: Colour = (40.0, 48.0, 56.0)
# The outline seen from the side, from the tail's foot over the roof to the nose's.
_OUTLINE = (
    (-2.55, 0.34),
    (-2.58, 1.15),
    (-2.46, 2.12),
    (-2.30, 2.22),
    (1.00, 2.22),
    (1.18, 2.14),
    (1.86, 1.28),
    (2.50, 1.06),
    (2.62, 0.84),
    (2.60, 0.34),
)


@lru_cache(maxsize=64)
def van_model(colour: Colour) -> Vehicle:
    """A van of this colour, to be put anywhere."""
    body = [*_shell(colour), *_glass(), *_details(), *wheel_faces(_AXLES, 0.905)]
    return Vehicle(body, rims(_AXLES, 0.905))


def _half(z: float) -> float:
    """Half the width at height `z`: straight up to the shoulder, then leaning in."""
    return _HALF - (_HALF - _ROOF_HALF) * max(0.0, z - _SHOULDER) / (2.22 - _SHOULDER)


def _shell(colour: Colour) -> list[Part]:
    faces: list[Part] = []
    for sign in (1.0, -1.0):
        out = np.array([0.0, sign, 0.1])
        side = np.array([[x, sign * _half(z), z] for x, z in _OUTLINE])
        faces.append(Face((side,), out / np.linalg.norm(out), colour, layer=1, gloss=0.2))
        sill = np.array([[-2.5, _HALF, 0.20], [-2.5, _HALF, 0.42], [2.5, _HALF, 0.42], [2.5, _HALF, 0.20]]) * [
            1,
            sign,
            1,
        ]
        faces.append(panel(sill + [0, sign * 0.004, 0], np.array([0, sign, 0]), (52.0, 52.0, 56.0), layer=2))
    for (xa, za), (xb, zb) in pairwise(_OUTLINE):
        strip = np.array([[xa, _half(za), za], [xb, _half(zb), zb], [xb, -_half(zb), zb], [xa, -_half(za), za]])
        out = np.array([za - zb, 0.0, xb - xa])  # the outline runs clockwise seen from the right
        faces.append(panel(strip, out, colour, layer=3 if xb > xa else 1, gloss=0.3))
    return faces


def _pane(xa: float, za: float, xb: float, zb: float, inset: float) -> Array:
    """A pane across the van between two points of its outline."""
    return np.array(
        [
            [xa, _half(za) - inset, za],
            [xb, _half(zb) - inset, zb],
            [xb, inset - _half(zb), zb],
            [xa, inset - _half(za), za],
        ]
    )


def _glass() -> list[Part]:
    screen = _pane(1.24, 2.08, 1.80, 1.36, 0.07) + [0.012, 0, 0.012]
    faces: list[Part] = [panel(screen, np.array([0.8, 0, 0.6]), _GLASS, layer=5, gloss=0.6)]
    for sign in (1.0, -1.0):
        window = np.array(
            [[x, sign * (_half(z) + 0.012), z] for x, z in ((0.42, 1.32), (0.42, 2.02), (1.02, 2.02), (1.55, 1.32))]
        )
        faces.append(panel(window, np.array([0, sign, 0.1]), _GLASS, layer=5, gloss=0.55))
        rear = np.array([[-2.53, sign * y, z] for y, z in ((0.08, 1.40), (0.08, 1.95), (0.68, 1.95), (0.74, 1.40))])
        rear[:, 0] -= np.array([0.02, -0.05, -0.05, 0.02])
        faces.append(panel(rear, np.array([-1.0, 0, 0.1]), _GLASS, layer=5, gloss=0.5))
    return faces


def _details() -> list[Part]:
    faces: list[Part] = []
    for sign in (1.0, -1.0):
        side = np.array([0, sign, 0])
        lamp = np.array(
            [[2.50, sign * 0.90, 0.86], [2.64, sign * 0.55, 0.82], [2.60, sign * 0.55, 0.99], [2.44, sign * 0.92, 1.05]]
        )
        faces.append(panel(lamp, np.array([1.0, sign * 0.3, 0.2]), (236.0, 236.0, 228.0), layer=6))
        tail = np.array([[-2.60, sign * y, z] for y, z in ((0.80, 0.75), (0.94, 0.75), (0.94, 1.15), (0.80, 1.15))])
        faces.append(panel(tail, np.array([-1.0, 0, 0]), (172.0, 24.0, 22.0), layer=6))
        for x, top in ((0.30, 2.1), (1.58, 1.25), (-1.0, 2.1)):  # gaps of the doors
            gap = np.array([[x - 0.012, 0.45], [x + 0.012, 0.45], [x + 0.012, top], [x - 0.012, top]])
            gap3 = np.array([[u, sign * (_half(z) + 0.01), z] for u, z in gap])
            faces.append(panel(gap3, side, (60.0, 60.0, 64.0), layer=6))
        mirror = np.array([[1.45, sign * 1.04, 1.34], [1.45, sign * 1.06, 1.52]])
        faces.append(Blob(mirror, np.array([0.07, 0.08]), DARK, layer=6 if sign > 0 else 0))
    for x, nx, low in ((2.64, 1.0, 0.46), (-2.62, -1.0, 0.52)):
        plate = np.array([[x, 0.26, low], [x, 0.26, low + 0.12], [x, -0.26, low + 0.12], [x, -0.26, low]])
        faces.append(panel(plate, np.array([nx, 0, 0]), (226.0, 226.0, 220.0), layer=6))
        bumper = np.array([[x - nx * 0.005, s * 0.95, z] for s, z in ((1, 0.22), (1, 0.44), (-1, 0.44), (-1, 0.22))])
        faces.append(panel(bumper, np.array([nx, 0, 0]), (48.0, 48.0, 52.0), layer=5))
    grille = np.array([[2.635, y, z] for y, z in ((0.5, 0.62), (0.5, 0.76), (-0.5, 0.76), (-0.5, 0.62))])
    faces.append(panel(grille, np.array([1.0, 0, 0]), DARK, layer=6))
    doors = np.array([[-2.60, y, z] for y, z in ((0.012, 0.5), (0.012, 1.2), (-0.012, 1.2), (-0.012, 0.5))])
    faces.append(panel(doors, np.array([-1.0, 0, 0]), (60.0, 60.0, 64.0), layer=6))
    return faces
