"""The local transformer: self-attention inside windows of frames (Dong 2024, section 3.2.1, Eq. 5)."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn


class LocalTransformer(nn.Module):
    """`depth` pre-norm transformer blocks over windows of `window` frames that do not overlap.

    Every position of a window has a learned vector; Eq. 5 numbers the T frames of one window. Its class token is left
    out: nothing reads it, since the alignment map wants frames. `heads` must divide `dim`.
    """

    def __init__(self, dim: int, *, window: int = 16, heads: int = 8, depth: int = 1, dropout: float = 0.0) -> None:
        super().__init__()
        self.window = window
        self.positions = nn.Parameter(torch.randn(window, dim) * 0.01)

        def block() -> nn.TransformerEncoderLayer:
            return nn.TransformerEncoderLayer(
                dim, heads, 4 * dim, dropout, activation="gelu", batch_first=True, norm_first=True
            )

        self.blocks = nn.TransformerEncoder(block(), depth, enable_nested_tensor=False)
        for layer in range(1, depth):  # it copies the first, weights and all
            self.blocks.layers[layer] = block()

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Frames [B, T, D] and mask [B, T] -> [B, T, D]."""
        batch, length, dim = x.shape
        width = min(self.window, length)  # a short video has one short window
        missing = -length % width
        windows = F.pad(x, (0, 0, 0, missing)).reshape(-1, width, dim) + self.positions[:width]  # (B * T / w, w, D)
        real = F.pad(mask, (0, missing)).reshape(-1, width)
        there = real.any(1)  # attention over nothing would be NaN, and would cost as much as any other
        found: Tensor = self.blocks(windows[there], src_key_padding_mask=~real[there])
        seen = found.new_zeros(windows.shape)
        seen[there] = found
        return seen.reshape(batch, -1, dim)[:, :length] * mask[..., None]
