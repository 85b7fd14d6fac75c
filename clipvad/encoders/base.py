"""What an image-text encoder is: pictures and sentences to unit vectors of one space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clipvad.core import ModelUse
from clipvad.core import check_same_encoder as check_same_encoder  # for those who hold encoders


@dataclass(frozen=True, kw_only=True)
class EncoderCard:
    """What to say of an encoder. `limits`: one line on what it cannot do, empty if there is nothing to warn of."""

    name: str
    limits: str = ""
    licence: str = ""
    source: str = ""


class Encoder(Protocol):
    """A loaded image-text model; safe to share between threads. D is the width of its space."""

    @property
    def id(self) -> str:
        """Name, hash of the weights and preprocessing: equal ids, comparable vectors."""
        ...

    @property
    def dim(self) -> int:
        """D."""
        ...

    @property
    def image_size(self) -> int:
        """Side in pixels of the square that a picture is brought to."""
        ...

    @property
    def logit_scale(self) -> float:
        """The model's own learned scale; a softmax temperature is its inverse (0.01 for CLIP)."""
        ...

    @property
    def device(self) -> str:
        """Where it runs, such as `cpu` or `cuda:0`."""
        ...

    @property
    def precision(self) -> str:
        """`fp32`, `bf16` or `fp16`."""
        ...

    @property
    def card(self) -> EncoderCard:
        """What to say of it."""
        ...

    @property
    def use(self) -> ModelUse:
        """What runs, for results and people."""
        ...

    @property
    def context_length(self) -> int:
        """Tokens that a sentence may have, start and end included; what is longer is cut."""
        ...

    def encode_images(self, pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> NDArray[np.float32]:
        """Unit vectors float32 [N, D] of N RGB pictures uint8 [H, W, 3], sizes may differ.

        Cut into batches inside, which does not change a vector by more than 1e-5 in fp32. Raises `ValueError` for
        anything that is no such picture.
        """
        ...

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors float32 [N, D] of N sentences."""
        ...

    def unknown_words(self, text: str) -> list[str]:
        """Words of `text` that the model has never seen and ignores; always empty for a subword vocabulary."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of `text`, start and end included, before any cutting."""
        ...
