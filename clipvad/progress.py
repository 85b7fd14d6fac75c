"""Where a running analysis stands: what a terminal or a page shows while it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clipvad.core import Mode, Scores


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a running analysis stands. `done_s` of `total_s` seconds of video; `frames_per_s` sampled frames.

    `stage` is what takes the time now, in a word or two. `partial` holds the curves so far, so that a page
    can draw them while they grow.
    """

    stage: str
    done_s: float
    total_s: float
    frames: int
    frames_per_s: float
    partial: Mapping[Mode, Scores] = field(default_factory=dict)

    @property
    def fraction(self) -> float:
        """In [0, 1]."""
        return min(1.0, self.done_s / self.total_s) if self.total_s > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Estimated wall seconds left, None before there is a rate."""
        if self.frames_per_s <= 0 or self.done_s <= 0:
            return None
        wall = self.frames / self.frames_per_s
        return wall * max(0.0, self.total_s / self.done_s - 1)
