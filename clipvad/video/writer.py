"""Write H.264 in MP4 that every browser plays, frame by frame, with the times of the source."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from numpy.typing import NDArray

from clipvad.errors import VideoError

TIME_BASE = Fraction(1, 90_000)  # the clock of MPEG: keeps a time to 6 microseconds
KEYFRAME_S = 2.0  # so that a click on the timeline seeks fast


class H264Writer:
    """8-bit 4:2:0 H.264 with the index in front. Use as a context manager.

    `size`: (width, height), both even. `fps`: about how many frames a second come; steers the encoder's rate
    alone, times are given with each frame. The file appears at `path` only when it is complete: what an
    exception interrupts leaves nothing behind. Raises `VideoError` if the file cannot be written.
    """

    def __init__(self, path: str | Path, *, size: tuple[int, int], fps: float, crf: int = 23) -> None:
        self.path = Path(path)
        self.size = size
        self._part = self.path.with_name(f".{self.path.name}.part")
        rate = Fraction(min(max(fps, 1.0), 240.0)).limit_denominator(1001)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._container = av.open(str(self._part), "w", format="mp4", options={"movflags": "+faststart"})
        except OSError as error:
            raise VideoError(f"{str(self.path)!r} cannot be written: {error.strerror}.") from None
        stream = self._container.add_stream("libx264", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.time_base = TIME_BASE
        # No B-frames: with a variable rate they make MP4 state a duration that is too short, and players stop there.
        gop = str(max(1, round(KEYFRAME_S * rate)))
        stream.options = {"preset": "veryfast", "crf": str(crf), "g": gop, "bf": "0"}
        context = stream.codec_context
        context.time_base = TIME_BASE
        context.color_range = ColorRange.MPEG  # stated, because players guess it from the size otherwise
        context.colorspace = Colorspace.ITU709
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        self._stream = stream

    def write(self, rgb: NDArray[np.uint8], pts_s: float) -> None:
        """Add a frame: RGB uint8 [H, W, 3] of the writer's size, shown from `pts_s` seconds on (increasing)."""
        if rgb.shape != (self.size[1], self.size[0], 3):
            raise ValueError(f"a frame must be {self.size[1]} x {self.size[0]} x 3, got {rgb.shape}")
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        frame.pts = round(pts_s / TIME_BASE)
        frame.time_base = TIME_BASE
        self._mux(frame)

    def _mux(self, frame: av.VideoFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(frame))
        except OSError as error:
            raise VideoError(f"{str(self.path)!r} cannot be written: {error.strerror}.") from None

    def __enter__(self) -> H264Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._mux(None)
            self._container.close()
            if kind is None:
                self._part.replace(self.path)
        finally:
            self._part.unlink(missing_ok=True)


def even(size: tuple[int, int]) -> tuple[int, int]:
    """The nearest smaller size that 4:2:0 can hold: both sides even, at least 2."""
    return max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2)
