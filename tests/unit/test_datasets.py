"""UCF-Crime from small files written by hand: exact labels, and what is said of files that can't be right."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from clipvad.datasets import DATASETS, VideoTimes, load_dataset
from clipvad.datasets.assembly import truth_of
from clipvad.datasets.files import find, listed, stem
from clipvad.errors import DataSetError
from clipvad.progress import Progress
from tests.calling import call
from tests.clips import write_numbered
from tests.data_files import frames_of, labels, write

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


def test_ucf_crime_beside_the_array_of_all_frames_in_the_order_of_its_own_list(tmp_path: Path) -> None:
    lists = "path,label\n/f/Normal_Videos_003_x264__5.npy,Normal\n/f/Abuse028_x264__5.npy,Abuse\n"
    write(tmp_path, **UCF, ucf_CLIP_rgbtest__csv=lists)
    joined = np.zeros(80)
    joined[[34, 35, *range(39, 52)]] = 1
    np.save(tmp_path / "gt_ucf.npy", joined)
    counts = {"Abuse028_x264": 48, "Normal_Videos_003_x264": 32}
    assert load_dataset("ucf_crime", tmp_path, frame_counts=counts).remarks == ()
    joined[33] = 1
    np.save(tmp_path / "gt_ucf.npy", joined)
    assert load_dataset("ucf_crime", tmp_path, frame_counts=counts).contradictions == (
        "annotation and array of frame labels differ: 1 (Abuse028_x264)",
    )


def test_without_numbers_of_frames_there_are_labels_of_videos_only(tmp_path: Path) -> None:
    data = load_dataset("ucf_crime", write(tmp_path, **UCF))
    assert [video.truth for video in data.videos] == [None] * 4
    assert data.remarks == (
        "no frame labels, as nothing tells the number of frames (arrays of labels, features or the videos would): "
        "2 (Abuse028_x264, Normal_Videos_003_x264)",
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
    said = "no frame labels, as the folder of videos has no such video or a broken one: 1 (Normal_Videos_003_x264)"
    assert data.remarks[1:] == (said,)


def test_frame_times_are_reported_video_by_video_and_a_broken_one_is_a_remark(tmp_path: Path) -> None:
    write(tmp_path, **UCF)
    (tmp_path / "videos").mkdir()
    write_numbered(tmp_path / "videos" / "Abuse028_x264.mp4", 6)
    (tmp_path / "videos" / "Normal_Videos_003_x264.mp4").write_bytes(b"no video")
    write_numbered(tmp_path / "videos" / "of_no_list.mp4", 6)
    heard: list[tuple[int, int]] = []
    times = VideoTimes(tmp_path / "videos", on_video=lambda done, total: heard.append((done, total)))
    data = load_dataset("ucf_crime", tmp_path, videos=times)
    assert heard == [(1, 2), (2, 2)]
    assert [video.truth is not None for video in data.of("test")] == [True, False]
    assert any("Normal_Videos_003_x264.mp4" in remark for remark in data.remarks)
    with pytest.raises(DataSetError, match=r"gone does not exist"):
        load_dataset("ucf_crime", tmp_path, videos=str(tmp_path / "gone"))  # as a training file has it


def test_the_command_says_how_many_videos_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, **UCF)
    (tmp_path / "videos").mkdir()
    write_numbered(tmp_path / "videos" / "Abuse028_x264.mp4", 6)
    check = ("datasets", "check", "ucf_crime", tmp_path)
    call(*check, "--videos", tmp_path / "videos")
    printed = capsys.readouterr()
    assert printed.err == "frame times of videos\n"
    assert "Frames of 1 of 2 test videos: 6, 2 abnormal" in printed.out
    told: list[Progress] = []
    monkeypatch.setattr("clipvad.cli.console.progress_of", lambda title: contextlib.nullcontext(told.append))
    call(*check, "--videos", tmp_path / "videos")
    assert [(one.stage, one.fraction) for one in told] == [("1/1 videos", 1.0)]
    call(*check)
    assert len(told) == 1


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


def test_the_class_is_the_last_folder_and_abnormal_is_not_normal(tmp_path: Path) -> None:
    text = "UCF/Abnormal/a.mp4\nUCF/Normal_Videos_event/b.mp4\n"
    data = load_dataset("ucf_crime", write(tmp_path, **(UCF | {"Anomaly_Train__txt": text})))
    assert [video.labels for video in data.of("train")] == [("Abnormal",), ()]


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
        ("Anomaly_Train__txt", b"\xff\xfe\x00\x80", r"Anomaly_Train\.txt is no UTF-8 text .* Save it as UTF-8"),
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


def test_spans_beyond_the_frames_and_overlaps_are_no_harm() -> None:
    assert truth_of([(1, 3), (2, 4), (9, 12)], frames=10).labels.tolist() == [0, 1, 1, 1, 0, 0, 0, 0, 0, 1]
