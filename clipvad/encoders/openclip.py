"""Every open_clip model, the bundled one included, as an `Encoder`; preprocessing is open_clip's own, step by step."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError

from clipvad.core import ModelUse
from clipvad.encoders.base import EncoderCard
from clipvad.encoders.tokenizer import WordTokenizer
from clipvad.errors import EncoderError

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
BATCH = {"cpu": 16, "cuda": 256, "mps": 64}  # pictures at a time: bounds memory, changes no result
UNREADABLE = (OSError, ValueError, KeyError, TypeError, RuntimeError, pickle.UnpicklingError, SafetensorError)
OWN_FILES = ("open_clip_config.json", "image.safetensors", "text.safetensors", "vocab.txt", "card.json")


class OpenClipEncoder:
    """An open_clip model with its preprocessing and tokenizer. See `Encoder` for what the members mean."""

    def __init__(
        self,
        model: Any,
        preprocess: Callable[[Image.Image], torch.Tensor],
        tokenizer: Any,
        card: EncoderCard,
        *,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        self.card = card
        self.id = f"{card.name}@{weights_hash(model)}/{_preprocess_hash(model)}"
        self.device = choose_device(device)
        self.precision = choose_precision(precision, self.device)
        # Channels last: convolutions on a CPU take a third less time, and vectors move by less than 1e-6.
        self._model = model.eval().requires_grad_(False).to(self.device, memory_format=torch.channels_last)
        self._preprocess = preprocess
        self._tokenizer = tokenizer
        self.logit_scale = float(model.logit_scale.exp())
        size = model.visual.preprocess_cfg["size"]
        self.image_size = int(size if isinstance(size, int) else size[0])
        self.context_length = int(model.context_length)
        self.dim = self.encode_texts(["a person"]).shape[1]

    def __repr__(self) -> str:
        return f"OpenClipEncoder({self.id!r}, {self.device}, {self.precision})"

    @property
    def use(self) -> ModelUse:
        """What runs, for results and people."""
        return ModelUse(
            id=self.id, label=self.card.name, limits=self.card.limits, device=self.device, precision=self.precision
        )

    @property
    def text_tower(self) -> tuple[Any, Any]:
        """The frozen open_clip model and its tokenizer, for prompts that are learned through its text tower."""
        return self._model, self._tokenizer

    def encode_images(self, pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit vectors float32 [N, D] of N RGB pictures uint8 [H, W, 3]; see `Encoder.encode_images`."""
        vectors = [np.zeros((0, getattr(self, "dim", 0)), np.float32)]
        step = BATCH[self.device.partition(":")[0]]
        for start in range(0, len(pictures), step):
            batch = torch.stack([self._preprocess(_to_pil(picture)) for picture in pictures[start : start + step]])
            with torch.inference_mode(), self._casting():
                encoded = self._model.encode_image(batch.to(self.device, memory_format=torch.channels_last))
            vectors.append(_unit(encoded))
        return np.concatenate(vectors)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors float32 [N, D] of N sentences."""
        if not len(texts):
            return np.zeros((0, self.dim), np.float32)
        vectors = []
        for start in range(0, len(texts), 256):
            rows = torch.as_tensor(self._tokenizer(list(texts[start : start + 256]))).to(self.device)
            with torch.inference_mode(), self._casting():
                vectors.append(_unit(self._model.encode_text(rows)))
        return np.concatenate(vectors)

    def unknown_words(self, text: str) -> list[str]:
        """Words of `text` that the model has never seen; empty for a subword vocabulary."""
        return self._tokenizer.unknown_words(text) if isinstance(self._tokenizer, WordTokenizer) else []

    def count_tokens(self, text: str) -> int:
        """Tokens of `text`, start and end included, before any cutting."""
        if isinstance(self._tokenizer, WordTokenizer):
            return self._tokenizer.count_tokens(text)
        if hasattr(self._tokenizer, "encode"):
            return len(self._tokenizer.encode(text)) + 2
        return len(self._tokenizer.tokenizer(text)["input_ids"])

    def _casting(self) -> AbstractContextManager[Any]:
        if self.precision == "fp32":
            return nullcontext()
        return torch.autocast(self.device.partition(":")[0], PRECISIONS[self.precision])


def open_folder(folder: Path, *, device: str, precision: str) -> OpenClipEncoder:
    """An encoder from a folder: this project's layout (`OWN_FILES`) or the one that open_clip saves and reads.

    Raises `EncoderError` naming what is missing or broken.
    """
    if not (folder / "open_clip_config.json").is_file():
        raise EncoderError(f"{folder} holds no saved open_clip model: open_clip_config.json is missing there.")

    try:
        if (folder / "vocab.txt").is_file():
            return _open_own(folder, device=device, precision=precision)
        return _open_saved(folder, device=device, precision=precision)
    except UNREADABLE as error:
        raise EncoderError(f"The model in {folder} cannot be loaded: {error}") from error


def open_published(
    model: str, tag: str, weights: Path, *, device: str = "auto", precision: str = "auto"
) -> OpenClipEncoder:
    """open_clip's `model` with the published weights `tag`, which lie at `weights`.

    Raises `EncoderError` if the file is broken or holds another model.
    """
    import open_clip

    published = open_clip.get_pretrained_cfg(model, tag)
    preprocessing = {k: published[k] for k in ("size", "mean", "std", "interpolation", "resize_mode") if k in published}
    try:
        loaded = open_clip.create_model(model, pretrained=str(weights), force_preprocess_cfg=preprocessing)
    except UNREADABLE as error:
        raise EncoderError(
            f"The weights of {published.get('hf_hub', model)} cannot be loaded from {weights}: {error}. "
            "Remove that file to fetch it again."
        ) from error
    card = EncoderCard(name=f"open_clip:{model}/{tag}", source=str(published.get("hf_hub", "")))
    tokenizer = open_clip.get_tokenizer(model)
    return OpenClipEncoder(loaded, _transform(loaded), tokenizer, card, device=device, precision=precision)


def _open_saved(folder: Path, *, device: str, precision: str) -> OpenClipEncoder:
    import open_clip

    name = f"local-dir:{folder}"
    model = open_clip.create_model(name, require_pretrained=True)
    card = EncoderCard(name=f"open_clip:{folder.name}", source=str(folder))
    return OpenClipEncoder(
        model, _transform(model), open_clip.get_tokenizer(name), card, device=device, precision=precision
    )


def _open_own(folder: Path, *, device: str, precision: str) -> OpenClipEncoder:
    from open_clip.model import CustomTextCLIP, set_model_preprocess_cfg
    from safetensors.torch import load_file

    config = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))
    settings = {key: value for key, value in config["model_cfg"].items() if key != "custom_text"}
    model = CustomTextCLIP(**settings)
    stored = load_file(folder / "image.safetensors") | load_file(folder / "text.safetensors")
    # Kept in half precision on disk; batch-norm counters are integers and stay so.
    model.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in stored.items()})
    set_model_preprocess_cfg(model, config["preprocess_cfg"])
    tokenizer = WordTokenizer.from_file(folder / "vocab.txt", context_length=settings["text_cfg"]["context_length"])
    card = EncoderCard(**json.loads((folder / "card.json").read_text(encoding="utf-8")))
    return OpenClipEncoder(model, _transform(model), tokenizer, card, device=device, precision=precision)


def _transform(model: Any) -> Callable[[Image.Image], torch.Tensor]:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    transform: Callable[[Image.Image], torch.Tensor] = image_transform_v2(
        PreprocessCfg(**model.visual.preprocess_cfg), is_train=False
    )
    return transform


def weights_hash(model: Any) -> str:
    """Twelve hex digits over names, shapes and values of all tensors: the same for the same weights from anywhere."""
    digest = hashlib.blake2b(digest_size=6)
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _preprocess_hash(model: Any) -> str:
    text = json.dumps(model.visual.preprocess_cfg, sort_keys=True, default=list)
    return hashlib.blake2b(text.encode(), digest_size=3).hexdigest()


def choose_device(device: str) -> str:
    """`auto` takes CUDA, then Apple's GPU, then the CPU; anything else must exist, else `EncoderError`."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, here in available.items() if here)
    if not available.get(device.partition(":")[0]):
        here = ", ".join(name for name, ok in available.items() if ok)
        raise EncoderError(f"There is no device {device!r} on this machine. Allowed: auto, {here}.")
    return device


def choose_precision(precision: str, device: str) -> str:
    """`auto` takes fp16 on CUDA and fp32 elsewhere. Raises `EncoderError` for a name that is none, or fp16 on a CPU."""
    if precision == "auto":
        return "fp16" if device.startswith("cuda") else "fp32"
    if precision not in PRECISIONS or (precision == "fp16" and device == "cpu"):
        raise EncoderError(
            f"Precision {precision!r} cannot be used on {device}. Allowed: auto, fp32, bf16, fp16 (GPU only)."
        )
    return precision


def _to_pil(picture: NDArray[np.uint8]) -> Image.Image:
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise ValueError(f"a picture must be RGB uint8 [H, W, 3], got {picture.dtype} {picture.shape}")
    return Image.fromarray(picture)


def _unit(vectors: torch.Tensor) -> NDArray[np.float32]:
    return np.asarray(torch.nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy(), np.float32)
