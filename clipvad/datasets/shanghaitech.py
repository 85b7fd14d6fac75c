"""ShanghaiTech Campus in the weakly supervised split of Zhong et al. (CVPR 2019)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from clipvad.datasets.assembly import Findings, Frames, Labels, assemble, compare_with_arrays, first_known, unique
from clipvad.datasets.base import DataSet, Split
from clipvad.datasets.concatenated import read_concatenated, without_padding
from clipvad.datasets.files import find, listed, need, stem
from clipvad.datasets.times import VideoTimes
from clipvad.errors import DataSetError
from clipvad.evaluation.annotations import FrameSpan, read_masks
from clipvad.events import spans as spans_of

CONCATENATED = ("gt-sh.npy", "gt_sh.npy")
ORDER = ("shanghai-i3d-test-10crop.list",)
ABNORMAL: Labels = ("abnormal",)
_PARTS = ("train_normal", "train_abnormal", "test")


def read_shanghaitech(
    root: Path, *, frame_counts: Mapping[str, Frames] | None = None, videos: VideoTimes | None = None
) -> DataSet:
    """The split from `SH_Train.txt` and `SH_Test.txt` (a name a line) or `split.json`, frame labels from arrays.

    `split.json` gives train_normal, train_abnormal or test by name. Which training videos are abnormal is said there
    or in `train_abnormal.txt`; else by their names: `01_0014`, with four digits, is of the original test half, where
    every clip has an event; `01_002` is not. Frame labels by name: `test_frame_gt.npz` for all test videos, or
    `test_frame_mask` (`.npz`, or a folder of `.npy`), which has the abnormal ones only, or `gt-sh.npy`, all in one.
    """
    findings = Findings()
    split = _split(root)
    lists = _lists(root, split, findings)
    said = _said(root, split, lists["train"], findings)
    train, test = (
        unique([(name, ABNORMAL if said.get(name, _original_test(name)) else ()) for name in names], part, findings)
        for part, names in lists.items()
    )
    spans, frames = _truth(root, test, frame_counts or {}, findings)
    test = {name: labels or (ABNORMAL if _unknown(name) and spans.get(name) else ()) for name, labels in test.items()}
    return assemble(
        "shanghaitech", train=train, test=test, spans=spans, frames=frames, videos=videos, findings=findings
    )


def _original_test(name: str) -> bool:
    return re.fullmatch(r"\d\d_\d{4}", name) is not None


def _unknown(name: str) -> bool:
    """Whether the name is not of the original's kind, so that it doesn't say which half the clip is of."""
    return re.fullmatch(r"\d\d_\d{3,4}", name) is None


def _split(root: Path) -> dict[str, str]:
    """The part of each video by `split.json`; empty without it."""
    path = find(root, "split.json")
    if path is None:
        return {}
    try:
        split = json.loads(path.read_text("utf-8-sig"))
        if not isinstance(split, dict):
            raise ValueError("it holds no names")
        wrong = {name: part for name, part in split.items() if part not in _PARTS}
        if wrong:
            raise ValueError("{!r}: {!r}".format(*next(iter(wrong.items()))))
    except (OSError, ValueError) as error:
        raise DataSetError(f"{path} is not of the form {{name: {' | '.join(_PARTS)}}}: {error}.") from error
    return split


def _lists(root: Path, split: Mapping[str, str], findings: Findings) -> dict[Split, list[str]]:
    """Names by split. With lists and `split.json`, the lists count."""
    said: dict[Split, list[str]] = {
        "train": [name for name, part in split.items() if part != "test"],
        "test": [name for name, part in split.items() if part == "test"],
    }
    if split and find(root, "SH_Train.txt", "SH_Test.txt") is None:
        return said
    lists: dict[Split, list[str]] = {
        "train": [stem(name) for name, _ in listed(need(root, "SH_Train.txt"))],
        "test": [stem(name) for name, _ in listed(need(root, "SH_Test.txt"))],
    }
    for part in ("train", "test") if split else ():
        for name in sorted(set(said[part]) ^ set(lists[part])):
            findings.contradict(f"{part} list and split.json differ", name)
    return lists


def _said(root: Path, split: Mapping[str, str], train: Sequence[str], findings: Findings) -> dict[str, bool]:
    """By name whether a training video is abnormal, where a file says so."""
    said = {name: part == "train_abnormal" for name, part in split.items() if part != "test"}
    if not split and (path := find(root, "train_abnormal.txt")) is not None:
        abnormal = {stem(name) for name, _ in listed(path)}
        said = {name: name in abnormal for name in train}
    for name, is_abnormal in said.items():
        if not _unknown(name) and is_abnormal != _original_test(name):
            findings.contradict("abnormal or normal for training, but of the other kind by its name", name)
    return said


def _truth(
    root: Path, test: Mapping[str, Labels], counts: Mapping[str, Frames], findings: Findings
) -> tuple[dict[str, Sequence[FrameSpan]], dict[str, Frames]]:
    """Spans and numbers of frames by name."""
    all_path, masks_path = find(root, "test_frame_gt.npz"), find(root, "test_frame_mask.npz", "test_frame_mask")
    masks = read_masks(masks_path) if masks_path is not None else {}
    joined = read_concatenated(root, counts, findings, array=CONCATENATED, order=ORDER)
    arrays = joined | masks | (read_masks(all_path) if all_path is not None else {})
    if not arrays:
        raise DataSetError(
            f"{root} holds no frame labels: expected test_frame_gt.npz, test_frame_mask, or {CONCATENATED[0]} with "
            f"{ORDER[0]} and the features."
        )
    spans: dict[str, Sequence[FrameSpan]] = {name: spans_of(mask) for name, mask in arrays.items()}
    compare_with_arrays(spans, masks, findings)
    compare_with_arrays(spans, without_padding(joined), findings)
    if masks and all_path is None:  # masks are of abnormal videos only
        spans = {name: () for name, labels in test.items() if not labels} | spans
    return spans, first_known(test, {name: len(mask) for name, mask in arrays.items()}, counts)
