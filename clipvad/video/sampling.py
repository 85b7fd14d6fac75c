"""Sample a clip at a chosen rate by its timestamps, in batches whose size does not grow with the clip."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipvad.core import FrameBatch, VideoInfo
from clipvad.errors import SettingsError
from clipvad.video.decode import TimedFrame
from clipvad.video.picture import fit, to_rgb
from clipvad.video.probe import open_reader, probe

BATCH_BYTES = 64 << 20  # a batch holds at most this much (but at least one frame)
MAX_TOLERANCE_S = 1e-3


class FrameSampler:
    """Iterate the sampled frames of a clip as `FrameBatch`es; afterwards ask how it went.

    `source`: a probed clip or a path. `fps`: samples a second of video, > 0; at each multiple of 1 / fps the
    first frame at or after it is taken, no frame twice, so never more than the clip has. `batch`: frames in a
    batch, >= 1, fewer where they are large. `max_side`: pictures with a longer side are scaled down to it, in
    pixels; None keeps every pixel. Raises `VideoError` or `SettingsError` before the first batch.

    While and after iterating: `decoded` (frames), `last_pts_s`, `duration_s` (end of the last frame),
    `warnings` (sentences for the user, complete at the end), `info` (the clip with those two corrected).
    """

    def __init__(
        self, source: VideoInfo | str | Path, *, fps: float = 8.0, batch: int = 16, max_side: int | None = 1280
    ) -> None:
        if not (math.isfinite(fps) and fps > 0):
            raise SettingsError(f"The sampling rate must be above 0 frames a second, not {fps}.")
        if batch < 1 or (max_side is not None and max_side < 16):
            raise SettingsError(f"A batch needs at least 1 frame and a picture 16 pixels, not {batch} and {max_side}.")
        self._probed = source if isinstance(source, VideoInfo) else probe(source, hash_content=False)
        self.fps = fps
        self.size = fit(self._probed.width, self._probed.height, max_side)
        self.batch = max(1, min(batch, BATCH_BYTES // (3 * self.size[0] * self.size[1])))
        self._reset()

    def _reset(self) -> None:
        self.decoded = 0
        self.last_pts_s = 0.0
        self.duration_s = self._probed.duration_s
        self.warnings: tuple[str, ...] = ()

    @property
    def info(self) -> VideoInfo:
        """The clip, with `duration_s` and `warnings` as decoding found them."""
        return replace(self._probed, duration_s=self.duration_s, warnings=self.warnings)

    def __iter__(self) -> Iterator[FrameBatch]:
        self._reset()
        pixels: list[NDArray[np.uint8]] = []
        pts_s: list[float] = []
        for timed in self._sampled():
            pixels.append(to_rgb(timed.frame, size=self.size, rotation=self._probed.rotation))
            pts_s.append(timed.pts_s)
            if len(pixels) == self.batch:
                yield FrameBatch(np.stack(pixels), np.array(pts_s))
                pixels, pts_s = [], []
        if pixels:
            yield FrameBatch(np.stack(pixels), np.array(pts_s))

    def _sampled(self) -> Iterator[TimedFrame]:
        with open_reader(self._probed) as reader:
            # A time base of milliseconds stores 1/3 s as 0.333: half a tick early is on time.
            tolerance_s = max(1e-6, min(reader.tick_s / 2, MAX_TOLERANCE_S))
            due_s = 0.0
            end_s = 0.0
            for timed in reader.frames():
                self.decoded += 1
                self.last_pts_s = timed.pts_s
                end_s = round(timed.pts_s + timed.duration_s, 9)
                if timed.pts_s >= due_s - tolerance_s:
                    due_s = (math.floor((timed.pts_s + tolerance_s) * self.fps) + 1) / self.fps
                    yield timed
            self.duration_s = end_s
            self.warnings = reader.warnings
