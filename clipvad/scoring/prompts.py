"""Sentences to unit vectors: each template filled, encoded, averaged and renormalised (CLIP's prompt ensemble)."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Embeddings, RuleSet

if TYPE_CHECKING:
    from clipvad.encoders.base import Encoder

TextMemo = MutableMapping[tuple[str, str], NDArray[np.float32]]  # (encoder id, prompt) -> unit vector


def embed_sentences(encoder: Encoder, rules: RuleSet, *, memo: TextMemo, extra: Sequence[str] = ()) -> Embeddings:
    """Unit vectors of `rules.sentences`, then of `extra`, float32 [N, D]. Only prompts new to `memo` are encoded."""
    texts = (*rules.sentences, *extra)
    prompts = [[template.replace("{}", text) for template in rules.templates] for text in texts]
    missing = sorted({prompt for row in prompts for prompt in row if (encoder.id, prompt) not in memo})
    if missing:
        for prompt, vector in zip(missing, encoder.encode_texts(missing), strict=True):
            memo[encoder.id, prompt] = vector
    means = np.stack([np.mean([memo[encoder.id, prompt] for prompt in row], axis=0) for row in prompts])
    return Embeddings(means / np.linalg.norm(means, axis=1, keepdims=True), encoder.id)
