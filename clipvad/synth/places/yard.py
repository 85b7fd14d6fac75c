"""What stands in a yard: a shipping container, a box truck, pallets with goods, a forklift. `at` in metres."""

from __future__ import annotations

import numpy as np

from clipvad.synth.places.furniture import block
from clipvad.synth.places.shelving import raised
from clipvad.synth.rendering.backdrop import Prop
from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Colour, Face, Part

Span = tuple[float, float]
Point = tuple[float, float]

_WOOD: Colour = (176, 140, 96)
_CARTON: Colour = (190, 150, 104)
_DARK: Colour = (34, 34, 36)


def container(x: Span, y: Span, *, height_m: float = 2.6, colour: Colour = (44, 92, 132)) -> Prop:
    """A shipping container: ribbed sides, and double doors with their locking bars on the side of smaller y."""
    at, size = ((x[0] + x[1]) / 2, (y[0] + y[1]) / 2), (x[1] - x[0], y[1] - y[0])
    parts: list[Part] = [*block(at, (*size, height_m), colour)]
    for side in x:
        out = np.array([1.0 if side == x[1] else -1.0, 0, 0])
        for low in np.arange(y[0] + 0.15, y[1] - 0.2, 0.3):
            rib = _standing((side, float(low)), (side, float(low) + 0.13), (0.15, height_m - 0.15))
            parts.append(_plate(rib, out, _shade(colour, 0.78), 1))
    for k in range(2):
        left = x[0] + 0.08 + k * size[0] / 2
        right = left + size[0] / 2 - 0.16
        leaf = _standing((left, y[0] - 0.01), (right, y[0] - 0.01), (0.18, height_m - 0.15))
        parts.append(_plate(leaf, np.array([0, -1.0, 0]), _shade(colour, 1.15), 1))
        for bar in (left + 0.3, right - 0.3):
            rod = _standing((bar - 0.03, y[0] - 0.03), (bar + 0.03, y[0] - 0.03), (0.12, height_m - 0.1))
            parts.append(_plate(rod, np.array([0, -1.0, 0]), (206, 208, 206), 2))
    label = _standing((x[1] - 1.0, y[0] - 0.02), (x[1] - 0.25, y[0] - 0.02), (1.95, 2.25))
    parts.append(_plate(label, np.array([0, -1.0, 0]), (236, 236, 230), 3))
    return Prop(at, tuple(parts))


def box_truck(at: Point, *, colour: Colour = (196, 58, 46)) -> Prop:
    """A small truck facing smaller y, `at` the middle of its load space: a white box with a coloured stripe."""
    x, y = at
    half, low, high = 1.1, 0.75, 3.15
    nose = y - 3.7
    parts: list[Part] = [*block((x, y - 0.6), (1.5, 5.4, 0.35), _DARK, low=0.4)]
    parts += raised(block((x, y), (2 * half, 4.0, high - low), (226, 226, 222), low=low), 1, casts_shadow=True)
    for side in (1.0, -1.0):
        out = np.array([side, 0, 0])
        stripe = _standing((x + side * 1.005 * half, y - 2.0), (x + side * 1.005 * half, y + 2.0), (1.1, 1.5))
        parts.append(_plate(stripe, out, colour, 2))
        cab = _standing((x + side * 1.0, nose + 0.5), (x + side * 1.0, y - 2.15), (1.35, 2.05))
        parts.append(_plate(cab, out, (48, 56, 64), 3))
        for axle in (nose + 0.75, y + 1.1):
            parts.append(_wheel((x + side * 1.02, axle), side))
    parts += raised(block((x, nose + 0.85), (2.0, 1.5, 1.8), colour, low=0.45), 2, casts_shadow=True)
    front = np.array([0, -1.0, 0])
    parts.append(_plate(_standing((x - 0.9, nose + 0.09), (x + 0.9, nose + 0.09), (1.3, 2.1)), front, (52, 62, 72), 3))
    parts.append(
        _plate(_standing((x - 0.95, nose + 0.09), (x + 0.95, nose + 0.09), (0.45, 0.7)), front, (60, 60, 64), 3)
    )
    for side in (-0.75, 0.75):
        lamp = _standing((x + side - 0.16, nose + 0.08), (x + side + 0.16, nose + 0.08), (0.78, 0.95))
        parts.append(_plate(lamp, front, (250, 246, 226), 4))
    return Prop((x, y - 1.0), tuple(parts))


def pallets(at: Point, *, count: int) -> Prop:
    """A pile of empty pallets."""
    parts: list[Part] = []
    for k in range(count):
        low = 0.145 * k
        parts += raised(block(at, (1.2, 0.8, 0.03), _WOOD, low=low + 0.115), 2 * k + 1, casts_shadow=k == count - 1)
        for side in (-0.5, 0.0, 0.5):
            parts += raised(block((at[0] + side, at[1]), (0.16, 0.8, 0.115), _shade(_WOOD, 0.7), low=low), 2 * k)
    return Prop(at, tuple(parts))


def cartons(rng: np.random.Generator, at: Point, *, tiers: int = 3) -> Prop:
    """A pallet loaded with cartons, a strip of tape over each."""
    parts: list[Part] = [*pallets(at, count=1).parts]
    for tier in range(tiers):
        low, layer = 0.145 + 0.36 * tier, 3 + 2 * tier
        for u, v in ((-0.3, 0.2), (0.3, 0.2), (-0.3, -0.2), (0.3, -0.2)):
            if tier == tiers - 1 and rng.uniform() < 0.3:
                continue
            colour = _shade(_CARTON, float(rng.uniform(0.88, 1.08)))
            box = (at[0] + u, at[1] + v)
            parts += raised(block(box, (0.57, 0.38, 0.34), colour, low=low), layer, casts_shadow=True)
            tape = _standing((box[0] - 0.06, box[1] - 0.191), (box[0] + 0.06, box[1] - 0.191), (low, low + 0.34))
            parts.append(_plate(tape, np.array([0, -1.0, 0]), _shade(colour, 1.3), layer + 1))
    return Prop(at, tuple(parts))


def forklift(at: Point) -> Prop:
    """A parked forklift, its forks towards larger x."""
    x, y = at
    yellow: Colour = (226, 176, 40)
    parts: list[Part] = [*block((x - 0.2, y), (1.5, 1.0, 0.55), yellow, low=0.25)]
    parts += raised(block((x - 0.75, y), (0.5, 1.0, 0.5), _shade(yellow, 0.9), low=0.8), 1, casts_shadow=True)
    parts += raised(block((x - 0.25, y), (0.45, 0.5, 0.3), _DARK, low=0.8), 1)
    for u in (-0.85, 0.45):
        for v in (-0.45, 0.45):
            parts += raised(block((x + u, y + v), (0.06, 0.06, 1.3 if u < 0 else 1.9), _DARK, low=0.25 + 0.55), 2)
    parts += raised(block((x - 0.25, y), (1.35, 1.0, 0.06), _DARK, low=2.05), 3, casts_shadow=True)
    for v in (-0.3, 0.3):
        parts += raised(block((x + 0.68, y + v), (0.10, 0.10, 2.2), (70, 72, 76), low=0.05), 2, casts_shadow=True)
        parts += raised(block((x + 1.2, y + v), (1.0, 0.12, 0.06), (60, 60, 64), low=0.06), 2)
    for u in (-0.6, 0.3):
        for side in (1.0, -1.0):
            parts.append(_hoop((x + u, y + side * 0.51), 0.30, np.array([0, side, 0])))
    return Prop(at, tuple(parts))


def _standing(a: Point, b: Point, z: Span) -> Array:
    """The corners of a standing rectangle over the line from `a` to `b`."""
    return np.array([[*a, z[0]], [*b, z[0]], [*b, z[1]], [*a, z[1]]])


def _plate(corners: Array, out: Array, colour: Colour, layer: int) -> Face:
    return Face((corners,), out, colour, layer=layer, casts_shadow=False)


def _wheel(at: Point, side: float) -> Face:
    a = np.arange(16) * np.pi / 8
    ring = np.stack([np.full(16, at[0]), at[1] + 0.42 * np.cos(a), 0.42 + 0.42 * np.sin(a)], axis=1)
    return Face((ring,), np.array([side, 0, 0]), _DARK, layer=4)


def _hoop(at: Point, radius: float, out: Array) -> Face:
    a = np.arange(16) * np.pi / 8
    ring = np.stack([at[0] + radius * np.cos(a), np.full(16, at[1]), radius + radius * np.sin(a)], axis=1)
    return Face((ring,), out, _DARK, layer=4)


def _shade(colour: Colour, lit: float) -> Colour:
    r, g, b = (min(255.0, c * lit) for c in colour)
    return r, g, b
