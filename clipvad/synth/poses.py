"""The key stances of gestures, each written as a person would describe it: where arms and legs point.

A limb is a pair of directions (forward, outward, up), upper part first, of any length; angles are in degrees.
"""

from __future__ import annotations

from math import cos, radians, sin

import numpy as np

from clipvad.synth.camera import Array
from clipvad.synth.skeleton import ROW, ROWS, foot, unit

Limb = tuple[tuple[float, float, float], tuple[float, float, float]]
HANGING: Limb = ((0.03, 0.12, -1), (0.2, 0.02, -1))
STRAIGHT: Limb = ((0.05, 0.03, -1), (-0.03, 0.02, -1))


def held(
    *,
    lean: float = 3.0,
    side: float = 0.0,
    twist: float = 0.0,
    nod: float = 0.0,
    arm_l: Limb = HANGING,
    arm_r: Limb = HANGING,
    leg_l: Limb = STRAIGHT,
    leg_r: Limb = STRAIGHT,
    soles: tuple[float, float] = (0.0, 0.0),
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Array:
    """A stance [20, 3]. The trunk leans forward by `lean` and to the left by `side`, the shoulders are turned to the
    left by `twist` and the arms with them; the head bows by `nod`; `soles` are pitched up (left, right)."""
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
    stance[ROW["face"]] = (cos(bow), 0, -sin(bow))
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
    return whole


def mirrored(stance: Array) -> Array:
    """The same stance with left and right changed over."""
    other = [ROW[r[:-2] + {"_l": "_r", "_r": "_l"}[r[-2:]]] if r.endswith(("_l", "_r")) else k for r, k in ROW.items()]
    flipped = stance[other] * [1.0, -1.0, 1.0]
    for row in ("hips", "shoulders"):
        flipped[ROW[row]] *= -1
    return flipped


def _about_z(degrees: float) -> Array:
    """Rows: where x, y, z go when turned to the left."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]])


# Fists before the chin, elbows in.
_FIST_L: Limb = ((0.55, 0.15, -0.85), (0.75, -0.30, 0.75))
_FIST_R: Limb = ((0.30, 0.20, -0.95), (0.80, -0.35, 0.75))
# Left foot forward, both knees soft.
_LEAD: Limb = ((0.50, 0.12, -1), (-0.10, 0.05, -1))
_REAR: Limb = ((-0.12, 0.22, -1), (-0.62, 0.12, -1))
_FIGHT = {"leg_l": _LEAD, "leg_r": _REAR, "soles": (0.0, -18.0)}
_SQUAT: Limb = ((0.95, 0.28, -0.05), (-0.62, 0.02, -0.90))

STANDING = held()
GUARD = held(lean=10, twist=-28, nod=8, arm_l=_FIST_L, arm_r=_FIST_R, **_FIGHT)
GUARD_LOW = held(lean=13, twist=-22, nod=8, arm_l=_FIST_L, arm_r=_FIST_R, leg_l=((0.62, 0.12, -1), (-0.22, 0.05, -1)),
                 leg_r=((0.0, 0.22, -1), (-0.75, 0.12, -1)), soles=(0.0, -22.0))
CROSS = held(lean=18, twist=42, arm_l=_FIST_L, arm_r=((1, 0.05, 0.08), (1, 0.10, 0.10)), leg_l=_LEAD,
             leg_r=((-0.30, 0.15, -1), (-0.62, 0.10, -1)), soles=(0.0, -32.0), shift=(0.05, 0, 0))
JAB = held(lean=14, twist=-48, arm_l=((1, -0.55, 0.08), (1, -0.55, 0.10)), arm_r=_FIST_R, shift=(0.04, 0, 0), **_FIGHT)
CHAMBER = held(lean=-6, twist=-20, arm_l=_FIST_L, arm_r=_FIST_R, leg_l=((0.12, 0.06, -1), (-0.12, 0.03, -1)),
               leg_r=((1, 0.15, 0.25), (-0.35, 0.05, -1)), soles=(0.0, -20.0))
KICK = held(lean=-22, twist=-30, arm_l=((0.1, 0.5, -0.8), (0.7, 0.2, 0.5)), arm_r=((-0.5, 0.4, -0.8), (0.3, 0.2, 0.2)),
            leg_l=((0.05, 0.06, -1), (-0.10, 0.03, -1)), leg_r=((1, 0.10, 0.08), (1, 0.05, 0.14)), soles=(0.0, 70.0))
SHOVE_BACK = held(lean=4, arm_l=((-0.35, 0.25, -0.9), (0.9, -0.1, 0.6)), arm_r=((-0.35, 0.25, -0.9), (0.9, -0.1, 0.6)),
                  **_FIGHT)
SHOVE = held(lean=24, arm_l=((1, 0.02, -0.05), (1, -0.02, 0.12)), arm_r=((1, 0.02, -0.05), (1, -0.02, 0.12)),
             leg_l=((0.70, 0.10, -1), (-0.30, 0.05, -1)), leg_r=((-0.45, 0.15, -1), (-0.62, 0.10, -1)),
             soles=(0.0, -35.0), shift=(0.08, 0, 0))
STRUCK = held(lean=-24, side=8, twist=25, nod=-25, arm_l=((-0.3, 0.8, -0.4), (0.3, 0.8, 0.3)),
              arm_r=((0.2, 0.9, -0.2), (0.5, 0.6, 0.6)), leg_l=((0.55, 0.1, -1), (0.2, 0.05, -1)),
              leg_r=((-0.35, 0.2, -1), (-0.55, 0.1, -1)), soles=(20.0, -20.0), shift=(-0.14, 0, 0))
REELING = held(lean=22, side=-8, nod=25, arm_l=((0.5, 0.3, -0.8), (0.3, -0.3, -0.6)), arm_r=((0.5, 0.2, -0.6), (0.5, -0.6, 0.7)),
               leg_l=((0.35, 0.2, -1), (-0.35, 0.1, -1)), leg_r=((0.0, 0.25, -1), (-0.5, 0.12, -1)), soles=(0.0, -10.0),
               shift=(-0.20, 0, 0))
RAISED = held(lean=-8, twist=-35, arm_l=((0.75, 0.2, -0.4), (0.9, -0.1, 0.3)), arm_r=((-0.25, 0.45, 0.95), (-0.75, -0.1, 0.75)),
              **_FIGHT)
STRIKE = held(lean=26, twist=30, arm_l=((-0.3, 0.4, -0.9), (0.3, 0.2, -0.8)), arm_r=((1, 0.0, 0.0), (1, 0.0, -0.30)),
              leg_l=((0.70, 0.12, -1), (-0.30, 0.05, -1)), leg_r=((-0.35, 0.2, -1), (-0.62, 0.1, -1)), soles=(0.0, -30.0),
              shift=(0.08, 0, 0))
WIND_UP = held(lean=-10, side=-10, twist=-62, arm_l=((0.9, 0.3, 0.35), (1, 0.1, 0.4)), arm_r=((-0.75, 0.7, 0.15), (-0.5, 0.3, 0.95)),
               leg_l=((0.45, 0.12, -1), (0.1, 0.05, -1)), leg_r=((0.05, 0.15, -1), (-0.45, 0.1, -1)), soles=(12.0, 0.0))
RELEASE = held(lean=20, side=6, twist=38, arm_l=((-0.2, 0.5, -0.9), (0.2, 0.2, -0.9)), arm_r=((0.95, 0.1, 0.55), (1, 0.0, 0.40)),
               leg_l=((0.60, 0.12, -1), (-0.20, 0.05, -1)), leg_r=((-0.40, 0.15, -1), (-0.75, 0.1, -1)), soles=(0.0, -35.0),
               shift=(0.08, 0, 0))
FOLLOW = held(lean=32, side=6, twist=55, arm_l=((-0.5, 0.3, -0.9), (-0.1, 0.2, -0.9)), arm_r=((0.6, -0.45, -0.7), (0.5, -0.5, -0.8)),
              leg_l=((0.65, 0.12, -1), (-0.25, 0.05, -1)), leg_r=((-0.35, 0.15, -1), (-0.9, 0.1, -0.8)), soles=(0.0, -45.0),
              shift=(0.10, 0, 0))
REACHING = held(lean=12, twist=22, nod=-4, arm_r=((0.95, 0.10, 0.25), (1, -0.05, 0.22)), leg_l=((0.22, 0.05, -1), (0.02, 0.02, -1)),
                leg_r=((-0.10, 0.08, -1), (-0.22, 0.05, -1)), soles=(0.0, -8.0), shift=(0.03, 0, 0))
TAKING = held(lean=10, twist=8, nod=12, arm_r=((0.25, 0.30, -0.95), (0.80, -0.55, 0.30)), leg_l=((0.22, 0.05, -1), (0.02, 0.02, -1)),
              leg_r=((-0.10, 0.08, -1), (-0.22, 0.05, -1)), soles=(0.0, -8.0))
STOWING = held(lean=14, side=-6, twist=-14, nod=24, arm_l=((0.15, 0.2, -1), (0.75, -0.5, -0.1)),
               arm_r=((-0.05, 0.35, -1), (0.45, -0.25, -0.75)))
CROUCHING = held(lean=42, nod=-6, arm_l=((0.75, 0.10, -0.7), (0.75, -0.35, -0.55)), arm_r=((0.80, 0.10, -0.6), (0.55, -0.25, -0.8)),
                 leg_l=_SQUAT, leg_r=((0.70, 0.28, -0.50), (-0.80, 0.02, -0.65)), soles=(0.0, -42.0), shift=(0.02, 0, 0))
COWERING = held(lean=50, nod=28, arm_l=((0.45, 0.35, 0.75), (0.15, -0.85, 0.45)), arm_r=((0.45, 0.35, 0.75), (0.15, -0.85, 0.45)),
                leg_l=((0.72, 0.15, -0.75), (-0.55, 0.02, -0.9)), leg_r=((0.60, 0.15, -0.80), (-0.65, 0.02, -0.85)), soles=(0.0, -12.0))
ALARM = held(lean=4, arm_l=((0.10, 0.40, 0.95), (0.15, 0.10, 1)), arm_r=((0.25, 0.50, 0.90), (0.10, -0.20, 1)))
ALARM_OTHER = mirrored(ALARM)
WAVE_OUT = held(arm_r=((-0.05, 0.85, 0.50), (0.0, 0.55, 0.95)))
WAVE_IN = held(arm_r=((0.05, 0.75, 0.65), (0.1, -0.55, 0.95)))
PHONING = held(nod=10, arm_r=((0.30, 0.30, -0.95), (0.42, -0.28, 0.95)))
BOX = held(lean=-2, arm_l=((0.25, 0.10, -1), (1, -0.08, 0.05)), arm_r=((0.25, 0.10, -1), (1, -0.08, 0.05)))
BAG = held(side=-3, arm_r=((0.02, 0.20, -1), (0.08, 0.10, -1)))

# Falling, and lying where the fall ends.
STUMBLE = held(lean=28, nod=-8, arm_l=((0.75, 0.4, -0.3), (0.9, 0.1, 0.2)), arm_r=((0.6, 0.5, -0.5), (0.9, 0.1, 0.0)),
               leg_l=((0.55, 0.1, -1), (-0.35, 0.05, -1)), leg_r=((0.10, 0.12, -1), (-0.85, 0.05, -0.8)), soles=(0.0, -35.0),
               shift=(0.06, 0, 0))
KNEELING = held(lean=48, arm_l=((0.8, 0.3, -0.6), (0.8, 0.0, -0.6)), arm_r=((0.8, 0.3, -0.6), (0.8, 0.0, -0.6)),
                leg_l=((0.20, 0.12, -1), (-1, 0.05, -0.10)), leg_r=((0.10, 0.12, -1), (-1, 0.05, -0.10)), soles=(-80.0, -80.0),
                shift=(0.24, 0, 0))
PRONE = tipped(
    held(lean=0, twist=4, nod=-4, arm_l=((0.02, 0.85, 0.55), (0.06, 0.10, 1)), arm_r=((0.02, 0.55, -0.85), (0.10, -0.15, -1)),
         leg_l=((0.02, 0.22, -1), (-0.03, 0.10, -1)), leg_r=((0.05, 0.35, -0.9), (-0.05, -0.15, -1)), soles=(-65.0, -60.0),
         shift=(0.42, 0, 0)), forward=90)
SITTING = held(lean=-18, nod=-10, arm_l=((-0.55, 0.55, -0.7), (-0.2, 0.3, -0.9)), arm_r=((-0.55, 0.55, -0.7), (-0.2, 0.3, -0.9)),
               leg_l=((1, 0.2, 0.25), (0.55, 0.05, -0.85)), leg_r=((1, 0.2, 0.05), (0.75, 0.05, -0.6)), soles=(10.0, 25.0),
               shift=(-0.30, 0, 0))
BUCKLING = held(lean=-20, nod=-14, arm_l=((0.4, 0.9, 0.1), (0.7, 0.5, 0.5)), arm_r=((0.3, 0.9, 0.2), (0.6, 0.6, 0.6)),
                leg_l=((0.55, 0.15, -0.9), (0.10, 0.05, -1)), leg_r=((0.75, 0.15, -0.7), (-0.25, 0.05, -1)), soles=(18.0, 0.0),
                shift=(-0.12, 0, 0))
SUPINE = tipped(
    held(lean=0, nod=2, arm_l=((0.0, 0.90, -0.5), (0.05, 0.6, -0.8)), arm_r=((0.0, 0.75, 0.6), (0.05, 0.35, 0.9)),
         leg_l=((0.02, 0.20, -1), (-0.02, 0.12, -1)), leg_r=((0.45, 0.22, -0.9), (-0.42, 0.10, -0.9)), soles=(-25.0, -45.0),
         shift=(-0.42, 0, 0)), forward=-90)
SAGGING = held(lean=14, side=20, nod=22, arm_l=((0.3, 0.5, -0.8), (0.3, 0.2, -0.9)), arm_r=((0.3, 0.2, -0.9), (0.5, -0.1, -0.6)),
               leg_l=((0.50, 0.10, -0.85), (-0.55, 0.05, -0.85)), leg_r=((0.40, 0.05, -0.9), (-0.55, 0.0, -0.85)), soles=(0.0, -20.0),
               shift=(0.02, 0.06, 0))
CRUMPLED = held(lean=20, side=52, nod=20, arm_l=((0.2, 0.8, -0.4), (0.5, 0.6, -0.4)), arm_r=((0.5, -0.2, -0.5), (0.6, -0.3, -0.5)),
                leg_l=((0.70, 0.55, -0.35), (-0.80, 0.25, -0.15)), leg_r=((0.75, -0.2, -0.45), (-0.75, -0.15, -0.5)), soles=(-60.0, -50.0),
                shift=(0.02, 0.22, 0))
CURLED = tipped(
    held(lean=10, nod=22, arm_l=((0.75, -0.05, -0.5), (0.85, 0.0, 0.5)), arm_r=((0.65, 0.12, -0.6), (0.7, -0.35, 0.25)),
         leg_l=((0.65, 0.0, -0.75), (-0.65, 0.0, -0.75)), leg_r=((0.85, 0.05, -0.5), (-0.75, 0.02, -0.65)), soles=(-45.0, -45.0),
         shift=(0.0, 0.40, 0)), left=86)
ALL_FOURS = held(lean=72, nod=-25, arm_l=((0.25, 0.1, -1), (0.1, 0.05, -1)), arm_r=((0.25, 0.1, -1), (0.1, 0.05, -1)),
                 leg_l=((0.10, 0.1, -1), (-1, 0.05, -0.08)), leg_r=((0.2, 0.1, -1), (-1, 0.05, -0.08)), soles=(-75.0, -75.0),
                 shift=(0.1, 0, 0))
HALF_KNEEL = held(lean=36, nod=0, arm_l=((0.6, 0.1, -0.8), (0.6, -0.2, -0.5)), arm_r=((0.3, 0.2, -0.9), (0.4, 0.0, -0.8)),
                  leg_l=((0.95, 0.12, -0.15), (-0.10, 0.02, -1)), leg_r=((0.05, 0.1, -1), (-1, 0.05, -0.12)), soles=(0.0, -75.0))
