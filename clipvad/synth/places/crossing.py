"""A zebra crossing over a two-lane street between pavements, a row of town houses with shops behind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from clipvad.synth.places.facades import shop, storeys
from clipvad.synth.places.furniture import bollard, cone, litter_bin, street_lamp, tree
from clipvad.synth.places.place import Place, Target
from clipvad.synth.places.roadside import sign, traffic_light
from clipvad.synth.places.surfaces import Brush, Patch, asphalt, kerb, lay, line, marking, plain, rectangle, sky, slabs
from clipvad.synth.rendering.backdrop import SUPERSAMPLE, FloatImage, Painted, Prop
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Colour, Light
from clipvad.synth.rendering.planes import Span, View

_NEAR_KERB, _FAR_KERB = 9.0, 16.2
_CENTRE = (_NEAR_KERB + _FAR_KERB) / 2
_ZEBRA_X = (-2.6, 1.0)
_FACADE_Y = 20.6
_WORKS = ((3.2, 5.8), (6.7, 8.4))  # the dug-up part of the near pavement


@dataclass(frozen=True)
class _Finish:
    wall: Colour
    brick: bool
    frame: Colour  # of the shop's windows
    fascia: Colour


_HOUSES = (
    ((-40.0, -14.0), 10.2),
    ((-14.0, -6.4), 12.9),
    ((-6.4, 1.4), 10.2),
    ((1.4, 9.2), 13.3),
    ((9.2, 17.0), 10.4),
    ((17.0, 60.0), 12.9),
)
_FINISHES = (
    _Finish((176, 168, 152), False, (58, 64, 70), (66, 84, 104)),
    _Finish((156, 104, 84), True, (44, 66, 58), (40, 78, 62)),
    _Finish((212, 200, 172), False, (110, 62, 50), (140, 52, 44)),
    _Finish((168, 120, 96), True, (52, 54, 66), (208, 176, 84)),
    _Finish((188, 192, 190), False, (62, 72, 92), (52, 78, 122)),
    _Finish((196, 166, 146), False, (74, 66, 58), (88, 60, 74)),
    _Finish((142, 118, 100), True, (210, 206, 196), (196, 92, 40)),
)


def crossing(camera: Camera, light: Light, rng: np.random.Generator) -> Painted:
    """Painter of the place (see `clipvad.synth.places.paint`)."""
    brush = Brush(camera, rng)
    view = View(camera, background=sky(camera.rays(supersample=SUPERSAMPLE), brush.noise[3]))
    view.level(brush(_ground))
    for (across, height_m), k in zip(_HOUSES, rng.permutation(len(_FINISHES)), strict=False):
        front = brush(partial(_house, _FINISHES[k], across, height_m), shade=0.92)
        view.facing(front, y=_FACADE_Y, x=across, z=(0.0, height_m))
    return view.painted(_props(rng))


def _ground(p: Patch) -> FloatImage:
    out = asphalt(p)
    _markings(p, out)
    ahead = np.maximum(_NEAR_KERB - p.v, p.v - _FAR_KERB)  # metres into a pavement
    paving = slabs(p, size=(0.6, 0.4), colour=(166.0, 162.0, 154.0))
    tactile = rectangle(p, (_ZEBRA_X[0] + 0.1, _ZEBRA_X[1] - 0.1), (_NEAR_KERB - 1.0, _FAR_KERB + 1.0))
    lay(paving, slabs(p, size=(0.4, 0.4), colour=(186.0, 150.0, 112.0), vary=0.03), p, tactile)
    pit = rectangle(p, *_WORKS)
    lay(paving, plain(p, (128.0, 112.0, 92.0), rough=0.12, cell_m=0.3), p, pit + 0.05 * p.grain(1, 0.3))
    lay(paving, plain(p, (92.0, 78.0, 64.0), rough=0.14, cell_m=0.2), p, pit - 0.45 + 0.08 * p.grain(1, 0.4))
    lay(out, paving, p, ahead)
    kerb(out, p, ahead)
    cover = 0.34 - np.hypot(p.u - 4.6, p.v - 11.0)
    lay(out, plain(p, (84.0, 82.0, 80.0), rough=0.1, cell_m=0.1), p, cover)
    lay(out, (62.0, 62.0, 62.0), p, 0.03 - np.abs(cover))
    return out


def _markings(p: Patch, out: FloatImage) -> None:
    bars = np.abs(np.mod(p.v - _NEAR_KERB - 0.1, 1.0) - 0.5) - 0.24
    across = rectangle(p, _ZEBRA_X, (_NEAR_KERB + 0.3, _FAR_KERB - 0.3))
    marking(out, p, np.minimum(-bars, across), wear=0.22)
    dash = 1.0 - np.abs(np.mod(p.u, 3.6) - 1.8)
    beside = np.maximum(_ZEBRA_X[0] - 3.0 - p.u, p.u - _ZEBRA_X[1] - 3.0)
    marking(out, p, np.minimum(np.minimum(dash, beside), 0.07 - np.abs(p.v - _CENTRE)))
    for x, low, high in (
        (_ZEBRA_X[0] - 2.2, _NEAR_KERB + 0.2, _CENTRE),
        (_ZEBRA_X[1] + 2.2, _CENTRE, _FAR_KERB - 0.2),
    ):
        marking(out, p, line(p, (x, low), (x, high), 0.35))
    for y in (_NEAR_KERB + 0.35, _FAR_KERB - 0.35):
        marking(out, p, np.minimum(0.05 - np.abs(p.v - y), beside), colour=(206.0, 172.0, 70.0))


def _house(finish: _Finish, across: Span, height_m: float, p: Patch) -> FloatImage:
    local = p.moved(u=p.u - across[0])
    out = storeys(local, wall=finish.wall, height_m=height_m, brick=finish.brick)
    width = min(across[1] - across[0], 7.8)
    bay = local.moved(u=np.mod(local.u, width))
    shop(bay, out, (0.35, width - 0.35), frame=finish.frame, fascia=finish.fascia, door=(width - 2.4, width - 1.0))
    return out


def _props(rng: np.random.Generator) -> list[Prop]:
    left, right = _ZEBRA_X
    props = [tree(rng, at, size) for at, size in (((-8.4, 17.6), 1.0), ((7.4, 17.7), 1.05), ((14.2, 17.8), 1.1))]
    props += [
        traffic_light((left - 0.6, _NEAR_KERB - 0.5), facing=(-1.0, 0.0)),
        traffic_light((right + 0.5, _FAR_KERB + 0.5), facing=(0.8, -0.6)),
        street_lamp((-3.6, 16.9), reach=(0.0, -1.6)),
        street_lamp((11.0, 16.9), reach=(0.0, -1.6)),
        sign((3.4, 16.8), facing=(0.3, -0.95), shape="square", colour=(44.0, 84.0, 158.0)),
        litter_bin((5.0, 17.2)),
    ]
    props += [bollard((x, _FAR_KERB + 0.45)) for x in (-6.2, -4.9, 2.4, 8.9, 10.1)]
    (x0, x1), (y0, y1) = _WORKS
    props += [cone((x, y)) for x in (x0 - 0.3, (x0 + x1) / 2, x1 + 0.3) for y in (y0 - 0.3, y1 + 0.3)]
    return props


CROSSING = Place(
    name="crossing",
    painter=crossing,
    camera=Camera(width=320, height=240, height_m=5.2, pitch_deg=22.0, yaw_deg=9.0, fov_deg=68.0),
    quiet=(
        "People cross the street on the zebra crossing.",
        "Pedestrians walk over a crosswalk while cars pass on the road.",
        "A street with a pedestrian crossing, shops behind it and everyday traffic.",
        "Cars drive by and people walk along the pavement.",
        "An ordinary day at a zebra crossing in a town.",
        "Traffic and pedestrians move calmly on a city street.",
    ),
    walk=(
        ((-1.0, 3.6), (-0.8, 9.0), (-0.6, 16.4), (-2.2, 18.4), (-20.0, 18.8)),
        ((26.0, 18.6), (6.0, 18.6), (0.4, 17.2), (0.2, 9.0), (1.4, 3.4)),
        ((-14.0, 18.9), (-3.4, 18.2), (-1.8, 16.6), (-1.6, 8.8), (-3.6, 3.6)),
        ((-20.0, 18.3), (0.0, 19.2), (10.0, 18.9), (28.0, 19.1)),
        ((28.0, 19.4), (12.0, 19.4), (0.0, 19.5), (-20.0, 19.2)),
        ((-5.6, 5.3), (-1.8, 5.4), (2.4, 5.2), (9.4, 5.2)),
        ((10.4, 5.2), (2.2, 5.2), (0.4, 8.0), (0.2, 16.4), (-0.3, 20.2)),
        ((7.5, 20.2), (3.6, 18.6), (-1.0, 17.4), (-1.2, 9.0), (-7.6, 6.4)),
    ),
    drive=(
        ((-20.0, 10.9), (0.0, 10.8), (22.0, 10.9)),
        ((34.0, 14.4), (6.0, 14.4), (-24.0, 14.5)),
    ),
    stand=((1.6, 8.3), (-1.8, 8.4), (0.2, 17.4), (-3.2, 7.4), (-5.2, 19.0), (3.4, 19.4)),
    clear=((-2.6, 5.7), (1.8, 5.7), (1.8, 8.8), (-2.6, 8.8)),
    no_entry=((3.2, 6.7), (5.8, 6.7), (5.8, 8.4), (3.2, 8.4)),
    targets=(
        Target(
            name="shop window",
            surface=tuple(
                (x, _FACADE_Y - 0.02, z) for x, z in ((-5.8, 0.45), (-4.3, 0.45), (-4.3, 2.55), (-5.8, 2.55))
            ),
            reach=(-5.0, 19.9),
        ),
    ),
    doors=((-0.3, 20.3), (7.5, 20.3)),
    lamps=((-3.6, 15.3, 6.0), (11.0, 15.3, 6.0), (-2.0, 4.6, 6.0)),
)
