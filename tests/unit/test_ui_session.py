"""Sessions, the line, the rules editor's value and the controller: what the page does, without a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from clipvad.core import Analysis, Hours, Rule, RuleSet, ScoreSettings, Zone
from clipvad.errors import ClipvadError, RulesError, SettingsError, VideoError
from clipvad.progress import Progress
from clipvad.settings import Settings
from clipvad.ui import views
from clipvad.ui.controller import Controller
from clipvad.ui.engine import Engine
from clipvad.ui.examples import EXAMPLES, Example
from clipvad.ui.line import Line
from clipvad.ui.rules_editor import find_remarks, new_value, read_rules
from clipvad.ui.session import Choice, Clip, SessionStore
from clipvad.ui.tabs.widgets import ModeChoice
from tests.clips import write_half_red
from tests.engines import ColourEngine

RULES = RuleSet(name="colours", normal=(Rule(text="green"),), abnormal=(Rule(text="red"),))


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_folders_differ_between_sessions_and_cannot_be_guessed(tmp_path: Path) -> None:
    store = SessionStore(tmp_path)
    one, other = store.get("a"), store.get("b")
    assert store.get("a") is one
    assert one.folder != other.folder
    assert len(one.folder.name) >= 32
    assert one.folder.name != "a"


def test_a_name_never_leads_out_of_the_folder(tmp_path: Path) -> None:
    session = SessionStore(tmp_path).get("a")
    for name in ("../../x.mp4", "/etc/passwd", "..\\..\\x.mp4", ".hidden", "", "..", "a/b/c.mp4"):
        assert session.path(name).parent == session.folder


def test_an_upload_is_adopted_and_goes_with_the_session(tmp_path: Path) -> None:
    upload = tmp_path / "in" / "clip.mp4"
    upload.parent.mkdir()
    upload.write_bytes(b"1234")
    store = SessionStore(tmp_path / "sessions")
    path = store.get("a").adopt(upload, name=upload.name)
    assert path.read_bytes() == b"1234"
    store.end("a")
    assert not path.exists()
    assert upload.exists(), "another visitor may have uploaded the same file"
    assert "a" not in store


def test_sessions_expire_by_age_and_number_but_not_while_they_work(tmp_path: Path) -> None:
    clock = Clock()
    store = SessionStore(tmp_path, max_sessions=2, max_idle_s=60, clock=clock)
    first = store.get("first")
    folder = first.path("x").parent
    clock.now += 61
    store.get("second")
    assert "first" not in store
    assert not folder.exists()
    store.get("third")
    with store.get("second").busy:
        store.get("fourth")
        assert "second" in store
        assert "third" not in store, "the least recently used one that rests goes"


def test_a_closed_page_loses_its_session_unless_it_comes_back(tmp_path: Path) -> None:
    clock = Clock()
    store = SessionStore(tmp_path, clock=clock)
    store.get("gone")
    store.get("back")
    store.close("gone", after_s=0.05)
    store.close("back", after_s=0.05)
    clock.now += 1
    store.get("back")
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(5)
    assert "gone" not in store
    assert "back" in store


def test_the_line_is_first_come_first_served() -> None:
    line = Line(2)
    with line.join() as first, line.join() as second:
        with line.join() as third, line.join() as fourth:
            assert [first(), second(), third(), fourth()] == [0, 0, 1, 2]
        with line.join() as fifth:
            assert fifth() == 1
    with line.join() as alone:
        assert alone() == 0


def test_the_editor_gives_back_what_it_was_given() -> None:
    rules = replace(
        RULES, title="Yard", normal=(Rule(text="green", enabled=False),), abnormal=(Rule(text="red", category="r"),)
    )
    assert read_rules(new_value(rules), rules) == rules
    assert new_value(rules)["version"] != new_value(rules)["version"]


def test_blank_lines_are_left_out_and_spaces_trimmed() -> None:
    value = {"normal": [{"text": "  "}, {"text": " green ", "category": " c "}], "abnormal": []}
    assert read_rules(value, RULES).normal == (Rule(text="green", category="c"),)


def test_the_same_sentence_may_stand_twice_under_other_conditions() -> None:
    night, day = Hours(start="20:00", end="06:00"), Hours(start="06:00", end="20:00")
    bay = Zone(name="bay", points=((0, 0), (1, 0), (1, 1)))
    bound = (
        Rule(text="red", zones=("bay",), threshold=0.3),
        Rule(text="blue", hours=(night,), dwell_s=4.0),
        Rule(text="blue", hours=(day,)),
    )
    rules = replace(RULES, abnormal=bound, zones=(bay,), encoder="e", smooth_s=2.0)
    assert read_rules(new_value(rules), rules) == rules
    value = new_value(replace(rules, abnormal=bound[1:]))
    value["abnormal"][0]["enabled"] = False
    assert read_rules(value, rules).abnormal == (replace(bound[1], enabled=False), bound[2])


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"normal": [], "abnormal": None},
        {"normal": "green", "abnormal": []},
        {"normal": [3], "abnormal": []},
        {"normal": [{"text": "x" * 401}], "abnormal": []},
        {"normal": [{"text": "x"}] * 201, "abnormal": []},
    ],
)
def test_a_value_that_no_editor_made_is_refused(value: object) -> None:
    with pytest.raises(RulesError):
        read_rules(value, RULES)  # type: ignore[arg-type]


def test_remarks_name_duplicates_both_sides_unknown_words_and_empty_sides() -> None:
    rules = replace(
        RULES,
        normal=(Rule(text="Red"), Rule(text="glorp walks"), Rule(text="off", enabled=False)),
        abnormal=(Rule(text="red"), Rule(text="red"), Rule(text="off")),
    )
    said = {(r["side"], r["text"]): r["message"] for r in find_remarks(rules, {"glorp walks": ["glorp"]})}
    assert set(said) == {("normal", "Red"), ("normal", "glorp walks"), ("abnormal", "red")}
    assert "glorp" in said["normal", "glorp walks"]
    places = [r["index"] for r in find_remarks(rules, {}) if r["text"] == "red"]
    assert places == [0, 0, 1, 1], "each stands twice in its list, and also in the other"
    empty = find_remarks(replace(RULES, abnormal=(Rule(text="red", enabled=False),)), {})
    assert [(r["side"], r["text"]) for r in empty] == [("abnormal", None)]


def test_a_mode_that_a_head_has_just_taken_away_still_reaches_its_handler() -> None:
    """A dropdown's choice arrives twice; the first answer leaves the mode Objects alone, the second asks for both."""
    with gr.Blocks():
        narrowed = ModeChoice([("Objects", "object")])
    assert narrowed.preprocess("both") == "both"


@pytest.fixture
def controller(tmp_path: Path) -> Controller:
    settings = Settings(cache_dir=tmp_path / "cache", max_upload_mb=1, max_minutes=0.5)
    return Controller(ColourEngine(settings), SessionStore(tmp_path / "sessions"))


def take(controller: Controller, key: str, path: Path) -> Clip:
    *_, clip = controller.take_clip(key, path)
    assert isinstance(clip, Clip)
    return clip


def finish(steps: Iterator[Progress | Analysis]) -> Analysis:
    *_, analysis = steps
    assert isinstance(analysis, Analysis)
    return analysis


FRAME = Choice(modes=("frame",))


def test_analysing_then_rescoring_runs_no_image_encoder(controller: Controller, tmp_path: Path) -> None:
    take(controller, "a", write_half_red(tmp_path / "c.mp4"))
    analysis = finish(controller.analyze("a", RULES, FRAME, ScoreSettings(smooth_s=0)))
    (event,) = analysis.events
    assert event.start_s == pytest.approx(2.0, abs=0.15)
    images = controller.engine.images.images  # type: ignore[attr-defined]
    swapped = replace(RULES, normal=RULES.abnormal, abnormal=RULES.normal)
    (other,) = controller.rescore("a", swapped, ScoreSettings(smooth_s=0)).events
    assert (other.start_s, other.end_s) == (0, pytest.approx(2.0, abs=0.15))
    assert controller.engine.images.images == images  # type: ignore[attr-defined]
    assert controller.store.get("a").analysis.rules == swapped  # type: ignore[union-attr]


def test_one_session_never_reaches_anothers(controller: Controller, tmp_path: Path) -> None:
    clip = take(controller, "a", write_half_red(tmp_path / "c.mp4"))
    finish(controller.analyze("a", RULES, FRAME, ScoreSettings()))
    for call in (
        lambda: controller.rescore("b", RULES, ScoreSettings()),
        lambda: list(controller.export("b", "analysis")),
        lambda: list(controller.analyze("b", RULES, FRAME, ScoreSettings())),
    ):
        with pytest.raises(ClipvadError):
            call()
    assert clip.player.parent == controller.store.get("a").folder


def test_a_second_analysis_of_one_session_is_refused_and_a_stop_frees_it(
    controller: Controller, tmp_path: Path
) -> None:
    take(controller, "a", write_half_red(tmp_path / "c.mp4"))
    running = controller.analyze("a", RULES, FRAME, ScoreSettings())
    next(running)
    with pytest.raises(ClipvadError, match="already running"):
        next(controller.analyze("a", RULES, FRAME, ScoreSettings()))
    running.close()
    session = controller.stop("a")
    assert not session.busy.locked()
    assert session.analysis is None
    assert finish(controller.analyze("a", RULES, FRAME, ScoreSettings())).events


def test_others_wait_in_line_and_hear_their_place(controller: Controller, tmp_path: Path) -> None:
    clip = write_half_red(tmp_path / "c.mp4")
    for key in "abc":
        take(controller, key, clip)
    runs = {key: controller.analyze(key, RULES, FRAME, ScoreSettings()) for key in "abc"}
    next(runs["a"])
    assert "waiting for 1 other analysis" in next(runs["b"]).stage  # type: ignore[union-attr]
    assert "waiting for 2 other analyses" in next(runs["c"]).stage  # type: ignore[union-attr]
    runs["b"].close()
    assert "waiting for 1 other analysis" in next(runs["c"]).stage  # type: ignore[union-attr]
    runs["a"].close()
    assert finish(runs["c"]).events


def test_a_stop_while_waiting_ends_the_wait(controller: Controller, tmp_path: Path) -> None:
    clip = write_half_red(tmp_path / "c.mp4")
    take(controller, "a", clip)
    take(controller, "b", clip)
    working, waiting = (controller.analyze(key, RULES, FRAME, ScoreSettings()) for key in "ab")
    next(working)
    next(waiting)
    controller.store.get("b").stopping.set()
    assert list(waiting) == []
    working.close()


def test_limits_on_size_and_length_are_plain_sentences(controller: Controller, tmp_path: Path) -> None:
    big = tmp_path / "big.mp4"
    big.write_bytes(bytes(3 << 20))
    with pytest.raises(VideoError, match="at most 1 MB"):
        take(controller, "a", big)
    with pytest.raises(VideoError, match=r"at most 0\.5 minutes"):
        take(controller, "a", write_half_red(tmp_path / "long.mp4", seconds=40))
    assert controller.store.get("a").clip is None


def test_exports_land_in_the_sessions_folder_and_unknown_kinds_are_refused(
    controller: Controller, tmp_path: Path
) -> None:
    take(controller, "a", write_half_red(tmp_path / "my clip.mp4"))
    with pytest.raises(ClipvadError, match="Press Analyze"):
        list(controller.export("a", "events"))
    finish(controller.analyze("a", RULES, FRAME, ScoreSettings()))
    *_, path = controller.export("a", "events")
    assert path == controller.store.get("a").folder / "my clip.events.csv"
    assert path.read_text().startswith("mode,start_s")  # type: ignore[union-attr]
    with pytest.raises(SettingsError, match="analysis, scores"):
        list(controller.export("a", "../x"))


def test_what_users_wrote_is_shown_as_text() -> None:
    assert "<b>" not in views.note("<b>x</b>")
    assert "<i>" not in views.progress_line(Progress(stage="<i>", done_s=1, total_s=2, frames=1, frames_per_s=1))


@pytest.mark.parametrize(
    ("seconds", "text"), [(8.24, "8.2 s"), (59.96, "1:00 min"), (65, "1:05 min"), (3729, "1:02:09 h")]
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert views.duration(seconds) == text


@pytest.mark.parametrize("which", EXAMPLES, ids=lambda which: which.name)
def test_the_stored_example_is_what_the_bundled_models_find(which: Example, tmp_path: Path) -> None:
    engine = Engine(Settings(cache_dir=tmp_path, encoder="bundled", detector="motion", device="cpu"))
    stored = engine.stored_example(which)
    assert stored is not None
    fresh = engine.example(which)
    hint = "run `python tools/make_features.py`: the models, the rules or the example changed"
    assert stored.rules == fresh.rules, hint
    assert (stored.encoder, stored.detector) == (fresh.encoder, fresh.detector), hint
    assert fresh.from_cache, hint
    assert set(stored.scores) == set(fresh.scores) == set(which.modes)
    for mode in which.modes:
        assert stored.scores[mode].smooth == pytest.approx(fresh.scores[mode].smooth, abs=1e-3), hint
    assert engine.stored_example(which) is None, "once models have loaded there is no need of it"


def test_no_stored_example_where_other_models_were_chosen(tmp_path: Path) -> None:
    settings = Settings(cache_dir=tmp_path, encoder="open_clip:ViT-B-32-quickgelu/openai", detector="motion")
    assert Engine(settings).stored_example() is None
