"""Events of wheels where people walk: cycling, skateboarding, scooter, motorcycling, driving; and no-entry."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from clipvad.synth.captions import event_captions
from clipvad.synth.places.place import Place, Route
from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.stories.cast import person, rider, vehicle
from clipvad.synth.stories.stage import (
    Way,
    in_view,
    length,
    metres_in_view,
    near_spot,
    shifted,
    through,
    way_in,
    way_out,
)
from clipvad.synth.story import Happening, Story

# By label: who rides, and how fast in m/s.
RIDERS = {
    "cycling": ("cyclist", 3.0, 5.5),
    "skateboarding": ("skateboarder", 2.4, 4.0),
    "scooter": ("scooter rider", 3.0, 5.5),
    "motorcycling": ("motorcyclist", 3.5, 6.0),
}
_SEEN_S = 3.5  # what is ridden past faster than this could be missed


def ride(label: str, place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """One rider of `RIDERS`, sometimes two, on a way of pedestrians; comes into view at `start_s`."""
    kind, slow, fast = RIDERS[label]
    route = shifted(_rideable(place, rng), float(rng.uniform(-0.5, 0.5)))
    count = 1 if rng.random() < 0.75 else 2
    ways = [_pass(place, route, rng, speed_mps=rng.uniform(slow, fast), start_s=start_s)]
    if count == 2:
        behind = shifted(route, 0.9 if rng.random() < 0.5 else -0.9)
        speed = length(route) / (ways[0].now_s - ways[0].path.start_s)
        ways.append(_pass(place, behind, rng, speed_mps=speed, start_s=start_s + rng.uniform(0.8, 1.6)))
    actors = tuple(rider(kind, way, rng) for way in ways)
    captions = event_captions(label, rng, place=place.name)
    return Story(
        actors=actors, happenings=(Happening(label=label, captions=captions, actors=tuple(range(len(actors)))),)
    )


def drive(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """A car or van drives along a way of pedestrians, slowly; sometimes it stops for a moment."""
    route = _rideable(place, rng)
    kind = "car" if rng.random() < 0.65 else "van"
    way = _pass(place, route, rng, speed_mps=rng.uniform(2.2, 4.2), start_s=start_s, pause=rng.random() < 0.3)
    captions = event_captions("driving", rng, place=place.name, words={"vehicle": kind})
    happening = Happening(label="driving", captions=captions, actors=(0,))
    return Story(actors=(vehicle(kind, way, rng),), happenings=(happening,))


def trespass(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """Somebody walks into the area that is closed at `start_s`, moves about there, and stays or goes back."""
    first = near_spot(place.no_entry, place.camera, rng, spread=0.75)
    second = near_spot(place.no_entry, place.camera, rng, spread=0.8)
    points, speed = way_in(place, first, rng), rng.uniform(1.1, 1.5)
    probe = Way.arriving(points, speed_mps=speed, at_s=0.0).path
    before = [t for t in np.arange(probe.start_s, 0.0, 0.1) if not _contains(place.no_entry, probe.position(float(t)))]
    way = Way.arriving(points, speed_mps=speed, at_s=start_s - (before[-1] if before else -0.5))
    way.stay(rng.uniform(0.3, 1.5)).walk([second], speed_mps=1.0).stay(rng.uniform(0.5, 2.5))
    if rng.random() < 0.6:
        way.walk([first], speed_mps=1.1).walk(way_out(place, first, rng)[1:], speed_mps=1.4)
    actor = person(way.stay_until(duration_s + 1), rng)
    times = np.arange(0.0, duration_s, 0.1)
    inside = [float(t) for t in times if _contains(place.no_entry, actor.path.position(float(t)))]
    happening = Happening(
        label="no-entry",
        captions=event_captions("no-entry", rng, place=place.name),
        actors=(0,),
        start_s=inside[0],
        end_s=min(inside[-1] + 0.1, duration_s),
    )
    return Story(actors=(actor,), happenings=(happening,))


@lru_cache(maxsize=256)
def rideable(walk: tuple[Route, ...], camera: Camera) -> tuple[Route, ...]:
    """Ways of pedestrians on which something can roll: both ends out of the picture, no sharp turns."""
    found = []
    for route in walk:
        first, last = metres_in_view(route, camera)
        outside = not in_view(camera, route[0]) and not in_view(camera, route[-1])
        if outside and last - first > 5.0 and _sharpest_turn(route) < 50:
            found.append(route)
    return tuple(found)


def _rideable(place: Place, rng: np.random.Generator) -> Route:
    return through(place, rng, routes=rideable(place.walk, place.camera))


def _pass(
    place: Place, route: Route, rng: np.random.Generator, *, speed_mps: float, start_s: float, pause: bool = False
) -> Way:
    """Along the route so that it comes into view at `start_s` and is seen for some seconds."""
    first, last = metres_in_view(route, place.camera)
    speed = min(speed_mps, (last - first) / _SEEN_S)
    way = Way(route[0], t_s=start_s - first / speed)
    if not pause or len(route) < 3:
        return way.walk(route[1:], speed_mps=speed)
    return way.walk(route[1:-1], speed_mps=speed).stay(rng.uniform(1.0, 2.5)).walk(route[-1:], speed_mps=speed)


def _sharpest_turn(route: Route) -> float:
    """Degrees between one leg of a polyline and the next, at most."""
    legs = np.diff(np.array(route), axis=0)
    bearings = np.unwrap(np.arctan2(legs[:, 1], legs[:, 0]))
    return float(np.degrees(np.abs(np.diff(bearings)).max(initial=0.0)))


def _contains(area: Route, at: Array) -> bool:
    outline = np.array(area, dtype=np.float32)
    return cv2.pointPolygonTest(outline, (float(at[0]), float(at[1])), False) >= 0
