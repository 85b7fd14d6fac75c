"""The global temporal adapter: two graphs over all frames of a video, one of likeness, one of distance in time."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

BLOCKED = -1e4  # a logit that no softmax sees
BLOCK = 128  # frames whose neighbours are summed in one product


def likeness(x: Tensor) -> Tensor:
    """Cosine of every two frames, [B, T, T] of [B, T, D] (Eq. 8)."""
    unit = F.normalize(x, dim=-1)
    return unit @ unit.mT


def distance(length: int, *, like: Tensor) -> Tensor:
    """|i - j| of every two frames, [T, T], on the device and in the type of `like`."""
    steps = torch.arange(length, device=like.device, dtype=like.dtype)
    return (steps[:, None] - steps[None]).abs()


def row_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Softmax of the rows [B, T, T] over the real columns."""
    return logits.masked_fill(~mask[:, None], BLOCKED).softmax(-1)


def near(x: Tensor, mask: Tensor, *, sigma: float) -> Tensor:
    """`softmax(M_dis) X` of Eq. 9, [B, T, D], in time that grows with T.

    A weight below what the type of `x` can add to 1 is left out, so the matrix is a band; blocks of rows share a piece.
    """
    batch, length, dim = x.shape
    reach = math.ceil(-math.log(torch.finfo(x.dtype).eps) * sigma)
    around = -length % BLOCK + reach
    seen = torch.cat([x * mask[..., None], mask[..., None].to(x.dtype)], -1)  # the last column sums the weights
    blocks = F.pad(seen, (0, 0, reach, around)).unfold(1, BLOCK + 2 * reach, BLOCK).mT  # (B, T / BLOCK, rows, D + 1)
    places = torch.arange(BLOCK + 2 * reach, device=x.device, dtype=x.dtype)
    band = torch.exp(-(places[reach : reach + BLOCK, None] - places).abs() / sigma)
    sums = (band @ blocks).reshape(batch, -1, dim + 1)[:, :length]
    weights = sums[..., -1:]
    return sums[..., :-1] / torch.where(mask[..., None], weights, torch.ones_like(weights))


class PaperGraph(nn.Module):
    """`ReLU([softmax(M_sim); softmax(M_dis)] X W)` with `M_dis(i, j) = -|i - j| / sigma` (Dong 2024, Eq. 7-9).

    As printed, the ReLU leaves only directions with positive components for the cosine alignment that follows.
    `residual` adds the input to its output instead, so that the graph corrects what the local transformer found.
    """

    def __init__(self, dim: int, *, sigma: float = 1.0, residual: bool = True) -> None:
        super().__init__()
        self.sigma, self.residual = sigma, residual
        self.join = nn.Linear(2 * dim, dim, bias=False)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Frames [B, T, D] and mask [B, T] -> [B, T, D]."""
        alike = row_softmax(likeness(x), mask)
        spread = F.relu(self.join(torch.cat([alike @ x, near(x, mask, sigma=self.sigma)], -1)))  # (B, T, 2D)
        return (x + spread if self.residual else spread) * mask[..., None]


class TwoLayerGraph(nn.Module):
    """The design of VadCLIP (Wu et al. 2024) as its public code has it: two layers a graph, residual, then both side by
    side through a linear.

    Cosines under `bound` are no edge; near frames weigh `exp(-|i - j| / e)`, not normalised. Padding is masked
    everywhere, which the public code does in the graph of likeness alone.
    """

    def __init__(self, dim: int, *, bound: float = 0.7) -> None:
        super().__init__()
        self.bound = bound
        half = dim // 2
        self.alike = nn.ModuleList([GraphLayer(dim, half), GraphLayer(half, half)])
        self.near = nn.ModuleList([GraphLayer(dim, half), GraphLayer(half, half)])
        self.join = nn.Linear(2 * half, dim)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Frames [B, T, D] and mask [B, T] -> [B, T, D]."""
        x = x.masked_fill(~mask[..., None], 0)  # the residual looks at neighbours
        cosines = likeness(x)
        # The cut leaves zeros, which the softmax still gives a weight, as the public code does.
        alike = row_softmax(torch.where(cosines > self.bound, cosines, torch.zeros_like(cosines)), mask)
        near = torch.exp(-distance(x.shape[1], like=x) / math.e) * mask[:, None]
        parts = []
        for adjacency, layers in ((alike, self.alike), (near, self.near)):
            hidden = x
            for layer in layers:
                hidden = quick_gelu(layer(hidden, adjacency))
            parts.append(hidden)
        joined: Tensor = self.join(torch.cat(parts, -1))
        return joined * mask[..., None]


class GraphLayer(nn.Module):
    """`A (X W)` and a residual; where the width changes, that is a convolution over 5 frames.

    [B, T, D], [B, T, T] -> [B, T, E].
    """

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Linear(width, out, bias=False)
        self.skip = nn.Identity() if width == out else nn.Conv1d(width, out, 5, padding=2)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        spread: Tensor = adjacency @ self.weight(x)
        kept: Tensor = self.skip(x.mT).mT
        return spread + kept


def quick_gelu(x: Tensor) -> Tensor:
    """CLIP's approximation of GELU."""
    return x * torch.sigmoid(1.702 * x)
