"""clipvad's own manifest as a data set: one more column, `split`, says which videos are for training."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import cast

from clipvad.datasets.assembly import Findings
from clipvad.datasets.base import NORMAL, DataSet, LabelledVideo, Split, Truth
from clipvad.errors import DataSetError, VideoError
from clipvad.evaluation.annotations import read_lines
from clipvad.evaluation.manifest import Entry
from clipvad.evaluation.manifest import read_manifest as read_entries
from clipvad.evaluation.metrics import inside


def read_manifest(path: Path) -> DataSet:
    """A manifest (see `clipvad.evaluation.manifest`) with an optional column `split`: train or test, test if empty.

    A training video may have a label and no times. Frame labels of the test videos are at the videos' own timestamps.
    """
    if path.is_dir():
        path = path / "manifest.csv"
    findings = Findings()
    more = _more_columns(path)
    videos = []
    for entry in read_entries(path):
        name = entry.video.name if entry.video.is_dir() else entry.video.stem  # as `clipvad extract` names features
        split, labels = more[entry.video]
        if entry.intervals and not labels:
            findings.contradict("labelled normal but annotated with an interval", name)
        truth = _truth(entry, labels, findings) if split == "test" else None
        videos.append(LabelledVideo(name=name, split=split, labels=labels, truth=truth))
    return findings.data_set("manifest", videos)


def _more_columns(path: Path) -> dict[Path, tuple[Split, tuple[str, ...]]]:
    """By video its split and all its labels but "normal", that of the first row first."""
    found: dict[Path, tuple[Split, tuple[str, ...]]] = {}
    reader = csv.DictReader(io.StringIO("\n".join(read_lines(path))), skipinitialspace=True)
    for row in reader:
        video = path.parent / (row.get("video") or "").strip()
        split = (row.get("split") or "").strip() or "test"
        if split not in ("train", "test") or found.get(video, (split,))[0] != split:
            raise DataSetError(f"{path}, line {reader.line_num}: split is train or test, one for all rows of a video.")
        label = (row.get("label") or "").strip() or ("abnormal" if (row.get("start_s") or "").strip() else NORMAL)
        known = found[video][1] if video in found else ()
        found[video] = (cast(Split, split), tuple(dict.fromkeys([*known, *([label] if label != NORMAL else [])])))
    return found


def _truth(entry: Entry, labels: tuple[str, ...], findings: Findings) -> Truth | None:
    from clipvad.evaluation.times import frame_times  # a decoder: heavy

    if labels and not entry.intervals:
        findings.contradict("labelled abnormal but annotated without an interval", entry.video.stem)
        return None
    try:
        times_s = frame_times(entry.video)[0]
    except VideoError as error:
        findings.miss(f"no frame labels: {error}")
        return None
    if any(start_s > times_s[-1] for start_s, _ in entry.intervals):
        findings.contradict("annotated beyond the last frame", entry.video.stem)
    return Truth(positions=times_s, labels=inside(times_s, entry.intervals), unit="s")
