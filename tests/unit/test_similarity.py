"""Similarity scoring: Eq. 13-14 by hand, object mode's maximum, and what must change nothing."""

from __future__ import annotations

import numpy as np
import pytest

from clipvad.core import Detections, Embeddings, Features, Rule, RuleSet, VideoInfo
from clipvad.errors import EncoderMismatchError
from clipvad.scoring import SimilarityScorer

VIDEO = VideoInfo(path="x", name="x", width=100, height=80, fps=8, duration_s=1, codec="h264")
RULES = RuleSet(name="r", normal=(Rule(text="n"),), abnormal=(Rule(text="a"), Rule(text="b")))
TEXTS = Embeddings(np.eye(4, dtype=np.float32)[:3], "e")


def unit(*rows: list[float]) -> Embeddings:
    vectors = np.array(rows, np.float32)
    return Embeddings(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), "e")


def table(frames: list[int]) -> Detections:
    n = len(frames)
    boxes = np.stack([np.array([i, 0, i + 10, 10], np.float32) for i in range(n)]) if n else np.zeros((0, 4))
    return Detections(
        frame=np.array(frames, np.int32),
        xyxy=boxes.astype(np.float32),
        confidence=np.ones(n, np.float32),
        label=np.zeros(n, np.int16),
        track=np.full(n, -1, np.int32),
        names=("thing",),
        detector_id="d",
    )


def test_frame_score_is_the_abnormal_share_of_the_softmax() -> None:
    features = Features(video=VIDEO, pts_s=np.array([0.0]), encoder_id="e", frames=unit([1, 1, 0, 0]))
    scores = SimilarityScorer(temperature=0.5).score(features, TEXTS, RULES, mode="frame")
    a, zero = np.exp(np.sqrt(0.5) / 0.5), 1.0
    assert scores.probabilities[0] == pytest.approx(np.array([a, a, zero]) / (2 * a + zero), abs=1e-6)
    assert scores.score[0] == pytest.approx((a + zero) / (2 * a + zero), abs=1e-6)
    assert scores.cosines[0] == pytest.approx([np.sqrt(0.5), np.sqrt(0.5), 0], abs=1e-6)


def test_object_score_is_the_maximum_and_carries_its_box_and_sentence() -> None:
    features = Features(
        video=VIDEO,
        pts_s=np.array([0.0, 0.1, 0.2]),
        encoder_id="e",
        detections=table([0, 0, 2]),
        objects=unit([1, 0, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]),
    )
    scores = SimilarityScorer(temperature=0.1).score(features, TEXTS, RULES, mode="object")
    assert scores.winner.tolist() == [1, -1, 2]
    assert scores.object_top is not None
    assert scores.object_top.tolist() == [0, 2, 0]
    assert scores.score[0] > 0.99
    assert scores.score[1] == 0
    assert np.isnan(scores.cosines[1]).all()
    assert scores.probabilities[1].tolist() == [0, 0, 0]


def test_a_clip_without_any_object_scores_zero_everywhere() -> None:
    features = Features(
        video=VIDEO,
        pts_s=np.array([0.0, 0.1]),
        encoder_id="e",
        detections=table([]),
        objects=Embeddings(np.zeros((0, 4), np.float32), "e"),
    )
    scores = SimilarityScorer(temperature=0.1).score(features, TEXTS, RULES, mode="object")
    assert scores.score.tolist() == [0, 0]
    assert scores.winner.tolist() == [-1, -1]


def test_the_order_of_the_sentences_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    frames = unit(*rng.normal(size=(20, 4)).tolist())
    features = Features(video=VIDEO, pts_s=np.arange(20) / 8, encoder_id="e", frames=frames)
    swapped = RuleSet(name="r", normal=RULES.normal, abnormal=RULES.abnormal[::-1])
    texts = Embeddings(TEXTS.vectors[[0, 2, 1]], "e")
    scorer = SimilarityScorer(temperature=0.01)
    one = scorer.score(features, TEXTS, RULES, mode="frame", smooth_s=0.5)
    two = scorer.score(features, texts, swapped, mode="frame", smooth_s=0.5)
    assert one.smooth == pytest.approx(two.smooth, abs=1e-6)


def test_a_disabled_sentence_is_as_if_it_were_not_there() -> None:
    rules = RuleSet(name="r", normal=RULES.normal, abnormal=(*RULES.abnormal, Rule(text="c", enabled=False)))
    assert rules.sentences == RULES.sentences
    assert rules.is_abnormal.tolist() == [False, True, True]


def test_texts_of_another_encoder_are_refused_with_both_ids() -> None:
    features = Features(video=VIDEO, pts_s=np.array([0.0]), encoder_id="e", frames=unit([1, 0, 0, 0]))
    with pytest.raises(EncoderMismatchError, match=r"'e'.*'other'"):
        SimilarityScorer(temperature=1).score(features, Embeddings(TEXTS.vectors, "other"), RULES, mode="frame")


def test_half_precision_moves_a_cosine_by_less_than_a_ten_thousandth() -> None:
    rng = np.random.default_rng(1)
    full = unit(*rng.normal(size=(500, 256)).tolist())
    texts = unit(*rng.normal(size=(12, 256)).tolist())
    half = Embeddings(full.vectors.astype(np.float16), "e")
    assert np.abs(half.cosines(texts) - full.cosines(texts)).max() < 1e-4
