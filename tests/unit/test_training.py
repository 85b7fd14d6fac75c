"""Training of video-level models: it learns, it can be killed, it chooses without the test videos."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import clipvad
from clipvad.datasets import DataSet
from clipvad.encoders.openclip import OpenClipEncoder, open_folder
from clipvad.errors import EncoderError, EncoderMismatchError, FeaturesError, ModelError, SettingsError
from clipvad.nn import Checkpoint, VideoModel, class_probabilities
from clipvad.training import EpochLog, TrainConfig, TrainProgress, evaluate, train
from clipvad.training.batches import Bag, load_bags
from clipvad.training.run import Run
from tests.encoding import save_own
from tests.planted import KINDS, NUMBERS, planted

ROOT = Path(clipvad.__file__).resolve().parents[1]
FAST: dict[str, Any] = {"lr": 3e-3, "batch": 8, "epochs": 30, "save_s": 0}
PROMPTS: dict[str, Any] = {
    "kind": "description",
    "length": 2,
    "descriptions": {"normal": ["a person walking"], "fall": ["a person"], "fire": ["a car", "riding"]},
}


def classifier(**loop: Any) -> TrainConfig:
    return TrainConfig.model_validate(
        {"name": "made", "model": {"branch": "classifier", "temporal": "none"}, "loop": {**FAST, **loop}}
    )


def by_text(**loop: Any) -> TrainConfig:
    """Everything that draws random numbers or holds state: dropout, crops, dropped rows, learned prompts."""
    model = {"heads": 2, "window": 4, "dropout": 0.2}
    rest = {"prompts": PROMPTS, "loop": {**FAST, "drop_rows": 0.2, **loop}}
    return TrainConfig.model_validate({"name": "made", "model": model, **rest})


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums of floats depend on how many threads share them, and tiny models are faster with one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> OpenClipEncoder:
    return open_folder(save_own(tmp_path_factory.mktemp("tower")), device="cpu", precision="fp32")


def assert_same_bits(one: Checkpoint, other: Checkpoint) -> None:
    assert one.state.keys() == other.state.keys()
    for name, tensor in {**one.state, **one.prompts}.items():
        assert torch.equal(tensor, {**other.state, **other.prompts}[name]), name
    assert (one.embeddings is None) == (other.embeddings is None)
    assert one.embeddings is None or torch.equal(one.embeddings, other.embeddings)


def test_a_classifier_finds_the_planted_frames(tmp_path: Path) -> None:
    dataset, source = planted()
    found = evaluate(train(classifier(), dataset, source, out=tmp_path), dataset, source)
    assert found.whole.auc == found.abnormal.auc == found.whole.ap == 1.0


def test_the_text_branch_tells_the_kinds_apart(tmp_path: Path, encoder: OpenClipEncoder) -> None:
    dataset, source = planted(encoder_id=encoder.id)
    config = TrainConfig.model_validate(
        {"name": "kinds", "model": {"heads": 2, "temporal": "none", "adapter": 16}, "prompts": PROMPTS, "loop": FAST}
    )
    slow = config.changed(loop={"lr": 3e-2, "epochs": 30, "patience": 0})
    made = train(slow, dataset, source, out=tmp_path, encoder=encoder)
    assert made.classes == ("normal", *KINDS)
    assert evaluate(made, dataset, source).whole.auc == 1.0
    for video in dataset.of("test"):
        if video.labels:
            assert video.truth is not None
            rows = class_probabilities(made.model(), source.read(video.name).rows, made.embeddings)
            inside = rows[video.truth.labels[::4]].mean(0)
            assert made.classes[int(inside.argmax())] == video.label


def test_what_is_written_can_be_used_and_is_what_was_returned(tmp_path: Path, encoder: OpenClipEncoder) -> None:
    dataset, source = planted(encoder_id=encoder.id)
    made = train(by_text(epochs=2), dataset, source, out=tmp_path, encoder=encoder)
    loaded = Checkpoint.load(tmp_path / "made.safetensors")
    assert_same_bits(loaded, made)
    assert loaded.card == made.card
    assert loaded.descriptions["fire"] == ("a car", "riding")
    assert loaded.training["data_set"] == "planted"
    with (tmp_path / "curves.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    assert list(tmp_path.glob("events.out.tfevents.*"))


KILLED = """
import os, signal, sys
from pathlib import Path
import torch._dynamo  # what the first optimizer of a process reads in, before the forks
from clipvad.datasets import DataSet
from clipvad.encoders.openclip import open_folder
from clipvad.training import train
from tests.planted import planted
from tests.unit.test_training import by_text
folder = Path(sys.argv[1])
encoder = open_folder(folder, device="cpu", precision="fp32")
def die():
    os.kill(os.getpid(), signal.SIGKILL)
for out in map(Path, sys.argv[2:]):  # a fork each: reading torch in takes longer than all the rest
    if os.fork() == 0:
        break
else:
    print([os.waitstatus_to_exitcode(os.wait()[1]) for _ in sys.argv[2:]])
    sys.exit()
replace, written = os.replace, []
def dying_replace(one, other):
    if Path(other).name == "last.safetensors":
        written.append(other)
        if len(written) == 4:
            die()
    replace(one, other)
if out.name == "while writing":
    os.replace = dying_replace
def watch(now):
    if out.name == "in an epoch" and (now.epoch, now.step) == (4, 2):
        die()
dataset, source = planted(encoder_id=encoder.id, crops=2)
train(by_text(epochs=5), dataset, source, out=out, encoder=encoder, on_progress=watch)
"""


def test_killed_and_resumed_ends_with_the_same_bits(tmp_path: Path) -> None:
    encoder = open_folder(save_own(tmp_path / "tower"), device="cpu", precision="fp32")
    dataset, source = planted(encoder_id=encoder.id, crops=2)
    whole = train(by_text(epochs=5), dataset, source, out=tmp_path / "whole", encoder=encoder)
    outs = [tmp_path / "in an epoch", tmp_path / "while writing"]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "tower"), *map(str, outs)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.stdout.split() == [f"[{-signal.SIGKILL},", f"{-signal.SIGKILL}]"], killed.stderr
    for out in outs:
        Checkpoint.load(out / "made.safetensors")  # the best so far is whole
        epochs: list[int] = []
        again = train(
            by_text(epochs=5),
            dataset,
            source,
            out=out,
            encoder=encoder,
            resume=True,
            on_progress=lambda now, seen=epochs: seen.append(now.epoch),  # type: ignore[misc]
        )
        assert min(epochs) == 4, out.name  # it went on where it was, and did not begin anew
        assert_same_bits(again, whole)
        assert {**again.card["training"], "seconds": 0} == {**whole.card["training"], "seconds": 0}


def test_ctrl_c_leaves_the_best_so_far(tmp_path: Path) -> None:
    dataset, source = planted()

    def stop(now: TrainProgress) -> None:
        if now.epoch == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(classifier(save_s=3600), dataset, source, out=tmp_path / "stopped", on_progress=stop)
    left = Checkpoint.load(tmp_path / "stopped" / "made.safetensors")
    assert_same_bits(left, train(classifier(epochs=3), dataset, source, out=tmp_path / "three"))
    resumed = train(classifier(), dataset, source, out=tmp_path / "stopped", resume=True)
    assert_same_bits(resumed, train(classifier(), dataset, source, out=tmp_path / "whole"))


def test_the_cosine_falls_with_every_step_and_goes_on_where_it_was(tmp_path: Path) -> None:
    dataset, source = planted()
    config = classifier(schedule="cosine", epochs=4, lr=0.01)
    bags = load_bags(dataset.of("train"), [int(bool(v.labels)) for v in dataset.of("train")], source, rows=None)
    run = Run(
        config, source.spec, VideoModel(config.model, dim=source.spec.dim), None, train=bags, val=[], device="cpu"
    )
    rates = [run.optimizer.param_groups[0]["lr"] for epoch in range(1, 5) for _ in run.steps(epoch)]
    steps = run.steps_an_epoch * 4
    assert len(rates) == steps == 12
    np.testing.assert_allclose(rates, [0.005 * (1 + np.cos(np.pi * step / steps)) for step in range(steps)])

    def stop(now: TrainProgress) -> None:
        if (now.epoch, now.step) == (3, 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(config, dataset, source, out=tmp_path / "stopped", on_progress=stop)
    with pytest.raises(ModelError, match=r"other settings: loop\.epochs\."):
        train(config.changed(loop={"epochs": 5}), dataset, source, out=tmp_path / "stopped", resume=True)
    resumed = train(config, dataset, source, out=tmp_path / "stopped", resume=True)
    assert_same_bits(resumed, train(config, dataset, source, out=tmp_path / "whole"))


def test_a_finished_training_is_not_begun_again_nor_overwritten(tmp_path: Path) -> None:
    dataset, source = planted()
    made = train(classifier(epochs=2), dataset, source, out=tmp_path)
    with pytest.raises(SettingsError, match="--resume"):
        train(classifier(epochs=2), dataset, source, out=tmp_path)
    steps: list[TrainProgress] = []
    assert_same_bits(
        train(classifier(epochs=2), dataset, source, out=tmp_path, resume=True, on_progress=steps.append), made
    )
    assert steps == []
    with pytest.raises(ModelError, match=r"other settings: loop\.lr\."):
        train(classifier(epochs=2, lr=1.0), dataset, source, out=tmp_path, resume=True)
    longer = train(classifier(epochs=5), dataset, source, out=tmp_path, resume=True)
    assert_same_bits(longer, train(classifier(epochs=5), dataset, source, out=tmp_path / "five"))


def test_the_best_epoch_is_kept_and_waited_for(tmp_path: Path) -> None:
    dataset, source = planted()
    rng = np.random.default_rng(0)
    luck = tuple(replace(video, labels=("fall",) if rng.random() < 0.5 else ()) for video in dataset.videos)
    nothing_to_learn = DataSet(name="luck", videos=luck)
    done: list[EpochLog] = []

    def watch(now: TrainProgress) -> None:
        if now.done is not None:
            done.append(now.done)

    settings = classifier(lr=0.03, patience=4, epochs=200)
    made = train(settings, nothing_to_learn, source, out=tmp_path / "a", on_progress=watch)
    ranks = [(log.val_auc, -log.val_loss) for log in done if log.val_auc is not None and log.val_loss is not None]
    best = ranks.index(max(ranks)) + 1
    assert made.training["epoch"] == best
    assert made.training["epochs"] == len(done) == best + 4
    up_to_best = train(settings.changed(loop={"epochs": best}), nothing_to_learn, source, out=tmp_path / "b")
    assert_same_bits(made, up_to_best)


def test_scores_that_round_to_1_are_still_told_apart_in_validation() -> None:
    def bag(label: int, logit: float) -> Bag:
        return Bag(name=str(logit), label=label, sequences=(np.full((1, 3, 1), logit, np.float16),))

    config = classifier().changed(model={"heads": 1})
    model = VideoModel(config.model, dim=1)
    model.load_state_dict({"head.weight": torch.ones(1, 1), "head.bias": torch.zeros(1)})
    sure = [bag(0, 20), bag(0, 21), bag(1, 22), bag(1, 23)]
    run = Run(config, NUMBERS, model, None, train=sure, val=sure, device="cpu")
    assert run.finish_epoch({"loss": 0.0, "align": 0.0, "contrast": 0.0}, seconds=0).val_auc == 1


def test_mixed_precision_trains_every_part_and_validates_what_it_will_be(tmp_path: Path) -> None:
    dataset, source = planted()
    for graph in ("paper", "residual", "two-layer"):
        parts = {"temporal": "local+global", "graph": graph, "heads": 2, "window": 4, "width": 8, "adapter": 4}
        config = classifier(precision="bf16", patience=0).changed(model={**parts, "standardise": True})
        made = train(config, dataset, source, out=tmp_path / graph)
        assert evaluate(made, dataset, source).whole.auc > 0.95, graph
        assert {tensor.dtype for tensor in made.state.values()} == {torch.float32}
    kept = made.training["val_videos"]
    val = load_bags([v for v in dataset.videos if v.name in kept], [1, 0, 1, 0], source, rows=None)
    found = []
    for precision in ("bf16", "fp32"):
        settings = config.changed(loop={"precision": precision})
        run = Run(settings, source.spec, made.model(), None, train=val, val=val, device="cpu")
        found.append(run.finish_epoch({"loss": 0.0, "align": 0.0, "contrast": 0.0}, seconds=0).val_loss)
    assert found[0] == found[1], "a checkpoint is applied in full precision"


def test_no_test_video_is_touched(tmp_path: Path) -> None:
    dataset, source = planted()
    made = train(classifier(epochs=2), dataset, source, out=tmp_path)
    assert source.asked == {video.name for video in dataset.of("train")}
    assert set(made.training["val_videos"]) < source.asked
    labels = {video.name: video.label for video in dataset.videos}
    assert sorted(labels[name] for name in made.training["val_videos"]) == ["fall", "fire", "normal", "normal"]


def test_prompts_are_encoded_once_a_step(
    tmp_path: Path, encoder: OpenClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, source = planted(encoder_id=encoder.id)
    model, _ = encoder.text_tower
    calls: list[int] = []
    encode = model.encode_text
    monkeypatch.setattr(model, "encode_text", lambda ids: calls.append(len(ids)) or encode(ids))
    steps: list[TrainProgress] = []
    train(by_text(epochs=3), dataset, source, out=tmp_path / "a", encoder=encoder, on_progress=steps.append)
    trained = sum(now.done is None for now in steps)
    assert trained > 6
    assert calls == [4] * (trained + 3)  # all four sentences at once, and once more at the end of each epoch
    calls.clear()
    fixed = by_text(epochs=3).changed(prompts={"kind": "fixed"})
    train(fixed, dataset, source, out=tmp_path / "b", encoder=encoder)
    assert sum(calls) == 4  # sentences that nothing learns are encoded once in all


def test_with_nothing_to_learn_the_sentences_themselves_are_the_checkpoint(
    tmp_path: Path, encoder: OpenClipEncoder
) -> None:
    dataset, source = planted(encoder_id=encoder.id)
    fixed = by_text().changed(prompts={"kind": "fixed"}, model={"temporal": "none"})
    steps: list[TrainProgress] = []
    made = train(fixed, dataset, source, out=tmp_path, encoder=encoder, on_progress=steps.append)
    assert steps == []
    assert {key: made.training[key] for key in ("chosen_by", "epoch", "epochs", "val_auc")} == {
        "chosen_by": "nothing to learn", "epoch": 0, "epochs": 0, "val_auc": None,
    }  # fmt: skip
    loaded = Checkpoint.load(tmp_path / "made.safetensors")
    assert not loaded.state
    wanted = [encoder.encode_texts(list(texts)).mean(0) for texts in made.descriptions.values()]
    assert loaded.embeddings is not None
    np.testing.assert_allclose(loaded.embeddings, [row / np.linalg.norm(row) for row in wanted], atol=1e-6)
    rows = source.read("test 1").rows[0].astype(np.float64)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    powers = np.exp(unit @ loaded.embeddings.double().numpy().T / loaded.config.tau)
    powers[:, 0] *= np.exp(loaded.normal_bias)
    first = np.repeat(powers[:, 1:].sum(1) / powers.sum(1), 4)  # four frames a row
    np.testing.assert_allclose(evaluate(loaded, dataset, source).curves["test 1"], first, atol=1e-5)


def test_features_that_do_not_fit_are_refused(tmp_path: Path, encoder: OpenClipEncoder) -> None:
    dataset, source = planted()
    with pytest.raises(EncoderMismatchError):
        train(by_text(), dataset, source, out=tmp_path, encoder=encoder)
    made = train(classifier(epochs=1), dataset, source, out=tmp_path)
    _, other = planted(encoder_id="another@2")
    with pytest.raises(EncoderMismatchError):
        evaluate(made, dataset, other)
    source.names.remove("train 3")
    with pytest.raises(FeaturesError, match="1 of 24 videos have no features: train 3"):
        train(classifier(), dataset, source, out=tmp_path / "b")


def test_public_features_say_how_to_name_the_encoder_that_made_them(tmp_path: Path, encoder: OpenClipEncoder) -> None:
    dataset, source = planted(encoder_id="CLIP ViT-B/16 (VadCLIP)")
    with pytest.raises(EncoderMismatchError, match=r"features_options: \{encoder_id: tiny\}"):
        train(by_text(), dataset, source, out=tmp_path, encoder=encoder)
    with pytest.raises(EncoderError, match=r"no encoder 'CLIP ViT-B/16 \(VadCLIP\)'.*data > features_options"):
        train(by_text(), dataset, source, out=tmp_path)
    _, wide = planted(encoder_id="tiny", dim=32)
    with pytest.raises(EncoderMismatchError, match=r"32 numbers .* 16"):
        train(by_text(), dataset, wide, out=tmp_path, encoder=encoder)
    _, named = planted(encoder_id="tiny")
    train(by_text(epochs=1), dataset, named, out=tmp_path, encoder=encoder)


def test_a_class_without_a_sentence_is_named(tmp_path: Path, encoder: OpenClipEncoder) -> None:
    dataset, source = planted(encoder_id=encoder.id)
    config = by_text(epochs=1)
    lacking = config.prompts.model_copy(update={"descriptions": {"normal": ["a person"], "fire": ["a car"]}})
    with pytest.raises(SettingsError, match="no sentence for fall"):
        train(config.model_copy(update={"prompts": lacking}), dataset, source, out=tmp_path, encoder=encoder)
    merged = config.changed(classes={"fall": "fire"})
    made = train(merged, dataset, source, out=tmp_path, encoder=encoder)
    assert made.classes == ("normal", "fire")


def test_without_a_validation_split_the_last_epoch_is_kept(tmp_path: Path) -> None:
    dataset, source = planted()
    made = train(classifier(epochs=3, val_share=0), dataset, source, out=tmp_path)
    assert (made.training["epoch"], made.training["val_auc"], made.training["train_videos"]) == (3, None, 24)


def test_seeds_differ_and_repeat(tmp_path: Path) -> None:
    dataset, source = planted()
    one, again, other = (
        train(classifier(epochs=2, seed=seed), dataset, source, out=tmp_path / str(number))
        for number, seed in enumerate((1, 1, 2))
    )
    assert_same_bits(one, again)
    assert not torch.equal(one.state["head.weight"], other.state["head.weight"])
    assert asdict(one.config) == asdict(other.config)


def test_an_encoder_that_is_loaded_on_the_way_changes_nothing(tmp_path: Path) -> None:
    """Its random first weights once moved those of the prompts: `train` and `reproduce` differed by three points."""
    folder = save_own(tmp_path / "tower")
    encoder = open_folder(folder, device="cpu", precision="fp32")
    dataset, source = planted(encoder_id=encoder.id)
    config = by_text(epochs=1).changed(encoder=f"open_clip:{folder}")
    given = train(config, dataset, source, out=tmp_path / "given", encoder=encoder)
    assert_same_bits(train(config, dataset, source, out=tmp_path / "loaded"), given)


def test_training_leaves_the_callers_random_numbers_alone(tmp_path: Path) -> None:
    dataset, source = planted()
    torch.manual_seed(5)
    wanted = torch.rand(3)
    torch.manual_seed(5)
    train(classifier(epochs=1), dataset, source, out=tmp_path)
    assert torch.equal(torch.rand(3), wanted)
