"""Normal life: people and vehicles on the ways of a place that are made for them, without running into each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from clipvad.synth.actors.gestures import Act
from clipvad.synth.actors.paths import Path
from clipvad.synth.actors.people import Actor
from clipvad.synth.places.place import Place, Point, Route
from clipvad.synth.stories.cast import luggage_colour, pedestrian, person, rider, vehicle
from clipvad.synth.stories.stage import (
    Way,
    length,
    metres_in_view,
    places_in_view,
    section,
    shifted,
    through,
    way_in,
    way_out,
)
from clipvad.synth.story import Story

Disc = tuple[float, float, float]  # x, y and radius in metres
_STEP_S = 0.25
_RADIUS_M = {"cyclist": 0.6, "motorcyclist": 0.7, "car": 2.0, "van": 2.4, "dog walker": 0.6, "wheelchair user": 0.45}
_PERSON_M = 0.30
_LYING_M = 1.1
_SLOW_PLACES = ("car park", "loading bay")
# Shares of cars, vans and bicycles. None of the last where riding is an event: nothing tells the two apart.
_TRAFFIC = {"loading bay": (0.4, 0.6, 0.0), "shop front": (0.8, 0.2, 0.0)}


def everyday(
    place: Place,
    rng: np.random.Generator,
    *,
    duration_s: float,
    density: float,
    avoid: Sequence[Actor] = (),
    keep_out: Sequence[Disc] = (),
) -> Story:
    """`density` actors in view on average; none comes closer than arm's length to those of `avoid` or into `keep_out`.

    People walk alone and in pairs, with a child or a dog, in a wheelchair, stop, stand and telephone; cars, vans and
    bicycles go where the place has ways for them. No happenings.
    """
    actors: list[Actor] = []
    taken = [_Trace(a, duration_s) for a in avoid]
    seen_s, trials = 0.0, 0
    # Vehicles first: they need the most room.
    vehicles = int(rng.poisson(0.4 * density)) if place.drive else 0
    while seen_s < density * duration_s and trials < 30 + 12 * density:
        trials += 1
        group = (_traffic if trials <= vehicles else _anybody)(place, rng, duration_s)
        traces = [_Trace(a, duration_s) for a in group]
        if any(t.clashes(other) for t in traces for other in taken) or any(t.enters(keep_out) for t in traces):
            continue
        actors += group
        taken += traces
        seen_s += sum(t.seconds_in_view(place) for t in traces)
    return Story(actors=tuple(actors))


class _Trace:
    """Where an actor is at each step of the clip: `places` [N, 2], NaN while it is not there."""

    def __init__(self, actor: Actor, duration_s: float) -> None:
        times = np.arange(0.0, duration_s, _STEP_S)
        there = (times >= actor.path.start_s) & (times <= actor.path.end_s)
        self.places = np.where(there[:, None], [actor.path.position(t) for t in times.tolist()], np.nan)
        lies = any(act.name in ("fall", "lie") for act in getattr(actor, "acts", ()))
        self.radius_m = _LYING_M if lies else _RADIUS_M.get(actor.kind, _PERSON_M)

    def clashes(self, other: _Trace) -> bool:
        """Whether the two come closer than their bodies allow."""
        gaps = np.hypot(*(self.places - other.places).T)
        return bool(np.any(gaps < self.radius_m + other.radius_m))

    def enters(self, discs: Sequence[Disc]) -> bool:
        """Whether it touches one of the discs."""
        return any(bool(np.any(np.hypot(*(self.places - d[:2]).T) < self.radius_m + d[2])) for d in discs)

    def seconds_in_view(self, place: Place) -> float:
        """How long it is seen."""
        return _STEP_S * int(places_in_view(place.camera, self.places).sum())


def _anybody(place: Place, rng: np.random.Generator, duration_s: float) -> list[Actor]:
    """Those on foot who come together: one, a pair, or somebody with a child."""
    makers: list[tuple[float, Callable[..., list[Actor]]]] = [(6.0, _walker), (1.2, _pair), (1.0, _stander)]
    if place.name == "loading bay":
        makers.append((8.0, _worker))
    else:
        makers += [(0.6, _with_child), (0.4, _wheelchair)]
    if not place.indoor and place.name not in ("platform", "loading bay"):
        makers.append((0.6, _dog_walker))
    if place.shelves:
        makers.append((5.0, _customer))
    weights = np.array([w for w, _ in makers])
    return makers[int(rng.choice(len(makers), p=weights / weights.sum()))][1](place, rng, duration_s)


def _walker(place: Place, rng: np.random.Generator, duration_s: float) -> list[Actor]:
    route, speed = _lane(through(place, rng), rng), float(np.clip(rng.normal(1.3, 0.2), 0.85, 1.9))
    way, pause = _stroll(place, route, rng, duration_s=duration_s, speed_mps=speed, pause=rng.random() < 0.25)
    acts = []
    if pause is not None and rng.random() < 0.5:
        acts = [Act("phone", *pause)]
    elif rng.random() < 0.12:
        acts = [Act("phone", way.path.start_s, way.now_s)]
    elif rng.random() < 0.15:
        acts = [Act("carry", way.path.start_s, way.now_s, item="bag", colour=luggage_colour(rng))]
    return [person(way, rng, acts=acts)]


def _pair(place: Place, rng: np.random.Generator, duration_s: float) -> list[Actor]:
    return _side_by_side(place, rng, duration_s, kinds=("person", "person"), speed_mps=rng.uniform(1.0, 1.3))


def _with_child(place: Place, rng: np.random.Generator, duration_s: float) -> list[Actor]:
    return _side_by_side(place, rng, duration_s, kinds=("person", "child"), speed_mps=rng.uniform(0.8, 1.05))


def _wheelchair(place: Place, rng: np.random.Generator, duration_s: float) -> list[Actor]:
    way, _ = _stroll(
        place, _lane(through(place, rng), rng), rng, duration_s=duration_s, speed_mps=rng.uniform(0.8, 1.3)
    )
    return [pedestrian("wheelchair user", way, rng)]


def _dog_walker(place: Place, rng: np.random.Generator, duration_s: float) -> list[Actor]:
    way, _ = _stroll(
        place, _lane(through(place, rng), rng), rng, duration_s=duration_s, speed_mps=rng.uniform(0.9, 1.3)
    )
    return [pedestrian("dog walker", way, rng)]


def _worker(place: Place, rng: np.random.Generator, duration_s: float) -> list[Actor]:
    route = _lane(through(place, rng), rng)
    way, _ = _stroll(
        place, route, rng, duration_s=duration_s, speed_mps=rng.uniform(1.0, 1.4), pause=rng.random() < 0.4
    )
    acts = [Act("carry", way.path.start_s, way.now_s)] if rng.random() < 0.4 else []
    return [pedestrian("worker", way, rng, acts=acts)]


def _stander(place: Place, rng: np.random.Generator, duration_s: float) -> list[Actor]:
    """Somebody who stands and waits all the time, or for a while before walking on."""
    at = _jitter(place.stand[int(rng.integers(len(place.stand)))], rng)
    a = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.6:
        path = Path.still(at, start_s=-2.0, end_s=duration_s + 1, facing=(float(np.cos(a)), float(np.sin(a))))
        acts = [Act("phone", -1.0, duration_s + 1)] if rng.random() < 0.3 else []
        return [person(path, rng, acts=acts)]
    way = Way.arriving(way_in(place, at, rng), speed_mps=1.2, at_s=rng.uniform(-2.0, 0.6 * duration_s))
    way.stay(rng.uniform(2.0, 7.0)).walk(way_out(place, at, rng)[1:], speed_mps=1.2)
    return [person(way, rng)]


def _customer(place: Place, rng: np.random.Generator, duration_s: float) -> list[Actor]:
    """Somebody who comes to a shelf, looks, takes something and goes on."""
    at = place.shelves[int(rng.integers(len(place.shelves)))]
    points = way_in(place, at, rng)
    way = Way.arriving(points, speed_mps=1.0, at_s=rng.uniform(-3.0, 0.8 * duration_s))
    here, look = way.now_s, rng.uniform(2.0, 6.0)
    step = np.array(at) - points[-2]
    goods = (float(at[0] + step[0]), float(at[1] + step[1]))
    acts = [Act("reach", here + 0.6 * look, here + look, towards=goods)] if rng.random() < 0.6 else []
    way.stay(look).walk(way_out(place, at, rng)[1:], speed_mps=1.1)
    return [person(way, rng, acts=acts)]


def _traffic(place: Place, rng: np.random.Generator, duration_s: float) -> list[Actor]:
    route = place.drive[int(rng.integers(len(place.drive)))]
    slow = place.name in _SLOW_PLACES
    kind = str(rng.choice(["car", "van", "cyclist"], p=_TRAFFIC.get(place.name, (0.65, 0.15, 0.20))))
    speed = rng.uniform(2.0, 3.5) if slow else rng.uniform(5.5, 8.5)
    if kind == "cyclist":
        speed = rng.uniform(3.0, 5.5)
        route = shifted(route, -0.9)
    way, _ = _stroll(place, route, rng, duration_s=duration_s, speed_mps=speed)
    return [rider(kind, way, rng) if kind == "cyclist" else vehicle(kind, way, rng)]


def _side_by_side(
    place: Place, rng: np.random.Generator, duration_s: float, *, kinds: tuple[str, str], speed_mps: float
) -> list[Actor]:
    route = _lane(through(place, rng), rng)
    way, _ = _stroll(place, route, rng, duration_s=duration_s, speed_mps=speed_mps)
    start, end = way.path.start_s, way.now_s
    beside = shifted(route, 0.62)
    other = Way(beside[0], t_s=start).walk(beside[1:], speed_mps=length(beside) / (end - start))
    return [pedestrian(kind, w, rng) for kind, w in zip(kinds, (way, other), strict=True)]


def _stroll(
    place: Place, route: Route, rng: np.random.Generator, *, duration_s: float, speed_mps: float, pause: bool = False
) -> tuple[Way, tuple[float, float] | None]:
    """Along a route, at such a time that part of it is seen; with a pause on the way, and when that is."""
    first, last = metres_in_view(route, place.camera)
    enters = rng.uniform(-(last - first) / speed_mps, duration_s)
    way = Way(route[0], t_s=enters - first / speed_mps)
    if not pause:
        return way.walk(route[1:], speed_mps=speed_mps), None
    stop = rng.uniform(first, last)
    way.walk(section(route, 0.0, stop)[1:], speed_mps=speed_mps)
    begin = way.now_s
    way.stay(rng.uniform(1.0, 3.5))
    return way.walk(section(route, stop, length(route))[1:], speed_mps=speed_mps), (begin, way.now_s)


def _lane(route: Route, rng: np.random.Generator) -> Route:
    """A little to the right, as people walk who meet others."""
    return shifted(route, float(-0.35 + rng.normal(0, 0.22)))


def _jitter(at: Point, rng: np.random.Generator) -> Point:
    dx, dy = rng.normal(0, 0.15, 2)
    return at[0] + float(dx), at[1] + float(dy)
