"""Crops: exact windows around boxes, at the border and beyond it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipvad.core import Detections, FrameBatch
from clipvad.crops import crop_objects


def coded(frames: int = 2, height: int = 40, width: int = 60) -> FrameBatch:
    """Every pixel holds its own frame, row and column, so that a crop tells where it was cut."""
    t, y, x = np.meshgrid(np.arange(frames), np.arange(height), np.arange(width), indexing="ij")
    return FrameBatch(np.stack([t, y, x], axis=-1).astype(np.uint8), np.arange(frames) / 8)


def boxes(*rows: tuple[int, float, float, float, float]) -> Detections:
    count = len(rows)
    return Detections(
        frame=np.array([row[0] for row in rows], np.int32),
        xyxy=np.array([row[1:] for row in rows], np.float32).reshape(count, 4),
        confidence=np.ones(count, np.float32),
        label=np.zeros(count, np.int16),
        track=np.full(count, -1, np.int32),
        names=("thing",),
        detector_id="test",
    )


def window(crop: np.ndarray) -> tuple[int, int, int, int]:
    """x1 y1 x2 y2 of a crop of `coded`."""
    return int(crop[0, 0, 2]), int(crop[0, 0, 1]), int(crop[-1, -1, 2]) + 1, int(crop[-1, -1, 1]) + 1


def test_square_with_margin_in_the_middle() -> None:
    [crop] = crop_objects(coded(), boxes((0, 20, 10, 30, 30)), first_frame=0, scale=1.0, min_px=1)
    assert crop.shape == (26, 26, 3)  # 1.3 times the longer side, 20
    assert window(crop) == (12, 7, 38, 33)  # centred on (25, 20)


def test_it_is_a_view_of_the_batch() -> None:
    batch = coded()
    [crop] = crop_objects(batch, boxes((1, 20, 10, 30, 30)), first_frame=0, scale=1.0)
    assert np.shares_memory(crop, batch.pixels)
    assert crop[0, 0, 0] == 1


def test_border_moves_the_window_inside() -> None:
    found = crop_objects(coded(), boxes((0, 0, 0, 10, 20), (0, 50, 20, 60, 40)), first_frame=0, scale=1.0, min_px=1)
    assert [window(crop) for crop in found] == [(0, 0, 26, 26), (34, 14, 60, 40)]


def test_scale_maps_source_pixels_to_the_batch() -> None:
    [crop] = crop_objects(coded(), boxes((0, 40, 20, 60, 60)), first_frame=0, scale=2.0, min_px=1)
    assert window(crop) == (12, 7, 38, 33)


def test_margin_gives_way_before_padding() -> None:
    [crop] = crop_objects(coded(), boxes((0, 10, 2, 20, 38)), first_frame=0, scale=1.0)
    assert window(crop) == (0, 0, 40, 40)  # 1.3 x 36 would not fit into 40 rows


def test_a_square_wider_than_the_picture_is_high_repeats_the_edges() -> None:
    batch = coded()
    [crop] = crop_objects(batch, boxes((0, 5, 10, 55, 30)), first_frame=0, scale=1.0)
    assert crop.shape == (50, 50, 3)
    np.testing.assert_array_equal(crop[5:45], batch.pixels[0, :, 5:55])
    np.testing.assert_array_equal(crop[:5], np.repeat(crop[5:6], 5, axis=0))
    np.testing.assert_array_equal(crop[45:], np.repeat(crop[44:45], 5, axis=0))


def test_small_boxes_get_ground_around_them() -> None:
    [crop] = crop_objects(coded(), boxes((0, 30, 20, 32, 22)), first_frame=0, scale=1.0, min_px=24)
    assert window(crop) == (19, 9, 43, 33)


def test_not_square_keeps_the_shape_of_the_box() -> None:
    [crop] = crop_objects(
        coded(), boxes((0, 20, 10, 30, 30)), first_frame=0, scale=1.0, margin=1.2, square=False, min_px=1
    )
    assert window(crop) == (19, 8, 31, 32)


def test_rows_keep_their_order_and_frames_count_from_first_frame() -> None:
    found = crop_objects(
        coded(), boxes((7, 0, 0, 9, 9), (8, 30, 0, 39, 9), (8, 0, 0, 9, 9)), first_frame=7, scale=1.0, min_px=1
    )
    assert [int(crop[0, 0, 0]) for crop in found] == [0, 1, 1]
    assert [window(crop)[0] for crop in found] == [0, 28, 0]


def test_no_boxes_no_crops() -> None:
    assert crop_objects(coded(), Detections.empty("test"), first_frame=0, scale=1.0) == []


@pytest.mark.parametrize("frame", [4, 7])
def test_rows_of_other_frames_are_refused(frame: int) -> None:
    with pytest.raises(ValueError, match="outside frames 5 to 6"):
        crop_objects(coded(), boxes((frame, 0, 0, 9, 9)), first_frame=5, scale=1.0)


@pytest.mark.parametrize("wrong", [{"margin": 0.9}, {"min_px": 0}])
def test_senseless_options_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        crop_objects(coded(), boxes((0, 0, 0, 9, 9)), first_frame=0, scale=1.0, **wrong)  # type: ignore[arg-type]


@given(
    x=st.floats(-5, 64),
    y=st.floats(-5, 44),
    w=st.floats(0, 70),
    h=st.floats(0, 50),
    size=st.tuples(st.integers(1, 48), st.integers(1, 48)),
    square=st.booleans(),
)
def test_every_box_gives_a_picture_that_holds_it(
    x: float, y: float, w: float, h: float, size: tuple[int, int], square: bool
) -> None:
    batch = coded(1, *size)
    [crop] = crop_objects(batch, boxes((0, x, y, x + w, y + h)), first_frame=0, scale=1.0, square=square)
    assert crop.size > 0
    if square:
        assert crop.shape[0] == crop.shape[1]
        longest = max(min(w, h), min(max(w, h), 48))
        assert crop.shape[0] >= min(longest, *size) - 1
    x1, y1, x2, y2 = window(crop)
    inside = (max(x, 0) + 1, max(y, 0) + 1, min(x + w, size[1]) - 1, min(y + h, size[0]) - 1)
    if inside[0] < inside[2] and inside[1] < inside[3]:  # rounding may cost a pixel at each side
        assert x1 <= inside[0]
        assert y1 <= inside[1]
        assert x2 >= inside[2]
        assert y2 >= inside[3]
