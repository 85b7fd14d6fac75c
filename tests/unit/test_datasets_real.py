"""The public data sets' own files, where they are: counts as published, labels equal to the shared ground truth."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from clipvad.datasets import DataSet, load_dataset
from clipvad.datasets.files import listed, stem


@pytest.fixture
def data() -> Path:
    if "CLIPVAD_DATA" not in os.environ:
        pytest.skip("CLIPVAD_DATA is not set: no public annotation here")
    return Path(os.environ["CLIPVAD_DATA"])


def counts(data: DataSet) -> dict[str, tuple[int, int]]:
    """Normal and abnormal videos by split."""
    by_split = {split: Counter(bool(video.labels) for video in data.of(split)) for split in ("train", "test")}
    return {split: (found[False], found[True]) for split, found in by_split.items()}


def test_ucf_crime(data: Path) -> None:
    folder = data / "annotations" / "ucf_crime"
    found = load_dataset("ucf_crime", folder)
    assert (counts(found), found.remarks) == ({"train": (800, 810), "test": (150, 140)}, ())
    assert len(found.classes) == 14
    shared = np.load(folder / "pel4vad_test_frame_gt.npz")
    for video in found.of("test"):
        assert video.truth is not None
        np.testing.assert_array_equal(video.truth.labels, shared[video.name] > 0, video.name)


def test_shanghaitech(data: Path) -> None:
    found = load_dataset("shanghaitech", data / "shanghaitech_i3d")
    assert (counts(found), found.remarks) == ({"train": (175, 63), "test": (155, 44)}, ())
    lists = load_dataset("shanghaitech", data / "annotations" / "shanghaitech")
    assert counts(lists) == counts(found)
    split = json.loads((data / "shanghaitech_i3d" / "split.json").read_text())
    names = {True: "train_abnormal", False: "train_normal"}
    assert {video.name: names[bool(video.labels)] for video in lists.of("train")} == {
        name: part for name, part in split.items() if part != "test"
    }


def test_shanghaitech_beside_the_array_of_all_frames(data: Path) -> None:
    folder = data / "annotations" / "shanghaitech"
    found = {video.name: video.truth for video in load_dataset("shanghaitech", data / "shanghaitech_i3d").of("test")}
    shared = np.load(folder / "rtfm_gt-sh.npy") > 0
    names = [stem(entry) for entry, _ in listed(folder / "rtfm_shanghai-i3d-test-10crop.list")]
    first = 0
    for name in names[:44]:  # the abnormal ones; the normal ones after them have 768 frames fewer in that array
        truth = found[name]
        assert truth is not None
        assert truth.labels.any()
        np.testing.assert_array_equal(shared[first : first + len(truth.labels)], truth.labels, name)
        first += -(-len(truth.labels) // 16) * 16  # whole snippets of 16 frames
    assert not shared[first:].any()


def test_xd_violence(data: Path) -> None:
    found = load_dataset("xd_violence", data / "annotations" / "xd_violence")
    assert counts(found) == {"train": (0, 0), "test": (300, 500)}
    assert found.contradictions == ()
    assert Counter(video.label for video in found.of("test"))["Fighting"] == 120


def test_ucsd_ped2(data: Path) -> None:
    found = load_dataset("ucsd_ped2", data / "ucsd_ped2", videos=data / "ucsd_ped2")
    assert (counts(found), found.remarks) == ({"train": (16, 0), "test": (0, 6)}, ())
    masks = np.load(data / "ucsd_ped2" / "pixel_masks.npz")
    for video in found.of("test"):
        assert video.truth is not None
        np.testing.assert_array_equal(video.truth.labels, masks[video.name].any(axis=(1, 2)), video.name)
    assert len(load_dataset("ucsd_ped2", data / "annotations" / "ucsd_ped2").of("test")) == 12
