"""The curves of a clip while it is still being read."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from clipvad.core import Features, Mode, Scores, ScoreSettings
from clipvad.events import median_smooth, window_of
from clipvad.progress import Progress

if TYPE_CHECKING:
    from clipvad.extraction import Chunk

PROGRESS_S = 0.25  # a page redraws this often


class GrowingCurves:
    """Follows an extraction: scores each chunk as it comes, so that the curves can be drawn while they grow.

    `score`: of a chunk's features, by mode. `total_s`: length of the clip, seconds. `timings_s`: of the extraction so
    far. A dwell time is measured within its chunk, so what it raises shows in the final curve only.
    """

    def __init__(
        self, score: Callable[[Features], dict[Mode, Scores]], settings: ScoreSettings, total_s: float
    ) -> None:
        self._score = score
        self._settings = settings
        self._total_s = total_s
        self._parts: dict[Mode, list[Scores]] = {}
        self.timings_s: dict[str, float] = {}

    def follow(
        self, chunks: Generator[Chunk, None, tuple[Features, bool]]
    ) -> Generator[Progress, None, tuple[Features, bool]]:
        """Yield `Progress` with the curves so far, at most every `PROGRESS_S`; return what the extraction returns."""
        began = shown = time.perf_counter()
        frames = 0
        while True:
            try:
                chunk = next(chunks)
            except StopIteration as done:
                return cast("tuple[Features, bool]", done.value)
            frames += len(chunk.features)
            self.timings_s = chunk.timings_s
            for mode, scores in self._score(chunk.features).items():
                self._parts.setdefault(mode, []).append(scores)
            now = time.perf_counter()
            if now - shown >= PROGRESS_S:
                shown = now
                yield Progress(
                    stage="decoding, detecting and encoding"
                    if "detect" in chunk.timings_s
                    else "decoding and encoding",
                    done_s=float(chunk.features.pts_s[-1]),
                    total_s=self._total_s,
                    frames=frames,
                    frames_per_s=frames / (now - began),
                    partial={mode: _concatenate(parts, self._settings) for mode, parts in self._parts.items()},
                )


def _concatenate(parts: Sequence[Scores], settings: ScoreSettings) -> Scores:
    """The curve so far. Object rows are left out: they count within their chunk."""
    pts_s = np.concatenate([part.pts_s for part in parts])
    score = np.concatenate([part.score for part in parts])
    return Scores(
        mode=parts[0].mode,
        pts_s=pts_s,
        score=score,
        smooth=median_smooth(score, window_of(settings.smooth_s, pts_s)),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        cosines=np.concatenate([part.cosines for part in parts]),
        winner=np.full(len(pts_s), -1, np.int32),
    )
