"""How people walk, run and stand: one stance for each instant of a cycle of two steps.

The joint curves are a smooth fit by hand to the usual shape of level walking and of easy running.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, exp, pi, radians, sin, sqrt

import numpy as np

from clipvad.synth.actors.paths import hermite
from clipvad.synth.actors.skeleton import ROW, blend, foot, unit
from clipvad.synth.rendering.camera import Array

_STRIDE = 0.77  # metres of a full stride at easy speed, as a fraction of stature
_EASY_SPEED = 1.3  # m/s
_RUN_SPEED = 2.2  # m/s of an adult of 1.72 m; legs swing like pendulums, so it grows with the root of stature
_Vector = tuple[float, float, float]
# Degrees at twelfths of a running cycle, from the strike of the foot on: thigh forward, knee bent, sole pitched up.
_RUN_THIGH = (32, 22, 8, -6, -18, -20, -4, 18, 38, 47, 45, 38)
_RUN_KNEE = (16, 36, 40, 28, 14, 38, 82, 106, 98, 68, 32, 12)
_RUN_SOLE = (8, 0, 0, -6, -30, -62, -85, -80, -52, -22, -2, 12)
_HEEL, _TOE = ((float(v[0]), float(v[2])) for v in (w / np.linalg.norm(w) for w in foot(0.0)))
_RUN_HOP = (0.0, 0.0, 0.0, 0.0, 0.014, 0.026)  # of stature, at twelfths of half a cycle: both feet are up twice


def run_speed(stature_m: float) -> float:
    """The speed in m/s above which a person of this stature runs."""
    return _RUN_SPEED * sqrt(stature_m / 1.72)


def runs(speed: float, stature_m: float) -> float:
    """How much of the gait is running at `speed` (m/s): 0 walking to 1 running, with a short passage between."""
    part = min(max(speed / run_speed(stature_m) * 5.0 - 4.0, 0.0), 1.0)
    return part * part * (3 - 2 * part)


def stride(speeds: Array, *, stature_m: float) -> Array:
    """Metres of a cycle (two steps) at `speeds` [N] in m/s. [N]"""
    part = np.clip(speeds / run_speed(stature_m) * 5.0 - 4.0, 0.0, 1.0)
    running = part * part * (3 - 2 * part)
    return np.asarray(stature_m * (_STRIDE * (1 - running) + running * (0.35 + 0.30 * speeds)))


def gait(*, speed: float, phase: float, stature_m: float) -> Array:
    """The stance of a person that moves at `speed` (m/s), `phase` in cycles. [20, 3]"""
    running = runs(speed, stature_m)
    # Faster walking is half longer steps, half quicker ones. Standing legs close smoothly.
    swing = min(speed / 0.7, 1.0) ** 0.7 * min(1.2, max(0.8, (speed / _EASY_SPEED) ** 0.5))
    if running == 0.0:
        return walk(phase=phase, swing=swing)
    if running == 1.0:
        return run(phase=phase)
    return blend(walk(phase=phase, swing=swing), run(phase=phase), running)


def walk(*, phase: float, swing: float, lean_deg: float = 3.0) -> Array:
    """The stance at an instant of walking: `phase` in cycles, `swing` 0 (standing) to 1 (full stride). [20, 3]"""
    lean = radians(lean_deg)
    sides = []
    for sign, offset in ((1.0, 0.0), (-1.0, 0.5)):
        p = (phase + offset) % 1.0
        hip = radians(swing * (5.0 + 22.0 * cos(2 * pi * (p + 0.03))))
        knee = radians(3.0 + swing * (3.0 + 13.0 * _bump(p, 0.14, 0.08) + 56.0 * _bump(p, 0.73, 0.105)))
        toe = radians(swing * (16.0 * _bump(p, 0.98, 0.06) - 40.0 * _bump(p, 0.60, 0.09) - 10 * _bump(p, 0.75, 0.1)))
        arm = radians(-swing * 21.0 * cos(2 * pi * p) + 2.0)
        fore = arm + radians(10 + swing * (12 - 8 * cos(2 * pi * p)))
        limbs = [_down(hip), _down(hip - knee), *_foot(toe), _down(arm, sign * 0.12), _down(fore, sign * 0.02)]
        sides.append(limbs)
    limbs = [limb for pair in zip(*sides, strict=True) for limb in pair]
    rows = [(0.0, 0.0, 0.0), (0.0, 1.0, 0.0), (sin(lean), 0.0, cos(lean)), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)]
    return np.array([*rows, (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), *limbs, (0.0, 0.0, 1.0)])


def run(*, phase: float) -> Array:
    """The stance at an instant of running. [20, 3]"""
    cycle = _running_cycle()
    at = (phase % 1.0) * (len(cycle) - 1)
    k = min(int(at), len(cycle) - 2)
    return blend(cycle[k], cycle[k + 1], at - k)


@lru_cache(maxsize=1)
def _running_cycle() -> Array:
    """Stances at 48ths of a cycle, the first again at the end. [49, 20, 3]"""
    phases = np.arange(49) / 48
    stance = np.repeat(walk(phase=0.0, swing=0.0)[None], 49, axis=0)
    for side, sign, offset in (("l", 1.0, 0.0), ("r", -1.0, 0.5)):
        p = phases + offset
        thigh, knee, sole = (np.radians(_wave(curve, p)) for curve in (_RUN_THIGH, _RUN_KNEE, _RUN_SOLE))
        swing = np.cos(2 * np.pi * (p - 0.02))  # of the leg; the arm goes the other way
        arm = np.radians(-16 - 36 * swing)
        fore = arm + np.radians(92 - 14 * swing)
        limbs = {"thigh": _downs(thigh), "shank": _downs(thigh - knee)}
        limbs |= {"upper_arm": _downs(arm, sign * 0.22), "forearm": _downs(fore, -sign * 0.22)}
        limbs |= dict(zip(("heel", "toe"), np.array([_foot(a) for a in sole]).transpose(1, 0, 2), strict=True))
        for name, rows in limbs.items():
            stance[:, ROW[f"{name}_{side}"]] = rows
    # The left shoulder goes back as the left leg comes forward.
    twist = np.radians(11 * np.cos(2 * np.pi * (phases - 0.02)))
    stance[:, ROW["shoulders"]] = np.stack([-np.sin(twist), np.cos(twist), 0 * twist], axis=1)
    stance[:, ROW["trunk"]] = (0.20, 0.0, 1.0)
    stance[:, ROW["neck"]] = (0.10, 0.0, 1.0)
    stance[:, 0, 2] = _wave(_RUN_HOP, 2 * phases)
    return unit(stance)


def _wave(knots: tuple[float, ...], phases: Array) -> Array:
    """A smooth closed curve through evenly spaced `knots`, at `phases` in cycles [N]. [N]"""
    count = len(knots)
    values = np.array(knots, dtype=float)
    slopes = (np.roll(values, -1) - np.roll(values, 1)) / 2
    closed, turns = (np.append(v, v[0])[:, None] for v in (values, slopes))
    return hermite(np.arange(count + 1.0), closed, turns, (phases % 1.0) * count)[:, 0]


def _down(angle: float, out: float = 0.0) -> _Vector:
    """The direction of a hanging limb swung forward by `angle` radians and sideways by the slope `out`."""
    length = sqrt(1 + out * out)
    return sin(angle) / length, out / length, -cos(angle) / length


def _downs(angles: Array, out: float = 0.0) -> Array:
    """`_down` for many angles [N]. [N, 3]"""
    return np.stack([np.sin(angles), np.full(len(angles), out), -np.cos(angles)], axis=1) / sqrt(1 + out * out)


def _foot(pitch: float) -> tuple[_Vector, _Vector]:
    """Directions from the ankle to heel and toe, the sole pitched up by `pitch` radians."""
    c, s = cos(pitch), sin(pitch)
    (hx, hz), (tx, tz) = _HEEL, _TOE
    return (hx * c - hz * s, 0.0, hx * s + hz * c), (tx * c - tz * s, 0.0, tx * s + tz * c)


def _bump(p: float, centre: float, width: float) -> float:
    """A bell on the unit circle: 1 at `centre`, wrapping at 0 and 1."""
    d = (p - centre + 0.5) % 1.0 - 0.5
    return exp(-0.5 * (d / width) ** 2)
