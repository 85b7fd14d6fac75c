"""Bicycle and car as solids in their own frame: x forward, y to the left, z up, ground at z = 0, metres."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from clipvad.synth.camera import Array
from clipvad.synth.parts import Blob, Colour, Face, Part, capsule

WHEEL_M = 0.34  # radius of a bicycle's wheel
CAR_WHEEL_M = 0.33
_CRANK_M, _AXLES = 0.17, 1.06
_BRACKET = np.array([0.44, 0.0, 0.29])
SADDLE = np.array([0.24, 0.0, 0.97])
_DARK: Colour = (28.0, 28.0, 30.0)
_STEEL: Colour = (150.0, 152.0, 156.0)


def bicycle(*, turn: float, crank: float, colour: Colour) -> list[Part]:
    """A bicycle from its rear axle: `turn` and `crank` in revolutions of the wheels and of the pedals."""
    rear, front = np.array([0.0, 0.0, WHEEL_M]), np.array([_AXLES, 0.0, WHEEL_M])
    head, neck = np.array([0.88, 0.0, 0.62]), np.array([0.80, 0.0, 0.90])
    seat = SADDLE - [0.04, 0.0, 0.05]
    stem = np.array([0.80, 0.0, 1.02])
    tubes = [(rear, _BRACKET), (rear, seat), (_BRACKET, seat), (_BRACKET, head), (head, neck), (head, front)]
    tubes.append((seat + (_BRACKET - seat) * 0.25, neck))
    parts: list[Part] = [capsule(a, b, 0.021, 0.021, colour) for a, b in tubes]
    parts.append(capsule(neck, stem, 0.016, 0.016, _STEEL))
    for sign in (1.0, -1.0):
        parts.append(capsule(stem, stem + [0.03, sign * 0.16, 0.02], 0.016, 0.016, _DARK))
        parts.append(capsule(stem + [0.03, sign * 0.16, 0.02], stem + [-0.04, sign * 0.28, 0.03], 0.016, 0.020, _DARK))
    parts.append(capsule(SADDLE - [0.12, 0, 0], SADDLE + [0.12, 0, 0.0], 0.060, 0.028, _DARK))
    for side, pedal in pedals(crank).items():
        sign = 1.0 if side == "l" else -1.0
        parts.append(capsule(_BRACKET + [0, sign * 0.07, 0], pedal, 0.013, 0.013, _STEEL))
        parts.append(capsule(pedal - [0.05, 0, 0], pedal + [0.05, 0, 0], 0.02, 0.02, _DARK))
    ring = [(_circle(_BRACKET, 0.09), _circle(_BRACKET, 0.06))]
    parts += [Face(r, np.array([0.0, 1.0, 0.0]), _STEEL, double_sided=True) for r in ring]
    for axle in (rear, front):
        parts += _spoked_wheel(axle, turn)
    return parts


def pedals(crank: float) -> dict[str, Array]:
    """Where the two pedals are at `crank` revolutions, forward motion turning them clockwise seen from the right."""
    angle = -2 * np.pi * crank
    arm = _CRANK_M * np.array([np.cos(angle), 0.0, np.sin(angle)])
    return {"l": _BRACKET + arm + [0, 0.12, 0], "r": _BRACKET - arm - [0, 0.12, 0]}


def grips() -> dict[str, Array]:
    """Where the hands hold the bar."""
    return {side: np.array([0.76, sign * 0.27, 1.08]) for side, sign in (("l", 1.0), ("r", -1.0))}


def _spoked_wheel(axle: Array, turn: float) -> list[Part]:
    side = np.array([0.0, 1.0, 0.0])
    tyre = Face((_circle(axle, WHEEL_M), _circle(axle, WHEEL_M - 0.045)), side, _DARK, double_sided=True)
    rim = (_circle(axle, WHEEL_M - 0.045), _circle(axle, WHEEL_M - 0.065))
    parts: list[Part] = [tyre, Face(rim, side, _STEEL, double_sided=True)]
    # From straight ahead a flat wheel has no width: the tyre's tread gives it one.
    tread = _circle(axle, WHEEL_M - 0.02, 16)
    parts += [capsule(a, b, 0.022, 0.022, _DARK) for a, b in zip(tread, np.roll(tread, -1, axis=0), strict=True)]
    for k in range(7):
        angle = -2 * np.pi * (turn + k / 7)
        tip = axle + (WHEEL_M - 0.06) * np.array([np.cos(angle), 0.0, np.sin(angle)])
        parts.append(capsule(axle, tip, 0.005, 0.004, (110.0, 112.0, 115.0)))
    parts.append(capsule(axle - side * 0.04, axle + side * 0.04, 0.03, 0.03, _STEEL))
    return parts


def _circle(centre: Array, radius: float, points: int = 28) -> Array:
    a = np.arange(points) * 2 * np.pi / points
    return centre + radius * np.stack([np.cos(a), np.zeros(points), np.sin(a)], axis=1)


@dataclass(frozen=True, kw_only=True)
class CarShape:
    """Stations along a car (x, height of the shoulder line, half width), then the cabin; metres."""

    x: tuple[float, ...] = (-2.10, -2.02, -1.70, -1.25, -0.60, 0.20, 0.95, 1.45, 1.85, 2.08, 2.16)
    shoulder: tuple[float, ...] = (0.78, 0.90, 0.95, 0.96, 0.96, 0.95, 0.92, 0.86, 0.79, 0.70, 0.58)
    half: tuple[float, ...] = (0.70, 0.79, 0.85, 0.88, 0.89, 0.89, 0.88, 0.86, 0.82, 0.74, 0.64)
    cabin: tuple[float, float, float, float] = (-1.72, -1.10, 0.22, 0.98)
    roof_m: float = 1.47
    roof_half: float = 0.60
    cabin_half: float = 0.80
    axles: tuple[float, float] = (-1.28, 1.32)


def car(*, turn: float, colour: Colour, shape: CarShape | None = None) -> list[Part]:
    """A car about the middle of its length; `turn` in revolutions of its wheels."""
    s = shape or CarShape()
    return [*_car_body(s, colour), *_car_cabin(s, colour), *_car_details(s), *_car_wheels(s, turn), *_casters(s)]


def _car_body(s: CarShape, colour: Colour) -> list[Part]:
    x, z, w = (np.asarray(v) for v in (s.x, s.shoulder, s.half))
    faces: list[Part] = []
    for i in range(len(x) - 1):
        for sign in (1.0, -1.0):
            # Three strips: tucked-in sill, flat door, inward-leaning shoulder; the sun tells them apart.
            rows = [(0.20, 0.94), (0.36, 1.0), (0.62, 1.0), (1.0, 0.95)]
            for k, ((za, wa), (zb, wb)) in enumerate(pairwise(rows)):
                low, high = (za, zb) if k < 2 else (za, 0.0)
                top = np.array([z[i], z[i + 1]]) if k == 2 else np.array([high, high])
                quad = np.array(
                    [
                        [x[i], sign * w[i] * wa, low],
                        [x[i + 1], sign * w[i + 1] * wa, low],
                        [x[i + 1], sign * w[i + 1] * wb, max(top[1], low)],
                        [x[i], sign * w[i] * wb, max(top[0], low)],
                    ]
                )
                shade = _DARK if k == 0 else colour
                faces.append(_panel(quad, np.array([0, sign, 0]), shade, layer=1, gloss=0.25))
        deck = np.array(
            [[x[i], w[i] * 0.95, z[i]], [x[i + 1], w[i + 1] * 0.95, z[i + 1]], [x[i + 1], -w[i + 1] * 0.95, z[i + 1]]]
            + [[x[i], -w[i] * 0.95, z[i]]]
        )
        faces.append(_panel(deck, np.array([0, 0, 1.0]), colour, layer=2, gloss=0.35))
    for i, sign in ((0, -1.0), (len(x) - 1, 1.0)):
        end = np.array([[x[i], w[i] * a, b] for a, b in ((0.95, 0.2), (0.95, z[i]), (-0.95, z[i]), (-0.95, 0.2))])
        faces.append(_panel(end, np.array([sign, 0, 0]), colour, layer=1, gloss=0.2))
        bumper = np.array([[x[i] + sign * 0.01, w[i] * a, b] for a, b in ((1, 0.2), (1, 0.36), (-1, 0.36), (-1, 0.2))])
        faces.append(_panel(bumper, np.array([sign, 0, 0]), (45.0, 45.0, 48.0), layer=1))
    return faces


def _car_cabin(s: CarShape, colour: Colour) -> list[Part]:
    glass: Colour = (40.0, 48.0, 56.0)
    back, roof_back, roof_front, front = s.cabin
    belt, top, wide, narrow = 0.94, s.roof_m, s.cabin_half, s.roof_half
    faces: list[Part] = []
    for sign in (1.0, -1.0):
        side = np.array([[back, wide, belt], [roof_back, narrow, top], [roof_front, narrow, top], [front, wide, belt]])
        side = side * [1, sign, 1]
        out = np.array([0, sign, 0.45])
        faces.append(_panel(side, out, colour, layer=3))
        for a, b in ((0.10, 0.485), (0.535, 0.90)):  # rear and front side windows, the pillar between them
            pane = np.stack([_mix(side, a, 0.12), _mix(side, a, 0.88), _mix(side, b, 0.88), _mix(side, b, 0.12)])
            faces.append(_panel(pane + [0, sign * 0.012, 0], out, glass, layer=4, gloss=0.55))
    for low_x, high_x, nx in ((front, roof_front, 1.0), (back, roof_back, -1.0)):
        screen = np.array([[low_x, wide, belt], [high_x, narrow, top], [high_x, -narrow, top], [low_x, -wide, belt]])
        normal = np.array([nx, 0, 0.9])
        faces.append(_panel(screen, normal, colour, layer=3))
        middle = screen.mean(axis=0)
        pane = middle + (screen - middle) * [0.86, 0.9, 0.86] + normal * 0.008
        faces.append(_panel(pane, normal, glass, layer=4, gloss=0.6))
    roof = np.array([[roof_back, narrow, top], [roof_front, narrow, top], [roof_front, -narrow, top]])
    roof = np.concatenate([roof, [[roof_back, -narrow, top]]])
    return [*faces, _panel(roof, np.array([0, 0, 1.0]), colour, layer=4, gloss=0.3)]


def _car_details(s: CarShape) -> list[Part]:
    faces: list[Part] = []
    nose, tail = s.x[-1] + 0.02, s.x[0] - 0.02
    for sign in (1.0, -1.0):
        lamp = np.array([[nose - 0.10, sign * 0.70, 0.52], [nose, sign * 0.40, 0.52], [nose, sign * 0.40, 0.64]])
        lamp = np.concatenate([lamp, [[nose - 0.13, sign * 0.72, 0.68]]])
        faces.append(_panel(lamp, np.array([1.0, sign * 0.3, 0.1]), (235.0, 236.0, 228.0), layer=5))
        rear = np.array([[tail, sign * b, z] for b, z in ((0.42, 0.62), (0.70, 0.60), (0.72, 0.80), (0.42, 0.80))])
        faces.append(_panel(rear, np.array([-1.0, 0, 0]), (170.0, 24.0, 22.0), layer=5))
        for x in (-0.85, 0.02, 0.86):  # door gaps
            gap = [[x - 0.012, 0.895, 0.34], [x + 0.012, 0.895, 0.34], [x + 0.012, 0.87, 0.92], [x - 0.012, 0.87, 0.92]]
            faces.append(_panel(np.array(gap) * [1, sign, 1], np.array([0, sign, 0]), (35.0, 35.0, 38.0), layer=5))
        mirror = np.array([[0.72, sign * 0.93, 1.00], [0.78, sign * 1.02, 1.00]])
        faces.append(Blob(mirror, np.array([0.07, 0.08]), _DARK, layer=5 if sign > 0 else 0))
    for x, nx in ((nose, 1.0), (tail, -1.0)):
        for (half, low, high), colour in (((0.26, 0.42, 0.53), (225.0, 225.0, 220.0)), ((0.5, 0.54, 0.62), _DARK)):
            if nx < 0 and colour is _DARK:
                continue
            plate = np.array([[x, half, low], [x, half, high], [x, -half, high], [x, -half, low]])
            faces.append(_panel(plate, np.array([nx, 0, 0]), colour, layer=5))
    return faces


def _car_wheels(s: CarShape, turn: float) -> list[Part]:
    parts: list[Part] = []
    for axle_x in s.axles:
        for sign in (1.0, -1.0):
            out = np.array([0.0, sign, 0.0])
            centre = np.array([axle_x, sign * 0.845, CAR_WHEEL_M])
            arch = _circle(centre + [0, sign * 0.05, 0.02], CAR_WHEEL_M + 0.055)
            arch[:, 2] = np.maximum(arch[:, 2], 0.24)
            parts.append(Face((arch,), out, (20.0, 20.0, 22.0), layer=5))
            parts.append(Face((_circle(centre + out * 0.055, CAR_WHEEL_M),), out, (38.0, 38.0, 40.0), layer=6))
            parts.append(Face((_circle(centre + out * 0.06, 0.22),), out, (165.0, 168.0, 172.0), layer=7))
            for k in range(5):
                a = -2 * np.pi * (turn + k / 5) + np.array([-0.28, 0.28, 0.0])
                r = np.array([0.19, 0.19, 0.06])
                gap = centre + out * 0.065 + np.stack([r * np.cos(a), np.zeros(3), r * np.sin(a)], axis=1)
                parts.append(Face((gap,), out, (70.0, 72.0, 76.0), layer=8))
            # The far wheels show below the sill: a tyre drawn before everything else.
            axle = np.stack([centre, centre - out * 0.16])
            parts.append(Blob(axle, np.full(2, CAR_WHEEL_M * 0.97), (30.0, 30.0, 32.0)))
    return parts


def _casters(s: CarShape) -> list[Part]:
    """Nothing to see: two flat plans at sill and shoulder that close the shadow under and beside the car."""
    x, w = np.asarray(s.x), np.asarray(s.half)
    plan = np.concatenate([np.stack([x, w], axis=1), np.stack([x, -w], axis=1)[::-1]])
    return [
        Face((np.column_stack([plan, np.full(len(plan), z)]),), np.array([0.0, 0.0, -1.0]), _DARK) for z in (0.2, 0.6)
    ]


def _panel(points: Array, out: Array, colour: Colour, *, layer: int, gloss: float = 0.0) -> Face:
    """A flat face whose normal is computed from its corners and turned to the side of `out`."""
    normal = np.cross(points[2] - points[0], points[3] - points[1])
    normal = normal / (np.linalg.norm(normal) + 1e-9)
    return Face((points,), normal if float(normal @ out) >= 0 else -normal, colour, layer=layer, gloss=gloss)


def _mix(quad: Array, along: float, up: float) -> Array:
    """A point on the side quad (back low, back high, front high, front low) at fractions `along` and `up`."""
    low, high = quad[0] + along * (quad[3] - quad[0]), quad[1] + along * (quad[2] - quad[1])
    return np.asarray(low + up * (high - low))
