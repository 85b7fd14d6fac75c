"""Stances written as a person would describe them: where arms and legs point.

A limb is a pair of directions (forward, outward, up), upper part first, of any length; angles are in degrees.
"""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np

from clipvad.synth.actors.skeleton import ROW, ROWS, foot, unit
from clipvad.synth.rendering.camera import Array

Limb = tuple[tuple[float, float, float], tuple[float, float, float]]
HANGING: Limb = ((0.03, 0.12, -1), (0.2, 0.02, -1))
STRAIGHT: Limb = ((0.05, 0.03, -1), (-0.03, 0.02, -1))


def held(
    *,
    lean: float = 3.0,
    side: float = 0.0,
    twist: float = 0.0,
    nod: float = 0.0,
    look: float = 0.0,
    arm_l: Limb = HANGING,
    arm_r: Limb = HANGING,
    leg_l: Limb = STRAIGHT,
    leg_r: Limb = STRAIGHT,
    soles: tuple[float, float] = (0.0, 0.0),
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Array:
    """A stance [20, 3].

    The trunk leans forward by `lean` and to the left by `side`, the shoulders are turned to the left by `twist` and
    the arms with them; the head bows by `nod` and looks to the left by `look`; `soles` (left, right) are pitched up.
    """
    stance = np.zeros((len(ROWS), 3))
    turn = _about_z(twist)
    stance[0] = shift
    stance[ROW["hips"]] = (0, 1, 0)
    stance[ROW["up"]] = (0, 0, 1)
    stance[ROW["trunk"]] = (sin(radians(lean)), sin(radians(side)), cos(radians(lean)) * cos(radians(side)))
    stance[ROW["shoulders"]] = np.array([0, 1, -sin(radians(side))]) @ turn
    stance[ROW["front"]] = np.array([cos(radians(lean)), 0, -sin(radians(lean))]) @ turn
    bow = radians(nod + 0.5 * max(lean - 3.0, 0.0))
    stance[ROW["neck"]] = (sin(bow), 0, cos(bow))
    stance[ROW["face"]] = np.array([cos(bow), 0, -sin(bow)]) @ _about_z(look)
    limbs = {"l": (1.0, arm_l, leg_l, soles[0]), "r": (-1.0, arm_r, leg_r, soles[1])}
    for name, (sign, arm, leg, sole) in limbs.items():
        mirror = np.array([1.0, sign, 1.0])
        stance[[ROW[f"upper_arm_{name}"], ROW[f"forearm_{name}"]]] = np.array(arm) * mirror @ turn
        stance[[ROW[f"thigh_{name}"], ROW[f"shank_{name}"]]] = np.array(leg) * mirror
        stance[[ROW[f"heel_{name}"], ROW[f"toe_{name}"]]] = foot(radians(sole))
    return unit(stance)


def tipped(stance: Array, *, forward: float = 0.0, left: float = 0.0, turned: float = 0.0) -> Array:
    """The whole body turned over: about its own upright axis to the left, then onto its left side, then forward."""
    f, s = radians(forward), radians(left)
    over = np.array([[1, 0, 0], [0, cos(s), -sin(s)], [0, sin(s), cos(s)]])
    onto = np.array([[cos(f), 0, -sin(f)], [0, 1, 0], [sin(f), 0, cos(f)]])
    whole = stance @ (_about_z(turned) @ over @ onto)
    whole[0], whole[ROW["up"]] = stance[0], stance[ROW["up"]]
    return np.asarray(whole)


def mirrored(stance: Array) -> Array:
    """The same stance with left and right changed over."""
    other = [ROW[r[:-2] + {"_l": "_r", "_r": "_l"}[r[-2:]]] if r.endswith(("_l", "_r")) else k for r, k in ROW.items()]
    flipped = stance[other] * [1.0, -1.0, 1.0]
    for row in ("hips", "shoulders"):
        flipped[ROW[row]] *= -1
    return np.asarray(flipped)


def _about_z(degrees: float) -> Array:
    """Rows: where x, y, z go when turned to the left."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])
