"""What stands beside a road: signals, signs, a barrier, parked cars. `at` is x, y in metres."""

from __future__ import annotations

import numpy as np

from clipvad.synth.actors import vehicles
from clipvad.synth.actors.people import stand
from clipvad.synth.places.furniture import block, late
from clipvad.synth.places.place import Point
from clipvad.synth.rendering.backdrop import Prop
from clipvad.synth.rendering.parts import Colour, Face, Part, capsule


def traffic_light(at: Point, *, facing: Point, lit: int = 2) -> Prop:
    """A signal on a post, lenses towards `facing` (unit x, y); `lit`: 0 red, 1 amber, 2 green."""
    x, y = at
    out = np.array([facing[0], facing[1], 0.0])
    side = np.array([-facing[1], facing[0], 0.0])
    dark: Colour = (34, 36, 36)
    parts: list[Part] = [capsule([x, y, 0], [x, y, 3.3], 0.07, 0.06, (70, 74, 74))]
    middle = np.array([x, y, 2.75]) + 0.16 * out
    parts += block((middle[0], middle[1]), (0.36, 0.36, 1.1), dark, low=2.2)
    lamps: tuple[Colour, ...] = ((226, 40, 34), (232, 170, 40), (60, 214, 110))
    for k, colour in enumerate(lamps):
        shown: Colour = colour if k == lit else (colour[0] * 0.25, colour[1] * 0.25, colour[2] * 0.25)
        a = np.arange(12) * np.pi / 6
        centre = middle + 0.2 * out + [0, 0, 0.34 - 0.34 * k]
        lens = centre + 0.14 * (np.cos(a)[:, None] * side + np.sin(a)[:, None] * np.array([0, 0, 1.0]))
        parts.append(Face((lens,), out, shown, layer=2))
    return Prop(at, tuple(parts))


def sign(at: Point, *, facing: Point, shape: str, colour: Colour, height_m: float = 2.3) -> Prop:
    """A traffic sign on a post: `shape` is "round", "square" or "triangle"."""
    x, y = at
    corners, turn = {"round": (20, 0.0), "square": (4, np.pi / 4), "triangle": (3, np.pi / 2)}[shape]
    out, side = np.array([facing[0], facing[1], 0.0]), np.array([-facing[1], facing[0], 0.0])
    a = np.arange(corners) * 2 * np.pi / corners + turn
    centre = np.array([x, y, height_m]) + 0.06 * out
    parts: list[Part] = [capsule([x, y, 0], [x, y, height_m + 0.1], 0.04, 0.04, (140, 142, 142))]
    for k, (radius, paint) in enumerate(((0.42, colour), (0.30, (236.0, 236.0, 232.0)))):
        plate = centre + 0.01 * k * out
        plate = plate + radius * (np.cos(a)[:, None] * side + np.sin(a)[:, None] * np.array([0, 0, 1.0]))
        parts.append(Face((plate,), out, paint, layer=1 + k))
    back = centre + 0.42 * (np.cos(a)[:, None] * side + np.sin(a)[:, None] * np.array([0, 0, 1.0]))
    parts.append(Face((back,), -out, (120, 122, 124), layer=1))
    return Prop(at, tuple(parts))


def barrier(at: Point, tip: Point, *, open_deg: float = 0.0) -> Prop:
    """A red and white boom on a yellow box: it lies from `at` to `tip` when closed, and is raised by `open_deg`."""
    hinge, span = np.array([*at, 0.95]), np.array([*tip, 0.95]) - [*at, 0.95]
    length, rise = float(np.linalg.norm(span)), np.radians(open_deg)
    way = np.cos(rise) * span / length + np.sin(rise) * np.array([0.0, 0.0, 1.0])
    parts: list[Part] = list(block(at, (0.42, 0.42, 1.15), (214, 168, 48)))
    count = max(2, round(length / 0.6))
    for k in range(count):
        a, b = hinge + way * length * k / count, hinge + way * length * (k + 1) / count
        colour: Colour = (200, 44, 40) if k % 2 else (232, 232, 226)
        parts.append(late(capsule(a + 0.05 * way, b - 0.05 * way, 0.07, 0.06, colour)))
    return Prop(at, tuple(parts))


def parked_car(at: Point, *, heading_deg: float, colour: Colour, shape: vehicles.CarShape = vehicles.SALOON) -> Prop:
    """A car with nobody in it; `heading_deg` counts from x to the left, so 90 points away from the camera."""
    way = np.radians(heading_deg)
    heading = np.array([np.cos(way), np.sin(way)])
    return Prop(at, tuple(stand(vehicles.car(colour=colour, shape=shape), at=np.array(at), heading=heading)))


def car_window(
    at: Point, *, heading_deg: float, left: bool, shape: vehicles.CarShape = vehicles.SALOON
) -> tuple[tuple[float, float, float], ...]:
    """The front side window of a `parked_car`: its four corners (x, y, z)."""
    back, roof_back, roof_front, front = shape.cabin
    low, high = np.array([back, shape.cabin_half, shape.belt]), np.array([roof_back, shape.roof_half, shape.roof_m])
    way = np.radians(heading_deg)
    turn = np.array([[np.cos(way), np.sin(way), 0], [-np.sin(way), np.cos(way), 0], [0, 0, 1.0]])
    corners = []
    for along, up in ((0.54, 0.12), (0.90, 0.12), (0.90, 0.88), (0.54, 0.88)):
        sill = low + [along * (front - back), 0, 0]
        corner = sill + up * (high + [along * (roof_front - roof_back), 0, 0] - sill)
        x, y, z = (corner * [1, 1 if left else -1, 1]) @ turn
        corners.append((float(at[0] + x), float(at[1] + y), float(z)))
    return tuple(corners)
