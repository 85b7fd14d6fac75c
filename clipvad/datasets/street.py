"""The street benchmark as `clipvad synth` renders it: manifest.csv for the clips, truth/ for their frame labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from clipvad.datasets.base import DataSet, LabelledVideo, Truth

if TYPE_CHECKING:
    from clipvad.synth.layouts import StreetClip


def read_street(root: Path, *, domain: str = "pedestrian", more: str = "") -> DataSet:
    """Its clips with the labels of `domain`, frame labels in seconds. `more`: a second folder (the preset
    street-train-v1), whose training clips join. Raises `ManifestError` if a part is missing.
    """
    from clipvad.synth import layouts  # the renderer's package: heavy

    clips = list(layouts.read_street(root, domain=domain))
    if more:
        clips += [clip for clip in layouts.read_street(more, domain=domain) if clip.split == "train"]
    return DataSet(name="street", videos=tuple(_video(clip) for clip in clips))


def _video(clip: StreetClip) -> LabelledVideo:
    longest_first = sorted(clip.events, key=lambda event: event.start_s - event.end_s)
    truth = Truth(
        positions=np.arange(clip.frames) / clip.fps,  # the renderer writes frame k at k / fps
        labels=clip.mask.astype(bool),
        unit="s",
    )
    return LabelledVideo(
        name=clip.name,
        split="test" if clip.split == "test" else "train",
        labels=tuple(dict.fromkeys(event.label for event in longest_first)),
        truth=truth if clip.split == "test" else None,
    )
