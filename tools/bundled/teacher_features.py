"""The image teacher: a detector's backbone (layers 0 to 10), read as dense maps and as pooled features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from tools.bundled.data import Image
from tools.bundled.views import View, cut

MIDDLE, LAST = 6, 10
"""Backbone layers taken as targets: stride 16 and stride 32."""


class Backbone(torch.nn.Module):
    """Layers 0 to 10 of a YOLO11 detector, frozen. Images in [0, 1], [B, 3, H, W] -> two maps."""

    def __init__(self, detector: Any) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList(list(detector.model.model[: LAST + 1])).eval()
        self.layers.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            x, middle = images, images
            for index, layer in enumerate(self.layers):
                x = layer(x)
                if index == MIDDLE:
                    middle = x
        return middle.float(), x.float()


def pooled(middle: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    """Mean and maximum over the map of both layers, concatenated: [B, 2 (C6 + C10)]."""
    return torch.cat([middle.mean((2, 3)), middle.amax((2, 3)), last.mean((2, 3)), last.amax((2, 3))], 1)


def to_tensor(images: list[Image]) -> torch.Tensor:
    """RGB uint8 pictures of one size -> float [B, 3, H, W] in [0, 1], channels last in memory."""
    batch = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    return batch.float().div_(255).contiguous(memory_format=torch.channels_last)


def extract(
    backbone: Backbone, pictures: list[Image], views: list[View], *, side: int, maps_to: Path | None, batch: int = 64
) -> np.ndarray:
    """Pooled teacher features of every view, float32 [n, P]; the maps go to `maps_to`/{middle,last}.npy as float16.

    Maps are laid out [n, h, w, C] and stay on disk: the pool's maps are several gigabytes.
    """
    vectors: list[np.ndarray] = []
    files: list[np.ndarray] = []
    for start in range(0, len(views), batch):
        part = views[start : start + batch]
        maps = backbone(to_tensor([cut(pictures, view, side) for view in part]))
        vectors.append(pooled(*maps).numpy())
        if maps_to is None:
            continue
        if not files:
            maps_to.mkdir(parents=True, exist_ok=True)
            files = [
                np.lib.format.open_memmap(
                    maps_to / f"{name}.npy",
                    mode="w+",
                    dtype=np.float16,
                    shape=(len(views), m.shape[2], m.shape[3], m.shape[1]),
                )
                for name, m in zip(("middle", "last"), maps, strict=True)
            ]
        for file, m in zip(files, maps, strict=True):
            file[start : start + len(part)] = m.permute(0, 2, 3, 1).numpy().astype(np.float16)
    return np.concatenate(vectors)
