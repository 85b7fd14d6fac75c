"""`clipvad compare` and the Compare tab: what each side is judged by, and that both give the same numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from numpy.typing import NDArray

from clipvad.cli import main
from clipvad.core import ScoreSettings
from clipvad.rules import load_rules
from clipvad.scoring.taught import Lesson
from clipvad.settings import Settings
from clipvad.ui.controller import Controller
from clipvad.ui.engine import Engine
from clipvad.ui.session import Choice, SessionStore
from clipvad.ui.tabs.compare import FILE, HERE, CompareTab
from tests.clips import write_clip
from tests.fakes import ColourEncoder, SquareDetector

RULES = """
version: 1
name: {name}
{more}
normal: [something green, all grey]
abnormal: [{abnormal}]
"""


def rules_file(name: str, *, more: str = "", abnormal: str = "something red") -> Path:
    path = Path(f"{name}.yaml")
    path.write_text(RULES.format(name=name, more=more, abnormal=abnormal))
    return path


def picture(red: bool) -> NDArray[np.uint8]:
    rgb = np.full((96, 160, 3), 40, np.uint8)
    rgb[8:88, 8:88] = (235, 20, 20) if red else (20, 235, 20)
    return rgb


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clip that is red from 1.0 to 2.0 s of 4, and models that see nothing but colour."""
    write_clip(tmp_path / "red.mp4", (picture(10 <= i < 20) for i in range(40)), pixel_format="yuv444p")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLIPVAD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("clipvad.encoders.load_encoder", lambda *_, **__: ColourEncoder())
    monkeypatch.setattr("clipvad.detectors.load_detector", lambda *_, **__: SquareDetector())
    return tmp_path


def compared(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    """What `clipvad compare` prints for a.yaml against b.yaml."""
    with pytest.raises(SystemExit) as stop:
        main(["compare", "red.mp4", "--rules", "a.yaml", "--against", "b.yaml", "--fps", "10", *options])
    assert not stop.value.code
    return capsys.readouterr().out.splitlines()


def test_each_side_is_smoothed_as_its_rules_ask_unless_told(capsys: pytest.CaptureFixture[str]) -> None:
    rules_file("a", more="smooth_s: 3")  # a median over 3 s takes a second of red for noise
    rules_file("b", more="smooth_s: 0")
    lines = compared(capsys)
    assert lines[0] == "A: a: 0 events"
    assert lines[1] == "B: b: 1 events"
    assert lines[-1].split() == ["B", "1.00", "2.00", "0.99", "something", "red"]
    assert "no event that only one of them has" in compared(capsys, "--smooth", "0")


def test_each_side_has_the_temperature_of_its_rules(capsys: pytest.CaptureFixture[str]) -> None:
    rules_file("a", more="smooth_s: 0")
    rules_file("b", more="smooth_s: 0\ntemperature: 1000")  # all alike: 1 of 3
    assert "only" in compared(capsys, "--out", "out")[3]
    rows = list(csv.DictReader(io.StringIO(Path("out/comparison.csv").read_text())))
    assert {round(float(row["b"]), 2) for row in rows} == {0.33}
    assert max(float(row["a"]) for row in rows) > 0.9


def test_the_clock_decides_which_hours_hold(capsys: pytest.CaptureFixture[str]) -> None:
    rules_file("a", more="smooth_s: 0")
    rules_file("b", more="smooth_s: 0", abnormal="{text: something red, hours: 20:00-06:00}")
    assert compared(capsys, "--clock", "12:00")[-1].split()[:3] == ["A", "1.00", "2.00"]
    assert compared(capsys, "--clock", "22:00")[-1] == "no event that only one of them has"


def test_a_zone_of_side_b_alone_is_looked_at_in_frame_mode(capsys: pytest.CaptureFixture[str]) -> None:
    rules_file("a", more="smooth_s: 0", abnormal="something blue")
    zones = "smooth_s: 0\nzones: [{name: left, points: [[0, 0], [0.5, 0], [0.5, 1], [0, 1]]}]"
    rules_file("b", more=zones, abnormal="{text: something red, zones: left}")
    assert compared(capsys, "--mode", "frame")[-1].split()[:3] == ["B", "1.00", "2.00"]


def test_scorers_tell_the_sides_apart_and_a_lesson_is_said_to_run(capsys: pytest.CaptureFixture[str]) -> None:
    rules_file("a", more="smooth_s: 0")
    blank: dict[str, Any] = {"scale": np.ones((1, 3), np.float32), "bias": np.zeros(1, np.float32)}
    sentence: dict[str, Any] = {"sentences": ("something red",), "is_abnormal": np.array([True])}
    lesson = Lesson(name="calmer", encoder_id=ColourEncoder.id, temperature=0.05, picture="object", **sentence, **blank)
    lesson.save(Path("calmer.safetensors"))
    with pytest.raises(SystemExit):
        main(
            [
                "compare",
                "red.mp4",
                "--rules",
                "a.yaml",
                "--scorer",
                "calmer.safetensors",
                "--against-scorer",
                "zero-shot",
            ]
        )
    shown = capsys.readouterr()
    assert shown.out.splitlines()[:2] == ["A: lesson calmer: 1 events", "B: zero-shot: 1 events"]
    assert "scorer: lesson calmer" in shown.err


# The tab


@pytest.fixture
def controller(place: Path) -> Controller:
    rules_file("a")
    rules_file("b", more="smooth_s: 0.5\ntemperature: 0.2")
    controller = Controller(Engine(Settings(cache_dir=place / "cache", fps=10)), SessionStore(place / "sessions"))
    *_, _ = controller.take_clip("me", place / "red.mp4")
    rules = load_rules("a.yaml")
    for _ in controller.analyze("me", rules, Choice(modes=("object",)), ScoreSettings()):
        pass
    return controller


@pytest.fixture
def tab(controller: Controller) -> CompareTab:
    with gr.Blocks():
        return CompareTab(controller)


ME: Any = SimpleNamespace(session_hash="me")


def last(steps: Iterator[dict[Any, Any]]) -> dict[Any, Any]:
    *_, final = steps
    return final


def test_the_page_and_the_command_line_give_the_same_numbers(
    controller: Controller, tab: CompareTab, capsys: pytest.CaptureFixture[str]
) -> None:
    before = controller.store.get("me").analysis
    choices = (HERE, "object", None, FILE, "object", load_rules("b.yaml"))
    last(tab.export(SimpleNamespace(kind="csv"), ME, *choices))  # type: ignore[arg-type]
    printed = compared(capsys, "--out", "out")
    page = (controller.store.get("me").folder / "red.comparison.csv").read_text()
    assert page == Path("out/comparison.csv").read_text()
    assert len(page.splitlines()) == 41
    value = last(tab.show(ME, *choices))[tab.view]
    assert f"largest difference: {abs(value['largest']['difference']):.2f} at {value['largest']['t_s']:.2f} s" in str(
        printed
    )
    assert f"mean {value['mean']:.2f}" in str(printed)
    assert controller.store.get("me").analysis is before, "the Analyze tab keeps what it shows"
    assert controller.store.get("me").rules == load_rules("a.yaml")


def test_a_mode_that_was_not_computed_is_said_with_what_to_do(tab: CompareTab) -> None:
    told = tab._told(tab.show)
    note = last(told(ME, HERE, "frame", None, HERE, "object", None))[tab.view]
    assert note["error"]
    assert "Whole frame" in note["text"]
    assert "press Analyze" in note["text"]
    opened = list(tab.open(ME, HERE, "frame", None, "street", "object", None))
    assert opened[0] == {tab.a.mode: "object", tab.b.mode: "object"}, "opening begins with a curve that there is"


def test_before_any_analysis_there_is_nothing_to_compare(tab: CompareTab) -> None:
    other: Any = SimpleNamespace(session_hash="other")
    assert "Analyze a clip" in last(tab.open(other, HERE, "object", None, "street", "object", None))[tab.view]["text"]


@pytest.mark.parametrize(
    "choices",
    [
        ("../../etc/passwd", "object", None, HERE, "object", None),
        (None, "object", None, HERE, "object", None),
        (FILE, "object", None, HERE, "object", None),
        (HERE, "sideways", None, HERE, "object", None),
        (HERE, ["object"], None, HERE, "object", None),
    ],
)
def test_what_no_widget_offers_is_refused_in_words(tab: CompareTab, choices: tuple[Any, ...]) -> None:
    value = last(tab._told(tab.show)(ME, *choices))[tab.view]
    assert value["kind"] == "note"
    assert value["error"]
