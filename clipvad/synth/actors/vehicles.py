"""Cars and vans as solids in their own frame: x forward, y to the left, z up, ground at z = 0, metres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np

from clipvad.synth.actors.wheels import DARK, Spinner, Vehicle, circle
from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Blob, Colour, Face, Part

CAR_WHEEL_M = 0.33


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
    belt: float = 0.94  # height of the cabin's foot


SALOON = CarShape()
ESTATE = CarShape(cabin=(-2.04, -1.72, 0.22, 0.98))
HATCHBACK = CarShape(
    x=(-1.90, -1.86, -1.70, -1.25, -0.60, 0.20, 0.95, 1.38, 1.72, 1.90, 1.97),
    shoulder=(0.88, 0.94, 0.95, 0.96, 0.96, 0.95, 0.92, 0.87, 0.80, 0.72, 0.60),
    cabin=(-1.84, -1.52, 0.20, 0.98),
    roof_m=1.50,
    axles=(-1.22, 1.22),
)
SUV = CarShape(
    x=(-2.18, -2.14, -1.80, -1.25, -0.60, 0.20, 0.95, 1.45, 1.90, 2.12, 2.18),
    shoulder=(0.98, 1.06, 1.08, 1.08, 1.08, 1.08, 1.06, 1.02, 0.97, 0.90, 0.74),
    half=(0.78, 0.85, 0.89, 0.91, 0.92, 0.92, 0.91, 0.90, 0.87, 0.80, 0.70),
    cabin=(-2.08, -1.76, 0.16, 0.90),
    roof_m=1.74,
    roof_half=0.67,
    cabin_half=0.84,
    axles=(-1.32, 1.36),
    belt=1.06,
)
CAR_SHAPES = (SALOON, ESTATE, HATCHBACK, SUV)


def car(*, turn: float = 0.0, colour: Colour, shape: CarShape | None = None) -> list[Part]:
    """A car about the middle of its length; `turn` in revolutions of its wheels."""
    return car_model(colour, shape or CarShape()).parts(turn * 2 * np.pi * CAR_WHEEL_M)


@lru_cache(maxsize=64)
def car_model(colour: Colour, shape: CarShape) -> Vehicle:
    """A car of this colour and shape, to be put anywhere."""
    s = shape
    body = [*_car_body(s, colour), *_car_cabin(s, colour), *_car_details(s), *wheel_faces(s.axles, 0.845), *_casters(s)]
    return Vehicle(body, rims(s.axles, 0.845))


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
                shade = DARK if k == 0 else colour
                faces.append(panel(quad, np.array([0, sign, 0]), shade, layer=1, gloss=0.25))
        deck = np.array(
            [[x[i], w[i] * 0.95, z[i]], [x[i + 1], w[i + 1] * 0.95, z[i + 1]], [x[i + 1], -w[i + 1] * 0.95, z[i + 1]]]
            + [[x[i], -w[i] * 0.95, z[i]]]
        )
        faces.append(panel(deck, np.array([0, 0, 1.0]), colour, layer=2, gloss=0.35))
    for i, sign in ((0, -1.0), (len(x) - 1, 1.0)):
        end = np.array([[x[i], w[i] * a, b] for a, b in ((0.95, 0.2), (0.95, z[i]), (-0.95, z[i]), (-0.95, 0.2))])
        faces.append(panel(end, np.array([sign, 0, 0]), colour, layer=1, gloss=0.2))
        bumper = np.array([[x[i] + sign * 0.01, w[i] * a, b] for a, b in ((1, 0.2), (1, 0.36), (-1, 0.36), (-1, 0.2))])
        faces.append(panel(bumper, np.array([sign, 0, 0]), (45.0, 45.0, 48.0), layer=1))
    return faces


def _car_cabin(s: CarShape, colour: Colour) -> list[Part]:
    glass: Colour = (40.0, 48.0, 56.0)
    back, roof_back, roof_front, front = s.cabin
    belt, top, wide, narrow = s.belt, s.roof_m, s.cabin_half, s.roof_half
    faces: list[Part] = []
    for sign in (1.0, -1.0):
        side = np.array([[back, wide, belt], [roof_back, narrow, top], [roof_front, narrow, top], [front, wide, belt]])
        side = side * [1, sign, 1]
        out = np.array([0, sign, 0.45])
        faces.append(panel(side, out, colour, layer=3))
        for a, b in ((0.10, 0.485), (0.535, 0.90)):  # rear and front side windows, the pillar between them
            pane = np.stack([_mix(side, a, 0.12), _mix(side, a, 0.88), _mix(side, b, 0.88), _mix(side, b, 0.12)])
            faces.append(panel(pane + [0, sign * 0.012, 0], out, glass, layer=4, gloss=0.55))
    for low_x, high_x, nx in ((front, roof_front, 1.0), (back, roof_back, -1.0)):
        screen = np.array([[low_x, wide, belt], [high_x, narrow, top], [high_x, -narrow, top], [low_x, -wide, belt]])
        normal = np.array([nx, 0, 0.9])
        faces.append(panel(screen, normal, colour, layer=3))
        middle = screen.mean(axis=0)
        pane = middle + (screen - middle) * [0.86, 0.9, 0.86] + normal * 0.008
        faces.append(panel(pane, normal, glass, layer=4, gloss=0.6))
    roof = np.array([[roof_back, narrow, top], [roof_front, narrow, top], [roof_front, -narrow, top]])
    roof = np.concatenate([roof, [[roof_back, -narrow, top]]])
    return [*faces, panel(roof, np.array([0, 0, 1.0]), colour, layer=4, gloss=0.3)]


def _car_details(s: CarShape) -> list[Part]:
    faces: list[Part] = []
    nose, tail = s.x[-1] + 0.02, s.x[0] - 0.02
    for sign in (1.0, -1.0):
        lamp = np.array([[nose - 0.10, sign * 0.70, 0.52], [nose, sign * 0.40, 0.52], [nose, sign * 0.40, 0.64]])
        lamp = np.concatenate([lamp, [[nose - 0.13, sign * 0.72, 0.68]]])
        faces.append(panel(lamp, np.array([1.0, sign * 0.3, 0.1]), (235.0, 236.0, 228.0), layer=5))
        rear = np.array([[tail, sign * b, z] for b, z in ((0.42, 0.62), (0.70, 0.60), (0.72, 0.80), (0.42, 0.80))])
        faces.append(panel(rear, np.array([-1.0, 0, 0]), (170.0, 24.0, 22.0), layer=5))
        for x in (-0.85, 0.02, 0.86):  # door gaps
            gap = [[x - 0.012, 0.895, 0.34], [x + 0.012, 0.895, 0.34], [x + 0.012, 0.87, 0.92], [x - 0.012, 0.87, 0.92]]
            faces.append(panel(np.array(gap) * [1, sign, 1], np.array([0, sign, 0]), (35.0, 35.0, 38.0), layer=5))
        mirror = np.array([[0.72, sign * 0.93, 1.00], [0.78, sign * 1.02, 1.00]])
        faces.append(Blob(mirror, np.array([0.07, 0.08]), DARK, layer=5 if sign > 0 else 0))
    for x, nx in ((nose, 1.0), (tail, -1.0)):
        for (half, low, high), colour in (((0.26, 0.42, 0.53), (225.0, 225.0, 220.0)), ((0.5, 0.54, 0.62), DARK)):
            if nx < 0 and colour is DARK:
                continue
            plate = np.array([[x, half, low], [x, half, high], [x, -half, high], [x, -half, low]])
            faces.append(panel(plate, np.array([nx, 0, 0]), colour, layer=5))
    return faces


def wheel_faces(axles: tuple[float, float], half: float) -> list[Part]:
    """Arches, tyres and hub caps: what looks the same however far a wheel has turned."""
    parts: list[Part] = []
    for axle_x in axles:
        for sign in (1.0, -1.0):
            out = np.array([0.0, sign, 0.0])
            centre = np.array([axle_x, sign * half, CAR_WHEEL_M])
            arch = circle(centre + [0, sign * 0.05, 0.02], CAR_WHEEL_M + 0.055)
            arch[:, 2] = np.maximum(arch[:, 2], 0.24)
            parts.append(Face((arch,), out, (20.0, 20.0, 22.0), layer=5))
            parts.append(Face((circle(centre + out * 0.055, CAR_WHEEL_M),), out, (38.0, 38.0, 40.0), layer=6))
            parts.append(Face((circle(centre + out * 0.06, 0.22),), out, (165.0, 168.0, 172.0), layer=7))
            # The far wheels show below the sill: a tyre drawn before everything else.
            ring = circle(centre, CAR_WHEEL_M * 0.97 - 0.03, 10)
            parts.append(Blob(np.concatenate([ring, ring - out * 0.16]), np.full(20, 0.03), (30.0, 30.0, 32.0)))
    return parts


def rims(axles: tuple[float, float], half: float) -> list[Spinner]:
    """The gaps between the five spokes of each wheel, which stands `half` metres from the middle."""
    spinners = []
    for axle_x in axles:
        for sign in (1.0, -1.0):
            gaps = []
            for k in range(5):
                a = -2 * np.pi * k / 5 + np.array([-0.28, 0.28, 0.0])
                r = np.array([0.19, 0.19, 0.06])
                gaps.append(np.stack([r * np.cos(a), np.full(3, sign * 0.065), r * np.sin(a)], axis=1))
            normal = np.array([0.0, sign, 0.0])
            face = Face(tuple(gaps), normal, (70.0, 72.0, 76.0), layer=8, casts_shadow=False)
            spinners.append(Spinner([face], at=(axle_x, sign * half, CAR_WHEEL_M), metres=2 * np.pi * CAR_WHEEL_M))
    return spinners


def _casters(s: CarShape) -> list[Part]:
    """Nothing to see: two flat plans at sill and shoulder that close the shadow under and beside the car."""
    x, w = np.asarray(s.x), np.asarray(s.half)
    plan = np.concatenate([np.stack([x, w], axis=1), np.stack([x, -w], axis=1)[::-1]])
    return [
        Face((np.column_stack([plan, np.full(len(plan), z)]),), np.array([0.0, 0.0, -1.0]), DARK) for z in (0.2, 0.6)
    ]


def panel(points: Array, out: Array, colour: Colour, *, layer: int, gloss: float = 0.0) -> Face:
    """A flat face whose normal is computed from its corners and turned to the side of `out`."""
    normal = np.cross(points[2] - points[0], points[3] - points[1])
    normal = normal / (np.linalg.norm(normal) + 1e-9)
    return Face((points,), normal if float(normal @ out) >= 0 else -normal, colour, layer=layer, gloss=gloss)


def _mix(quad: Array, along: float, up: float) -> Array:
    """A point on the side quad (back low, back high, front high, front low) at fractions `along` and `up`."""
    low, high = quad[0] + along * (quad[3] - quad[0]), quad[1] + along * (quad[2] - quad[1])
    return np.asarray(low + up * (high - low))
