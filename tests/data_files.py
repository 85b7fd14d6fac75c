"""Files of data sets written by hand, and the labels that come of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from clipvad.datasets import DataSet


def write(folder: Path, **files: str | bytes) -> Path:
    """Files by name, "." written as "__"."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / name.replace("__", ".")).write_bytes(raw)
    return folder


def frames_of(data: DataSet, name: str) -> list[int] | None:
    """The numbers of the abnormal frames of a video, None if it has no frame labels."""
    (video,) = [video for video in data.videos if video.name == name]
    return None if video.truth is None else np.flatnonzero(video.truth.labels).tolist()


def labels(data: DataSet) -> dict[str, tuple[str, str]]:
    return {video.name: (video.split, video.label) for video in data.videos}
