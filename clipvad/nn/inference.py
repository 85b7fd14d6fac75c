"""A trained model over one video of any length: class probabilities of every row, in memory that grows linearly."""

from __future__ import annotations

from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clipvad.nn.model import VideoModel

SPAN = 1024  # rows that the global graph sees at once; its cost grows with the square of it


def class_probabilities(
    model: VideoModel, rows: NDArray[np.floating], classes: Tensor | None, *, span: int = SPAN
) -> NDArray[np.float32]:
    """Softmax over the classes of every row, normal first: float32 [T, C] of `rows` [K, T, D], mean over the K crops.

    A video of more than `span` rows is cut into parts of equal length, whole windows each, that do not see each other
    (docs/training.md has the effect). The score of Eq. 10 is 1 less the first column.
    """
    length = rows.shape[1]
    window = model.config.window
    part = ceil(ceil(length / ceil(length / span)) / window) * window
    found = [_part(model, rows[:, start : start + part], classes) for start in range(0, length, part)]
    return np.concatenate(found)


def each_alone(
    model: VideoModel, rows: NDArray[np.floating], classes: Tensor | None, *, span: int = SPAN
) -> NDArray[np.float32]:
    """As `class_probabilities`, but every row of [M, D] is a video of its own: float32 [M, C]."""
    parts = [_softmax(model, rows[start : start + span, None], classes) for start in range(0, len(rows), span)]
    return np.concatenate(parts)[:, 0]


def object_probabilities(
    model: VideoModel, rows: NDArray[np.floating], track: NDArray[np.integer], classes: Tensor | None
) -> NDArray[np.float32]:
    """The same for objects, float32 [M, C] of `rows` [M, D]: each track on its own, as if it were a video."""
    width = 2 if classes is None else len(classes)
    found = np.zeros((len(rows), width), np.float32)
    for index in tracks(track):
        found[index] = class_probabilities(model, rows[None, index], classes)
    return found


def tracks(track: NDArray[np.integer]) -> list[NDArray[np.intp]]:
    """The rows of every track, in order; an object without one (-1) is alone. `track` int [M], in order of time."""
    order = np.argsort(track, kind="stable")
    cuts = np.flatnonzero((np.diff(track[order]) != 0) | (track[order][1:] < 0)) + 1
    return np.split(order, cuts) if len(track) else []


def _part(model: VideoModel, rows: NDArray[np.floating], classes: Tensor | None) -> NDArray[np.float32]:
    return np.asarray(_softmax(model, rows, classes).mean(0), np.float32)


@torch.inference_mode()
def _softmax(model: VideoModel, rows: NDArray[np.floating], classes: Tensor | None) -> NDArray[np.float32]:
    """Class probabilities [B, T, C] of B whole videos of T rows, [B, T, D]."""
    device = next((one.device for one in model.parameters()), torch.device("cpu"))  # prompts alone: no weights
    x = torch.from_numpy(np.ascontiguousarray(rows, np.float32)).to(device)
    mask = torch.ones(x.shape[:2], dtype=torch.bool, device=device)
    logits = model(x, mask, None if classes is None else classes.to(device))
    return np.asarray(logits.softmax(-1).cpu().numpy(), np.float32)
