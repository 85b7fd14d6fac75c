"""The state of a training that has not ended, in one safetensors file: tensors, and the rest as JSON in its header."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.optim import Optimizer

from clipvad.errors import ModelError
from clipvad.features import FeatureSpec
from clipvad.files import write_atomic
from clipvad.training.batches import Bag
from clipvad.training.config import STATE, TrainConfig

FILE = f"{STATE}.safetensors"
HEADER = "clipvad.training"
# What a file raises that `save_state` did not write, while it is read or put back into a run.
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, SafetensorError)
# What may change between two halves of a run without changing a step of it.
FREE: Any = {"data": True, "limits": True, "loop": {"epochs", "patience", "device", "save_s"}}


def identity(config: TrainConfig, bags: Sequence[Bag], spec: FeatureSpec) -> dict[str, Any]:
    """What a run to go on with must have in common with the one that was cut off, JSON-ready."""
    videos = json.dumps(sorted([bag.name, bag.label] for bag in bags))
    schedule = {"loop.epochs": config.loop.epochs} if config.loop.schedule != "constant" else {}
    return {
        **schedule,
        **config.model_dump(mode="json", exclude=FREE),
        "videos": hashlib.blake2b(videos.encode(), digest_size=8).hexdigest(),
        "features": asdict(spec),
    }


def save_state(path: Path, meta: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write it in one step: whoever kills the process leaves the old state or the new one."""
    whole = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    write_atomic(path, save(whole, metadata={HEADER: json.dumps(meta)}))


def load_state(path: Path, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What `save_state` wrote. Raises `ModelError` if it is broken or of another run than `wanted`."""
    try:
        with safe_open(str(path), framework="pt") as file:
            meta = json.loads((file.metadata() or {})[HEADER])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        before, now = _flat(meta["run"]), _flat(wanted)
    except UNREADABLE as error:
        raise unreadable(path, error) from None
    differing = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    if differing:
        raise ModelError(
            f"{path} is of a training with other settings: {', '.join(differing)}. Give those that it was begun with, "
            "or begin anew in another --out."
        )
    return meta, tensors


def unreadable(path: Path, error: Exception) -> ModelError:
    """For a state that is broken, or that a newer clipvad wrote."""
    return ModelError(f"{path} can't be read as a state of training: {error}. Begin anew in another --out.")


def _flat(run: Mapping[str, Any]) -> dict[str, Any]:
    """`{"loop": {"lr": 1}}` as `{"loop.lr": 1}`."""
    parts = {key: value if isinstance(value, dict) else {"": value} for key, value in run.items()}
    return {f"{key}.{name}".rstrip("."): value for key, part in parts.items() for name, value in part.items()}


def adam_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """Moments and step counts by parameter number; empty before the first step."""
    state = optimizer.state_dict()["state"]
    return {f"{number}.{name}": value for number, values in state.items() for name, value in values.items()}


def put_adam_tensors(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """The reverse of `adam_tensors`."""
    whole = optimizer.state_dict()
    for key, value in tensors.items():
        number, _, name = key.partition(".")
        whole["state"].setdefault(int(number), {})[name] = value
    optimizer.load_state_dict(whole)


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those whose name begins with `prefix`, without it."""
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def put_under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The reverse of `under`."""
    return {f"{prefix}{name}": value for name, value in tensors.items()}
