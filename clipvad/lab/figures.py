"""The figures of a row: over all of its clips, per clip with the worst first, and broken down by what they show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from clipvad.evaluation.metrics import EventCounts, Quality, frame_auc, match_events, quality
from clipvad.lab.tracks import Track


@dataclass(frozen=True, kw_only=True)
class Figures:
    """None = not defined there. Shares are in [0, 1].

    `auc`: frame AUC of the raw curve; `auc_smooth`: of the smoothed one, and so all that follow. `ap`: average
    precision. `auc_abnormal`: over the abnormal videos alone. `auc_within`: mean of the videos' own AUC, which does
    not reward telling videos apart. `auc_videos`: abnormal videos against normal ones by their highest score.
    `precision`, `recall`: of events at the threshold (see `match_events`). `false_alarms_per_hour`: events in normal
    videos. `seconds_per_minute`: of analysis per minute of video, nothing cached.
    """

    auc: float | None = None
    auc_smooth: float | None = None
    ap: float | None = None
    auc_abnormal: float | None = None
    auc_within: float | None = None
    auc_videos: float | None = None
    precision: float | None = None
    recall: float | None = None
    false_alarms_per_hour: float | None = None
    seconds_per_minute: float | None = None


FIGURES = tuple(field.name for field in fields(Figures))


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A figure over `runs` repetitions (seeds): mean, and sample standard deviation where there are two or more."""

    mean: float
    sd: float | None
    runs: int


@dataclass(frozen=True, kw_only=True)
class ClipFigures:
    """One clip. `video`: its folder and name. `auc`: of its smoothed curve, None where it has one class only.

    `peak`: highest smoothed score. `labelled`, `found`, `matched`: events.
    """

    video: str
    label: str
    auc: float | None
    peak: float
    labelled: int
    found: int
    matched: int

    @property
    def fault(self) -> float:
        """In [0, 1]: 1 - AUC; the peak of a normal clip; 1 - peak of a clip that is abnormal all over."""
        if self.auc is not None:
            return 1 - self.auc
        return 1 - self.peak if self.labelled else self.peak


def measure(tracks: Sequence[Track]) -> Figures:
    """All figures over the clips of one run."""
    abnormal = [track for track in tracks if track.clip.entry.anomalous]
    normal = [track for track in tracks if not track.clip.entry.anomalous]
    whole = _pooled(tracks)
    events = event_counts(tracks)
    return Figures(
        auc=quality([t.labels for t in tracks], [t.score for t in tracks]).auc,
        auc_smooth=whole.auc,
        ap=whole.ap,
        auc_abnormal=_pooled(abnormal).auc,
        auc_within=_mean(frame_auc(t.labels, t.smooth) for t in tracks),
        auc_videos=frame_auc(
            np.array([t.clip.entry.anomalous for t in tracks], bool), np.array([_peak(t) for t in tracks])
        ),
        precision=events.precision,
        recall=events.recall,
        false_alarms_per_hour=_rate(sum(len(t.found) for t in normal), sum(t.duration_s for t in normal), per_s=3600),
        seconds_per_minute=_cost(tracks),
    )


def spread(runs: Sequence[Figures]) -> dict[str, Spread | None]:
    """Mean and deviation of every figure over the runs in which it is defined."""
    found: dict[str, Spread | None] = {}
    for name in FIGURES:
        values = [value for run in runs if (value := getattr(run, name)) is not None]
        sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
        found[name] = Spread(mean=float(np.mean(values)), sd=sd, runs=len(values)) if values else None
    return found


def mean_of(several: Sequence[Figures]) -> Figures:
    """The plain mean of each figure over several sets; None unless it is defined in all of them."""
    columns = {name: [getattr(one, name) for one in several] for name in FIGURES}
    return Figures(**{name: None if None in values else float(np.mean(values)) for name, values in columns.items()})


def worst_first(tracks: Sequence[Track]) -> list[tuple[ClipFigures, Track]]:
    """Every clip's own figures, the largest fault first."""
    each = [(_of_clip(track), track) for track in tracks]
    return sorted(each, key=lambda pair: (-pair[0].fault, pair[0].video))


def breakdown(tracks: Sequence[Track], key: Callable[[Track], str]) -> dict[str, Figures]:
    """The figures of each kind of clip, by `key`, in its order; clips without one ("") are left out."""
    kinds = sorted({kind for track in tracks if (kind := key(track))})
    return {kind: measure([track for track in tracks if key(track) == kind]) for kind in kinds}


def event_counts(tracks: Iterable[Track]) -> EventCounts:
    """Labelled, found and matched events over several clips."""
    return sum((match_events(t.clip.entry.intervals, t.found) for t in tracks), EventCounts())


def _of_clip(track: Track) -> ClipFigures:
    counts = event_counts([track])
    return ClipFigures(
        video="/".join(track.clip.entry.video.parts[-2:]),
        label=track.clip.entry.label,
        auc=frame_auc(track.labels, track.smooth),
        peak=_peak(track),
        labelled=counts.labelled,
        found=counts.found,
        matched=counts.matched,
    )


def _pooled(tracks: Sequence[Track]) -> Quality:
    return quality([track.labels for track in tracks], [track.smooth for track in tracks])


def _peak(track: Track) -> float:
    return float(track.smooth.max()) if len(track.smooth) else 0.0


def _mean(values: Iterable[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else None


def _rate(count: float, seconds: float, *, per_s: float) -> float | None:
    return count / seconds * per_s if seconds > 0 else None


def _cost(tracks: Sequence[Track]) -> float | None:
    known = [(track.cost_s, track.duration_s) for track in tracks if track.cost_s is not None]
    return _rate(sum(cost for cost, _ in known), sum(seconds for _, seconds in known), per_s=60)
