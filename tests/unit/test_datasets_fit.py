"""Features beside a data set: numbers of frames from them, and what does not fit; the street benchmark's labels."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import clipvad.features
from clipvad.cli import main
from clipvad.datasets import DataSet, LabelledVideo, Truth, load_dataset
from clipvad.datasets.fit import FrameCounts, check_features, expected_rows, load_for
from clipvad.errors import DataSetError, FeaturesError
from clipvad.features import FeatureSpec, VideoFeatures
from clipvad.features.base import Sampling
from clipvad.synth.layouts import COLUMNS


class Rows:
    """Features of so many rows by name; -1 rows stand for a broken file. `end` by name where it is known."""

    def __init__(self, rows: dict[str, int], *, sampling: Sampling = "stride", step: float = 16, **end: float) -> None:
        self.rows, self.end = rows, end
        self.spec = FeatureSpec(encoder_id="test", dim=2, sampling=sampling, step=step)
        self.reads: list[str] = []

    @property
    def names(self) -> Sequence[str]:
        return list(self.rows)

    def read(self, name: str) -> VideoFeatures:
        self.reads.append(name)
        count = self.rows[name]
        if count < 0:
            raise FeaturesError(f"{name}.npy is broken.")
        starts = np.arange(count) * (1 / self.spec.step if self.spec.sampling == "fps" else self.spec.step)
        return VideoFeatures(
            name=name,
            rows=np.zeros((1, count, 2), np.float32),
            starts=starts,
            unit="s" if self.spec.sampling == "fps" else "frames",
            end=self.end.get(name),
        )


def truth(frames: int, *, fps: float = 0) -> Truth:
    positions = np.arange(frames) / (fps or 1)
    return Truth(positions=positions, labels=np.zeros(frames, bool), unit="s" if fps else "frames")


def data_set(**frames: int) -> DataSet:
    videos = [LabelledVideo(name=name, split="test", labels=(), truth=truth(count)) for name, count in frames.items()]
    return DataSet(name="x", videos=(LabelledVideo(name="t", split="train", labels=()), *videos))


def test_numbers_of_frames_are_ends_or_whole_rows_and_are_read_once_when_asked_for() -> None:
    source = Rows({"a": 3, "b": 4, "c": -1}, b=60)
    counts = FrameCounts(source)
    assert source.reads == []
    assert [counts.get(name) for name in ("a", "b", "c", "d", "a")] == [48, 60, None, None, 48]
    assert source.reads == ["a", "b", "c"]
    assert dict(counts) == {"a": 48, "b": 60}
    assert len(FrameCounts(Rows({"a": 3}, sampling="fps", step=8))) == 0


def test_a_data_set_without_lengths_takes_those_of_the_features(tmp_path: Path) -> None:
    (tmp_path / "annotations.txt").write_text("a_label_B1-0-0 20 100\n")
    source = Rows({"a_label_B1-0-0": 4})
    data = load_for(source, "xd_violence", tmp_path)
    (video,) = data.videos
    assert video.truth is not None
    assert np.flatnonzero(video.truth.labels).tolist() == list(range(20, 64))
    assert [remark.split(":")[0] for remark in data.contradictions] == ["annotated beyond the last frame"]
    own = load_for(source, "xd_violence", tmp_path, frame_counts={"a_label_B1-0-0": 100})
    assert own.contradictions == ()


def test_what_of_the_features_does_not_fit_is_said() -> None:
    data = data_set(short=160, right=160, open_end=170, long=160, broken=16, gone=16)
    source = Rows({"short": 8, "right": 10, "open_end": 11, "long": 12, "broken": -1, "t": 1})
    found = check_features(data, source)
    assert found.contradictions == (
        "features of another length than the video's (16 frames a row, 2 numbers each, unit vectors): "
        "2 (short: 8 rows, not 10, long: 12 rows, not 10)",
        "broken.npy is broken.",
    )
    assert found.remarks == (*found.contradictions, "no features of test videos: 1 (gone)")
    assert "t" not in source.reads
    assert check_features(data_set(right=160), source).remarks == ()
    assert check_features(data_set(right=160), Rows({"right": 10})).remarks == ("no features of train videos: 1 (t)",)


def test_features_in_seconds_need_labels_in_seconds() -> None:
    source = Rows({"a": 32, "t": 1}, sampling="fps", step=8)
    (said,) = check_features(data_set(a=100), source).remarks
    assert said == "features in seconds need frame labels at the videos' timestamps: give the folder of videos: 1 (a)"
    videos = (LabelledVideo(name="a", split="test", labels=(), truth=truth(100, fps=25)),)
    assert check_features(DataSet(name="x", videos=videos), source).remarks == ()


@pytest.mark.parametrize(
    ("sampling", "step", "of", "rows"),
    [
        ("stride", 16, truth(160), 10),
        ("stride", 16, truth(168, fps=25), 10.5),
        ("segments", 32, truth(160), 32),
        ("fps", 8, truth(100, fps=25), 32),  # 4 seconds: the last frame is shown as long as the others
        ("fps", 8, truth(100), None),
        ("fps", 8, truth(1, fps=25), None),
    ],
)
def test_rows_that_a_video_should_have(sampling: Sampling, step: float, of: Truth, rows: float | None) -> None:
    found = expected_rows(of, FeatureSpec(encoder_id="x", dim=1, sampling=sampling, step=step))
    assert found == (rows if rows is None else pytest.approx(rows))


def test_the_command_with_features(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "annotations.txt").write_text("a_label_B1-0-0 20 40\n")
    source = Rows({"a_label_B1-0-0": 4})
    monkeypatch.setattr(clipvad.features, "open_features", lambda paths, **_: source, raising=False)
    with pytest.raises(SystemExit) as stopped:
        main(["datasets", "check", "xd_violence", str(tmp_path), "--features", str(tmp_path / "store")])
    assert not stopped.value.code
    assert "Frames of 1 of 1 test videos: 64, 20 abnormal (31.25 %)" in capsys.readouterr().out
    source.rows["a_label_B1-0-0"] = -1
    with pytest.raises(SystemExit) as stopped:
        main(["datasets", "check", "xd_violence", str(tmp_path), "--features", str(tmp_path / "store")])
    assert stopped.value.code == 1
    assert "inconsistent: a_label_B1-0-0.npy is broken." in capsys.readouterr().out


def street(folder: Path) -> Path:
    """A street benchmark without its videos: what its reader wants."""
    events = {
        "one": ("train", [("fight", 0.2, 0.4)]),
        "two": ("test", [("cycling", 0.5, 0.6), ("fight", 0.1, 0.2), ("theft", 0.1, 0.4)]),
        "three": ("test", []),
    }
    (folder / "truth").mkdir(parents=True)
    with open(folder / "manifest.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for name, (split, _) in events.items():
            writer.writerow({"video": f"videos/{name}.mp4", "split": split, "heldout": "", "seed": 1})
    for name, (_, found) in events.items():
        spans = [{"label": label, "start_s": start_s, "end_s": end_s} for label, start_s, end_s in found]
        (folder / "truth" / f"{name}.json").write_text(json.dumps({"fps": 10, "frames": [[]] * 8, "events": spans}))
    return folder


def test_the_street_benchmark_by_domain_longest_event_first(tmp_path: Path) -> None:
    data = load_dataset("street", street(tmp_path))
    by_name = {video.name: video for video in data.videos}
    assert {name: (video.split, video.labels) for name, video in by_name.items()} == {
        "one": ("train", ("fight",)),
        "three": ("test", ()),
        "two": ("test", ("theft", "fight", "cycling")),
    }
    found = by_name["two"].truth
    assert found is not None
    assert found.positions.tolist() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert (found.unit, found.labels.tolist()) == ("s", [False, True, True, True, False, True, False, False])
    assert by_name["one"].truth is None
    shared = load_dataset("street", tmp_path, domain="shared")
    assert next(video.labels for video in shared.videos if video.name == "two") == ("theft", "fight")
    with pytest.raises(DataSetError, match="no domain"):
        load_dataset("street", tmp_path, domain="moon")
    (tmp_path / "truth" / "two.json").unlink()
    with pytest.raises(DataSetError, match="no complete street benchmark"):
        load_dataset("street", tmp_path)
