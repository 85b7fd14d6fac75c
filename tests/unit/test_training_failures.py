"""Trainings that cannot go on: what is said, and that nothing is lost."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save

from clipvad.errors import FeaturesError, ModelError, SettingsError
from clipvad.nn import Checkpoint
from clipvad.training import TrainProgress, train
from clipvad.training.state import HEADER
from tests.planted import MemorySource, planted
from tests.unit.test_training import assert_same_bits, classifier


def test_a_checkpoint_whose_state_was_thrown_away_is_not_overwritten(tmp_path: Path) -> None:
    dataset, source = planted()
    train(classifier(epochs=1), dataset, source, out=tmp_path)
    (tmp_path / "last.safetensors").unlink()  # it is large, and of no use once a training is done
    before = (tmp_path / "made.safetensors").read_bytes()
    with pytest.raises(SettingsError, match="holds a training already"):
        train(classifier(epochs=1, seed=1), dataset, source, out=tmp_path)
    assert (tmp_path / "made.safetensors").read_bytes() == before


def test_a_broken_state_is_an_error_that_says_so(tmp_path: Path) -> None:
    dataset, source = planted()
    train(classifier(epochs=1), dataset, source, out=tmp_path)
    whole = (tmp_path / "last.safetensors").read_bytes()
    for broken in (whole[:40], b"", b"\x80\x04K\x01."):  # the last one is a pickle
        (tmp_path / "last.safetensors").write_bytes(broken)
        with pytest.raises(ModelError, match=r"last\.safetensors can't be read"):
            train(classifier(epochs=2), dataset, source, out=tmp_path, resume=True)


def test_a_state_with_anything_missing_or_too_new_is_an_error_too(tmp_path: Path) -> None:
    dataset, source = planted()
    train(classifier(epochs=1), dataset, source, out=tmp_path)
    path = tmp_path / "last.safetensors"
    with safe_open(str(path), framework="pt") as file:
        meta = json.loads(file.metadata()[HEADER])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    left = {name: (tmp_path / name).read_bytes() for name in ("made.safetensors", "made.json", "curves.csv")}
    newer = {**meta["history"][0], "f1": 0.5}
    for changes in ({"run": None}, {"run": []}, {"history": None}, {"history": [newer]}, {"best": 9}, {"best": "x"}):
        path.write_bytes(save(tensors, metadata={HEADER: json.dumps({**meta, **changes})}))
        with pytest.raises(ModelError, match=r"last\.safetensors can't be read.*Begin anew"):
            train(classifier(epochs=2), dataset, source, out=tmp_path, resume=True)
    for broken in (
        {name: tensor for name, tensor in tensors.items() if not name.startswith("model.")},
        {name: tensor.repeat(2, *[1] * (tensor.ndim - 1)) for name, tensor in tensors.items() if tensor.ndim},
        {name.replace("adam.", "adam.x"): tensor for name, tensor in tensors.items()},
    ):
        path.write_bytes(save(broken, metadata={HEADER: json.dumps(meta)}))
        with pytest.raises(ModelError, match=r"last\.safetensors can't be read"):
            train(classifier(epochs=2), dataset, source, out=tmp_path, resume=True)
    assert {name: (tmp_path / name).read_bytes() for name in left} == left


@pytest.mark.parametrize("val_share", [0.2, 0.0])
def test_a_training_that_diverges_says_so_and_leaves_finite_weights(tmp_path: Path, val_share: float) -> None:
    dataset, source = planted()
    config = classifier(lr=0.01, epochs=4, val_share=val_share)
    big = config.changed(model={"temporal": "local", "heads": 2, "scale": 1e4, "hidden": 4})
    seen: list[TrainProgress] = []

    def spoil(now: TrainProgress) -> None:
        seen.append(now)
        if now.epoch == 3 and now.step == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(big, dataset, source, out=tmp_path, on_progress=spoil)
    state = tmp_path / "last.safetensors"
    with safe_open(str(state), framework="pt") as file:
        meta = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    tensors["model.head.0.weight"] *= torch.nan
    state.write_bytes(save(tensors, metadata=meta))
    with pytest.raises(ModelError, match=r"epoch 3.*not finite.*loop\.lr"):
        train(big, dataset, source, out=tmp_path, resume=True)
    left = Checkpoint.load(tmp_path / "made.safetensors")
    assert all(torch.isfinite(tensor).all() for tensor in left.state.values())


def test_weights_that_grow_beyond_numbers_are_no_checkpoint(tmp_path: Path) -> None:
    """The last step of an epoch spoils them: no loss is seen that tells."""
    dataset, source = planted()
    for val_share in (0.0, 0.2):
        out = tmp_path / str(val_share)
        with pytest.raises(ModelError, match=r"epoch 1.*loop\.lr"):
            train(classifier(lr=10.0, weight_decay=1e38, val_share=val_share, batch=64), dataset, source, out=out)
        assert not (out / "made.safetensors").exists()


@pytest.mark.parametrize("bad", [np.nan, np.inf, 7e4])
def test_features_that_are_no_numbers_name_their_video(tmp_path: Path, bad: float) -> None:
    dataset, source = planted()
    spoilt = source.read("train 5")
    rows = spoilt.rows.astype(np.float32)
    rows[0, 2, 1] = bad
    others = [source.read(name) for name in source.names if name != "train 5"]
    broken = MemorySource(source.spec, [*others, replace(spoilt, rows=rows)])
    with pytest.raises(FeaturesError, match=r"train 5: .*65,504"):
        train(classifier(), dataset, broken, out=tmp_path)


def test_an_out_that_cannot_be_written_says_so_whoever_calls(tmp_path: Path) -> None:
    dataset, source = planted()
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("x" * 300)):
        with pytest.raises(SettingsError, match=r"can't be written: (Not a directory|File exists|File name too long)"):
            train(classifier(epochs=1), dataset, source, out=out)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_leaves_the_checkpoint_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, source = planted()
    whole = train(classifier(epochs=4), dataset, source, out=tmp_path / "whole")
    out = tmp_path / "full"
    train(classifier(epochs=2), dataset, source, out=out)
    before = {path.name: path.read_bytes() for path in out.glob("*.safetensors")}
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device")))
        with pytest.raises(SettingsError, match="No space left"):
            train(classifier(epochs=4), dataset, source, out=out, resume=True)
    assert {path.name: path.read_bytes() for path in out.glob("*.safetensors")} == before
    assert not list(out.glob(".*.part"))
    assert_same_bits(train(classifier(epochs=4), dataset, source, out=out, resume=True), whole)
