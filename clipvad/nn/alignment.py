"""The alignment map of frames and classes, what a video's label says about it, and the losses (Eq. 6, 10-12)."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

TAU = 0.07
TOP = 16  # one frame in so many, and one more, speaks for the video


def alignment_map(frames: Tensor, classes: Tensor) -> Tensor:
    """Cosines [B, T, C] of frames [B, T, D] and classes [C, D]; 0 for a frame of zeros, which no gradient passes."""
    # Dividing nothing by its length, 1e-12 at least, would send back 1e12 times what came: Adam would never forget it.
    frames = frames.masked_fill((frames == 0).all(-1, keepdim=True), 0)
    return F.normalize(frames, dim=-1) @ F.normalize(classes, dim=-1).T


def top_k_mean(values: Tensor, mask: Tensor, *, top: int = TOP) -> Tensor:
    """Mean of the k largest values of every column, [B, C] of [B, T, C]: k = T // top + 1 of the video's real T, but
    never more than T.
    """
    real = mask.sum(1, keepdim=True)  # (B, 1)
    k = torch.minimum(real // top + 1, real)
    ranked = values.masked_fill(~mask[..., None], -torch.inf).sort(1, descending=True).values
    counted = torch.arange(values.shape[1], device=values.device)[None] < k  # (B, T)
    return ranked.masked_fill(~counted[..., None], 0).sum(1) / k


def alignment_loss(video: Tensor, labels: Tensor, *, tau: float = TAU) -> Tensor:
    """Cross entropy of the videos' similarities [B, C] with their class numbers [B] (Eq. 10)."""
    return F.cross_entropy(video / tau, labels)


def class_contrast(classes: Tensor, *, normal: int = 0) -> Tensor:
    """Sum of the positive cosines of the abnormal classes with the normal one; classes [C, D] (Eq. 11)."""
    unit = F.normalize(classes, dim=-1)
    others = torch.arange(len(unit), device=unit.device) != normal
    return F.relu(unit[others] @ unit[normal]).sum()
