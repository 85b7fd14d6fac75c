"""The analyzer, end to end on clips with known content, with models whose answers can be worked out by hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from clipvad import extraction
from clipvad.cache import Cache
from clipvad.core import MODES, Analysis, Rule, RuleSet, ScoreSettings, Zone
from clipvad.errors import EncoderMismatchError, RulesError, SettingsError, VideoError
from clipvad.pipeline import Analyzer
from clipvad.progress import Progress
from tests.clips import write_clip
from tests.fakes import ColourEncoder, SquareDetector

SIZE = (160, 96)
RULES = RuleSet(
    name="colours",
    normal=(Rule(text="something green"), Rule(text="all grey")),
    abnormal=(Rule(text="something red", category="red"),),
)
SETTINGS = ScoreSettings(smooth_s=0.3, min_s=0.1, merge_s=0.2)


def pictures(seconds: float = 4.0, fps: int = 10) -> Iterator[NDArray[np.uint8]]:
    """Grey; a green square that moves right all the time; a red one from second 1 to 2.5 below it."""
    for i in range(round(seconds * fps)):
        rgb = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
        x = 4 + 2 * i
        rgb[8:40, x : x + 32] = (20, 235, 20)
        if 1.0 <= i / fps < 2.5:
            rgb[52:84, x : x + 32] = (235, 20, 20)
        yield rgb


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "squares.mp4", pictures(), pixel_format="yuv444p")


@pytest.fixture
def analyzer(tmp_path: Path) -> Analyzer:
    return Analyzer(encoder=ColourEncoder(), detector=SquareDetector(), fps=10, cache=Cache(tmp_path / "cache"))


def work(analyzer: Analyzer) -> tuple[int, int]:
    assert isinstance(analyzer.encoder, ColourEncoder)
    assert isinstance(analyzer.detector, SquareDetector)
    return analyzer.encoder.images, analyzer.detector.frames


def bound(left: float) -> RuleSet:
    """Red is abnormal in the lower half right of `left`, where nothing is normal; elsewhere it is not judged."""
    lower = Zone(name="lower", points=((left, 0.5), (1.0, 0.5), (1.0, 1.0), (left, 1.0)))
    return replace(RULES, abnormal=(Rule(text="something red", zones=("lower",)),), zones=(lower,))


def test_a_zone_is_seen_by_itself_in_frame_mode_and_moving_it_encodes_it_alone(analyzer: Analyzer, clip: Path) -> None:
    left, right = bound(0.0), bound(0.5)
    first = analyzer.run(clip, left, modes=["frame"], settings=SETTINGS)
    assert work(analyzer) == (40 + 40, 0)
    red = (first.features.pts_s >= 1.0) & (first.features.pts_s < 2.5)
    curve = first.scores["frame"].score
    assert curve[red].min() > 5 * curve[~red].max()  # three neutral sentences mean grey here: scores are small
    assert first.remarks == ()

    moved = analyzer.run(clip, right, modes=["frame"], settings=SETTINGS)
    assert work(analyzer) == (40 + 40 + 40, 0)  # the zone's new place and not the frames
    assert not moved.from_cache
    again = analyzer.run(clip, left, modes=["frame"], settings=SETTINGS)
    assert work(analyzer) == (120, 0)
    assert again.from_cache
    assert (again.scores["frame"].score == curve).all()
    (remark,) = analyzer.rescore(again.features, right, settings=SETTINGS).remarks
    assert "zone lower" in remark


def test_a_zone_alarms_in_object_mode_once_the_foot_is_inside(analyzer: Analyzer, clip: Path) -> None:
    """The red square's foot point is 20 + 2 i pixels from the left in frame i: at 56 of 160 in frame 18."""
    settings = ScoreSettings(smooth_s=0, min_s=0, threshold=0.3)
    analysis = analyzer.run(clip, bound(0.35), modes=["object"], settings=settings)
    (event,) = analysis.events
    assert event.start_s == pytest.approx(1.8, abs=0.11)
    assert event.end_s == pytest.approx(2.5, abs=0.11)
    assert analyzer.rescore(analysis.features, bound(0.5), settings=settings).events == ()


def test_batching_changes_nothing_of_a_bound_rule_set(
    analyzer: Analyzer, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = replace(bound(0.2), abnormal=(Rule(text="something red", zones=("lower",), dwell_s=0.5),))
    whole = analyzer.run(clip, rules)
    monkeypatch.setattr(extraction, "OBJECT_BATCH", 3)
    other = Analyzer(encoder=ColourEncoder(), detector=SquareDetector(), fps=10, cache=None).run(clip, rules)
    for mode in MODES:
        assert (whole.scores[mode].score == other.scores[mode].score).all()
    assert whole.scores["object"].score.max() > 0.3


def test_object_mode_finds_the_red_square_when_and_where_it_is(analyzer: Analyzer, clip: Path) -> None:
    analysis = analyzer.run(clip, RULES, modes=["object"], settings=SETTINGS)
    (event,) = analysis.events
    assert event.start_s == pytest.approx(1.0, abs=0.11)
    assert event.end_s == pytest.approx(2.5, abs=0.11)
    assert (event.sentence, event.category, event.mode) == ("something red", "red", "object")
    assert event.box is not None
    x = 4 + 2 * round(event.peak_s * 10)
    assert event.box == pytest.approx((x, 52, x + 32, 84), abs=3)


def test_both_modes_come_from_one_decode(analyzer: Analyzer, clip: Path) -> None:
    analysis = analyzer.run(clip, RULES, settings=SETTINGS)
    assert tuple(analysis.scores) == MODES
    frames = len(analysis.features)
    objects = len(analysis.features.detections or ())
    assert (frames, objects) == (40, 40 + 15)
    assert work(analyzer) == (frames + objects, frames)


def test_a_second_run_with_other_sentences_touches_neither_decoder_nor_models(
    analyzer: Analyzer, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = analyzer.run(clip, RULES, settings=SETTINGS)
    before = work(analyzer)
    monkeypatch.setattr(extraction, "FrameSampler", None)  # decoding now fails
    other = RuleSet(name="o", normal=(Rule(text="something red"),), abnormal=(Rule(text="something green"),))
    again = analyzer.run(clip, other, settings=ScoreSettings(threshold=0.2, smooth_s=0))
    same = analyzer.run(clip, RULES, settings=SETTINGS)
    assert work(analyzer) == before
    assert again.from_cache
    assert not first.from_cache
    assert not np.allclose(again.scores["object"].score, first.scores["object"].score)
    for mode in MODES:
        np.testing.assert_array_equal(same.scores[mode].smooth, first.scores[mode].smooth)
    assert same.events == first.events


def test_another_mode_later_computes_only_what_is_missing(analyzer: Analyzer, clip: Path) -> None:
    analyzer.run(clip, RULES, modes=["frame"])
    assert work(analyzer) == (40, 0)
    both = analyzer.run(clip, RULES, modes=MODES)
    assert work(analyzer) == (40 + 55, 40)
    assert both.features.modes == MODES


def test_another_encoder_does_not_detect_again(analyzer: Analyzer, clip: Path) -> None:
    first = analyzer.run(clip, RULES, modes=["object"])
    other = ColourEncoder()
    other.id = "colour/2"
    changed = Analyzer(encoder=other, detector=analyzer.detector, fps=10, cache=analyzer.cache)
    second = changed.run(clip, RULES, modes=["object"])
    assert (other.images, work(analyzer)[1]) == (55, 40)
    assert second.features.encoder_id == "colour/2"
    assert first.features.detections is not None
    assert second.features.detections is not None
    np.testing.assert_array_equal(first.features.detections.xyxy, second.features.detections.xyxy)
    with pytest.raises(EncoderMismatchError, match="colour/1"):
        changed.rescore(first.features, RULES)


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_batching_changes_nothing(analyzer: Analyzer, clip: Path, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    expected = analyzer.run(clip, RULES, settings=SETTINGS)
    analyzer.cache = None
    monkeypatch.setattr(extraction, "OBJECT_BATCH", batch)
    got = analyzer.run(clip, RULES, settings=SETTINGS)
    for mode in MODES:
        np.testing.assert_allclose(got.scores[mode].score, expected.scores[mode].score, atol=1e-6)
        np.testing.assert_array_equal(got.scores[mode].winner, expected.scores[mode].winner)
    assert got.events == expected.events


def test_an_identical_copy_is_known_by_its_content(analyzer: Analyzer, clip: Path, tmp_path: Path) -> None:
    analyzer.run(clip, RULES)
    copy = tmp_path / "another näme.mp4"
    copy.write_bytes(clip.read_bytes())
    again = analyzer.run(copy, RULES)
    assert again.from_cache
    assert again.video.name == copy.name


def test_boxes_are_source_pixels_when_the_picture_is_scaled_down(analyzer: Analyzer, clip: Path) -> None:
    analyzer.max_side = 80
    low = ScoreSettings(threshold=0.1, smooth_s=0.3)  # more of the ground in a crop of a smaller picture
    analysis = analyzer.run(clip, RULES, modes=["object"], settings=low)
    (event,) = analysis.events
    assert event.box is not None
    x = 4 + 2 * round(event.peak_s * 10)
    assert event.box == pytest.approx((x, 52, x + 32, 84), abs=5)


def test_progress_grows_to_the_end_and_carries_the_curve(
    analyzer: Analyzer, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clipvad.growing.PROGRESS_S", 0.0)
    items = list(analyzer.stream(clip, RULES, settings=SETTINGS))
    assert isinstance(items[-1], Analysis)
    steps = [item for item in items[:-1] if isinstance(item, Progress) and item.frames]
    assert [step.frames for step in steps] == sorted({step.frames for step in steps})
    assert steps[-1].fraction == pytest.approx(1.0, abs=0.05)
    for mode in MODES:
        assert len(steps[0].partial[mode]) == steps[0].frames
        np.testing.assert_array_equal(steps[-1].partial[mode].smooth, items[-1].scores[mode].smooth)


def test_closing_the_stream_stops_the_work_and_stores_nothing(
    analyzer: Analyzer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_clip(tmp_path / "long.mp4", pictures(seconds=6), pixel_format="yuv444p")
    monkeypatch.setattr("clipvad.growing.PROGRESS_S", 0.0)
    stream = analyzer.stream(path, RULES)
    while not (isinstance(item := next(stream), Progress) and item.frames):
        pass
    stream.close()  # type: ignore[attr-defined]
    assert work(analyzer)[1] < 60
    assert not [thread for thread in threading.enumerate() if thread.name == "clipvad-decode"]
    assert analyzer.cache is not None
    assert analyzer.cache.size() == (0, 0)


def test_unknown_words_travel_with_the_result(analyzer: Analyzer, clip: Path) -> None:
    rules = RuleSet(name="w", normal=RULES.normal, abnormal=(Rule(text="a red glorp"),))
    assert analyzer.run(clip, rules, modes=["frame"]).unknown_words == {"a red glorp": ("glorp",)}


def test_only_new_sentences_reach_the_text_tower(analyzer: Analyzer, clip: Path) -> None:
    analysis = analyzer.run(clip, RULES, modes=["frame"])
    assert isinstance(analyzer.encoder, ColourEncoder)
    assert analyzer.encoder.texts == 3
    edited = RuleSet(name="e", normal=RULES.normal, abnormal=(Rule(text="something blue"),))
    analyzer.rescore(analysis.features, edited)
    assert analyzer.encoder.texts == 4


def test_bad_input_is_refused_before_any_work(analyzer: Analyzer, clip: Path, tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="abnormal list"):
        analyzer.run(clip, RuleSet(name="x", normal=RULES.normal, abnormal=()))
    with pytest.raises(SettingsError, match="frame and object"):
        analyzer.run(clip, RULES, modes=["both"])  # type: ignore[list-item]
    with pytest.raises(SettingsError, match="120"):
        Analyzer(fps=0)
    with pytest.raises(VideoError):
        analyzer.run(tmp_path / "missing.mp4", RULES)
    assert work(analyzer) == (0, 0)


def test_prefetch_hands_over_items_in_order_and_errors_in_place() -> None:
    def items() -> Iterator[int]:
        yield from range(5)
        raise VideoError("broken after five")

    handed = extraction.prefetch(items())
    assert [next(handed) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(VideoError, match="broken after five"):
        next(handed)
