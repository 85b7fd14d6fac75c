"""Table 7 of Dong 2024: milliseconds a frame of features and similarity, whole frames and objects."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from clipvad.core import Embeddings
from clipvad.encoders import Encoder

OBJECTS = 20  # the most that are kept of a frame
SENTENCES = 20
PUBLISHED = {
    ("object", "features"): 20.49,
    ("object", "similarity"): 0.2,
    ("object", "together"): 20.69,
    ("frame", "features"): 4.79,
    ("frame", "similarity"): 0.19,
    ("frame", "together"): 4.98,
}


def measure(encoder: Encoder, *, frames: int = 32) -> dict[str, dict[str, float]]:
    """Milliseconds a frame by mode and step: medians over `frames` frames, one at a time as a live camera gives them.

    Pictures are noise, frames 320 x 240 and objects 64 x 96: how long it takes does not depend on what they show.
    """
    rng = np.random.default_rng(0)
    sentences = [f"a person number {number}" for number in range(SENTENCES)]
    texts = Embeddings(encoder.encode_texts(sentences), encoder.id)
    found = {}
    for mode, count, size in (("object", OBJECTS, (96, 64)), ("frame", 1, (240, 320))):
        pictures = rng.integers(0, 256, (count, *size, 3), np.uint8)
        vectors = Embeddings(encoder.encode_images(pictures), encoder.id)
        features = _median_ms(lambda pictures=pictures: encoder.encode_images(pictures), frames)  # type: ignore[misc]
        similarity = _median_ms(lambda vectors=vectors: vectors.cosines(texts), frames)  # type: ignore[misc]
        found[mode] = {"features": features, "similarity": similarity, "together": features + similarity}
    return found


def _median_ms(work: Callable[[], object], times: int) -> float:
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - began))
    return float(np.median(spent))
