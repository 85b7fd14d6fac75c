"""Scorers turn cached embeddings into an anomaly curve: by sentences, or by what labels taught them."""

from __future__ import annotations

from clipvad.scoring.base import Scorer, check_explained, check_modes
from clipvad.scoring.similarity import SimilarityScorer

__all__ = ["Scorer", "SimilarityScorer", "check_explained", "check_modes"]
