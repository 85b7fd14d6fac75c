"""Features beside a data set: numbers of frames taken from them, and what of them does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from clipvad.datasets import load_dataset
from clipvad.datasets.assembly import Findings
from clipvad.datasets.base import DataSet, LabelledVideo, Truth
from clipvad.errors import FeaturesError
from clipvad.features.base import FeatureSource, FeatureSpec, VideoFeatures


def load_for(source: FeatureSource, kind: str, root: str | Path, **options: Any) -> DataSet:
    """As `load_dataset`, with numbers of frames that the data set's files lack taken from the features."""
    data = load_dataset(kind, root, **options)
    unknown = [video.name for video in data.of("test") if video.truth is None and video.name in set(source.names)]
    counts = {name: count for name in unknown if (count := frame_count(source.read(name), source.spec)) is not None}
    return load_dataset(kind, root, **options, frame_counts=counts) if counts else data


def frame_count(features: VideoFeatures, spec: FeatureSpec) -> int | None:
    """Source frames of a video by its features; None if they don't tell. Without an end, all rows count as whole."""
    if features.unit != "frames":
        return None
    if features.end is not None:
        return int(features.end)
    return int(len(features) * spec.step) if spec.sampling == "stride" else None


def check_features(data: DataSet, source: FeatureSource) -> DataSet:
    """`data` with remarks on videos without features, and on test videos with more or fewer rows than frames make."""
    findings = Findings()
    there = set(source.names)
    for video in data.videos:
        if video.name not in there:
            findings.miss(f"no features of {video.split} videos", video.name)
        elif video.truth is not None:
            _check(video, video.truth, source, findings)
    found = findings.data_set(data.name, ())
    return replace(
        data, remarks=(*data.remarks, *found.remarks), contradictions=(*data.contradictions, *found.contradictions)
    )


def _check(video: LabelledVideo, truth: Truth, source: FeatureSource, findings: Findings) -> None:
    try:
        features = source.read(video.name)
    except FeaturesError as error:
        findings.contradict(str(error))
        return
    rows = expected_rows(truth, source.spec)
    if rows is not None and abs(len(features) - rows) > 1:
        findings.contradict(f"features of another length than the video's ({source.spec.label})", _both(features, rows))


def _both(features: VideoFeatures, rows: float) -> str:
    return f"{features.name}: {len(features)} rows for {rows:.0f}"


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
