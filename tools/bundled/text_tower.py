"""Training the text tower: regression on the joint space. `tools.bundled.finetune` fits it to the finished image tower.

The joint space comes from the teacher heads (captions) and from the sentence encoder (sentences of our own), see
`tools.bundled.spaces`. Words are dropped to "unknown" now and then, so that a word nobody has seen disturbs little.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from clipvad.encoders.tokenizer import FIRST_WORD, UNKNOWN
from tools.bundled.heads import clip_loss


def lengths_of(ids: Tensor, end: int) -> np.ndarray:
    """Used columns of every row, the end token included."""
    return (ids == end).long().argmax(1).numpy() + 1


def drop_words(ids: Tensor, end: int, *, share: float) -> Tensor:
    """A copy of the id rows with a share of the words made unknown."""
    hidden = (torch.rand(ids.shape) < share) & (ids >= FIRST_WORD) & (ids != end)
    return torch.where(hidden, torch.full_like(ids, UNKNOWN), ids)


def train_text_tower(
    tower: Any, ids: Tensor, targets: Tensor, *, end: int, epochs: int, seed: int, captions: int, rate: float = 2e-3
) -> None:
    """Fit the tower's unit vectors to `targets` [n, D] by cosine and by telling the rows of a batch apart.

    The first `captions` rows are captions, the others sentences of our own, which count double.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    tower.train()
    optimiser = torch.optim.AdamW(tower.parameters(), lr=rate, weight_decay=0.02)
    pool = np.concatenate([np.arange(len(ids)), np.arange(captions, len(ids))])
    batch, started = 256, time.time()
    steps = epochs * (len(pool) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.1)
    scale = torch.tensor(30.0)
    lengths = lengths_of(ids, end)
    for epoch in range(epochs):
        # Batches of nearly equal length waste no work on padding; their order stays random.
        order = rng.permutation(pool)
        order = order[np.argsort(lengths[order], kind="stable")][: len(order) // batch * batch].reshape(-1, batch)
        for rows in rng.permutation(order):
            length = int(lengths[rows].max())
            given = drop_words(ids[rows], end, share=0.04)
            with torch.autocast("cpu", torch.bfloat16):
                vectors = encode(tower, given, length)
            loss = (1 - (vectors * targets[rows]).sum(1)).mean() * 5 + 0.2 * clip_loss(vectors, targets[rows], scale)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
            optimiser.step()
            schedule.step()
        cosine = float((vectors.detach() * targets[rows]).sum(1).mean())
        print(f"  text tower epoch {epoch + 1}: cosine {cosine:.3f}, {time.time() - started:.0f} s", flush=True)
    tower.eval()


def encode(tower: Any, ids: Tensor, length: int) -> Tensor:
    """Unit vectors [B, D] of rows whose first `length` columns hold everything: a causal tower never looks further."""
    full_mask = tower.attn_mask
    tower.attn_mask = full_mask[:length, :length]
    try:
        return F.normalize(tower(ids[:, :length]).float(), dim=-1)
    finally:
        tower.attn_mask = full_mask
