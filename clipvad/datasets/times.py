"""When each frame of a data set's videos is shown, from the videos themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipvad.errors import DataSetError, VideoError
from clipvad.files import find_videos


class VideoTimes:
    """The videos anywhere under a folder, by their names without ending. `on_video`: how many of how many are read."""

    def __init__(self, folder: str | Path, *, on_video: Callable[[int, int], None] | None = None) -> None:
        self._folder = Path(folder)
        self._on_video = on_video

    def of(self, names: Iterable[str]) -> tuple[dict[str, NDArray[np.float64]], list[VideoError]]:
        """Seconds of each frame, float64 [N], of those of `names` that are there, and what is wrong with the others'
        videos. Raises `DataSetError` if there is no such folder.
        """
        from clipvad.evaluation.times import frame_times  # a decoder: heavy

        if not self._folder.is_dir():
            raise DataSetError(f"The folder of videos {self._folder} does not exist.")
        there = {clip.stem: clip for clip in find_videos(self._folder)}
        wanted = [name for name in names if name in there]
        times: dict[str, NDArray[np.float64]] = {}
        broken: list[VideoError] = []
        for done, name in enumerate(wanted, start=1):
            try:
                times[name] = frame_times(there[name])[0]
            except VideoError as error:
                broken.append(error)
            if self._on_video is not None:
                self._on_video(done, len(wanted))
        return times, broken
