"""A trained model over a video or tracks of any length: class probabilities of every row, in linear memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clipvad.errors import ModelError
from clipvad.nn.model import VideoModel

SPAN = 512  # rows that the global graph sees at once; its cost grows with the square of it
ROWS = 2048  # rows that go through the model together, those of padding too: they bound its memory


def class_probabilities(
    model: VideoModel, rows: NDArray[np.floating], classes: Tensor | None, *, span: int = SPAN
) -> NDArray[np.float32]:
    """Softmax over the classes of every row, normal first: float32 [T, C] of `rows` [K, T, D], mean over the K crops.

    A video of more than `span` rows is cut into parts of equal length, whole windows each, that do not see each other
    (docs/training.md has the effect). The score of Eq. 10 is 1 less the first column.
    """
    crops, length, dim = rows.shape
    every = np.arange(crops * length).reshape(crops, length)
    found = _probabilities(model, rows.reshape(-1, dim), list(every), classes, span=span)
    return np.asarray(found.reshape(crops, length, found.shape[1]).mean(0), np.float32)


def object_probabilities(
    model: VideoModel,
    rows: NDArray[np.floating],
    track: NDArray[np.integer],
    classes: Tensor | None,
    *,
    span: int = SPAN,
) -> NDArray[np.float32]:
    """The same for objects, float32 [M, C] of `rows` [M, D]: each of the `tracks` on its own, as if it were a video."""
    return _probabilities(model, rows, tracks(track), classes, span=span)


def tracks(track: NDArray[np.integer]) -> list[NDArray[np.intp]]:
    """The rows of every track, in order; an object without one (-1) is alone. `track` int [M], in order of time."""
    order = np.argsort(track, kind="stable")
    cuts = np.flatnonzero((np.diff(track[order]) != 0) | (track[order][1:] < 0)) + 1
    return np.split(order, cuts) if len(track) else []


def _probabilities(
    model: VideoModel,
    rows: NDArray[np.floating],
    sequences: Sequence[NDArray[np.intp]],
    classes: Tensor | None,
    *,
    span: int,
) -> NDArray[np.float32]:
    """Class probabilities [N, C] of `rows` [N, D], which the `sequences` share out among themselves. Raises
    `ModelError` for rows of another width, and if a probability is not finite.
    """
    if rows.shape[1] != model.dim:
        raise ModelError(f"The model was made for rows of {model.dim} numbers, these have {rows.shape[1]}.")
    found = np.zeros((len(rows), 2 if classes is None else len(classes)), np.float32)
    parts = [part for whole in sequences if len(whole) for part in _cut(whole, span=span, window=model.config.window)]
    for batch in _batches(parts):
        lengths = np.array([len(part) for part in batch])
        mask = np.arange(lengths[0]) < lengths[:, None]
        order = np.concatenate(batch)
        x = np.zeros((*mask.shape, rows.shape[1]), np.float32)
        x[mask] = rows[order]
        found[order] = _softmax(model, x, mask, classes)[mask]
    if not np.isfinite(found).all():
        raise ModelError("The model gives no finite scores here: its weights are broken, or the features are.")
    return found


def _cut(whole: NDArray[np.intp], *, span: int, window: int) -> Iterator[NDArray[np.intp]]:
    length = len(whole)
    part = ceil(ceil(length / ceil(length / span)) / window) * window
    return (whole[start : start + part] for start in range(0, length, part))


def _batches(parts: Sequence[NDArray[np.intp]]) -> Iterator[list[NDArray[np.intp]]]:
    """Longest first, so that those of a batch differ little in length and the padding is short."""
    ordered = sorted(parts, key=len, reverse=True)
    start = 0
    while start < len(ordered):
        stop = start + max(1, ROWS // len(ordered[start]))
        yield ordered[start:stop]
        start = stop


@torch.inference_mode()
def _softmax(
    model: VideoModel, rows: NDArray[np.float32], mask: NDArray[np.bool_], classes: Tensor | None
) -> NDArray[np.float32]:
    """Class probabilities [B, T, C] of B padded sequences [B, T, D]."""
    device = next((one.device for one in model.parameters()), torch.device("cpu"))  # prompts alone: no weights
    x, real = torch.from_numpy(rows).to(device), torch.from_numpy(mask).to(device)
    logits = model(x, real, None if classes is None else classes.to(device))
    return np.asarray(logits.softmax(-1).cpu().numpy(), np.float32)
