"""One decoded frame to an upright RGB array of a wanted size."""

from __future__ import annotations

import av
import numpy as np
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from clipvad.errors import VideoError


def fit(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """The size with the same shape whose longer side is at most `max_side` (None: as it is), in pixels."""
    longer = max(width, height)
    if max_side is None or longer <= max_side:
        return width, height
    return max(1, round(width * max_side / longer)), max(1, round(height * max_side / longer))


def to_rgb(frame: av.VideoFrame, *, size: tuple[int, int], rotation: int = 0) -> NDArray[np.uint8]:
    """Upright RGB uint8 [H, W, 3] with `size` = (W, H); `rotation` degrees counterclockwise, a multiple of 90.

    Scaling and colour conversion are one pass, before turning: only the small picture is turned. Raises
    `VideoError` for a pixel format that cannot be converted.
    """
    width, height = size if rotation % 180 == 0 else size[::-1]
    same = (width, height) == (frame.width, frame.height)
    smaller = width * height < frame.width * frame.height
    how = Interpolation.BILINEAR if same else Interpolation.AREA if smaller else Interpolation.BICUBIC
    try:
        rgb = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation=how)
    except av.FFmpegError:
        raise VideoError(
            f"The clip's pixel format {frame.format.name} cannot be converted. Export the clip as H.264 MP4."
        ) from None
    return np.ascontiguousarray(np.rot90(rgb, rotation // 90)) if rotation else rgb
