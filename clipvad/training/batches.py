"""Videos in memory, and the batches of an epoch: a function of seed and epoch alone, so that a run that was cut off
goes on with the very batches that it would have had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clipvad.datasets import LabelledVideo
from clipvad.errors import FeaturesError
from clipvad.features import FeatureSource
from clipvad.features.sources import read_objects
from clipvad.nn import tracks
from clipvad.training.config import LoopConfig


@dataclass(frozen=True, kw_only=True, repr=False)
class Bag:
    """One video: `sequences` of rows float16 [K, T, D] that the model sees apart (one for whole frames, one a track for
    objects), and the number of its class, 0 for normal.
    """

    name: str
    label: int
    sequences: tuple[NDArray[np.float16], ...]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """B videos of S sequences in all: `x` float32 [S, T, D] padded, `mask` bool [S, T], `owner` int64 [S] in order: the
    video of each, `labels` int64 [B].
    """

    x: Tensor
    mask: Tensor
    owner: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        x, mask, owner, labels = (part.to(device) for part in (self.x, self.mask, self.owner, self.labels))
        return Batch(x=x, mask=mask, owner=owner, labels=labels)


def load_bags(
    videos: Sequence[LabelledVideo], labels: Sequence[int], source: FeatureSource, *, rows: int | None
) -> list[Bag]:
    """The features of all `videos`, averaged down to at most `rows` rows. Raises `FeaturesError` naming those that the
    source lacks, or one whose numbers can't be learned from.
    """
    check_present(videos, source)
    return [
        Bag(
            name=video.name,
            label=label,
            sequences=tuple(_kept(part, rows, video.name) for part in _sequences(source, video.name)),
        )
        for video, label in zip(videos, labels, strict=True)
    ]


def all_rows(bags: Sequence[Bag]) -> NDArray[np.float32]:
    """The rows of all videos and crops, float32 [M, D]."""
    parts = [part.reshape(-1, part.shape[-1]) for bag in bags for part in bag.sequences]
    return np.concatenate(parts).astype(np.float32)


def check_present(videos: Sequence[LabelledVideo], source: FeatureSource) -> None:
    """Raise `FeaturesError` that names the videos without features."""
    there = set(source.names)
    missing = [video.name for video in videos if video.name not in there]
    if missing:
        more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        raise FeaturesError(
            f"{len(missing)} of {len(videos)} videos have no features: {', '.join(missing[:8])}{more}. "
            "Extract them too, or give the features of the whole set."
        )


def shortened(rows: NDArray[np.floating], most: int | None) -> NDArray[np.float16]:
    """At most `most` rows: means of equal stretches of [K, T, D], as in the public code of VadCLIP (Wu et al. 2024)."""
    length = rows.shape[1]
    if most is None or length <= most:
        return np.asarray(rows, np.float16)
    cuts = np.arange(most) * length // most
    sums = np.add.reduceat(rows.astype(np.float32), cuts, axis=1)
    return np.asarray(sums / np.diff(cuts, append=length)[None, :, None], np.float16)


def _kept(part: NDArray[np.floating], rows: int | None, name: str) -> NDArray[np.float16]:
    with np.errstate(over="ignore"):
        found = shortened(part, rows)
    if not np.isfinite(found).all():
        raise FeaturesError(
            f"{name}: its features hold NaN, infinity or a number beyond 65,504, the most that half precision holds. "
            "Extract them again, or scale them down."
        )
    return found


def epoch_batches(bags: Sequence[Bag], loop: LoopConfig, *, epoch: int) -> Iterator[Batch]:
    """The batches of one epoch, of equal size but for one video, in an order that `loop.seed` and `epoch` fix.

    With `balance` half of each is normal and half abnormal: the larger side is seen once, the smaller one repeated.
    """
    rng = np.random.default_rng([loop.seed, epoch])
    for chosen in _order(np.array([bag.label > 0 for bag in bags]), loop, rng):
        yield collate([bags[i] for i in chosen], rng=rng, drop=loop.drop_rows)


def count_batches(bags: Sequence[Bag], loop: LoopConfig) -> int:
    """How many batches an epoch has."""
    return len(_order(np.array([bag.label > 0 for bag in bags]), loop, np.random.default_rng(0)))


def collate(bags: Sequence[Bag], *, rng: np.random.Generator | None = None, drop: float = 0.0) -> Batch:
    """Pad videos to one batch. With `rng` a crop of each is drawn and the share `drop` of its rows left out; without it
    crops are averaged.
    """
    parts = [_drawn(part, rng, drop) for bag in bags for part in bag.sequences]
    longest = max(len(part) for part in parts)
    x = np.zeros((len(parts), longest, parts[0].shape[-1]), np.float32)
    mask = np.zeros(x.shape[:2], bool)
    for row, part in enumerate(parts):
        x[row, : len(part)] = part
        mask[row, : len(part)] = True
    owner = np.repeat(np.arange(len(bags)), [len(bag.sequences) for bag in bags])
    return Batch(
        x=torch.from_numpy(x),
        mask=torch.from_numpy(mask),
        owner=torch.from_numpy(owner),
        labels=torch.tensor([bag.label for bag in bags]),
    )


def by_video(values: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
    """All rows of a video's sequences on one axis: values [S, T, C] -> [B, R, C] with mask bool [B, R]."""
    count = len(batch.labels)
    if len(batch.owner) == count:  # one sequence a video, as `owner` has no gaps
        return values, batch.mask
    rows = torch.zeros(count, dtype=torch.long, device=values.device)
    rows.index_add_(0, batch.owner, batch.mask.sum(1))
    mask = torch.arange(int(rows.max()), device=values.device)[None] < rows[:, None]
    # Both masks run over the rows in the same order: by video, then by sequence, then by time.
    gathered = values.new_zeros(*mask.shape, values.shape[-1])
    gathered[mask] = values[batch.mask]
    return gathered, mask


def _sequences(source: FeatureSource, name: str) -> list[NDArray[np.floating]]:
    if source.spec.picture == "frame":
        return [source.read(name).rows]
    found = read_objects(source, name)
    # A video without an object has a row of zeros: nothing was seen in it, which is also something to learn.
    return [found.rows[None, index] for index in tracks(found.track)] or [np.zeros((1, 1, source.spec.dim))]


def _drawn(part: NDArray[np.float16], rng: np.random.Generator | None, drop: float) -> NDArray[np.floating]:
    if rng is None:
        return np.asarray(part[0] if len(part) == 1 else part.mean(0, dtype=np.float32))
    rows: NDArray[np.floating] = part[rng.integers(len(part))] if len(part) > 1 else part[0]
    kept = max(1, round(len(rows) * (1 - drop)))
    return np.asarray(rows[np.sort(rng.permutation(len(rows))[:kept])]) if drop else rows


def _order(abnormal: NDArray[np.bool_], loop: LoopConfig, rng: np.random.Generator) -> list[NDArray[np.intp]]:
    sides = [np.flatnonzero(~abnormal), np.flatnonzero(abnormal)] if loop.balance else [np.arange(len(abnormal))]
    sides = [side for side in sides if len(side)]
    longest = max(len(side) for side in sides)
    steps = -(-longest * len(sides) // loop.batch)
    orders = [_repeated(side, longest, rng) for side in sides]
    return [np.concatenate(parts) for parts in zip(*(np.array_split(order, steps) for order in orders), strict=True)]


def _repeated(side: NDArray[np.intp], count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    rounds = -(-count // len(side))
    return np.concatenate([rng.permutation(side) for _ in range(rounds)])[:count]
