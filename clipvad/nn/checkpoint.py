"""A trained video-level model on disk: one safetensors file that holds all that it takes to apply it.

The card (what it is, of what, for which features) is JSON in the file's own header, so that one file can be handed on;
a copy for people stands beside it as `NAME.json`. No pickles.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from clipvad.checkpoints import read_checkpoint, write_checkpoint
from clipvad.errors import ClipvadError, ModelError
from clipvad.features import FeatureSpec
from clipvad.nn.model import ModelConfig, VideoModel

VERSION = 1
MOST_SAID = 500  # letters of an error of torch, which may go on with its own stack
EMBEDDINGS = "classes"  # the tensor of class embeddings, beside those of `model.*` and `prompts.*`


@dataclass(frozen=True, kw_only=True, repr=False)
class Checkpoint:
    """A trained model with its card. `classes`: normal first; `descriptions`: the sentences of each class.

    `spec`: of the features that it takes. `embeddings` float32 [C, D]: the finished class embeddings (branch text), so
    that no text tower is needed to apply it. `state`: weights of `VideoModel`; `prompts`: context vectors, to go on
    training from. `training`: how it was made, JSON-ready (data set, seed, epochs, validation figure, date, versions).
    `normal_bias`: of the normal class's logit, so that a score of 0.5 means what calibration made it mean. `limits`:
    one line on what it can't do.
    """

    name: str
    config: ModelConfig
    spec: FeatureSpec
    classes: tuple[str, ...]
    descriptions: Mapping[str, tuple[str, ...]]
    state: Mapping[str, Tensor]
    embeddings: Tensor | None = None
    prompts: Mapping[str, Tensor] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    normal_bias: float = 0.0
    limits: str = ""

    def __repr__(self) -> str:
        return f"Checkpoint({self.name!r}, {len(self.classes)} classes, {self.spec.encoder_id!r})"

    @property
    def card(self) -> dict[str, Any]:
        """What people and the loader read: everything but the tensors."""
        return {
            "version": VERSION,
            "kind": "video",
            "name": self.name,
            "limits": self.limits,
            "model": asdict(self.config),
            "features": asdict(self.spec),
            "classes": list(self.classes),
            "descriptions": {name: list(texts) for name, texts in self.descriptions.items()},
            "normal_bias": self.normal_bias,
            "training": dict(self.training),
        }

    def model(self) -> VideoModel:
        """The model with its weights, ready to be applied. Raises `ModelError` if they do not fit its settings."""
        try:
            with torch.device("meta"):  # a card that promises more than the file holds takes no memory
                model = VideoModel(self.config, dim=self.spec.dim)
            weights = {name: value.to(torch.float32, copy=True) for name, value in self.state.items()}
            model.load_state_dict(weights, assign=True)
        except (RuntimeError, TypeError, ValueError, OverflowError) as error:  # also sizes that are none
            raise ModelError(
                f"The weights of {self.name!r} do not fit the model that its card tells of: {str(error)[:MOST_SAID]}"
            ) from None
        model.normal_bias = self.normal_bias
        return model.eval()

    def save(self, path: Path) -> Path:
        """Write `path` (NAME.safetensors) and NAME.json beside it; a reader never meets half of either."""
        tensors = {f"model.{name}": value for name, value in self.state.items()}
        tensors |= {f"prompts.{name}": value for name, value in self.prompts.items()}
        if self.embeddings is not None:
            tensors[EMBEDDINGS] = self.embeddings
        whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
        return write_checkpoint(path, self.card, whole, save=save)

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a file that `save` wrote. Raises `ModelError` for any other, broken or too new."""
        card, tensors = read_checkpoint(path, kind="video", version=VERSION, framework="pt")
        try:
            made = cls(
                name=str(card["name"]),
                config=ModelConfig(**card["model"]),
                spec=FeatureSpec(**card["features"]),
                classes=tuple(card["classes"]),
                descriptions={name: tuple(texts) for name, texts in card["descriptions"].items()},
                state=_under("model.", tensors),
                embeddings=None if EMBEDDINGS not in tensors else tensors[EMBEDDINGS].to(torch.float32),
                prompts=_under("prompts.", tensors),
                training=dict(card["training"]),
                normal_bias=_finite(card.get("normal_bias", 0.0)),  # cards before calibration have none
                limits=str(card["limits"]),
            )
        except ClipvadError as error:
            raise ModelError(f"{path.name}: {error}") from None
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ModelError(f"{path.name}: the card of this checkpoint is damaged ({error!r}).") from None
        _check_embeddings(made, path)
        return made


def _finite(value: Any) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not finite")
    return float(value)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _check_embeddings(checkpoint: Checkpoint, path: Path) -> None:
    if checkpoint.config.branch == "classifier":
        if checkpoint.embeddings is not None:
            raise ModelError(f"{path.name}: a classifier has no embeddings of its classes, but this file holds some.")
        return
    wanted = (len(checkpoint.classes), checkpoint.spec.dim)
    if checkpoint.embeddings is None or tuple(checkpoint.embeddings.shape) != wanted:
        raise ModelError(f"{path.name}: the embeddings of its classes are missing or not of shape {wanted}.")
    if not torch.isfinite(checkpoint.embeddings).all():
        raise ModelError(f"{path.name}: the embeddings of its classes are not finite.")
