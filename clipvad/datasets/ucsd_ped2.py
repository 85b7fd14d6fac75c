"""UCSD Ped2 (Mahadevan et al., CVPR 2010): training clips are all normal, every test clip has an event."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clipvad.datasets.assembly import Findings, Frames, Labels, assemble, first_known
from clipvad.datasets.base import DataSet
from clipvad.datasets.times import VideoTimes
from clipvad.errors import DataSetError
from clipvad.evaluation.annotations import is_ped_clip, read_ped_masks, read_ped_truth

ABNORMAL: Labels = ("abnormal",)
_PICTURES = (".tif", ".tiff", ".jpg", ".png", ".bmp")


def read_ucsd_ped2(
    root: Path, *, frame_counts: Mapping[str, Frames] | None = None, videos: VideoTimes | None = None
) -> DataSet:
    """Clips `Train/TrainNNN` and `Test/TestNNN`, folders of pictures or videos, with the official frame ranges.

    Those are looked up as `UCSDped2.m` (frames from 1, both ends inside), `frame_gt.json` or masks `TestNNN_gt/`. Of
    folders of pictures the number of frames is counted.
    """
    findings = Findings()
    test_places = [path for path in (root, root / "Test", root / "test") if path.is_dir()]
    train_places = [path for path in (root, root / "Train", root / "train") if path.is_dir()]
    clips = _clips(test_places, "Test")
    spans = read_ped_truth(test_places)
    if not spans:
        masks = {name: read_ped_masks(clip.parent / f"{name}_gt") for name, clip in clips.items()}
        spans = {name: found for name, found in masks.items() if found is not None}
    if not spans:
        raise DataSetError(f"{root} holds no labels: expected UCSDped2.m, frame_gt.json or TestNNN_gt folders.")
    train = _clips(train_places, "Train")
    if not train:
        findings.miss("no training clips (Train001, Train002, ...)")
    counted = {name: count for name, clip in clips.items() if (count := _count(clip))}
    return assemble(
        "ucsd_ped2",
        train=dict.fromkeys(train, ()),
        test={name: ABNORMAL if spans.get(name, [(0, 1)]) else () for name in sorted(spans.keys() | clips.keys())},
        spans=spans,
        frames=first_known(spans, counted, frame_counts or {}),
        videos=videos,
        findings=findings,
    )


def _clips(places: list[Path], half: str) -> dict[str, Path]:
    found = {path.stem: path for place in places for path in place.iterdir() if is_ped_clip(path, half)}
    return dict(sorted(found.items()))


def _count(clip: Path) -> int:
    return sum(path.suffix.lower() in _PICTURES for path in clip.iterdir()) if clip.is_dir() else 0
