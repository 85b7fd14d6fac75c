"""Teaching: Eq. 15 and its gradient against plain loops, what labels can and can't change, labels of whole videos."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from clipvad.core import Embeddings, Rule, RuleSet
from clipvad.datasets import DataSet, LabelledVideo, Truth
from clipvad.errors import DataSetError, EncoderMismatchError, FeaturesError, ModelError
from clipvad.evaluation.metrics import frame_auc
from clipvad.features import FeatureSpec, ObjectFeatures, VideoFeatures
from clipvad.scoring.logits import logits_of
from clipvad.scoring.similarity import abnormal_mass, softmax
from clipvad.training.teach import Sentences, Similarity, TeachOptions, log_share, teach
from clipvad.training.teach_videos import frame_row, teach_from_videos
from tests.random_clips import unit

DIM = 8
M = 0.1
RULES = RuleSet(
    name="gate",
    normal=(Rule(text="n0"), Rule(text="n1")),
    abnormal=(Rule(text="f0", category="fire"), Rule(text="f1", category="fire"), Rule(text="b", category="fight")),
)


def texts_of(rules: RuleSet = RULES, seed: int = 0) -> Embeddings:
    return Embeddings(unit(np.random.default_rng(seed), len(rules.sentences), DIM), "e")


def loss_by_loops(
    scale: np.ndarray, bias: np.ndarray, x: np.ndarray, labels: Sequence[bool | str], texts: np.ndarray, lam: np.ndarray
) -> float:
    """Eq. 13 to 15, sample by sample and term by term; the sign is the one of a loss."""
    sides = [False, False, True, True, True]
    kinds = ["", "", "fire", "fire", "fight"]
    total = 0.0
    for j, label in enumerate(labels):
        e = [
            math.exp(sum(scale[k, d] * x[j, d] * texts[k, d] for d in range(DIM)) / M + bias[k])
            for k in range(len(texts))
        ]
        p = [value / sum(e) for value in e]
        abnormal = label not in ("normal", False)
        of_class = [kind == label for kind in kinds]
        of_side = [side == abnormal for side in sides]
        own = of_class if any(of_class) else of_side
        p_pos = sum(value for value, mine in zip(p, own, strict=True) if mine)
        p_neg = sum(value for value, mine in zip(p, of_side, strict=True) if not mine)
        total -= lam[j] * math.log(p_pos / (p_pos + p_neg))
    return total / len(labels)


def test_loss_and_gradient_are_equation_15_and_its_differences() -> None:
    rng = np.random.default_rng(3)
    labels: list[bool | str] = [True, False, "fire", "fight", "normal", "flood"]
    x, lam = unit(rng, len(labels), DIM).astype(float), rng.uniform(0.5, 2, len(labels))
    texts = texts_of().vectors.astype(float)
    scale, bias = rng.normal(1, 0.3, texts.shape), rng.normal(0, 0.5, len(texts))

    model = Similarity(torch.from_numpy(texts), temperature=M)
    with torch.no_grad():
        model.scale.copy_(torch.from_numpy(scale))
        model.bias.copy_(torch.from_numpy(bias))
    own, other = Sentences.of(RULES).sides(labels)
    loss = -(torch.from_numpy(lam) * log_share(model(torch.from_numpy(x)), own, other)).mean()
    assert float(loss.detach()) == pytest.approx(loss_by_loops(scale, bias, x, labels, texts, lam), rel=1e-12)

    loss.backward()
    step = 1e-6
    for k in range(len(texts)):
        for d in range(DIM):
            up, down = scale.copy(), scale.copy()
            up[k, d] += step
            down[k, d] -= step
            slope = (
                loss_by_loops(up, bias, x, labels, texts, lam) - loss_by_loops(down, bias, x, labels, texts, lam)
            ) / (2 * step)
            assert float(model.scale.grad[k, d]) == pytest.approx(slope, abs=1e-7)  # type: ignore[index]
        nudge = np.eye(len(texts))[k] * step
        slope = (
            loss_by_loops(scale, bias + nudge, x, labels, texts, lam)
            - loss_by_loops(scale, bias - nudge, x, labels, texts, lam)
        ) / (2 * step)
        assert float(model.bias.grad[k]) == pytest.approx(slope, abs=1e-7)  # type: ignore[index]


def hidden_axis(seed: int = 0, count: int = 60) -> tuple[Embeddings, list[bool | str], Embeddings]:
    """Pictures whose side shows on one axis, and sentences that say nothing about it: zero-shot is blind."""
    rng = np.random.default_rng(seed)
    labels: list[bool | str] = [bool(i % 2) for i in range(count)]
    x = rng.normal(0, 0.3, (count, DIM))
    x[:, 0] = np.where(labels, 1.0, -1.0)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    texts = np.tile(unit(rng, DIM), (5, 1))  # all sentences alike
    return Embeddings(x.astype(np.float32), "e"), labels, Embeddings(texts, "e")


def scores_of(samples: Embeddings, texts: Embeddings, rules: RuleSet = RULES) -> np.ndarray:
    return abnormal_mass(softmax(logits_of(samples, texts, temperature=M)[1]), rules)


def test_what_zero_shot_cannot_see_is_learnt_without_a_mistake_and_holds_for_new_pictures() -> None:
    samples, labels, texts = hidden_axis()
    assert scores_of(samples, texts) == pytest.approx(3 / 5, abs=1e-5), "five sentences alike, three abnormal"
    taught = teach(
        samples,
        labels,
        texts,
        RULES,
        picture="frame",
        temperature=M,
        options=TeachOptions(epochs=100, lr=0.05, decay=0),
    )
    given = taught.applied(texts, RULES)
    assert ((scores_of(samples, given) > 0.5) == labels).all()
    new, truth, _ = hidden_axis(seed=1)
    new = Embeddings(new.vectors, "e")
    assert ((scores_of(new, given) > 0.5) == truth).all()
    assert taught.training["labels"] == {"False": 30, "True": 30}


def test_a_class_moves_its_own_sentences_a_side_all_of_them() -> None:
    samples = Embeddings(unit(np.random.default_rng(4), 10, DIM), "e")
    options = TeachOptions(epochs=1, decay=0)
    fire = teach(samples, ["fire"] * 10, texts_of(), RULES, picture="frame", temperature=M, options=options)
    assert (fire.bias > 0).tolist() == [False, False, True, True, False]
    assert fire.bias[4] == 0, "another class of the same side takes no part"
    side = teach(samples, [True] * 10, texts_of(), RULES, picture="frame", temperature=M, options=options)
    assert (side.bias > 0).tolist() == [False, False, True, True, True]
    flood = teach(samples, ["flood"] * 10, texts_of(), RULES, picture="frame", temperature=M, options=options)
    assert np.array_equal(flood.bias, side.bias), "a class without sentences counts as its side"


def test_without_labels_that_disagree_the_pull_keeps_zero_shot() -> None:
    samples, labels, texts = hidden_axis()
    far, near = (
        teach(samples, labels, texts, RULES, picture="frame", temperature=M, options=TeachOptions(lr=0.01, decay=decay))
        for decay in (0.0, 1000.0)
    )
    assert np.abs(near.scale - 1).max() < 0.02 < np.abs(far.scale - 1).max()
    assert np.abs(near.bias).max() < 0.02


def test_the_same_labels_give_the_same_lesson_and_touch_no_other_generator() -> None:
    samples, labels, texts = hidden_axis()
    options = TeachOptions(epochs=5, batch=16, seed=3)
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    one, two = (teach(samples, labels, texts, RULES, picture="frame", temperature=M, options=options) for _ in range(2))
    assert torch.rand(1) == expected
    assert np.array_equal(one.scale, two.scale)
    other = teach(samples, labels, texts, RULES, picture="frame", temperature=M, options=replace(options, seed=4))
    assert not np.array_equal(one.scale, other.scale), "batches are drawn by the seed"


def test_the_order_of_the_rules_changes_nothing() -> None:
    samples, labels, _ = hidden_axis()
    texts = texts_of()
    swapped = replace(RULES, normal=RULES.normal[::-1], abnormal=RULES.abnormal[::-1])
    order = [RULES.sentences.index(text) for text in swapped.sentences]
    one = teach(samples, labels, texts, RULES, picture="frame", temperature=M)
    two = teach(samples, labels, Embeddings(texts.vectors[order], "e"), swapped, picture="frame", temperature=M)
    assert two.scale == pytest.approx(one.scale[order], abs=1e-4)
    assert two.bias == pytest.approx(one.bias[order], abs=1e-4)


def test_a_sample_of_weight_zero_teaches_nothing() -> None:
    samples, labels, texts = hidden_axis()
    wrong = [not label for label in labels]
    both = Embeddings(np.concatenate([samples.vectors, samples.vectors]), "e")
    weights = np.repeat([2.0, 0.0], len(labels))
    options = TeachOptions(epochs=20)
    plain = teach(samples, labels, texts, RULES, picture="frame", temperature=M, options=options)
    ignoring = teach(
        both, [*labels, *wrong], texts, RULES, picture="frame", temperature=M, weights=weights, options=options
    )
    assert ignoring.scale == pytest.approx(plain.scale, abs=1e-5)


def test_a_sentence_that_stands_in_two_zones_is_taught_once() -> None:
    twice = replace(RULES, abnormal=(*RULES.abnormal, Rule(text="f0", category="fire")))
    texts = texts_of()
    doubled = Embeddings(np.concatenate([texts.vectors, texts.vectors[2:3]]), "e")
    samples, labels, _ = hidden_axis()
    one = teach(samples, labels, texts, RULES, picture="frame", temperature=M)
    two = teach(samples, labels, doubled, twice, picture="frame", temperature=M)
    assert two.sentences == one.sentences
    assert np.array_equal(two.scale, one.scale)


def test_what_cannot_be_taught_is_refused() -> None:
    samples, labels, texts = hidden_axis()
    with pytest.raises(EncoderMismatchError):
        teach(samples, labels, Embeddings(texts.vectors, "other"), RULES, picture="frame", temperature=M)
    with pytest.raises(ModelError, match="60 pictures and 59 labels"):
        teach(samples, labels[1:], texts, RULES, picture="frame", temperature=M)
    with pytest.raises(ModelError, match="0 pictures"):
        teach(Embeddings(np.zeros((0, DIM), np.float32), "e"), [], texts, RULES, picture="frame", temperature=M)
    for bad in ({"epochs": 0}, {"lr": 0.0}, {"decay": -1.0}, {"batch": 0}, {"lr": math.nan}):
        with pytest.raises(ModelError, match="above 0"):
            TeachOptions(**bad)  # type: ignore[arg-type]


class Videos:
    """Videos of the hidden axis: in an abnormal one, a few frames in the middle show it."""

    spec = FeatureSpec(encoder_id="e", dim=DIM, sampling="fps", step=4)

    def __init__(self, count: int = 24, frames: int = 40) -> None:
        rng = np.random.default_rng(5)
        self.rows, videos = {}, []
        for i in range(count):
            labels = np.zeros(frames, bool)
            labels[15:22] = bool(i % 2)
            x = rng.normal(0, 0.3, (frames, DIM))
            x[:, 0] = np.where(labels, 1.0, -1.0)
            self.rows[f"v{i}"] = x.astype(np.float32) * 3  # not unit vectors: they are made so
            truth = Truth(positions=np.arange(frames) / 4, labels=labels, unit="s")
            split = "train" if i < count // 2 else "test"
            videos.append(LabelledVideo(name=f"v{i}", split=split, labels=("fire",) * (i % 2), truth=truth))
        self.dataset = DataSet(name="toy", videos=tuple(videos))
        self.names = tuple(self.rows)

    def read(self, name: str) -> VideoFeatures:
        rows = self.rows[name]
        return VideoFeatures(name=name, rows=rows[None], starts=np.arange(len(rows)) / 4, unit="s")


def test_labels_of_whole_videos_find_the_frames() -> None:
    source, (_, _, texts) = Videos(), hidden_axis()
    options = TeachOptions(epochs=40, lr=0.05, decay=0.01)
    untaught = frame_row(source.dataset, source, texts, RULES, temperature=M, window=1)
    taught = frame_row(source.dataset, source, texts, RULES, temperature=M, seed=0, options=options, window=1)
    assert untaught.auc == pytest.approx(0.5, abs=0.1)
    assert taught.auc == taught.ap == 1.0
    assert (taught.frames, taught.abnormal) == (480, 42)
    lesson = teach_from_videos(source.dataset, source, texts, RULES, temperature=M, options=options)
    assert (lesson.training["videos"], lesson.training["rows"]) == (12, 480)


def test_test_videos_teach_nothing() -> None:
    source, (_, _, texts) = Videos(), hidden_axis()
    options = TeachOptions(epochs=3)
    one = teach_from_videos(source.dataset, source, texts, RULES, temperature=M, options=options)
    train_only = replace(source.dataset, videos=tuple(source.dataset.of("train")))
    for name in [video.name for video in source.dataset.of("test")]:
        source.rows[name][:] = 1
    two = teach_from_videos(train_only, source, texts, RULES, temperature=M, options=options)
    assert np.array_equal(one.scale, two.scale)


def voted(raw: list[float], half: int = 2) -> list[float]:
    reach = [min(i, len(raw) - 1 - i, half) for i in range(len(raw))]
    return [float(np.median(raw[i - reach[i] : i + reach[i] + 1])) for i in range(len(raw))]


def score_of(row: np.ndarray, texts: Embeddings) -> float:
    e = np.exp(texts.vectors.astype(float) @ (row / np.linalg.norm(row)) / M)
    return float(e[2:].sum() / e.sum())


def test_a_frame_has_the_majority_vote_of_its_row_held_until_the_next() -> None:
    source, texts = Videos(), texts_of()
    positions = np.arange(0, 10, 0.1)
    labels = np.random.default_rng(8).random(100) < 0.4
    video = replace(source.dataset.videos[13], truth=Truth(positions=positions, labels=labels, unit="s"))
    curve = voted([score_of(row, texts) for row in source.rows["v13"].astype(float)])
    found = frame_row(DataSet(name="one", videos=(video,)), source, texts, RULES, temperature=M, window=5)
    expected = frame_auc(labels, np.array([curve[int(t * 4 + 1e-9)] for t in positions]))
    assert found.auc == pytest.approx(expected, abs=1e-6)


class Objects(Videos):
    """The same rows as objects, two in every other frame; the first two videos show none."""

    spec = FeatureSpec(encoder_id="e", dim=DIM, sampling="fps", step=4, picture="object")

    def read_objects(self, name: str) -> ObjectFeatures:
        rows = self.rows[name][: 0 if name in ("v0", "v1") else None]
        frame = (np.arange(len(rows)) // 2 * 2).astype(np.int32)
        track = np.full(len(rows), -1, np.int32)
        return ObjectFeatures(name=name, rows=rows, frame=frame, track=track, pts_s=np.arange(40) / 4)


def test_objects_teach_too_and_a_frame_has_its_strongest_or_zero() -> None:
    source, (_, _, hidden), texts = Objects(), hidden_axis(), texts_of()
    options = TeachOptions(epochs=40, lr=0.05, decay=0.01)
    lesson = teach_from_videos(source.dataset, source, hidden, RULES, temperature=M, options=options)
    assert (lesson.training["rows"], lesson.picture) == (400, "object")
    rows = Embeddings(source.rows["v13"] / np.linalg.norm(source.rows["v13"], axis=1, keepdims=True), "e")
    truth = source.dataset.videos[13].truth
    assert truth is not None
    assert ((scores_of(rows, lesson.applied(hidden, RULES)) > 0.5) == truth.labels).all()

    strongest = [0.0] * 40
    for i, row in enumerate(source.rows["v13"].astype(float)):
        strongest[i // 2 * 2] = max(strongest[i // 2 * 2], score_of(row, texts))
    only = DataSet(name="one", videos=source.dataset.videos[13:14])
    found = frame_row(only, source, texts, RULES, temperature=M, window=1)
    assert found.auc == pytest.approx(frame_auc(truth.labels, np.array(strongest)), abs=1e-6)


@pytest.mark.parametrize(("empty", "side"), [(False, "normal"), (True, "abnormal")])
def test_a_side_without_a_single_object_teaches_nothing(empty: bool, side: str) -> None:
    source, texts = Objects(), texts_of()
    for video in source.dataset.videos:
        if bool(video.labels) is empty:
            source.rows[video.name] = source.rows[video.name][:0]
    with pytest.raises(DataSetError, match=f"toy: no {side} training video shows an object"):
        teach_from_videos(source.dataset, source, texts, RULES, temperature=M)


def test_videos_that_cannot_teach_or_be_measured_are_refused() -> None:
    source, texts = Videos(), texts_of()
    normal = DataSet(name="calm", videos=tuple(v for v in source.dataset.videos if not v.labels))
    with pytest.raises(DataSetError, match="calm: teaching needs"):
        teach_from_videos(normal, source, texts, RULES, temperature=M)
    del source.rows["v3"]
    source.names = tuple(source.rows)
    with pytest.raises(FeaturesError, match="1 of 12 videos have no features: v3"):
        teach_from_videos(source.dataset, source, texts, RULES, temperature=M)
    blind = replace(source.dataset, videos=tuple(replace(v, truth=None) for v in source.dataset.videos))
    with pytest.raises(DataSetError, match="no frame labels"):
        frame_row(blind, source, texts, RULES, temperature=M)
    with pytest.raises(EncoderMismatchError):
        teach_from_videos(source.dataset, source, Embeddings(texts.vectors, "other"), RULES, temperature=M)
