"""Video in and out: probe, decode with true timestamps, sample, preview for a browser, annotated video."""

from clipvad.video.annotated import write_annotated
from clipvad.video.frames import read_frame
from clipvad.video.preview import browser_preview
from clipvad.video.probe import probe
from clipvad.video.sampling import FrameSampler

__all__ = ["FrameSampler", "browser_preview", "probe", "read_frame", "write_annotated"]
