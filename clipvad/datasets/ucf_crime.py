"""UCF-Crime (Sultani et al., CVPR 2018): the official lists and temporal annotation, as they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clipvad.datasets.assembly import Findings, Frames, Labels, assemble, compare_with_arrays, unique
from clipvad.datasets.base import NORMAL, DataSet
from clipvad.datasets.files import find, listed, need, stem
from clipvad.errors import DataSetError
from clipvad.evaluation.annotations import FrameSpan, read_lines, read_masks, ucf_line

ANNOTATION = "Temporal_Anomaly_Annotation_for_Testing_Videos.txt"


def read_ucf_crime(
    root: Path, *, frame_counts: Mapping[str, Frames] | None = None, videos: Path | None = None
) -> DataSet:
    """`Anomaly_Train.txt`, `Anomaly_Test.txt` (lines `Class/NAME.mp4`) and the temporal annotation of the test.

    A class whose name holds "Normal" is the normal one. The number of frames of each test video, which none of those
    files has, comes from `test_frame_gt.npz` (an array of frame labels by name) or from `frame_counts` by name.
    """
    findings = Findings()
    train = unique(_entries(need(root, "Anomaly_Train.txt")), "train", findings)
    test = unique(_entries(need(root, "Anomaly_Test.txt")), "test", findings)
    annotated = _annotation(need(root, ANNOTATION), findings)
    for name, (label, _) in annotated.items():
        if name in test and test[name] != _labels(label):
            findings.contradict("of another class in the list than in the annotation", name)
    spans = {name: found for name, (_, found) in annotated.items()}
    frames: dict[str, Frames] = dict(frame_counts or {})
    if (path := find(root, "test_frame_gt.npz")) is not None:
        arrays = read_masks(path)
        compare_with_arrays(spans, arrays, findings)
        frames |= {name: len(array) for name, array in arrays.items()}
    return assemble("ucf_crime", train=train, test=test, spans=spans, frames=frames, videos=videos, findings=findings)


def _entries(path: Path) -> list[tuple[str, Labels]]:
    entries = []
    for entry, where in listed(path):
        kind, _, file = entry.partition("/")
        if not kind or not stem(file):
            raise DataSetError(f"{where}: expected `Class/NAME.mp4`, got {entry!r}.")
        entries.append((stem(file), _labels(NORMAL if NORMAL in kind.lower() else kind)))
    return entries


def _labels(label: str) -> Labels:
    return () if label == NORMAL else (label,)


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
