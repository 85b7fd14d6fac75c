"""Majority vote, hysteresis and merging, against values worked out by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipvad.core import Rule, RuleSet, Scores, ScoreSettings
from clipvad.events import find_events, hysteresis, median_smooth, merge, spans, window_of

RULES = RuleSet(
    name="test",
    normal=(Rule(text="a person walking"),),
    abnormal=(Rule(text="a bicycle", category="cycling"), Rule(text="a car", category="driving")),
)


def scores(values: list[float], *, fps: float = 8.0, probabilities: np.ndarray | None = None) -> Scores:
    score = np.array(values, np.float32)
    n = len(score)
    if probabilities is None:
        probabilities = np.stack([1 - score, score, 0 * score], axis=1)
    return Scores(
        mode="frame",
        pts_s=np.arange(n) / fps,
        score=score,
        smooth=score,
        probabilities=probabilities.astype(np.float32),
        cosines=np.zeros((n, 3), np.float32),
        winner=np.full(n, -1, np.int32),
    )


def test_median_by_hand() -> None:
    assert median_smooth(np.array([0.0, 1.0, 0.0, 0.2, 0.9]), 3).tolist() == pytest.approx([0.0, 0.0, 0.2, 0.2, 0.9])


@given(
    st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40),
    st.integers(0, 6).map(lambda half: 2 * half + 1),
    st.floats(0.01, 1),
)
def test_the_median_thresholded_is_the_majority_vote_of_the_thresholded_scores(
    values: list[float], window: int, threshold: float
) -> None:
    score = np.array(values, np.float32)
    smooth = median_smooth(score, window)
    for i in range(len(score)):
        half = min(window // 2, i, len(score) - 1 - i)
        votes = score[i - half : i + half + 1] >= np.float32(threshold)
        assert (smooth[i] >= np.float32(threshold)) == (votes.sum() > len(votes) / 2)


@pytest.mark.parametrize("window", [0, 2, -1])
def test_an_even_or_empty_window_is_refused(window: int) -> None:
    with pytest.raises(ValueError, match="odd"):
        median_smooth(np.zeros(5), window)


@pytest.mark.parametrize(
    ("smooth_s", "fps", "window"), [(0, 8, 1), (1.0, 8, 9), (1.0, 10, 11), (0.125, 8, 1), (0.4, 8, 3), (0.375, 8, 3)]
)
def test_window_is_the_odd_number_of_samples_nearest_to_the_seconds(smooth_s: float, fps: float, window: int) -> None:
    assert window_of(smooth_s, np.arange(100) / fps) == window


def test_spans_touch_both_ends() -> None:
    assert spans(np.array([True, False, True, True])) == [(0, 1), (2, 4)]
    assert spans(np.zeros(0, bool)) == []


def test_hysteresis_keeps_a_dip_and_drops_what_never_reaches_the_threshold() -> None:
    score = np.array([0.45, 0.6, 0.45, 0.6, 0.1, 0.45, 0.1])
    assert hysteresis(score, on=0.5, off=0.4) == [(0, 4)]


def test_merge_closes_gaps_shorter_than_the_limit_only() -> None:
    starts, ends = np.arange(10.0), np.arange(10.0) + 1
    found = [(0, 2), (3, 4), (7, 9)]  # gaps of 1 s and 3 s
    assert merge(found, starts, ends, 1.0) == found
    assert merge(found, starts, ends, 1.5) == [(0, 4), (7, 9)]
    assert merge(found, starts, ends, 3.5) == [(0, 9)]


def test_an_event_has_true_times_peak_and_the_sentence_that_fired() -> None:
    probabilities = np.zeros((8, 3), np.float32)
    probabilities[2:6] = [0.2, 0.3, 0.5]
    events = find_events(
        scores([0, 0, 0.8, 0.9, 0.8, 0.8, 0, 0], probabilities=probabilities), RULES, ScoreSettings(min_s=0)
    )
    (event,) = events
    assert (event.start_s, event.end_s, event.peak_s) == (0.25, 0.75, 0.375)
    assert event.peak == pytest.approx(0.9)
    assert (event.sentence, event.category, event.box) == ("a car", "driving", None)


def test_events_shorter_than_the_least_are_dropped_after_merging() -> None:
    values = [0.9, 0, 0, 0, 0.9, 0, 0.9, 0]  # 1/8 s each; the last two merge to 3/8 s
    settings = ScoreSettings(merge_s=0.2, min_s=0.3)
    assert [(e.start_s, e.end_s) for e in find_events(scores(values), RULES, settings)] == [(0.5, 0.875)]


@given(st.lists(st.floats(0, 1, width=32), max_size=60), st.floats(0.05, 1))
def test_events_are_ordered_disjoint_and_reach_the_threshold(values: list[float], threshold: float) -> None:
    curve = scores(values)
    events = find_events(curve, RULES, ScoreSettings(threshold=threshold, min_s=0))
    for event in events:
        assert event.start_s < event.end_s
        assert event.peak >= np.float32(threshold) or event.peak == pytest.approx(threshold)
    assert all(a.end_s <= b.start_s for a, b in pairwise(events))
    outside = [t for t, v in zip(curve.pts_s, curve.smooth, strict=True) if v >= threshold]
    assert all(any(e.start_s <= t < e.end_s for e in events) for t in outside)
