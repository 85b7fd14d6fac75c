"""One clip under one scorer and mode, ready to be measured: labels, curve and events on one clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clipvad.core import RuleSet
from clipvad.evaluation.evaluate import Aligned
from clipvad.evaluation.manifest import Entry
from clipvad.evaluation.metrics import Interval, union

LabMode = Literal["frame", "object", "both"]
LAB_MODES: tuple[LabMode, ...] = ("frame", "object", "both")


@dataclass(frozen=True, kw_only=True, repr=False)
class LabClip:
    """A labelled clip with the rules of its place. `groups`: the sets it counts in, each a row of the table.

    `tags`: what figures are broken down by besides the label (place, light).
    """

    entry: Entry
    rules: RuleSet
    groups: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, repr=False)
class Track:
    """`labels` bool [N]; `score`, `smooth` float32 [N]: raw curve and median, a value per source frame.

    `found`: events in seconds. `cost_s`: seconds that the analysis took without any cache, None if unknown.
    `sha256`: of the video's content.
    """

    clip: LabClip
    labels: NDArray[np.bool_]
    score: NDArray[np.float32]
    smooth: NDArray[np.float32]
    found: tuple[Interval, ...]
    duration_s: float
    sha256: str = ""
    cost_s: float | None = None


def track_of(clip: LabClip, aligned: Aligned, mode: LabMode, *, sha256: str = "", cost_s: float | None = None) -> Track:
    """One mode of an aligned analysis.

    `both`: at each frame the larger of the frame's and the object's curve, and every event of either. That is what
    the page does when it shows both: an alarm of one mode is an alarm.
    """
    if mode == "both":
        score, smooth = (
            np.maximum(aligned.scores["frame", curve], aligned.scores["object", curve]) for curve in ("score", "smooth")
        )
        found = tuple(union((*aligned.events["frame"], *aligned.events["object"])))
    else:
        score, smooth = aligned.scores[mode, "score"], aligned.scores[mode, "smooth"]
        found = aligned.events[mode]
    return Track(
        clip=clip,
        labels=aligned.labels,
        score=score,
        smooth=smooth,
        found=found,
        duration_s=aligned.duration_s,
        sha256=sha256,
        cost_s=cost_s,
    )
