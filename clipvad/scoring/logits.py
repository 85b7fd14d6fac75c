"""Pictures and sentences to the logits of a softmax (Dong 2024, Eq. 13), untaught or taught."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Embeddings


@dataclass(frozen=True, repr=False)
class TaughtTexts(Embeddings):
    """Text vectors with what was learnt of each: `scaled` float32 [N, D], `A_k * f_k`, and `bias` float32 [N], `b_k`.

    `vectors` stay the unit vectors of the sentences: cosines shown to people, and how alike two sentences are, do not
    change by teaching.
    """

    scaled: NDArray[np.float32]
    bias: NDArray[np.float32]

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scaled.shape != self.vectors.shape or self.bias.shape != (len(self),):
            raise ValueError(f"{self.vectors.shape} vectors, {self.scaled.shape} scaled ones, {self.bias.shape} b")


def logits_of(
    pictures: Embeddings, texts: Embeddings, *, temperature: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosines and logits [M, N] of M pictures and N texts: `(A * f_v) . f_k / temperature + b_k`, untaught 1 and 0.

    `(A_k * f_v) . f_k` is `f_v . (A_k * f_k)`: the diagonal is applied to the few texts. Raises `EncoderMismatchError`.
    """
    cosines = pictures.cosines(texts)
    if not isinstance(texts, TaughtTexts):
        return cosines, cosines / np.float32(temperature)
    products = pictures.cosines(Embeddings(texts.scaled, texts.encoder_id))
    return cosines, products / np.float32(temperature) + texts.bias
