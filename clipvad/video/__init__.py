"""Video in and out: probe, decode with true timestamps, sample, preview for a browser, annotated video."""

from clipvad.video.probe import probe
from clipvad.video.sampling import FrameSampler

__all__ = ["FrameSampler", "probe"]
