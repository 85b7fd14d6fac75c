"""The renderer: its camera and motion obey physics, its ground truth is where the pixels are, and it repeats itself."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path as FilePath

import av
import numpy as np
import pytest

from clipvad.synth import Camera, Car, Cyclist, Label, Path, Renderer, Scene, Walker, render_clip, walkway
from clipvad.synth.actors.gait import walk
from clipvad.synth.actors.skeleton import SHANK, THIGH, bend, stand_up
from clipvad.synth.examples import films

ASSETS = FilePath(__file__).resolve().parents[2] / "assets"


def scene(*actors, duration_s=1.0, size=(128, 72), **options):
    camera = Camera(width=size[0], height=size[1], height_m=3.9, pitch_deg=15.5)
    return Scene(camera=camera, place=walkway, actors=actors, duration_s=duration_s, fps=10, **options)


def test_camera_projects_as_a_pinhole():
    camera = Camera(width=640, height=360, height_m=2.0, pitch_deg=0.0, fov_deg=90)
    px, depth = camera.project(np.array([[0.0, 10.0, 2.0], [5.0, 10.0, 2.0], [0.0, 10.0, 0.0]]))
    # 90 degrees across 640 pixels: focal length 320; a lateral 5 m at 10 m is 160 px.
    np.testing.assert_allclose(px, [[320, 180], [480, 180], [320, 244]], atol=1e-9)
    np.testing.assert_allclose(depth, 10.0)


def test_rays_and_projection_agree():
    camera = Camera(width=64, height=48, height_m=3.0, pitch_deg=20, yaw_deg=13, x_m=1.5)
    points = camera.position + 7.0 * camera.rays()
    px, _ = camera.project(points)
    u, v = np.meshgrid(np.arange(64) + 0.5, np.arange(48) + 0.5)
    np.testing.assert_allclose(px, np.stack([u, v], axis=-1), atol=1e-9)


@pytest.mark.parametrize("size", [(0, 90), (161, 90), (160, -2)])
def test_camera_refuses_a_size_that_h264_cannot_hold(size):
    with pytest.raises(ValueError, match="positive and even"):
        Camera(width=size[0], height=size[1])


def test_path_passes_its_waypoints_and_stops_where_told():
    path = Path([(0, 0, 5), (2, 2, 5), (4, 2, 5), (6, 5, 5)])
    for t, x in ((0, 0), (2, 2), (3, 2), (4, 2), (6, 5)):
        np.testing.assert_allclose(path.position(t), [x, 5], atol=1e-9)
    assert path.speed(3.0) < 1e-6
    assert path.travelled(6.0) == pytest.approx(5.0, abs=0.01)
    np.testing.assert_allclose(path.heading(3.0), [1, 0], atol=1e-6)


@pytest.mark.parametrize("waypoints", [[(0, 0, 5)], [(1, 0, 5), (1, 2, 5)], [(2, 0, 5), (1, 2, 5)]])
def test_path_refuses_waypoints_out_of_order(waypoints):
    with pytest.raises(ValueError, match="waypoints"):
        Path(waypoints)


def test_bones_keep_their_length_and_one_foot_stays_on_the_ground():
    h = 1.75
    for phase in np.linspace(0, 1, 41):
        joints = stand_up(walk(phase=float(phase), swing=1.0), stature_m=h).joints
        for side in "lr":
            thigh = np.linalg.norm(joints[f"hip_{side}"] - joints[f"knee_{side}"])
            shank = np.linalg.norm(joints[f"knee_{side}"] - joints[f"ankle_{side}"])
            np.testing.assert_allclose([thigh, shank], [THIGH * h, SHANK * h], rtol=1e-9)
        soles = [joints[k][2] for k in ("heel_l", "heel_r", "toe_l", "toe_r")]
        assert min(soles) == pytest.approx(0.012 * h)


def test_two_link_limb_reaches_and_bends_to_the_asked_side():
    start, end = np.array([0.0, 0.0, 1.0]), np.array([0.1, 0.0, 0.3])
    knee = bend(start, end, 0.42, 0.42, np.array([1.0, 0.0, 0.0]))
    assert np.linalg.norm(knee - start) == pytest.approx(0.42)
    assert np.linalg.norm(knee - end) == pytest.approx(0.42)
    assert knee[0] > 0.1


def test_standing_foot_slides_little_while_walking():
    walker = Walker(Path([(0, 0, 8), (6, 7.8, 8)]))
    times = np.arange(1, 5, 0.04)
    feet = []
    for t in times:
        joints = walker.pose(t).joints
        x = walker.path.position(t)[0]
        side = "l" if joints["ankle_l"][2] < joints["ankle_r"][2] else "r"
        feet.append((side, x + joints[f"ankle_{side}"][0]))
    slides = [abs(b[1] - a[1]) for a, b in pairwise(feet) if a[0] == b[0]]
    # At 1.3 m/s the body moves 52 mm a step of time: the foot that carries it must move much less.
    assert np.median(slides) < 0.026


@pytest.mark.parametrize(
    "actor",
    [
        Walker(Path([(0, -1, 9), (2, 1, 9)])),
        Cyclist(Path([(0, -1, 9), (2, 1, 9)])),
        Car(Path([(0, -1, 11), (2, 1, 11)])),
    ],
    ids=["walker", "cyclist", "car"],
)
def test_box_is_where_the_pixels_change(actor):
    still = {"noise": 0.0, "blur_px": 0.0}
    empty, _ = Renderer(scene(**still), seed=3).frame(1.0)
    image, (box,) = Renderer(scene(actor, **still), seed=3).frame(1.0)
    x0, y0, x1, y1 = box.xyxy
    changed = np.abs(image.astype(int) - empty).max(axis=2) > 12
    inside = changed[round(y0) : round(y1), round(x0) : round(x1)]
    assert inside.mean() > 0.25
    # The shadow falls outside the box, to the right and on the ground; above and to the left nothing may change.
    assert not changed[: max(int(y0) - 1, 0)].any()
    assert not changed[:, : max(int(x0) - 1, 0)].any()
    rows, columns = np.nonzero(inside)
    assert rows.min() <= 2
    assert columns.min() <= 2


def test_nearer_actor_hides_the_farther_one():
    near, far = Walker(Path([(0, 0, 7), (2, 0.01, 7)])), Car(Path([(0, 0, 12), (2, 0.01, 12)]))
    still = {"noise": 0.0, "blur_px": 0.0}
    both, _ = Renderer(scene(near, far, **still), seed=3).frame(1.0)
    swapped, _ = Renderer(scene(far, near, **still), seed=3).frame(1.0)
    alone, (box,) = Renderer(scene(near, **still), seed=3).frame(1.0)
    np.testing.assert_array_equal(both, swapped)
    x, y = round((box.xyxy[0] + box.xyxy[2]) / 2), round(0.6 * box.xyxy[1] + 0.4 * box.xyxy[3])
    np.testing.assert_array_equal(both[y, x], alone[y, x])


def test_lamp_post_hides_a_walker_behind_it():
    behind = Walker(Path([(0, -4.36, 15.9), (2, -4.35, 15.9)]))
    still = {"noise": 0.0, "blur_px": 0.0, "size": (480, 270)}
    renderer = Renderer(scene(behind, **still), seed=3)
    empty, _ = Renderer(scene(**still), seed=3).frame(1.0)
    image, _ = renderer.frame(1.0)
    px, _ = renderer.scene.camera.project(np.array([-4.3, 15.2, 1.2]))
    u, v = int(px[0]), int(px[1])
    assert np.abs(image[v, u].astype(int) - empty[v, u]).max() <= 6


def test_same_seed_repeats_every_pixel_and_another_does_not():
    walker = Walker(Path([(0, -1, 9), (1, 1, 9)]))
    first, boxes = Renderer(scene(walker), seed=5).frame(0.5)
    second, again = Renderer(scene(walker), seed=5).frame(0.5)
    other, _ = Renderer(scene(walker), seed=6).frame(0.5)
    np.testing.assert_array_equal(first, second)
    assert boxes == again
    assert (first != other).any()


def test_clip_and_truth_agree(tmp_path):
    walker, rider = Walker(Path([(-1, -2, 9), (3, 3, 9)])), Cyclist(Path([(0.5, -6, 10), (3.5, 6, 10)]))
    cycling = Label("cycling", "A person rides a bicycle.", ("cyclist",))
    film = scene(walker, rider, duration_s=4.0)
    truths = [
        render_clip(film, tmp_path / f"{k}.mp4", seed=1, events=[cycling], quiet=Label("normal", "People walk.", ()))
        for k in "aa"
    ]
    assert truths[0].to_json() == truths[1].to_json()
    data = json.loads(truths[0].to_json())
    with av.open(str(tmp_path / "a.mp4")) as clip:
        frames = list(clip.decode(video=0))
        assert clip.streams.video[0].codec_context.pix_fmt == "yuv420p"
    assert len(frames) == len(data["frames"]) == 40
    np.testing.assert_allclose([f.time for f in frames], [f["t_s"] for f in data["frames"]], atol=1e-3)
    (event,) = data["events"]
    seen = [
        f["t_s"] for f in data["frames"] if any(b["class"] == "cyclist" and b["inside"] >= 0.35 for b in f["boxes"])
    ]
    assert event["start_s"] == seen[0]
    assert event["end_s"] == pytest.approx(seen[-1] + 0.1)
    spans = [(c["start_s"], c["end_s"]) for c in data["captions"]]
    assert spans[0][0] == 0
    assert spans[-1][1] == 4.0
    assert all(a[1] == b[0] for a, b in pairwise(spans))


@pytest.mark.parametrize(
    ("name", "labels", "frames"),
    [
        ("walkway", ["cycling", "car"], 950),
        ("loading-bay", ["no entry"], 650),
        ("plaza-fight", ["fight"], 600),
        ("car-park-fire", ["fire"], 600),
    ],
)
def test_examples_in_the_repository_match_their_scenes(name, labels, frames):
    """The committed truth is what the scene says now: boxes and events cannot drift from the script."""
    truth = json.loads((ASSETS / f"{name}.truth.json").read_text(encoding="utf-8"))
    (film,) = [film for film in films() if film.name == name]
    renderer = Renderer(film.scene, seed=film.seed)
    for k in (60, 300, frames - 1):
        _, boxes = renderer.frame(k / film.scene.fps)
        stored = {b["id"]: b["xyxy"] for b in truth["frames"][k]["boxes"]}
        assert stored == {b.track: [round(v, 1) for v in b.xyxy] for b in boxes}
    assert [e["label"] for e in truth["events"]] == labels
    with av.open(str(ASSETS / f"{name}.mp4")) as clip:
        assert sum(1 for _ in clip.decode(video=0)) == len(truth["frames"]) == frames
