"""open_clip models from a folder and from a hub: ids, preprocessing and vectors equal to open_clip's own."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path

import huggingface_hub.constants
import numpy as np
import open_clip
import pytest
from safetensors.torch import load_file, save_file

import clipvad.encoders
from clipvad.core import Embeddings
from clipvad.encoders import EncoderError, check_same_encoder, load_encoder
from clipvad.encoders.hub import find_weights
from clipvad.errors import EncoderMismatchError
from tests.encoding import MODEL_CFG, PREPROCESS, hub, pictures, save_own, save_tiny, vectors_by_open_clip

TEXTS = ["a person riding a bicycle", "", "Ünïcode 火事 and a sentence " + "that is far too long " * 30]


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "CLIPVAD_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """open_clip knows a model `tiny` with the weights `random`; its files lie in the folder that is returned."""
    (tmp_path / "tiny.json").write_text(json.dumps(MODEL_CFG))
    configs = dict(open_clip.factory._MODEL_CONFIGS, tiny=MODEL_CFG)
    monkeypatch.setattr(open_clip.factory, "_MODEL_CONFIGS", configs)
    tags = {"random": {"url": "", "hf_hub": "someone/tiny/", **PREPROCESS}}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny", tags)
    return save_tiny(tmp_path / "saved")


def test_vectors_from_a_folder_equal_open_clips_own(tmp_path: Path) -> None:
    folder = save_tiny(tmp_path / "tiny")
    encoder = load_encoder(f"open_clip:{folder}", device="cpu")
    images, sentences = vectors_by_open_clip(folder, TEXTS)
    np.testing.assert_allclose(encoder.encode_images(pictures()), images, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), sentences, atol=1e-5)


def test_the_hub_gives_the_same_encoder_as_the_folder(
    published: Path, tmp_path: Path, online: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = (published / "open_clip_model.safetensors").read_bytes()
    heard: list[tuple[str, float]] = []
    with hub({"open_clip_model.safetensors": weights}) as (address, asked):
        monkeypatch.setenv("HF_ENDPOINT", address)
        fetched = load_encoder(
            "open_clip:tiny/random", device="cpu", models_dir=tmp_path / "models", progress=lambda *x: heard.append(x)
        )
        requests = len(asked)
        again = load_encoder("open_clip:tiny/random", device="cpu", models_dir=tmp_path / "models")
        assert len(asked) == requests, "weights in the cache need no network"
    saved = load_encoder(f"open_clip:{published}", device="cpu")
    assert fetched.id == again.id
    assert fetched.id.partition("@")[2] == saved.id.partition("@")[2], "same weights and preprocessing, same id"
    images, sentences = vectors_by_open_clip(published, TEXTS)
    np.testing.assert_allclose(fetched.encode_images(pictures()), images, atol=1e-5)
    np.testing.assert_allclose(fetched.encode_texts(TEXTS), sentences, atol=1e-5)
    assert heard
    assert heard[-1][1] == pytest.approx(1.0)
    assert "someone/tiny" in heard[-1][0]


def test_a_hub_without_the_file_is_named(
    published: Path, tmp_path: Path, online: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hub({}) as (address, _):
        monkeypatch.setenv("HF_ENDPOINT", address)
        with pytest.raises(EncoderError, match=r"someone/tiny"):
            load_encoder("open_clip:tiny/random", models_dir=tmp_path / "models")


def test_auto_takes_clip_if_its_weights_are_in_the_cache(
    published: Path, tmp_path: Path, online: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clipvad.encoders, "DEFAULT", "tiny/random")
    with hub({"open_clip_model.safetensors": (published / "open_clip_model.safetensors").read_bytes()}) as (address, _):
        monkeypatch.setenv("HF_ENDPOINT", address)
        load_encoder("open_clip:tiny/random", models_dir=tmp_path / "models")
    assert load_encoder("auto", models_dir=tmp_path / "models").use.label == "open_clip:tiny/random"


def test_auto_without_a_network_does_not_hang_and_says_what_it_took(
    published: Path, tmp_path: Path, online: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clipvad.encoders, "DEFAULT", "tiny/random")
    monkeypatch.setattr(clipvad.encoders, "BUNDLED", save_own(tmp_path / "own"))
    with socket.socket() as silent:  # accepts, and never answers
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("HF_ENDPOINT", address)
        began = time.monotonic()
        encoder = load_encoder("auto", models_dir=tmp_path / "empty")
        assert time.monotonic() - began < 10
    assert encoder.use.label == "tiny"
    assert "did not answer" in encoder.use.limits


def test_auto_with_a_hub_that_fails_says_why_it_took_the_bundled_encoder(
    published: Path, tmp_path: Path, online: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clipvad.encoders, "DEFAULT", "tiny/random")
    monkeypatch.setattr(clipvad.encoders, "BUNDLED", save_own(tmp_path / "own"))
    with hub({"open_clip_model.safetensors": b"no weights at all"}) as (address, _):
        monkeypatch.setenv("HF_ENDPOINT", address)
        encoder = load_encoder("auto", models_dir=tmp_path / "models")
    assert encoder.use.label == "tiny"
    assert "CLIP was not used" in encoder.use.limits
    assert "someone/tiny" in encoder.use.limits


def test_offline_is_respected(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(EncoderError, match="HF_HUB_OFFLINE is set"):
        load_encoder("open_clip:tiny/random", models_dir=tmp_path / "empty")


def test_the_default_is_looked_for_under_the_names_that_the_hub_uses(tmp_path: Path) -> None:
    from clipvad.encoders.hub import hub_files

    repo, files = hub_files(*clipvad.encoders.DEFAULT.split("/"))
    assert repo == "timm/vit_base_patch32_clip_224.openai"
    assert files == ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
    assert find_weights(repo, files, tmp_path) is None


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        ("clip", "open_clip:<folder>"),
        ("open_clip:nowhere", "no folder"),
        ("open_clip:ViT-Q-99/openai", "ViT-Q-99"),
        ("open_clip:ViT-B-32/never", "laion2b_s34b_b79k"),
        ("bundled:small", "no argument"),
    ],
)
def test_a_wrong_name_says_what_is_allowed(spec: str, names: str) -> None:
    with pytest.raises(EncoderError, match=names):
        load_encoder(spec)


def test_a_folder_without_or_with_broken_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"open_clip_config\.json is missing"):
        load_encoder(f"open_clip:{tmp_path}")
    folder = save_tiny(tmp_path / "tiny")
    (folder / "open_clip_model.safetensors").write_bytes(b"no tensors here")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(f"open_clip:{folder}")
    (folder / "open_clip_model.safetensors").unlink()
    with pytest.raises(EncoderError, match="cannot be loaded"):
        load_encoder(f"open_clip:{folder}")


def test_an_id_follows_weights_and_preprocessing_not_the_place(tmp_path: Path) -> None:
    first = load_encoder(f"open_clip:{save_tiny(tmp_path / 'a' / 'model')}").id
    assert load_encoder(f"open_clip:{save_tiny(tmp_path / 'b' / 'model')}").id == first
    assert load_encoder(f"open_clip:{save_tiny(tmp_path / 'c' / 'model', seed=1)}").id != first
    folder = save_tiny(tmp_path / "d" / "model")
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["preprocess_cfg"]["resize_mode"] = "squash"
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    assert load_encoder(f"open_clip:{folder}").id != first


def test_features_of_another_encoder_are_refused(tmp_path: Path) -> None:
    a = load_encoder(f"open_clip:{save_own(tmp_path / 'a')}")
    b = load_encoder(f"open_clip:{save_own(tmp_path / 'b', seed=1)}")
    images = Embeddings(a.encode_images(pictures(2)), a.id)
    with pytest.raises(EncoderMismatchError):
        images.cosines(Embeddings(b.encode_texts(["a car"]), b.id))
    with pytest.raises(EncoderMismatchError):
        check_same_encoder(a.id, b.id)
    check_same_encoder(a.id, a.id)


def test_half_precision_on_disk_is_full_precision_in_use(tmp_path: Path) -> None:
    folder = save_own(tmp_path / "own")
    before = load_encoder(f"open_clip:{folder}")
    full = {k: v.float() if v.is_floating_point() else v for k, v in load_file(folder / "image.safetensors").items()}
    save_file(full, folder / "image.safetensors")
    assert load_encoder(f"open_clip:{folder}").id == before.id
    assert before.precision == "fp32"


def test_devices_and_precisions_that_are_not_there_are_refused(tmp_path: Path) -> None:
    folder = save_own(tmp_path / "own")
    with pytest.raises(EncoderError, match="Allowed: auto"):
        load_encoder(f"open_clip:{folder}", device="tpu")
    with pytest.raises(EncoderError, match="fp32, bf16"):
        load_encoder(f"open_clip:{folder}", device="cpu", precision="fp16")
    rough = load_encoder(f"open_clip:{folder}", device="cpu", precision="bf16")
    exact = load_encoder(f"open_clip:{folder}", device="cpu", precision="fp32")
    cosines = (rough.encode_images(pictures()) * exact.encode_images(pictures())).sum(axis=1)
    assert rough.precision == "bf16"
    assert (cosines > 0.999).all()
