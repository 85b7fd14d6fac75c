"""Curves against a manifest: the score of every source frame, its label, and the figures of each grouping.

The analyses come from the same pipeline as everywhere else, so the reported AUC is the product's.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Analysis, Mode
from clipvad.evaluation.manifest import Entry
from clipvad.evaluation.metrics import Interval, Quality, hold, inside, precision_recall, quality
from clipvad.evaluation.times import Origin, frame_times

Curve = Literal["score", "smooth"]
CURVES: tuple[Curve, ...] = ("score", "smooth")


@dataclass(frozen=True, kw_only=True, repr=False)
class Aligned:
    """One video on its source frames. `labels` bool [N]; `scores` float32 [N] per mode and curve.

    `detected` bool [N] per mode: inside an event; `events`: those events in seconds. `duration_s`: of what could be
    decoded. `origin`: where the frame times come from.
    """

    entry: Entry
    labels: NDArray[np.bool_]
    scores: dict[tuple[Mode, Curve], NDArray[np.float32]]
    detected: dict[Mode, NDArray[np.bool_]]
    events: dict[Mode, tuple[Interval, ...]]
    duration_s: float
    origin: Origin


def align(entry: Entry, analysis: Analysis) -> Aligned:
    """Put labels and scores of one video on its source frames; each frame has the latest sample's score.

    Frames behind the end of what could be decoded have no score and are left out. Raises `VideoError`.
    """
    times_s, origin = frame_times(entry.video)
    duration_s = max(analysis.video.duration_s, float(analysis.features.pts_s[-1]))
    times_s = times_s[times_s <= duration_s]
    events = {
        mode: tuple((event.start_s, event.end_s) for event in analysis.events_of(mode)) for mode in analysis.scores
    }
    return Aligned(
        entry=entry,
        labels=inside(times_s, entry.intervals),
        scores={
            (mode, curve): hold(times_s, scores.pts_s, getattr(scores, curve))
            for mode, scores in analysis.scores.items()
            for curve in CURVES
        },
        detected={mode: inside(times_s, spans) for mode, spans in events.items()},
        events=events,
        duration_s=duration_s,
        origin=origin,
    )


def summarise(videos: list[Aligned]) -> dict[str, Any]:
    """All figures, JSON-ready: per mode and curve over all frames, over the anomalous videos, and per video.

    `mean_of_videos` averages the videos that have both classes. `events`: precision and recall of the frames
    inside events, which is where the threshold counts. Where a figure is not defined it is None.
    """
    modes = list(videos[0].detected) if videos else []
    return {
        "modes": {
            mode: {**{curve: _groups(videos, mode, curve) for curve in CURVES}, "events": _events(videos, mode)}
            for mode in modes
        },
        "videos": [_one_video(video, modes) for video in videos],
    }


def _groups(videos: list[Aligned], mode: Mode, curve: Curve) -> dict[str, Any]:
    anomalous = [video for video in videos if video.entry.anomalous]
    each = [_quality([video], mode, curve) for video in videos]
    defined = [found for found in each if found.auc is not None and found.ap is not None]
    return {
        "all": asdict(_quality(videos, mode, curve)),
        "anomalous": asdict(_quality(anomalous, mode, curve)),
        "mean_of_videos": {
            "videos": len(defined),
            "auc": float(np.mean([found.auc for found in defined])) if defined else None,
            "ap": float(np.mean([found.ap for found in defined])) if defined else None,
        },
    }


def _quality(videos: list[Aligned], mode: Mode, curve: Curve) -> Quality:
    return quality([video.labels for video in videos], [video.scores[mode, curve] for video in videos])


def _events(videos: list[Aligned], mode: Mode) -> dict[str, float | None]:
    labels = np.concatenate([video.labels for video in videos])
    precision, recall = precision_recall(labels, np.concatenate([video.detected[mode] for video in videos]))
    return {"precision": precision, "recall": recall}


def _one_video(video: Aligned, modes: list[Mode]) -> dict[str, Any]:
    figures = {mode: {curve: _quality([video], mode, curve) for curve in CURVES} for mode in modes}
    return {
        "video": str(video.entry.video),
        "label": video.entry.label,
        "frames": len(video.labels),
        "abnormal": int(video.labels.sum()),
        "frame_times": video.origin,
        "modes": {
            mode: {curve: {"auc": found.auc, "ap": found.ap} for curve, found in curves.items()}
            for mode, curves in figures.items()
        },
    }
