"""XD-Violence, ShanghaiTech, UCSD Ped2 and manifests from small files written by hand; the command over them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from clipvad.cli import main
from clipvad.datasets import DATASETS, load_dataset
from clipvad.datasets.xd_violence import labels_of
from clipvad.errors import DataSetError
from tests.clips import write_numbered
from tests.data_files import frames_of, labels, write

XD_TRAIN = "path,label\n/f/a__#1_label_A__0.npy,A\n/f/b__#1_label_B1-0-0__0.npy,B1-0-0\n"
XD_TEST = (
    "path,label\n/f/c__#1_label_G-B2-0__0.npy,G-B2-0\n/f/d__#1_label_A__0.npy,A\n/f/e__#1_label_B6-0-0__0.npy,B6\n"
)
XD: dict[str, str | bytes] = {"xd_CLIP_rgb__csv": XD_TRAIN, "xd_CLIP_rgbtest__csv": XD_TEST}
XD_SPANS = "c__#1_label_G-B2-0.mp4 1 3 5 6\ne__#1_label_B6-0-0 0 2"
XD_COUNTS = {"c__#1_label_G-B2-0": 8, "d__#1_label_A": 4, "e__#1_label_B6-0-0": 4}


def test_xd_violence_labels_by_name_and_intervals_by_pairs(tmp_path: Path) -> None:
    write(tmp_path, **XD, annotations__txt=XD_SPANS)
    data = load_dataset("xd_violence", tmp_path, frame_counts=XD_COUNTS)
    assert {video.name[0]: (video.split, video.labels) for video in data.videos} == {
        "a": ("train", ()),
        "b": ("train", ("Fighting",)),
        "c": ("test", ("Explosion", "Shooting")),
        "d": ("test", ()),
        "e": ("test", ("Car accident",)),
    }
    assert [frames_of(data, name) for name in XD_COUNTS] == [[1, 2, 5], [], [0, 1]]
    assert data.remarks == ("classes of test videos that no training video has: 3 (Car accident, Explosion, Shooting)",)


def test_xd_violence_without_lists_has_the_annotated_videos_and_says_so(tmp_path: Path) -> None:
    data = load_dataset("xd_violence", write(tmp_path, annotations__txt=XD_SPANS), frame_counts=XD_COUNTS)
    assert [video.name[0] for video in data.videos] == ["c", "e"]
    assert [remark.split("(")[0] for remark in data.remarks] == [
        "no list of the train videos ",
        "no list of the test videos ",
    ]
    assert data.contradictions == ()


def test_xd_violence_is_compared_with_the_array_of_all_frames(tmp_path: Path) -> None:
    counts = {"c__#1_label_G-B2-0": 32, "d__#1_label_A": 32, "e__#1_label_B6-0-0": 48}
    joined = np.zeros(112)
    joined[[1, 2, 5, 64, 65]] = 1
    np.save(tmp_path / "gt.npy", joined)
    write(tmp_path, **XD, annotations__txt=XD_SPANS)
    assert load_dataset("xd_violence", tmp_path, frame_counts=counts).contradictions == ()
    np.save(tmp_path / "gt.npy", np.roll(joined, 1))
    assert load_dataset("xd_violence", tmp_path, frame_counts=counts).contradictions == (
        "annotation and array of frame labels differ: 2 (c__#1_label_G-B2-0, e__#1_label_B6-0-0)",
    )
    np.save(tmp_path / "gt.npy", joined.reshape(2, -1))
    with pytest.raises(DataSetError, match=r"gt\.npy is not a row of frame labels"):
        load_dataset("xd_violence", tmp_path, frame_counts=counts)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c__#1_label_B2-0-0 1 3 5\n", "annotations.txt, line 1: expected `NAME start end start end ...`"),
        ("\nc__#1_label_B2-0-0\n", "line 2: expected"),
        ("c__#1_label_B2-0-0 1 x\n", "line 1: expected"),
        ("c__#1_label_B2-0-0 -2 3\n", "line 1: an interval begins at frame -2"),
        ("c__#1_label_B2-0-0 3 3\n", "line 1: an interval ends before it starts"),
        ("c__#1_label_B3-0-0 1 3\n", "'c__#1_label_B3-0-0' does not end in `label_` and codes of A, B1, B2"),
        ("c__#1 1 3\n", "does not end in `label_`"),
    ],
)
def test_a_broken_annotation_of_xd_violence_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataSetError, match=message):
        load_dataset("xd_violence", write(tmp_path, annotations__txt=text))


def test_codes_of_xd_violence() -> None:
    assert labels_of("v=8cTqh9tMz_I__#1_label_A", "x") == ()
    assert labels_of("x_label_B4-B5-0", "x") == ("Riot", "Abuse")
    assert labels_of("x_label_B2-B2-G", "x") == ("Shooting", "Explosion")


SH: dict[str, str | bytes] = {"rtfm_SH_Train__txt": "01_0014\n01_002\n", "rtfm_SH_Test__txt": "01_0015\n01_001\n"}
MASK = np.array([0, 1, 1, 0, 0, 1], np.uint8)


def test_shanghaitech_with_masks_of_the_abnormal_videos(tmp_path: Path) -> None:
    write(tmp_path, **SH)
    (tmp_path / "test_frame_mask").mkdir()
    np.save(tmp_path / "test_frame_mask" / "01_0015.npy", MASK)
    np.save(tmp_path / "test_frame_mask" / "01_0014.npy", MASK)  # of a training video here: no frame labels there
    data = load_dataset("shanghaitech", tmp_path, frame_counts={"01_001": 3, "01_0015": 16})
    assert labels(data) == {
        "01_0014": ("train", "abnormal"),
        "01_002": ("train", "normal"),
        "01_0015": ("test", "abnormal"),
        "01_001": ("test", "normal"),
    }
    assert (frames_of(data, "01_0015"), frames_of(data, "01_001"), frames_of(data, "01_0014")) == ([1, 2, 5], [], None)
    assert [len(video.truth.labels) for video in data.of("test") if video.truth] == [6, 3]  # the mask's length counts
    assert data.remarks == ()
    short = load_dataset("shanghaitech", tmp_path)
    assert short.remarks == (
        "no frame labels, as nothing tells the number of frames (arrays of labels, features or the videos would): "
        "1 (01_001)",
    )


def test_shanghaitech_from_a_split_and_arrays_of_all_test_videos(tmp_path: Path) -> None:
    split = {"01_0014": "train_abnormal", "01_002": "train_normal", "01_0015": "test", "01_001": "test"}
    write(tmp_path, split__json=json.dumps(split))
    np.savez(tmp_path / "test_frame_gt.npz", **{"01_0015": MASK, "01_001": np.zeros(3, np.uint8)})
    data = load_dataset("shanghaitech", tmp_path)
    assert (frames_of(data, "01_0015"), frames_of(data, "01_001"), data.remarks) == ([1, 2, 5], [], ())
    split["01_002"] = "train_abnormal"
    split["01_0014"] = "test"
    write(tmp_path, **SH, split__json=json.dumps(split))
    assert load_dataset("shanghaitech", tmp_path).contradictions == (
        "train list and split.json differ: 1 (01_0014)",
        "test list and split.json differ: 1 (01_0014)",
        "abnormal or normal for training, but of the other kind by its name: 1 (01_002)",
    )


def test_shanghaitech_from_the_array_of_all_frames_cut_by_the_features_lengths(tmp_path: Path) -> None:
    write(tmp_path, **SH, **{"shanghai-i3d-test-10crop__list": "/x/01_0015_i3d.npy\n/x/01_001_i3d.npy\n"})
    joined = np.zeros(64)
    joined[5:9] = 1
    np.save(tmp_path / "rtfm_gt-sh.npy", joined)
    data = load_dataset("shanghaitech", tmp_path, frame_counts={"01_0015": 32, "01_001": 32})
    assert (frames_of(data, "01_0015"), frames_of(data, "01_001"), data.remarks) == ([5, 6, 7, 8], [], ())
    data = load_dataset("shanghaitech", tmp_path, frame_counts={"01_0015": 20, "01_001": 32})
    assert [len(video.truth.labels) for video in data.of("test") if video.truth] == [20, 32]  # of whole snippets
    with pytest.raises(DataSetError, match=r"with shanghai-i3d-test-10crop\.list and the features"):
        load_dataset("shanghaitech", tmp_path)
    np.savez(tmp_path / "test_frame_gt.npz", **{"01_0015": joined[:30], "01_001": np.zeros(30)})
    assert load_dataset("shanghaitech", tmp_path, frame_counts={"01_0015": 32, "01_001": 32}).remarks == ()
    wrong = load_dataset("shanghaitech", tmp_path, frame_counts={"01_0015": 32, "01_001": 16})
    assert "has 64 frame labels, but the features 48 frames" in wrong.contradictions[0]
    np.save(tmp_path / "rtfm_gt-sh.npy", np.roll(joined, 1))
    shifted = load_dataset("shanghaitech", tmp_path, frame_counts={"01_0015": 32, "01_001": 32})
    assert shifted.contradictions == ("annotation and array of frame labels differ: 1 (01_0015)",)


@pytest.mark.parametrize("text", ["[1]", '{"01_001": "train"}', "{", '"x"'])
def test_a_broken_split_of_shanghaitech_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataSetError, match=r"split\.json is not of the form"):
        load_dataset("shanghaitech", write(tmp_path, split__json=text))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"\x93NUMPY", b"a text"])
def test_broken_arrays_are_refused(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, **SH, test_frame_gt__npz=content)
    with pytest.raises(DataSetError, match=r"test_frame_gt\.npz can't be read: .* Copy them again\.$"):
        load_dataset("shanghaitech", tmp_path)  # NumPy itself would advise to unpickle what it does not know


def test_ucsd_ped2_trains_on_normal_clips_only(tmp_path: Path) -> None:
    for folder, count in (("Train/Train001", 2), ("Test/Test001", 5), ("Test/Test002", 4)):
        pictures = {f"{number:03d}__tif": b"" for number in range(count)}
        write(tmp_path / folder, **pictures, Thumbs__db=b"")
    text = "TestVideoFile{end+1}.gt_frame = [2:3, 5];\nTestVideoFile{end+1}.gt_frame = [1:4];\n"
    write(tmp_path / "Test", UCSDped2__m=text)
    data = load_dataset("ucsd_ped2", tmp_path)
    assert labels(data) == {
        "Train001": ("train", "normal"),
        "Test001": ("test", "abnormal"),
        "Test002": ("test", "abnormal"),
    }
    assert (frames_of(data, "Test001"), frames_of(data, "Test002"), data.remarks) == ([1, 2, 4], [0, 1, 2, 3], ())


def test_ucsd_ped2_takes_intervals_from_json_with_a_byte_order_mark(tmp_path: Path) -> None:
    write(tmp_path, frame_gt__json=b"\xef\xbb\xbf" + b'{"Test001": {"intervals_0based_inclusive": [[1, 2]]}}')
    data = load_dataset("ucsd_ped2", tmp_path, frame_counts={"Test001": 4})
    assert frames_of(data, "Test001") == [1, 2]


MANIFEST = "video,label,start_s,end_s,split\n"


def test_a_manifest_with_splits_is_a_data_set(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        write_numbered(tmp_path / name, 10, rate=10)
    rows = "a.mp4,fight,0.2,0.4,test\na.mp4,fire,0.7,0.8,\nb.mp4,normal,,,\nc.mp4,theft,,,train\n"
    write(tmp_path, manifest__csv=MANIFEST + rows)
    data = load_dataset("manifest", tmp_path)
    assert {video.name: (video.split, video.labels) for video in data.videos} == {
        "a": ("test", ("fight", "fire")),
        "b": ("test", ()),
        "c": ("train", ("theft",)),
    }
    assert (frames_of(data, "a"), frames_of(data, "b"), frames_of(data, "c")) == ([2, 3, 7], [], None)
    truth = data.videos[0].truth
    assert truth is not None
    assert (truth.unit, truth.positions[:3].tolist()) == ("s", [0.0, 0.1, 0.2])
    assert data.remarks == ("classes of test videos that no training video has: 2 (fight, fire)",)
    same = load_dataset("manifest", tmp_path / "manifest.csv")
    assert labels(same) == labels(data)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a.mp4,x,,,validation\n", "line 2: split is train or test"),
        ("a.mp4,x,0,1,train\na.mp4,x,2,3,test\n", "line 3: split is train or test, one for all rows"),
        ("a.mp4,x,1\n", "line 2: .*must both be seconds"),
        ("gone.mp4,x,,,train\n", "gone.mp4"),
        ("a.mp4,fight,,,train\nb.mp4,fi", "line 3: the row ends early"),
    ],
)
def test_a_broken_manifest_is_refused_with_its_line(tmp_path: Path, rows: str, message: str) -> None:
    write_numbered(tmp_path / "a.mp4", 3, rate=10)
    with pytest.raises(DataSetError, match=message):
        load_dataset("manifest", write(tmp_path, manifest__csv=MANIFEST + rows))


def test_a_folder_without_a_manifest_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match=r"^There is no annotation file \S+manifest\.csv\. Check the path\.$"):
        load_dataset("manifest", tmp_path)


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["datasets", *argv])
    out, err = capsys.readouterr()
    return int(stopped.value.code or 0), out, err


def test_the_command_counts_and_its_exit_code_tells_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, **SH)
    np.savez(tmp_path / "test_frame_gt.npz", **{"01_0015": MASK, "01_001": np.zeros(4, np.uint8)})
    code, out, _ = run(capsys, "check", "shanghaitech", str(tmp_path))
    assert code == 0
    assert [line.split() for line in out.splitlines()[2:5]] == [
        ["normal", "1", "1"],
        ["abnormal", "1", "1"],
        ["all", "2", "2"],
    ]
    assert "Frames of 2 of 2 test videos: 10, 3 abnormal (30.00 %)" in out
    np.savez(tmp_path / "test_frame_gt.npz", **{"01_0015": MASK})
    code, out, _ = run(capsys, "check", "shanghaitech", str(tmp_path))
    assert code == 1
    assert "inconsistent: listed for the test but not annotated: 1 (01_001)" in out
    code, _, err = run(capsys, "check", "shanghaitech", str(tmp_path / "gone"))
    assert (code, err.count("\n")) == (2, 1)
    code, out, _ = run(capsys, "list")
    assert code == 0
    assert all(kind in out for kind in DATASETS)
