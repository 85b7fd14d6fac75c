"""Places of the street world: what their layouts promise holds in the picture that their painters make."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from clipvad.synth import Light, Path, Renderer, Scene, Walker
from clipvad.synth.places.world import PLACES
from clipvad.synth.rendering.parts import Blob, Face

EACH = pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())


def depth(camera, points):
    """Metres along the optical axis, negative behind the camera."""
    ground = np.array([[*p, 0.0] for p in points])
    return (ground - camera.position) @ camera.axes[2]


def pixels(camera, points):
    return camera.project(np.array([[*p, 0.0] for p in points]))[0]


def inside(polygon, points):
    """Whether each point [N, 2] lies in a polygon [K, 2], by crossings of its edges."""
    a, b = np.array(polygon), np.roll(np.array(polygon), -1, axis=0)
    x, y = np.asarray(points, dtype=float).T[..., None]
    straddles = (a[:, 1] > y) != (b[:, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / (b[:, 1] - a[:, 1])
    return (straddles & (x < at)).sum(axis=1) % 2 == 1


def sampled(route, step_m=0.2):
    points = []
    for a, b in zip(np.array(route[:-1]), np.array(route[1:]), strict=True):
        count = max(2, int(np.hypot(*(b - a)) / step_m))
        points += list(a + (b - a) * np.linspace(0, 1, count)[:, None])
    return np.array(points)


def strolled(route):
    """Where somebody walks who follows the route at 1.3 m/s, corners rounded. [N, 2]"""
    steps = np.hypot(*np.diff(np.array(route), axis=0).T)
    times = np.concatenate([[0.0], np.cumsum(steps / 1.3)])
    path = Path([(t, *at) for t, at in zip(times, route, strict=True)])
    return np.array([path.position(t) for t in np.arange(0.0, path.end_s, 0.15)])


def area(polygon):
    x, y = np.array(polygon).T
    return abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2


@cache
def footprints(name):
    """Points on the ground that the props of a place stand on: everything of theirs below 0.5 m. [N, 2]"""
    small = replace(PLACES[name].camera, width=32, height=24)
    props = PLACES[name].painter(small, Light(), np.random.default_rng(0)).props
    found = []
    for prop in props:
        for part in prop.parts:
            points = part.centres if isinstance(part, Blob) else np.concatenate(part.contours)
            found.append(points[points[:, 2] < 0.5, :2])
    return np.concatenate(found)


def test_names_are_unique_and_those_of_the_vocabulary():
    known = {"walkway", "crossing", "plaza", "shop front", "shop inside", "car park", "platform", "loading bay"}
    assert set(PLACES) <= known
    assert all(name == place.name for name, place in PLACES.items())


@EACH
def test_layout_is_filled(place):
    assert len(place.walk) >= 5
    assert len(set(place.walk)) == len(place.walk)
    assert len(place.stand) >= 4
    assert len(place.quiet) >= 5
    assert len({q.lower() for q in place.quiet}) == len(place.quiet)
    assert all(q.strip() == q and q.endswith(".") for q in place.quiet)
    assert area(place.clear) >= 12
    assert np.ptp(np.array(place.clear), axis=0).min() >= 3
    assert area(place.no_entry) > 2


@EACH
def test_routes_lie_before_the_camera_and_lead_in_and_out(place):
    size = np.array([place.camera.width, place.camera.height])
    open_ends = set()
    for route in (*place.walk, *place.drive):
        assert depth(place.camera, route).min() > 0.5
        ends = np.array([route[0], route[-1]])
        px = pixels(place.camera, ends)
        for end, at in zip(ends, px, strict=True):
            outside = (at < 0).any() or (at >= size).any()
            to_door = min((float(np.hypot(*(end - d))) for d in place.doors), default=np.inf)
            if not outside and to_door >= 0.8:
                open_ends.add((float(end[0]), float(end[1])))
        seen = pixels(place.camera, sampled(route))
        assert ((seen >= 0) & (seen < size)).all(axis=1).mean() > 0.2
    assert not seen_at(place, sorted(open_ends)), "somebody appears in the middle of the picture"


def seen_at(place, points):
    """Those of the points where somebody who stands there is not hidden, by a wall or something else."""
    people = tuple(Walker(Path([(k, x, y), (k + 0.9, x + 0.01, y)])) for k, (x, y) in enumerate(points))
    renderer = Renderer(Scene(camera=place.camera, place=place.painter, actors=people, duration_s=len(points) + 1.0))
    boxes = [renderer.frame(k + 0.5)[1] for k in range(len(points))]
    return [point for point, found in zip(points, boxes, strict=True) if any(b.visible > 0.15 for b in found)]


@EACH
def test_nobody_walks_through_props_or_where_entry_is_forbidden(place):
    solid = footprints(place.name)
    for route in place.walk:
        points = strolled(route)
        assert not inside(place.no_entry, points).any(), route
        # A body's half width off the line; closer only where somebody gets into a car or through a door.
        free = [np.linalg.norm(points - np.array(d), axis=1) > 2.0 for d in place.doors]
        gaps = np.linalg.norm(points[:, None] - solid[None], axis=2).min(axis=1)
        assert gaps.min() > 0.25, f"{route} meets a prop at {points[gaps.argmin()]}"
        gaps = gaps[np.all(free, axis=0)] if free else gaps
        assert gaps.min() > 0.5, f"{route} squeezes past a prop"
    for route in place.drive:
        gaps = np.linalg.norm(sampled(route)[:, None] - solid[None], axis=2)
        assert gaps.min() > 0.9, f"{route} is too narrow for a car"
    for point in (*place.stand, *(t.reach for t in place.targets)):
        assert np.linalg.norm(solid - point, axis=1).min() > 0.15, point
        assert not inside(place.no_entry, [point])[0]


@EACH
def test_areas_lie_in_the_picture_and_are_free(place):
    solid = footprints(place.name)
    for polygon in (place.clear, place.no_entry):
        px = pixels(place.camera, polygon)
        assert (px >= 0).all()
        assert (px < [place.camera.width, place.camera.height]).all()
        assert not inside(polygon, solid).any()


@EACH
def test_stands_targets_and_lamps_can_be_seen(place):
    size = np.array([place.camera.width, place.camera.height])
    px = pixels(place.camera, (*place.stand, *place.doors, *place.shelves))
    assert ((px >= 0) & (px < size)).all()
    for target in place.targets:
        corners = np.array(target.surface)
        assert corners.shape == (4, 3)
        px, _ = place.camera.project(corners)
        assert ((px >= 0) & (px < size)).all()
        assert np.linalg.norm(corners[:, :2].mean(axis=0) - target.reach) < 1.2, "out of an arm's reach"
    assert all(2 < height < 12 for _, _, height in place.lamps)


@pytest.mark.parametrize("seed", range(3))
def test_car_that_may_be_broken_into_stands_there_whatever_the_seed(seed):
    place = PLACES["car park"]
    camera = replace(place.camera, width=32, height=24)
    props = place.painter(camera, Light(), np.random.default_rng(seed)).props
    panes = [np.mean(part.contours[0], axis=0) for prop in props for part in prop.parts if isinstance(part, Face)]
    for target in place.targets:
        middle = np.mean(target.surface, axis=0)
        assert min(np.linalg.norm(pane - middle) for pane in panes) < 0.05


@EACH
def test_someone_on_a_corner_of_the_clear_area_is_seen_whole(place):
    middle = np.mean(place.clear, axis=0)
    walkers = []
    for k, corner in enumerate(np.array(place.clear)):  # one after another
        aside = corner + 0.01 * (middle - corner)
        walkers.append(Walker(Path([(k + 1.0, *corner), (k + 1.5, *aside)])))
    scene = Scene(
        camera=place.camera, place=place.painter, actors=tuple(walkers), duration_s=6.0, noise=0.0, blur_px=0.0
    )
    renderer = Renderer(scene, seed=2)
    empty, _ = renderer.frame(0.5)
    for k, corner in enumerate(place.clear):
        image, (box,) = renderer.frame(k + 1.25)
        x0, y0, x1, y1 = box.xyxy
        assert y1 - y0 >= 24
        assert box.inside > 0.99
        assert box.visible > 0.9, f"hidden at {corner}"
        changed = np.abs(image.astype(int) - empty).max(axis=2)[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1] > 8
        assert changed.any(axis=1).mean() > 0.9
        assert changed.mean() > 0.25


@EACH
def test_painter_repeats_itself_and_differs_by_seed(place):
    small = replace(place.camera, width=64, height=48)
    first, again, other = (place.painter(small, Light(), np.random.default_rng(seed)) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first.image, again.image)
    assert [(p.at, len(p.parts)) for p in first.props] == [(p.at, len(p.parts)) for p in again.props]
    assert [q.colour for p in first.props for q in p.parts] == [q.colour for p in again.props for q in p.parts]
    assert (first.image != other.image).any()
    px = pixels(small, place.clear) * (first.ground.shape[0] / small.height)
    assert first.ground[px[:, 1].astype(int), px[:, 0].astype(int)].all(), "no shadow would fall on the clear area"


@EACH
@pytest.mark.parametrize("sign", [-1, 1])
def test_painter_survives_another_camera(place, sign):
    camera = place.camera
    moved = replace(
        camera,
        width=64,
        height=48,
        pitch_deg=camera.pitch_deg + 4 * sign,
        yaw_deg=camera.yaw_deg - 7 * sign,
        height_m=camera.height_m * (1 + 0.1 * sign),
        fov_deg=camera.fov_deg + 6 * sign,
    )
    painted = place.painter(moved, Light(), np.random.default_rng(5))
    assert painted.image.shape == (96, 128, 3)
    assert np.isfinite(painted.image).all()
    assert (painted.image.max(axis=2) > 8).mean() > 0.99, "a hole: nothing was painted there"
    assert 0.2 < painted.ground.mean() < 1
