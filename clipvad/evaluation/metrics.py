"""Metrics of an anomaly curve and of its events against labels: arrays and intervals in, numbers out.

AUC and AP are None where the labels have one class only: neither is defined there, and a made-up 0 or 1 would
spoil any mean. Larger scores mean more abnormal. NaN scores are refused: a frame without a score is a fault
of the caller's alignment, not a low score.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]  # start inclusive, end exclusive, seconds
MIN_IOU = 0.3  # of an event and its label: both ends of either are uncertain to about a second


def frame_auc(labels: NDArray[np.bool_], scores: NDArray[np.floating]) -> float | None:
    """Area under the ROC curve, in [0, 1]: the chance that an abnormal frame outscores a normal one, ties half.

    `labels` bool [T], True = abnormal; `scores` [T]. Raises `ValueError` on NaN or different lengths.
    """
    from sklearn.metrics import roc_auc_score

    labels, scores = _checked(labels, scores)
    return float(roc_auc_score(labels, scores)) if _both_classes(labels) else None


def average_precision(labels: NDArray[np.bool_], scores: NDArray[np.floating]) -> float | None:
    """Average precision, in (0, 1]: sum over thresholds of (recall gained) * precision, not interpolated.

    At chance it equals the share of abnormal frames, so compare it only on the same labels. Arguments and
    errors as `frame_auc`.
    """
    from sklearn.metrics import average_precision_score

    labels, scores = _checked(labels, scores)
    return float(average_precision_score(labels, scores)) if _both_classes(labels) else None


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The figures of one group of frames; None = not defined there."""

    frames: int
    abnormal: int
    auc: float | None
    ap: float | None


def quality(labels: Sequence[NDArray[np.bool_]], scores: Sequence[NDArray[np.floating]]) -> Quality:
    """The figures over the frames of several videos laid end to end (the protocol of UCF-Crime's paper)."""
    all_labels = np.concatenate([np.zeros(0, bool), *labels])
    all_scores = np.concatenate([np.zeros(0, np.float32), *scores])
    return Quality(
        frames=len(all_labels),
        abnormal=int(all_labels.sum()),
        auc=frame_auc(all_labels, all_scores),
        ap=average_precision(all_labels, all_scores),
    )


def precision_recall(labels: NDArray[np.bool_], found: NDArray[np.bool_]) -> tuple[float | None, float | None]:
    """Share of the found frames that are abnormal, and of the abnormal frames that are found; None for 0 / 0."""
    labels, found = np.asarray(labels, bool), np.asarray(found, bool)
    hits = int((labels & found).sum())
    return (hits / int(found.sum()) if found.any() else None, hits / int(labels.sum()) if labels.any() else None)


@dataclass(frozen=True, kw_only=True)
class EventCounts:
    """Events of one video or of several: how many are labelled, how many were found, how many pairs match."""

    labelled: int = 0
    found: int = 0
    matched: int = 0

    def __add__(self, other: EventCounts) -> EventCounts:
        return EventCounts(
            labelled=self.labelled + other.labelled,
            found=self.found + other.found,
            matched=self.matched + other.matched,
        )

    @property
    def precision(self) -> float | None:
        """Share of the found events that match a labelled one, in [0, 1]; None where nothing was found."""
        return self.matched / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of the labelled events that were found, in [0, 1]; None where nothing is labelled."""
        return self.matched / self.labelled if self.labelled else None


def match_events(labelled: Iterable[Interval], found: Iterable[Interval], *, min_iou: float = MIN_IOU) -> EventCounts:
    """Pair found events with labelled ones, each at most once, those that agree best first.

    A pair needs a temporal intersection over union of at least `min_iou`, so that one long alarm over everything,
    or many short ones, earn little. Intervals of one side that overlap or touch count as one event: a curve does
    not tell two things apart that happen at once.
    """
    truth, events = union(labelled), union(found)
    pairs = sorted(((iou(a, b), i, j) for i, a in enumerate(truth) for j, b in enumerate(events)), reverse=True)
    left, right = set(range(len(truth))), set(range(len(events)))
    for agreement, i, j in pairs:
        if agreement >= min_iou and i in left and j in right:
            left.remove(i)
            right.remove(j)
    return EventCounts(labelled=len(truth), found=len(events), matched=len(truth) - len(left))


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """The same time as disjoint intervals in order; those that overlap or touch are joined."""
    joined: list[Interval] = []
    for start_s, end_s in sorted(intervals):
        if joined and start_s <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end_s))
        else:
            joined.append((start_s, end_s))
    return joined


def iou(a: Interval, b: Interval) -> float:
    """Temporal intersection over union, in [0, 1]."""
    common = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    whole = (a[1] - a[0]) + (b[1] - b[0]) - common
    return common / whole if whole > 0 else 0.0


def inside(times_s: NDArray[np.float64], intervals: Sequence[Interval]) -> NDArray[np.bool_]:
    """bool [T]: whether each time lies in one of the half-open intervals, which may overlap."""
    mask = np.zeros(len(times_s), bool)
    for start_s, end_s in intervals:
        mask |= (times_s >= start_s) & (times_s < end_s)
    return mask


def hold(times_s: NDArray[np.float64], pts_s: NDArray[np.float64], values: NDArray[np.floating]) -> NDArray[np.float32]:
    """The value of the latest sample at or before each time (the first sample before it all): float32 [T].

    That is how a player shows a sampled curve, and it never lets a frame see the future.
    """
    if not len(pts_s):
        raise ValueError("no samples to hold")
    index = np.searchsorted(pts_s, times_s, side="right") - 1
    return np.asarray(values, np.float32)[np.maximum(index, 0)]


def _checked(labels: NDArray[np.bool_], scores: NDArray[np.floating]) -> tuple[NDArray[np.bool_], NDArray[np.floating]]:
    labels, scores = np.asarray(labels, bool), np.asarray(scores, np.float64)
    if labels.shape != scores.shape or labels.ndim != 1:
        raise ValueError(f"labels {labels.shape} and scores {scores.shape} must be of one length")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite")
    return labels, scores


def _both_classes(labels: NDArray[np.bool_]) -> bool:
    return bool(labels.any()) and not bool(labels.all())
