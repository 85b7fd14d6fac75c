"""Which sentences say the same in other words, and which stand on the wrong side.

Plain synonyms and linking words are certain; an encoder's text tower only suspects. A small one puts "a window" and
"a broken window" at a cosine of 0.98, above most paraphrases, so what rests on cosines is a hint (docs/lint.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipvad.encoders.base import Encoder
from clipvad.rules.lint.words import canonical

Cosines = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Cosines in [-1, 1], tuned by `python -m benchmarks.lint`.

    `same`: from here on two sentences are taken to say the same. `margin`: how much nearer to the other side than to
    its own a sentence is that seems misplaced.
    """

    same: float
    margin: float


NEAREST = 3  # neighbours on each side that say where a sentence belongs
BOUNDS = Bounds(same=0.97, margin=0.1)  # of the bundled encoder; they lead to hints only, so others share them


def say_the_same(texts: Sequence[str]) -> Flags:
    """Which sentences differ in plain synonyms and linking words at most, bool [N, N]."""
    forms = [canonical(text) for text in texts]
    return np.array([[bool(one) and one == other for other in forms] for one in forms], bool).reshape(2 * (len(texts),))


def seem_the_same(texts: Sequence[str], encoder: Encoder) -> Flags:
    """Which sentences lie within `BOUNDS.same`, bool [N, N].

    Words that the encoder has never seen are all one to it: a sentence that holds one is not compared, nor is a text
    without any word.
    """
    comparable = np.array([bool(canonical(text)) and not encoder.unknown_words(text) for text in texts], bool)
    return np.asarray((text_cosines(texts, encoder) >= BOUNDS.same) & comparable[:, None] & comparable, bool)


def text_cosines(texts: Sequence[str], encoder: Encoder) -> Cosines:
    """Cosines between all sentences, float32 [N, N]."""
    vectors = encoder.encode_texts(list(texts))
    return np.asarray(vectors @ vectors.T, np.float32)


def seem_misplaced(texts: Sequence[str], own: Flags, encoder: Encoder) -> Flags:
    """Which sentences lie nearer to the other side than to their own, by `BOUNDS.margin`, bool [N].

    `own` [N, N]: whether two stand on one side. Compared are the means of the `NEAREST` largest cosines on each side,
    the sentence itself left out; where one of the two has nobody else there is nothing to compare.
    """
    cosines = text_cosines(texts, encoder)
    away = ~np.eye(len(cosines), dtype=bool)
    return _nearest(cosines, ~own) - _nearest(cosines, own & away, empty=np.inf) >= BOUNDS.margin


def _nearest(cosines: Cosines, which: Flags, *, empty: float = -np.inf) -> Cosines:
    means = np.full(len(cosines), empty, np.float32)
    for i, (row, mask) in enumerate(zip(cosines, which, strict=True)):
        if mask.any():
            means[i] = np.sort(row[mask])[-NEAREST:].mean()
    return means
