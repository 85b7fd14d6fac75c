"""Writing the bundled encoder: open_clip configuration, both towers in half precision, vocabulary, card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from tools.bundled.model import preprocess_config

LIMIT_BYTES = 10_000_000
"""Per file: what a Space takes without large-file storage."""


def halves(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Floating tensors in half precision, contiguous; the others as they are."""
    return {k: (v.half() if v.is_floating_point() else v).contiguous() for k, v in tensors.items()}


def export(model: Any, config: dict[str, Any], words: list[str], card: dict[str, str], folder: Path) -> dict[str, int]:
    """Write the encoder's five files to `folder` and return their sizes in bytes.

    Raises `ValueError` if a tensor does not survive half precision or a file is too large.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stored = halves(model.state_dict())
    for name, tensor in stored.items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ValueError(f"{name} does not fit half precision")
    image = {k: v for k, v in stored.items() if k.startswith("visual.")}
    text = {k: v for k, v in stored.items() if not k.startswith("visual.")}
    save_file(image, folder / "image.safetensors")
    save_file(text, folder / "text.safetensors")
    settings = {"model_cfg": config, "preprocess_cfg": preprocess_config()}
    (folder / "open_clip_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    if max(sizes.values()) > LIMIT_BYTES:
        raise ValueError(f"a file is larger than {LIMIT_BYTES} bytes: {sizes}")
    return sizes
