"""The yard behind a warehouse: two docks with roller shutters and a hatched zone before them, goods and a truck."""

from __future__ import annotations

import numpy as np

from clipvad.synth.places.furniture import bollard, cone, fence, tree
from clipvad.synth.places.place import Place, Target
from clipvad.synth.places.surfaces import (
    YELLOW,
    Brush,
    Patch,
    asphalt,
    lay,
    marking,
    plain,
    rectangle,
    sky,
    tinted,
    tone,
)
from clipvad.synth.places.yard import box_truck, cartons, container, forklift, pallets
from clipvad.synth.rendering.backdrop import FloatImage, Painted, Prop
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Colour, Light
from clipvad.synth.rendering.planes import Span, View

_WALL, _SIDES, _TOP = 15.0, (-22.0, 9.4), 7.0
_DOCKS: tuple[Span, ...] = ((-4.6, -2.0), (-0.9, 1.7))
_SILL, _LINTEL = 1.15, 3.9
_GATE = ((4.9, 8.2), (0.0, 3.7))  # a shutter at ground level, behind the truck
_DOOR = ((2.3, 3.7), (0.0, 2.15))
_HATCHED = ((-5.2, 2.3), (12.2, 14.95))
_CAMERA = Camera(width=320, height=240, height_m=5.2, yaw_deg=3, pitch_deg=22, fov_deg=66)


def loading_bay(camera: Camera, light: Light, rng: np.random.Generator) -> Painted:
    """Painter of the place (see `places.paint`)."""
    brush = Brush(camera, rng)
    view = View(camera, background=(0.0, 0.0, 0.0))
    view.image[:] = sky(view.rays, brush.noise[3])
    view.level(brush(_yard), y=(0.0, _WALL))
    view.level(brush(asphalt), y=(_WALL, 80.0), x=(_SIDES[1], 60.0))
    for x, z in _wall_pieces():
        view.facing(brush(_facade, shade=0.94), y=_WALL, x=x, z=z)
    dark = brush(lambda p: plain(p, (96, 94, 90)), shade=0.5)
    view.level(dark, x=(_DOOR[0][0] - 3, _DOOR[0][1] + 3), y=(_WALL, 18.0))
    view.facing(dark, y=18.0, x=(_DOOR[0][0] - 3, _DOOR[0][1] + 3), z=(0.0, 3.0))
    return view.painted(_props(view, rng))


def _wall_pieces() -> list[tuple[Span, Span]]:
    """The wall as rectangles (across, up) around its open door."""
    (left, right), (_, top) = _DOOR
    return [((_SIDES[0], left), (0.0, _TOP)), ((left, right), (top, _TOP)), ((right, _SIDES[1]), (0.0, _TOP))]


def _yard(p: Patch) -> FloatImage:
    """Concrete in large fields, with tyre marks, oil, a gully, and the hatched zone before the docks."""
    field = 4.0
    gap = np.minimum(np.mod(p.u + 1.0, field), np.mod(p.v + 0.4, field))
    gap = np.minimum(gap, np.minimum(field - np.mod(p.u + 1.0, field), field - np.mod(p.v + 0.4, field)))
    tones = 0.03 * tone(np.floor((p.u + 1.0) / field), np.floor((p.v + 0.4) / field))
    value = 1 + tones + 0.05 * p.grain(2, 1.6) + 0.03 * p.grain(1, 0.3) + 0.03 * p.grain(0, 0.04)
    out = tinted((158, 154, 146), value - 0.10 * np.clip(p.grain(3, 1.1) - 0.4, 0, 1.5))
    lay(out, (98, 96, 92), p, 0.03 - gap)
    # Tyres have drawn arcs from the gate to the docks, and straight lines through the yard.
    for x, y, radius in ((9.5, 14.0, 7.2), (9.5, 14.0, 9.0), (7.0, 15.5, 6.4), (-9.0, 16.0, 8.2)):
        ring = np.abs(np.hypot(p.u - x, p.v - y) - radius)
        out *= (1 - 0.13 * np.clip(1 - ring / 0.16, 0, 1) * (1 + 0.5 * p.grain(2, 0.8)))[..., None]
    for y in (6.3, 8.1):
        out *= (1 - 0.10 * np.clip(1 - np.abs(p.v - y - 0.06 * p.grain(2, 3.0)) / 0.2, 0, 1))[..., None]
    for x, y, size in ((-0.6, 10.6, 0.5), (5.2, 8.2, 0.7), (-3.4, 8.8, 0.35)):
        spill = np.hypot(p.u - x, (p.v - y) * 1.3) + 0.12 * p.grain(1, 0.3)
        out *= (1 - 0.38 * np.clip(1.4 - spill / size, 0, 1))[..., None]
    lay(out, (76, 76, 76), p, rectangle(p, (-30.0, 30.0), (10.9, 11.08)))
    stripe = 0.22 - np.abs(np.mod((p.u + p.v) / 2**0.5, 0.9) - 0.45)
    zone = rectangle(p, *_HATCHED)
    marking(out, p, np.minimum(stripe, zone), colour=YELLOW, wear=0.25)
    marking(out, p, np.minimum(zone + 0.18, -zone), colour=YELLOW, wear=0.2)
    walk = rectangle(p, (2.35, 3.55), (9.0, 14.95))
    marking(out, p, np.minimum(walk, 0.12 - walk), colour=(226, 226, 220), wear=0.3)
    # Little light comes under the truck and the forklift, or close to the wall.
    for x, y, half in ((6.25, 12.0, (1.25, 2.9)), (-5.2, 9.3, (0.85, 0.6))):
        under = np.minimum(half[0] - np.abs(p.u - x), half[1] - np.abs(p.v - y))
        out *= (1 - 0.5 * np.clip(under / 0.5 + 0.5, 0, 1))[..., None]
    return np.asarray(out * (0.78 + 0.22 * np.clip((_WALL - p.v) / 0.8, 0, 1))[..., None], dtype=np.float32)


def _facade(p: Patch) -> FloatImage:
    """Corrugated cladding over a concrete base, with the docks, the gate, the door's frame, signs and lamps."""
    wave = np.sin(p.u * 2 * np.pi / 0.28) * np.clip(0.06 / p.pixel, 0, 1)
    streaks = np.clip(p.noise[1].at(p.u, p.v * 0.06, cell_m=0.35), 0, 2)
    out = tinted((150, 164, 172), 1 + 0.09 * wave - 0.05 * streaks + 0.02 * p.grain(2, 1.5))
    lay(out, (54, 92, 128), p, np.minimum(p.v - 5.2, 5.75 - p.v))
    lay(out, plain(p, (150, 148, 142), rough=0.07), p, 1.0 - p.v)
    for number, across in enumerate(_DOCKS):
        _dock(out, p, across, number)
    lay(out, (70, 74, 78), p, rectangle(p, (_GATE[0][0] - 0.15, _GATE[0][1] + 0.15), (0.0, _GATE[1][1] + 0.2)))
    lay(out, _shutter(p, (176, 178, 176)), p, rectangle(p, *_GATE))
    lay(out, (60, 64, 68), p, rectangle(p, (_DOOR[0][0] - 0.1, _DOOR[0][1] + 0.1), (0.0, _DOOR[1][1] + 0.1)))
    lay(out, (56, 120, 84), p, rectangle(p, (2.4, 3.6), (2.4, 2.7)))
    lay(out, (250, 248, 236), p, rectangle(p, (2.8, 3.1), (2.85, 2.97)))
    for x in (-1.45, 4.1):
        lay(out, (250, 248, 236), p, rectangle(p, (x - 0.2, x + 0.2), (4.75, 4.95)))
    return out


def _dock(out: FloatImage, p: Patch, across: Span, number: int) -> None:
    """A raised door: padded shelter, shutter (the second stands open), steel sill, and rubber buffers under it."""
    left, right = across
    pad = rectangle(p, (left - 0.35, right + 0.35), (_SILL, _LINTEL + 0.5))
    lay(out, plain(p, (46, 48, 50), rough=0.06), p, pad)
    hole = rectangle(p, across, (_SILL, _LINTEL))
    lay(out, _shutter(p, (196, 194, 186)), p, hole)
    if number == 1:
        inside = rectangle(p, across, (_SILL, _LINTEL - 0.7))
        depth = np.clip((_LINTEL - p.v) / 2.5, 0, 1)[..., None]
        lay(out, np.asarray(np.array([34.0, 36, 40]) + depth * [30.0, 26, 20], np.float32), p, inside)
        for k, (x, top) in enumerate(((left + 0.7, 2.1), (left + 1.5, 2.5), (left + 2.1, 1.9))):
            crate: Colour = (104, 84, 60) if k % 2 else (88, 72, 54)
            lay(out, crate, p, rectangle(p, (x - 0.35, x + 0.35), (_SILL, top)))
    lay(out, (226, 186, 60), p, rectangle(p, across, (_SILL - 0.12, _SILL)))
    middle = (left + right) / 2
    for x in (left + 0.25, right - 0.25):
        lay(out, (28, 28, 30), p, rectangle(p, (x - 0.16, x + 0.16), (0.45, 1.0)))
    for x in (left - 0.2, right + 0.2):
        post = np.minimum(np.mod(p.v, 0.4) - 0.2, p.v * 0 + 1)
        lay(out, YELLOW, p, rectangle(p, (x - 0.1, x + 0.1), (0.0, 1.15)))
        lay(out, (34, 34, 36), p, np.minimum(rectangle(p, (x - 0.1, x + 0.1), (0.0, 1.15)), post))
    lay(out, (236, 236, 230), p, rectangle(p, (middle - 0.35, middle + 0.35), (4.45, 5.05)))
    strokes = (0.0,) if number == 0 else (-0.1, 0.1)
    for shift in strokes:
        lay(out, (40, 42, 46), p, rectangle(p, (middle + shift - 0.05, middle + shift + 0.05), (4.52, 4.98)))


def _shutter(p: Patch, colour: Colour) -> FloatImage:
    """Slats of a roller shutter."""
    slat = np.mod(p.v, 0.12) / 0.12
    value = 1 + (0.14 * (slat - 0.5) - 0.22 * (slat < 0.15)) * np.clip(0.06 / p.pixel, 0, 1)
    return tinted(colour, value + 0.02 * p.grain(2, 0.8) - 0.10 * np.clip(1 - p.v / 0.8, 0, 1))


def _props(view: View, rng: np.random.Generator) -> list[Prop]:
    props = view.hiding((_DOOR[0][0] - 6, _WALL), (_DOOR[0][0], _WALL), z=(0.0, 3.6))
    props += view.hiding((_DOOR[0][1], _WALL), (_SIDES[1], _WALL), z=(0.0, _TOP))
    props += [container((-8.2, -5.8), (10.8, 14.8)), box_truck((6.25, 12.9))]
    props += [
        pallets((4.5, 11.8), count=6),
        cartons(rng, (4.55, 14.4)),
        cartons(rng, (-3.7, 5.1)),
        forklift((-5.0, 9.3)),
    ]
    props += [bollard((x, y), colour=(206, 166, 48)) for x, y in ((3.95, 13.2), (-5.4, 14.6))]
    props += [cone((-5.7, 11.9)), cone((1.6, 11.85))]
    props += fence((9.4, 16.0), (22.0, 16.0), height_m=2.0)
    props += [tree(rng, at, size) for at, size in (((13.5, 21.0), 1.4), ((18.5, 24.0), 1.6))]
    return props


_WINDSCREEN = ((5.35, 9.28, 1.3), (6.3, 9.28, 1.3), (6.3, 9.28, 2.1), (5.35, 9.28, 2.1))
_CAB_WINDOW = ((5.24, 10.75, 1.35), (5.24, 9.75, 1.35), (5.24, 9.75, 2.05), (5.24, 10.75, 2.05))

LOADING_BAY = Place(
    name="loading bay",
    painter=loading_bay,
    camera=_CAMERA,
    quiet=(
        "Workers walk through the yard of a warehouse.",
        "A loading bay with closed shutters, pallets and a parked truck.",
        "Ordinary work at a loading dock.",
        "Staff walk across the yard between the docks and the gate.",
        "A warehouse's loading area; nothing unusual happens.",
        "A delivery yard where people and vans come and go.",
    ),
    walk=(
        ((9.5, 6.4), (4.4, 8.0), (2.95, 11.0), (2.95, 14.4), (2.9, 15.8), (1.6, 17.0)),
        ((1.6, 17.0), (2.95, 15.8), (2.95, 14.2), (2.8, 10.6), (-1.0, 8.4), (-5.5, 7.2), (-9.5, 6.8)),
        ((-9.5, 7.4), (-4.0, 7.4), (0.5, 9.4), (4.6, 7.6), (9.5, 7.4)),
        ((1.0, 0.6), (0.4, 5.5), (2.6, 10.2), (2.95, 13.8), (2.95, 15.8), (1.6, 17.0)),
        ((1.6, 17.0), (2.95, 15.8), (2.95, 11.8), (0.2, 9.8), (-1.4, 6.0), (-1.0, 0.6)),
        ((9.5, 8.2), (4.0, 6.0), (0.5, 7.4), (-1.8, 9.2), (-4.0, 7.4), (-9.5, 7.6)),
    ),
    drive=(
        ((14.0, 7.0), (6.0, 7.2), (0.0, 7.4), (-6.0, 7.6), (-14.0, 7.6)),
        ((-14.0, 6.8), (-5.0, 6.9), (0.0, 7.6), (5.0, 7.0), (14.0, 6.4)),
    ),
    stand=((2.3, 10.2), (-2.0, 10.2), (0.6, 7.2), (4.3, 10.4), (-3.4, 8.6), (2.95, 12.6)),
    clear=((-2.4, 6.2), (2.4, 6.2), (2.4, 10.6), (-2.4, 10.6)),
    no_entry=((-5.2, 12.2), (2.3, 12.2), (2.3, 14.8), (-5.2, 14.8)),
    targets=(
        Target(name="window of the truck", surface=_CAB_WINDOW, reach=(4.6, 10.2)),
        Target(name="windscreen", surface=_WINDSCREEN, reach=(5.3, 8.7)),
    ),
    doors=((2.95, _WALL),),
    # Two on the wall, one above the camera.
    lamps=((-1.45, 14.5, 4.85), (4.1, 14.5, 4.85), (0.0, 2.0, 6.0)),
)
