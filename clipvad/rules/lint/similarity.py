"""Which sentences say the same in other words, and which stand on the wrong side, by an encoder's text tower.

A small text tower tells bags of words apart better than meanings: "a closed door" and "an open door" lie at a
cosine of 0.96, higher than many paraphrases. So two sentences are compared twice: as a whole, and in the words that
they do not share ("closed" and "open"), whose difference the shared words would drown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipvad.encoders.base import Encoder
from clipvad.rules.lint.words import LIGHT, canonical, split_words

Cosines = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Cosines in [-1, 1], tuned by `python -m benchmarks.lint --tune`; the same pair needs both of the first two.

    `whole`: of the two sentences. `apart`: of the words that they do not share. `same`: of the two sentences where
    one only has words more. `margin`: how much nearer a sentence is to the other side than to its own. `measured`:
    whether these bounds were tuned on this encoder; if not, nothing that rests on them is more than a hint.
    """

    whole: float
    apart: float
    same: float
    margin: float
    measured: bool = True


NEAREST = 3  # neighbours on each side that say where a sentence belongs
BOUNDS = {"bundled": Bounds(whole=0.85, apart=0.80, same=0.97, margin=0.1)}
UNMEASURED = Bounds(whole=0.90, apart=0.90, same=0.97, margin=0.1, measured=False)


def bounds_of(encoder: Encoder) -> Bounds:
    """The bounds of an encoder, by the name before the hash in its id."""
    return BOUNDS.get(encoder.id.partition("@")[0], UNMEASURED)


def alike(texts: Sequence[str], encoder: Encoder | None) -> Flags:
    """Which sentences say the same, bool [N, N], symmetric, False on the diagonal.

    Without an encoder only what plain synonyms and linking words explain. Words that the encoder has never seen
    are all one to it: sentences that differ in such a word are not compared by vectors.
    """
    forms = [canonical(text) for text in texts]
    same = np.array([[bool(one) and one == other for other in forms] for one in forms], bool).reshape(2 * (len(texts),))
    if encoder is not None and texts:
        bounds = bounds_of(encoder)
        cosines = text_cosines(texts, encoder)
        near = np.triu((cosines >= bounds.whole) & ~same, 1)
        pairs = [
            (i, j) for i, j in zip(*map(np.ndarray.tolist, np.nonzero(near)), strict=True) if forms[i] and forms[j]
        ]
        apart = [words_apart(texts[i], texts[j]) for i, j in pairs]
        for (i, j), confirmed in zip(pairs, _confirmed(apart, [cosines[pair] for pair in pairs], encoder), strict=True):
            same[i, j] = same[j, i] = confirmed
    np.fill_diagonal(same, False)
    return same


def text_cosines(texts: Sequence[str], encoder: Encoder) -> Cosines:
    """Cosines between all sentences, float32 [N, N]."""
    vectors = encoder.encode_texts(list(texts))
    return np.asarray(vectors @ vectors.T, np.float32)


def _confirmed(apart: Sequence[tuple[str, str]], wholes: Sequence[float], encoder: Encoder) -> list[bool]:
    bounds = bounds_of(encoder)
    if not apart:
        return []
    one, other = (encoder.encode_texts([pair[k] for pair in apart]) for k in (0, 1))
    cosines = np.sum(one * other, axis=1)
    return [
        not any(encoder.unknown_words(words) for words in pair)
        and (cosine >= bounds.apart if all(pair) else whole >= bounds.same)
        for pair, cosine, whole in zip(apart, cosines.tolist(), wholes, strict=True)
    ]


def words_apart(first: str, second: str) -> tuple[str, str]:
    """What each sentence has that the other lacks, linking words left out."""
    one, other = split_words(first), split_words(second)
    return (
        " ".join(word for word in one if word not in {*other, *LIGHT}),
        " ".join(word for word in other if word not in {*one, *LIGHT}),
    )


def leaning(cosines: Cosines, own: Flags) -> Cosines:
    """How much nearer each sentence is to the other side than to its own, float32 [N].

    `cosines` [N, N] between all sentences, `own` [N, N] whether two stand on one side. Mean of the `NEAREST` largest
    on each side, the sentence itself left out; -inf where one of the two has nobody else.
    """
    away = ~np.eye(len(cosines), dtype=bool)
    return _nearest(cosines, ~own) - _nearest(cosines, own & away, empty=np.inf)


def _nearest(cosines: Cosines, which: Flags, *, empty: float = -np.inf) -> Cosines:
    means = np.full(len(cosines), empty, np.float32)
    for i, (row, mask) in enumerate(zip(cosines, which, strict=True)):
        if mask.any():
            means[i] = np.sort(row[mask])[-NEAREST:].mean()
    return means
