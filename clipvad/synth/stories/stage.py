"""Ways through a place: routes, spots in plain view, and timed ways along them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import hypot

import numpy as np
from numpy.typing import NDArray

from clipvad.synth.actors.paths import Path
from clipvad.synth.places.place import Place, Point, Route
from clipvad.synth.rendering.camera import Array, Camera

_EASE_M = 0.7  # people slow down and speed up within about a step
_DETOUR_M = 1.0  # less than it takes to cut through a row of shelves


class Way:
    """A way in the making: start somewhere, then walk and stay in turn; `path` is the result."""

    def __init__(self, at: Point, *, t_s: float) -> None:
        self._points: list[tuple[float, float, float]] = [(t_s, *at)]

    @classmethod
    def arriving(cls, points: Sequence[Point], *, speed_mps: float, at_s: float) -> Way:
        """Along `points` at an even speed, so that the last one is reached at `at_s`."""
        way = cls(points[0], t_s=at_s - length(points) / speed_mps)
        way.walk(points[1:], speed_mps=speed_mps)
        return way

    @property
    def now_s(self) -> float:
        """When the way is at its last point so far."""
        return self._points[-1][0]

    @property
    def at(self) -> Point:
        """The last point so far."""
        return self._points[-1][1:]

    @property
    def path(self) -> Path:
        """The way so far, at least two points."""
        return Path(self._points)

    def walk(self, points: Sequence[Point], *, speed_mps: float) -> Way:
        """Go on through `points`."""
        for point in _eased([self.at, *points]):
            step = float(np.hypot(point[0] - self.at[0], point[1] - self.at[1]))
            if step > 0.02:
                self._points.append((self.now_s + step / speed_mps, *point))
        return self

    def stay(self, seconds: float) -> Way:
        """Stand still for a while."""
        if seconds > 0.01:
            self._points.append((self.now_s + seconds, *self.at))
        return self

    def stay_until(self, t_s: float) -> Way:
        """Stand still until `t_s`, if that is later."""
        return self.stay(t_s - self.now_s)


def length(points: Sequence[Point]) -> float:
    """Metres along a polyline."""
    return float(_passed(points)[-1])


def at_metre(route: Sequence[Point], metres: float) -> Point:
    """The point so far along a polyline, held at its ends."""
    points = np.array(route, dtype=float)
    along = _passed(route)
    return float(np.interp(metres, along, points[:, 0])), float(np.interp(metres, along, points[:, 1]))


def shifted(route: Sequence[Point], metres: float) -> Route:
    """The route moved to its left by so much: another lane of the same way."""
    points = np.array(route, dtype=float)
    steps = np.diff(points, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True) + 1e-9
    tangents = np.concatenate([steps[:1], steps[1:] + steps[:-1], steps[-1:]])
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True) + 1e-9
    moved = points + metres * np.stack([-tangents[:, 1], tangents[:, 0]], axis=1)
    return tuple((float(x), float(y)) for x, y in moved)


def near_spot(area: Route, camera: Camera, rng: np.random.Generator, *, spread: float = 0.6, tries: int = 2) -> Point:
    """The nearest to the camera of `tries` random points of an area: what happens near is seen larger."""
    spots = [spot(area, rng, spread=spread) for _ in range(tries)]
    seen = [at for at in spots if in_view(camera, at)]
    return min(seen or spots, key=lambda at: float(np.hypot(*(np.array(at) - camera.position[:2]))))


def spot(area: Route, rng: np.random.Generator, *, spread: float = 0.6) -> Point:
    """A random point well inside an area (its outline, star-shaped about its middle); `spread` 0 is the middle."""
    corners = np.array(area, dtype=float)
    middle = corners.mean(axis=0)
    k = int(rng.integers(len(corners)))
    edge = corners[k] + rng.random() * (corners[(k + 1) % len(corners)] - corners[k])
    x, y = middle + spread * np.sqrt(rng.random()) * (edge - middle)
    return float(x), float(y)


def places_in_view(camera: Camera, places: Array) -> NDArray[np.bool_]:
    """Whether a person's middle at each of the places [N, 2] is in the picture, not just at its edge. [N]"""
    px, depth = camera.project(np.column_stack([places, np.full(len(places), 0.9)]))
    part = px / [camera.width, camera.height]
    return np.asarray((depth > 1.0) & np.all((part > 0.04) & (part < 0.96), axis=1))


def in_view(camera: Camera, at: Sequence[float] | Array) -> bool:
    """The same for one place (x, y in metres)."""
    return bool(places_in_view(camera, np.array([at], dtype=float))[0])


def way_in(place: Place, to: Point, rng: np.random.Generator) -> list[Point]:
    """From outside the picture (or a door) along one of the routes, and from its nearest point to `to`."""
    choices = sorted(_ways_to(place, to), key=lambda way: length(way[-2:]))
    # The routes that pass close by, so that nobody cuts across the props.
    near = [way for way in choices if length(way[-2:]) < length(choices[0][-2:]) + _DETOUR_M]
    return near[int(rng.integers(len(near)))]


def way_out(
    place: Place,
    start: Point,
    rng: np.random.Generator,
    *,
    away_from: Sequence[float] | Array | None = None,
    in_sight: bool = False,
) -> list[Point]:
    """From `start` to a route and out of the picture.

    `away_from` (x, y): not past this point, if that can be. `in_sight`: the way that is seen longest.
    """
    choices = [way[::-1] for way in _ways_to(place, start)]
    near = min(length(way[:2]) for way in choices) + 2.5
    choices = [way for way in choices if length(way[:2]) < near]
    if in_sight:
        return max(choices, key=lambda way: metres_in_view(tuple(way), place.camera)[1])
    if away_from is not None:
        return max(choices, key=lambda way: float(np.linalg.norm(np.array(at_metre(way, 4.0)) - away_from)))
    return choices[int(rng.integers(len(choices)))]


def through(place: Place, rng: np.random.Generator, *, routes: Sequence[Route] | None = None) -> Route:
    """A route from end to end, in either direction."""
    options = place.walk if routes is None else routes
    route = options[int(rng.integers(len(options)))]
    return route if rng.random() < 0.5 else route[::-1]


@lru_cache(maxsize=4096)
def metres_in_view(route: Route, camera: Camera) -> tuple[float, float]:
    """Where along a route the picture begins and ends; equal if the route is never seen."""
    metres, places = _sampled(route)
    seen = metres[places_in_view(camera, places)]
    return (float(seen[0]), float(seen[-1])) if len(seen) else (0.0, 0.0)


def leaves_view_s(path: Path, camera: Camera) -> float:
    """The last second at which somebody on the path is in the picture; its start if never."""
    times = np.arange(path.start_s, path.end_s, 0.2)
    seen = times[places_in_view(camera, np.array([path.position(t) for t in times.tolist()]))]
    return float(seen[-1]) if len(seen) else path.start_s


def section(route: Sequence[Point], start_m: float, end_m: float) -> list[Point]:
    """The part of a polyline between two distances along it."""
    inner = [p for p, m in zip(route, _passed(route), strict=True) if start_m + 0.2 < m < end_m - 0.2]
    return [at_metre(route, start_m), *inner, at_metre(route, end_m)]


def across(camera: Camera, rng: np.random.Generator) -> Array:
    """A direction on the ground that the camera sees from the side, within 35 degrees. [2]"""
    a = -np.radians(camera.yaw_deg) + np.radians(rng.uniform(-35, 35))
    return np.array([np.cos(a), np.sin(a)])


def anywhere(rng: np.random.Generator) -> Array:
    """A direction on the ground. [2]"""
    a = rng.uniform(0, 2 * np.pi)
    return np.array([np.cos(a), np.sin(a)])


def plus(at: Point, by: Array) -> Point:
    """A point moved by metres [2]."""
    return at[0] + float(by[0]), at[1] + float(by[1])


def _passed(route: Sequence[Point]) -> Array:
    """Metres along a polyline at each of its points. [N]"""
    total, passed = 0.0, [0.0]
    for (ax, ay), (bx, by) in pairwise(route):
        total += hypot(bx - ax, by - ay)
        passed.append(total)
    return np.array(passed)


@lru_cache(maxsize=1024)
def _sampled(route: Route) -> tuple[Array, Array]:
    """Metres [N], a quarter apart, along a route, and the places there [N, 2]."""
    passed, points = _passed(route), np.array(route)
    metres = np.arange(0.0, passed[-1], 0.25)
    return metres, np.stack([np.interp(metres, passed, points[:, k]) for k in (0, 1)], axis=1)


def _ways_to(place: Place, to: Point) -> Iterator[list[Point]]:
    for route in place.walk:
        for way in (route, route[::-1]):
            metres, places = _sampled(way)
            leave = float(metres[int(np.argmin(np.hypot(*(places - to).T)))])
            before = [p for p, m in zip(way, _passed(way), strict=True) if m < leave - 0.5]
            yield [*(before or way[:1]), at_metre(way, leave), to]


def _eased(points: Sequence[Point]) -> Iterator[Point]:
    """The polyline's points after the first, with one more close to either end: a start and a stop take a step."""
    total = length(points)
    extra = [_EASE_M, total - _EASE_M] if total > 3 * _EASE_M else []
    for metre in sorted({*_passed(points)[1:].tolist(), *extra}):
        yield at_metre(points, metre)
