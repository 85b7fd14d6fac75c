"""The page's choice of a head, without the page: what a session may choose, and what it keeps when it may not."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clipvad.core import ZERO_SHOT, Analysis, Rule, RuleSet, ScoreSettings
from clipvad.errors import ClipvadError, EncoderMismatchError, ModelError, SettingsError
from clipvad.nn.scorer import VideoScorer
from clipvad.rules import parse_rules
from clipvad.scoring.taught import Lesson
from clipvad.settings import Settings
from clipvad.ui.controller import Controller
from clipvad.ui.heads import MAX_MB, OWN, Heads, card_html, kept_html, unexplained_html
from clipvad.ui.session import Choice, SessionStore
from clipvad.ui.timeline import payload
from tests.clips import write_clip
from tests.engines import ColourEngine
from tests.fakes import ColourEncoder
from tests.heads import make_head
from tests.ui.conftest import HOSTILE

RULES = RuleSet(name="mine", normal=(Rule(text="all green"),), abnormal=(Rule(text="all red"),))
COLOURS = np.eye(3)[[1, 0, 2]]  # normal is green, then red, then blue
CLASSES = ("greenery", "fire", "water")


@pytest.fixture
def heads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Heads:
    """One head is shipped for these models, one for others."""
    shipped = tmp_path / "shipped"
    make_head(ColourEncoder.id, COLOURS, classes=CLASSES, name="colours").save(shipped / "colours.safetensors")
    make_head("another/1", COLOURS, name="foreign").save(shipped / "foreign.safetensors")
    monkeypatch.setattr("clipvad.scorers.HEADS", shipped)
    controller = Controller(ColourEngine(Settings(cache_dir=tmp_path / "cache")), SessionStore(tmp_path / "sessions"))
    return Heads(controller)


def analysed(heads: Heads, key: str, tmp_path: Path) -> Analysis:
    grounds = [(20, 235, 20)] * 20 + [(235, 20, 20)] * 20
    clip = write_clip(tmp_path / f"{key}.mp4", (np.full((48, 64, 3), rgb, np.uint8) for rgb in grounds))
    list(heads.controller.take_clip(key, clip))
    *_, analysis = heads.controller.analyze(key, RULES, Choice(modes=("frame",)), ScoreSettings(smooth_s=0))
    assert isinstance(analysis, Analysis)
    return analysis


def test_shipped_heads_are_offered_where_they_fit(heads: Heads) -> None:
    assert [name for _, name in heads.choices("a")] == ["zero-shot", "colours"]
    with pytest.raises(EncoderMismatchError, match="another/1"):
        heads.choose("a", "foreign")
    for nothing in ("nothing", OWN, "../colours", "/etc/passwd"):
        with pytest.raises(SettingsError, match="There is no head"):
            heads.choose("a", nothing)
    assert heads.chosen("a") == "zero-shot"


def test_another_scorer_is_instant_and_sentences_come_back(heads: Heads, tmp_path: Path) -> None:
    controller = heads.controller
    before = analysed(heads, "a", tmp_path)
    engine = controller.engine
    assert isinstance(engine, ColourEngine)
    seen = engine.images.images
    heads.choose("a", "colours")
    trained = controller.rescore("a", RULES, ScoreSettings(smooth_s=0))
    assert trained.rules.sentences == CLASSES
    assert trained.events[0].sentence == "fire"
    assert [one["text"] for one in payload(trained, video_url="", mode="frame")["sentences"]] == list(CLASSES)
    assert controller.score("a", RULES, ScoreSettings()).scorer == ZERO_SHOT, "the comparison is of sentences"
    *_, path = controller.export("a", "rules")
    assert parse_rules(Path(path).read_text(), source="rules").sentences == RULES.sentences, "the user's own"
    analysis, analyzer = controller.explained("a")
    with pytest.raises(SettingsError, match="compares no sentences"):
        analyzer.influence(analysis, mode="frame")
    heads.choose("a", "zero-shot")
    again = controller.rescore("a", RULES, ScoreSettings(smooth_s=0))
    assert np.array_equal(again.scores["frame"].score, before.scores["frame"].score)
    assert engine.images.images == seen


def test_a_run_is_scored_by_the_head_whatever_the_sentences(heads: Heads, tmp_path: Path) -> None:
    heads.choose("a", "colours")
    assert analysed(heads, "a", tmp_path).scorer.label == "head colours"
    *_, analysis = heads.controller.analyze("a", replace(RULES, normal=()), Choice(modes=("frame",)), ScoreSettings())
    assert isinstance(analysis, Analysis)
    with pytest.raises(SettingsError, match="not trained for mode object"):
        list(heads.controller.analyze("a", RULES, Choice(modes=("object",)), ScoreSettings()))


def test_an_upload_belongs_to_its_session_and_counts_as_its_memory(heads: Heads, tmp_path: Path) -> None:
    mine = make_head(ColourEncoder.id, COLOURS, name="mine").save(tmp_path / "mine.safetensors")
    session = heads.take("a", mine)
    mine.unlink()  # it is held, not its file
    assert heads.chosen("a") == OWN
    assert (session.head, session.nbytes) == (session.own_head, 0)  # this one has no weights
    assert heads.choices("a")[-1] == ("Head mine (yours)", OWN)
    assert OWN not in [name for _, name in heads.choices("b")]
    with pytest.raises(SettingsError, match="There is no head"):
        heads.choose("b", OWN)


def test_a_lesson_is_chosen_alike_and_scores_the_users_sentences(heads: Heads, tmp_path: Path) -> None:
    before = analysed(heads, "a", tmp_path)
    lesson = Lesson(
        name="calmer",
        encoder_id=ColourEncoder.id,
        temperature=0.05,
        sentences=("all red",),
        is_abnormal=np.array([True]),
        scale=np.ones((1, 3), np.float32),
        bias=np.array([-40], np.float32),
        picture="frame",
    )
    session = heads.take("a", lesson.save(tmp_path / "calmer.safetensors"))
    assert heads.choices("a")[-1] == ("Lesson calmer (yours)", OWN)
    taught = heads.controller.rescore("a", RULES, ScoreSettings(smooth_s=0))
    assert taught.rules == RULES
    assert taught.scores["frame"].score.max() < 0.01 < before.scores["frame"].score.max()
    assert (kept_html(session.head), unexplained_html(session.head)) == ("", "")
    assert "Lesson calmer" in card_html(session.head)


def test_files_that_are_no_head_for_this_leave_the_choice(heads: Heads, tmp_path: Path) -> None:
    heads.choose("a", "colours")
    pickled = tmp_path / "pickled.safetensors"
    pickled.write_bytes(pickle.dumps({"state": 1}))
    large = tmp_path / "large.safetensors"
    with large.open("wb") as file:
        file.truncate((MAX_MB << 20) + 1)
    foreign = make_head("another/1", COLOURS).save(tmp_path / "foreign.safetensors")
    fast = make_head(ColourEncoder.id, COLOURS, step=16.0).save(tmp_path / "fast.safetensors")
    for path, error, message in (
        (pickled, ModelError, "pickled"),
        (large, ModelError, f"at most {MAX_MB} MB"),
        (foreign, EncoderMismatchError, "another/1"),
        (fast, SettingsError, "16 sampled frames"),
    ):
        with pytest.raises(ClipvadError, match=message) as raised:
            heads.take("a", path)
        assert isinstance(raised.value, error)
        assert heads.chosen("a") == "colours"


def test_a_card_is_shown_as_text_and_cut() -> None:
    head = make_head(ColourEncoder.id, COLOURS, name=HOSTILE, classes=("normal", HOSTILE, "x"))
    told = {
        HOSTILE: HOSTILE,
        "data": "street",
        "val_auc": 0.91234,
        "chosen_by": "luck",
        "nested": {"a": 1},
        "long": "x" * 9999,
    }
    scorer = VideoScorer(replace(head, training=told, limits=HOSTILE))
    card = card_html(scorer)
    assert "<img" not in card + kept_html(scorer)
    assert "<dt>AUC on validation videos</dt><dd>0.9123</dd>" in card
    assert "<dt>Epoch chosen by</dt><dd>luck</dd>" in card
    assert "street" in card
    assert "nested" not in card.lower()
    assert len(card) < 5000
    assert card_html(None) == kept_html(None) == ""
