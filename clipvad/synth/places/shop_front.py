"""The pavement before shop windows, seen from across a one-way street: doors, an awning, a fenced service entrance."""

from __future__ import annotations

from functools import partial

import numpy as np

from clipvad.synth.places.facades import lettering, mannequins, shop, storeys
from clipvad.synth.places.frontage import awning, trestle_sign
from clipvad.synth.places.furniture import bollard, fence, litter_bin, planter, street_lamp
from clipvad.synth.places.place import Place, Target
from clipvad.synth.places.surfaces import (
    YELLOW,
    Brush,
    Patch,
    asphalt,
    bricks,
    glass,
    kerb,
    lay,
    marking,
    plain,
    rectangle,
    sky,
    slabs,
)
from clipvad.synth.rendering.backdrop import SUPERSAMPLE, FloatImage, Painted, Prop
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Colour, Light
from clipvad.synth.rendering.planes import View

_LANE_Y, _KERB_Y, _FACADE_Y = 5.2, 7.2, 12.6
_HEIGHT_M = 10.4
_BAKERY, _FASHION, _YARD = (-10.6, -4.2), (-4.2, 4.6), (4.6, 8.4)  # the fronts, from x to x
_FASHION_DOOR = (-0.75, 1.05)
_PANES = ((-3.85, -1.05), (1.35, 4.25))  # the fashion shop's windows
_PANE_Z = (0.42, 2.75)
_STAFF = ((5.1, 9.8), (7.9, 12.4))  # corners of the yard before the service door
_FRAME: Colour = (54.0, 56.0, 60.0)
_WALLS: tuple[Colour, ...] = ((158, 108, 88), (134, 98, 84), (176, 140, 112), (150, 132, 120))
_CLOTHS: tuple[Colour, ...] = ((178, 58, 48), (56, 104, 78), (60, 88, 136), (204, 158, 66))


def shop_front(camera: Camera, light: Light, rng: np.random.Generator) -> Painted:
    """Painter of the place (see `clipvad.synth.places.paint`)."""
    brush = Brush(camera, rng)
    view = View(camera, background=sky(camera.rays(supersample=SUPERSAMPLE), brush.noise[3]))
    view.level(brush(_ground))
    wall = _WALLS[int(rng.integers(len(_WALLS)))]
    season = float(rng.integers(100))
    fashion = partial(_fashion, wall, season)
    fronts = ((_bakery, (-40.0, _BAKERY[1])), (fashion, _FASHION), (_yard_wall, _YARD), (_office, (_YARD[1], 40.0)))
    for front, x in fronts:
        view.facing(brush(front, shade=0.92), y=_FACADE_Y, x=x, z=(0.0, _HEIGHT_M))
    return view.painted(_props(rng))


def _ground(p: Patch) -> FloatImage:
    out = asphalt(p, colour=(96.0, 96.0, 99.0))
    for y in (_KERB_Y - 0.3, _KERB_Y - 0.5):
        marking(out, p, 0.05 - np.abs(p.v - y), colour=(206.0, 172.0, 70.0))
    # Wheels have polished two tracks, oil has darkened the strip between them.
    from_middle = np.abs(p.v - _LANE_Y)
    out *= (1 + 0.07 * np.exp(-(((from_middle - 0.75) / 0.3) ** 2)) - 0.07 * np.exp(-((from_middle / 0.3) ** 2)))[
        ..., None
    ]
    cover = 0.36 - np.hypot(p.u - 2.2, p.v - _LANE_Y - 0.3)
    lay(out, plain(p, (80.0, 78.0, 76.0), rough=0.1, cell_m=0.1), p, cover)
    lay(out, (58.0, 58.0, 58.0), p, 0.03 - np.abs(cover))
    grate = rectangle(p, (-2.9, -2.3), (_KERB_Y - 0.62, _KERB_Y - 0.22))
    lay(out, (52.0, 52.0, 52.0), p, grate)
    paving = slabs(p, size=(0.6, 0.6), colour=(178.0, 168.0, 154.0))
    band = slabs(p, size=(0.2, 0.2), colour=(138.0, 126.0, 118.0), vary=0.08)
    lay(paving, band, p, np.minimum(p.v - _KERB_Y - 0.2, _KERB_Y + 1.0 - p.v))
    (x0, y0), (x1, y1) = _STAFF
    yard = rectangle(p, (x0 - 0.2, x1 + 0.2), (y0, y1 + 0.2))
    lay(paving, plain(p, (132.0, 130.0, 126.0), rough=0.06), p, yard)
    diagonal = np.abs(np.mod((p.u + p.v) / 0.8, 1) - 0.5) * 0.8 - 0.27
    marking(paving, p, np.minimum(yard - 0.1, np.maximum(diagonal, 0.2 - yard)), colour=YELLOW, wear=0.3)
    lay(paving, plain(p, (88.0, 84.0, 80.0), rough=0.1), p, rectangle(p, _FASHION_DOOR, (_FACADE_Y - 1.1, _FACADE_Y)))
    lay(out, paving, p, p.v - _KERB_Y)
    kerb(out, p, p.v - _KERB_Y)
    return out


def _bakery(p: Patch) -> FloatImage:
    out = storeys(p, wall=(206.0, 188.0, 150.0), height_m=_HEIGHT_M, bay_m=3.2)
    left = np.floor((p.u - _BAKERY[0]) / 6.4) * 6.4 + _BAKERY[0]
    bay = p.moved(u=p.u - left)
    shop(bay, out, (0.3, 6.1), frame=(112.0, 74.0, 50.0), fascia=(96.0, 58.0, 40.0), door=(1.7, 3.0))
    return out


def _fashion(wall: Colour, season: float, p: Patch) -> FloatImage:
    out = storeys(p, wall=wall, height_m=_HEIGHT_M, bay_m=2.93, brick=True)
    ground_floor = rectangle(p, (_FASHION[0] + 0.15, _FASHION[1] - 0.15), (0.0, 3.5))
    lay(out, plain(p, _FRAME, rough=0.03), p, ground_floor)
    show = mannequins(p, low=_PANE_Z[0], high=_PANE_Z[1], season=season)
    for pane in _PANES:
        lay(out, show, p, rectangle(p, pane, _PANE_Z))
    lay(out, glass(p, low=0.0, high=2.6), p, rectangle(p, _FASHION_DOOR, (0.1, 2.55)))
    middle = sum(_FASHION_DOOR) / 2
    lay(out, _FRAME, p, rectangle(p, (middle - 0.04, middle + 0.04), (0.0, 2.55)))
    for x in (middle - 0.18, middle + 0.12):
        lay(out, (210.0, 210.0, 204.0), p, rectangle(p, (x, x + 0.06), (0.8, 1.6)))
    lay(out, plain(p, (236.0, 232.0, 222.0), rough=0.02), p, rectangle(p, (-4.0, 4.4), (2.85, 3.4)))
    lettering(p, out, (-1.5, 2.0), (2.96, 3.28), (40.0, 40.0, 44.0))
    return out


def _yard_wall(p: Patch) -> FloatImage:
    out = bricks(p, colour=(140.0, 118.0, 104.0))
    door = rectangle(p, (5.7, 7.1), (0.0, 2.2))
    lay(out, (84.0, 84.0, 84.0), p, door + 0.1)
    lay(out, plain(p, (104.0, 116.0, 122.0), rough=0.05, cell_m=0.3), p, door)
    lay(out, (66.0, 74.0, 78.0), p, np.minimum(door, 0.02 - np.abs(p.u - 6.4)))
    lay(out, (200.0, 40.0, 36.0), p, 0.26 - np.hypot(p.u - 6.05, p.v - 1.55))
    lay(out, (236.0, 236.0, 230.0), p, rectangle(p, (5.9, 6.2), (1.5, 1.6)))
    return out


def _office(p: Patch) -> FloatImage:
    out = storeys(p, wall=(186.0, 188.0, 186.0), height_m=_HEIGHT_M, bay_m=2.4)
    shop(p.moved(u=p.u - _YARD[1]), out, (0.4, 6.4), frame=(64.0, 74.0, 84.0), fascia=(40.0, 92.0, 88.0))
    return out


def _props(rng: np.random.Generator) -> list[Prop]:
    (x0, y0), (x1, y1) = _STAFF
    props = [*fence((x0 - 0.15, y0), (x0 - 0.15, y1 + 0.2)), *fence((x1 + 0.15, y0), (x1 + 0.15, y1 + 0.2))]
    props += [bollard((x, _KERB_Y + 0.45)) for x in (-5.4, -4.0, 4.9, 6.4)]
    props += [
        awning((-7.45, -4.45), _FACADE_Y, colours=(_CLOTHS[int(rng.integers(len(_CLOTHS)))], (232, 224, 206))),
        street_lamp((8.6, _KERB_Y + 0.6), reach=(-1.2, 0.6)),
        street_lamp((-7.0, _KERB_Y + 0.6), reach=(0.8, 1.2)),
        trestle_sign((-3.6, 11.4)),
        litter_bin((-4.7, _KERB_Y + 0.55)),
        *(planter(rng, (x, _FACADE_Y - 0.45)) for x in (-4.2, 4.55)),
    ]
    return props


def _pane(across: tuple[float, float]) -> Target:
    corners = ((across[0], _PANE_Z[0]), (across[1], _PANE_Z[0]), (across[1], _PANE_Z[1]), (across[0], _PANE_Z[1]))
    surface = tuple((x, _FACADE_Y - 0.02, z) for x, z in corners)
    return Target(name="shop window", surface=surface, reach=(sum(across) / 2, _FACADE_Y - 0.75))


SHOP_FRONT = Place(
    name="shop front",
    painter=shop_front,
    camera=Camera(width=320, height=240, height_m=4.8, pitch_deg=22.0, yaw_deg=4.0, fov_deg=68.0),
    quiet=(
        "People pass by the shop windows on the pavement.",
        "Pedestrians stroll along a row of shops.",
        "A quiet shopping street with shop windows and a few passers-by.",
        "Somebody looks at the display of a clothes shop.",
        "A customer enters a shop from the pavement.",
        "An ordinary day in front of a store, with people walking and a car going by.",
    ),
    walk=(
        ((-14.0, 8.8), (-4.0, 8.9), (4.0, 8.6), (16.0, 8.8)),
        ((16.0, 9.0), (4.0, 8.9), (-2.6, 10.0), (-14.0, 9.8)),
        ((-14.0, 10.8), (-5.6, 10.4), (-1.0, 10.6), (0.15, 12.3)),
        ((0.2, 12.3), (0.8, 10.4), (4.2, 8.8), (15.0, 8.8)),
        ((15.0, 8.8), (5.0, 8.8), (1.0, 9.8), (-5.6, 10.3), (-8.25, 12.3)),
        ((-8.25, 12.3), (-7.6, 11.0), (-2.0, 9.4), (5.0, 8.7), (16.0, 8.7)),
        ((-13.0, 8.8), (-4.0, 8.8), (0.4, 9.0), (2.4, 10.2), (4.8, 8.8), (15.0, 8.8)),
    ),
    drive=(((-16.0, _LANE_Y), (0.0, _LANE_Y - 0.1), (18.0, _LANE_Y)),),
    stand=((-2.2, 11.7), (2.6, 11.6), (-5.2, 10.9), (4.2, 8.5), (-0.4, 8.4)),
    clear=((-2.9, 8.2), (3.4, 8.2), (3.4, 11.3), (-2.9, 11.3)),
    no_entry=((5.1, 9.9), (7.8, 9.9), (7.8, 12.3), (5.1, 12.3)),
    targets=tuple(_pane(across) for across in _PANES),
    doors=((0.15, 12.3),),
    lamps=((-6.2, 9.0, 6.0), (7.4, 8.4, 6.0)),
)
