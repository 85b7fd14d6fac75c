"""The validation split: cut from training videos alone, every class in proportion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np


def validation_part(labels: Sequence[int], share: float, *, seed: int) -> list[int]:
    """Indices of the videos kept aside, sorted: of each side (class 0 is normal, all others abnormal) the given share,
    spread evenly over its classes. The only video of a class stays in training. Empty for a share of 0, and where one
    side has none to spare: the other alone can't tell which epoch is best.
    """
    if not share:
        return []
    rng = np.random.default_rng([seed, len(labels)])
    counts = Counter(labels)
    sides = [
        [i for i, label in enumerate(labels) if (label > 0) is side and counts[label] > 1] for side in (False, True)
    ]
    if not all(sides):
        return []
    chosen: list[int] = []
    for able in sides:
        shuffled = sorted(rng.permutation(able).tolist(), key=lambda i: labels[i])  # stable: random within a class
        count = max(1, round(share * len(able)))
        places = ((np.arange(count) + 0.5) * len(able) / count).astype(int)
        chosen += [int(shuffled[place]) for place in places]
    return sorted(chosen)
