"""Data sets read from small files written by hand: exact labels, and what is said of files that can't be right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from clipvad.cli import main
from clipvad.datasets import DATASETS, DataSet, load_dataset
from clipvad.datasets.assembly import truth_of
from clipvad.datasets.files import find, listed, stem
from clipvad.datasets.xd_violence import labels_of
from clipvad.errors import DataSetError
from tests.clips import write_numbered


def write(folder: Path, **files: str | bytes) -> Path:
    """Files by name, "." written as "__"."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / name.replace("__", ".")).write_bytes(raw)
    return folder


def frames_of(data: DataSet, name: str) -> list[int] | None:
    """The numbers of the abnormal frames of a video, None if it has no frame labels."""
    (video,) = [video for video in data.videos if video.name == name]
    return None if video.truth is None else np.flatnonzero(video.truth.labels).tolist()


def labels(data: DataSet) -> dict[str, tuple[str, str]]:
    return {video.name: (video.split, video.label) for video in data.videos}


UCF: dict[str, str | bytes] = {
    "Anomaly_Train__txt": "Abuse/Abuse001_x264.mp4\nTraining_Normal_Videos_Anomaly/Normal_Videos001_x264.mp4\n",
    "Anomaly_Test__txt": "Abuse/Abuse028_x264.mp4\nTesting_Normal_Videos_Anomaly/Normal_Videos_003_x264.mp4\n",
    "Temporal_Anomaly_Annotation_for_Testing_Videos__txt": (
        "Abuse028_x264.mp4  Abuse  2  4  7  20  \nNormal_Videos_003_x264.mp4  Normal  -1  -1  -1  -1  \n"
    ),
}
ANNOTATION = "Temporal_Anomaly_Annotation_for_Testing_Videos__txt"
COUNTS = {"Abuse028_x264": 10, "Normal_Videos_003_x264": 5}


def test_ucf_crime_from_its_three_files_and_numbers_of_frames(tmp_path: Path) -> None:
    data = load_dataset("ucf_crime", write(tmp_path, **UCF), frame_counts=COUNTS)
    assert labels(data) == {
        "Abuse001_x264": ("train", "Abuse"),
        "Normal_Videos001_x264": ("train", "normal"),
        "Abuse028_x264": ("test", "Abuse"),
        "Normal_Videos_003_x264": ("test", "normal"),
    }
    assert frames_of(data, "Abuse028_x264") == [2, 3, 7, 8, 9]  # stop exclusive, cut at the last frame
    assert frames_of(data, "Normal_Videos_003_x264") == []
    truth = data.videos[2].truth
    assert truth is not None
    assert (truth.unit, truth.positions.tolist()) == ("frames", [*map(float, range(10))])
    assert data.classes == ("normal", "Abuse")
    assert data.remarks == ()


def test_ucf_crime_with_arrays_of_frame_labels_takes_their_lengths_and_compares_them(tmp_path: Path) -> None:
    write(tmp_path, **UCF)
    right = {"Abuse028_x264": np.array([0, 0, 1, 1, 0, 0, 0, 1]), "Normal_Videos_003_x264": np.zeros(4)}
    np.savez(tmp_path / "x_test_frame_gt.npz", **right)
    data = load_dataset("ucf_crime", tmp_path, frame_counts=COUNTS)
    assert (frames_of(data, "Abuse028_x264"), data.remarks) == ([2, 3, 7], ())
    np.savez(tmp_path / "x_test_frame_gt.npz", **(right | {"Abuse028_x264": np.array([0, 1, 1, 1, 0, 0, 0, 1])}))
    data = load_dataset("ucf_crime", tmp_path)
    assert data.contradictions == ("annotation and array of frame labels differ: 1 (Abuse028_x264)",)


def test_without_numbers_of_frames_there_are_labels_of_videos_only(tmp_path: Path) -> None:
    data = load_dataset("ucf_crime", write(tmp_path, **UCF))
    assert [video.truth for video in data.videos] == [None] * 4
    assert data.remarks == (
        "no frame labels, since the number of frames is not known: 2 (Abuse028_x264, Normal_Videos_003_x264)",
    )
    assert data.contradictions == ()


def test_with_the_videos_frame_labels_are_at_their_own_timestamps(tmp_path: Path) -> None:
    write(tmp_path, **UCF)
    (tmp_path / "videos").mkdir()
    write_numbered(tmp_path / "videos" / "Abuse028_x264.mp4", 6, times=[0, 100, 250, 400, 450, 900])
    data = load_dataset("ucf_crime", tmp_path, videos=tmp_path / "videos", frame_counts=COUNTS)
    truth = data.videos[2].truth
    assert truth is not None
    assert truth.unit == "s"
    assert truth.positions[truth.labels].tolist() == [0.25, 0.4]
    assert data.videos[3].truth is None  # its video is not there, and seconds can't be told from a number of frames


def test_windows_line_ends_a_byte_order_mark_blank_lines_and_prefixes_are_fine(tmp_path: Path) -> None:
    plain = load_dataset("ucf_crime", write(tmp_path / "plain", **UCF), frame_counts=COUNTS)
    other = {f"my_{name}": b"\xef\xbb\xbf" + str(text).replace("\n", "\r\n\r\n").encode() for name, text in UCF.items()}
    data = load_dataset("ucf_crime", write(tmp_path / "other" / "lists", **other).parent, frame_counts=COUNTS)
    assert labels(data) == labels(plain)
    assert frames_of(data, "Abuse028_x264") == frames_of(plain, "Abuse028_x264")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Anomaly_Train__txt", "Abuse/Abuse028_x264.mp4\n", "listed for training and test; kept for the test only"),
        ("Anomaly_Test__txt", "Abuse/Abuse028_x264.mp4\n", "annotated but not listed: 1 (Normal_Videos_003_x264)"),
        (
            ANNOTATION,
            "Abuse028_x264.mp4 Abuse 2 4 -1 -1\n",
            "listed for the test but not annotated: 1 (Normal_Videos_0",
        ),
        (ANNOTATION, "Abuse028_x264.mp4 Abuse -1 -1 -1 -1\n", "labelled abnormal but annotated without an interval"),
        (ANNOTATION, "Normal_Videos_003_x264.mp4 Normal 1 2 -1 -1\n", "labelled normal but annotated with an interval"),
        (ANNOTATION, "Abuse028_x264.mp4 Arson 2 4 -1 -1\n", "of another class in the list than in the annotation"),
        (ANNOTATION, "Abuse028_x264.mp4 Abuse 10 12 -1 -1\n", "annotated beyond the last frame: 1 (Abuse028_x264)"),
        (ANNOTATION, "Abuse028_x264.mp4 Abuse 1 27 -1 -1\n", "annotated beyond the last frame: 1 (Abuse028_x264)"),
        ("Anomaly_Train__txt", "Abuse/a.mp4\nAbuse/b.mp4\nAbuse/a.mp4\n", "listed twice for train: 1 (a)"),
        (ANNOTATION, "Abuse028_x264.mp4 Abuse 1 2 -1 -1\n" * 2, "annotated twice; the first line counts"),
    ],
)
def test_what_contradicts_itself_is_said_and_nothing_of_it_is_made_up(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    data = load_dataset("ucf_crime", write(tmp_path, **(UCF | {name: text})), frame_counts=COUNTS)
    assert [remark for remark in data.contradictions if remark.startswith(said)], data.remarks
    assert set(data.contradictions) <= set(data.remarks)
    assert "Abuse028_x264" not in {video.name for video in data.of("train")}
    if "without an interval" in said:
        assert frames_of(data, "Abuse028_x264") is None


def test_an_end_within_a_snippet_beyond_the_last_frame_is_the_shared_arrays_way(tmp_path: Path) -> None:
    line = "Abuse028_x264.mp4 Abuse 8 26 -1 -1\nNormal_Videos_003_x264.mp4 Normal -1 -1 -1 -1\n"
    data = load_dataset("ucf_crime", write(tmp_path, **(UCF | {ANNOTATION: line})), frame_counts=COUNTS)
    assert (frames_of(data, "Abuse028_x264"), data.remarks) == ([8, 9], ())


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "Anomaly_Train__txt",
            "Abuse/a.mp4\nAbuse\n",
            r"Anomaly_Train\.txt, line 2: expected `Class/NAME.mp4`, got 'Abuse'",
        ),
        ("Anomaly_Train__txt", "Abuse/\n", "line 1: expected"),
        ("Anomaly_Train__txt", " \n\n", r"Anomaly_Train\.txt lists no video"),
        ("Anomaly_Train__txt", b"\xff\xfe\x00\x80", r"Anomaly_Train\.txt can't be read"),
        (ANNOTATION, "\nAbuse028_x264.mp4 Abuse 2 4 7\n", r"Temporal_.*\.txt, line 2: expected"),
        (ANNOTATION, "Abuse028_x264.mp4 Abuse 2 4 7 x\n", "line 1: expected"),
        (ANNOTATION, "Abuse028_x264.mp4 Abuse -5 4 -1 -1\n", "line 1: an interval begins at frame -5"),
        (ANNOTATION, "Abuse028_x264.mp4 Abuse 4 -1 -1 -1\n", "line 1: an interval ends before it starts: 4 to -1"),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_line(
    tmp_path: Path, name: str, text: str | bytes, message: str
) -> None:
    with pytest.raises(DataSetError, match=message):
        load_dataset("ucf_crime", write(tmp_path, **(UCF | {name: text})))


@pytest.mark.parametrize("kind", [kind for kind in DATASETS if kind != "manifest"])
def test_a_folder_without_the_files_is_refused_and_named(tmp_path: Path, kind: str) -> None:
    with pytest.raises(DataSetError, match=str(tmp_path)):
        load_dataset(kind, tmp_path)
    with pytest.raises(DataSetError, match="does not exist"):
        load_dataset(kind, tmp_path / "gone")
    (tmp_path / "file").touch()
    with pytest.raises(DataSetError, match="is a file"):
        load_dataset(kind, tmp_path / "file")


def test_unknown_kinds_options_and_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match=r"no kind of data set 'ucf'\. Allowed: ucf_crime"):
        load_dataset("ucf", tmp_path)
    with pytest.raises(DataSetError, match=r"ucf_crime has no option 'domain'\. Allowed: frame_counts, videos"):
        load_dataset("ucf_crime", tmp_path, domain="x")
    write(tmp_path, a_Anomaly_Train__txt="", b_Anomaly_Train__txt="")
    with pytest.raises(DataSetError, match=r"Which one is Anomaly_Train\.txt"):
        load_dataset("ucf_crime", tmp_path)
    write(tmp_path, Anomaly_Train__txt="")
    assert find(tmp_path, "Anomaly_Train.txt") == tmp_path / "Anomaly_Train.txt"
    assert find(write(tmp_path / "other", NotAnomaly_Train__txt=""), "Anomaly_Train.txt") is None


def test_lists_of_features_name_each_video_once(tmp_path: Path) -> None:
    text = "path,label\n/a/v.1__#00-01_label_A__0.npy,A\n/a/v.1__#00-01_label_A__1.npy,A\n"
    write(tmp_path, clips__csv=text, i3d__list="/x/01_0015_i3d.npy\n/x/01_0025_i3d.npy\n")
    assert [name for name, _ in listed(tmp_path / "clips.csv")] == ["v.1__#00-01_label_A"]
    assert [name for name, _ in listed(tmp_path / "i3d.list")] == ["01_0015", "01_0025"]
    assert stem(r"C:\data\Bad.Boys.1995__#1_label_A.mp4") == "Bad.Boys.1995__#1_label_A"


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
    assert short.remarks == ("no frame labels, since the number of frames is not known: 1 (01_001)",)


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


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"\x93NUMPY"])
def test_broken_arrays_are_refused(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, **SH, test_frame_gt__npz=content)
    with pytest.raises(DataSetError, match=r"test_frame_gt\.npz can't be read"):
        load_dataset("shanghaitech", tmp_path)


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
    same = load_dataset("manifest", tmp_path / "manifest.csv")
    assert labels(same) == labels(data)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("a.mp4,x,,,validation\n", "line 2: split is train or test"),
        ("a.mp4,x,0,1,train\na.mp4,x,2,3,test\n", "line 3: split is train or test, one for all rows"),
        ("a.mp4,x,1\n", "line 2: .*must both be seconds"),
        ("gone.mp4,x,,,train\n", "gone.mp4"),
    ],
)
def test_a_broken_manifest_is_refused_with_its_line(tmp_path: Path, rows: str, message: str) -> None:
    write_numbered(tmp_path / "a.mp4", 3, rate=10)
    with pytest.raises(DataSetError, match=message):
        load_dataset("manifest", write(tmp_path, manifest__csv=MANIFEST + rows))


def test_spans_beyond_the_frames_and_overlaps_are_no_harm() -> None:
    assert truth_of([(1, 3), (2, 4), (9, 12)], frames=10).labels.tolist() == [0, 1, 1, 1, 0, 0, 0, 0, 0, 1]


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
