"""One frame of a clip at a given time, for thumbnails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipvad.core import VideoInfo
from clipvad.errors import VideoError
from clipvad.video.decode import TimedFrame
from clipvad.video.picture import fit, to_rgb
from clipvad.video.probe import open_reader, probe

ROUNDING_S = 1e-6


def read_frame(source: VideoInfo | str | Path, t_s: float, *, max_side: int | None = None) -> NDArray[np.uint8]:
    """The frame a player shows at `t_s` seconds: RGB uint8 [H, W, 3], longer side at most `max_side` pixels.

    That is the last frame that begins at or before `t_s`; before the first frame the first, after the end the
    last. MP4 and Matroska are sought by key frame, others decoded from their start. Raises `VideoError`.
    """
    info = source if isinstance(source, VideoInfo) else probe(source, hash_content=False)
    shown: TimedFrame | None = None
    with open_reader(info) as reader:
        for timed in reader.frames_from(t_s):
            if shown is not None and timed.pts_s > t_s + ROUNDING_S:
                break
            shown = timed
        if shown is None:
            raise VideoError(f"No frame of {info.name!r} can be decoded. The file has changed or is damaged.")
        return to_rgb(shown.frame, size=fit(info.width, info.height, max_side), rotation=info.rotation)
