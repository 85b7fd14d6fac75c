"""The bundled encoder's open_clip configuration, and its training-time construction from random initialisation."""

from __future__ import annotations

from typing import Any

import torch

IMAGE_SIDE = 160
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
"""CLIP's own channel statistics (Radford et al. 2021); any fixed values would do."""


def model_config(trunk: str, *, vocab_size: int, context_length: int, dim: int) -> dict[str, Any]:
    """An open_clip model configuration: a timm image tower and a one-layer text transformer."""
    return {
        "embed_dim": dim,
        "custom_text": True,
        "vision_cfg": {
            "timm_model_name": trunk,
            "timm_model_pretrained": False,
            "timm_pool": "catavgmax",
            "timm_proj": "",
            "image_size": IMAGE_SIDE,
        },
        "text_cfg": {
            "context_length": context_length,
            "vocab_size": vocab_size,
            "width": 256,
            "heads": 4,
            "layers": 1,
            "mlp_ratio": 2.0,
        },
    }


def preprocess_config() -> dict[str, Any]:
    """How a picture becomes input, in open_clip's own terms: squashed to a square, as the training photographs are."""
    return {
        "size": [IMAGE_SIDE, IMAGE_SIDE],
        "mode": "RGB",
        "mean": list(MEAN),
        "std": list(STD),
        "interpolation": "bilinear",
        "resize_mode": "squash",
        "fill_color": 0,
    }


def build(config: dict[str, Any], *, seed: int) -> Any:
    """The open_clip model of `config` with random weights."""
    from open_clip.model import CustomTextCLIP

    torch.manual_seed(seed)
    return CustomTextCLIP(**{key: value for key, value in config.items() if key != "custom_text"})


def normalise(images: torch.Tensor) -> torch.Tensor:
    """uint8 [B, 3, S, S] -> the tower's input, float32."""
    mean = torch.tensor(MEAN)[None, :, None, None]
    std = torch.tensor(STD)[None, :, None, None]
    return (images.float() / 255 - mean) / std
