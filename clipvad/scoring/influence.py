"""What each sentence does to the curve: the score without it, how often it wins, how alike the sentences are.

A softmax without one of its terms is the same sums less that term, so all N curves without one sentence cost about as
much as one scoring, where scoring N times would cost N times that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Embeddings, Features, Mode, RuleSet, Scores
from clipvad.events import median_smooth, window_of
from clipvad.scoring.contexts import Context, frame_contexts, object_contexts

IDLE = 0.01  # a sentence that never moves the curve by this much does not matter


@dataclass(frozen=True, repr=False)
class Influence:
    """What the N enabled sentences do to one curve of T samples.

    `alike` float32 [N, N]: cosines of the sentences with each other. `wins` float32 [N]: share of the samples that
    show something in which the sentence is the most probable. `without` float32 [N, T]: the smoothed curve without
    the sentence; NaN where it is the last of its side, since a score needs two.
    """

    alike: NDArray[np.float32]
    wins: NDArray[np.float32]
    without: NDArray[np.float32]
    change: NDArray[np.float32]  # largest difference that leaving it out makes, [N] in [0, 1]; NaN as above

    @property
    def idle(self) -> NDArray[np.bool_]:
        """bool [N]: the sentences that never matter on this clip."""
        return np.asarray(self.change < IDLE)


def influence(
    features: Features,
    texts: Embeddings,
    rules: RuleSet,
    scores: Scores,
    *,
    temperature: float,
    smooth_s: float,
    clock_start_s: float | None = None,
) -> Influence:
    """The influence of every sentence on `scores`, which the same arguments gave; `texts` as for the scorer."""
    masses = _masses(features, texts, rules, scores.mode, temperature, clock_start_s)
    raw = _of_frames(masses, features, scores.mode)
    window = window_of(smooth_s, features.pts_s)
    without = np.stack([median_smooth(curve, window) for curve in raw.T]) if len(raw) else raw.T
    without[_last_of_side(rules)] = np.nan
    change = np.abs(without - scores.smooth).max(axis=1, initial=0.0)
    vectors = texts.vectors[: len(rules.sentences)].astype(np.float32)
    return Influence(
        alike=vectors @ vectors.T, wins=_wins(scores), without=without, change=np.asarray(change, np.float32)
    )


def without_each(contexts: Iterable[Context], rules: RuleSet) -> NDArray[np.float32]:
    """Abnormal mass [M, N] of every row's strongest context if sentence n did not exist."""
    first, *others = contexts
    best = _without_each(first, rules)
    for context in others:
        rows = np.flatnonzero(context.holds[:, rules.is_abnormal].any(axis=1))  # elsewhere there is no abnormal mass
        here = _without_each(context.of(rows), rules)
        best[rows] = np.maximum(best[rows], here)
    return best


def _without_each(context: Context, rules: RuleSet) -> NDArray[np.float32]:
    count, columns = int((~rules.is_abnormal).sum()), len(rules.is_abnormal)
    normal, abnormal = slice(0, count), slice(count, columns)  # in this order they are listed; slices copy nothing
    # Double precision: the term that is left out may be e^80 times the rest.
    terms = np.where(context.holds, context.logits[:, :columns], -np.inf).astype(np.float64)
    neutral = context.logits[:, columns:].astype(np.float64)
    top = np.max(terms, axis=1, initial=-np.inf, keepdims=True)
    top = np.maximum(top, np.max(neutral, axis=1, initial=-np.inf, keepdims=True))
    terms -= top
    np.exp(terms, out=terms)
    aside = np.exp(neutral - top).sum(axis=1, keepdims=True)
    held = context.holds[:, normal].sum(axis=1, keepdims=True)
    bad, good = terms[:, abnormal].sum(axis=1, keepdims=True), terms[:, normal].sum(axis=1, keepdims=True)
    left_bad, left_good = _less_each(terms[:, abnormal], bad), _less_each(terms[:, normal], good)
    mass = np.empty(terms.shape, np.float32)
    with np.errstate(invalid="ignore"):
        # Where no normal sentence is left, the neutral ones take its side, as they do in the score.
        mass[:, abnormal] = left_bad / (left_bad + np.where(held > 0, good, aside))
        mass[:, normal] = bad / (bad + np.where(held > context.holds[:, normal], left_good, aside))
    return np.nan_to_num(mass, copy=False, nan=0.0)


def _less_each(terms: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Row sums `whole` [M, 1] of [M, N] without each column: [M, N].

    The largest term is left out by adding up the others: taking it away from the sum would leave rounding noise.
    """
    less = np.maximum(whole - terms, 0)
    rows, largest = np.arange(len(terms)), terms.argmax(axis=1)
    others = terms.copy()
    others[rows, largest] = 0
    less[rows, largest] = others.sum(axis=1)
    return less


def _masses(
    features: Features,
    texts: Embeddings,
    rules: RuleSet,
    mode: Mode,
    temperature: float,
    clock_start_s: float | None,
) -> NDArray[np.float32]:
    if mode == "frame" and features.frames is not None:
        contexts = frame_contexts(features, features.frames, texts, rules, clock_start_s, temperature=temperature)
    elif features.detections is not None and features.objects is not None:
        contexts = object_contexts(
            features, features.detections, features.objects, texts, rules, clock_start_s, temperature=temperature
        )
    else:
        raise ValueError(f"these features hold {features.modes}, not {mode!r}")
    return without_each(contexts, rules)


def _of_frames(masses: NDArray[np.float32], features: Features, mode: Mode) -> NDArray[np.float32]:
    """Per sample the largest of its objects' rows, 0 without one: float32 [T, N]."""
    if mode == "frame" or features.detections is None:
        return masses
    out = np.zeros((len(features), masses.shape[1]), np.float32)
    frames, starts = np.unique(features.detections.frame, return_index=True)  # sorted by frame
    if len(frames):
        out[frames] = np.maximum.reduceat(masses, starts, axis=0)
    return out


def _wins(scores: Scores) -> NDArray[np.float32]:
    shown = scores.probabilities[scores.probabilities.sum(axis=1) > 0]
    won = np.bincount(shown.argmax(axis=1), minlength=shown.shape[1]) if len(shown) else np.zeros(shown.shape[1])
    return np.asarray(won / max(len(shown), 1), np.float32)


def _last_of_side(rules: RuleSet) -> NDArray[np.bool_]:
    abnormal = rules.is_abnormal
    counts = np.where(abnormal, abnormal.sum(), (~abnormal).sum())
    return np.asarray(counts == 1)
