"""The human frame: bones as directions, joints by one matrix product, ground under whatever is lowest.

Segment lengths are fractions of stature after Drillis and Contini (Winter, Biomechanics and Motor Control of Human
Movement, table of anthropometry). A body's own frame has x forward, y to its left, z up, in metres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from clipvad.synth.rendering.camera import Array

THIGH, SHANK, UPPER_ARM, FOREARM = 0.245, 0.246, 0.1873, 0.1600
ANKLE, FOOT = 0.039, 0.152
HIP_HALF, SHOULDER_HALF = 0.050, 0.112
TRUNK = 0.288  # hip to shoulder
_CHIN = 0.012  # how far the head is forward of the neck
SOLE = 0.012  # the height above ground of the line in a shoe that heel and toe lie on
_ADULT_M, _INFANT_M = 1.45, 0.95  # statures between which a child's proportions become an adult's

# A stance: how a body is held, whatever its size. Rows of an array [20, 3], unit directions but for the first, which
# shifts the pelvis (fractions of stature; its z is a hop: how far the lowest joint is off the ground).
_PAIRED = tuple(f"{b}_{s}" for b in ("thigh", "shank", "heel", "toe", "upper_arm", "forearm") for s in "lr")
ROWS = ("shift", "hips", "trunk", "shoulders", "front", "neck", "face", *_PAIRED, "up")
ROW: Mapping[str, int] = {name: k for k, name in enumerate(ROWS)}
# A pose: joints in metres, then axes of stature's length; what clothes hang on. Rows of an array [23, 3].
_LIMBS = ("hip", "knee", "ankle", "heel", "toe", "shoulder", "elbow", "wrist")
JOINTS = (*(f"{j}_{s}" for j in _LIMBS for s in "lr"), "skull")
AXES = ("trunk", "shoulders", "front", "neck", "face", "up")
POINT: Mapping[str, int] = {name: k for k, name in enumerate(JOINTS + AXES)}
# How far a joint stays off the ground: what flesh there is around it, in fractions of stature.
_FLESH = {"hip": 0.050, "knee": 0.034, "ankle": 0.026, "heel": SOLE, "toe": SOLE, "shoulder": 0.036, "elbow": 0.026}
_FLESH |= {"wrist": 0.018, "skull": 0.050}


@dataclass(frozen=True)
class Pose:
    """Joints and axes of a body in its own frame: `points` [23, 3], rows named by `POINT`."""

    points: Array

    @property
    def joints(self) -> dict[str, Array]:
        """Places of the joints in metres by name, like `knee_l`. [3] each"""
        return {name: self.points[POINT[name]] for name in JOINTS}


def stand_up(stance: Array, *, stature_m: float) -> Pose:
    """A body of this size held as `stance` says [20, 3], its lowest joint on the ground."""
    points = _tree(stature_m) @ stance
    hop = float(stance[0, 2]) * stature_m
    rise = hop + float((_clearance(stature_m) - points[: len(JOINTS), 2]).max())
    points[: len(JOINTS), 2] += rise
    return Pose(points)


def blend(a: Array, b: Array, weight: float | Array) -> Array:
    """From stance `a` (weight 0) to stance `b` (weight 1), a number or one for each row [20, 1]; bones stay rigid."""
    return unit(a + (b - a) * weight)


def unit(stance: Array) -> Array:
    """Directions made unit again; the shift is left as it is. [..., 20, 3]"""
    length = np.sqrt(np.einsum("...i,...i->...", stance, stance))[..., None]
    length[..., 0, :] = 1.0
    return np.asarray(stance / np.maximum(length, 1e-9))


def fitted(
    *,
    stature_m: float,
    pelvis: Array,
    neck: Array,
    ankles: Mapping[str, Array],
    wrists: Mapping[str, Array],
    foot_pitch: Mapping[str, float] | None = None,
    knees: Array | None = None,
    elbows: tuple[float, float, float] = (-0.3, 0.5, -1.0),
    head_lean: float = 0.0,
) -> Pose:
    """A body fitted to something it rides: middles of hips and shoulders, ankles and wrists where told (metres).

    Knees bend towards `knees`, elbows towards `elbows` (forward, outward, up); feet are pitched up by `foot_pitch`
    radians; `head_lean` in metres puts the head forward of the neck.
    """
    h = stature_m
    points = np.zeros((len(POINT), 3))
    trunk = neck - pelvis
    axes = {"trunk": trunk / np.linalg.norm(trunk), "shoulders": (0, 1, 0), "front": (1, 0, 0), "face": (1, 0, 0)}
    for name, axis in (axes | {"neck": (0, 0, 1), "up": (0, 0, 1)}).items():
        points[POINT[name]] = np.asarray(axis) * h
    lengths = measures(h)
    for side, sign in (("l", 1.0), ("r", -1.0)):
        hip, shoulder = pelvis + [0, sign * HIP_HALF * h, 0], neck + [0, sign * SHOULDER_HALF * h, 0]
        bow = np.array([1.0, 0.0, 0.3]) if knees is None else knees
        out = np.array([elbows[0], sign * elbows[1], elbows[2]])
        ankle = _within(hip, ankles[side], lengths["thigh"] + lengths["shank"])
        wrist = _within(shoulder, wrists[side], lengths["upper_arm"] + lengths["forearm"])
        knee = bend(hip, ankle, lengths["thigh"], lengths["shank"], bow)
        elbow = bend(shoulder, wrist, lengths["upper_arm"], lengths["forearm"], out)
        heel, toe = foot((foot_pitch or {}).get(side, 0.0))
        limb = {"hip": hip, "knee": knee, "ankle": ankle, "heel": ankle + heel * h}
        limb |= {"toe": ankle + toe * h, "shoulder": shoulder, "elbow": elbow, "wrist": wrist}
        for name, at in limb.items():
            points[POINT[f"{name}_{side}"]] = at
    points[POINT["skull"]] = neck + np.array([lengths["front"] + head_lean, 0.0, lengths["neck"]])
    return Pose(points)


def _within(start: Array, end: Array, reach: float) -> Array:
    """`end`, or as near to it as a limb from `start` comes."""
    span = end - start
    return np.asarray(start + span * min(1.0, 0.999 * reach / (float(np.linalg.norm(span)) + 1e-9)))


def bend(start: Array, end: Array, first: float, second: float, towards: Array) -> Array:
    """The middle joint of a two-link limb from `start` to `end` (metres), bending to the side `towards`."""
    span = end - start
    reach = float(np.clip(np.linalg.norm(span), 1e-6, first + second - 1e-6))
    axis = span / (np.linalg.norm(span) + 1e-9)
    along = (first**2 - second**2 + reach**2) / (2 * reach)
    side = towards - axis * float(towards @ axis)
    side = side / (np.linalg.norm(side) + 1e-9)
    return np.asarray(start + axis * along + side * np.sqrt(max(first**2 - along**2, 0.0)))


def foot(pitch: float) -> tuple[Array, Array]:
    """From the ankle to heel and toe in fractions of stature, the sole pitched up by `pitch` radians. [3] and [3]"""
    along = np.array([np.cos(pitch), 0.0, np.sin(pitch)])
    sole = np.array([np.sin(pitch), 0.0, -np.cos(pitch)]) * (ANKLE - SOLE)
    return sole - along * 0.028, sole + along * (FOOT - 0.066)


def childhood(stature_m: float) -> float:
    """0 for an adult's proportions to 1 for a small child's."""
    return min(max((_ADULT_M - stature_m) / (_ADULT_M - _INFANT_M), 0.0), 1.0)


@lru_cache(maxsize=256)
def measures(stature_m: float) -> Mapping[str, float]:
    """Lengths of bones in metres; a child's legs are shorter and its trunk and neck longer for its stature."""
    young = childhood(stature_m)
    part = {"hips": HIP_HALF, "trunk": TRUNK * (1 + 0.06 * young), "shoulders": SHOULDER_HALF * (1 - 0.04 * young)}
    part |= {"thigh": THIGH * (1 - 0.12 * young), "shank": SHANK * (1 - 0.12 * young)}
    part |= {"upper_arm": UPPER_ARM * (1 - 0.06 * young), "forearm": FOREARM * (1 - 0.06 * young)}
    part |= {"neck": 0.122 * (1 + 0.12 * young), "front": _CHIN}
    part |= {name: float(np.linalg.norm(v)) for name, v in zip(("heel", "toe"), foot(0.0), strict=True)}
    return {name: value * stature_m for name, value in part.items()}


@lru_cache(maxsize=256)
def _tree(stature_m: float) -> Array:
    """The matrix from a stance to its points before the ground carries it: each joint sums the bones above it."""
    lengths = measures(stature_m)
    rows = np.eye(len(ROWS))
    bone = {row: rows[k] * lengths.get(row.removesuffix("_l").removesuffix("_r"), stature_m) for row, k in ROW.items()}
    tree = np.zeros((len(POINT), len(ROWS)))
    pelvis, neck = bone["shift"], bone["shift"] + bone["trunk"]
    for side, sign in (("l", 1.0), ("r", -1.0)):
        hip, shoulder = pelvis + sign * bone["hips"], neck + sign * bone["shoulders"]
        knee, elbow = hip + bone[f"thigh_{side}"], shoulder + bone[f"upper_arm_{side}"]
        ankle, wrist = knee + bone[f"shank_{side}"], elbow + bone[f"forearm_{side}"]
        limb = {"hip": hip, "knee": knee, "ankle": ankle, "shoulder": shoulder, "elbow": elbow, "wrist": wrist}
        limb |= {end: ankle + bone[f"{end}_{side}"] for end in ("heel", "toe")}
        for name, sums in limb.items():
            tree[POINT[f"{name}_{side}"]] = sums
    tree[POINT["skull"]] = neck + bone["neck"] + bone["front"]
    for axis in AXES:
        tree[POINT[axis]] = rows[ROW[axis]] * stature_m
    return tree


@lru_cache(maxsize=256)
def _clearance(stature_m: float) -> Array:
    """How high each joint lies at least, in metres. [17]"""
    return np.array([_FLESH[name.removesuffix("_l").removesuffix("_r")] for name in JOINTS]) * stature_m
