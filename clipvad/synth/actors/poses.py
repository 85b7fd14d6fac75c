"""The key stances of gestures. A limb is two directions (forward, outward, up), upper part first."""

from __future__ import annotations

from clipvad.synth.actors.stances import Limb, held, mirrored, tipped
from clipvad.synth.rendering.camera import Array

# fmt: off
# Fists before the chin, elbows in; left foot forward, both knees soft.
_FIST_L: Limb = ((0.55, 0.15, -0.85), (0.75, -0.30, 0.75))
_FIST_R: Limb = ((0.30, 0.20, -0.95), (0.80, -0.35, 0.75))
_LEAD: Limb = ((0.50, 0.12, -1), (-0.10, 0.05, -1))
_REAR: Limb = ((-0.12, 0.22, -1), (-0.62, 0.12, -1))


def _braced(*, lean: float, twist: float = 0.0, nod: float = 0.0, arm_l: Limb = _FIST_L, arm_r: Limb = _FIST_R,
            ahead: float = 0.0) -> Array:
    return held(lean=lean, twist=twist, nod=nod, arm_l=arm_l, arm_r=arm_r, leg_l=_LEAD, leg_r=_REAR,
                soles=(0, -18), shift=(ahead, 0, 0))


def _lunging(*, lean: float, twist: float = 0.0, side: float = 0.0, arm_l: Limb = _FIST_L, arm_r: Limb) -> Array:
    return held(lean=lean, twist=twist, side=side, arm_l=arm_l, arm_r=arm_r,
                leg_l=((0.70, 0.12, -1), (-0.30, 0.05, -1)), leg_r=((-0.40, 0.16, -1), (-0.66, 0.10, -1)),
                soles=(0, -33), shift=(0.08, 0, 0))


STANDING = held()
GUARD = _braced(lean=10, twist=-28, nod=8)
GUARD_LOW = held(lean=13, twist=-22, nod=8, arm_l=_FIST_L, arm_r=_FIST_R, leg_l=((0.62, 0.12, -1), (-0.22, 0.05, -1)),
                 leg_r=((0.0, 0.22, -1), (-0.75, 0.12, -1)), soles=(0, -22))
JAB = _braced(lean=14, twist=-48, arm_l=((1, -0.55, 0.08), (1, -0.55, 0.10)), ahead=0.04)
CROSS = _lunging(lean=18, twist=42, arm_r=((1, 0.05, 0.08), (1, 0.10, 0.10)))
CHAMBER = held(lean=-6, twist=-20, arm_l=_FIST_L, arm_r=_FIST_R, leg_l=((0.12, 0.06, -1), (-0.12, 0.03, -1)),
               leg_r=((1, 0.15, 0.25), (-0.35, 0.05, -1)), soles=(0, -20))
KICK = held(lean=-22, twist=-30, arm_l=((0.1, 0.5, -0.8), (0.7, 0.2, 0.5)), arm_r=((-0.5, 0.4, -0.8), (0.3, 0.2, 0.2)),
            leg_l=((0.05, 0.06, -1), (-0.10, 0.03, -1)), leg_r=((1, 0.10, 0.08), (1, 0.05, 0.14)), soles=(0, 70))
_DRAWN: Limb = ((-0.35, 0.25, -0.9), (0.9, -0.1, 0.6))
_OUT: Limb = ((1, 0.02, -0.05), (1, -0.02, 0.12))
SHOVE_BACK = _braced(lean=4, arm_l=_DRAWN, arm_r=_DRAWN)
SHOVE = _lunging(lean=24, arm_l=_OUT, arm_r=_OUT)
STRUCK = held(lean=-24, side=8, twist=25, nod=-25, arm_l=((-0.3, 0.8, -0.4), (0.3, 0.8, 0.3)),
              arm_r=((0.2, 0.9, -0.2), (0.5, 0.6, 0.6)), leg_l=((0.55, 0.1, -1), (0.2, 0.05, -1)),
              leg_r=((-0.35, 0.2, -1), (-0.55, 0.1, -1)), soles=(20, -20), shift=(-0.14, 0, 0))
REELING = held(lean=22, side=-8, nod=25, arm_l=((0.5, 0.3, -0.8), (0.3, -0.3, -0.6)),
               arm_r=((0.5, 0.2, -0.6), (0.5, -0.6, 0.7)), leg_l=((0.35, 0.2, -1), (-0.35, 0.1, -1)),
               leg_r=((0.0, 0.25, -1), (-0.5, 0.12, -1)), soles=(0, -10), shift=(-0.20, 0, 0))
RAISED = _braced(lean=-8, twist=-35, arm_l=((0.75, 0.2, -0.4), (0.9, -0.1, 0.3)),
                 arm_r=((-0.25, 0.45, 0.95), (-0.75, -0.1, 0.75)))
STRIKE = _lunging(lean=26, twist=30, arm_l=((-0.3, 0.4, -0.9), (0.3, 0.2, -0.8)), arm_r=((1, 0, 0), (1, 0, -0.30)))

WIND_UP = held(lean=-10, side=-10, twist=-62, arm_l=((0.9, 0.3, 0.35), (1, 0.1, 0.4)),
               arm_r=((-0.75, 0.7, 0.15), (-0.5, 0.3, 0.95)), leg_l=((0.45, 0.12, -1), (0.1, 0.05, -1)),
               leg_r=((0.05, 0.15, -1), (-0.45, 0.1, -1)), soles=(12, 0))
RELEASE = _lunging(lean=20, side=6, twist=38, arm_l=((-0.2, 0.5, -0.9), (0.2, 0.2, -0.9)),
                   arm_r=((0.95, 0.1, 0.55), (1, 0, 0.40)))
FOLLOW = held(lean=32, side=6, twist=55, arm_l=((-0.5, 0.3, -0.9), (-0.1, 0.2, -0.9)),
              arm_r=((0.6, -0.45, -0.7), (0.5, -0.5, -0.8)), leg_l=((0.65, 0.12, -1), (-0.25, 0.05, -1)),
              leg_r=((-0.35, 0.15, -1), (-0.9, 0.1, -0.8)), soles=(0, -45), shift=(0.10, 0, 0))

_STEP_L: Limb = ((0.22, 0.05, -1), (0.02, 0.02, -1))
_STEP_R: Limb = ((-0.10, 0.08, -1), (-0.22, 0.05, -1))
REACHING = held(lean=12, twist=22, nod=-4, arm_r=((0.95, 0.10, 0.25), (1, -0.05, 0.22)), leg_l=_STEP_L, leg_r=_STEP_R,
                soles=(0, -8), shift=(0.03, 0, 0))
TAKING = held(lean=10, twist=8, nod=12, arm_r=((0.25, 0.30, -0.95), (0.80, -0.55, 0.30)), leg_l=_STEP_L, leg_r=_STEP_R,
              soles=(0, -8))
STOWING = held(lean=14, side=-6, twist=-14, nod=24, arm_l=((0.15, 0.2, -1), (0.75, -0.5, -0.1)),
               arm_r=((-0.05, 0.35, -1), (0.45, -0.25, -0.75)))

CROUCHING = held(lean=42, nod=-6, arm_l=((0.75, 0.10, -0.7), (0.75, -0.35, -0.55)),
                 arm_r=((0.80, 0.10, -0.6), (0.55, -0.25, -0.8)), leg_l=((0.95, 0.28, -0.05), (-0.62, 0.02, -0.90)),
                 leg_r=((0.70, 0.28, -0.50), (-0.80, 0.02, -0.65)), soles=(0, -42), shift=(0.02, 0, 0))
_SHIELD: Limb = ((0.45, 0.35, 0.75), (0.15, -0.85, 0.45))
COWERING = held(lean=50, nod=28, arm_l=_SHIELD, arm_r=_SHIELD, leg_l=((0.72, 0.15, -0.75), (-0.55, 0.02, -0.9)),
                leg_r=((0.60, 0.15, -0.80), (-0.65, 0.02, -0.85)), soles=(0, -12))
COWERING_LOW = held(lean=54, nod=32, arm_l=_SHIELD, arm_r=_SHIELD, leg_l=((0.80, 0.15, -0.65), (-0.60, 0.02, -0.85)),
                    leg_r=((0.70, 0.15, -0.72), (-0.70, 0.02, -0.80)), soles=(0, -14))

# Waiting: the weight on one leg, looking about, at the watch, with folded arms.
_LOADED: Limb = ((0.02, -0.02, -1), (-0.02, 0.02, -1))
_LOOSE: Limb = ((0.22, 0.14, -1), (-0.12, 0.06, -1))
_FOLD: Limb = ((0.28, 0.28, -1), (0.62, -1, 0.12))
WAIT_LEFT = held(side=3, look=45, leg_l=_LOADED, leg_r=_LOOSE, shift=(0, 0.03, 0))
WAIT_RIGHT = held(side=-3, look=-50, leg_l=_LOOSE, leg_r=_LOADED, shift=(0, -0.03, 0))
WAIT_WATCH = held(side=2, nod=26, look=12, arm_l=((0.30, 0.18, -1), (0.75, -0.75, 0.25)), leg_l=_LOADED, leg_r=_LOOSE)
WAIT_FOLDED = held(lean=0, look=-15, arm_l=_FOLD, arm_r=_FOLD, leg_l=_LOOSE, leg_r=_LOADED)

ALARM = held(lean=4, arm_l=((0.10, 0.40, 0.95), (0.15, 0.10, 1)), arm_r=((0.25, 0.50, 0.90), (0.10, -0.20, 1)))
ALARM_OTHER = mirrored(ALARM)
WAVE_OUT = held(arm_r=((-0.05, 0.85, 0.50), (0.0, 0.55, 0.95)))
WAVE_IN = held(arm_r=((0.05, 0.75, 0.65), (0.1, -0.55, 0.95)))
PHONING = held(nod=12, arm_r=((0.22, 0.42, -0.95), (0.36, -0.40, 0.95)))
CARRY_BOX = held(lean=-2, arm_l=((0.25, 0.10, -1), (1, -0.08, 0.05)), arm_r=((0.25, 0.10, -1), (1, -0.08, 0.05)))
CARRY_BAG = held(side=-3, arm_r=((0.02, 0.20, -1), (0.08, 0.10, -1)))

# Falling, and lying where the fall ends; the pelvis moves so that the feet stay about where they were.
_BRACE: Limb = ((0.8, 0.3, -0.6), (0.8, 0.0, -0.6))
_KNEEL: Limb = ((0.15, 0.12, -1), (-1, 0.05, -0.10))
STUMBLE = held(lean=28, nod=-8, arm_l=((0.55, 0.4, -0.7), (0.9, 0.1, -0.2)),
               arm_r=((0.45, 0.5, -0.7), (0.9, 0.1, -0.3)),
               leg_l=((0.55, 0.1, -1), (-0.35, 0.05, -1)), leg_r=((0.10, 0.12, -1), (-0.85, 0.05, -0.8)),
               soles=(0, -35), shift=(0.06, 0, 0))
KNEELING = held(lean=48, arm_l=_BRACE, arm_r=_BRACE, leg_l=_KNEEL, leg_r=_KNEEL, soles=(-80, -80), shift=(0.24, 0, 0))
PRONE = tipped(held(lean=0, twist=4, nod=-4, arm_l=((0.02, 0.85, 0.55), (0.06, 0.10, 1)),
                    arm_r=((0.02, 0.95, -0.15), (0.06, 0.15, 1)), leg_l=((0.02, 0.22, -1), (-0.03, 0.10, -1)),
                    leg_r=((0.05, 0.35, -0.9), (-0.05, -0.15, -1)), soles=(-65, -60), shift=(0.42, 0, 0)), forward=90)

_FLUNG: Limb = ((0.05, 0.75, -0.75), (0.45, 0.45, -0.10))
_PROP: Limb = ((-0.55, 0.55, -0.7), (-0.2, 0.3, -0.9))
BUCKLING = held(lean=-20, nod=-14, arm_l=_FLUNG, arm_r=_FLUNG, leg_l=((0.55, 0.15, -0.9), (0.10, 0.05, -1)),
                leg_r=((0.75, 0.15, -0.7), (-0.25, 0.05, -1)), soles=(18, 0), shift=(-0.12, 0, 0))
SITTING = held(lean=-18, nod=-10, arm_l=_PROP, arm_r=_PROP, leg_l=((1, 0.2, 0.25), (0.55, 0.05, -0.85)),
               leg_r=((1, 0.2, 0.05), (0.75, 0.05, -0.6)), soles=(10, 25), shift=(-0.30, 0, 0))
SUPINE = tipped(held(lean=0, nod=2, arm_l=((0.0, 0.90, -0.5), (0.05, 0.6, -0.8)),
                     arm_r=((0.0, 0.95, 0.05), (0.05, 0.45, 0.85)), leg_l=((0.02, 0.20, -1), (-0.02, 0.12, -1)),
                     leg_r=((0.45, 0.22, -0.9), (-0.42, 0.10, -0.9)), soles=(-25, -45), shift=(-0.42, 0, 0)),
                forward=-90)

SAGGING = held(lean=14, side=20, nod=22, arm_l=((0.3, 0.5, -0.8), (0.3, 0.2, -0.9)),
               arm_r=((0.3, 0.2, -0.9), (0.5, -0.1, -0.6)), leg_l=((0.50, 0.10, -0.85), (-0.55, 0.05, -0.85)),
               leg_r=((0.40, 0.05, -0.9), (-0.55, 0.0, -0.85)), soles=(0, -20), shift=(0.02, 0.06, 0))
CRUMPLED = held(lean=16, side=48, nod=20, arm_l=((0.2, 0.8, -0.4), (0.5, 0.6, -0.4)),
                arm_r=((0.5, -0.2, -0.5), (0.6, -0.3, -0.5)), leg_l=((0.45, 0.45, -0.75), (-1, -0.10, -0.12)),
                leg_r=((0.60, -0.20, -0.75), (-0.9, -0.35, -0.20)), soles=(-75, -70), shift=(0.02, 0.24, 0))
ON_SIDE = tipped(held(lean=4, nod=14, arm_l=((0.60, -0.1, 0.60), (0.55, -0.05, 0.85)),
                      arm_r=((0.55, 0.05, -0.75), (0.85, -0.45, 0.10)), leg_l=((0.25, 0.0, -1), (-0.35, 0.0, -1)),
                      leg_r=((0.62, -0.05, -0.75), (-0.55, 0.0, -0.85)), soles=(-35, -35), shift=(0.0, 0.42, 0)),
                 left=86)

ALL_FOURS = held(lean=72, nod=-25, arm_l=((0.25, 0.1, -1), (0.1, 0.05, -1)), arm_r=((0.25, 0.1, -1), (0.1, 0.05, -1)),
                 leg_l=_KNEEL, leg_r=_KNEEL, soles=(-75, -75), shift=(0.1, 0, 0))
HALF_KNEEL = held(lean=36, arm_l=((0.6, 0.1, -0.8), (0.6, -0.2, -0.5)), arm_r=((0.3, 0.2, -0.9), (0.4, 0.0, -0.8)),
                  leg_l=((0.95, 0.12, -0.15), (-0.10, 0.02, -1)), leg_r=_KNEEL, soles=(0, -75))

# On a skateboard, whose front is the frame's: standing sideways, and kicking the ground with the left foot.
_SPREAD: Limb = ((0.1, 0.75, -0.75), (0.3, 0.5, -0.7))
_ASTRIDE: Limb = ((0.32, 0.30, -1), (-0.30, 0.16, -1))
_ON_BOARD: Limb = ((0.70, 0.0, -0.93), (-0.54, 0.0, -0.95))
_AHEAD: Limb = ((0.5, 0.3, -0.8), (0.7, 0.1, -0.4))
_BACK: Limb = ((-0.4, 0.3, -0.9), (0.1, 0.2, -1))
GLIDE = tipped(held(lean=12, look=-65, arm_l=_SPREAD, arm_r=_SPREAD, leg_l=_ASTRIDE, leg_r=_ASTRIDE,
                    shift=(0, 0, 0.065)), turned=80)
KICK_ON = tipped(held(lean=22, arm_l=_BACK, arm_r=_AHEAD, leg_r=_ON_BOARD, leg_l=((0.35, 0.10, -1), (0.10, 0.06, -1)),
                      shift=(-0.02, 0.04, 0)), turned=12)
KICK_OFF = tipped(held(lean=28, arm_l=_AHEAD, arm_r=_BACK, leg_r=_ON_BOARD,
                       leg_l=((-0.40, 0.10, -1), (-0.55, 0.06, -1)), soles=(-35, 0), shift=(0.0, 0.04, 0)), turned=12)
# fmt: on
