"""What was trained, on disk: one safetensors file whose header holds a card in JSON, whatever kind of model it is.

The card says what the file is (`kind`), of what, for which features, so that one file can be handed on. No pickles, and
no torch here: who wants tensors of torch asks for them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError, safe_open

from clipvad.errors import ModelError
from clipvad.files import write_atomic

HEADER = "clipvad.checkpoint"  # its key among the file's metadata
KINDS = {"video": "video-level models", "taught": "lessons of the similarity"}


def read_card(path: Path) -> dict[str, Any]:
    """The card alone, for a list or a page; no tensor is read. Raises `ModelError` as `read_checkpoint` does."""
    return _open(path, framework=None)[0]


def read_checkpoint(
    path: Path, *, kind: str, version: int, framework: Literal["numpy", "pt"]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Card and tensors of a file of one kind, up to a version.

    Raises `ModelError` for another kind, one too new, and for what is not a checkpoint at all or broken.
    """
    card = read_card(path)
    found, known = card.get("version"), KINDS[kind]
    if card.get("kind") != kind or not isinstance(found, int) or found > version:
        raise ModelError(
            f"{path.name} is a checkpoint of kind {card.get('kind')!r}, version {found!r}; this version of "
            f"clipvad reads {known} here, up to version {version}."
        )
    return _open(path, framework=framework)


def write_checkpoint(
    path: Path, card: Mapping[str, Any], tensors: Mapping[str, Any], *, save: Callable[..., bytes]
) -> Path:
    """Write `path` (NAME.safetensors) and NAME.json, the card for people, beside it; no reader meets half of either.

    `save`: that of `safetensors.numpy` or `safetensors.torch`, whichever the tensors are of.
    """
    text = json.dumps(card, ensure_ascii=False, indent=1)
    write_atomic(path.with_suffix(".json"), text + "\n")
    return write_atomic(path, save(dict(tensors), metadata={HEADER: text}))


def _open(path: Path, *, framework: Literal["numpy", "pt"] | None) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        with safe_open(str(path), framework=framework or "numpy") as file:
            header = (file.metadata() or {}).get(HEADER)
            if header is None:
                raise ModelError(
                    f"{path.name} holds tensors, but no card of clipvad. Give a .safetensors file that clipvad wrote "
                    "when it was trained or taught."
                )
            card = json.loads(header)
            if not isinstance(card, dict):
                raise ValueError("its card is not a table of names and values")
            return card, {name: file.get_tensor(name) for name in file.keys()} if framework else {}  # noqa: SIM118
    # TypeError, AttributeError: a number format that NumPy lacks; RecursionError: JSON nested without end.
    except (OSError, ValueError, TypeError, AttributeError, RecursionError, SafetensorError) as error:
        raise ModelError(
            f"{path.name} can't be read as a checkpoint: {error}. Give a .safetensors file of clipvad."
        ) from None
