"""Image-text similarity scoring, frame by frame or object by object (Dong 2024, section 3.3, Eq. 13-14).

Larger is more abnormal. A score is the probability mass that a softmax over the rule set's own sentences
puts on the abnormal ones: it depends on what stands on both sides and is not a calibrated probability.
This module knows cosines, not pictures: no torch, no encoder. Which sentences are compared is `contexts.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clipvad.core import MODES, ZERO_SHOT, Detections, Embeddings, Features, Mode, ModelUse, RuleSet, Scores
from clipvad.events import median_smooth, window_of
from clipvad.scoring.contexts import Context, frame_contexts, neutral_sentences, object_contexts


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """Row softmax, float32, of [M, N]."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float32)


@dataclass(frozen=True, kw_only=True)
class SimilarityScorer:
    """Scoring with the logits of Eq. 13: `cosine / temperature`, unless the texts carry what was taught about them.

    `temperature` m > 0: 0.01 for CLIP, the encoder's own 1 / logit scale otherwise.
    """

    temperature: float

    @property
    def use(self) -> ModelUse:
        return ZERO_SHOT

    @property
    def modes(self) -> tuple[Mode, ...]:
        return MODES

    @property
    def reads_sentences(self) -> bool:
        return True

    @property
    def nbytes(self) -> int:
        return 0

    def at(self, temperature: float) -> SimilarityScorer:
        return replace(self, temperature=temperature)

    def check(self, *, encoder_id: str, fps: float) -> None:
        """Any encoder and any sampling will do."""

    def rules_for(self, rules: RuleSet) -> RuleSet:
        return rules

    def texts_for(self, texts: Embeddings, rules: RuleSet) -> Embeddings:
        return texts

    def remarks(self, features: Features, rules: RuleSet) -> tuple[str, ...]:
        return ()

    def score(
        self,
        features: Features,
        texts: Embeddings,
        rules: RuleSet,
        *,
        mode: Mode,
        smooth_s: float | None = None,
        clock_start_s: float | None = None,
    ) -> Scores:
        """Score every frame in one mode.

        `texts` holds the unit vectors of `rules.sentences`, row for row, then those of `neutral_sentences(rules)`.
        In object mode a frame's score is the largest of its objects', 0 where there is none. `clock_start_s`: time
        of day at second 0, in seconds since midnight. Raises `ValueError` if the features lack the mode, or `texts`
        rows.
        """
        if mode not in features.modes:
            raise ValueError(f"these features hold {features.modes}, not {mode!r}")
        if len(texts) != (wanted := len(rules.sentences) + len(neutral_sentences(rules))):
            raise ValueError(f"this rule set needs {wanted} text vectors, got {len(texts)}")
        if mode == "frame" and features.frames is not None:
            contexts = frame_contexts(
                features, features.frames, texts, rules, clock_start_s, temperature=self.temperature
            )
            probabilities, cosines = compare(contexts, rules)
            score = abnormal_mass(probabilities, rules)
            winner = np.full(len(features), -1, np.int32)
            per_object = None
        elif features.detections is not None and features.objects is not None:
            contexts = object_contexts(
                features,
                features.detections,
                features.objects,
                texts,
                rules,
                clock_start_s,
                temperature=self.temperature,
            )
            object_probabilities, object_cosines = compare(contexts, rules)
            per_object = abnormal_mass(object_probabilities, rules)
            winner = strongest(features.detections, per_object, len(features))
            score, probabilities, cosines = of_winners(winner, per_object, object_probabilities, object_cosines)
        return Scores(
            mode=mode,
            pts_s=features.pts_s,
            score=score,
            smooth=median_smooth(score, window_of(smooth_s, features.pts_s)),
            probabilities=probabilities,
            cosines=cosines,
            winner=winner,
            object_score=per_object,
            object_top=None if per_object is None else top_sentence(object_probabilities),
        )


def compare(contexts: Iterable[Context], rules: RuleSet) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Probabilities and cosines [M, N] of each row's strongest context, the first where several are.

    A row sums to 1 less what the neutral sentences took.
    """
    first, *others = contexts
    probabilities = _softmax_of(first.logits, first.holds, rules)
    cosines = first.cosines.copy()
    best = abnormal_mass(probabilities, rules)
    for context in others:
        rows = np.flatnonzero(context.holds[:, rules.is_abnormal].any(axis=1))  # nothing else can be the strongest
        here = _softmax_of(context.logits[rows], context.holds[rows], rules)
        mass = abnormal_mass(here, rules)
        wins = mass > best[rows]
        rows = rows[wins]
        best[rows], probabilities[rows], cosines[rows] = mass[wins], here[wins], context.cosines[rows]
    return probabilities, cosines


def _softmax_of(logits: NDArray[np.float32], holds: NDArray[np.bool_], rules: RuleSet) -> NDArray[np.float32]:
    """Softmax over the sentences that hold, float32 [M, N]; the neutral ones join where no normal one does."""
    one_sided = np.logical_not(np.any(holds[:, ~rules.is_abnormal], axis=1, keepdims=True))
    neutral = np.repeat(one_sided, logits.shape[1] - holds.shape[1], axis=1)
    takes_part = np.concatenate([holds, neutral], axis=1)
    return softmax(np.where(takes_part, logits, -np.inf))[:, : holds.shape[1]]


def abnormal_mass(probabilities: NDArray[np.float32], rules: RuleSet) -> NDArray[np.float32]:
    """Summed probability of the abnormal sentences, float32 [M] in [0, 1] (Eq. 14)."""
    return np.asarray(np.clip(probabilities[:, rules.is_abnormal].sum(axis=1), 0.0, 1.0), np.float32)


def top_sentence(probabilities: NDArray[np.float32]) -> NDArray[np.int16]:
    """Index of the most likely sentence, int16 [M]."""
    return np.asarray(np.argmax(probabilities, axis=1), np.int16)


def strongest(detections: Detections, object_score: NDArray[np.float32], frames: int) -> NDArray[np.int32]:
    """Per frame the row of its highest-scoring object, -1 without one; int32 [frames]. Ties: the first row."""
    winner = np.full(frames, -1, np.int32)
    order = np.lexsort((np.arange(len(detections)), -object_score, detections.frame))
    seen, first = np.unique(detections.frame[order], return_index=True)
    winner[seen] = order[first]
    return winner


def of_winners(
    winner: NDArray[np.int32],
    object_score: NDArray[np.float32],
    object_probabilities: NDArray[np.float32],
    object_cosines: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Spread the winning objects over the frames: 0 score and probability, NaN cosine where there is none."""
    hit = winner >= 0
    score = np.zeros(len(winner), np.float32)
    probabilities = np.zeros((len(winner), object_probabilities.shape[1]), np.float32)
    cosines = np.full_like(probabilities, np.nan)
    score[hit] = object_score[winner[hit]]
    probabilities[hit] = object_probabilities[winner[hit]]
    cosines[hit] = object_cosines[winner[hit]]
    return score, probabilities, cosines
