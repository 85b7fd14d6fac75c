"""When each frame of the source is shown: labels and scores meet on the source's frames, not on the samples."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from clipvad.video.decode import ClipReader
from clipvad.video.probe import open_reader

Origin = Literal["packets", "decoded", "pictures"]


def frame_times(path: str | Path) -> tuple[NDArray[np.float64], Origin]:
    """Seconds from the first frame, float64 [N] increasing, and where they come from.

    "packets": the container's timestamps, read without decoding. "decoded": the clip was decoded, since its
    packets carry no usable times (AVI, raw streams, a clock that starts again, damage). "pictures": a folder, at
    its nominal rate.
    Raises `VideoError` if the clip can't be opened.
    """
    with open_reader(path) as reader:
        if isinstance(reader, ClipReader):
            times = _packet_times(reader)
            if times is not None:
                return times, "packets"
    with open_reader(path) as reader:
        origin: Origin = "decoded" if isinstance(reader, ClipReader) else "pictures"
        return np.array([frame.pts_s for frame in reader.frames()], np.float64), origin


def _packet_times(reader: ClipReader) -> NDArray[np.float64] | None:
    ticks: list[int] = []
    clock: int | None = None  # decoding times only rise; where they fall, another recording begins
    try:
        for packet in reader.container.demux(reader.stream):
            if packet.size == 0 or packet.is_discard:  # the flush packet; what an edit list hides
                continue
            if packet.pts is None or packet.dts is None or (clock is not None and packet.dts < clock):
                return None
            clock = packet.dts
            ticks.append(packet.pts)
    except av.FFmpegError:
        return None  # damaged: only decoding tells which frames survive
    if len(ticks) < 2:
        return None
    seconds: NDArray[np.float64] = np.unique(np.array(ticks, np.float64) * reader.tick_s)
    return np.asarray(np.round(seconds - seconds[0], 9), np.float64)
