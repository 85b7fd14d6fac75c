"""What every scorer offers."""

from __future__ import annotations

from typing import Protocol

from clipvad.core import Embeddings, Features, Mode, RuleSet, Scores


class Scorer(Protocol):
    """Scores every sampled frame of a clip in one mode; `score` in [0, 1], larger is more abnormal."""

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
        """Return the curve with its explanation.

        `texts` are the vectors of `rules.sentences`, row for row, then those of `neutral_sentences(rules)`.
        """
        ...
