"""ShanghaiTech Campus in the weakly supervised split of Zhong et al. (CVPR 2019)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from clipvad.datasets.assembly import Findings, Frames, Labels, assemble, compare_with_arrays, unique
from clipvad.datasets.base import DataSet, Split
from clipvad.datasets.files import find, listed, need, stem
from clipvad.errors import DataSetError
from clipvad.evaluation.annotations import FrameSpan, read_masks
from clipvad.events import spans as spans_of

ABNORMAL: Labels = ("abnormal",)
_SPLITS = ("train_normal", "train_abnormal", "test")


def read_shanghaitech(
    root: Path, *, frame_counts: Mapping[str, Frames] | None = None, videos: Path | None = None
) -> DataSet:
    """The split from `SH_Train.txt` and `SH_Test.txt` (a name a line) or `split.json`, frame labels from arrays.

    `split.json` gives train_normal, train_abnormal or test by name. Which training videos are abnormal is said there
    or in `train_abnormal.txt`; else by their names: `01_0014`, with four digits, is of the original test half, where
    every clip has an event; `01_002` is not. Frame labels by name: `test_frame_gt.npz` for all test videos, or
    `test_frame_mask` (`.npz`, or a folder of `.npy`), which has the abnormal ones only.
    """
    findings = Findings()
    said = _said(root, findings)
    train, test = (
        unique([(name, ABNORMAL if said.get(name, _original_test(name)) else ()) for name in names], split, findings)
        for split, names in _lists(root).items()
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


def _lists(root: Path) -> dict[Split, list[str]]:
    if find(root, "SH_Train.txt", "SH_Test.txt") is None and (path := find(root, "split.json")) is not None:
        split = _split(path)
        return {
            "train": [name for name, part in split.items() if part != "test"],
            "test": [name for name, part in split.items() if part == "test"],
        }
    return {
        "train": [stem(name) for name, _ in listed(need(root, "SH_Train.txt", "split.json"))],
        "test": [stem(name) for name, _ in listed(need(root, "SH_Test.txt", "split.json"))],
    }


def _said(root: Path, findings: Findings) -> dict[str, bool]:
    """By name whether a training video is abnormal, where a file says so."""
    said: dict[str, bool] = {}
    if (path := find(root, "split.json")) is not None:
        said = {name: part == "train_abnormal" for name, part in _split(path).items() if part != "test"}
    elif (path := find(root, "train_abnormal.txt")) is not None:
        abnormal = {stem(name) for name, _ in listed(path)}
        said = {name: name in abnormal for name in _lists(root)["train"]}
    for name, abnormal_there in said.items():
        if not _unknown(name) and abnormal_there != _original_test(name):
            findings.contradict("of the other half by its name than by the list", name)
    return said


def _split(path: Path) -> dict[str, str]:
    try:
        split = json.loads(path.read_text("utf-8-sig"))
        if not isinstance(split, dict):
            raise ValueError("no object of names")
        wrong = {name: part for name, part in split.items() if part not in _SPLITS}
        if wrong:
            raise ValueError(f"{next(iter(wrong.items()))}")
    except (OSError, ValueError) as error:
        raise DataSetError(f"{path} is not of the form {{name: {' | '.join(_SPLITS)}}}: {error}.") from error
    return split


def _truth(
    root: Path, test: Mapping[str, Labels], frames: Mapping[str, Frames], findings: Findings
) -> tuple[dict[str, Sequence[FrameSpan]], dict[str, Frames]]:
    everything, masks = (
        find(root, *names) for names in (("test_frame_gt.npz",), ("test_frame_mask.npz", "test_frame_mask"))
    )
    if everything is None and masks is None:
        raise DataSetError(f"{root} holds neither test_frame_gt.npz nor test_frame_mask, so there are no frame labels.")
    arrays = {name: mask for path in (masks, everything) if path is not None for name, mask in read_masks(path).items()}
    spans: dict[str, Sequence[FrameSpan]] = {name: spans_of(mask) for name, mask in arrays.items()}
    if everything is None:
        spans = {name: () for name, labels in test.items() if not labels} | spans
    elif masks is not None:
        compare_with_arrays(spans, read_masks(masks), findings)
    return spans, {name: len(mask) for name, mask in arrays.items()} | dict(frames)
