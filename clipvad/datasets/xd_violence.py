"""XD-Violence (Wu et al., ECCV 2020): labels are in the names of the videos, intervals in annotations.txt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from clipvad.datasets.assembly import Findings, Frames, Labels, assemble, compare_with_arrays, unique
from clipvad.datasets.base import DataSet, Split
from clipvad.datasets.concatenated import read_concatenated, without_padding
from clipvad.datasets.files import find, listed, need, stem
from clipvad.datasets.times import VideoTimes
from clipvad.errors import DataSetError
from clipvad.evaluation.annotations import FrameSpan, checked_spans, read_lines

CLASSES = {
    "B1": "Fighting",
    "B2": "Shooting",
    "B4": "Riot",
    "B5": "Abuse",
    "B6": "Car accident",
    "G": "Explosion",
}
TRAIN_LISTS = ("CLIP_rgb.csv", "rgb.list", "train.list", "train.txt")
TEST_LISTS = ("CLIP_rgbtest.csv", "rgbtest.list", "test.list", "test.txt")


def read_xd_violence(
    root: Path, *, frame_counts: Mapping[str, Frames] | None = None, videos: VideoTimes | None = None
) -> DataSet:
    """`annotations.txt` (lines `NAME start end start end ...`, frames) and lists of the videos or of their features.

    Without a list for the test, it has only the videos that are annotated: none is normal. The number of frames of each
    test video is in `frame_counts` by name. `gt.npy`, the frame labels of all in one, is compared with the annotation.
    """
    findings = Findings()
    spans = _annotation(need(root, "annotations.txt"), findings)
    train = _split(root, "train", TRAIN_LISTS, findings)
    test = _split(root, "test", TEST_LISTS, findings)
    if not test:
        test = {name: labels_of(name, "annotations.txt") for name in spans}
    # Only the abnormal ones are annotated.
    spans = {name: [] for name, labels in test.items() if not labels} | spans
    counts = frame_counts or {}
    joined = read_concatenated(root, counts, findings, array=("gt.npy",), order=TEST_LISTS)
    compare_with_arrays(spans, without_padding(joined), findings)
    return assemble("xd_violence", train=train, test=test, spans=spans, frames=counts, videos=videos, findings=findings)


def labels_of(name: str, where: str) -> Labels:
    """Class names by the codes at the end of a video's name: `..._label_B1-B2-0`, main one first; `_label_A`: none."""
    found = re.search(r"label_([A-Z0-9]+(?:-[A-Z0-9]+)*)$", name)
    codes = [code for code in found[1].split("-") if code not in ("0", "A")] if found else ["?"]
    if any(code not in CLASSES for code in codes):
        known = ", ".join(("A", *CLASSES))
        raise DataSetError(f"{where}: {name!r} does not end in `label_` and codes of {known}.")
    return tuple(dict.fromkeys(CLASSES[code] for code in codes))


def _split(root: Path, split: Split, endings: tuple[str, ...], findings: Findings) -> dict[str, Labels]:
    path = find(root, *endings)
    if path is None:
        findings.miss(f"no list of the {split} videos ({' or '.join(endings)})")
        return {}
    entries = [(stem(entry), labels_of(stem(entry), where)) for entry, where in listed(path)]
    return unique(entries, split, findings)


def _annotation(path: Path, findings: Findings) -> dict[str, list[FrameSpan]]:
    found: dict[str, list[FrameSpan]] = {}
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        file, *numbers = line.split()
        where = f"{path}, line {number}"
        try:
            frames = [int(frame) for frame in numbers]
        except ValueError:
            frames = []
        if not frames or len(frames) % 2:
            raise DataSetError(f"{where}: expected `NAME start end start end ...`, got {line.strip()!r}.")
        name = stem(file)
        if name in found:
            findings.contradict("annotated twice; the first line counts", name)
        found.setdefault(name, checked_spans(list(zip(frames[::2], frames[1::2], strict=True)), where))
    return found
