"""The last step of training: the text tower and the image tower's last layer fitted to each other with CLIP's loss.

The trunk stays as it is, so its pooled features are computed once. What must not be lost is held in place beside:
sentences without a picture at their targets, views without a caption at the vectors that they had.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from tools.bundled.data import Image
from tools.bundled.heads import clip_loss
from tools.bundled.model import IMAGE_SIDE, normalise
from tools.bundled.pool import Pool
from tools.bundled.text_tower import drop_words, encode, lengths_of
from tools.bundled.views import cut, degrade

BATCH = 512


@dataclass(frozen=True)
class Pooled:
    """The trunk's pooled features, float16. `captioned[p]` [k, P]: views of photograph p; `others` [n, P]: views
    without a caption, degraded as a far camera does."""

    captioned: list[Tensor]
    others: Tensor


@torch.inference_mode()
def pool_features(visual: Any, pool: Pool, *, seed: int, per_photo: int = 2, others: int = 15000) -> Pooled:
    """Features of a photograph's first captioned views (the whole comes first), plain and mirrored, and of others."""
    rng = np.random.default_rng(seed)
    rows: list[int] = []
    taken = np.zeros(len(pool.photos), int)
    for row, view in enumerate(pool.views):
        if view.photo >= 0 and taken[view.photo] < per_photo:
            taken[view.photo] += 1
            rows.append(row)
    captioned: list[list[Tensor]] = [[] for _ in pool.photos]
    for mirrored in (False, True):
        views = (cut(pool.pictures, pool.views[row], IMAGE_SIDE) for row in rows)
        features = pooled_features(visual, views, mirrored=mirrored)
        for row, feature in zip(rows, features, strict=True):
            captioned[pool.views[row].photo].append(feature)
    free = np.array([row for row, view in enumerate(pool.views) if view.photo < 0])
    chosen = rng.choice(free, min(others, len(free)), replace=False)
    seen = (degrade(cut(pool.pictures, pool.views[row], IMAGE_SIDE), rng, strength=0.5) for row in chosen)
    return Pooled([torch.stack(found) for found in captioned], pooled_features(visual, seen))


@torch.inference_mode()
def pooled_features(visual: Any, images: Iterable[Image], *, mirrored: bool = False, batch: int = 128) -> Tensor:
    """The trunk's pooled features of images [S, S, 3]: float16 [n, P]."""
    found = []
    for part in batched(images, batch):
        pixels = torch.from_numpy(np.stack(part)).permute(0, 3, 1, 2)
        pixels = normalise(pixels.flip(3) if mirrored else pixels).contiguous(memory_format=torch.channels_last)
        trunk = visual.trunk
        found.append(trunk.forward_head(trunk.forward_features(pixels), pre_logits=True).half())
    return torch.cat(found)


def batched(images: Iterable[Image], size: int) -> Iterator[list[Image]]:
    """Lists of `size` images, the last one shorter."""
    source = iter(images)
    while part := list(islice(source, size)):
        yield part


def finetune(
    tower: Any,
    last: nn.Linear,
    pooled: Pooled,
    ids: Tensor,
    owner: np.ndarray,
    group: Tensor,
    targets: Tensor,
    *,
    end: int,
    epochs: int,
    seed: int,
    scale: float,
    rate: float = 3e-4,
) -> float:
    """Fit text tower and last layer `last` (P -> D) in place; returns the learned logit scale.

    `group` [P]: see `clip_loss`. `ids` and `targets` are as for `train_text_tower`, captions first (`owner[j]` is
    caption j's photograph).
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    tower.train()
    with torch.no_grad():
        before = F.normalize(last(pooled.others.float()), dim=-1)
    log_scale = nn.Parameter(torch.tensor(float(np.log(scale))))
    learned = [*tower.parameters(), *last.parameters(), log_scale]
    optimiser = torch.optim.AdamW(learned, lr=rate, weight_decay=0.02)
    captions_of = [np.where(owner == p)[0] for p in range(len(pooled.captioned))]
    lengths = lengths_of(ids, end)
    steps = epochs * (len(captions_of) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    for epoch in range(epochs):
        order = rng.permutation(len(captions_of))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            photos = order[start : start + BATCH]
            rows = np.array([rng.choice(captions_of[p]) for p in photos])
            seen = torch.stack([pooled.captioned[p][int(rng.integers(len(pooled.captioned[p])))] for p in photos])
            own = rng.integers(len(owner), len(ids), BATCH // 2)
            free = rng.integers(0, len(before), BATCH // 2)
            both = np.concatenate([rows, own])
            vectors = encode(tower, drop_words(ids[both], end, share=0.04), int(lengths[both].max()))
            images = F.normalize(last(torch.cat([seen, pooled.others[free]]).float()), dim=-1)
            kept = 1 - (vectors * targets[both]).sum(1).mean()
            held = 1 - (images[len(photos) :] * before[free]).sum(1).mean()
            sharp = log_scale.exp().clamp(max=100)
            matched = clip_loss(images[: len(photos)], vectors[: len(rows)], sharp, group[photos])
            loss = matched + 4 * kept + 4 * held
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        if epoch % 5 == 4:
            parts = f"loss {matched.item():.3f}, text moved {kept.item():.3f}, images moved {held.item():.3f}"
            print(f"  fine-tuning epoch {epoch + 1}: {parts}", flush=True)
    tower.eval()
    return float(log_scale.detach().exp())
