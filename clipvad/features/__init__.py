"""Features of whole videos: what a video-level model is trained on. NumPy only.

A `FeatureSource` gives the rows of each video by name and says how all of them were made (`FeatureSpec`).
`open_features` finds out whether it is a store of ours or a public layout.
"""

from __future__ import annotations

from clipvad.features.base import FeatureSource, FeatureSpec, ObjectFeatures, VideoFeatures
from clipvad.features.sources import open_features

__all__ = ["FeatureSource", "FeatureSpec", "ObjectFeatures", "VideoFeatures", "open_features"]
