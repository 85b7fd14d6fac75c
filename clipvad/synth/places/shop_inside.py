"""Inside a small shop: aisles between shelves, a counter on the left, the street behind the door at the back."""

from __future__ import annotations

import numpy as np

from clipvad.synth.places.place import Place, Target
from clipvad.synth.places.shelving import cabinet, counter, shelf_row, till
from clipvad.synth.places.surfaces import YELLOW, Brush, Patch, bays, lay, plain, rectangle, slabs, tinted, tone
from clipvad.synth.rendering.backdrop import FloatImage, Painted, Prop
from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.parts import Light
from clipvad.synth.rendering.planes import View

_LEFT, _RIGHT, _BACK, _CEILING = -5.6, 4.8, 11.6, 3.8
_DOOR = ((-1.9, 0.1), (0.0, 2.3))  # across, up
_WINDOW = ((-5.0, -2.4), (0.7, 2.4))
_COOLERS = ((0.6, 4.3), (0.1, 2.1))
_STAFF = ((-4.9, 6.6), (-3.1, 6.6), (-3.1, 10.6), (-4.9, 10.6))
_HIDDEN = ((-2.42, 13.0), (0.8, 13.0))  # on the pavement, behind the wall on either side of the door
_CABINET = ((1.65, 2.55), (3.4, 4.15))
_LAMP_PITCH = (2.6, 2.8)
_CAMERA = Camera(width=320, height=240, height_m=2.9, pitch_deg=25, fov_deg=76)


def shop_inside(camera: Camera, light: Light, rng: np.random.Generator) -> Painted:
    """Painter of the place (see `places.paint`)."""
    brush = Brush(camera, rng)
    view = View(camera, background=(244, 246, 248))
    inside = (_LEFT, _RIGHT)
    view.level(brush(lambda p: _floor(p, camera)), x=inside, y=(-2.0, _BACK))
    view.level(brush(_ceiling), z=_CEILING, x=inside, y=(-2.0, _BACK))
    view.side(brush(_wall, shade=0.80), x=_LEFT, y=(-2.0, _BACK), z=(0, _CEILING))
    view.side(brush(_wall, shade=0.84), x=_RIGHT, y=(-2.0, _BACK), z=(0, _CEILING))
    for x, z in _wall_pieces():
        view.facing(brush(_back), y=_BACK, x=x, z=z)
    view.level(brush(_street), y=(_BACK, 60.0))
    view.facing(brush(_opposite), y=24.0, z=(0.0, 9.0))
    return view.painted(_props(view, rng))


def _wall_pieces() -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The back wall as rectangles (across, up) around its door and its window."""
    (door_l, door_r), (_, door_top) = _DOOR
    (win_l, win_r), (sill, win_top) = _WINDOW
    return [
        ((_LEFT, win_l), (0.0, _CEILING)),
        ((win_l, win_r), (0.0, sill)),
        ((win_l, win_r), (win_top, _CEILING)),
        ((win_r, door_l), (0.0, _CEILING)),
        ((door_l, door_r), (door_top, _CEILING)),
        ((door_r, _RIGHT), (0.0, _CEILING)),
    ]


def _floor(p: Patch, camera: Camera) -> FloatImage:
    """Pale tiles, darker along the walls, with the ceiling's lamps mirrored in them."""
    size = 0.6
    column, row = np.floor(p.u / size), np.floor(p.v / size)
    gap = np.minimum(np.mod(p.u, size), np.mod(p.v, size))
    joint = np.clip(1 - gap / 0.02, 0, 1) * np.clip(0.012 / p.pixel, 0, 1)
    value = 1 + 0.03 * tone(column, row) + 0.03 * p.grain(2, 1.1) + 0.02 * p.grain(1, 0.15) - 0.25 * joint
    out = tinted((184, 180, 170), value)
    walls = np.minimum(np.minimum(p.u - _LEFT, _RIGHT - p.u), _BACK - p.v)
    out *= (0.72 + 0.28 * np.clip(walls / 0.9, 0, 1))[..., None]
    # Where the mirrored ray meets the ceiling; the polish is uneven, so the lamps come back soft.
    up = _CEILING / camera.height_m
    u, v = p.u + (p.u - camera.x_m) * up, p.v + p.v * up
    out += (34 * _lamps(u, v, soft=0.5) * (1 + 0.25 * p.grain(2, 0.5)))[..., None]
    staff = rectangle(p, (_STAFF[0][0], _STAFF[1][0]), (_STAFF[0][1], _STAFF[2][1]))
    lay(out, plain(p, (116, 122, 130), rough=0.03), p, staff)
    lay(out, YELLOW, p, np.minimum(staff, 0.14 - staff))
    lay(out, (88, 84, 82), p, rectangle(p, (-1.8, 0.0), (10.3, 11.4)))
    daylight = np.exp(-(((p.u + 0.9) / 1.1) ** 2)) * np.clip(1 - (_BACK - p.v) / 4.0, 0, 1)
    return np.asarray(out + (46 * daylight)[..., None] * [0.92, 0.97, 1.0], dtype=np.float32)


def _lamps(x: Array, y: Array, *, soft: float) -> Array:
    """How much of a lamp panel is at a place of the ceiling, 0-1; `soft` is the blur in metres."""
    dx = np.abs(np.mod(x + 0.3, _LAMP_PITCH[0]) - _LAMP_PITCH[0] / 2) - 0.30
    dy = np.abs(np.mod(y + 0.2, _LAMP_PITCH[1]) - _LAMP_PITCH[1] / 2) - 0.60
    return np.asarray(np.clip(0.5 - dx / soft, 0, 1) * np.clip(0.5 - dy / soft, 0, 1))


def _ceiling(p: Patch) -> FloatImage:
    size = 0.6
    gap = np.minimum(np.mod(p.u, size), np.mod(p.v, size))
    grid = np.clip(1 - gap / 0.03, 0, 1) * np.clip(0.02 / p.pixel, 0, 1)
    out = tinted((188, 188, 184), 1 - 0.18 * grid + 0.015 * p.grain(1, 0.2))
    glow = _lamps(p.u, p.v, soft=1.4)[..., None] * 18
    return np.asarray(out + glow + _lamps(p.u, p.v, soft=0.05)[..., None] * 90, dtype=np.float32)


def _wall(p: Patch) -> FloatImage:
    """Painted plaster with a coloured band and a dark skirting."""
    out = plain(p, (214, 210, 198), rough=0.02)
    lay(out, (52, 112, 150), p, np.minimum(p.v - 2.35, 2.75 - p.v))
    number, bay = np.floor(p.u / 2.6), bays(p, 2.6)
    palette = np.array([[206, 62, 50], [236, 200, 76], [84, 148, 92], [230, 226, 216]])
    lay(out, palette[np.mod(number * 3, 4).astype(int)].astype(np.float32), p, rectangle(bay, (0.5, 1.9), (2.86, 3.46)))
    lay(out, (246, 244, 236), p, rectangle(bay, (0.7, 1.4), (3.02, 3.3)))
    lay(out, (96, 92, 90), p, 0.12 - p.v)
    # Light from the ceiling falls off towards the floor.
    return np.asarray(out * (0.82 + 0.18 * np.clip(p.v / 2.2, 0, 1))[..., None], dtype=np.float32)


def _back(p: Patch) -> FloatImage:
    """The wall around the entrance, with glass-door coolers to its right and posters."""
    out = _wall(p) * np.float32(0.9)
    lay(out, (70, 72, 76), p, rectangle(p, (-2.0, 0.2), (0.0, 2.4)))
    lay(out, (66, 170, 96), p, rectangle(p, (-1.25, -0.55), (2.5, 2.75)))
    lay(out, (58, 60, 64), p, rectangle(p, (_COOLERS[0][0] - 0.06, _COOLERS[0][1] + 0.06), (0.0, 2.22)))
    lay(out, _chilled(bays(p, 0.74, start=_COOLERS[0][0])), p, rectangle(p, *_COOLERS))
    lay(out, (204, 52, 44), p, rectangle(p, (0.6, 4.3), (2.2, 2.5)))
    lay(out, (238, 222, 90), p, rectangle(p, (0.8, 2.2), (2.27, 2.43)))
    return out


def _chilled(p: Patch) -> FloatImage:
    """One bay of a cooler: rows of bottles behind a lit pane."""
    shelf = np.floor(p.v / 0.4)
    bottle = np.floor(p.u / 0.09)
    palette = np.array([[206, 66, 50], [88, 168, 92], [236, 196, 80], [196, 216, 228], [70, 110, 186], [222, 130, 60]])
    kind = palette[np.mod(np.floor(bottle / 2) * 5 + shelf * 2 + np.floor(p.u * 0), 6).astype(int)]
    height = np.mod(p.v, 0.4)
    full = (height < 0.28) & (height > 0.03) & (np.mod(p.u, 0.09) > 0.02)
    out = np.where(full[..., None], kind, np.array([206.0, 214.0, 216.0]))
    out = np.where(((height < 0.2) & (height > 0.12) & full)[..., None], 0.5 * out + 120, out)
    frame = np.minimum(p.u, 0.74 - p.u) < 0.035
    return np.asarray(np.where(frame[..., None], np.array([64.0, 66.0, 70.0]), out), dtype=np.float32)


def _street(p: Patch) -> FloatImage:
    """Pavement and road in daylight, as bright as a camera set for the room sees them."""
    out = slabs(p, size=(0.6, 0.6), colour=(236, 234, 228), vary=0.03)
    lay(out, plain(p, (176, 178, 182)), p, p.v - 14.6)
    return out


def _opposite(p: Patch) -> FloatImage:
    """A light facade across the street."""
    out = plain(p, (226, 220, 210))
    bay = bays(p, 2.4, start=0.4)
    lay(out, (150, 162, 172), p, rectangle(bay, (0.5, 1.9), (0.4, 2.4)))
    return out


def _props(view: View, rng: np.random.Generator) -> list[Prop]:
    props = [p for x in (_LEFT, _RIGHT) for p in view.hiding((x, 0.5), (x, _BACK), z=(0.0, _CEILING), margin_m=1.2)]
    for x, z in _wall_pieces():
        props += view.hiding((x[0], _BACK), (x[1], _BACK), z=z)
    props += shelf_row(rng, (2.1, 9.0), (2.1, 4.2), depth_m=0.45, height_m=1.45, double=True)
    props += shelf_row(rng, (_RIGHT, 1.2), (_RIGHT, 11.0), depth_m=0.45, height_m=2.0, levels=5)
    props += counter((-3.7, -3.0), (3.2, 6.2))
    props += shelf_row(rng, (_LEFT, 2.6), (_LEFT, 10.4), depth_m=0.35, height_m=2.0, levels=5)
    props += [till((-3.35, 4.2)), till((-3.35, 5.6)), cabinet(rng, _CABINET[0], _CABINET[1])]
    return props


SHOP_INSIDE = Place(
    name="shop inside",
    painter=shop_inside,
    camera=_CAMERA,
    indoor=True,
    quiet=(
        "People shop in a small store.",
        "Customers walk along the shelves and stand at the counter.",
        "A shop with full shelves; a few customers choose goods.",
        "Everyday shopping inside a convenience store.",
        "Inside a store, shoppers walk through the aisles and pay at the till.",
        "A quiet moment in a supermarket aisle.",
    ),
    walk=(
        (
            _HIDDEN[0],
            (-1.3, 12.9),
            (-0.9, 11.4),
            (-1.6, 9.2),
            (-2.2, 5.6),
            (-0.9, 9.2),
            (-0.7, 11.4),
            (-0.3, 12.9),
            _HIDDEN[1],
        ),
        (_HIDDEN[1], (-0.4, 12.9), (-0.9, 11.4), (0.4, 9.0), (0.7, 5.5), (0.4, 2.6), (0.3, -0.3)),
        (_HIDDEN[0], (-1.2, 12.9), (-0.7, 11.2), (1.8, 10.2), (3.4, 9.2), (3.45, 5.0), (3.3, 2.4), (2.8, -0.3)),
        ((-0.4, -0.3), (-0.5, 2.6), (-0.9, 6.5), (-1.0, 9.2), (-0.9, 11.4), (-1.2, 12.9), _HIDDEN[0]),
        ((2.9, -0.3), (3.4, 3.0), (3.45, 8.8), (2.2, 10.3), (0.8, 9.6), (-0.8, 11.2), (-0.4, 12.9), _HIDDEN[1]),
        (
            (-1.0, -0.3),
            (-0.6, 2.6),
            (1.2, 2.5),
            (3.3, 2.7),
            (3.45, 7.0),
            (3.0, 9.8),
            (0.4, 10.2),
            (-0.9, 11.4),
            (-1.2, 12.9),
            _HIDDEN[0],
        ),
    ),
    stand=((-2.4, 4.4), (-2.3, 5.6), (-2.2, 6.6), (3.7, 5.2), (3.7, 7.6), (1.2, 5.4), (1.2, 7.4), (0.6, 10.9)),
    clear=((-2.0, 4.4), (1.1, 4.4), (1.1, 9.0), (-2.0, 9.0)),
    no_entry=_STAFF,
    shelves=((1.2, 5.0), (1.2, 6.6), (1.2, 8.2), (3.0, 5.8), (3.9, 4.6), (3.9, 6.4), (3.9, 8.2)),
    targets=(
        Target(
            name="glass cabinet",
            surface=((1.65, 3.4, 0.45), (1.65, 4.15, 0.45), (1.65, 4.15, 1.2), (1.65, 3.4, 1.2)),
            reach=(1.15, 3.7),
        ),
    ),
    doors=((-0.9, 11.6),),
    lamps=tuple((x, y, _CEILING) for x in (-3.9, -1.3, 1.3, 3.9) for y in (1.2, 4.0, 6.8, 9.6)),
)
