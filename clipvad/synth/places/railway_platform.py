"""A railway platform seen along its length: brick wall with an exit on the left, two tracks and a platform opposite."""

from __future__ import annotations

import numpy as np

from clipvad.synth.places.facades import storeys
from clipvad.synth.places.frontage import showcase
from clipvad.synth.places.furniture import litter_bin, street_lamp, tree
from clipvad.synth.places.place import Place, Target
from clipvad.synth.places.station import bench, glass_shelter, name_board, pillar, vending_machine
from clipvad.synth.places.surfaces import (
    Brush,
    Patch,
    bays,
    bricks,
    glass,
    lay,
    plain,
    rectangle,
    sky,
    slabs,
    tinted,
    tone,
)
from clipvad.synth.rendering.backdrop import FloatImage, Painted, Prop
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Light
from clipvad.synth.rendering.planes import View

_WALL, _EDGE, _OPPOSITE, _FAR_WALL = -4.4, 3.0, 9.8, 13.8  # x of what runs along the track
_BED = -0.48  # height of the ballast
_TRACKS = (4.6, 8.2)  # x of their middles
_EXIT = (10.2, 12.4)  # along the wall: a passage to the street
_LIFT = ((-4.4, -1.6), (25.0, 28.0))  # the lift's tower closes the platform at its far end
_TRAIN = ((6.8, 9.6), 27.0)
_TIMETABLE = (-3.1, 13.3)
_CAMERA = Camera(width=320, height=240, height_m=4.2, x_m=-1.6, yaw_deg=15, pitch_deg=20, fov_deg=64)


def railway_platform(camera: Camera, light: Light, rng: np.random.Generator) -> Painted:
    """Painter of the place (see `places.paint`)."""
    brush = Brush(camera, rng)
    view = View(camera, background=(0.0, 0.0, 0.0))
    view.image[:] = sky(view.rays, brush.noise[3])
    view.level(brush(_paved), x=(-9.0, _EDGE))
    view.level(brush(_ballast), z=_BED, x=(_EDGE, _OPPOSITE))
    view.level(brush(_far_paved), x=(_OPPOSITE, _FAR_WALL))
    view.side(brush(lambda p: plain(p, (120, 116, 110), rough=0.08)), x=_OPPOSITE, z=(_BED, 0.0))
    view.side(brush(_far_wall, shade=0.92), x=_FAR_WALL, y=(-5.0, 75.0), z=(0.0, 2.9))
    _paint_wall(view, brush)
    _paint_train(view, brush)
    (left, right), (front, back) = _LIFT
    view.facing(brush(_tower, shade=0.86), y=front, x=(left, right), z=(0.0, 4.4))
    view.side(brush(_tower, shade=0.66), x=right, y=(front, back), z=(0.0, 4.4))
    view.facing(brush(_footbridge, shade=0.8), y=40.0, x=(-9.0, 22.0), z=(4.2, 6.0))
    town = brush(lambda p: storeys(p, wall=(176, 160, 146), height_m=11.0), shade=0.95)
    view.facing(town, y=95.0, x=(-60.0, 4.0), z=(0.0, 11.0))
    return view.painted(_props(view, rng))


def _paint_wall(view: View, brush: Brush) -> None:
    """The station's wall with its passage: the wall is cut out there, and a darker corridor lies behind."""
    wall = brush(_wall, shade=1.05)
    for y, z in (((-5.0, _EXIT[0]), (0.0, 3.8)), (_EXIT, (2.5, 3.8)), ((_EXIT[1], 34.0), (0.0, 3.8))):
        view.side(wall, x=_WALL, y=y, z=z)
    tiled = brush(lambda p: slabs(p, size=(0.3, 0.15), colour=(196, 198, 190)), shade=0.55)
    view.facing(tiled, y=_EXIT[1], x=(-9.0, _WALL), z=(0.0, 2.5))
    view.side(tiled, x=-9.0, y=_EXIT, z=(0.0, 2.5))


def _paint_train(view: View, brush: Brush) -> None:
    """A train that stands on the far track, a good way off."""
    (left, right), nose = _TRAIN
    view.side(brush(_coach, shade=0.80), x=left, y=(nose, 85.0), z=(_BED + 0.2, 3.5))
    view.facing(brush(_nose, shade=0.84), y=nose, x=(left, right), z=(_BED + 0.2, 3.5))


def _paved(p: Patch) -> FloatImage:
    """Platform: slabs, the blistered warning strip, the yellow line, and the white coping at the edge."""
    out = slabs(p, size=(0.6, 0.6), colour=(158, 156, 152), vary=0.03)
    worn = np.exp(-(((p.u - 0.4) / 1.6) ** 2))  # where most people walk
    out *= (1 - 0.07 * worn - 0.06 * np.clip(p.grain(3, 1.7), 0, 2))[..., None]
    out *= (0.80 + 0.20 * np.clip((p.u - _WALL) / 0.7, 0, 1))[..., None]
    blisters = np.sin(p.u * 2 * np.pi / 0.067) * np.sin(p.v * 2 * np.pi / 0.067) * np.clip(0.03 / p.pixel, 0, 1)
    strip = tinted(
        (198, 162, 66), 1 + 0.10 * blisters + 0.06 * p.grain(1, 0.4) + 0.04 * tone(p.u * 0, np.floor(p.v / 0.4))
    )
    lay(out, strip, p, np.minimum(p.u - 1.45, 1.95 - p.u))
    lay(out, plain(p, (226, 196, 58), rough=0.06), p, np.minimum(p.u - 2.28, 2.42 - p.u))
    coping = slabs(p, size=(3.0, 1.0), colour=(190, 188, 182), vary=0.03)
    lay(out, coping, p, p.u - 2.5)
    lay(out, (232, 230, 222), p, p.u - _EDGE + 0.12)
    lay(out, (90, 92, 94), p, rectangle(p, (_WALL - 0.2, _WALL + 0.35), _EXIT))
    corridor = np.clip((_WALL - p.u) / 0.5, 0, 1)[..., None]
    return np.asarray(out * (1 - 0.45 * corridor), dtype=np.float32)


def _far_paved(p: Patch) -> FloatImage:
    out = slabs(p, size=(0.6, 0.6), colour=(160, 158, 152), vary=0.03)
    lay(out, (226, 196, 58), p, np.minimum(p.u - _OPPOSITE - 0.55, _OPPOSITE + 0.7 - p.u))
    lay(out, (224, 222, 214), p, _OPPOSITE + 0.14 - p.u)
    return out


def _ballast(p: Patch) -> FloatImage:
    """Stones, sleepers and two rails a track, dark with oil between them; our platform's edge keeps the sun off."""
    stones = 0.20 * p.grain(0, 0.035) + 0.12 * p.grain(1, 0.10) + 0.07 * p.grain(2, 1.4)
    out = tinted((124, 116, 106), 1 + stones)
    for middle in _TRACKS:
        aside = np.abs(p.u - middle)
        out *= (1 - 0.22 * np.exp(-((aside / 0.8) ** 4)))[..., None]
        pitch = np.abs(np.mod(p.v, 0.65) - 0.325)
        sleeper = plain(p, (152, 146, 136), rough=0.08, cell_m=0.3)
        fade = np.minimum(0.13 - pitch, 1.25 - aside)
        lay(out, sleeper, p, fade)
        for rail in (middle - 0.7525, middle + 0.7525):
            across = np.abs(p.u - rail)
            lay(out, (58, 46, 40), p, 0.10 - across)
            lay(out, (112, 92, 78), p, 0.065 - np.abs(p.u - rail - 0.03))
            lay(out, (208, 208, 206), p, 0.032 - np.abs(p.u - rail + 0.012))
    shade = np.clip((p.u - _EDGE) / 0.55, 0, 1)[..., None]
    return np.asarray(out * (0.45 + 0.55 * shade), dtype=np.float32)


def _wall(p: Patch) -> FloatImage:
    """Brick over a rendered base, posters between the pilasters, a coloured band under the eaves."""
    out = bricks(p, colour=(158, 112, 92))
    lay(out, plain(p, (164, 160, 152)), p, 0.95 - p.v)
    bay = bays(p, 3.6, start=2.0)
    lay(out, tuple(0.8 * c for c in (158, 112, 92)), p, np.minimum(np.minimum(bay.u, 0.4 - bay.u), p.v - 0.95))
    number = np.floor((p.u - 2.0) / 3.6)
    palette = np.array([[190, 62, 54], [54, 110, 168], [236, 206, 92], [74, 148, 110], [222, 222, 216], [130, 84, 150]])
    poster = palette[np.mod(number * 5 + 1, 6).astype(int)]
    lay(out, (60, 60, 62), p, rectangle(bay, (1.0, 3.0), (1.15, 2.55)))
    lay(out, np.asarray(poster, np.float32), p, rectangle(bay, (1.07, 2.93), (1.22, 2.48)))
    lay(out, np.asarray(poster * 0.5 + 110, np.float32), p, rectangle(bay, (1.25, 2.2), (1.5, 2.3)))
    lay(out, (240, 238, 230), p, rectangle(bay, (1.25, 2.7), (1.3, 1.42)))
    lay(out, (46, 66, 98), p, np.minimum(p.v - 3.0, 3.4 - p.v))
    lay(out, (70, 72, 76), p, rectangle(p, (_EXIT[0] - 0.15, _EXIT[1] + 0.15), (0.0, 2.65)))
    lay(out, (40, 120, 70), p, rectangle(p, (_EXIT[0] + 0.5, _EXIT[1] - 0.5), (2.75, 2.98)))
    return out


def _far_wall(p: Patch) -> FloatImage:
    out = plain(p, (176, 170, 158), rough=0.06, cell_m=1.2)
    bay = bays(p, 5.0)
    number = np.floor(p.u / 5.0)
    palette = np.array([[206, 70, 58], [60, 116, 172], [236, 200, 90], [236, 236, 230]])
    lay(
        out,
        np.asarray(palette[np.mod(number * 3, 4).astype(int)], np.float32),
        p,
        rectangle(bay, (0.8, 3.6), (0.9, 2.3)),
    )
    lay(out, (244, 242, 236), p, rectangle(bay, (1.1, 2.2), (1.2, 1.9)))
    lay(out, (120, 118, 112), p, p.v - 2.75)
    return out


def _coach(p: Patch) -> FloatImage:
    """Sides of the coaches: a band of windows, doors in another colour."""
    out = plain(p, (206, 208, 208), rough=0.02)
    lay(out, (176, 44, 42), p, np.minimum(p.v - 0.2, 0.75 - p.v))
    lay(out, (46, 48, 52), p, 0.1 - p.v)
    bay = bays(p, 2.3)
    lay(out, glass(p, low=1.2, high=2.3), p, rectangle(bay, (0.15, 2.15), (1.2, 2.3)))
    door = bays(p, 9.2, start=27.0)
    lay(out, (150, 34, 34), p, rectangle(door, (1.5, 3.0), (0.1, 2.6)))
    lay(out, (60, 66, 72), p, rectangle(door, (1.7, 2.8), (1.2, 2.3)))
    lay(out, (150, 152, 154), p, p.v - 3.1)
    return out


def _nose(p: Patch) -> FloatImage:
    out = plain(p, (214, 180, 52), rough=0.02)
    (left, right), _ = _TRAIN
    lay(out, (38, 44, 50), p, rectangle(p, (left + 0.25, right - 0.25), (1.35, 2.6)))
    lay(out, (44, 44, 48), p, 0.2 - p.v)
    lay(out, (150, 152, 154), p, p.v - 3.0)
    for x in (left + 0.45, right - 0.45):
        lay(out, (255, 252, 232), p, 0.17 - np.hypot(p.u - x, p.v - 0.75))
    return out


def _tower(p: Patch) -> FloatImage:
    """The lift: steel frame with glass, a plain base, a blue sign."""
    out = plain(p, (138, 142, 146), rough=0.03)
    pane = bays(p, 0.93, start=0.14)
    lay(out, glass(p, low=0.4, high=4.0), p, rectangle(pane, (0.07, 0.86), (0.35, 2.3)))
    lay(out, glass(p, low=0.4, high=4.0), p, rectangle(pane, (0.07, 0.86), (2.5, 3.6)))
    lay(out, (36, 84, 150), p, p.v - 3.75)
    return out


def _footbridge(p: Patch) -> FloatImage:
    out = plain(p, (116, 124, 122), rough=0.03)
    post = np.mod(p.u, 0.5)
    lay(out, (196, 208, 216), p, np.minimum(np.minimum(post - 0.06, 0.44 - post), np.minimum(p.v - 4.7, 5.85 - p.v)))
    return out


def _props(view: View, rng: np.random.Generator) -> list[Prop]:
    props = view.hiding((_WALL, 1.0), (_WALL, _EXIT[0]), z=(0.0, 3.8))
    (left, right), (front, back) = _LIFT
    props += view.hiding((left, front), (right, front), z=(0.0, 4.4))
    props += view.hiding((right, front), (right, back), z=(0.0, 4.4))
    props += view.hiding((_TRAIN[0][0], _TRAIN[1]), (_TRAIN[0][1], _TRAIN[1]), z=(_BED, 3.5))
    props += [pillar((-2.7, y), height_m=3.4) for y in (17.0, 21.5)]
    props += [bench((-3.8, 8.4)), bench((-3.7, 15.8)), bench((-3.7, 20.2)), vending_machine((-4.0, 6.6))]
    props += [name_board((-2.9, 15.6)), litter_bin((-2.6, 15.0)), showcase(_TIMETABLE), glass_shelter((12.6, 17.0))]
    props += [
        street_lamp((x, y), reach=(reach, 0.0), height_m=4.8)
        for x, reach in ((-2.0, 1.7), (12.0, -1.2))
        for y in (14.6, 24.0, 33.0)
    ]
    props += view.hiding((_FAR_WALL, 12.0), (_FAR_WALL, 52.0), z=(0.0, 2.9), margin_m=1.5)
    props += [tree(rng, at, size) for at, size in (((17.0, 26.0), 1.8), ((18.0, 42.0), 2.0))]
    return props


PLATFORM = Place(
    name="platform",
    painter=railway_platform,
    camera=_CAMERA,
    quiet=(
        "People wait on a railway platform.",
        "Passengers walk along the platform behind the yellow line.",
        "A train station: travellers stand and walk on the platform.",
        "Commuters on a platform beside empty tracks.",
        "An ordinary moment at a railway station.",
        "Travellers keep back from the platform edge while they wait for a train.",
    ),
    walk=(
        ((-7.5, 11.3), (-4.2, 11.3), (-1.6, 11.6), (0.3, 15.0), (0.4, 22.0), (-0.7, 29.0), (-3.2, 29.4)),
        ((0.9, -0.6), (0.9, 6.0), (0.5, 12.0), (0.7, 20.0), (-0.2, 26.0), (-1.0, 29.0), (-3.2, 29.4)),
        ((-3.2, 29.8), (-0.8, 29.4), (0.9, 23.0), (0.2, 16.0), (-1.6, 9.0), (-2.2, 4.0), (-2.2, -0.6)),
        ((-7.5, 11.6), (-4.2, 11.5), (-1.8, 9.8), (0.6, 6.0), (0.6, -0.6)),
        ((-0.6, -0.6), (-0.8, 5.0), (-1.9, 9.6), (-4.2, 11.1), (-7.5, 11.0)),
        ((11.4, 8.0), (11.2, 18.0), (11.4, 26.0), (11.4, 36.0)),
        ((10.9, 36.0), (11.0, 27.0), (10.8, 15.0), (10.8, 8.0)),
    ),
    stand=((0.9, 7.6), (0.6, 11.4), (0.8, 15.4), (-1.8, 12.8), (-2.5, 7.2), (-1.2, 17.2), (11.3, 15.0), (0.4, 19.0)),
    clear=((-2.4, 5.8), (1.1, 5.8), (1.1, 10.2), (-2.4, 10.2)),
    no_entry=((3.4, 8.0), (5.6, 9.6), (9.4, 15.5), (9.4, 25.0), (3.4, 25.0)),
    targets=(
        Target(
            name="timetable",
            surface=tuple(
                (_TIMETABLE[0] + x, _TIMETABLE[1] - 0.1, z)
                for x, z in ((-0.6, 0.6), (0.6, 0.6), (0.6, 2.3), (-0.6, 2.3))
            ),
            reach=(_TIMETABLE[0] + 0.5, _TIMETABLE[1] - 0.8),
        ),
    ),
    doors=((_WALL, 11.3),),
    lamps=(
        (-0.3, 4.0, 4.8),
        (-0.3, 14.6, 4.8),
        (-0.3, 24.0, 4.8),
        (10.8, 14.6, 4.8),
        (10.8, 24.0, 4.8),
        (-3.6, 11.3, 2.6),
    ),
)
