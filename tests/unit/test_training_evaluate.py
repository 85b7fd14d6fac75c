"""Figures of a checkpoint over labelled videos, against numbers worked out by hand; and the two commands around it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clipvad.cli import main
from clipvad.datasets import DataSet, LabelledVideo, Truth
from clipvad.errors import DataSetError, EncoderMismatchError, FeaturesError
from clipvad.features import FeatureSpec, ObjectFeatures, VideoFeatures
from clipvad.training import TrainConfig, evaluate, train
from tests.planted import NUMBERS, MemorySource, logits, sigmoid_model


def video(name: str, *scores: float, unit: Any = "frames", step: float = 2) -> VideoFeatures:
    return VideoFeatures(name=name, rows=logits(*scores), starts=np.arange(len(scores)) * step, unit=unit)


def labelled(name: str, kind: str, *labels: int, unit: Any = "frames", step: float = 1) -> LabelledVideo:
    truth = Truth(positions=np.arange(len(labels)) * step, labels=np.array(labels, bool), unit=unit)
    return LabelledVideo(name=name, split="test", labels=(kind,) if kind else (), truth=truth)


def test_figures_worked_out_by_hand() -> None:
    # Rows of two frames each: scores .9 .9 .2 .2 with labels 1 0 0 0; .6 .6 with 1 1; .3 .3 .7 .7 with none.
    dataset = DataSet(
        name="hand",
        videos=(labelled("a", "fall", 1, 0, 0, 0), labelled("b", "fire", 1, 1), labelled("c", "", 0, 0, 0, 0)),
    )
    source = MemorySource(NUMBERS, [video("a", 0.9, 0.2), video("b", 0.6), video("c", 0.3, 0.7)])
    found = evaluate(sigmoid_model(), dataset, source)
    np.testing.assert_allclose(found.curves["a"], [0.9, 0.9, 0.2, 0.2], atol=1e-6)
    # Positives .9 .6 .6, negatives .9 .2 .2 .3 .3 .7 .7: pairs won 6.5 + 4 + 4 of 21.
    assert found.whole.auc == pytest.approx(14.5 / 21)
    assert (found.whole.frames, found.whole.abnormal) == (10, 3)
    # By falling score: .9 (1 of 2), .7 (1 of 4), .6 (3 of 6): precision where recall grows.
    assert found.whole.ap == pytest.approx(1 / 3 * 1 / 2 + 2 / 3 * 3 / 6)
    # Abnormal videos alone: negatives .9 .2 .2: 2.5 + 2 + 2 of 9.
    assert found.abnormal.auc == pytest.approx(6.5 / 9)
    # Of one kind with the normal video: fall has .9 against .9 .2 .2 .3 .3 .7 .7; fire .6 .6 against .3 .3 .7 .7.
    assert found.classes["fall"].auc == pytest.approx(6.5 / 7)
    assert found.classes["fire"].auc == pytest.approx(4 / 8)


@pytest.mark.parametrize(
    ("features", "truth"),
    [
        (video("a", 0.9, 0.2, unit="part", step=0.5), labelled("a", "x", 1, 1, 0, 0, 0)),
        (video("a", 0.9, 0.2, unit="s", step=1.0), labelled("a", "x", 1, 1, 1, 0, 0, unit="s", step=0.4)),
        (video("a", 0.9, 0.2, unit="frames", step=3), labelled("a", "x", 1, 1, 1, 0, 0, unit="s", step=0.04)),
    ],
)
def test_rows_meet_their_frames_whatever_they_are_counted_in(features: VideoFeatures, truth: LabelledVideo) -> None:
    found = evaluate(sigmoid_model(), DataSet(name="one", videos=(truth,)), MemorySource(NUMBERS, [features]))
    assert truth.truth is not None
    cut = 3  # frames 0, 1, 2 lie in the first row: under half of 5 frames, before 1.0 s, before frame 3
    np.testing.assert_allclose(found.curves["a"], [0.9] * cut + [0.2] * (5 - cut), atol=1e-6)


def test_what_does_not_fit_is_refused() -> None:
    dataset = DataSet(name="one", videos=(labelled("a", "x", 1, 0),))
    there = MemorySource(NUMBERS, [video("a", 0.9)])
    seconds = MemorySource(NUMBERS, [video("a", 0.9, unit="s")])
    with pytest.raises(FeaturesError, match="a: the features are placed in seconds, the labels in frames"):
        evaluate(sigmoid_model(), dataset, seconds)
    with pytest.raises(FeaturesError, match="1 of 1 videos have no features: a"):
        evaluate(sigmoid_model(), dataset, MemorySource(NUMBERS, []))
    unlabelled = DataSet(name="one", videos=(LabelledVideo(name="a", split="test", labels=()),))
    with pytest.raises(DataSetError, match="no frame labels: a"):
        evaluate(sigmoid_model(), unlabelled, there)
    with pytest.raises(DataSetError, match="no video to test"):
        evaluate(sigmoid_model(), DataSet(name="none", videos=()), there)
    with pytest.raises(EncoderMismatchError):
        evaluate(sigmoid_model(FeatureSpec(encoder_id="I3D", dim=1, sampling="stride", step=2)), dataset, there)


class ObjectSource(MemorySource):
    """Videos of objects in place of frames."""

    def __init__(self, spec: FeatureSpec, objects: dict[str, ObjectFeatures]) -> None:
        super().__init__(spec, [])
        self.names = list(objects)
        self._objects = objects

    def read_objects(self, name: str) -> ObjectFeatures:
        return self._objects[name]


def objects(name: str, *frames: list[float], dim: int = 1) -> ObjectFeatures:
    """Scores of the objects of every frame, half a second apart; the nth object of each frame is track n."""
    found = [(frame, track, score) for frame, scores in enumerate(frames) for track, score in enumerate(scores)]
    return ObjectFeatures(
        name=name,
        rows=np.repeat(logits(*(score for *_, score in found))[0], dim, axis=1),
        frame=np.array([frame for frame, *_ in found], np.int32),
        track=np.array([track for _, track, _ in found], np.int32),
        pts_s=np.arange(len(frames)) * 0.5,
    )


OBJECTS = FeatureSpec(encoder_id="numbers", dim=1, sampling="fps", step=2, normalised=False, picture="object")


def test_a_frame_is_as_abnormal_as_its_most_abnormal_object() -> None:
    dataset = DataSet(name="one", videos=(labelled("a", "x", 1, 0, 0, 0, unit="s", step=0.5),))
    source = ObjectSource(OBJECTS, {"a": objects("a", [0.3, 0.8], [], [0.6], [0.1, 0.4])})
    found = evaluate(sigmoid_model(OBJECTS), dataset, source)
    np.testing.assert_allclose(found.curves["a"], [0.8, 0, 0.6, 0.4], atol=1e-6)
    with pytest.raises(FeaturesError, match="a feature store"):
        evaluate(sigmoid_model(OBJECTS), dataset, MemorySource(OBJECTS, [video("a", 0.5)]))


def test_objects_are_learned_from_labels_of_their_videos(tmp_path: Path) -> None:
    """One object in six of an abnormal video is odd; videos have different numbers of objects, one has none."""
    spec = FeatureSpec(encoder_id="numbers", dim=4, sampling="fps", step=2, normalised=False, picture="object")
    rng = np.random.default_rng(0)
    found, listed = {}, []
    for number in range(24):
        name, odd = f"v{number}", number % 2
        frames = [[0.3] * int(rng.integers(1, 6)) + [0.9 if odd else 0.3] for _ in range(int(rng.integers(3, 9)))]
        found[name] = objects(name, *(frames if number != 6 else [[]]), dim=4)
        truth = labelled(name, "odd" if odd else "", *[odd] * len(found[name].pts_s), unit="s", step=0.5).truth
        split: Any = "train" if number < 16 else "test"
        listed.append(LabelledVideo(name=name, split=split, labels=("odd",) if odd else (), truth=truth))
    dataset, source = DataSet(name="objects", videos=tuple(listed)), ObjectSource(spec, found)
    config = TrainConfig.model_validate(
        {
            "name": "objects",
            "model": {"branch": "classifier", "temporal": "local", "window": 4, "heads": 2},
            "loop": {"lr": 1e-2, "batch": 8, "epochs": 20},
        }
    )
    assert evaluate(train(config, dataset, source, out=tmp_path), dataset, source).whole.auc == 1.0


CONFIG = """
name: made
data: {kind: shanghaitech, root: ., features: [train.npz, test.npz], features_options: {encoder_id: I3D}}
model: {branch: classifier, temporal: none}
loop: {lr: 0.05, epochs: 12, batch: 8, device: cpu}
"""


@pytest.fixture
def campus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """ShanghaiTech's layout of features and labels, with 8 numbers a row: the first is raised in abnormal segments."""
    rng = np.random.default_rng(0)
    split, halves, truth = {}, {"train": {}, "test": {}}, {}  # type: ignore[var-annotated]
    for number in range(20):
        odd, half = number % 2, "train" if number < 12 else "test"
        name = f"01_{number:04}" if odd else f"01_{number:03}"
        rows = rng.standard_normal((32, 8)).astype(np.float16) * np.float16(0.1)
        rows[8:16, 0] += 3 * odd
        halves[half][name] = rows
        split[name] = "test" if half == "test" else f"train_{'abnormal' if odd else 'normal'}"
        if half == "test":
            truth[name] = np.repeat(np.arange(32) // 8 == 1, 4) & bool(odd)
    (tmp_path / "split.json").write_text(json.dumps(split))
    for half, videos in halves.items():
        np.savez(tmp_path / f"{half}.npz", **videos)
    np.savez(tmp_path / "test_frame_gt.npz", **truth)
    (tmp_path / "train.yaml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*argv: str) -> int:
    try:
        main(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_train_and_test_as_commands(campus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("train", "train.yaml", "--out", "made") == 0
    shown = capsys.readouterr()
    assert "epoch 12/12" in shown.err
    assert "chosen: epoch" in shown.err
    assert "looked at only now" in shown.err
    table = shown.out
    assert " 100.00" in table.splitlines()[2]
    assert sorted(path.name for path in (campus / "made").iterdir() if "tfevents" not in path.name) == [
        "curves.csv",
        "last.safetensors",
        "made.json",
        "made.safetensors",
    ]
    options = ("--data", "shanghaitech", "--root", ".", "--encoder-id", "I3D")
    assert run("test", "made/made.safetensors", *options, "--features", "test.npz", "--features", "train.npz") == 0
    assert capsys.readouterr().out == table


def test_a_checkpoint_is_tested_on_listed_features_and_by_the_options_of_a_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `train` takes from its file, `test` takes too: where listed files lie, whose labels, the videos' times."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "annotations.txt").write_text("a_label_B1-0-0 16 32\n")
    (tmp_path / "test.csv").write_text("path,label\n/theirs/a_label_B1-0-0__0.npy,B1\n")
    (tmp_path / "npy").mkdir()
    np.save(tmp_path / "npy" / "a_label_B1-0-0__0.npy", logits(0.2, 0.9, 0.3)[0])
    spec = FeatureSpec(encoder_id="numbers", dim=1, sampling="stride", step=16, normalised=False)
    sigmoid_model(spec).save(tmp_path / "sigmoid.safetensors")
    call = ("test", "sigmoid.safetensors", "--root", ".", "--features", "test.csv", "--encoder-id", "numbers")
    assert run(*call, "--data", "xd_violence") == 2
    assert "--features-root" in capsys.readouterr().err
    assert run(*call, "--data", "xd_violence", "--features-root", "npy") == 0
    assert capsys.readouterr().out.splitlines()[2].split() == ["all", "48", "16", "100.00", "100.00"]
    assert run(*call, "--data", "xd_violence", "--features-root", "npy", "--domain", "shared") == 2
    assert "xd_violence has no option 'domain'" in capsys.readouterr().err
    assert run(*call, "--data", "xd_violence", "--features-root", "npy", "--videos", "gone") == 2
    assert "The folder of videos gone does not exist" in capsys.readouterr().err


def test_a_call_that_is_wrong_is_one_line_and_exit_code_2(campus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("train", "train.yaml", "--out", "made") == 0
    for argv, said in {
        ("train", "train.yaml", "--out", "made"): "holds a training already",
        ("train", "train.yaml", "--out", "made", "--resume", "--seed", "5"): "other settings: loop.seed.",
        ("train", "none.yaml", "--out", "b"): "none.yaml can't be read",
        ("train", "train.yaml", "--out", "b", "--root", "elsewhere"): "elsewhere does not exist",
        ("train", "train.yaml", "--out", "b", "--features", "test.npz"): "12 of 12 videos have no features",
        ("test", "split.json", "--data", "shanghaitech", "--root", ".", "--features", "test.npz"): "error",
    }.items():
        capsys.readouterr()
        assert run(*argv) == 2, argv
        shown = capsys.readouterr().err.strip().splitlines()
        assert said in shown[-1], argv
