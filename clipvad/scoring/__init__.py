"""Scorers turn cached embeddings and sentences into an anomaly curve. One file and one line a scorer."""

from __future__ import annotations

from collections.abc import Callable

from clipvad.scoring.base import Scorer
from clipvad.scoring.similarity import SimilarityScorer

SCORERS: dict[str, Callable[..., Scorer]] = {"similarity": SimilarityScorer}

__all__ = ["SCORERS", "Scorer", "SimilarityScorer"]
