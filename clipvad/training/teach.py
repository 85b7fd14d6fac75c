"""Teaching the similarity from labelled pictures: A and b of every sentence by gradient descent (Dong 2024, Eq. 13-15).

The encoder stays as it is: pictures and sentences are given as vectors, so a few labels take a second on a CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from clipvad.core import Embeddings, Mode, RuleSet, check_same_encoder
from clipvad.datasets import NORMAL
from clipvad.errors import ModelError
from clipvad.scoring.taught import Lesson

LIMITS = "Learnt from labels of one place and camera: sentences that it never saw labels for are hardly changed."
Label = bool | str  # the side (True: abnormal), or a category of the rules; `NORMAL` is the normal side


@dataclass(frozen=True, kw_only=True)
class TeachOptions:
    """`decay`: weight of the pull of every A towards 1 and b towards 0; the more, the closer to zero-shot.

    `batch`: samples a step; with fewer samples each epoch is one step. Raises `ModelError` for values out of range.
    """

    epochs: int = 100
    lr: float = 0.01
    decay: float = 1.0
    batch: int = 4096
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch) < 1 or not self.lr > 0 or not self.decay >= 0:
            raise ModelError(f"Epochs, batch and lr must lie above 0 and decay not below, got {self}.")


class Similarity(nn.Module):
    """The logits of Eq. 13 for N sentences: `scale` [N, D] begins as ones, `bias` [N] as zeros.

    `texts` float32 [N, D], unit vectors.
    """

    texts: Tensor

    def __init__(self, texts: Tensor, *, temperature: float) -> None:
        super().__init__()
        self.register_buffer("texts", texts)
        self.temperature = temperature
        self.scale = nn.Parameter(torch.ones_like(texts))
        self.bias = nn.Parameter(texts.new_zeros(len(texts)))

    def forward(self, x: Tensor) -> Tensor:
        """Unit vectors [M, D] -> logits [M, N]."""
        return x @ (self.scale * self.texts).T / self.temperature + self.bias

    def distance(self) -> Tensor:
        """Squared distance from zero-shot, mean over the sentences."""
        return ((self.scale - 1).square().sum() + self.bias.square().sum()) / len(self.bias)


def log_share(logits: Tensor, own: Tensor, other: Tensor) -> Tensor:
    """`log(p_pos / (p_pos + p_neg))` of every sample, [M] (inside Eq. 15).

    `logits` [M, N]; `own`, `other` bool [M, N]: the sentences of its side or class, and those of the other side. What
    is neither takes no part; the softmax's own sum cancels.
    """
    shut = -torch.inf
    mine = logits.masked_fill(~own, shut).logsumexp(-1)
    return mine - logits.masked_fill(~(own | other), shut).logsumexp(-1)


def teach(
    samples: Embeddings,
    labels: Sequence[Label],
    texts: Embeddings,
    rules: RuleSet,
    *,
    temperature: float,
    picture: Mode,
    weights: NDArray[np.floating] | None = None,
    options: TeachOptions = TeachOptions(),
    name: str = "taught",
) -> Lesson:
    """A lesson from M labelled pictures, frames or objects (`picture`): unit vectors [M, D] with a label each.

    `texts`: unit vectors of `rules.sentences`, row for row (more are ignored). A category that the rules lack counts
    as its side. `weights` [M]: lambda of Eq. 15, 1 where not given. The same arguments give the same lesson. Raises
    `EncoderMismatchError`, and `ModelError` where nothing can be learnt.
    """
    check_same_encoder(texts.encoder_id, samples.encoder_id)
    sentences = Sentences.of(rules)
    if not len(samples) or len(labels) != len(samples):
        raise ModelError(f"{len(samples)} pictures and {len(labels)} labels: give one label each, and at least one.")
    lam = torch.ones(len(samples)) if weights is None else torch.from_numpy(np.array(weights, np.float32))
    x = torch.from_numpy(samples.vectors.astype(np.float32))
    own, other = sentences.sides(labels)
    model = Similarity(sentences.vectors(texts), temperature=temperature)
    everything = torch.arange(len(x))
    loss = fit(model, x, own, other, lam, choose=lambda: everything, options=options)
    counts = {str(label): labels.count(label) for label in sorted(set(labels), key=str)}
    training = {"labels": counts, "pictures": len(samples), "loss": loss, **asdict(options)}
    return sentences.lesson(model, encoder_id=texts.encoder_id, picture=picture, training=training, name=name)


def fit(
    model: Similarity,
    x: Tensor,
    own: Tensor,
    other: Tensor,
    weights: Tensor,
    *,
    choose: Callable[[], Tensor],
    options: TeachOptions,
) -> float:
    """Minimise Eq. 15 plus the decay with Adam; `choose()` names the samples of each epoch. The last epoch's loss."""
    generator = torch.Generator().manual_seed(options.seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    last = 0.0
    for _ in range(options.epochs):
        rows = choose()
        shuffled = rows[torch.randperm(len(rows), generator=generator)] if len(rows) > options.batch else rows
        total = 0.0
        for part in torch.split(shuffled, options.batch):
            shares = log_share(model(x[part]), own[part], other[part])
            loss = -(weights[part] * shares).mean()
            optimizer.zero_grad()
            (loss + options.decay * model.distance()).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += float(loss.detach()) * len(part)
        last = total / len(rows)
    return last


@dataclass(frozen=True, kw_only=True, repr=False)
class Sentences:
    """The N sentences of a rule set that are taught; one that stands twice on a side (in two zones) is taught once."""

    texts: tuple[str, ...]
    is_abnormal: NDArray[np.bool_]
    categories: tuple[str, ...]
    columns: tuple[int, ...]

    @classmethod
    def of(cls, rules: RuleSet) -> Sentences:
        """Raises `RulesError` for a set with an empty side."""
        rules.check()
        keys = list(zip(rules.sentences, rules.is_abnormal.tolist(), strict=True))
        columns = tuple(sorted({key: column for column, key in reversed(list(enumerate(keys)))}.values()))
        return cls(
            texts=tuple(rules.sentences[column] for column in columns),
            is_abnormal=rules.is_abnormal[list(columns)],
            categories=tuple(rules.categories[column] for column in columns),
            columns=columns,
        )

    def vectors(self, texts: Embeddings) -> Tensor:
        """Their rows of `texts`, float32 [N, D]."""
        return torch.from_numpy(texts.vectors[list(self.columns)].astype(np.float32))

    def sides(self, labels: Sequence[Label]) -> tuple[Tensor, Tensor]:
        """bool [M, N] twice: the sentences of each sample's side or class, and those of the other side."""
        kinds = sorted(set(labels), key=str)
        index = torch.tensor([kinds.index(label) for label in labels])
        own, other = (torch.from_numpy(np.stack(rows)) for rows in zip(*map(self._side, kinds), strict=True))
        return own[index], other[index]

    def _side(self, label: Label) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        abnormal = label != NORMAL if isinstance(label, str) else bool(label)
        side = self.is_abnormal == abnormal
        of_class = side & (np.array(self.categories) == label) if isinstance(label, str) and abnormal else side
        return of_class if of_class.any() else side, ~side

    def lesson(
        self, model: Similarity, *, encoder_id: str, picture: Mode, training: dict[str, Any], name: str
    ) -> Lesson:
        """What the model has learnt of them."""
        return Lesson(
            name=name,
            encoder_id=encoder_id,
            temperature=model.temperature,
            sentences=self.texts,
            is_abnormal=self.is_abnormal,
            scale=model.scale.detach().numpy(),
            bias=model.bias.detach().numpy(),
            picture=picture,
            training=training,
            limits=LIMITS,
        )
