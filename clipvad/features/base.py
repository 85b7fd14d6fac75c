"""What features of a video are, and how they were made: model and features that do not fit refuse each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from clipvad.core import check_same_encoder
from clipvad.errors import FeaturesError

Sampling = Literal["fps", "stride", "segments"]
Picture = Literal["frame", "object"]
Unit = Literal["s", "frames", "part"]


@dataclass(frozen=True, kw_only=True)
class FeatureSpec:
    """How the rows of every video of a source were made.

    `encoder_id`: name and weights, as an `Encoder` has it, or the name that a public set goes by. `dim`: D.
    `sampling` with `step` says what a row is: "fps", one of `step` sampled frames a second; "stride", `step` source
    frames together; "segments", one of `step` equal parts of the video. `crops`: K, pictures of each row that were
    encoded apart, at most. `normalised`: whether rows are unit vectors. `picture`: what a row shows, the whole frame or
    one object in it; `detector_id`: of what found the objects, "" for frames. Raises `FeaturesError` for values out of
    range.
    """

    encoder_id: str
    dim: int
    sampling: Sampling
    step: float
    crops: int = 1
    normalised: bool = True
    picture: Picture = "frame"
    detector_id: str = ""

    def __post_init__(self) -> None:
        if not self.encoder_id or self.dim < 1 or self.crops < 1 or not 0 < self.step < math.inf:
            raise FeaturesError(f"No features can be like this: {self}.")
        if self.sampling not in ("fps", "stride", "segments"):
            raise FeaturesError(f"sampling is fps, stride or segments, got {self.sampling!r}.")
        if self.picture not in ("frame", "object"):
            raise FeaturesError(f"picture is frame or object, got {self.picture!r}.")
        if self.detector_id and self.picture == "frame":
            raise FeaturesError(f"Whole frames need no detector, got {self.detector_id!r}.")

    @property
    def label(self) -> str:
        """For people: "8 frames a second, 256 numbers each, unit vectors"."""
        rows = {
            "fps": f"{self.step:g} frames a second",
            "stride": f"{self.step:g} frames a row",
            "segments": f"{self.step:g} equal parts of a video",
        }[self.sampling]
        if self.picture == "object":
            rows = f"objects{f' found by {self.detector_id}' if self.detector_id else ''} in {rows}"
        crops = f", {self.crops} crops" if self.crops > 1 else ""
        return f"{rows}{crops}, {self.dim} numbers each, {'unit vectors' if self.normalised else 'not normalised'}"

    def check(self, other: FeatureSpec) -> None:
        """Raise unless `other` was made alike; the number of crops and the detector may differ.

        `EncoderMismatchError` for another encoder, `FeaturesError` for another sampling, width, normalisation or
        picture.
        """
        check_same_encoder(self.encoder_id, other.encoder_id)
        mine, theirs = ((spec.dim, spec.sampling, spec.step, spec.normalised, spec.picture) for spec in (self, other))
        if mine != theirs:
            raise FeaturesError(
                f"The model was made for features of {self.label}; these are of {other.label}. "
                "Extract the features again as the model wants them."
            )


@dataclass(frozen=True, repr=False, kw_only=True)
class VideoFeatures:
    """The rows of one video. `rows` float16 or float32 [K, T, D]: K crops (1 mostly), T rows in order of time.

    `starts` float64 [T]: where each row begins, increasing: seconds if `unit` is "s", source frames from 0 if it is
    "frames", else the share of the video before it, in [0, 1) (equal parts of a video whose length nobody noted). A row
    stands for the time up to the next one; the last one for that up to `end`, in the same unit, if it is known.
    """

    name: str
    rows: NDArray[np.floating]
    starts: NDArray[np.float64]
    unit: Unit
    end: float | None = None

    def __post_init__(self) -> None:
        if self.rows.ndim != 3 or not self.rows.shape[1]:
            raise FeaturesError(f"{self.name}: rows must be [crops, T, D] with T > 0, got {self.rows.shape}.")
        if self.starts.shape != (self.rows.shape[1],) or np.any(np.diff(self.starts) <= 0):
            raise FeaturesError(f"{self.name}: {self.rows.shape[1]} rows need as many increasing times.")

    def __len__(self) -> int:
        return int(self.rows.shape[1])

    def __repr__(self) -> str:
        return f"VideoFeatures({self.name!r}, {self.rows.shape} {self.rows.dtype})"


@dataclass(frozen=True, repr=False, kw_only=True)
class ObjectFeatures:
    """The objects of one video, a row each, in order of time. M objects in T sampled frames; M may be 0.

    `rows` float16 or float32 [M, D]. `frame` int32 [M]: index into `pts_s`, sorted. `track` int32 [M]: identity over
    time, -1 where there is none. `pts_s` float64 [T], increasing: the sampled frames in seconds, also those
    without an object. `end`: end of the last one, if it is known.
    """

    name: str
    rows: NDArray[np.floating]
    frame: NDArray[np.int32]
    track: NDArray[np.int32]
    pts_s: NDArray[np.float64]
    end: float | None = None

    def __post_init__(self) -> None:
        count = len(self.rows)
        if self.rows.ndim != 2 or self.frame.shape != (count,) or self.track.shape != (count,):
            raise FeaturesError(
                f"{self.name}: rows must be [M, D] with a frame and a track each, got {self.rows.shape}, "
                f"{self.frame.shape} and {self.track.shape}."
            )
        if self.pts_s.ndim != 1 or not len(self.pts_s) or np.any(np.diff(self.pts_s) <= 0):
            raise FeaturesError(f"{self.name}: the times of the sampled frames must increase.")
        if count and (np.any(np.diff(self.frame) < 0) or self.frame[0] < 0 or self.frame[-1] >= len(self.pts_s)):
            raise FeaturesError(f"{self.name}: objects must be sorted by frame, in 0 to {len(self.pts_s) - 1}.")

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return f"ObjectFeatures({self.name!r}, {self.rows.shape} in {len(self.pts_s)} frames)"


class FeatureSource(Protocol):
    """Features by the name of the video: a store of ours or a public layout."""

    @property
    def spec(self) -> FeatureSpec:
        """How all of them were made."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """The videos it has, in order."""
        ...

    def read(self, name: str) -> VideoFeatures:
        """The rows of one video. Raises `FeaturesError` if it is not there or broken."""
        ...
