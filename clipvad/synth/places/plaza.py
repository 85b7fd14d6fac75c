"""A paved square with a fountain, trees in tubs, benches and a flower bed, closed by buildings with an arcade."""

from __future__ import annotations

from functools import partial

import numpy as np

from clipvad.synth.places.facades import arcade, storeys
from clipvad.synth.places.fountain import fountain
from clipvad.synth.places.frontage import parasol, showcase
from clipvad.synth.places.furniture import bench, fence, lamp, litter_bin, tub_tree
from clipvad.synth.places.place import Place, Target
from clipvad.synth.places.surfaces import Brush, Patch, flowers, lay, plain, rectangle, sky, slabs
from clipvad.synth.rendering.backdrop import SUPERSAMPLE, FloatImage, Painted, Prop
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Colour, Light
from clipvad.synth.rendering.planes import View

_FOUNTAIN = (-3.4, 18.2)
_BED = ((-7.6, 9.8), (-4.8, 13.2))  # corners of the flower bed
_BACK_Y, _SIDE_X = 29.0, -15.5
_CASE = (7.2, 14.6)  # a glazed poster case
_WALLS: tuple[Colour, ...] = ((206, 190, 158), (190, 158, 134), (198, 196, 186), (206, 176, 128), (172, 148, 138))
_CLOTHS: tuple[Colour, ...] = ((196, 60, 52), (226, 218, 198), (58, 96, 74), (52, 82, 128), (214, 172, 74))


def plaza(camera: Camera, light: Light, rng: np.random.Generator) -> Painted:
    """Painter of the place (see `clipvad.synth.places.paint`)."""
    brush = Brush(camera, rng)
    view = View(camera, background=sky(camera.rays(supersample=SUPERSAMPLE), brush.noise[3]))
    hall, wing = (_WALLS[k] for k in rng.permutation(len(_WALLS))[:2])
    view.level(brush(_ground))
    view.facing(brush(partial(_hall, hall), shade=0.92), y=_BACK_Y, x=(_SIDE_X, 60.0), z=(0.0, 12.4))
    view.side(brush(partial(_wing, wing), shade=0.78), x=_SIDE_X, y=(-10.0, _BACK_Y), z=(0.0, 10.9))
    return view.painted(_props(rng))


def _ground(p: Patch) -> FloatImage:
    out = slabs(p, size=(0.9, 0.6), colour=(186.0, 178.0, 164.0))
    dark = slabs(p, size=(0.45, 0.45), colour=(142.0, 132.0, 124.0), vary=0.06)
    for along, start in ((p.u, 0.9), (p.v, 1.4)):
        lay(out, dark, p, 0.3 - np.abs(np.mod(along - start, 5.4) - 2.7))
    away = np.hypot(p.u - _FOUNTAIN[0], p.v - _FOUNTAIN[1])
    angle = np.arctan2(p.v - _FOUNTAIN[1], p.u - _FOUNTAIN[0])
    ring = slabs(p.moved(u=angle * 3.6, v=away), size=(0.5, 0.4), colour=(168.0, 150.0, 134.0), vary=0.06)
    lay(out, ring, p, 4.2 - away)
    lay(out, dark, p, 0.2 - np.abs(away - 4.2))
    (x0, y0), (x1, y1) = _BED
    bed = rectangle(p, (x0 - 0.1, x1 + 0.1), (y0 - 0.1, y1 + 0.1))
    lay(out, plain(p, (170.0, 166.0, 158.0), rough=0.06), p, bed + 0.2)
    lay(out, flowers(p), p, bed)
    return out


def _hall(wall: Colour, p: Patch) -> FloatImage:
    out = storeys(p, wall=wall, height_m=12.4, first_m=4.6, bay_m=3.6)
    arcade(p, out, bay_m=3.6, high=3.9, stone=(196.0, 186.0, 168.0))
    return out


def _wing(wall: Colour, p: Patch) -> FloatImage:
    out = storeys(p, wall=wall, height_m=10.9, first_m=4.4, bay_m=3.4)
    arcade(p, out, bay_m=3.4, high=3.8, stone=(188.0, 180.0, 166.0))
    return out


def _props(rng: np.random.Generator) -> list[Prop]:
    props = [fountain(rng, _FOUNTAIN)]
    props += [tub_tree(rng, at, 1.15) for at in ((7.6, 10.6), (7.8, 18.2), (8.0, 22.2), (-10.8, 15.0), (-11.2, 24.8))]
    (x0, y0), (x1, y1) = _BED
    corners = [(x0 - 0.3, y0 - 0.3), (x1 + 0.3, y0 - 0.3), (x1 + 0.3, y1 + 0.3), (x0 - 0.3, y1 + 0.3)]
    for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
        props += fence(a, b, height_m=0.35, colour=(58, 72, 62))
    props += [bench((3.0, 20.4)), bench((5.4, 20.4)), litter_bin((6.8, 20.2)), showcase(_CASE)]
    props += [lamp((-7.0, 14.2)), lamp((4.2, 21.0)), lamp((11.0, 15.5))]
    cloths = (_CLOTHS[k] for k in rng.integers(len(_CLOTHS), size=3))
    props += [parasol((x, 25.6), colour=colour) for x, colour in zip((-2.4, 4.0, 7.2), cloths, strict=True)]
    return props


PLAZA = Place(
    name="plaza",
    painter=plaza,
    camera=Camera(width=320, height=240, height_m=5.6, pitch_deg=21.0, yaw_deg=-3.0, fov_deg=66.0),
    quiet=(
        "People walk across a paved square.",
        "A plaza with a fountain and trees in tubs, a few passers-by.",
        "Pedestrians stroll over a town square in front of an arcade.",
        "An open square on an ordinary day.",
        "Some people stand and talk on a plaza while others walk by.",
        "A public square with benches and a fountain; everything is calm.",
    ),
    walk=(
        ((-14.0, 8.4), (-3.0, 8.2), (3.0, 11.0), (14.0, 15.0)),
        ((13.0, 12.4), (4.0, 12.6), (-1.0, 14.4), (-6.8, 16.0), (-15.0, 19.6)),
        ((1.0, 3.6), (1.2, 9.0), (0.9, 17.0), (0.9, 23.4), (1.8, 28.4)),
        ((-1.8, 28.4), (-0.1, 26.4), (0.6, 22.0), (0.8, 14.0), (-1.6, 8.0), (-2.2, 3.6)),
        ((14.0, 9.0), (5.6, 9.2), (0.0, 8.0), (-7.0, 6.8), (-13.0, 6.8)),
        ((-15.0, 21.0), (-9.0, 23.2), (-4.0, 23.6), (3.6, 23.6), (9.0, 24.0), (22.0, 22.0)),
        ((16.0, 23.6), (10.4, 21.0), (9.4, 17.4), (9.2, 13.4), (5.0, 10.6), (5.6, 3.6)),
        ((-5.2, 28.4), (-8.6, 22.4), (-5.6, 15.2), (-3.2, 14.4), (-2.8, 8.0), (-1.0, 3.6)),
    ),
    stand=((-0.4, 15.2), (5.6, 13.4), (-3.4, 10.8), (3.8, 19.4), (0.2, 17.8), (6.2, 12.0)),
    clear=((-2.6, 7.4), (4.6, 7.4), (4.6, 13.6), (-2.6, 13.6)),
    no_entry=((-7.5, 9.9), (-4.9, 9.9), (-4.9, 13.1), (-7.5, 13.1)),
    targets=(
        Target(
            name="poster case",
            surface=tuple(
                (_CASE[0] + x, _CASE[1] - 0.1, z) for x, z in ((-0.6, 0.6), (0.6, 0.6), (0.6, 2.3), (-0.6, 2.3))
            ),
            reach=(_CASE[0], _CASE[1] - 0.8),
        ),
    ),
    doors=((-15.0, 21.0), (1.8, 28.4), (-1.8, 28.4), (5.4, 28.4), (-5.2, 28.4)),
    lamps=((-6.25, 14.0, 4.3), (4.95, 20.8, 4.3), (11.75, 15.3, 4.3), (1.5, 4.0, 6.5)),
)
