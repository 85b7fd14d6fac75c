"""Data sets of videos with labels, read from their own list and ground-truth files. NumPy only."""

from __future__ import annotations

from clipvad.datasets.base import NORMAL, DataSet, LabelledVideo, Split, Truth

__all__ = ["NORMAL", "DataSet", "LabelledVideo", "Split", "Truth"]
