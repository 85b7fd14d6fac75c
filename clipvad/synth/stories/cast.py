"""Who takes part: people, riders and vehicles of random looks on given ways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clipvad.synth.actors.animals import DogWalker
from clipvad.synth.actors.bodies import Outfit
from clipvad.synth.actors.drivers import Car, Van
from clipvad.synth.actors.gestures import FALLS, Act
from clipvad.synth.actors.paths import Path
from clipvad.synth.actors.people import Actor, Walker
from clipvad.synth.actors.riders import Cyclist, Motorcyclist, ScooterRider, Skateboarder, WheelchairUser
from clipvad.synth.actors.things import Thing
from clipvad.synth.actors.wardrobe import (
    random_car_colour,
    random_car_shape,
    random_outfit,
    random_rider_outfit,
    random_worker_outfit,
)
from clipvad.synth.places.place import Point
from clipvad.synth.rendering.parts import Colour
from clipvad.synth.stories.stage import Way

_LUGGAGE: tuple[Colour, ...] = (
    (44, 46, 58), (58, 52, 48), (150, 70, 40), (36, 36, 38), (70, 96, 74), (130, 44, 52), (176, 160, 128),
)  # fmt: skip
_COATS: tuple[Colour, ...] = ((120, 84, 50), (60, 46, 36), (200, 180, 150), (40, 38, 38), (150, 120, 90))


def person(
    way: Way | Path,
    rng: np.random.Generator,
    *,
    acts: Sequence[Act] = (),
    falls: str | None = None,
    outfit: Outfit | None = None,
    stature_m: tuple[float, float] = (1.58, 1.88),
    kind: str = "person",
) -> Walker:
    """Somebody on foot who does `acts` on the way; `falls` as in `FALLS`, or at random; `stature_m` from-to."""
    return Walker(
        path=_path(way),
        outfit=outfit or random_outfit(rng),
        stature_m=float(rng.uniform(*stature_m)),
        phase=float(rng.uniform()),
        kind=kind,
        acts=tuple(acts),
        falls=falls or str(rng.choice(FALLS)),
    )


def pedestrian(kind: str, way: Way | Path, rng: np.random.Generator, *, acts: Sequence[Act] = ()) -> Actor:
    """A `person`, `child`, `worker`, `wheelchair user` or `dog walker`; the last two do no `acts`."""
    if kind == "child":
        return person(way, rng, acts=acts, stature_m=(1.02, 1.35), kind=kind)
    if kind == "worker":
        return person(way, rng, acts=acts, outfit=random_worker_outfit(rng), kind=kind)
    if kind == "wheelchair user":
        return WheelchairUser(_path(way), random_outfit(rng))
    if kind == "dog walker":
        coat = _COATS[int(rng.integers(len(_COATS)))]
        height = float(rng.uniform(0.34, 0.62))
        return DogWalker(_path(way), random_outfit(rng), float(rng.uniform(1.58, 1.86)), coat=coat, dog_height_m=height)
    return person(way, rng, acts=acts)


def rider(kind: str, way: Way | Path, rng: np.random.Generator) -> Actor:
    """A `cyclist`, `skateboarder`, `scooter rider` or `motorcyclist`."""
    path, stature = _path(way), float(rng.uniform(1.62, 1.86))
    if kind == "motorcyclist":
        return Motorcyclist(path, random_rider_outfit(rng), paint=random_car_colour(rng), stature_m=stature)
    if kind == "skateboarder":
        return Skateboarder(path, random_outfit(rng), stature_m=stature, phase=float(rng.uniform()))
    if kind == "scooter rider":
        return ScooterRider(path, random_outfit(rng), paint=random_car_colour(rng), stature_m=stature)
    return Cyclist(path, random_outfit(rng), frame=random_car_colour(rng), stature_m=stature)


def vehicle(kind: str, way: Way | Path, rng: np.random.Generator) -> Actor:
    """A `car` or `van`."""
    if kind == "van":
        return Van(_path(way), random_car_colour(rng))
    return Car(_path(way), random_car_colour(rng), shape=random_car_shape(rng))


def luggage_colour(rng: np.random.Generator) -> Colour:
    """The colour of a bag or a box of goods."""
    return _LUGGAGE[int(rng.integers(len(_LUGGAGE)))]


def bag(at: Point, rng: np.random.Generator, *, start_s: float, end_s: float, colour: Colour) -> Actor:
    """A bag that stands on the ground."""
    a = rng.uniform(0, 2 * np.pi)
    facing = (float(np.cos(a)), float(np.sin(a)))
    return Thing(Path.still(at, start_s=start_s, end_s=end_s, facing=facing), what="bag", colour=colour)


def _path(way: Way | Path) -> Path:
    return way.path if isinstance(way, Way) else way
