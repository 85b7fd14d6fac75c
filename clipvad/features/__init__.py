"""Features of whole videos: what a video-level model is trained on. NumPy only.

A `FeatureSource` gives the rows of each video by name and says how all of them were made (`FeatureSpec`).
"""

from __future__ import annotations

from clipvad.features.base import FeatureSource, FeatureSpec, VideoFeatures

__all__ = ["FeatureSource", "FeatureSpec", "VideoFeatures"]
