"""What each sentence does: the curve without it is that of the set without it, whatever limits the sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clipvad.core import Embeddings, Features, Mode, Rule, RuleSet, VideoInfo
from clipvad.scoring import SimilarityScorer
from clipvad.scoring.contexts import neutral_sentences
from clipvad.scoring.influence import Influence, influence
from tests.random_clips import BOUND, DIM, PLAIN, random_clip, unit

TEMPERATURE = 0.05


def texts_of(rules: RuleSet) -> Embeddings:
    """The same vector for the same text, whichever set it stands in."""
    known = {text: unit(np.random.default_rng(sum(text.encode())), DIM) for text in rules.sentences}
    neutral = [unit(np.random.default_rng(1000 + i), DIM) for i, _ in enumerate(neutral_sentences(rules))]
    return Embeddings(np.stack([*known.values(), *neutral]), "e")


def scored(features: Features, rules: RuleSet, mode: Mode):
    scorer = SimilarityScorer(temperature=TEMPERATURE)
    return scorer.score(features, texts_of(rules), rules, mode=mode, smooth_s=0.75, clock_start_s=55.0)


def found(features: Features, rules: RuleSet, mode: Mode) -> Influence:
    return influence(
        features,
        texts_of(rules),
        rules,
        scored(features, rules, mode),
        temperature=TEMPERATURE,
        smooth_s=0.75,
        clock_start_s=55.0,
    )


def without(rules: RuleSet, text: str) -> RuleSet:
    normal, abnormal = (
        tuple(replace(rule, enabled=False) if rule.text == text else rule for rule in side)
        for side in (rules.normal, rules.abnormal)
    )
    return replace(rules, normal=normal, abnormal=abnormal)


@pytest.mark.parametrize("mode", ["frame", "object"])
@pytest.mark.parametrize("rules", [PLAIN, BOUND], ids=["plain", "bound"])
@pytest.mark.parametrize("seed", range(3))
def test_the_curve_without_a_sentence_is_that_of_the_set_without_it(rules: RuleSet, mode: Mode, seed: int) -> None:
    features = random_clip(seed)
    result = found(features, rules, mode)
    for row, text in enumerate(rules.sentences):
        smaller = without(rules, text)
        if smaller.is_conditional != rules.is_conditional:
            continue
        expected = scored(features, smaller, mode).smooth
        np.testing.assert_allclose(result.without[row], expected, atol=2e-6, err_msg=text)
        assert result.change[row] == pytest.approx(
            np.abs(expected - scored(features, rules, mode).smooth).max(), abs=4e-6
        )


def test_a_sentence_that_dominates_by_far_can_be_left_out_exactly() -> None:
    """One object that is the sentence itself at CLIP's temperature: the others are e^-100 of it."""
    rules = RuleSet(name="r", normal=(Rule(text="n"),), abnormal=(Rule(text="a"), Rule(text="b")))
    texts = Embeddings(np.array([[0.6, 0.8], [1, 0], [0, 1]], np.float32), "e")
    video = VideoInfo(path="c", name="c", width=9, height=9, fps=1, duration_s=1, codec="h264")
    features = Features(
        video=video,
        pts_s=np.zeros(1),
        encoder_id="e",
        frames=Embeddings(np.array([[1.0, 0.0]], np.float32), "e"),
    )
    scores = SimilarityScorer(temperature=0.01).score(features, texts, rules, mode="frame", smooth_s=0)
    result = influence(features, texts, rules, scores, temperature=0.01, smooth_s=0)
    assert scores.score[0] == pytest.approx(1.0)
    assert result.without[1, 0] == pytest.approx(np.exp(-60) / (1 + np.exp(-60)), rel=1e-3)  # b against n: 0 and 0.6


def test_the_last_sentence_of_a_side_cannot_be_left_out() -> None:
    rules = without(PLAIN, "n1")
    result = found(random_clip(0), rules, "frame")
    assert np.isnan(result.without[0]).all()
    assert np.isnan(result.change[0])
    assert not result.idle[0]
    assert np.isfinite(result.without[1:]).all()


def test_wins_are_shares_of_what_shows_something() -> None:
    features = random_clip(1)
    result = found(features, PLAIN, "object")
    assert result.wins.sum() == pytest.approx(1.0)
    top = scored(features, PLAIN, "object").probabilities[np.unique(features.detections.frame)].argmax(axis=1)
    np.testing.assert_allclose(result.wins, np.bincount(top, minlength=5) / len(top))


def test_sentences_are_alike_as_their_vectors_are() -> None:
    result = found(random_clip(2), PLAIN, "frame")
    vectors = texts_of(PLAIN).vectors
    np.testing.assert_allclose(result.alike, vectors @ vectors.T, atol=1e-6)
    np.testing.assert_allclose(np.diag(result.alike), 1.0, atol=1e-6)


def test_a_sentence_that_is_far_from_everything_is_idle() -> None:
    rules = replace(PLAIN, abnormal=(*PLAIN.abnormal, Rule(text="far")))
    texts = texts_of(PLAIN).vectors
    opposite = Embeddings(np.concatenate([texts, -texts[:1]]), "e")
    features = random_clip(3)
    pictures = replace(features, frames=Embeddings(np.repeat(texts[:1], len(features), axis=0), "e"))
    scores = SimilarityScorer(temperature=TEMPERATURE).score(pictures, opposite, rules, mode="frame", smooth_s=0)
    result = influence(pictures, opposite, rules, scores, temperature=TEMPERATURE, smooth_s=0)
    assert result.idle.tolist()[-1] is True
    assert not result.idle[0]
