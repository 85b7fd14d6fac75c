"""The nouns of a data set: videos with a label for the whole, and frame labels where somebody drew them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clipvad.errors import DataSetError

NORMAL = "normal"
Split = Literal["train", "test"]


@dataclass(frozen=True, repr=False, kw_only=True)
class Truth:
    """Frame labels of one video. `positions` float64 [N], increasing: of each source frame, in seconds if `unit` is
    "s", else its number from 0. `labels` bool [N]: True where abnormal.
    """

    positions: NDArray[np.float64]
    labels: NDArray[np.bool_]
    unit: Literal["s", "frames"]

    def __post_init__(self) -> None:
        if self.positions.shape != self.labels.shape or self.labels.ndim != 1:
            raise DataSetError(f"{self.positions.shape} positions and {self.labels.shape} labels are not one to one.")


@dataclass(frozen=True, repr=False, kw_only=True)
class LabelledVideo:
    """`labels`: the kinds of event that it shows, the main one first, none for a normal video; a data set without kinds
    has the one label "abnormal". `truth`: None where there are no frame labels (training videos, as a rule).
    """

    name: str
    split: Split
    labels: tuple[str, ...]
    truth: Truth | None = None

    @property
    def label(self) -> str:
        """The main label, or "normal"."""
        return self.labels[0] if self.labels else NORMAL

    def __repr__(self) -> str:
        return f"LabelledVideo({self.name!r}, {self.split}, {self.label!r})"


@dataclass(frozen=True, repr=False, kw_only=True)
class DataSet:
    """Videos of both splits. `remarks`: sentences on what is missing or inconsistent in the files; `contradictions`:
    those of them that speak of the latter.
    """

    name: str
    videos: tuple[LabelledVideo, ...]
    remarks: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [video.name for video in self.videos]
        if len(set(names)) < len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise DataSetError(f"{self.name} lists a video twice: {', '.join(twice[:3])}. Keep one line of each.")

    @property
    def classes(self) -> tuple[str, ...]:
        """All labels of the training videos, "normal" first, the others by name."""
        return (NORMAL, *sorted({label for video in self.of("train") for label in video.labels}))

    def of(self, split: Split) -> Sequence[LabelledVideo]:
        """The videos of one split, in order."""
        return [video for video in self.videos if video.split == split]

    def __repr__(self) -> str:
        return f"DataSet({self.name!r}, {len(self.of('train'))} train, {len(self.of('test'))} test)"
