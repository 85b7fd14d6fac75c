"""Painted planes and what stands before them: the nearest surface shows, walls hide, the lower picture stays put."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clipvad.synth import Camera, Light, Path, Renderer, Scene, Walker
from clipvad.synth.places.furniture import block
from clipvad.synth.places.shelving import shelf_row
from clipvad.synth.places.world import PLACES
from clipvad.synth.rendering.backdrop import Prop, paint
from clipvad.synth.rendering.planes import View

CAMERA = Camera(width=64, height=48, height_m=3.0, pitch_deg=20.0, fov_deg=70.0)
RED, GREEN, BLUE, GREY = (200.0, 0.0, 0.0), (0.0, 200.0, 0.0), (0.0, 0.0, 200.0), (128.0, 128.0, 128.0)
FLAT = Light(towards=(0.0, 0.0, 1.0), ambient=1.0, sun=0.0)


def plain(colour):
    return lambda u, v, reach: np.broadcast_to(np.array(colour), (*u.shape, 3))


def seen(view, point):
    """The colour that the view shows at a world point."""
    (u, v), _ = CAMERA.project(np.array(point, dtype=float))
    return tuple(view.image[int(2 * v), int(2 * u)])


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_nearest_plane_shows_whatever_the_order(order):
    view = View(CAMERA, background=GREY)
    steps = (
        lambda: view.level(plain(RED), y=(0.0, 10.0)),
        lambda: view.facing(plain(GREEN), y=10.0, x=(-2.0, 2.0), z=(0.0, 2.5)),
        lambda: view.facing(plain(BLUE), y=14.0, x=(-20.0, 20.0), z=(0.0, 9.0)),
    )
    for k in order:
        steps[k]()
    assert seen(view, (0, 6, 0)) == RED
    assert seen(view, (0.5, 10, 1)) == GREEN
    assert seen(view, (0, 14, 3.3)) == BLUE  # over the low wall
    assert seen(view, (5, 14, 1)) == BLUE  # beside it
    shown = view.painted([])
    np.testing.assert_array_equal(shown.ground, (view.image == RED).all(axis=2))
    wall, _ = CAMERA.project(np.array([0.5, 10.0, 1.0]))
    u, v = (2 * wall).astype(int)
    # Depth along an axis that is tilted by 20 degrees: 10 m away on the level, 2 m down.
    assert shown.reach[v, u] == pytest.approx(10 * np.cos(np.radians(20)) + 2 * np.sin(np.radians(20)), abs=0.1)


def test_paint_gets_the_metres_of_its_own_plane():
    view = View(CAMERA, background=GREY)
    # The colour is the place: x, y and the depth in tenths of a metre.
    view.level(lambda x, y, reach: np.stack([x * 10, y * 10, reach * 10], axis=-1), y=(0.0, 30.0))
    for x, y in ((0.0, 6.0), (1.5, 8.0), (-3.0, 12.0)):
        _, depth = CAMERA.project(np.array([x, y, 0.0]))
        np.testing.assert_allclose(seen(view, (x, y, 0)), [10 * x, 10 * y, 10 * depth], atol=4.0)


def test_what_no_ray_meets_keeps_the_background():
    view = View(CAMERA, background=GREY)
    view.side(plain(RED), x=500.0, y=(0.0, 50.0), z=(0.0, 2.0))
    view.level(plain(RED), z=-1.0, y=(-9.0, -1.0))
    assert (view.image == GREY[0]).all()
    assert not view.painted([]).ground.any()
    assert np.isinf(view.painted([]).reach).all()


def walled(camera, light, rng):
    """A grey floor, and a red wall at y = 9 from x = 0 to the right."""
    view = View(camera, background=GREY)
    view.level(plain(GREY))
    view.facing(plain(RED), y=9.0, x=(0.0, 9.0), z=(0.0, 3.0))
    return view.painted(view.hiding((0.0, 9.0), (9.0, 9.0), z=(0.0, 3.0)))


def film(painter, *actors, **options):
    camera = Camera(width=160, height=120, height_m=3.0, pitch_deg=15.0, fov_deg=70.0)
    options = {"noise": 0.0, "blur_px": 0.0, "vignette": 0.0, "light": FLAT, **options}
    return Renderer(Scene(camera=camera, place=painter, actors=actors, duration_s=2.0, **options), seed=1)


def still(x, y):
    return Walker(Path([(0, x, y), (2, x + 0.01, y)]))


def test_painted_wall_hides_who_is_behind_it_and_nobody_else():
    empty = film(walled).frame(1.0)[0].astype(int)
    for x, y, share in ((2.0, 10.5, 0.0), (2.0, 8.0, 1.0), (-1.2, 10.5, 1.0)):
        image, (box,) = film(walled, still(x, y)).frame(1.0)
        assert box.visible == pytest.approx(share, abs=0.02)
        x0, y0, x1, y1 = (round(v) for v in box.xyxy)
        changed = np.abs(image - empty).max(axis=2)[y0:y1, x0:x1] > 12
        assert changed.any() == (share > 0)


def test_painted_wall_leaves_the_picture_as_it_was_painted():
    def bare(camera, light, rng):
        return replace(walled(camera, light, rng), props=())

    pictures = [paint(p, camera=CAMERA, light=FLAT, seed=1).image.astype(int) for p in (walled, bare)]
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


def boxes_in_a_row(camera, light, rng):
    """A green box that a blue one before it hides in part."""
    view = View(camera, background=GREY)
    view.level(plain(GREY))
    far = Prop((0.0, 8.0), tuple(block((0.0, 8.0), (1.0, 1.0, 1.2), GREEN)))
    near = Prop((0.0, 6.0), tuple(block((0.0, 6.0), (1.0, 1.0, 1.2), BLUE)))
    return view.painted([far, near])


def test_prop_drawn_again_stays_behind_a_nearer_one():
    empty = film(boxes_in_a_row).frame(1.0)[0].astype(int)
    # Behind the far box only, and too far off to touch the near one.
    renderer = film(boxes_in_a_row, still(0.55, 9.6))
    image, _ = renderer.frame(1.0)
    front, _ = renderer.scene.camera.project(np.array([[-0.4, 5.5, 0.1], [0.4, 5.5, 1.1]]))
    (u0, v1), (u1, v0) = front.astype(int)
    assert np.abs(image - empty).max(axis=2)[v0 + 1 : v1 - 1, u0 + 1 : u1 - 1].max() <= 2


def test_shadow_falls_on_the_ground_and_not_on_a_prop_before_it():
    low_sun = Light(towards=(0.0, 0.8, 0.5), ambient=0.5, sun=0.5)  # shadows run towards the camera
    empty = film(boxes_in_a_row, light=low_sun).frame(1.0)[0].astype(int)
    renderer = film(boxes_in_a_row, still(0.0, 9.4), light=low_sun)
    image, _ = renderer.frame(1.0)
    lid, _ = renderer.scene.camera.project(np.array([[-0.3, 7.7, 1.2], [0.3, 8.3, 1.2]]))
    (u0, v1), (u1, v0) = lid.astype(int)
    assert np.abs(image - empty).max(axis=2)[v0 + 1 : v1, u0:u1].max() <= 2


def test_shelves_stand_on_the_right_of_their_line_within_their_depth():
    props = shelf_row(np.random.default_rng(0), (1.0, 2.0), (1.0, 6.0), depth_m=0.4, height_m=1.5)
    corners = np.concatenate([np.concatenate(f.contours) for p in props for f in p.parts])
    assert corners[:, 0].min() == pytest.approx(1.0)
    assert 1.4 <= corners[:, 0].max() < 1.41
    np.testing.assert_allclose([corners[:, 1].min(), corners[:, 1].max()], [2.0, 6.0], atol=0.01)
    np.testing.assert_allclose([corners[:, 2].min(), corners[:, 2].max()], [0.0, 1.5], atol=0.01)


@pytest.mark.parametrize("name", ["shop inside", "platform", "loading bay"])
def test_doors_let_people_be_seen_in_them(name):
    """A wall that hides has its door left open."""
    place = PLACES[name]
    door = np.array(place.doors[0])
    walker = still(*(door + 0.05 * (np.mean(place.clear, axis=0) - door)))
    scene = Scene(camera=place.camera, place=place.painter, actors=(walker,), duration_s=2.0)
    _, (box,) = Renderer(scene, seed=1).frame(1.0)
    assert box.visible > 0.6
