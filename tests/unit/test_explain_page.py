"""The panels without a browser: their values, who may look, and what a page gets that changes its mind."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clipvad.core import Rule, RuleSet
from clipvad.errors import ClipvadError, SettingsError
from clipvad.explain import Look, ObjectsAt
from clipvad.pipeline import Analyzer
from clipvad.scoring.influence import Influence
from clipvad.ui import explain, sentences
from clipvad.ui.controller import Controller
from clipvad.ui.looking import Looking
from clipvad.ui.session import SessionStore
from clipvad.ui.tabs.sentences import _mode, _seconds
from tests.analyses import make_analysis
from tests.clips import write_clip
from tests.fakes import ColourEncoder, SquareDetector

RULES = RuleSet(
    name="colours", normal=(Rule(text="green"), Rule(text="grey")), abnormal=(Rule(text="red"), Rule(text="blue"))
)


def unpacked(text: str, dtype: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype)


@pytest.fixture
def analyzer() -> Analyzer:
    return Analyzer(encoder=ColourEncoder(), detector=SquareDetector(), fps=5)  # type: ignore[arg-type]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A red square in the upper left of a grey picture, two seconds."""
    picture = np.full((90, 160, 3), 128, np.uint8)
    picture[10:40, 10:40] = (230, 10, 10)
    write_clip(tmp_path / "red.mp4", (picture for _ in range(20)), pixel_format="yuv444p")
    return tmp_path / "red.mp4"


def test_the_influence_of_an_analysis_is_that_of_its_curves(analyzer: Analyzer, clip: Path) -> None:
    analysis = analyzer.run(clip, RULES)
    for mode in ("frame", "object"):
        found = analyzer.influence(analysis, mode=mode)
        for row, (text, abnormal) in enumerate(zip(RULES.sentences, RULES.is_abnormal, strict=True)):
            less = analyzer.rescore(analysis.features, RULES.without(text, abnormal=bool(abnormal)))
            np.testing.assert_allclose(found.without[row], less.scores[mode].smooth, atol=2e-6)
    frames_only = analyzer.run(clip, RULES, modes=("frame",))
    with pytest.raises(SettingsError, match="no object curve"):
        analyzer.influence(frames_only, mode="object")
    with pytest.raises(SettingsError, match="no objects"):
        analyzer.objects_at(frames_only, 0)


def test_influence_runs_no_image_model(analyzer: Analyzer, clip: Path) -> None:
    analysis = analyzer.run(clip, RULES)
    before = (analyzer.encoder.images, analyzer.detector.frames)  # type: ignore[attr-defined]
    analyzer.influence(analysis, mode="object")
    analyzer.objects_at(analysis, 1.0)
    assert (analyzer.encoder.images, analyzer.detector.frames) == before  # type: ignore[attr-defined]


def test_the_value_of_the_sentences_panel_holds_what_was_found() -> None:
    analysis = make_analysis()
    alike = np.array([[1, 0.5, -0.25], [0.5, 1, 0], [-0.25, 0, 1]], np.float32)
    without = np.array([[np.nan] * 4, [0, 0.25, 0.5, 0], [0, 1, 1, 0]], np.float32)
    found = Influence(alike, np.array([0.5, 0.3, 0.2], np.float32), without, np.array([np.nan, 0.5, 0.004], np.float32))
    value = sentences.shown(analysis, found, mode="object")
    json.dumps(value, allow_nan=False)
    assert [one["change"] for one in value["sentences"]] == [None, 0.5, 0.004]
    assert [one["idle"] for one in value["sentences"]] == [False, False, True]
    assert [one["abnormal"] for one in value["sentences"]] == [False, True, True]
    assert value["closest"] == {"abnormal": 1, "normal": 0, "cosine": 0.5}
    curves = unpacked(value["without"], "<u2").reshape(3, 4) / 65535
    np.testing.assert_allclose(curves[1:], without[1:], atol=1e-4)
    np.testing.assert_allclose(unpacked(value["alike"], "<i2").reshape(3, 3) / 32767, alike, atol=1e-4)


def test_a_long_clip_keeps_its_peaks_in_a_bounded_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentences, "MAX_COLUMNS", 2)
    analysis = make_analysis()
    without = np.array([[0, 0.9, 0.1, 0.2]] * 3, np.float32)
    found = Influence(np.eye(3, dtype=np.float32), np.ones(3, np.float32) / 3, without, np.ones(3, np.float32))
    value = sentences.shown(analysis, found, mode="frame")
    np.testing.assert_allclose(unpacked(value["pts"], "<f4"), [0, 1.04])
    np.testing.assert_allclose(unpacked(value["without"], "<u2").reshape(3, 2)[0] / 65535, [0.9, 0.2], atol=1e-4)


def test_boxes_travel_as_parts_of_the_picture() -> None:
    analysis = make_analysis()
    found = ObjectsAt(
        np.array([1]),
        np.array([0.9], np.float32),
        np.array([[0.1, 0.9, 0]], np.float32),
        np.array([[0.2, 0.3, 0.1]], np.float32),
    )
    value = explain.boxes_shown(analysis, 1.04, np.zeros((48, 64, 3), np.uint8), found)
    (box,) = value["boxes"]
    assert box["box"] == pytest.approx([10 / 64, 20 / 48, 30.5 / 64, 40 / 48], abs=1e-4)
    assert [one["sentence"] for one in box["top"]] == [1, 0], "what was not compared is not told"
    assert value["picture"].startswith("data:image/jpeg;base64,")
    json.dumps(value, allow_nan=False)


@pytest.mark.parametrize("bad", [None, "1", True, float("nan"), float("inf"), [1], {}])
def test_only_numbers_are_times(bad: object) -> None:
    with pytest.raises(SettingsError):
        _seconds(bad)
    assert _seconds(3) == 3.0


@pytest.mark.parametrize("bad", [None, "both", "__class__", 1, ["frame"]])
def test_only_modes_are_modes(bad: object) -> None:
    with pytest.raises(SettingsError):
        _mode(bad)


# Looking: in line, newest wish first, remembered


class Held:
    """A controller whose analyser encodes when told to."""

    def __init__(self, analyzer: Analyzer, clip: Path, folder: Path) -> None:
        from clipvad.ui.line import Line

        self.store = SessionStore(folder)
        self.line = Line(1)
        self.analysis = analyzer.run(clip, RULES)
        self.analyzer = analyzer

    def explained(self, key: str) -> Any:
        if key == "nobody":
            raise ClipvadError("There is nothing to explain yet.")
        return self.analysis, self.analyzer


def end_of(steps: Generator[Any, None, Look | None]) -> Look | None:
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


@pytest.fixture
def held(analyzer: Analyzer, clip: Path, tmp_path: Path) -> Held:
    return Held(analyzer, clip, tmp_path / "sessions")


def test_the_same_frame_again_is_answered_from_memory(held: Held) -> None:
    looking = Looking(held)  # type: ignore[arg-type]
    first = end_of(looking.look("a", 1.0))
    encoded = held.analyzer.encoder.images  # type: ignore[attr-defined]
    assert end_of(looking.look("a", 1.001)) is first
    held.analysis = replace(held.analysis, rules=RULES.without("blue", abnormal=True))
    assert end_of(looking.look("a", 1.0)) is first, "other sentences, the same picture"
    assert held.analyzer.encoder.images == encoded  # type: ignore[attr-defined]
    assert end_of(looking.look("a", 1.5)) is not first


def test_a_later_wish_ends_the_earlier_one(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    encode = ColourEncoder.encode_images

    def slowly(self: ColourEncoder, images: Any) -> Any:
        gate.wait(20)
        return encode(self, images)

    monkeypatch.setattr(ColourEncoder, "encode_images", slowly)
    looking = Looking(held)  # type: ignore[arg-type]
    early = looking.look("a", 0.0)
    assert next(early)[1] == 0.0
    late = looking.look("a", 1.0)
    assert "waiting" in next(late)[0], "one at a time"
    assert end_of(early) is None
    gate.set()
    assert isinstance(end_of(late), Look)


def test_cancel_ends_it_and_another_page_goes_on(held: Held) -> None:
    looking = Looking(held)  # type: ignore[arg-type]
    looking.cancel("a")  # nothing to cancel
    with held.line.join():
        mine, other = looking.look("a", 0.0), looking.look("b", 0.0)
        next(mine)
        next(other)
        looking.cancel("a")
        assert end_of(mine) is None
        assert "waiting" in next(other)[0]
    assert isinstance(end_of(other), Look)


def test_nothing_analysed_is_told(held: Held, tmp_path: Path) -> None:
    with pytest.raises(ClipvadError, match="nothing to explain"):
        next(Looking(held).look("nobody", 0.0))  # type: ignore[arg-type]
    controller = Controller(engine=_no_engine(), store=SessionStore(tmp_path / "more"))
    with pytest.raises(ClipvadError, match="open an example"):
        controller.explained("a")


def _no_engine() -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(settings=SimpleNamespace(concurrency=1, llm_per_hour=1))


def test_a_sentence_is_switched_off_on_one_side_only() -> None:
    rules = RuleSet(name="r", normal=(Rule(text="x"), Rule(text="y")), abnormal=(Rule(text="x"), Rule(text="z")))
    less = rules.without("x", abnormal=True)
    assert [rule.enabled for rule in less.abnormal] == [False, True]
    assert less.normal == rules.normal
    assert rules.without("absent", abnormal=False) == rules
