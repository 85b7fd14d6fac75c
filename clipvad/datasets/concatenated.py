"""Ground truth as later papers share it: the frame labels of all test videos in one array, without their lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipvad.datasets.assembly import SNIPPET, Findings, Frames
from clipvad.datasets.files import find, listed, stem
from clipvad.errors import DataSetError


def read_concatenated(
    root: Path, counts: Mapping[str, Frames], findings: Findings, *, array: Sequence[str], order: Sequence[str]
) -> dict[str, NDArray[np.bool_]]:
    """Frame labels by name from a file called like one of `array`; `order` names the list of its videos.

    It is cut by `counts`, the frames of each video: the array has whole snippets of `SNIPPET` frames of each, of which
    the frames that are counted are returned. Nothing is returned where counts, or one of the files, are not there.
    Raises `DataSetError` for a broken file.
    """
    array_path, order_path = find(root, *array), find(root, *order)
    if array_path is None or order_path is None:
        return {}
    names = [stem(entry) for entry, _ in listed(order_path)]
    lengths = [count for name in names if isinstance(count := counts.get(name), int)]
    if len(lengths) < len(names):
        return {}
    labels = _read(array_path)
    padded = [-(-length // SNIPPET) * SNIPPET for length in lengths]
    if len(labels) != sum(padded):
        findings.contradict(f"{array_path} has {len(labels)} frame labels, but the features {sum(padded)} frames")
        return {}
    parts = np.split(labels, np.cumsum(padded)[:-1])
    return {name: part[:length] for name, part, length in zip(names, parts, lengths, strict=True)}


def without_padding(arrays: Mapping[str, NDArray[np.bool_]]) -> dict[str, NDArray[np.bool_]]:
    """The arrays less their last snippet, which reaches beyond the video's end and is labelled as everyone pleases."""
    return {name: labels[:-SNIPPET] for name, labels in arrays.items()}


def _read(path: Path) -> NDArray[np.bool_]:
    try:
        labels: NDArray[np.float64] = np.asarray(np.load(path), np.float64)
    except OSError as error:
        raise DataSetError(f"The frame labels {path} can't be read: {error}.") from error
    except (EOFError, ValueError, TypeError) as error:
        raise DataSetError(
            f"The frame labels {path} can't be read: they are no array of numbers, or cut off. Copy them again."
        ) from error
    if labels.ndim != 1:
        raise DataSetError(f"{path} is not a row of frame labels: {labels.shape}.")
    return np.asarray(labels != 0, bool)
