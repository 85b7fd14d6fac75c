"""Manifests: what is accepted, what is refused and how; and the readers of two data sets, in both their layouts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from clipvad.errors import ManifestError
from clipvad.evaluation.manifest import Entry, frames_to_interval, manifest_csv, read_manifest
from clipvad.evaluation.metrics import inside
from clipvad.evaluation.readers import read_ucf_crime, read_ucsd_ped2
from clipvad.evaluation.times import frame_times
from tests.clips import write_numbered

HEADER = "video,label,start_s,end_s\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clips").mkdir()
    for name in ("a.mp4", "b.mp4", "with space, and comma.mp4"):
        (tmp_path / "clips" / name).touch()
    return tmp_path


def write(folder: Path, text: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_of_one_video_are_its_intervals_and_paths_are_relative_to_the_manifest(folder: Path) -> None:
    path = write(folder, HEADER + "clips/a.mp4,fight,1,2.5\nclips/b.mp4,normal,,\nclips/a.mp4,fight,4,5\n")
    assert read_manifest(path) == (
        Entry(video=folder / "clips/a.mp4", label="fight", intervals=((1.0, 2.5), (4.0, 5.0))),
        Entry(video=folder / "clips/b.mp4", label="normal"),
    )


def test_a_spreadsheets_bom_extra_columns_spaces_and_quotes_are_fine(folder: Path) -> None:
    text = '\ufeffnote,video, label,start_s,end_s\nx,"clips/with space, and comma.mp4", fight , 0, 1\n'
    (entry,) = read_manifest(write(folder, text))
    assert (entry.label, entry.intervals, entry.video.exists()) == ("fight", ((0.0, 1.0),), True)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "lists no video"),
        ("clips/a.mp4,x,1\n", "line 2.*both be seconds"),
        ("clips/a.mp4,x,1,one\n", "line 2.*both be seconds"),
        ("clips/b.mp4,x,1,2\nclips/a.mp4,x,5,2\n", "line 3.*start_s < end_s"),
        ("clips/a.mp4,x,-1,2\n", "start_s < end_s"),
        ("clips/a.mp4,x,nan,2\n", "start_s < end_s"),
        ("clips/a.mp4,x,0,inf\n", "start_s < end_s"),
        ("clips/a.mp4,x,1,2\nclips/a.mp4,normal,,\n", "line 3.*twice"),
        ("clips/a.mp4,normal,,\nclips/a.mp4,normal,,\n", "line 3.*twice"),
        (",x,1,2\n", "line 2.*video is missing"),
        ("clips/a.mp4,fig", "line 2: the row ends early"),  # cut off: else a normal video
        ("clips/gone.mp4,x,1,2\n", "gone.mp4.*relative to the manifest"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(folder: Path, body: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        read_manifest(write(folder, HEADER + body))


def test_missing_columns_unreadable_and_absent_files_are_refused(folder: Path) -> None:
    with pytest.raises(ManifestError, match="columns start_s, end_s are missing"):
        read_manifest(write(folder, "video,label\nclips/a.mp4,x\n"))
    (folder / "binary.csv").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ManifestError, match=r"binary\.csv is no UTF-8 text .* Save it as UTF-8"):
        read_manifest(folder / "binary.csv")
    for name in ("absent.csv", "clips"):
        with pytest.raises(ManifestError, match="can't be read"):
            read_manifest(folder / name)


def test_what_is_written_reads_back(folder: Path) -> None:
    entries = (
        Entry(video=folder / "clips/a.mp4", label="fight", intervals=((0.5, 1.25), (2.0, 3.0))),
        Entry(video=folder / "clips/with space, and comma.mp4", label="normal"),
    )
    assert read_manifest(write(folder, manifest_csv(entries, relative_to=folder))) == entries


@given(
    st.lists(st.floats(0.0011, 0.5), min_size=1, max_size=30).map(lambda gaps: np.cumsum([0.0, *gaps])),
    st.integers(0, 29),
    st.integers(1, 40),
)
def test_frames_survive_the_way_to_seconds_and_back(times: np.ndarray, first: int, length: int) -> None:
    interval = frames_to_interval(first, first + length, times.tolist())
    if interval is None:
        assert first >= len(times)
        return
    written = tuple(float(f"{t:.3f}") for t in interval)
    expected = [first <= i < first + length for i in range(len(times))]
    assert inside(times, [(written[0], written[1])]).tolist() == expected


UCF = """Abuse028_x264.mp4  Abuse  3  6  -1  -1  

Arson011_x264.mp4  Arson  0  2  8  20
Late_x264.mp4  Fighting  50  60  -1  -1
Missing_x264.mp4  Assault  1  2  -1  -1
Normal_Videos_003_x264.mp4  Normal  -1  -1  -1  -1
"""  # noqa: W291 (as in the published file)


def test_ucf_crime_by_each_clips_own_timestamps(tmp_path: Path) -> None:
    deep = tmp_path / "videos" / "Abuse"
    deep.mkdir(parents=True)
    uneven = [0, 100, 250, 400, 450, 900, 1000, 1100, 1200, 1300]
    write_numbered(deep / "Abuse028_x264.mp4", 10, times=uneven)
    for name in ("Arson011_x264.mp4", "Late_x264.mp4", "Normal_Videos_003_x264.mp4"):
        write_numbered(tmp_path / "videos" / name, 10, rate=10)
    annotation = tmp_path / "annotation.txt"
    annotation.write_text(UCF)
    entries, skipped = read_ucf_crime(annotation, tmp_path / "videos")
    found = {entry.video.stem: entry for entry in entries}
    assert found["Abuse028_x264"].intervals == ((0.4, 1.0),)
    assert found["Arson011_x264"].intervals == ((0.0, 0.2), (0.8, 1.0))
    assert (found["Normal_Videos_003_x264"].label, found["Normal_Videos_003_x264"].intervals) == ("normal", ())
    assert [line.split(":")[0] for line in skipped] == ["Late_x264.mp4", "Missing_x264.mp4"]
    times, _ = frame_times(found["Abuse028_x264"].video)
    assert np.flatnonzero(inside(times, found["Abuse028_x264"].intervals)).tolist() == [3, 4, 5]


@pytest.mark.parametrize("line", ["a.mp4 Abuse 1 2 -1", "a.mp4 Abuse 1 2 x y", "a.mp4", "a.mp4 Abuse 9 3 -1 -1"])
def test_another_kind_of_annotation_file_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "annotation.txt").write_text(f"ok.mp4 Normal -1 -1 -1 -1\n{line}\n")
    with pytest.raises(ManifestError, match="line 2"):
        read_ucf_crime(tmp_path / "annotation.txt", tmp_path)


def pictures(folder: Path, count: int, suffix: str, marked: tuple[int, ...] = ()) -> None:
    folder.mkdir(parents=True)
    for i in range(count):
        value = 255 if i in marked else 0
        grey = np.zeros((24, 36), np.uint8)
        grey[5:9, 5:9] = value
        Image.fromarray(grey).save(folder / f"{i + 1:03d}{suffix}")


def test_ped2_with_folders_of_pictures_and_the_official_ranges(tmp_path: Path) -> None:
    pictures(tmp_path / "Test" / "Test001", 12, ".tif")
    pictures(tmp_path / "Test" / "Test002", 12, ".tif")
    pictures(tmp_path / "Test" / "Test001_gt", 12, ".bmp", marked=(0,))  # the .m file wins
    (tmp_path / "Test" / "UCSDped2.m").write_text(
        "TestVideoFile = {};\nTestVideoFile{end+1}.gt_frame = [6:12];\nTestVideoFile{end+1}.gt_frame = [1:2, 5:6];\n"
    )
    entries, skipped = read_ucsd_ped2(tmp_path)
    assert [(entry.video.name, entry.intervals) for entry in entries] == [
        ("Test001", ((0.5, 1.2),)),  # frames 6 to 12 from 1: 5 to 11 from 0, at 10 a second
        ("Test002", ((0.0, 0.2), (0.4, 0.6))),
    ]
    assert skipped == ()


def test_ped2_with_masks_alone(tmp_path: Path) -> None:
    for number in (1, 2):
        pictures(tmp_path / "Test" / f"Test00{number}", 10, ".tif")
    pictures(tmp_path / "Test" / "Test001_gt", 10, ".bmp", marked=(2, 3, 7))
    entries, skipped = read_ucsd_ped2(tmp_path / "Test")
    assert [entry.intervals for entry in entries] == [((0.2, 0.4), (0.7, 0.8))]
    assert skipped == ("Test002: no labels",)


def test_ped2_as_videos_with_a_json_of_ranges(tmp_path: Path) -> None:
    (tmp_path / "test").mkdir()
    write_numbered(tmp_path / "test" / "Test001.mp4", 10, rate=10)
    write_numbered(tmp_path / "test" / "Test002.mp4", 10, rate=10)
    truth = {"Test001": {"intervals_0based_inclusive": [[5, 9]]}, "Test002": {"intervals_0based_inclusive": []}}
    (tmp_path / "frame_gt.json").write_text(json.dumps(truth))
    entries, _ = read_ucsd_ped2(tmp_path)
    assert [(entry.label, entry.intervals) for entry in entries] == [("anomaly", ((0.5, 1.0),)), ("normal", ())]


def test_ped2_without_clips_without_labels_and_with_a_broken_json(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="no UCSD test clips"):
        read_ucsd_ped2(tmp_path)
    pictures(tmp_path / "Test001", 3, ".tif")
    with pytest.raises(ManifestError, match="no labels"):
        read_ucsd_ped2(tmp_path)
    (tmp_path / "frame_gt.json").write_text('{"Test001": [1, 2]}')
    with pytest.raises(ManifestError, match=r"frame_gt\.json"):
        read_ucsd_ped2(tmp_path)


@pytest.fixture
def data() -> Path:
    if "CLIPVAD_DATA" not in os.environ:
        pytest.skip("CLIPVAD_DATA is not set: no real footage here")
    return Path(os.environ["CLIPVAD_DATA"])


def test_ped2_labels_equal_the_published_pixel_masks(data: Path) -> None:
    masks = np.load(data / "ucsd_ped2" / "pixel_masks.npz")
    entries, skipped = read_ucsd_ped2(data / "ucsd_ped2")
    assert (len(entries), skipped) == (6, ())
    for entry in entries:
        labels = inside(frame_times(entry.video)[0], entry.intervals)
        np.testing.assert_array_equal(labels, masks[entry.video.stem].any(axis=(1, 2)), entry.video.name)


def test_ucf_crime_labels_equal_the_ground_truth_that_later_papers_share(data: Path) -> None:
    folder = data / "annotations" / "ucf_crime"
    entries, skipped = read_ucf_crime(
        folder / "Temporal_Anomaly_Annotation_for_Testing_Videos.txt", data / "ucf_crime_clips"
    )
    assert len(entries) + len(skipped) == 290
    truth = np.load(folder / "pel4vad_test_frame_gt.npz")
    for entry in entries:
        name = entry.video.stem
        expected = next(truth[key] for key in truth if key.startswith(name.removesuffix("_x264"))) > 0
        labels = inside(frame_times(entry.video)[0], entry.intervals)
        shared = min(len(labels), len(expected))  # later papers cut a clip to whole snippets of 16 frames
        np.testing.assert_array_equal(labels[:shared], expected[:shared], name)
