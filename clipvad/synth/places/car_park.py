"""A car park: rows of parked cars in marked bays, a lane between them, a barrier at the exit, a hedge behind."""

from __future__ import annotations

import numpy as np

from clipvad.synth.actors import vehicles
from clipvad.synth.places.facades import storeys
from clipvad.synth.places.furniture import block, hedge, street_lamp, tree
from clipvad.synth.places.place import Place, Target
from clipvad.synth.places.roadside import barrier, car_window, parked_car, sign
from clipvad.synth.places.surfaces import (
    YELLOW,
    Brush,
    Patch,
    asphalt,
    grass,
    kerb,
    lay,
    line,
    marking,
    rectangle,
    sky,
    slabs,
)
from clipvad.synth.rendering.backdrop import SUPERSAMPLE, FloatImage, Painted, Prop
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Colour, Light
from clipvad.synth.rendering.planes import View

_BAY_M, _FAR_BAYS, _NEAR_BAYS = 2.6, (15.2, 20.2), (3.0, 8.2)
_LANE_Y = (_NEAR_BAYS[1], _FAR_BAYS[0])
_NEAR_Y, _FAR_Y = 5.6, 17.8  # the middle of a parked car
_HATCHED = ((-3.9, 15.4), (-1.3, 19.6))  # corners of the area kept clear before the substation
_PAINTS: tuple[Colour, ...] = (
    (176, 180, 184),
    (216, 216, 212),
    (44, 46, 50),
    (120, 124, 128),
    (126, 34, 36),
    (46, 66, 110),
    (92, 110, 96),
    (84, 100, 132),
    (196, 186, 164),
)
_FAR_CARS, _NEAR_CARS = (
    (-6, -5, -4, -3, 0, 1, 3, 4, 5, 7, 8),
    (-4, -2),
)  # bays that may be taken; k begins at k * _BAY_M
_SEEN_FROM_THE_RIGHT = ((-2, _NEAR_Y, 270.0), (-3, _FAR_Y, 90.0))  # always taken: bay, y and heading


def car_park(camera: Camera, light: Light, rng: np.random.Generator) -> Painted:
    """Painter of the place (see `clipvad.synth.places.paint`)."""
    brush = Brush(camera, rng)
    view = View(camera, background=sky(camera.rays(supersample=SUPERSAMPLE), brush.noise[3]))
    view.level(brush(_ground))
    view.facing(brush(_office, shade=0.92), y=34.0, x=(-60.0, 6.0), z=(0.0, 9.9))
    view.side(brush(_office, shade=0.8), x=6.0, y=(34.0, 60.0), z=(0.0, 9.9))
    return view.painted(_props(rng))


def _ground(p: Patch) -> FloatImage:
    out = asphalt(p, colour=(98.0, 99.0, 102.0))
    for low, high in (_FAR_BAYS, _NEAR_BAYS):
        edge = np.abs(np.mod(p.u / _BAY_M + 0.5, 1) - 0.5) * _BAY_M
        marking(out, p, np.minimum(0.055 - edge, np.minimum(p.v - low, high - p.v)), wear=0.45)
    # Oil under the engines of years of parked cars.
    middle = np.abs(np.mod(p.u / _BAY_M, 1) - 0.5) * _BAY_M
    in_bay = np.maximum(rectangle(p, (-99, 99), _FAR_BAYS), rectangle(p, (-99, 99), _NEAR_BAYS))
    oil = np.clip(0.75 - middle + 0.5 * p.grain(2, 0.8), 0, 1) * np.clip(in_bay, 0, 1)
    out *= (1 - 0.22 * oil)[..., None]
    (x0, y0), (x1, y1) = _HATCHED
    zone = rectangle(p, (x0, x1), (y0, y1))
    diagonal = np.abs(np.mod((p.u + p.v) / 0.9, 1) - 0.5) * 0.9 - 0.28
    marking(out, p, np.minimum(zone, np.maximum(diagonal, 0.12 - zone)), colour=YELLOW, wear=0.3)
    middle_y = sum(_LANE_Y) / 2
    for x in (-9.0, 4.2):
        _arrow(p, out, x, middle_y - 1.6)
    behind = p.v - _FAR_BAYS[1] - 0.3
    verge = grass(p)
    lay(verge, slabs(p, size=(0.5, 0.5), colour=(158.0, 154.0, 146.0)), p, 1.5 - behind)
    lay(out, verge, p, behind)
    kerb(out, p, behind)
    return out


def _arrow(p: Patch, out: FloatImage, x: float, y: float) -> None:
    """Points to +x, 2.6 m long."""
    shaft = line(p, (x, y), (x + 1.7, y), 0.22)
    head = np.minimum(p.u - x - 1.6, (x + 2.6 - p.u) * 0.5 - np.abs(p.v - y))
    marking(out, p, np.maximum(shaft, head), wear=0.4)


def _office(p: Patch) -> FloatImage:
    return storeys(p, wall=(178.0, 174.0, 166.0), height_m=9.9, first_m=0.6, bay_m=3.0)


def _props(rng: np.random.Generator) -> list[Prop]:
    props = _cars(rng)
    props += [hedge(rng, (x, 22.9)) for x in np.arange(-16.0, 21.0, 1.3) if abs(x + 2.6) > 1.9]
    props += [tree(rng, at, size) for at, size in (((-12.5, 26.0), 1.3), ((9.5, 25.5), 1.25), ((15.5, 29.0), 1.5))]
    props += [street_lamp((x, 21.6), reach=(0.0, -2.2)) for x in (-8.4, 4.6)]
    kiosk = block((-2.6, 22.1), (2.3, 1.3, 2.1), (104.0, 118.0, 104.0))
    lid = block((-2.6, 22.1), (2.5, 1.5, 0.14), (128.0, 134.0, 126.0), low=2.1)
    props.append(Prop((-2.6, 22.1), (*kiosk, *lid)))
    props.append(sign((-4.2, 22.0), facing=(0.2, -0.98), shape="triangle", colour=(222.0, 182.0, 40.0), height_m=1.9))
    props.append(barrier((-13.0, 14.9), (-13.0, 10.4), open_deg=72.0))
    props.append(sign((-12.4, 15.3), facing=(0.5, -0.86), shape="square", colour=(40.0, 96.0, 170.0), height_m=2.2))
    return props


def _cars(rng: np.random.Generator) -> list[Prop]:
    """Cars whose windows may be broken stand as they are; the others come, go and turn with the seed."""
    fixed = {(bay, y): heading for bay, y, heading in _SEEN_FROM_THE_RIGHT}
    cars = []
    for bay, y in (*((k, _FAR_Y) for k in _FAR_CARS), *((k, _NEAR_Y) for k in _NEAR_CARS)):
        taken, nose_in = rng.uniform(size=2) < (0.85, 0.6)
        shape = vehicles.CAR_SHAPES[int(rng.integers(len(vehicles.CAR_SHAPES)))]
        colour = _PAINTS[int(rng.integers(len(_PAINTS)))]
        if (bay, y) in fixed:
            taken, shape = True, vehicles.SALOON
        if taken:
            heading = fixed.get((bay, y), 90.0 if nose_in else 270.0)
            cars.append(parked_car(((bay + 0.5) * _BAY_M, y), heading_deg=heading, colour=colour, shape=shape))
    return cars


def _window(bay: int, y: float, heading_deg: float) -> Target:
    x = (bay + 0.5) * _BAY_M
    surface = car_window((x, y), heading_deg=heading_deg, left=heading_deg > 180)
    return Target(name="car window", surface=surface, reach=(x + 1.4, y))


CAR_PARK = Place(
    name="car park",
    painter=car_park,
    camera=Camera(width=320, height=240, height_m=5.8, x_m=3.0, pitch_deg=24.0, yaw_deg=-22.0, fov_deg=68.0),
    quiet=(
        "Parked cars in a car park, nobody does anything unusual.",
        "A parking lot with rows of cars; a driver walks to a car.",
        "People walk between parked cars.",
        "A car drives slowly along the lane of a car park.",
        "An open-air car park on an ordinary day.",
        "Cars stand in marked bays and a few people come and go.",
    ),
    walk=(
        ((-24.0, 12.4), (-8.0, 12.0), (0.0, 12.2), (9.0, 12.8), (16.0, 13.0)),
        ((12.0, 20.7), (4.0, 20.75), (-6.0, 20.75), (-32.0, 20.7)),
        ((5.0, 3.6), (4.2, 9.0), (1.0, 12.6), (-4.6, 14.4), (-5.1, 17.0)),
        ((-2.5, 6.2), (-2.3, 9.4), (2.0, 12.0), (13.0, 12.6)),
        ((8.0, 4.0), (3.0, 9.5), (-6.0, 12.8), (-26.0, 12.8)),
        ((2.6, 17.0), (2.7, 14.8), (-2.0, 10.8), (-16.0, 9.6)),
        ((14.0, 14.2), (5.0, 13.8), (-0.4, 9.4), (0.4, 3.0)),
    ),
    drive=(
        ((-30.0, 10.5), (0.0, 10.4), (14.0, 10.6)),
        ((20.0, 13.2), (6.0, 13.2), (-30.0, 13.2)),
    ),
    stand=((6.4, 14.2), (1.2, 8.6), (-5.4, 14.2), (0.4, 20.8), (-2.4, 9.0)),
    clear=((-2.4, 9.2), (2.6, 9.2), (2.6, 13.6), (-2.4, 13.6)),
    no_entry=((-3.9, 15.4), (-1.3, 15.4), (-1.3, 19.6), (-3.9, 19.6)),
    targets=tuple(_window(*car) for car in _SEEN_FROM_THE_RIGHT),
    doors=((-5.1, 17.0), (-2.5, 6.2), (2.6, 17.0)),
    lamps=((-8.4, 19.4, 6.0), (4.6, 19.4, 6.0), (0.5, 4.0, 7.0)),
)
