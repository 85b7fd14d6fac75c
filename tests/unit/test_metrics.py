"""Metrics against values worked out by hand, their invariances, and the alignment to source frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from clipvad.evaluation.evaluate import align, summarise
from clipvad.evaluation.manifest import Entry
from clipvad.evaluation.metrics import average_precision, frame_auc, hold, inside, precision_recall, quality
from clipvad.evaluation.times import frame_times
from tests.analyses import make_analysis
from tests.clips import write_numbered

LABELS = np.array([False, True, False, True, True])
SCORES = np.array([0.1, 0.4, 0.35, 0.8, 0.3])

curves = st.integers(2, 40).flatmap(
    lambda n: st.tuples(
        st.lists(st.booleans(), min_size=n, max_size=n).map(lambda x: np.array(x, bool)),
        st.lists(st.integers(0, 8), min_size=n, max_size=n).map(lambda x: np.array(x, float) / 8),
    )
)


def test_auc_by_hand() -> None:
    # Pairs (abnormal, normal): 0.4, 0.8 beat both; 0.3 beats 0.1 only: 5 of 6.
    assert frame_auc(LABELS, SCORES) == pytest.approx(5 / 6)


def test_ap_by_hand() -> None:
    # Falling scores: 0.8 hit, 0.4 hit, 0.35 miss, 0.3 hit: (1/1 + 2/2 + 3/4) / 3.
    assert average_precision(LABELS, SCORES) == pytest.approx((1 + 1 + 0.75) / 3)


def test_ties_count_half_and_a_constant_curve_is_chance() -> None:
    assert frame_auc(np.array([True, False]), np.array([0.5, 0.5])) == 0.5
    assert frame_auc(LABELS, np.full(5, 0.3)) == 0.5
    assert average_precision(LABELS, np.full(5, 0.3)) == pytest.approx(3 / 5)


@given(curves)
def test_auc_is_the_share_of_pairs_in_order(case: tuple[NDArray[np.bool_], NDArray[np.floating]]) -> None:
    labels, scores = case
    up, down = scores[labels], scores[~labels]
    if not len(up) or not len(down):
        assert frame_auc(labels, scores) is None
        assert average_precision(labels, scores) is None
        return
    pairs = (up[:, None] > down[None]).mean() + 0.5 * (up[:, None] == down[None]).mean()
    assert frame_auc(labels, scores) == pytest.approx(pairs)
    assert frame_auc(labels, scores**3) == pytest.approx(pairs)  # only the order counts
    assert frame_auc(~labels, scores) == pytest.approx(1 - pairs)


@pytest.mark.parametrize("labels", [np.zeros(4, bool), np.ones(4, bool), np.zeros(0, bool)])
def test_one_class_only_is_not_defined(labels: NDArray[np.bool_]) -> None:
    found = quality([labels], [np.linspace(0, 1, len(labels))])
    assert (found.auc, found.ap, found.frames, found.abnormal) == (None, None, len(labels), int(labels.sum()))


def test_no_video_at_all_is_not_defined() -> None:
    assert quality([], []).auc is None


def test_nan_and_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        frame_auc(LABELS, np.array([0.1, np.nan, 0, 0, 0]))
    with pytest.raises(ValueError, match="length"):
        frame_auc(LABELS, SCORES[:4])


def test_pooled_frames_are_not_the_mean_of_videos() -> None:
    one, two = np.array([True, False]), np.array([True, False])
    # Each video alone is ranked perfectly; pooled, 0.3 (abnormal) loses to 0.6 (normal): 3 of 4 pairs.
    assert quality([one, two], [np.array([0.3, 0.1]), np.array([0.9, 0.6])]).auc == pytest.approx(3 / 4)


def test_intervals_are_half_open_and_may_overlap() -> None:
    times = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert inside(times, [(1.0, 3.0), (2.0, 3.5)]).tolist() == [False, True, True, True, False]
    assert not inside(times, []).any()


def test_a_frame_holds_the_latest_sample_at_or_before_it() -> None:
    times = np.array([-0.1, 0.0, 0.4, 0.5, 0.9, 7.0])
    assert hold(times, np.array([0.0, 0.5]), np.array([0.25, 0.75])).tolist() == [0.25, 0.25, 0.25, 0.75, 0.75, 0.75]


def test_precision_and_recall() -> None:
    assert precision_recall(LABELS, np.array([True, True, False, False, True])) == (pytest.approx(2 / 3), 2 / 3)
    assert precision_recall(LABELS, np.zeros(5, bool)) == (None, 0.0)
    assert precision_recall(np.zeros(5, bool), LABELS) == (0.0, None)


def test_every_source_frame_gets_its_label_and_the_score_of_its_sample(tmp_path: Path) -> None:
    clip = write_numbered(tmp_path / "clip.mp4", 20, rate=10)  # 2 s: frames at 0.0, 0.1, ... 1.9
    analysis = make_analysis(path=clip)  # samples at 0, 0.5, 1.04, 1.5
    found = align(Entry(video=clip, label="bicycle", intervals=((0.5, 1.5),)), analysis)
    assert found.labels.tolist() == [False] * 5 + [True] * 10 + [False] * 5
    expected = [0.1] * 5 + [0.8] * 6 + [0.9] * 4 + [0.2] * 5
    np.testing.assert_allclose(found.scores["frame", "score"], expected)
    assert found.detected["frame"].tolist() == [False] * 5 + [True] * 10 + [False] * 5

    report = summarise([found])
    assert report["modes"]["frame"]["score"]["all"] == {"frames": 20, "abnormal": 10, "auc": 1.0, "ap": 1.0}
    assert report["modes"]["frame"]["events"] == {"precision": 1.0, "recall": 1.0}
    assert report["modes"]["object"]["events"] == {"precision": pytest.approx(10 / 14), "recall": 1.0}
    assert report["videos"][0]["modes"]["frame"]["smooth"]["auc"] == 1.0


def test_normal_videos_count_over_all_frames_but_not_over_the_anomalous_ones(tmp_path: Path) -> None:
    clip = write_numbered(tmp_path / "clip.mp4", 20, rate=10)
    analysis = make_analysis(path=clip, modes=["frame"])
    anomalous = align(Entry(video=clip, label="x", intervals=((0.5, 1.5),)), analysis)
    normal = align(Entry(video=clip, label="normal"), analysis)
    figures = summarise([anomalous, normal])["modes"]["frame"]["score"]
    # 10 abnormal frames (6 at 0.8, 4 at 0.9) against 30 normal (10 low; 10 equal to them; 10 low).
    ties = 0.6 * 0.6 * 0.5 + 0.4 * 0.4 * 0.5 + 0.4 * 0.6
    assert figures["all"]["auc"] == pytest.approx((20 + 10 * ties) / 30)
    assert figures["anomalous"] == {"frames": 20, "abnormal": 10, "auc": 1.0, "ap": 1.0}
    assert figures["mean_of_videos"] == {"videos": 1, "auc": 1.0, "ap": 1.0}


def test_frames_that_could_not_be_decoded_have_no_score_and_are_left_out(tmp_path: Path) -> None:
    from dataclasses import replace

    clip = write_numbered(tmp_path / "clip.mp4", 40, rate=10)
    analysis = make_analysis(path=clip)
    short = replace(analysis, features=replace(analysis.features, video=replace(analysis.video, duration_s=1.95)))
    assert len(align(Entry(video=clip, label="x"), short).labels) == 20


def test_frame_times_of_uneven_clips_come_from_the_packets_and_equal_the_decoded_ones(tmp_path: Path) -> None:
    ticks = [0, 40, 80, 500, 540, 2000, 2040, 2080]
    clip = write_numbered(tmp_path / "uneven.mp4", 8, times=ticks, options={"bf": "2"})
    times, origin = frame_times(clip)
    assert origin == "packets"
    np.testing.assert_allclose(times, np.array(ticks) / 1000, atol=1e-4)


def test_frame_times_without_presentation_times_are_decoded(tmp_path: Path) -> None:
    clip = write_numbered(tmp_path / "clip.avi", 10, rate=10, codec="mpeg4")
    times, _ = frame_times(clip)
    np.testing.assert_allclose(times, np.arange(10) / 10, atol=1e-6)
