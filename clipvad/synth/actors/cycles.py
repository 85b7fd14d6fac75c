"""Bicycle, motorcycle, e-scooter, skateboard, wheelchair: x forward, y to the left, z up from the ground, metres."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from clipvad.synth.actors.wheels import DARK, STEEL, Spinner, Vehicle, circle, spokes, tyre
from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Blob, Colour, Face, Part, capsule

WHEEL_M = 0.34  # radius of a bicycle's wheel
METRES_PER_CRANK = 3.8
_SADDLE = np.array([0.24, 0.0, 0.97])  # of a rider of 1.74 m
_CRANK_M, _AXLES = 0.17, 1.06
_BRACKET = np.array([0.44, 0.0, 0.29])
DECK_M = 0.11  # height of a skateboard's deck
SCOOTER_DECK_M = 0.15
PUSH_RIM = np.array([0.04, 0.30, 0.31])  # the axle of a wheelchair's left wheel
PUSH_RIM_M = 0.29
_BLACK: Colour = (34.0, 34.0, 37.0)
_GREY: Colour = (92.0, 94.0, 98.0)


@lru_cache(maxsize=64)
def bicycle(colour: Colour, seat_m: float) -> Vehicle:
    """A bicycle from its rear axle, its saddle at a height of `seat_m`."""
    top = np.array([_SADDLE[0], 0.0, seat_m])
    rear, front = np.array([0.0, 0.0, WHEEL_M]), np.array([_AXLES, 0.0, WHEEL_M])
    head, neck = np.array([0.88, 0.0, 0.62]), np.array([0.80, 0.0, 0.90])
    seat = top - [0.04, 0.0, 0.05]
    stem = np.array([0.80, 0.0, 1.02])
    tubes = [(rear, _BRACKET), (rear, seat), (_BRACKET, seat), (_BRACKET, head), (head, neck), (head, front)]
    tubes.append((seat + (_BRACKET - seat) * 0.25, neck))
    parts: list[Part] = [capsule(a, b, 0.021, 0.021, colour) for a, b in tubes]
    parts.append(capsule(neck, stem, 0.016, 0.016, STEEL))
    for sign in (1.0, -1.0):
        parts.append(capsule(stem, stem + [0.03, sign * 0.16, 0.02], 0.016, 0.016, DARK))
        parts.append(capsule(stem + [0.03, sign * 0.16, 0.02], stem + [-0.04, sign * 0.28, 0.03], 0.016, 0.020, DARK))
    parts.append(capsule(top - [0.12, 0, 0], top + [0.12, 0, 0.0], 0.060, 0.028, DARK))
    ring = (circle(_BRACKET, 0.09), circle(_BRACKET, 0.06))
    parts.append(Face(ring, np.array([0.0, 1.0, 0.0]), STEEL, double_sided=True))
    cranks: list[Part] = []
    for sign in (1.0, -1.0):
        pedal = np.array([sign * _CRANK_M, sign * 0.12, 0.0])
        cranks.append(capsule([0, sign * 0.07, 0], pedal, 0.013, 0.013, STEEL))
        cranks.append(capsule(pedal - [0, sign * 0.03, 0], pedal + [0, sign * 0.05, 0], 0.026, 0.026, DARK))
    spinners = [Spinner(cranks, at=_BRACKET, metres=METRES_PER_CRANK)]
    for axle in (rear, front):
        parts += tyre(axle, WHEEL_M)
        spinners.append(spokes(axle.tolist(), WHEEL_M))
    return Vehicle(parts, spinners)


def saddle(stature_m: float) -> Array:
    """Where a rider of this stature sits: the legs just reach the pedals. [3]"""
    return _SADDLE + [0.0, 0.0, round(0.55 * (stature_m - 1.74), 2)]


def pedals(crank: float) -> dict[str, Array]:
    """Where the two pedals are at `crank` revolutions, forward motion turning them clockwise seen from the right."""
    angle = -2 * np.pi * crank
    arm = _CRANK_M * np.array([np.cos(angle), 0.0, np.sin(angle)])
    return {"l": _BRACKET + arm + [0, 0.12, 0], "r": _BRACKET - arm - [0, 0.12, 0]}


def grips() -> dict[str, Array]:
    """Where the hands hold the bar."""
    return {side: np.array([0.76, sign * 0.27, 1.08]) for side, sign in (("l", 1.0), ("r", -1.0))}


@lru_cache(maxsize=64)
def motorcycle(colour: Colour) -> Vehicle:
    """A motorcycle about the middle between its axles."""
    rear, front, radius = np.array([-0.68, 0.0, 0.31]), np.array([0.72, 0.0, 0.31]), 0.31
    head, bar = np.array([0.44, 0.0, 0.86]), np.array([0.36, 0.0, 1.02])
    parts: list[Part] = [
        Blob(np.array([[-0.05, 0, 0.40], [0.25, 0, 0.42], [0.0, 0, 0.56], [0.28, 0, 0.58]]), np.full(4, 0.13), _BLACK),
        Blob(np.array([[0.02, 0, 0.78], [0.30, 0, 0.84], [0.34, 0, 0.74]]), np.array([0.11, 0.13, 0.12]), colour),
        Blob(np.array([[-0.06, 0, 0.76], [-0.52, 0, 0.80]]), np.array([0.09, 0.085]), DARK),
        Blob(np.array([[-0.30, 0, 0.68], [-0.82, 0, 0.80]]), np.array([0.10, 0.05]), colour),
        Blob(np.array([[0.42, 0, 0.62], [0.50, 0, 0.86]]), np.array([0.10, 0.11]), colour),
        Blob(np.array([[0.55, 0, 0.66], [0.88, 0, 0.62]]), np.array([0.045, 0.04]), colour),  # the front mudguard
        Blob(np.array([[0.60, 0, 0.88]]), np.array([0.085]), (236.0, 236.0, 226.0)),
        Blob(np.array([[-0.88, 0.06, 0.78], [-0.88, -0.06, 0.78]]), np.array([0.035, 0.035]), (176.0, 24.0, 22.0)),
        capsule([0.0, 0, 0.36], rear, 0.05, 0.05, _BLACK),
        capsule([0.0, -0.16, 0.34], [-0.75, -0.20, 0.44], 0.04, 0.06, STEEL),
    ]
    for sign in (1.0, -1.0):
        parts.append(capsule(head + [0, sign * 0.09, 0], front + [0, sign * 0.09, 0], 0.03, 0.028, STEEL))
        parts.append(capsule(bar, bar + [-0.06, sign * 0.36, 0.02], 0.02, 0.022, DARK))
        parts.append(Blob((bar + [0.04, sign * 0.32, 0.16])[None], np.array([0.05]), DARK))
    spinners = []
    for axle in (rear, front):
        parts += tyre(axle, radius, width=0.058, depth=0.10)
        spinners.append(spokes(axle.tolist(), radius, count=5, rim=0.11))
    return Vehicle(parts, spinners)


@lru_cache(maxsize=64)
def scooter(colour: Colour) -> Vehicle:
    """An electric kick scooter about the middle of its deck."""
    rear, front, radius = np.array([-0.46, 0.0, 0.11]), np.array([0.48, 0.0, 0.11]), 0.11
    neck, top = np.array([0.42, 0.0, 0.22]), np.array([0.30, 0.0, 1.10])
    deck = np.array([[x, y, SCOOTER_DECK_M - 0.03] for x in (-0.36, 0.28) for y in (-0.06, 0.06)])
    parts: list[Part] = [
        Blob(deck, np.full(4, 0.028), _BLACK),
        capsule([0.28, 0, SCOOTER_DECK_M - 0.02], neck, 0.035, 0.03, colour),
        capsule(front, neck, 0.028, 0.028, colour),
        capsule(neck, top, 0.027, 0.022, colour),
        capsule(top - [0, 0.25, 0], top + [0, 0.25, 0], 0.019, 0.019, DARK),
        capsule([-0.36, 0, SCOOTER_DECK_M - 0.01], [-0.58, 0, 0.22], 0.03, 0.02, _BLACK),
        Blob((top + [0.03, 0, -0.10])[None], np.array([0.032]), (236.0, 236.0, 226.0)),
    ]
    spinners = []
    for axle in (rear, front):
        parts += tyre(axle, radius, width=0.024, depth=0.04)
        spinners.append(spokes(axle.tolist(), radius, count=5, rim=0.04))
    return Vehicle(parts, spinners)


@lru_cache(maxsize=64)
def skateboard(colour: Colour) -> Vehicle:
    """A skateboard about its middle."""
    plan = [(-0.40, 0.04, 0.05), (-0.28, 0.09, 0.0), (0.28, 0.09, 0.0), (0.40, 0.04, 0.05)]
    deck = np.array([[x, sign * y, DECK_M - 0.018 + z] for x, y, z in plan for sign in (1.0, -1.0)])
    parts: list[Part] = [Blob(deck, np.full(len(deck), 0.017), colour)]
    spinners = []
    for x in (-0.25, 0.25):
        parts.append(capsule([x, -0.08, 0.05], [x, 0.08, 0.05], 0.016, 0.016, STEEL))
        for y in (-0.09, 0.09):
            wheel = capsule([0, -0.02, 0], [0, 0.02, 0], 0.036, 0.036, (222.0, 214.0, 190.0))
            spinners.append(Spinner([wheel], at=(x, y, 0.036), metres=2 * np.pi * 0.036))
    return Vehicle(parts, spinners)


@lru_cache(maxsize=64)
def wheelchair(colour: Colour) -> Vehicle:
    """A wheelchair; its big wheels stand near x = 0."""
    back = np.array([[-0.20, y, z] for y in (-0.19, 0.19) for z in (0.56, 0.92)])
    seat = np.array([[x, y, 0.49] for x in (-0.16, 0.24) for y in (-0.19, 0.19)])
    parts: list[Part] = [Blob(seat, np.full(4, 0.035), colour), Blob(back, np.full(4, 0.028), colour)]
    spinners = []
    for sign in (1.0, -1.0):
        y = sign * 0.23
        tubes = [((-0.21, 0.5), (-0.21, 1.0)), ((-0.21, 1.0), (-0.33, 1.02)), ((-0.18, 0.72), (0.18, 0.72))]
        tubes += [((0.18, 0.72), (0.26, 0.5)), ((0.26, 0.5), (0.50, 0.16)), ((0.0, 0.3), (0.34, 0.3))]
        tubes += [((0.34, 0.44), (0.36, 0.1))]
        parts += [capsule([a[0], y, a[1]], [b[0], y, b[1]], 0.018, 0.018, _GREY) for a, b in tubes]
        parts.append(capsule([0.46, sign * 0.04, 0.15], [0.60, sign * 0.16, 0.15], 0.025, 0.025, _BLACK))
        parts += [Blob(np.array([[0.36, y - 0.015, 0.09], [0.36, y + 0.015, 0.09]]), np.full(2, 0.088), _BLACK)]
        axle = PUSH_RIM * [1.0, sign, 1.0]
        parts += tyre(axle, PUSH_RIM[2], depth=0.03)
        spinners.append(spokes(axle.tolist(), float(PUSH_RIM[2]), count=9))
    return Vehicle(parts, spinners)
