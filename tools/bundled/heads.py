"""The joint image-text teacher: small heads on the frozen backbone's pooled features, several of them, made one space.

Each head is trained with CLIP's contrastive loss (Radford et al. 2021) on captioned views. One reads the caption as
a bag of words with attention pooling, one reads a sentence encoder's vector, which also knows words that no caption
holds. Their unit vectors side by side, rotated and cut to `dim` dimensions, are the space that the bundled encoder
learns.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class ImageHead(nn.Module):
    """Pooled features [B, P] -> unit vectors [B, dim]."""

    def __init__(self, features: int, dim: int, hidden: int = 768) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.BatchNorm1d(features),
            nn.Dropout(0.1),
            nn.Linear(features, hidden),
            nn.GELU(),
            nn.Dropout(0.3),
            nn.Linear(hidden, dim),
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(self.net(x), dim=-1)


class BagOfWords(nn.Module):
    """Word ids [B, L] (0 = padding) -> unit vectors [B, dim]: attention-weighted mean of word vectors, then an MLP."""

    def __init__(self, words: int, dim: int, width: int = 256) -> None:
        super().__init__()
        self.vectors = nn.Embedding(words, width, padding_idx=0)
        nn.init.normal_(self.vectors.weight, std=0.3)
        self.weight = nn.Embedding(words, 1)
        nn.init.zeros_(self.weight.weight)
        self.net = nn.Sequential(nn.Dropout(0.2), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, dim))

    def forward(self, ids: Tensor) -> Tensor:
        logits = self.weight(ids)[..., 0].masked_fill(ids == 0, -1e4)
        mean = (logits.softmax(1)[..., None] * self.vectors(ids)).sum(1)
        return F.normalize(self.net(mean), dim=-1)


class SentenceHead(nn.Module):
    """A sentence encoder's vectors [B, S] -> unit vectors [B, dim]."""

    def __init__(self, features: int, dim: int, hidden: int = 512) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Dropout(0.1), nn.Linear(features, hidden), nn.GELU(), nn.Dropout(0.2), nn.Linear(hidden, dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(self.net(x * x.shape[-1] ** 0.5), dim=-1)


@dataclass(frozen=True)
class Pairs:
    """Captioned views. `rows[p]`: the feature rows showing photograph p; `captions[p]`: its rows in the text inputs;
    `group` [P]: see `clip_loss`."""

    rows: list[np.ndarray]
    captions: list[np.ndarray]
    group: Tensor


def clip_loss(image: Tensor, text: Tensor, scale: Tensor, group: Tensor | None = None) -> Tensor:
    """CLIP's symmetric cross entropy over a batch of matching unit vectors [B, D].

    Rows of the same `group` [B] (negative: none) do not compete: what is said of one may hold for the other.
    """
    logits = scale * image @ text.T
    if group is not None:
        same = (group[:, None] == group[None]) & (group[:, None] >= 0)
        logits = logits.masked_fill(same.fill_diagonal_(False), -1e4)
    target = torch.arange(len(image))
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def train_head(
    features: Tensor, text_inputs: Tensor, pairs: Pairs, text: nn.Module, *, dim: int, epochs: int, seed: int, lr: float
) -> tuple[ImageHead, nn.Module, float]:
    """Fit one image head and its text side; returns both in eval mode and the learned logit scale."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    image = ImageHead(features.shape[1], dim)
    image.net[0].get_buffer("running_mean").copy_(features.mean(0))
    log_scale = nn.Parameter(torch.tensor(np.log(1 / 0.07), dtype=torch.float32))
    decay = [*image.parameters(), *text.parameters()]
    groups: list[dict[str, Any]] = [{"params": decay, "weight_decay": 0.05}, {"params": [log_scale]}]
    optimiser = torch.optim.AdamW(groups, lr=lr)
    batch, n = 768, len(pairs.rows)
    steps = epochs * (n // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps, pct_start=0.1)
    started = time.time()
    for epoch in range(epochs):
        order = rng.permutation(n)
        for start in range(0, n - batch + 1, batch):
            chosen = order[start : start + batch]
            rows = np.array([rng.choice(pairs.rows[p]) for p in chosen])
            caps = np.array([rng.choice(pairs.captions[p]) for p in chosen])
            scale = log_scale.exp().clamp(max=100)
            loss = clip_loss(image(features[rows]), text(text_inputs[caps]), scale, pairs.group[chosen])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        if epoch % 5 == 4:
            print(
                f"  head seed {seed} epoch {epoch + 1}: loss {loss.item():.3f}, {time.time() - started:.0f} s",
                flush=True,
            )
    return image.eval(), text.eval(), float(log_scale.detach().exp())


@torch.inference_mode()
def apply(module: nn.Module, inputs: Tensor) -> Tensor:
    """The module over all rows of `inputs`, in batches."""
    return torch.cat([module(part) for part in inputs.split(4096)])  # type: ignore[no-untyped-call]


def common_space(image: Tensor, text: Tensor, dim: int) -> Tensor:
    """The [K, dim] projection that best keeps dot products between the rows of `image` [n, K] and of `text` [m, K]."""
    gram = image.T @ image / len(image) + text.T @ text / len(text)
    _, vectors = torch.linalg.eigh(gram)
    projection: Tensor = vectors[:, -dim:].flip(1)
    return projection


def recall(image: Tensor, text: Tensor, owner: np.ndarray) -> dict[str, float]:
    """Retrieval recall at 1, 5 and 10 in per cent, both ways; `owner[j]` is the image row of text j."""
    similarity = text @ image.T  # (M, N)
    target = torch.from_numpy(owner)
    own = similarity.gather(1, target[:, None])
    t2i = (similarity > own).sum(1)
    best = torch.full((len(image),), -2.0).scatter_reduce(0, target, own[:, 0], "amax")
    foreign = similarity.clone()
    foreign[torch.arange(len(text)), target] = -2.0
    i2t = (foreign > best[None]).sum(0)
    result = {f"t2i R@{k}": 100 * float((t2i < k).float().mean()) for k in (1, 5, 10)}
    return result | {f"i2t R@{k}": 100 * float((i2t < k).float().mean()) for k in (1, 5, 10)}
