"""From a score curve to events: majority vote, hysteresis, merging. Pure functions of arrays.

A frame is abnormal when most of the w frames around it are. The sliding median of the scores,
thresholded at t, equals that vote for every t at once, so one smoothed curve serves the plot, the
threshold and the events (w is odd; at the ends the window shrinks symmetrically and stays odd).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Detections, Event, RuleSet, Scores, ScoreSettings

Span = tuple[int, int]  # first sample, one past the last


def window_of(smooth_s: float | None, pts_s: NDArray[np.float64]) -> int:
    """Odd number of samples nearest to `smooth_s` seconds, at least 1; samples may be unevenly spaced."""
    if len(pts_s) < 2 or not smooth_s:
        return 1
    half = smooth_s / sample_period(pts_s) / 2
    return 2 * round(half - 0.5 + 1e-9) + 1 if half >= 0.5 else 1


def sample_period(pts_s: NDArray[np.float64]) -> float:
    """Median seconds from one sample to the next; a lone sample stands for one second."""
    return float(np.median(np.diff(pts_s))) if len(pts_s) > 1 else 1.0


def median_smooth(score: NDArray[np.floating], window: int) -> NDArray[np.float32]:
    """Sliding median, float32 [T]. `window` is odd; near the ends it is cut to the largest odd one that fits."""
    if window < 1 or window % 2 == 0:
        raise ValueError(f"window must be odd and positive, got {window}")
    score = np.asarray(score, np.float32)
    half = min(window // 2, (len(score) - 1) // 2) if len(score) else 0
    if half == 0:
        return score.copy()
    out = np.empty_like(score)
    windows = np.lib.stride_tricks.sliding_window_view(score, 2 * half + 1)
    # The median of an odd number is the middle one: selecting it takes half the time of `np.median`.
    out[half : len(score) - half] = np.partition(windows, half, axis=1)[:, half]
    for i in range(half):
        out[i] = np.median(score[: 2 * i + 1])
        out[-1 - i] = np.median(score[len(score) - 2 * i - 1 :])
    return out


def spans(mask: NDArray[np.bool_]) -> list[Span]:
    """Runs of True as half-open index pairs."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def hysteresis(
    score: NDArray[np.floating], *, on: float | NDArray[np.floating], off: float | NDArray[np.floating]
) -> list[Span]:
    """Runs of `score >= off` that reach `on` at least once: a dip above `off` does not split an event.

    Both bounds may differ from sample to sample, [T].
    """
    reached = np.asarray(score >= on)
    return [span for span in spans(np.asarray(score >= off)) if reached[slice(*span)].any()]


def thresholds(scores: Scores, rules: RuleSet, common: float) -> NDArray[np.float64]:
    """What each sample must reach, [T]: its leading abnormal sentence's own threshold, else the `common` one.

    A sample without any abnormal sentence has no leading one.
    """
    own = np.array([rule.threshold or common for rule in rules.abnormal if rule.enabled])
    abnormal = scores.probabilities[:, rules.is_abnormal]
    return np.where(abnormal.any(axis=1), own[abnormal.argmax(axis=1)], common)


def merge(found: list[Span], starts_s: NDArray[np.float64], ends_s: NDArray[np.float64], gap_s: float) -> list[Span]:
    """Join neighbours whose gap in time is shorter than `gap_s` seconds."""
    merged: list[Span] = []
    for start, stop in found:
        if merged and starts_s[start] - ends_s[merged[-1][1] - 1] < gap_s:
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    return merged


def find_events(
    scores: Scores, rules: RuleSet, settings: ScoreSettings, detections: Detections | None = None
) -> tuple[Event, ...]:
    """Events of one mode, in time order. A sample stands for the time until the next one."""
    if not len(scores):
        return ()
    ends_s = np.append(scores.pts_s[1:], scores.pts_s[-1] + sample_period(scores.pts_s))
    on = thresholds(scores, rules, settings.threshold)
    found = hysteresis(scores.smooth, on=on.astype(np.float32), off=(on * settings.release).astype(np.float32))
    found = merge(found, scores.pts_s, ends_s, settings.merge_s)
    abnormal = np.flatnonzero(rules.is_abnormal)
    events = []
    for start, stop in found:
        if ends_s[stop - 1] - scores.pts_s[start] < settings.min_s:
            continue
        peak = start + int(np.argmax(scores.smooth[start:stop]))
        fired = int(abnormal[np.argmax(scores.probabilities[start:stop][:, abnormal].mean(axis=0))])
        winner = int(scores.winner[peak])
        box = tuple(float(v) for v in detections.xyxy[winner]) if detections is not None and winner >= 0 else None
        events.append(
            Event(
                mode=scores.mode,
                start_s=float(scores.pts_s[start]),
                end_s=float(ends_s[stop - 1]),
                peak_s=float(scores.pts_s[peak]),
                peak=float(scores.smooth[peak]),
                sentence=rules.sentences[fired],
                category=rules.categories[fired],
                box=box,  # type: ignore[arg-type]
            )
        )
    return tuple(events)
