"""A lesson: Eq. 13 by hand, nothing learnt is nothing changed, whose sentences get what, and files of all sorts."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from clipvad.checkpoints import HEADER, read_card
from clipvad.core import Embeddings, Features, Rule, RuleSet, ScoreSettings
from clipvad.errors import EncoderMismatchError, ModelError
from clipvad.explain import objects_at, shares_of
from clipvad.pipeline import Analyzer
from clipvad.scoring import SimilarityScorer
from clipvad.scoring.contexts import neutral_sentences
from clipvad.scoring.influence import influence
from clipvad.scoring.logits import TaughtTexts
from clipvad.scoring.taught import Lesson, TaughtScorer
from tests.fakes import ColourEncoder, SquareDetector
from tests.random_clips import BOUND, DIM, PLAIN, random_clip, unit

M = 0.05


def texts_of(rules: RuleSet, seed: int = 1) -> Embeddings:
    return Embeddings(unit(np.random.default_rng(seed), len(rules.sentences) + len(neutral_sentences(rules)), DIM), "e")


def lesson(rules: RuleSet = PLAIN, *, learnt: bool = True, seed: int = 2) -> Lesson:
    rng = np.random.default_rng(seed)
    count = len(rules.sentences)
    return Lesson(
        name="gate",
        encoder_id="e",
        temperature=M,
        sentences=rules.sentences,
        is_abnormal=rules.is_abnormal,
        scale=(rng.normal(1, 0.3, (count, DIM)) if learnt else np.ones((count, DIM))).astype(np.float32),
        bias=(rng.normal(0, 1, count) if learnt else np.zeros(count)).astype(np.float32),
        picture="frame",
        training={"labels": {"normal": 3, "True": 2}, "seed": 7},
        limits="one camera",
    )


def test_frame_scores_are_equation_13_and_14_term_by_term() -> None:
    features, texts, taught = random_clip(), texts_of(PLAIN), lesson()
    scores = TaughtScorer(lesson=taught, temperature=M).score(features, texts, PLAIN, mode="frame", smooth_s=0)
    for t, f_v in enumerate(features.frames.vectors.astype(float)):  # type: ignore[union-attr]
        logits = []
        for k, f_k in enumerate(texts.vectors.astype(float)):
            logits.append(sum(taught.scale[k][d] * f_v[d] * f_k[d] for d in range(DIM)) / M + taught.bias[k])
        p = np.exp(logits) / np.exp(logits).sum()
        assert scores.probabilities[t] == pytest.approx(p, abs=1e-5)
        assert scores.score[t] == pytest.approx(p[2:].sum(), abs=1e-5)
        assert scores.cosines[t] == pytest.approx(texts.vectors @ f_v, abs=1e-6)  # what people see stays a cosine


@pytest.mark.parametrize("rules", [PLAIN, BOUND], ids=["plain", "bound"])
@pytest.mark.parametrize("mode", ["frame", "object"])
def test_a_lesson_that_learnt_nothing_changes_no_bit(rules: RuleSet, mode: str) -> None:
    features, texts = random_clip(), texts_of(rules)
    blank = lesson(rules, learnt=False)
    zero = SimilarityScorer(temperature=M).score(features, texts, rules, mode=mode, clock_start_s=57.0)
    same = TaughtScorer(lesson=blank, temperature=M).score(features, texts, rules, mode=mode, clock_start_s=57.0)
    for name in ("score", "smooth", "probabilities", "cosines", "winner", "object_score", "object_top"):
        one, two = getattr(zero, name), getattr(same, name)
        assert (one is None and two is None) or np.array_equal(one, two, equal_nan=one.dtype.kind == "f"), name


@pytest.mark.parametrize("mode", ["frame", "object"])
def test_zones_hours_dwell_and_influence_see_what_was_taught(mode: str) -> None:
    features, texts, taught = random_clip(objects=60), texts_of(BOUND), lesson(BOUND)
    scorer = TaughtScorer(lesson=taught, temperature=M)
    scores = scorer.score(features, texts, BOUND, mode=mode, smooth_s=0, clock_start_s=57.0)
    found = influence(
        features, taught.applied(texts, BOUND), BOUND, scores, temperature=M, smooth_s=0, clock_start_s=57.0
    )
    untaught = SimilarityScorer(temperature=M).score(features, texts, BOUND, mode=mode, smooth_s=0, clock_start_s=57.0)
    assert not np.allclose(scores.score, untaught.score)
    for column, text in enumerate(BOUND.sentences):
        abnormal = bool(BOUND.is_abnormal[column])
        without = BOUND.without(text, abnormal=abnormal)
        rows = [*(i for i in range(len(BOUND.sentences)) if i != column), *range(len(BOUND.sentences), len(texts))]
        left = Embeddings(texts.vectors[rows], "e")
        again = scorer.score(features, left, without, mode=mode, smooth_s=0, clock_start_s=57.0)
        assert found.without[column] == pytest.approx(again.smooth, abs=2e-5), text


def test_objects_and_maps_of_a_frame_agree_with_the_scores() -> None:
    features, texts, taught = random_clip(), texts_of(PLAIN), lesson()
    given = taught.applied(texts, PLAIN)
    scores = TaughtScorer(lesson=taught, temperature=M).score(features, texts, PLAIN, mode="object", smooth_s=0)
    sample = int(features.detections.frame[0])  # type: ignore[union-attr]
    assert objects_at(features, given, PLAIN, sample, temperature=M).score[0] == scores.score[sample]
    frame = TaughtScorer(lesson=taught, temperature=M).score(features, texts, PLAIN, mode="frame", smooth_s=0)
    assert np.array_equal(shares_of(features.frames, given, temperature=M), frame.probabilities)  # type: ignore[arg-type]


def test_sentences_get_what_was_learnt_of_them_whatever_their_order_prompts_or_company() -> None:
    taught = lesson()
    rules = RuleSet(
        name="other",
        normal=(Rule(text="new"), Rule(text="n1")),
        abnormal=(Rule(text="a2"), Rule(text="a0")),
        templates=("a photo of {}",),
    )
    texts = texts_of(rules, seed=5)
    given = taught.applied(texts, rules)
    assert given.bias.tolist() == [0, taught.bias[1], taught.bias[4], taught.bias[2]]
    assert np.array_equal(given.scaled[0], texts.vectors[0])
    assert given.scaled[3] == pytest.approx(taught.scale[2] * texts.vectors[3])
    assert np.array_equal(given.vectors, texts.vectors)
    again = taught.applied(given, rules)
    assert np.array_equal(again.scaled, given.scaled), "a lesson counts once"


def test_the_order_of_the_rules_changes_nothing() -> None:
    features, texts, scorer = random_clip(), texts_of(PLAIN), TaughtScorer(lesson=lesson(), temperature=M)
    swapped = replace(PLAIN, normal=PLAIN.normal[::-1], abnormal=PLAIN.abnormal[::-1])
    order = [PLAIN.sentences.index(text) for text in swapped.sentences]
    one = scorer.score(features, texts, PLAIN, mode="frame")
    two = scorer.score(features, Embeddings(texts.vectors[order], "e"), swapped, mode="frame")
    assert one.smooth == pytest.approx(two.smooth, abs=1e-6)
    assert one.probabilities[:, order] == pytest.approx(two.probabilities, abs=1e-6)


def test_a_sentence_on_both_sides_has_what_its_own_side_learnt() -> None:
    rules = RuleSet(name="r", normal=(Rule(text="a van"),), abnormal=(Rule(text="a van"), Rule(text="a fire")))
    taught = replace(lesson(rules), bias=np.array([1, 2, 3], np.float32))
    assert taught.applied(texts_of(rules), rules).bias.tolist() == [1, 2, 3]


def test_what_does_not_fit_is_said() -> None:
    taught = lesson()
    assert taught.remarks(PLAIN, temperature=M, modes=("frame",)) == ()
    moved = RuleSet(name="r", normal=(Rule(text="a0"), Rule(text="n0")), abnormal=(Rule(text="n1"), Rule(text="x")))
    unknown, as_normal, as_abnormal, warmth = taught.remarks(moved, temperature=2 * M, modes=())
    assert "taught 3 of these 4 sentences" in unknown
    assert "“x”" in unknown
    assert as_normal.startswith("Taught as normal, but abnormal here: “n1”")
    assert as_abnormal.startswith("Taught as abnormal, but normal here: “a0”")
    assert "0.05" in warmth
    assert "0.1" in warmth
    texts = texts_of(moved)
    assert taught.applied(texts, moved).bias[0] == taught.bias[2], "it stays usable"


def test_other_pictures_than_it_was_taught_on_are_remarked() -> None:
    scorer = TaughtScorer(lesson=lesson(), temperature=M)
    (said,) = scorer.remarks(random_clip(), PLAIN)
    assert "taught on whole frames. It scores objects too here" in said
    assert scorer.remarks(replace(random_clip(), detections=None, objects=None), PLAIN) == ()


def test_another_encoder_is_refused_with_both_ids() -> None:
    texts = texts_of(PLAIN)
    with pytest.raises(EncoderMismatchError, match=r"'e'.*'other'"):
        lesson().applied(Embeddings(texts.vectors, "other"), PLAIN)
    with pytest.raises(ModelError, match="8 numbers"):
        lesson().applied(Embeddings(texts.vectors[:, :3], "e"), PLAIN)


def test_saved_and_loaded_it_is_the_same(tmp_path: Path) -> None:
    made = lesson()
    path = made.save(tmp_path / "gate.safetensors")
    back = Lesson.load(path)
    assert np.array_equal(back.scale, made.scale)
    assert np.array_equal(back.bias, made.bias)
    assert back.is_abnormal.tolist() == made.is_abnormal.tolist()
    assert (back.card, back.sentences) == (made.card, made.sentences)
    card = json.loads((tmp_path / "gate.json").read_text("utf-8"))
    assert card == read_card(path) == made.card
    assert (card["kind"], card["normal"], card["abnormal"]) == ("taught", ["n0", "n1"], ["a0", "a1", "a2"])


def test_sides_that_are_mixed_keep_their_rows_on_disk(tmp_path: Path) -> None:
    made = replace(lesson(), is_abnormal=np.array([True, False, True, False, True]))
    back = Lesson.load(made.save(tmp_path / "x.safetensors"))
    rows = [back.sentences.index(text) for text in made.sentences]
    assert np.array_equal(back.scale[rows], made.scale)
    assert back.is_abnormal[rows].tolist() == made.is_abnormal.tolist()


def test_reading_a_lesson_loads_no_torch(tmp_path: Path) -> None:
    path = lesson().save(tmp_path / "gate.safetensors")
    code = (
        "import sys; from pathlib import Path; from clipvad.scoring.taught import Lesson; "
        f"print(Lesson.load(Path({str(path)!r})).name, 'torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["gate", "False"]


def with_card(path: Path, card: object, *, raw: str | None = None, **tensors: np.ndarray) -> Path:
    made = lesson()
    arrays = {"scale": made.scale, "bias": made.bias} | tensors
    path.write_bytes(save(arrays, metadata={HEADER: raw if raw is not None else json.dumps(card)}))
    return path


GOOD = lesson().card


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ({**GOOD, "kind": "video"}, "kind 'video'"),
        ({**GOOD, "version": 2}, "version 2"),
        ({**GOOD, "version": "1"}, "version '1'"),
        ({key: value for key, value in GOOD.items() if key != "encoder"}, "damaged.*encoder"),
        ({**GOOD, "temperature": "warm"}, "damaged"),
        ({**GOOD, "temperature": -1}, "above 0, got -1"),
        ({**GOOD, "temperature": 1e-40}, "above 0"),
        ({**GOOD, "picture": "part"}, "frame or object, not 'part'"),
        ({**GOOD, "picture": []}, "damaged"),
        ({**GOOD, "temperature": float("nan")}, "above 0"),
        ({**GOOD, "training": None}, "damaged"),
        ({**GOOD, "normal": 3}, "damaged"),
        ({**GOOD, "normal": ["n0"]}, "4 sentences"),
        ({**GOOD, "normal": ["n0", "n0"]}, "twice"),
        ([GOOD], "can't be read"),
    ],
)
def test_damaged_cards_are_refused_by_name(tmp_path: Path, card: object, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        Lesson.load(with_card(tmp_path / "bad.safetensors", card))
    assert "bad.safetensors" in str(caught.value)


@pytest.mark.parametrize(
    "tensors",
    [
        {"scale": np.full((5, DIM), np.nan, np.float32)},
        {"bias": np.full(5, np.inf, np.float32)},
        {"scale": np.full((5, DIM), 1e38, np.float32)},  # finite, but no product of it is
        {"bias": np.full(5, -1e38, np.float32)},
        {"bias": np.zeros((5, 1), np.float32)},
        {"scale": np.ones(5, np.float32)},
        {"scale": np.ones((4, DIM), np.float32)},
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, tensors: dict[str, np.ndarray]) -> None:
    with pytest.raises(ModelError, match=r"bad\.safetensors"):
        Lesson.load(with_card(tmp_path / "bad.safetensors", GOOD, **tensors))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a checkpoint",
        b"\xff" * 64,
        save({"scale": np.ones((2, 2), np.float32)}),
        save({"scale": np.ones((2, 2), np.float32)}, metadata={HEADER: "{"}),
        save({"scale": np.ones((2, 2), np.float32)}, metadata={HEADER: "[" * 200000}),
        save({"bias": np.ones(2, np.float32)}, metadata={HEADER: json.dumps(GOOD)}),
    ],
    ids=["empty", "text", "noise", "no card", "half a card", "deep card", "no tensor"],
)
def test_files_that_are_no_lesson_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"bad\.safetensors"):
        Lesson.load(path)


def test_a_file_cut_off_anywhere_or_of_a_foreign_number_format_is_refused(tmp_path: Path) -> None:
    path = lesson().save(tmp_path / "gate.safetensors")
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError):
            Lesson.load(path)
    table = {"scale": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]}}
    head = json.dumps({"__metadata__": {HEADER: json.dumps(GOOD)}, **table}).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"1234")
    with pytest.raises(ModelError, match="can't be read"):
        Lesson.load(path)
    with pytest.raises(ModelError, match="can't be read"):
        Lesson.load(tmp_path / "absent.safetensors")


def test_taught_texts_of_another_shape_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="vectors"):
        TaughtTexts(np.eye(3, dtype=np.float32), "e", np.ones((2, 3), np.float32), np.zeros(3, np.float32))


class TestInTheAnalyzer:
    """The product's way: `Analyzer(scorer=FILE)`, its remarks and its explanations."""

    RULES = RuleSet(
        name="colours",
        normal=(Rule(text="green grass"), Rule(text="grey paving")),
        abnormal=(Rule(text="a red van"), Rule(text="a blue bag")),
    )

    def features(self) -> Features:
        colours = np.random.default_rng(6).uniform(0.05, 1, (12, 3)).astype(np.float32)
        vectors = colours / np.linalg.norm(colours, axis=1, keepdims=True)
        base = random_clip(frames=12, objects=30)
        objects = Embeddings(vectors[np.arange(30) % 12], "colour/1")
        return Features(
            video=base.video,
            pts_s=base.pts_s,
            encoder_id="colour/1",
            frames=Embeddings(vectors, "colour/1"),
            detections=base.detections,
            objects=objects,
        )

    def lesson(self, *, learnt: bool) -> Lesson:
        return Lesson(
            name="colours",
            encoder_id="colour/1",
            temperature=1 / 20,
            sentences=self.RULES.sentences,
            is_abnormal=self.RULES.is_abnormal,
            scale=np.full((4, 3), 1.2 if learnt else 1, np.float32),
            bias=np.array([0, 0, 2, -1] if learnt else [0, 0, 0, 0], np.float32),
            picture="frame",
        )

    def analyzer(self, path: Path | None = None) -> Analyzer:
        return Analyzer(encoder=ColourEncoder(), detector=SquareDetector(), scorer=path or "zero-shot")

    def test_a_lesson_that_learnt_nothing_is_zero_shot_to_the_last_bit(self, tmp_path: Path) -> None:
        path = self.lesson(learnt=False).save(tmp_path / "blank.safetensors")
        features = self.features()
        zero = self.analyzer().rescore(features, self.RULES)
        same = self.analyzer(path).rescore(features, self.RULES)
        for mode in ("frame", "object"):
            assert np.array_equal(zero.scores[mode].smooth, same.scores[mode].smooth)
            assert np.array_equal(zero.scores[mode].probabilities, same.scores[mode].probabilities)
        assert zero.events == same.events
        (said,) = same.remarks
        assert "scores objects too" in said
        assert same.scorer.id.startswith("taught:colours@")

    def test_curve_influence_and_objects_agree_on_what_was_taught(self, tmp_path: Path) -> None:
        analyzer = self.analyzer(self.lesson(learnt=True).save(tmp_path / "x.safetensors"))
        analysis = analyzer.rescore(self.features(), self.RULES)
        bare = analyzer.rescore(self.features(), self.RULES.without("a red van", abnormal=True))
        effect = analyzer.influence(analysis, mode="frame")
        assert effect.without[2] == pytest.approx(bare.scores["frame"].smooth, abs=1e-5)
        scores = analysis.scores["object"]
        sample = int(np.flatnonzero(scores.winner >= 0)[0])
        told = analyzer.objects_at(analysis, float(analysis.features.pts_s[sample]))
        assert told.score[0] == scores.score[sample]

    def test_what_does_not_fit_is_among_the_remarks_and_another_encoder_is_refused(self, tmp_path: Path) -> None:
        made = self.lesson(learnt=True)
        analyzer = self.analyzer(made.save(tmp_path / "x.safetensors"))
        moved = replace(self.RULES, normal=self.RULES.abnormal[:1], abnormal=self.RULES.normal[:1])
        remarks = analyzer.rescore(self.features(), moved, settings=ScoreSettings(temperature=0.5)).remarks
        assert any("Taught as abnormal, but normal here: “a red van”" in remark for remark in remarks)
        assert any("is used at 0.5" in remark for remark in remarks)
        other = replace(made, encoder_id="colour/2").save(tmp_path / "other.safetensors")
        with pytest.raises(EncoderMismatchError, match="colour/2"):
            self.analyzer(other).rescore(self.features(), self.RULES)
