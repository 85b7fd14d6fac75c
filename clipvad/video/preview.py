"""An H.264 copy of what a browser cannot play, with the same times, so that the curve and the player agree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clipvad.core import VideoInfo
from clipvad.video.picture import fit, to_rgb
from clipvad.video.probe import open_reader
from clipvad.video.writer import H264Writer, even

Report = Callable[[float], None]  # called with the fraction done, in [0, 1]; an exception raised in it cancels


def browser_preview(
    info: VideoInfo, out_path: str | Path, *, max_side: int = 1280, progress: Report | None = None
) -> Path:
    """Write `info`'s clip to `out_path` as MP4 that browsers play; returns that path.

    Every frame is kept at its own time (variable rates too), upright, longer side at most `max_side` pixels.
    Memory does not grow with the clip. Raises `VideoError` if the clip cannot be read or the file not written.
    """
    size = even(fit(info.width, info.height, max_side))
    with open_reader(info) as reader, H264Writer(out_path, size=size, fps=info.fps) as writer:
        for timed in reader.frames():
            writer.write(to_rgb(timed.frame, size=size, rotation=info.rotation), timed.pts_s)
            if progress is not None:
                progress(min(1.0, timed.pts_s / info.duration_s) if info.duration_s > 0 else 0.0)
    return Path(out_path)
