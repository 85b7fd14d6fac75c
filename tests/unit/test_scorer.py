"""A trained head in the product: its class probabilities as curve and events, what it refuses, what a file may hold."""

from __future__ import annotations

import json
import pickle
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from clipvad.checkpoints import HEADER, read_card
from clipvad.core import ZERO_SHOT, Detections, Embeddings, Features, Rule, RuleSet, ScoreSettings, VideoInfo
from clipvad.errors import ClipvadError, EncoderMismatchError, ModelError, SettingsError
from clipvad.exports import analysis_to_dict
from clipvad.nn import Checkpoint, ModelConfig, class_probabilities
from clipvad.nn.scorer import VideoScorer
from clipvad.pipeline import Analyzer
from clipvad.schema import analysis_from_dict
from clipvad.scorers import load_scorer, shipped_heads
from clipvad.scoring import SimilarityScorer
from tests.clips import write_clip
from tests.fakes import ColourEncoder, SquareDetector
from tests.heads import TAU, make_head

RULES = RuleSet(name="mine", normal=(Rule(text="green"),), abnormal=(Rule(text="red"),), smooth_s=0.0)
EMPTY = Embeddings(np.zeros((0, 3)), ColourEncoder.id)
AXES = np.eye(3)  # classes of the colour encoder: normal is red, class 1 green, class 2 blue
MIXED = ModelConfig(temporal="local+global", window=4, heads=1, tau=TAU)


def unit(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def rows(count: int, seed: int = 0) -> Embeddings:
    return Embeddings(unit(np.random.default_rng(seed).normal(size=(count, 3))), ColourEncoder.id)


def features(frames: int = 6, objects: tuple[tuple[int, int], ...] = (), *, fps: float = 25.0) -> Features:
    """`objects`: (frame, track) a row."""
    found = np.array(objects, np.int32).reshape(-1, 2)
    count = len(found)
    detections = Detections(
        frame=found[:, 0],
        xyxy=np.tile(np.float32([0, 0, 8, 8]), (count, 1)),
        confidence=np.ones(count, np.float32),
        label=np.zeros(count, np.int16),
        track=found[:, 1],
        names=("square",),
        detector_id="squares/1",
    )
    video = VideoInfo(path="", name="clip", width=64, height=48, fps=fps, duration_s=frames / 8, codec="h264")
    return Features(
        video, np.arange(frames) / 8, ColourEncoder.id, frames=rows(frames), detections=detections,
        objects=rows(count, seed=1),
    )  # fmt: skip


def analyzer(scorer: VideoScorer | str | Path, *, fps: float = 8.0) -> Analyzer:
    return Analyzer(encoder=ColourEncoder(), detector=SquareDetector(), scorer=scorer, fps=fps)


def softmax_by_hand(row: NDArray[np.floating]) -> list[float]:
    powers = [float(np.exp(value / TAU)) for value in row]  # the classes are the axes, so cosines are the entries
    return [power / sum(powers) for power in powers]


class TestFrames:
    def test_scores_are_the_softmax_of_the_cosines_with_the_normal_class_left_out(self) -> None:
        scorer = VideoScorer(make_head(ColourEncoder.id, AXES, classes=("walking", "cycling", "driving")))
        seen = features()
        scores = scorer.score(seen, EMPTY, scorer.rules_for(RULES), mode="frame")
        assert seen.frames is not None
        wanted = [softmax_by_hand(row) for row in seen.frames.vectors]
        np.testing.assert_allclose(scores.probabilities, wanted, atol=1e-5)
        np.testing.assert_allclose(scores.score, [1 - row[0] for row in wanted], atol=1e-5)

    def test_a_head_that_looks_around_in_time_sees_the_whole_clip_at_once(self) -> None:
        head = make_head(ColourEncoder.id, AXES, config=MIXED)
        seen = features(frames=19)
        scorer = VideoScorer(head)
        scores = scorer.score(seen, EMPTY, scorer.rules_for(RULES), mode="frame")
        assert seen.frames is not None
        wanted = class_probabilities(head.model(), seen.frames.vectors[None], head.embeddings)
        np.testing.assert_allclose(scores.probabilities, wanted, atol=1e-6)

    def test_a_classifier_has_two_classes(self) -> None:
        config = ModelConfig(branch="classifier", temporal="none", heads=1)
        head = replace(make_head(ColourEncoder.id, AXES[:2], config=config), embeddings=None)
        scores = VideoScorer(head).score(features(), EMPTY, VideoScorer(head).rules_for(RULES), mode="frame")
        assert scores.probabilities.shape == (6, 2)
        np.testing.assert_allclose(scores.score, scores.probabilities[:, 1], atol=1e-6)


class TestObjects:
    LAYOUT = ((0, 7), (0, -1), (1, 3), (1, 7), (3, -1), (4, 3), (4, 7))
    TRACKS = ((0, 3, 6), (2, 5), (1,), (4,))

    def test_every_track_is_a_video_and_the_rest_are_videos_of_one_row(self) -> None:
        head = make_head(ColourEncoder.id, AXES, config=MIXED, picture="object")
        seen, scorer = features(objects=self.LAYOUT), VideoScorer(head)
        scores = scorer.score(seen, EMPTY, scorer.rules_for(RULES), mode="object")
        assert seen.objects is not None
        each = np.zeros((7, 3))
        for track in self.TRACKS:
            each[list(track)] = class_probabilities(head.model(), seen.objects.vectors[None, track], head.embeddings)
        assert scores.object_score is not None
        np.testing.assert_allclose(scores.object_score, 1 - each[:, 0], atol=1e-6)
        assert scores.object_top is not None
        assert scores.object_top.tolist() == each.argmax(axis=1).tolist()

    def test_a_frame_has_the_score_of_its_worst_object_and_0_without_one(self) -> None:
        scorer = VideoScorer(make_head(ColourEncoder.id, AXES, picture="object"))
        scores = scorer.score(features(objects=self.LAYOUT), EMPTY, scorer.rules_for(RULES), mode="object")
        each = scores.object_score
        assert each is not None
        wanted = [max(each[[0, 1]]), max(each[[2, 3]]), 0, each[4], max(each[[5, 6]]), 0]
        assert scores.score.tolist() == wanted
        assert scores.winner.tolist()[2::3] == [-1, -1]
        assert scores.winner[3] == 4

    def test_a_clip_without_objects_is_calm(self) -> None:
        scorer = VideoScorer(make_head(ColourEncoder.id, AXES, picture="object"))
        assert not scorer.score(features(), EMPTY, scorer.rules_for(RULES), mode="object").score.any()


class TestAnalysis:
    HEAD = make_head(ColourEncoder.id, AXES, classes=("walking", "cycling", "driving"), name="street")

    def test_the_classes_are_what_was_scored_and_say_so_everywhere(self) -> None:
        analysis = analyzer(VideoScorer(self.HEAD)).rescore(features(), RULES, settings=ScoreSettings(threshold=0.01))
        assert analysis.rules.sentences == ("walking", "cycling", "driving")
        assert analysis.rules.is_abnormal.tolist() == [False, True, True]
        assert analysis.settings.smooth_s == RULES.smooth_s
        assert tuple(analysis.scores) == ("frame",)  # objects are held too, but this head does not look at them
        assert {event.sentence for event in analysis.events} <= {"cycling", "driving"}
        assert analysis.scorer.id.startswith("video:street@")
        assert analysis.scorer.limits == "Knows nothing."
        assert not analysis.unknown_words

    def test_zero_shot_scores_the_sentences_as_ever(self) -> None:
        analysis = analyzer("zero-shot").rescore(features(), RULES)
        assert (analysis.rules, analysis.scorer) == (RULES, ZERO_SHOT)
        assert set(analysis.scores) == {"frame", "object"}

    def test_other_weights_are_another_id(self) -> None:
        other = VideoScorer(make_head(ColourEncoder.id, AXES, config=MIXED, name="street"))
        weights = {name: value + 1 for name, value in other.checkpoint.state.items()}
        third = VideoScorer(replace(other.checkpoint, state=weights))
        assert len({VideoScorer(self.HEAD).use.id, other.use.id, third.use.id}) == 3

    def test_other_class_embeddings_are_another_id(self) -> None:
        moved = replace(self.HEAD, embeddings=torch.from_numpy(np.float32(AXES[[0, 2, 1]])))
        assert moved.card == self.HEAD.card
        assert VideoScorer(moved).use.id != VideoScorer(self.HEAD).use.id

    def test_users_rules_need_not_be_complete(self) -> None:
        lonely = replace(RULES, normal=())
        assert analyzer(VideoScorer(self.HEAD)).rescore(features(), lonely).rules.sentences[0] == "walking"

    def test_saved_and_read_back_and_old_files_are_zero_shot(self) -> None:
        analysis = analyzer(VideoScorer(self.HEAD)).rescore(features(), RULES)
        document = json.loads(json.dumps(analysis_to_dict(analysis), allow_nan=False))
        again = analysis_from_dict(document)
        assert again.scorer == analysis.scorer
        assert again.rules == analysis.rules
        del document["scorer"]
        assert analysis_from_dict(document).scorer == ZERO_SHOT

    def test_what_needs_sentences_is_refused_in_words(self) -> None:
        trained = analyzer(VideoScorer(self.HEAD))
        analysis = trained.rescore(features(), RULES)
        with pytest.raises(SettingsError, match=r"head street.*compares no sentences"):
            trained.influence(analysis, mode="frame")
        with pytest.raises(SettingsError, match="compares no sentences"):
            trained.objects_at(analysis, 0.0)

    def test_a_slow_clip_and_another_detector_are_remarked(self) -> None:
        head = make_head(ColourEncoder.id, AXES, picture="object", detector_id="others/2")
        slow = analyzer(VideoScorer(head)).rescore(features(fps=5.0), RULES)
        assert any("8 frames a second; this clip has 5" in remark for remark in slow.remarks)
        assert any("others/2" in remark and "squares/1" in remark for remark in slow.remarks)
        assert not analyzer(VideoScorer(self.HEAD)).rescore(features(), RULES).remarks

    def test_with_scorer_shares_models_and_leaves_the_first_as_it_is(self) -> None:
        first = analyzer("zero-shot")
        second = first.with_scorer(VideoScorer(self.HEAD))
        assert second.encoder is first.encoder
        assert first.rescore(features(), RULES).scorer == ZERO_SHOT
        assert second.rescore(features(), RULES).scorer.label == "head street"

    def test_another_threshold_does_not_run_the_model_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        calls = []
        monkeypatch.setattr(
            "clipvad.nn.scorer.class_probabilities",
            lambda *args, **options: calls.append(1) or class_probabilities(*args, **options),
        )
        trained, seen = analyzer(VideoScorer(self.HEAD)), features()
        curves = [trained.rescore(seen, RULES, settings=ScoreSettings(threshold=t)).scores for t in (0.2, 0.5, 0.8)]
        assert len(calls) == 1
        assert np.array_equal(curves[0]["frame"].score, curves[2]["frame"].score)
        trained.rescore(features(frames=9), RULES)
        assert len(calls) == 2


@pytest.mark.parametrize(
    ("head", "fps", "error", "message"),
    [
        ({"encoder_id": "bundled@123/4"}, 8.0, EncoderMismatchError, r"bundled@123/4.*colour/1 runs"),
        ({}, 4.0, SettingsError, r"8 sampled frames a second, but 4 are sampled.*to 8"),
        ({"sampling": "segments", "step": 32.0}, 8.0, SettingsError, "32 equal parts"),
        ({"normalised": False}, 8.0, SettingsError, "not normalised"),
    ],
)
def test_features_that_do_not_fit_are_refused_with_what_would(
    head: dict[str, object], fps: float, error: type[ClipvadError], message: str
) -> None:
    options = {"encoder_id": ColourEncoder.id, **head}
    scorer = VideoScorer(make_head(embeddings=AXES, **options))  # type: ignore[arg-type]
    with pytest.raises(error, match=message):
        analyzer(scorer, fps=fps).rescore(features(), RULES)


def test_a_mode_that_it_was_not_trained_for_is_refused_before_anything_runs(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", (np.full((48, 64, 3), 80, np.uint8) for _ in range(10)))
    trained = analyzer(VideoScorer(make_head(ColourEncoder.id, AXES)))
    with pytest.raises(SettingsError, match="not trained for mode object"):
        trained.run(clip, RULES, modes=("frame", "object"))
    assert isinstance(trained.encoder, ColourEncoder)
    assert not trained.encoder.images
    bare = replace(features(), frames=None)
    with pytest.raises(SettingsError, match="not trained for mode object"):
        trained.rescore(bare, RULES)


class TestFiles:
    def test_a_file_a_shipped_name_and_zero_shot(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = make_head(ColourEncoder.id, AXES).save(tmp_path / "street.safetensors")
        encoder = ColourEncoder()
        assert load_scorer(path, encoder=encoder).use.label == "head tiny"
        assert load_scorer("zero-shot", encoder=encoder) == SimilarityScorer(temperature=1 / 20)
        with pytest.raises(SettingsError, match=r"no scorer 'nothing'.*zero-shot"):
            load_scorer("nothing", encoder=encoder)
        for no_name in ("x" * 300, "a/" * 3000, "\0"):
            with pytest.raises(SettingsError, match="There is no scorer"):
                load_scorer(no_name, encoder=encoder)
        monkeypatch.setattr("clipvad.scorers.HEADS", tmp_path)
        assert shipped_heads() == {"street": path}
        assert load_scorer("street", encoder=encoder).use == load_scorer(path, encoder=encoder).use

    @pytest.mark.parametrize(
        "content",
        [b"", b"\x00" * 7, pickle.dumps({"a": print}), struct.pack("<Q", 1 << 62) + b"{}", b"PK\x03\x04" + b"0" * 99],
        ids=["empty", "short", "pickle", "huge header", "zip"],
    )
    def test_what_is_no_checkpoint_is_named_as_such(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "mine.safetensors"
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"mine\.safetensors"):
            load_scorer(path, encoder=ColourEncoder())

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"kind": "lesson of another kind"}, "kind"),
            ({"kind": ["video"]}, "kind"),
            ({"version": 99}, "version"),
            ({"classes": ["normal"]}, "classes"),
            ({"classes": ["a", "b", "b"]}, "different names"),
            ({"classes": [1, 2, 3]}, "different names"),
            ({"model": {"window": 10**9}}, "window"),
            ({"model": {"depth": 10**9}}, "depth"),
            ({"model": {"width": 0}}, "width"),
            ({"model": {"nonsense": 1}}, "damaged"),
            ({"model": {"window": "16"}}, "damaged"),
            ({"features": {"encoder_id": "x", "dim": 10**7, "sampling": "fps", "step": 8}}, "shape"),
            ({"descriptions": []}, "damaged"),
            ({"training": None}, "damaged"),
            ({"training": "long"}, "damaged"),
            ({"model": {"branch": "classifier", "temporal": "none", "heads": 1}}, "a classifier has no embeddings"),
            ({"model": {"temporal": "local", "heads": 1, "window": 1.5}}, "do not fit"),
            ({"model": {"temporal": "local", "heads": 1, "depth": float("nan")}}, "do not fit"),
            ({"model": {"temporal": "none", "heads": 1, "adapter": 10**30}}, "do not fit"),
            *(
                ({"model": {"temporal": "none", "heads": 1, name: value}}, "tau and scale lie above 0")
                for name in ("tau", "scale")
                for value in (float("nan"), float("inf"), 0, -1, 10**30)
            ),
        ],
    )
    def test_a_card_that_cannot_be_true_is_refused(
        self, tmp_path: Path, change: dict[str, object], message: str
    ) -> None:
        head = make_head(ColourEncoder.id, AXES)
        path = rewritten(head, tmp_path / "head.safetensors", **change)
        with pytest.raises(ModelError, match=message):
            load_scorer(path, encoder=ColourEncoder())

    def test_a_card_that_promises_a_giant_takes_no_memory(self, tmp_path: Path) -> None:
        giant = {"encoder_id": "x", "dim": 1 << 20, "sampling": "fps", "step": 8}
        head = replace(make_head(ColourEncoder.id, AXES[:2]), embeddings=None)
        model = {"branch": "classifier", "temporal": "local+global", "depth": 64}
        path = rewritten(head, tmp_path / "head.safetensors", features=giant, model=model)
        with pytest.raises(ModelError, match="do not fit"):  # 64 layers of 2^40 weights would not end otherwise
            load_scorer(path, encoder=ColourEncoder())

    def test_weights_that_are_not_finite_are_refused(self) -> None:
        head = make_head(ColourEncoder.id, AXES, config=MIXED)
        state = {name: torch.full_like(value, torch.nan) for name, value in head.state.items()}
        with pytest.raises(ModelError, match="not finite"):
            VideoScorer(replace(head, state=state))

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.int8])
    def test_numbers_of_any_type_are_read(self, tmp_path: Path, dtype: torch.dtype) -> None:
        path = make_head(ColourEncoder.id, AXES).save(tmp_path / "head.safetensors")
        wanted = scored(VideoScorer.load(path))
        save_file({"classes": torch.eye(3).to(dtype)}, path, metadata={HEADER: json.dumps(read_card(path))})
        np.testing.assert_array_equal(scored(VideoScorer.load(path)), wanted)

    def test_scores_that_are_no_numbers_are_an_error_and_no_curve(self) -> None:
        head = make_head(ColourEncoder.id, AXES, config=MIXED)
        huge = {name: torch.full_like(value, 1e30) for name, value in head.state.items()}
        for broken in (replace(head, state=huge), replace(head, normal_bias=1e300)):
            with pytest.raises(ModelError, match="no finite scores"):
                scored(VideoScorer(broken))

    def test_a_card_that_lies_about_its_encoder_is_found_out(self) -> None:
        with pytest.raises(ModelError, match="5 numbers, these have 3"):
            scored(VideoScorer(make_head(ColourEncoder.id, np.eye(5))))


def scored(scorer: VideoScorer) -> NDArray[np.float32]:
    return scorer.score(features(), EMPTY, scorer.rules_for(RULES), mode="frame").score


def rewritten(head: Checkpoint, path: Path, **change: object) -> Path:
    """The head's file with parts of its card replaced."""
    head.save(path)
    tensors = load_file(path)
    save_file(tensors, path, metadata={HEADER: json.dumps({**head.card, **change})})
    return path
