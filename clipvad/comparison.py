"""Two analyses of one clip side by side: both curves, their difference, and the events that only one of them has."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Analysis, Event, Mode
from clipvad.errors import SettingsError
from clipvad.evaluation.metrics import hold
from clipvad.figures import comparison_png, main_mode

HEADER = ("t_s", "a", "b", "b_minus_a")


@dataclass(frozen=True, repr=False)
class Side:
    """One of the two: an analysis and the mode whose curve and events count. `label` names it to people."""

    analysis: Analysis
    mode: Mode
    label: str

    @property
    def events(self) -> tuple[Event, ...]:
        return self.analysis.events_of(self.mode)


@dataclass(frozen=True, repr=False)
class Comparison:
    """Sides A and B at the moments at which either was sampled. T moments.

    `pts_s` float64 [T]; `score_a`, `score_b` float32 [T]: the smoothed curves there, in [0, 1], each held from its
    latest sample. Two rule sets' scores are softmaxes over different sentences: their difference tells where they
    disagree, not which is more certain. `only_a`, `only_b`: events that no event of the other side overlaps.
    """

    a: Side
    b: Side
    pts_s: NDArray[np.float64]
    score_a: NDArray[np.float32]
    score_b: NDArray[np.float32]
    only_a: tuple[Event, ...]
    only_b: tuple[Event, ...]

    @property
    def difference(self) -> NDArray[np.float32]:
        """B minus A, float32 [T] in [-1, 1]."""
        return self.score_b - self.score_a

    @property
    def largest(self) -> tuple[float, float]:
        """Where the curves part most, the first of equals: seconds, and B minus A there."""
        worst = int(abs(self.difference).argmax())
        return float(self.pts_s[worst]), float(self.difference[worst])

    @property
    def mean_difference(self) -> float:
        """Mean distance of the curves over the moments, in [0, 1]."""
        return float(abs(self.difference).mean())


def compare(a: Analysis, b: Analysis, *, mode_a: Mode | None = None, mode_b: Mode | None = None) -> Comparison:
    """Set two analyses of the same clip side by side; without modes each gives its object curve if it has one.

    The encoders, detectors and sampling rates may differ. Raises `SettingsError` for two different clips, for a mode
    that was not computed, and for a clip without a single sample.
    """
    same = a.video.sha256 == b.video.sha256 if a.video.sha256 and b.video.sha256 else a.video.path == b.video.path
    if not same:
        raise SettingsError(f"{a.video.name} and {b.video.name} are different clips. Compare two analyses of one clip.")
    sides = (_side(a, mode_a), _side(b, mode_b))
    curves = [side.analysis.scores[side.mode] for side in sides]
    if not all(len(curve) for curve in curves):
        raise SettingsError(f"{a.video.name} has no sampled frame: there is nothing to compare.")
    labels = _labels(*sides)
    first, second = (Side(side.analysis, side.mode, label) for side, label in zip(sides, labels, strict=True))
    pts_s = np.union1d(*(curve.pts_s for curve in curves))
    return Comparison(
        a=first,
        b=second,
        pts_s=pts_s,
        score_a=hold(pts_s, curves[0].pts_s, curves[0].smooth),
        score_b=hold(pts_s, curves[1].pts_s, curves[1].smooth),
        only_a=_without(first.events, second.events),
        only_b=_without(second.events, first.events),
    )


def comparison_csv(comparison: Comparison) -> str:
    """One row a moment: seconds, score of A, score of B, B minus A."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    columns = (comparison.pts_s, comparison.score_a, comparison.score_b, comparison.difference)
    for t, *scores in zip(*columns, strict=True):
        writer.writerow([f"{t:.3f}", *(f"{score:.4f}" for score in scores)])
    return out.getvalue()


def save_figure(comparison: Comparison, path: str | Path) -> Path:
    """Both curves over their difference and the events of each side, as PNG; returns the path."""
    sides = [
        (side.label, score, [(event.start_s, event.end_s) for event in side.events])
        for side, score in ((comparison.a, comparison.score_a), (comparison.b, comparison.score_b))
    ]
    return comparison_png(comparison.a.analysis, comparison.pts_s, sides, path)


def _side(analysis: Analysis, mode: Mode | None) -> Side:
    chosen = mode or main_mode(analysis)
    if chosen not in analysis.scores:
        raise SettingsError(f"This analysis of {analysis.video.name} has no {chosen} curve. Analyse it in that mode.")
    return Side(analysis, chosen, "")


def _labels(a: Side, b: Side) -> tuple[str, str]:
    """What tells them apart, in a few words: rules, mode, scorer, encoder or threshold; the first two where nothing."""
    facts = [
        (side.analysis.rules.name, f"{side.mode} mode", side.analysis.scorer.label, side.analysis.encoder.label,
         f"threshold {side.analysis.settings.threshold:g}")
        for side in (a, b)
    ]  # fmt: skip
    apart = [i for i, (left, right) in enumerate(zip(*facts, strict=True)) if left != right] or [0, 1]
    first, second = (", ".join(one[i] for i in apart) for one in facts)
    return f"A: {first}", f"B: {second}"


def _without(events: tuple[Event, ...], others: tuple[Event, ...]) -> tuple[Event, ...]:
    return tuple(
        one for one in events if not any(one.start_s < other.end_s and other.start_s < one.end_s for other in others)
    )
