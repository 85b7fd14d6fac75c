"""Features beside a data set: numbers of frames taken from them, and what of them does not fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from clipvad.datasets import load_dataset, options_of
from clipvad.datasets.assembly import Findings
from clipvad.datasets.base import DataSet, LabelledVideo, Truth
from clipvad.errors import FeaturesError
from clipvad.features.base import FeatureSource, FeatureSpec


class FrameCounts(Mapping[str, int]):
    """Source frames of each video by its features, read when asked for. Without an end, all rows count as whole.

    A video whose features don't tell (they were made at so many frames a second, or in parts) is not in it.
    """

    def __init__(self, source: FeatureSource) -> None:
        self._source = source
        self._names = frozenset(source.names)
        self._known: dict[str, int | None] = {}

    def __getitem__(self, name: str) -> int:
        if name not in self._known and name in self._names:
            self._known[name] = self._count(name)
        count = self._known.get(name)
        if count is None:
            raise KeyError(name)
        return count

    def _count(self, name: str) -> int | None:
        try:
            features = self._source.read(name)
        except FeaturesError:  # said by `check_features`, and by whoever wants to use them
            return None
        if features.unit != "frames":
            return None
        if features.end is not None:
            return int(features.end)
        spec = self._source.spec
        return int(len(features) * spec.step) if spec.sampling == "stride" else None

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._source.names if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def load_for(source: FeatureSource, kind: str, root: str | Path, **options: Any) -> DataSet:
    """As `load_dataset`, with numbers of frames that the data set's own files lack taken from the features."""
    if "frame_counts" in options_of(kind) and "videos" not in options:
        options = {"frame_counts": FrameCounts(source)} | options
    return load_dataset(kind, root, **options)


def check_features(data: DataSet, source: FeatureSource) -> DataSet:
    """`data` with remarks on videos without features, and on features of test videos that are broken or do not fit."""
    findings = Findings()
    there = set(source.names)
    for video in data.videos:
        if video.name not in there:
            findings.miss(f"no features of {video.split} videos", video.name)
        elif video.split == "test":
            _check(video, source, findings)
    return findings.added_to(data)


def _check(video: LabelledVideo, source: FeatureSource, findings: Findings) -> None:
    try:
        features = source.read(video.name)
    except FeaturesError as error:
        findings.contradict(str(error))
        return
    if video.truth is None:
        return
    if {features.unit, video.truth.unit} == {"s", "frames"}:
        findings.miss(
            "features in seconds need frame labels at the videos' timestamps: give the folder of videos", video.name
        )
    rows = expected_rows(video.truth, source.spec)
    if rows is not None and abs(len(features) - rows) > 1:
        what = f"features of another length than the video's ({source.spec.label})"
        findings.contradict(what, f"{video.name}: {len(features)} rows, not {rows:.0f}")


def expected_rows(truth: Truth, spec: FeatureSpec) -> float | None:
    """Rows that features of a video with these frames should have, give or take one; None if that can't be told.

    One is the tolerance, since a last part that is not full is kept by some and dropped by others.
    """
    if spec.sampling == "segments":
        return spec.step
    if spec.sampling == "stride":
        return len(truth.labels) / spec.step
    if truth.unit == "s" and len(truth.positions) > 1:
        shown_s = (truth.positions[-1] - truth.positions[0]) * len(truth.positions) / (len(truth.positions) - 1)
        return float(shown_s * spec.step)
    return None
