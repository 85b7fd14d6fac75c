"""The classes of a training: labels merged, sentences for each, and what turns them into embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from clipvad.core import check_same_encoder
from clipvad.datasets import NORMAL, LabelledVideo
from clipvad.encoders import Encoder
from clipvad.errors import EncoderError, EncoderMismatchError, SettingsError
from clipvad.features import FeatureSpec
from clipvad.nn import LearnablePrompts
from clipvad.training.config import PromptConfig, TrainConfig

ABNORMAL = "abnormal"


def class_of(video: LabelledVideo, config: TrainConfig) -> str:
    """The class that a video is trained as: its main label, under its other name if it has one."""
    return config.classes.get(video.label, video.label)


def classes_of(videos: Sequence[LabelledVideo], config: TrainConfig) -> tuple[str, ...]:
    """The classes of the videos, "normal" first, the others by name; a classifier has two."""
    if config.model.branch == "classifier":
        return (NORMAL, ABNORMAL)
    return (NORMAL, *sorted({class_of(video, config) for video in videos} - {NORMAL}))


def descriptions_of(classes: Sequence[str], prompts: PromptConfig) -> dict[str, tuple[str, ...]]:
    """The sentences of every class. Raises `SettingsError` naming the classes that have none."""
    sentences = sentences_of(prompts)
    if prompts.kind == "category" or not sentences:
        if prompts.kind == "description":
            raise SettingsError("prompts: kind description needs descriptions, or rules to take them from.")
        template = prompts.template if prompts.kind == "fixed" else "{}"
        return {name: (template.replace("{}", _words(name)),) for name in classes}
    missing = [name for name in classes if name not in sentences]
    if missing:
        raise SettingsError(
            f"prompts: there is no sentence for {', '.join(missing)}. Add them to descriptions, or merge the labels "
            "under classes."
        )
    return {name: tuple(sentences[name]) for name in classes}


def sentences_of(prompts: PromptConfig) -> dict[str, list[str]]:
    """The sentences that a training file gives, by class: its own in place of those of its rule set."""
    return {**_from_rules(prompts.rules), **prompts.descriptions}


class FixedClasses(nn.Module):
    """Class embeddings of sentences as they stand: unit vectors [C, D], encoded once and for all."""

    embeddings: Tensor

    def __init__(self, encoder: Encoder, descriptions: Mapping[str, Sequence[str]]) -> None:
        super().__init__()
        means = [torch.from_numpy(encoder.encode_texts(list(texts))).mean(0) for texts in descriptions.values()]
        self.register_buffer("embeddings", nn.functional.normalize(torch.stack(means), dim=-1), persistent=False)

    def forward(self) -> Tensor:
        """What was encoded."""
        return self.embeddings


def make_classes(encoder: Encoder, descriptions: Mapping[str, Sequence[str]], prompts: PromptConfig) -> nn.Module:
    """The module whose call gives the class embeddings [C, D]; its parameters are what prompts learn."""
    if prompts.kind == "fixed":
        return FixedClasses(encoder, descriptions)
    tower: Any = getattr(encoder, "text_tower", None)
    if tower is None:
        raise SettingsError(f"Prompts can't be learned through {encoder.id}: it is no open_clip model.")
    model, tokenizer = tower
    texts = [text for sentences in descriptions.values() for text in sentences]
    owner = [number for number, sentences in enumerate(descriptions.values()) for _ in sentences]
    tokens = torch.as_tensor(tokenizer(texts))
    return LearnablePrompts(model, tokens, owner, length=prompts.length, position=prompts.position)


def text_encoder(encoder: Encoder | None, config: TrainConfig, spec: FeatureSpec, *, device: str) -> Encoder:
    """The encoder whose text tower belongs to the features, loaded by their id if it is None. Raises
    `EncoderMismatchError` if it made other ones, `EncoderError` if there is none of that name.
    """
    from clipvad.encoders import load_encoder

    made_by, at, _ = spec.encoder_id.partition("@")
    if encoder is None:
        try:
            encoder = load_encoder(config.encoder or made_by, device=device, precision="fp32")
        except EncoderError as error:
            raise EncoderError(
                f"{error} The features go by {made_by!r}: if one of these made them, write its name under data > "
                "features_options > encoder_id, or do without sentences: model: {branch: classifier}."
            ) from None
    name = encoder.id.partition("@")[0]
    if at:
        check_same_encoder(spec.encoder_id, encoder.id)
    elif name != made_by:  # public sets tell the model's name and not its weights
        raise EncoderMismatchError(
            f"The features go by {made_by!r}, the sentences would go through {name!r}. If that made them, write so "
            f"under data > features_options: {{encoder_id: {name}}}."
        )
    if encoder.dim != spec.dim:
        raise EncoderMismatchError(
            f"The features have {spec.dim} numbers a row, the sentences' vectors from {name!r} {encoder.dim}: it can't "
            "have made them. Name the one that did."
        )
    if encoder.device != device:
        raise SettingsError(f"The encoder is on {encoder.device}, the training on {device}. Choose one for both.")
    return encoder


def _words(name: str) -> str:
    return name.replace("-", " ").replace("_", " ")


def _from_rules(name: str | None) -> dict[str, list[str]]:
    if name is None:
        return {}
    from clipvad.rules import load_rules

    rules = load_rules(name)
    found: dict[str, list[str]] = {NORMAL: [rule.text for rule in rules.normal if rule.enabled]}
    for rule in rules.abnormal:
        if rule.enabled and rule.category:
            found.setdefault(rule.category, []).append(rule.text)
    return found
