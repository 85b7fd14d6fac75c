"""UCF-Crime (Sultani et al., CVPR 2018): the official lists and temporal annotation, as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from clipvad.datasets.assembly import Findings, Frames, Labels, assemble, compare_with_arrays, first_known, unique
from clipvad.datasets.base import NORMAL, DataSet
from clipvad.datasets.concatenated import read_concatenated, without_padding
from clipvad.datasets.files import find, listed, need, stem
from clipvad.datasets.times import VideoTimes
from clipvad.errors import DataSetError
from clipvad.evaluation.annotations import FrameSpan, read_lines, read_masks, ucf_line

CONCATENATED = ("gt_ucf.npy", "gt-ucf.npy")
ORDER = ("CLIP_rgbtest.csv", "ucf-i3d-test.list")
ANNOTATION = ("Temporal_Anomaly_Annotation_for_Testing_Videos.txt", "Temporal_Anomaly_Annotation.txt")


def read_ucf_crime(
    root: Path, *, frame_counts: Mapping[str, Frames] | None = None, videos: VideoTimes | None = None
) -> DataSet:
    """`Anomaly_Train.txt`, `Anomaly_Test.txt` (lines `Class/NAME.mp4`) and the temporal annotation of the test.

    A class whose name holds "Normal" (but not "Abnormal") is the normal one. The number of frames of each test video,
    which none of those files has, comes from `test_frame_gt.npz` (an array of frame labels by name) or from
    `frame_counts` by name. Arrays of frame labels, that one or `gt_ucf.npy` for all videos in one, are compared with
    the annotation.
    """
    findings = Findings()
    train = unique(_entries(need(root, "Anomaly_Train.txt")), "train", findings)
    test = unique(_entries(need(root, "Anomaly_Test.txt")), "test", findings)
    annotated = _annotation(need(root, *ANNOTATION), findings)
    for name, (label, _) in annotated.items():
        if name in test and test[name] != (() if label == NORMAL else (label,)):
            findings.contradict("of another class in the list than in the annotation", name)
    spans = {name: found for name, (_, found) in annotated.items()}
    counts = frame_counts or {}
    path = find(root, "test_frame_gt.npz")
    arrays = read_masks(path) if path is not None else {}
    compare_with_arrays(spans, arrays, findings)
    joined = read_concatenated(root, counts, findings, array=CONCATENATED, order=ORDER)
    compare_with_arrays(spans, without_padding(joined), findings)
    frames = first_known(test, {name: len(array) for name, array in arrays.items()}, counts)
    return assemble("ucf_crime", train=train, test=test, spans=spans, frames=frames, videos=videos, findings=findings)


def _entries(path: Path) -> list[tuple[str, Labels]]:
    entries: list[tuple[str, Labels]] = []
    for entry, where in listed(path):
        *_, kind, file = ["", *entry.split("/")]
        if not kind or not stem(file):
            raise DataSetError(f"{where}: expected `Class/NAME.mp4`, got {entry!r}.")
        normal = re.search("(?<!ab)normal", kind.lower()) is not None
        entries.append((stem(file), () if normal else (kind,)))
    return entries


def _annotation(path: Path, findings: Findings) -> dict[str, tuple[str, list[FrameSpan]]]:
    found: dict[str, tuple[str, list[FrameSpan]]] = {}
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        file, label, spans = ucf_line(line, f"{path}, line {number}")
        if stem(file) in found:
            findings.contradict("annotated twice; the first line counts", stem(file))
        found.setdefault(stem(file), (label, spans))
    return found
