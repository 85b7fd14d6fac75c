"""Shadows: the ground made darker gets no box, a dark thing on the same ground does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from clipvad.core import Detections, FrameBatch
from clipvad.detectors.motion import MotionDetector
from clipvad.detectors.shadows import without_shadows
from clipvad.detectors.tracks import iou
from tests.detecting import FPS, empty_scene, walk

HEIGHT, WIDTH = 120, 180
PATH = [*[None] * 8, *walk(30)]
Picture = NDArray[np.uint8]


def paved(*, grey: bool) -> Picture:
    """Textured ground, uint8 [120, 180, 3]; grey (120 to 220) as from a camera without colour, else a little warm."""
    scene = 120 + (empty_scene(seed=3)[..., :1].repeat(3, axis=2) - 60) // 6 * 5
    return scene if grey else (scene * np.array([1.0, 0.95, 0.85])).astype(np.uint8)


def smooth(value: int = 150) -> Picture:
    return np.full((HEIGHT, WIDTH, 3), value, np.uint8)


def cover(box: tuple[int, int, int, int], *, soft: float = 0.0) -> NDArray[np.float64]:
    """[120, 180, 1]: 1 in the box and 0 elsewhere; blurred if `soft` > 0, pixels."""
    x1, y1, x2, y2 = box
    inside = np.zeros((HEIGHT, WIDTH))
    inside[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = 1
    return (cv2.GaussianBlur(inside, None, soft) if soft else inside)[..., None]


def film_of(
    scene: Picture, *, shade: float = 1.0, thing: int | None = None, soft: float = 0.0, noise: float = 1.0
) -> FrameBatch:
    """Along PATH goes a thing of one grey level, or a shadow that leaves `shade` of the light; or both.

    The shadow of a thing is as high as a quarter of it and lies at its feet, to the right.
    """
    rng = np.random.default_rng(1)
    frames = []
    for box in PATH:
        frame = scene.astype(float)
        if box is not None:
            _, _, x2, y2 = box
            dark = box if thing is None else (x2, y2 - 8, x2 + 30, y2)
            frame *= 1 - (1 - shade) * cover(dark, soft=soft)
            if thing is not None:
                frame += (thing - frame) * cover(box)
        frames.append(np.clip(frame + rng.normal(0, noise, frame.shape), 0, 255).astype(np.uint8))
    return FrameBatch(np.stack(frames), np.arange(len(frames)) / FPS)


def detect(batch: FrameBatch, *, shadows: bool = False) -> Detections:
    return MotionDetector(shadows=shadows).open().detect(batch, 0)


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("shade", [0.65, 0.75])
def test_a_hard_shadow_on_textured_ground_gets_no_box(grey: bool, shade: float) -> None:
    batch = film_of(paved(grey=grey), shade=shade)
    assert len(detect(batch, shadows=True)) >= 25, "it is there to be found"
    assert len(detect(batch)) == 0


def test_a_soft_shadow_on_smooth_ground_gets_no_box() -> None:
    batch = film_of(smooth(), shade=0.55, soft=5.0)
    assert len(detect(batch, shadows=True)) >= 25
    assert len(detect(batch)) == 0


@pytest.mark.parametrize("scene", [paved(grey=False), paved(grey=True), smooth()], ids=["warm", "grey", "smooth"])
@pytest.mark.parametrize("thing", [25, 75])
def test_a_dark_thing_is_boxed_as_before(scene: Picture, thing: int) -> None:
    """75 is half of the smooth ground's brightness, and grey: shape alone says that it is no shadow."""
    found = detect(film_of(scene, thing=thing))
    for frame in range(12, 38):
        expected = np.clip(np.array([PATH[frame]], np.float32), 0, (WIDTH, HEIGHT, WIDTH, HEIGHT))
        assert iou(expected, found.xyxy[found.frame == frame]).max(initial=0) > 0.6, f"frame {frame}"


def test_a_walker_is_cut_from_the_shadow_at_its_feet() -> None:
    batch = film_of(paved(grey=False), thing=20, shade=0.6)
    frame = 36  # by then the background is old enough to be trusted where nothing changes
    expected = np.array([PATH[frame]], np.float32)
    kept = detect(batch, shadows=True)
    [joined] = kept.xyxy[kept.frame == frame]
    assert iou(expected, joined[None])[0, 0] < 0.5
    found = detect(batch)
    [alone] = found.xyxy[found.frame == frame]
    assert iou(expected, alone[None])[0, 0] > 0.6  # a little of the shadow's outline stays


def test_the_mask_only_loses_pixels_and_light_things_lose_none() -> None:
    ground = paved(grey=False)
    mask = (cover((40, 30, 80, 90))[..., 0] > 0).astype(np.uint8)
    lit = np.clip(ground.astype(int) + 60 * mask[..., None], 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(without_shadows(mask, lit, ground), mask)
    shaded = (ground * (1 - 0.4 * mask[..., None])).astype(np.uint8)
    assert without_shadows(mask, shaded, ground).sum() < 0.05 * mask.sum()  # specks on the outline
    tinted = (ground * (1 - mask[..., None] * np.array([0.2, 0.5, 0.55]))).astype(np.uint8)
    np.testing.assert_array_equal(without_shadows(mask, tinted, ground), mask)


def test_trousers_like_a_shadow_stay_between_shirt_and_shoes() -> None:
    ground = smooth()
    picture, mask = ground.copy(), np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[30:80, 60:72] = 1
    picture[30:56, 60:72] = (200, 30, 30)  # shirt
    picture[56:68, 57:75] = 90  # a shadow's grey
    picture[68:80, 60:72] = 20  # shoes
    np.testing.assert_array_equal(without_shadows(mask, picture, ground), mask)


def test_the_id_tells_kept_shadows_from_cut_ones() -> None:
    assert MotionDetector(shadows=True).id != MotionDetector().id
    assert "shadows=cut1" in MotionDetector().id
