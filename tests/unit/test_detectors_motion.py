"""Motion: what moves gets a box, ghosts and flashes get none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipvad.core import Detections, FrameBatch
from clipvad.detectors.background import MedianBackground, _sorted
from clipvad.detectors.motion import MotionDetector
from clipvad.detectors.tracks import OverlapTracker, iou
from clipvad.errors import DetectorError
from tests.detecting import empty_scene, film, walk


def detect(batch: FrameBatch, **options: float) -> Detections:
    return MotionDetector(**options).open().detect(batch, 0)  # type: ignore[arg-type]


def test_a_walker_is_boxed_and_keeps_one_identity() -> None:
    path = [*[None] * 8, *walk(40)]
    found = detect(film(path))
    for frame in range(9, 48):
        [row] = np.flatnonzero(found.frame == frame)
        expected = np.clip(np.array([path[frame]], np.float32), 0, (180, 120, 180, 120))
        assert iou(expected, found.xyxy[row : row + 1])[0, 0] > 0.7, f"frame {frame}"
    assert len(set(found.track)) == 1
    assert found.frame.min() >= 8


def test_an_empty_noisy_scene_has_no_boxes() -> None:
    assert len(detect(film([None] * 40, noise=4.0))) == 0


def test_who_stood_there_at_first_leaves_no_ghost() -> None:
    place = (60, 50, 74, 80)
    found = detect(film([*[place] * 3, *walk(30, start=60, step=5)]))
    late = found.xyxy[found.frame >= 12]
    assert len(late) > 0
    assert iou(np.array([place], np.float32), late).max() < 0.1


def test_what_stops_becomes_background_after_the_memory() -> None:
    path = [*[None] * 40, *walk(10), *[(40, 50, 54, 80)] * 120]
    found = detect(film(path), memory_s=8.0)
    assert np.sum((found.frame > 50) & (found.frame < 70)) >= 15, "it is seen for a while after it stopped"
    assert not np.any(found.frame > 140)


@pytest.mark.parametrize("change", [60, -50])
def test_a_sudden_change_of_light_gives_no_boxes(change: int) -> None:
    scene = empty_scene()
    lit = np.clip(scene.astype(int) + change, 0, 255).astype(np.uint8)
    before, after = film([None] * 20, scene=scene), film([*[None] * 12, *walk(20)], scene=lit)
    pixels = np.concatenate([before.pixels, after.pixels])
    found = detect(FrameBatch(pixels, np.arange(len(pixels)) / 8))
    assert not np.any(found.frame < 32)
    assert set(range(34, 50)) <= set(found.frame), "the walker after it is found again"


def test_a_cut_to_another_camera_starts_anew() -> None:
    a, b = film([None] * 16), film([*[None] * 8, *walk(20)], scene=empty_scene(seed=9))
    pixels = np.concatenate([a.pixels, b.pixels])
    found = detect(FrameBatch(pixels, np.arange(len(pixels)) / 8))
    assert not np.any(found.frame < 24)
    assert set(range(26, 40)) <= set(found.frame)


def test_large_pictures_give_boxes_in_their_own_pixels() -> None:
    small = film([*[None] * 8, *walk(16)])
    large = FrameBatch(small.pixels.repeat(8, axis=1).repeat(8, axis=2), small.pts_s)
    a, b = detect(small), detect(large)
    assert iou(a.xyxy[a.frame == 20], b.xyxy[b.frame == 20] / 8).max() > 0.6


def test_small_things_are_left_out_by_area() -> None:
    path = [*[None] * 8, *walk(16)]
    assert len(detect(film(path), min_area=0.01)) > 0  # 14 x 30 of 180 x 120 is 0.019
    assert len(detect(film(path), min_area=0.04)) == 0


@pytest.mark.parametrize("wrong", [{"min_area": 0.0}, {"contrast": -1.0}, {"memory_s": 0.0}, {"max_objects": 0}])
def test_options_out_of_range(wrong: dict[str, float]) -> None:
    with pytest.raises(DetectorError, match="needs min_area between 0 and 1"):
        MotionDetector(**wrong)  # type: ignore[arg-type]


@settings(deadline=None)
@given(count=st.integers(1, 27), seed=st.integers(0, 99))
def test_sorting_network_sorts(count: int, seed: int) -> None:
    stack = np.random.default_rng(seed).integers(0, 255, (count, 3, 4), np.uint8)
    np.testing.assert_array_equal(np.stack(_sorted(list(stack))), np.sort(stack, axis=0))


def test_background_is_the_median_and_forgets() -> None:
    background = MedianBackground(memory_s=25.0)
    pictures = [np.full((2, 2, 3), value, np.uint8) for value in (10, 200, 30, 20, 25)]
    for time, picture in enumerate(pictures):
        background.learn(picture, float(time * 5))
    assert background.picture is not None
    assert background.picture.max() == background.picture.min() == 25  # of 10 20 25 30 200
    for time in range(25):
        background.learn(np.full((2, 2, 3), 90, np.uint8), 100.0 + time)
    assert background.picture.min() == 90


def test_difference_before_learning_is_refused() -> None:
    with pytest.raises(ValueError, match="learn a picture"):
        MedianBackground(memory_s=5.0).difference(np.zeros((2, 2, 3), np.uint8))


def test_iou_exact() -> None:
    a = np.array([[0, 0, 10, 10], [5, 5, 5, 5]], np.float32)
    b = np.array([[5, 0, 15, 10], [0, 0, 10, 10], [20, 20, 30, 30]], np.float32)
    np.testing.assert_allclose(iou(a, b), [[50 / 150, 1, 0], [0, 0, 0]], rtol=1e-6)


def test_tracker_keeps_identities_through_a_gap_and_a_passing() -> None:
    tracker = OverlapTracker(patience=2)

    def right(t: int) -> list[int]:
        return [10 * t, 0, 10 * t + 20, 20]

    def left(t: int) -> list[int]:
        return [100 - 10 * t, 30, 120 - 10 * t, 50]

    seen = [tracker.update(np.array([right(t), left(t)], np.float32)).tolist() for t in range(5)]
    assert seen == [[0, 1]] * 5
    assert tracker.update(np.array([left(5)], np.float32)).tolist() == [1]
    assert tracker.update(np.array([right(6), left(6)], np.float32)).tolist() == [0, 1]


def test_tracker_forgets_after_its_patience_and_never_reuses_an_identity() -> None:
    tracker = OverlapTracker(patience=2)
    box, none = np.array([[0, 0, 9, 9]], np.float32), np.zeros((0, 4), np.float32)
    assert tracker.update(box).tolist() == [0]
    for _ in range(3):
        assert tracker.update(none).tolist() == []
    assert tracker.update(box).tolist() == [1]
