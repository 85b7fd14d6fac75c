"""Articulated people: body measures, a walking gait, two-link limbs, and the solids that clothe them.

Segment lengths are fractions of stature after Drillis and Contini (Winter, Biomechanics and Motor Control of Human
Movement, table of anthropometry); the joint curves are a smooth fit by hand to the usual shape of level walking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from clipvad.synth.camera import Array
from clipvad.synth.parts import Blob, Colour, capsule

THIGH, SHANK, UPPER_ARM, FOREARM = 0.245, 0.246, 0.186, 0.160
ANKLE, FOOT = 0.039, 0.152
_HIP_HALF, _SHOULDER_HALF = 0.050, 0.112
_TRUNK = 0.288  # hip to shoulder


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """What a person looks like. Colours are RGB 0-255; `coat` hangs over the thighs, `bag` is a colour or None."""

    top: Colour = (60.0, 80.0, 130.0)
    bottom: Colour = (48.0, 50.0, 62.0)
    shoes: Colour = (35.0, 32.0, 32.0)
    skin: Colour = (205.0, 160.0, 130.0)
    hair: Colour = (50.0, 36.0, 28.0)
    sleeve: Colour | None = None
    coat: bool = False
    long_hair: bool = False
    backpack: Colour | None = None
    build: float = 1.0


@dataclass(frozen=True)
class Pose:
    """Joints in the body's own frame: x forward, y to its left, z up, in metres; keys like `knee_l`."""

    joints: Mapping[str, Array]
    head_lean: float = 0.0
    extra: Mapping[str, Array] = field(default_factory=dict)


def walking_pose(*, stature_m: float, phase: float, swing: float, lean_deg: float = 3.0) -> Pose:
    """One instant of walking: `phase` in cycles (one cycle = two steps), `swing` 0 (standing) to 1 (full stride)."""
    h = stature_m
    joints: dict[str, Array] = {}
    feet = {}
    for side, sign, offset in (("l", 1.0, 0.0), ("r", -1.0, 0.5)):
        p = (phase + offset) % 1.0
        hip = np.radians(swing * (5.0 + 22.0 * np.cos(2 * np.pi * (p + 0.03))))
        knee = np.radians(3.0 + swing * (3.0 + 13.0 * _bump(p, 0.14, 0.08) + 56.0 * _bump(p, 0.73, 0.105)))
        toe = np.radians(swing * (16.0 * _bump(p, 0.98, 0.06) - 40.0 * _bump(p, 0.60, 0.09) - 10 * _bump(p, 0.75, 0.1)))
        at = np.array([0.0, sign * _HIP_HALF * h, 0.0])
        joints[f"hip_{side}"] = at
        joints[f"knee_{side}"] = at + THIGH * h * np.array([np.sin(hip), 0, -np.cos(hip)])
        shank = hip - knee
        joints[f"ankle_{side}"] = joints[f"knee_{side}"] + SHANK * h * np.array([np.sin(shank), 0, -np.cos(shank)])
        feet[side] = toe
        joints |= _foot(joints[f"ankle_{side}"], toe, side, h)
        arm = np.radians(-swing * 21.0 * np.cos(2 * np.pi * p) + 2.0)
        joints |= _arm(side, sign, arm, arm + np.radians(10 + swing * (12 - 8 * np.cos(2 * np.pi * p))), lean_deg, h)
    # The body hangs from the foot that is lowest: this gives the bob of the hips and keeps feet on the ground.
    lowest = min(float(joints[k][2]) for k in ("heel_l", "heel_r", "toe_l", "toe_r"))
    rise = np.array([0.0, 0.0, 0.012 * h - lowest])
    return Pose({k: v + rise for k, v in joints.items()})


def riding_pose(
    *, stature_m: float, crank: float, saddle: Array, pedals: Mapping[str, Array], grips: Mapping[str, Array]
) -> Pose:
    """A rider: hips on `saddle`, feet on `pedals`, hands on `grips` (body frame, metres); `crank` tips the feet."""
    h = stature_m
    joints: dict[str, Array] = {}
    for side, sign in (("l", 1.0), ("r", -1.0)):
        joints[f"hip_{side}"] = saddle + np.array([0.0, sign * _HIP_HALF * h, 0.055 * h])
        tip = 0.25 * np.sin(2 * np.pi * crank + (0 if side == "l" else np.pi)) - 0.15
        ankle = pedals[side] + np.array([-0.06 * h, 0.0, (ANKLE + 0.012) * h])
        joints[f"ankle_{side}"] = ankle
        joints[f"knee_{side}"] = bend(joints[f"hip_{side}"], ankle, THIGH * h, SHANK * h, np.array([1.0, 0.0, 0.3]))
        joints |= _foot(ankle, tip, side, h)
        shoulder = saddle + np.array([0.105 * h + 0.06, sign * _SHOULDER_HALF * h, (_TRUNK + 0.045) * h - 0.03])
        joints[f"shoulder_{side}"] = shoulder
        joints[f"wrist_{side}"] = grips[side]
        out = np.array([-0.3, sign * 0.5, -1.0])
        joints[f"elbow_{side}"] = bend(shoulder, grips[side], UPPER_ARM * h, FOREARM * h, out)
    return Pose(joints, head_lean=0.035 * h)


def bend(start: Array, end: Array, first: float, second: float, towards: Array) -> Array:
    """The middle joint of a two-link limb from `start` to `end` (metres), bending to the side `towards`."""
    span = end - start
    reach = float(np.clip(np.linalg.norm(span), 1e-6, first + second - 1e-6))
    axis = span / (np.linalg.norm(span) + 1e-9)
    along = (first**2 - second**2 + reach**2) / (2 * reach)
    side = towards - axis * float(towards @ axis)
    side = side / (np.linalg.norm(side) + 1e-9)
    return np.asarray(start + axis * along + side * np.sqrt(max(first**2 - along**2, 0.0)))


def clothe(pose: Pose, outfit: Outfit, *, stature_m: float) -> list[Blob]:
    """The solids of a person in the body's own frame."""
    h, b, j = stature_m, outfit.build, pose.joints
    blobs: list[Blob] = []
    for side in ("l", "r"):
        blobs.append(capsule(j[f"hip_{side}"], j[f"knee_{side}"], 0.052 * h * b, 0.036 * h * b, outfit.bottom))
        blobs.append(capsule(j[f"knee_{side}"], j[f"ankle_{side}"], 0.036 * h * b, 0.026 * h, outfit.bottom))
        blobs.append(capsule(j[f"heel_{side}"], j[f"toe_{side}"], 0.021 * h, 0.015 * h, outfit.shoes))
        sleeve = outfit.sleeve or outfit.top
        blobs.append(capsule(j[f"shoulder_{side}"], j[f"elbow_{side}"], 0.033 * h * b, 0.027 * h * b, sleeve))
        forearm = outfit.skin if outfit.sleeve else outfit.top
        blobs.append(capsule(j[f"elbow_{side}"], j[f"wrist_{side}"], 0.026 * h, 0.020 * h, forearm))
        hand = j[f"wrist_{side}"] + 0.22 * (j[f"wrist_{side}"] - j[f"elbow_{side}"])
        blobs.append(capsule(j[f"wrist_{side}"], hand, 0.018 * h, 0.019 * h, outfit.skin))
    return blobs + _trunk(j, outfit, h) + _head(j, outfit, h, pose.head_lean)


def _trunk(j: Mapping[str, Array], outfit: Outfit, h: float) -> list[Blob]:
    hips = np.stack([j["hip_l"], j["hip_r"]])
    shoulders = np.stack([j["shoulder_l"], j["shoulder_r"]])
    middle = (hips + shoulders) / 2
    inward = (shoulders.mean(axis=0) - shoulders) * 0.22
    b = outfit.build
    centres = np.concatenate([hips + [0, 0, 0.03 * h], middle, shoulders + inward])
    radii = np.array([0.052, 0.052, 0.052, 0.052, 0.042, 0.042]) * h * b
    blobs = [Blob(centres, radii, outfit.top), Blob(hips, np.full(2, 0.057 * h * b), outfit.bottom)]
    if outfit.coat:
        knees = np.stack([j["knee_l"], j["knee_r"]])
        hem = hips + 0.75 * (knees - hips)
        blobs.append(Blob(np.concatenate([hips, hem]), np.array([0.062, 0.062, 0.054, 0.054]) * h * b, outfit.top))
    if outfit.backpack is not None:
        back = np.array([-0.085 * h, 0.0, 0.0])
        pack = np.concatenate([(shoulders + inward * 2) + back - [0, 0, 0.04 * h], middle * [1, 0.7, 1] + back])
        blobs.append(Blob(pack, np.array([0.040, 0.040, 0.055, 0.055]) * h, outfit.backpack))
    return blobs


def _head(j: Mapping[str, Array], outfit: Outfit, h: float, lean: float) -> list[Blob]:
    neck = (j["shoulder_l"] + j["shoulder_r"]) / 2
    skull = neck + np.array([lean + 0.012 * h, 0.0, 0.122 * h])
    face = np.stack([skull + [0.006 * h, 0, 0.008 * h], skull + [0.014 * h, 0, -0.030 * h]])
    hair = np.stack([skull + [-0.012 * h, 0, 0.020 * h], skull + [-0.022 * h, 0, -0.004 * h]])
    if outfit.long_hair:
        hair = np.concatenate([hair, [skull + [-0.034 * h, 0, -0.075 * h]]])
    cap = skull + [-0.002 * h, 0, 0.022 * h]
    return [
        capsule(neck - [0, 0, 0.01 * h], skull - [0, 0, 0.04 * h], 0.030 * h, 0.028 * h, outfit.skin),
        Blob(face, np.array([0.049, 0.040]) * h, outfit.skin),
        Blob(hair, np.array([0.049, 0.046, 0.036][: len(hair)]) * h, outfit.hair),
        Blob(cap[None], np.array([0.051 * h]), outfit.hair),
    ]


def _foot(ankle: Array, pitch: float, side: str, h: float) -> dict[str, Array]:
    along = np.array([np.cos(pitch), 0.0, np.sin(pitch)])
    down = np.array([np.sin(pitch), 0.0, -np.cos(pitch)])
    sole = ankle + down * (ANKLE - 0.012) * h
    return {f"heel_{side}": sole - along * 0.028 * h, f"toe_{side}": sole + along * (FOOT - 0.066) * h}


def _arm(side: str, sign: float, upper: float, lower: float, lean_deg: float, h: float) -> dict[str, Array]:
    lean = np.radians(lean_deg)
    shoulder = np.array([np.sin(lean) * _TRUNK * h, sign * _SHOULDER_HALF * h, np.cos(lean) * _TRUNK * h])
    elbow = shoulder + UPPER_ARM * h * np.array([np.sin(upper), sign * 0.12, -np.cos(upper)])
    wrist = elbow + FOREARM * h * np.array([np.sin(lower), sign * 0.02, -np.cos(lower)])
    return {f"shoulder_{side}": shoulder, f"elbow_{side}": elbow, f"wrist_{side}": wrist}


def _bump(p: float, centre: float, width: float) -> float:
    """A bell on the unit circle: 1 at `centre`, wrapping at 0 and 1."""
    d = (p - centre + 0.5) % 1.0 - 0.5
    return float(np.exp(-0.5 * (d / width) ** 2))
