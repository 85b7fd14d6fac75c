"""What labels taught the similarity: a diagonal and a scalar a sentence (Dong 2024, section 3.3, Eq. 13), on disk.

`clipvad.training.teach` makes a lesson; here one is kept and applied, without torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from clipvad.checkpoints import read_checkpoint, write_checkpoint
from clipvad.core import Embeddings, Features, Mode, ModelUse, RuleSet, Scores, check_same_encoder
from clipvad.errors import ModelError
from clipvad.ruleset import SIDES
from clipvad.scoring.logits import TaughtTexts
from clipvad.scoring.similarity import SimilarityScorer

VERSION = 1
LARGEST = 1_000_000  # of A, b and 1 / temperature: their product is a finite logit, so no file makes a score of NaN
PICTURES: Mapping[Mode, str] = {"frame": "whole frames", "object": "objects"}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Lesson:
    """A and b of N sentences: `scale` float32 [N, D] and `bias` float32 [N], 1 and 0 where nothing was learnt.

    `sentences` with `is_abnormal` bool [N]: the side that each was taught on; no sentence stands twice on one side.
    `encoder_id`, `temperature`, `picture`: what it was taught with. `training`: how, JSON-ready (labels, seed, loss,
    options). `limits`: one line on what it can't do. Raises `ModelError` for parts that do not fit each other.
    """

    name: str
    encoder_id: str
    temperature: float
    sentences: tuple[str, ...]
    is_abnormal: NDArray[np.bool_]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]
    picture: Mode
    training: Mapping[str, Any] = field(default_factory=dict)
    limits: str = ""

    def __post_init__(self) -> None:
        count = len(self.sentences)
        if self.scale.ndim != 2 or {len(self.scale), len(self.bias), len(self.is_abnormal)} != {count}:
            raise ModelError(f"{self.name!r} has {count} sentences, A {self.scale.shape} and b {self.bias.shape}.")
        if self.bias.ndim != 1 or not all((np.abs(part) <= LARGEST).all() for part in (self.scale, self.bias)):
            raise ModelError(f"{self.name!r}: the numbers of this lesson are not finite, or beyond {LARGEST:,}.")
        if len(self._rows) < count:
            raise ModelError(f"{self.name!r} holds a sentence twice on one side.")
        if self.picture not in PICTURES:
            raise ModelError(f"{self.name!r}: a lesson is of pictures {' or '.join(PICTURES)}, not {self.picture!r}.")
        if not self.temperature > 1 / LARGEST:
            raise ModelError(f"{self.name!r}: a temperature lies well above 0, got {self.temperature}.")

    def __repr__(self) -> str:
        return f"Lesson({self.name!r}, {len(self.sentences)} sentences, {self.encoder_id!r})"

    @property
    def digest(self) -> str:
        """Changes with everything in it."""
        made = hashlib.sha256(json.dumps(self.card, sort_keys=True).encode())
        made.update(self.scale.tobytes() + self.bias.tobytes())
        return made.hexdigest()[:12]

    @property
    def _rows(self) -> dict[tuple[str, bool], int]:
        keys = zip(self.sentences, self.is_abnormal.tolist(), strict=True)
        return {key: row for row, key in enumerate(keys)}

    def applied(self, texts: Embeddings, rules: RuleSet) -> TaughtTexts:
        """`texts`, as for a scorer, with what was learnt of them; sentences that the lesson lacks keep A = 1, b = 0.

        A and b belong to the sentence: one that changed sides, or stands in other prompts, keeps them. Raises
        `EncoderMismatchError` for another encoder's texts.
        """
        check_same_encoder(self.encoder_id, texts.encoder_id)
        vectors = texts.vectors.astype(np.float32)
        if vectors.shape[1] != self.scale.shape[1] or len(vectors) < len(rules.sentences):
            raise ModelError(f"{self.name!r} is for vectors of {self.scale.shape[1]} numbers, not {vectors.shape}.")
        scale, bias = np.ones_like(vectors), np.zeros(len(vectors), np.float32)
        for column, row in self._known(rules).items():
            scale[column], bias[column] = self.scale[row], self.bias[row]
        return TaughtTexts(texts.vectors, texts.encoder_id, scale * vectors, bias)

    def remarks(self, rules: RuleSet, *, temperature: float, modes: Sequence[Mode]) -> tuple[str, ...]:
        """What of the lesson does not fit a rule set scored at `temperature` in `modes`: sentences for the user."""
        known, found = self._known(rules), []
        found += [
            f"The lesson {self.name!r} was taught on {PICTURES[self.picture]}. It scores {PICTURES[mode]} too here, "
            "where it may do harm: teach one on them, or score them zero-shot."
            for mode in modes
            if mode != self.picture
        ]
        if unknown := [text for column, text in enumerate(rules.sentences) if column not in known]:
            found.append(
                f"The lesson {self.name!r} was taught {len(known)} of these {len(rules.sentences)} sentences. "
                f"The others count as before: {_quoted(unknown)}."
            )
        moved = {True: "normal", False: "abnormal"}
        for side in (False, True):
            here = [
                rules.sentences[column]
                for column, row in known.items()
                if self.is_abnormal[row] == side != rules.is_abnormal[column]
            ]
            if here:
                found.append(f"Taught as {SIDES[side]}, but {moved[side]} here: {_quoted(here)}. Teach it again.")
        if not np.isclose(temperature, self.temperature, rtol=1e-3):
            found.append(
                f"The lesson {self.name!r} was taught at a temperature of {self.temperature:.4g} and is used at "
                f"{temperature:.4g}: what it added to each sentence weighs differently."
            )
        return tuple(found)

    def _known(self, rules: RuleSet) -> dict[int, int]:
        """Row of the lesson by column of the rule set; a sentence that was taught on both sides has that of its own."""
        rows = self._rows
        keys = zip(rules.sentences, rules.is_abnormal.tolist(), strict=True)
        found = {column: rows.get((text, side), rows.get((text, not side))) for column, (text, side) in enumerate(keys)}
        return {column: row for column, row in found.items() if row is not None}

    @property
    def card(self) -> dict[str, Any]:
        """What people and the loader read: everything but the arrays."""
        return {
            "version": VERSION,
            "kind": "taught",
            "name": self.name,
            "limits": self.limits,
            "encoder": self.encoder_id,
            "temperature": self.temperature,
            "picture": self.picture,
            **{
                side: [
                    text
                    for text, bad in zip(self.sentences, self.is_abnormal, strict=True)
                    if bad == (side == SIDES[1])
                ]
                for side in SIDES
            },
            "training": dict(self.training),
        }

    def save(self, path: Path) -> Path:
        """Write `path` (NAME.safetensors) and NAME.json beside it."""
        order = np.argsort(self.is_abnormal, kind="stable")  # as the card lists them: normal first
        tensors = {"scale": self.scale[order], "bias": self.bias[order]}
        return write_checkpoint(path, self.card, tensors, save=save)

    @classmethod
    def load(cls, path: Path) -> Lesson:
        """Read a file that `save` wrote. Raises `ModelError` for any other, broken or too new."""
        card, tensors = read_checkpoint(path, kind="taught", version=VERSION, framework="numpy")
        try:
            sides = [[str(text) for text in card[side]] for side in SIDES]
            return cls(
                name=str(card["name"]),
                encoder_id=str(card["encoder"]),
                temperature=float(card["temperature"]),
                sentences=tuple(sides[0] + sides[1]),
                is_abnormal=np.repeat([False, True], [len(side) for side in sides]),
                scale=tensors["scale"].astype(np.float32),
                bias=tensors["bias"].astype(np.float32),
                picture=card["picture"],
                training=dict(card["training"]),
                limits=str(card["limits"]),
            )
        except ModelError as error:
            raise ModelError(f"{path.name}: {error}") from None
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path.name}: the card of this lesson is damaged ({error!r}).") from None


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TaughtScorer(SimilarityScorer):
    """The similarity with a lesson: `logit = (A_k * f_v) . f_k / temperature + b_k` (Eq. 13)."""

    lesson: Lesson

    @classmethod
    def load(cls, path: Path) -> TaughtScorer:
        """From a lesson's file, at the temperature that it was taught with. Raises `ModelError`."""
        lesson = Lesson.load(path)
        return cls(lesson=lesson, temperature=lesson.temperature)

    @property
    def use(self) -> ModelUse:
        lesson = self.lesson
        return ModelUse(
            id=f"taught:{lesson.name}@{lesson.digest}",
            label=f"lesson {lesson.name}",
            limits=lesson.limits,
            device="cpu",
        )

    def check(self, *, encoder_id: str, fps: float) -> None:
        """Any sampling will do, but only the encoder that it was taught with."""
        check_same_encoder(encoder_id, self.lesson.encoder_id)

    def texts_for(self, texts: Embeddings, rules: RuleSet) -> Embeddings:
        return self.lesson.applied(texts, rules)

    def remarks(self, features: Features, rules: RuleSet) -> tuple[str, ...]:
        return self.lesson.remarks(rules, temperature=self.temperature, modes=features.modes)

    def score(
        self,
        features: Features,
        texts: Embeddings,
        rules: RuleSet,
        *,
        mode: Mode,
        smooth_s: float | None = None,
        clock_start_s: float | None = None,
    ) -> Scores:
        """As `SimilarityScorer.score`; raises `EncoderMismatchError` besides if the lesson is another encoder's."""
        taught = self.texts_for(texts, rules)
        return super().score(features, taught, rules, mode=mode, smooth_s=smooth_s, clock_start_s=clock_start_s)


def _quoted(texts: list[str], most: int = 3) -> str:
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(f"“{text}”" for text in texts[:most]) + more
