"""What a score of 0.5 means after training: a share of false alarms on normal videos, and no change of any order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from clipvad.checkpoints import HEADER, read_card
from clipvad.datasets import DataSet, LabelledVideo, Truth
from clipvad.errors import ModelError
from clipvad.features import FeatureSpec, ObjectFeatures, VideoFeatures
from clipvad.nn import Checkpoint
from clipvad.training import TrainConfig, evaluate, train
from clipvad.training.calibration import calibrated
from clipvad.training.evaluate import score_rows
from tests.planted import NUMBERS, MemorySource, planted, sigmoid_model


def numbers(name: str, *logits: float) -> VideoFeatures:
    rows = np.array(logits, np.float32).reshape(1, -1, 1)
    return VideoFeatures(name=name, rows=rows, starts=np.arange(rows.shape[1]) * 2.0, unit="frames")


# 21 rows of two normal videos with the logits 0, 0.5 .. 10: the 95 % quantile is the 20th, 9.5.
SOURCE = MemorySource(NUMBERS, [numbers("a", *np.arange(0, 5, 0.5)), numbers("b", *np.arange(5, 10.5, 0.5))])


def scores(checkpoint: Checkpoint, source: MemorySource, *names: str) -> np.ndarray:
    model = checkpoint.model()
    return np.concatenate([score_rows(model, checkpoint.embeddings, source, name)[0] for name in names])


def test_one_normal_frame_in_twenty_is_left_above_one_half() -> None:
    found = calibrated(sigmoid_model(), ["a", "b"], SOURCE)
    assert found.normal_bias == pytest.approx(9.5, abs=2e-3)
    after = scores(found, SOURCE, "a", "b")
    assert (after > 0.5).sum() == 1
    np.testing.assert_allclose(after[:3], 1 / (1 + np.exp(9.5 - np.array([0, 0.5, 1]))), rtol=1e-2)
    assert (np.diff(after) > 0).all(), "the order of frames is what it was"
    again = calibrated(found, ["a", "b"], SOURCE)
    assert again.normal_bias == pytest.approx(found.normal_bias, abs=1e-3)


def test_a_share_of_ones_own() -> None:
    found = calibrated(sigmoid_model(), ["a", "b"], SOURCE, false_alarms=0.5)
    assert (scores(found, SOURCE, "a", "b") > 0.5).sum() == 10
    assert found.training["calibrated_on"] == {"normal_videos": 2, "frames_above_half_at_most": 0.5}


def test_a_model_that_is_quiet_already_stays_as_it_is() -> None:
    quiet = MemorySource(NUMBERS, [numbers("a", *np.arange(-30, -1, 0.5))])
    assert calibrated(sigmoid_model(), ["a"], quiet).normal_bias == 0
    assert calibrated(sigmoid_model(), [], quiet).normal_bias == 0


def test_scores_too_near_to_1_for_their_type_are_calibrated_too() -> None:
    sure = MemorySource(NUMBERS, [numbers("a", *np.arange(20, 41, 1.0))])  # 1 - 2e-9 and more
    found = calibrated(sigmoid_model(), ["a"], sure)
    assert found.normal_bias == pytest.approx(39, abs=2e-3)
    assert (scores(found, sure, "a") > 0.5).sum() == 1


def test_the_mean_of_crops_is_what_crosses_one_half() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(4, 6, (10, 200, 1)).astype(np.float32)  # crops that contradict each other
    source = MemorySource(
        replace(NUMBERS, crops=10), [VideoFeatures(name="a", rows=rows, starts=np.arange(200) * 2.0, unit="frames")]
    )
    found = calibrated(sigmoid_model(), ["a"], source)
    assert (scores(found, source, "a") > 0.5).sum() == 9  # the 190th of 199 steps up the 200 frames


def test_objects_are_calibrated_by_the_strongest_of_each_frame_and_empty_frames_count() -> None:
    class Objects(MemorySource):
        def read_objects(self, name: str) -> ObjectFeatures:
            rows = np.array([[1.0], [7.0], [5.0], [3.0]], np.float32)
            frame, track = np.array([0, 0, 2, 4], np.int32), np.full(4, -1, np.int32)
            return ObjectFeatures(name=name, rows=rows, frame=frame, track=track, pts_s=np.arange(20) / 2)

    source = Objects(FeatureSpec(encoder_id="numbers", dim=1, sampling="fps", step=2, picture="object"), [])
    for false_alarms, bias, left in ((0.05, 7, 0), (0.1, 5, 1), (0.15, 3, 2), (0.2, 0, 3)):  # of 20 frames
        found = calibrated(sigmoid_model(source.spec), ["a"], source, false_alarms=false_alarms)
        assert found.normal_bias == pytest.approx(bias, abs=2e-3)
        assert (scores(found, source, "a") > 0.5).sum() == left


def test_a_bias_moves_no_ranking_however_far_it_moves_the_scores() -> None:
    labels, close = np.arange(40) % 2 == 1, np.arange(40) / 100
    source = MemorySource(NUMBERS, [numbers("a", *close)])
    truth = Truth(positions=np.arange(40) * 2.0, labels=labels, unit="frames")
    dataset = DataSet(name="one", videos=(LabelledVideo(name="a", split="test", labels=("fall",), truth=truth),))
    plain = evaluate(sigmoid_model(), dataset, source).whole
    assert evaluate(replace(sigmoid_model(), normal_bias=18.0), dataset, source).whole == plain


def test_training_calibrates_on_the_normal_videos_it_kept_aside(tmp_path: Path) -> None:
    dataset, source = planted()
    model = {"branch": "classifier", "temporal": "none"}
    loop = {"lr": 1e-4, "batch": 8, "epochs": 1, "val_share": 0.5, "seed": 1}  # too short to know anything
    config = TrainConfig.model_validate({"name": "made", "model": model, "loop": loop})
    made = train(config, dataset, source, out=tmp_path)
    normal = [video.name for video in dataset.of("train") if not video.labels]
    kept = [name for name in made.training["val_videos"] if name in normal]
    assert kept
    assert made.training["calibrated_on"]["normal_videos"] == len(kept)
    assert made.normal_bias > 0
    assert (scores(replace(made, normal_bias=0.0), source, *kept) > 0.5).mean() > 0.05, "it alarmed too often before"
    assert (scores(made, source, *kept) > 0.5).mean() <= 0.05
    loaded = Checkpoint.load(tmp_path / "made.safetensors")
    assert loaded.normal_bias == made.normal_bias
    figures = [evaluate(one, dataset, source).whole for one in (replace(made, normal_bias=0.0), loaded)]
    assert figures[0] == figures[1]


def test_a_card_from_before_has_no_bias_and_one_that_is_no_number_is_refused(tmp_path: Path) -> None:
    path = sigmoid_model().save(tmp_path / "head.safetensors")
    card, tensors = read_card(path), load_file(path)

    def rewritten(**changes: object) -> Path:
        text = json.dumps({key: value for key, value in (card | changes).items() if value is not None})
        save_file(tensors, path, metadata={HEADER: text})
        return path

    assert Checkpoint.load(rewritten(normal_bias=None)).normal_bias == 0
    for wrong in (float("nan"), float("inf"), "high", [1]):
        with pytest.raises(ModelError, match="damaged"):
            Checkpoint.load(rewritten(normal_bias=wrong))
