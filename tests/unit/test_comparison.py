"""Two analyses of one clip side by side: the numbers, worked out by hand, and what is refused."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clipvad.comparison import compare, comparison_csv, save_figure
from clipvad.core import Analysis, Event, Mode
from clipvad.errors import SettingsError
from tests.analyses import PTS_S, make_analysis


def with_events(analysis: Analysis, mode: Mode, *spans: tuple[float, float]) -> Analysis:
    events = tuple(
        Event(mode=mode, start_s=start, end_s=end, peak_s=start, peak=0.9, sentence=f"{start}") for start, end in spans
    )
    return replace(analysis, events=events)


def with_curve(analysis: Analysis, mode: Mode, pts_s: list[float], smooth: list[float]) -> Analysis:
    """The curve of one mode replaced, sampled at other times."""
    count = len(pts_s)
    curve = np.array(smooth, np.float32)
    scores = replace(
        analysis.scores[mode],
        pts_s=np.array(pts_s),
        score=curve,
        smooth=curve,
        probabilities=np.zeros((count, 3), np.float32),
        cosines=np.zeros((count, 3), np.float32),
        winner=np.full(count, -1, np.int32),
    )
    return replace(analysis, scores={mode: scores})


def test_the_difference_is_b_minus_a_at_every_sample() -> None:
    analysis = make_analysis()
    found = compare(analysis, analysis, mode_a="frame", mode_b="object")
    assert found.pts_s.tolist() == PTS_S.tolist()
    # frame .1 .8 .8 .2, object 0 .75 .75 0
    np.testing.assert_allclose(found.difference, [-0.1, -0.05, -0.05, -0.2], atol=1e-6)


def test_other_sampling_rates_are_held_at_the_moments_of_both() -> None:
    a = with_curve(make_analysis(), "frame", [0.0, 1.0], [0.25, 0.75])
    b = with_curve(make_analysis(), "frame", [0.5, 1.0, 1.5], [0.5, 0.5, 1.0])
    found = compare(a, b, mode_a="frame", mode_b="frame")
    assert found.pts_s.tolist() == [0.0, 0.5, 1.0, 1.5]
    assert found.score_a.tolist() == [0.25, 0.25, 0.75, 0.75]
    assert found.score_b.tolist() == [0.5, 0.5, 0.5, 1.0]  # before its first sample: the first


def test_an_event_is_only_in_a_where_none_of_b_overlaps_it() -> None:
    a = with_events(make_analysis(), "frame", (0.0, 1.0), (2.0, 3.0), (4.0, 5.0))
    b = with_events(make_analysis(), "frame", (0.9, 1.5), (3.0, 4.0), (7.0, 8.0))
    found = compare(a, b, mode_a="frame", mode_b="frame")
    assert [event.start_s for event in found.only_a] == [2.0, 4.0]  # touching is not overlapping
    assert [event.start_s for event in found.only_b] == [3.0, 7.0]


def test_events_of_the_other_mode_do_not_count() -> None:
    analysis = with_events(make_analysis(), "frame", (0.0, 1.0))
    found = compare(analysis, analysis, mode_a="frame", mode_b="object")
    assert (len(found.only_a), len(found.only_b)) == (1, 0)


def test_swapping_the_sides_swaps_the_answer() -> None:
    a = with_events(make_analysis(), "frame", (0.0, 1.0))
    b = with_events(make_analysis(), "frame", (2.0, 3.0))
    one, other = compare(a, b, mode_a="frame", mode_b="frame"), compare(b, a, mode_a="frame", mode_b="frame")
    np.testing.assert_array_equal(one.difference, -other.difference)
    assert (one.only_a, one.only_b) == (other.only_b, other.only_a)


def test_the_sides_are_named_by_what_tells_them_apart() -> None:
    analysis = make_analysis()
    by_mode = compare(analysis, analysis, mode_a="frame", mode_b="object")
    assert (by_mode.a.label, by_mode.b.label) == ("A: frame mode", "B: object mode")
    other = replace(analysis, rules=replace(analysis.rules, name="gate"))
    by_rules = compare(analysis, other)
    assert (by_rules.a.label, by_rules.b.label) == ("A: walkway", "B: gate")


def test_two_clips_and_a_missing_curve_are_refused() -> None:
    analysis = make_analysis()
    video = replace(analysis.video, path="clips/door.mp4", name="door.mp4", sha256="another")
    other = replace(analysis, features=replace(analysis.features, video=video))
    with pytest.raises(SettingsError, match=r"door\.mp4.*different clips"):
        compare(analysis, other)
    with pytest.raises(SettingsError, match="no frame curve"):
        compare(make_analysis(modes=("object",)), analysis, mode_a="frame")


def test_the_table_and_the_picture_hold_it(tmp_path: Path) -> None:
    analysis = make_analysis()
    found = compare(analysis, analysis, mode_a="frame", mode_b="object")
    rows = list(csv.reader(io.StringIO(comparison_csv(found))))
    assert rows[0] == ["t_s", "a", "b", "b_minus_a"]
    assert rows[2] == ["0.500", "0.8000", "0.7500", "-0.0500"]
    assert len(rows) == 1 + len(PTS_S)
    assert save_figure(found, tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_a_title_is_drawn_as_it_stands(tmp_path: Path) -> None:
    analysis = make_analysis()
    found = compare(analysis, analysis, mode_a="frame", mode_b="object")
    for label in ("A: $\\frac{$", "A: " + "a very long title " * 20):
        named = replace(found, a=replace(found.a, label=label))
        assert save_figure(named, tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_largest_and_mean_difference_are_those_of_the_curves() -> None:
    a = with_curve(make_analysis(), "frame", [0.0, 1.0, 2.0], [0.25, 0.75, 0.5])
    b = with_curve(make_analysis(), "frame", [0.0, 1.0, 2.0], [0.5, 0.0, 0.5])
    found = compare(a, b, mode_a="frame", mode_b="frame")
    assert found.largest == (1.0, -0.75)
    assert found.mean_difference == pytest.approx(1 / 3)
