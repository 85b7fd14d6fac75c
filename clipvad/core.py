"""The nouns: what flows from a video to an explained timeline. NumPy only.

A video becomes frames (`FrameBatch`), frames become embeddings and detections (`Features`), those and a
`RuleSet` become `Scores`, scores become `Event`s, and all of it together is an `Analysis`.

Time is seconds from the container's presentation timestamps everywhere; `pts_s` travels with its data.
Pictures are RGB uint8. Boxes are pixels of the upright source picture, x right, y down, `x1 y1 x2 y2`.
This module knows nothing of files, models or pages. The nouns of a rule set live in `ruleset.py` and are
named here too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from clipvad.errors import EncoderMismatchError, SettingsError
from clipvad.ruleset import Hours as Hours
from clipvad.ruleset import Region as Region
from clipvad.ruleset import Rule as Rule
from clipvad.ruleset import RuleSet as RuleSet
from clipvad.ruleset import Zone as Zone

Float = NDArray[np.floating]
Mode = Literal["frame", "object"]
MODES: tuple[Mode, ...] = ("frame", "object")
DEFAULT_SMOOTH_S = 1.0


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """What is known of a clip before (and, where marked, after) decoding it.

    `width`, `height`: upright picture, rotation applied. `fps`: average rate; never used to make a time.
    `duration_s`: from the container, corrected after a full decode. `sha256`: of the content (bytes of the
    file; names and bytes for a folder). `warnings`: sentences for the user, e.g. that the clip is cut off.
    """

    path: str
    name: str
    width: int
    height: int
    fps: float
    duration_s: float
    codec: str
    pixel_format: str = ""
    rotation: int = 0
    browser_playable: bool = False
    sha256: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class FrameBatch:
    """Consecutive sampled frames. `pixels` uint8 [T, H, W, 3] RGB; `pts_s` float64 [T], increasing.

    `H, W` may be smaller than the source picture (large sources are scaled down while decoding): box
    pixels are of the source, so multiply by `VideoInfo.width / W`.
    """

    pixels: NDArray[np.uint8]
    pts_s: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.pixels.ndim != 4 or self.pixels.shape[-1] != 3 or self.pixels.dtype != np.uint8:
            raise ValueError(f"pixels must be uint8 [T, H, W, 3], got {self.pixels.dtype} {self.pixels.shape}")
        _same_length(pixels=self.pixels, pts_s=self.pts_s)

    def __len__(self) -> int:
        return len(self.pts_s)

    def __repr__(self) -> str:
        span = f"{self.pts_s[0]:.2f}..{self.pts_s[-1]:.2f} s" if len(self) else "empty"
        return f"FrameBatch({self.pixels.shape}, {span})"


@dataclass(frozen=True, repr=False)
class Embeddings:
    """Unit vectors of one encoder. `vectors` float16 or float32 [N, D].

    They are kept in half precision: a long clip holds hundreds of thousands of them, and rounding moves a
    cosine by less than 1e-4. Computation is always in float32.
    """

    vectors: Float
    encoder_id: str

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2:
            raise ValueError(f"vectors must be [N, D], got {self.vectors.shape}")

    def __len__(self) -> int:
        return len(self.vectors)

    def __repr__(self) -> str:
        return f"Embeddings({self.vectors.shape} {self.vectors.dtype}, {self.encoder_id!r})"

    def cosines(self, texts: Embeddings, *, chunk: int = 16384) -> NDArray[np.float32]:
        """Cosine similarity with every text, float32 [N, M] in [-1, 1]; refuses another encoder's texts."""
        check_same_encoder(self.encoder_id, texts.encoder_id)
        other = texts.vectors.astype(np.float32).T
        out = np.empty((len(self), other.shape[1]), np.float32)
        for start in range(0, len(self), chunk):  # bounds the float32 copy of a long clip's vectors
            block = slice(start, start + chunk)
            out[block] = self.vectors[block].astype(np.float32) @ other
        return out


@dataclass(frozen=True, repr=False)
class Detections:
    """Objects found in the sampled frames of one clip, all frames in one table sorted by frame.

    `frame` int32 [M]: index into the clip's `pts_s`. `xyxy` float32 [M, 4]: source pixels.
    `confidence` float32 [M] in [0, 1]. `label` int16 [M]: index into `names`. `track` int32 [M]: identity
    over time, -1 where there is none. `detector_id`: name, weights and settings of what found them.
    """

    frame: NDArray[np.int32]
    xyxy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    label: NDArray[np.int16]
    track: NDArray[np.int32]
    names: tuple[str, ...]
    detector_id: str

    def __post_init__(self) -> None:
        _same_length(frame=self.frame, xyxy=self.xyxy, confidence=self.confidence, label=self.label, track=self.track)
        if self.xyxy.shape != (len(self.frame), 4):
            raise ValueError(f"xyxy must be [M, 4], got {self.xyxy.shape}")
        if len(self.frame) and np.any(np.diff(self.frame) < 0):
            raise ValueError("detections must be sorted by frame")

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return f"Detections({len(self)} boxes, {self.detector_id!r})"

    @classmethod
    def empty(cls, detector_id: str, names: tuple[str, ...] = ()) -> Detections:
        """No object at all."""
        return cls(
            frame=np.zeros(0, np.int32),
            xyxy=np.zeros((0, 4), np.float32),
            confidence=np.zeros(0, np.float32),
            label=np.zeros(0, np.int16),
            track=np.zeros(0, np.int32),
            names=names,
            detector_id=detector_id,
        )


@dataclass(frozen=True, repr=False)
class Features:
    """All that is costly about a clip: what the cache keeps and every later step starts from.

    `pts_s` float64 [T]: the sampled frames. `frames`: their embeddings [T, D], or None if only objects
    were asked for. `detections` with `objects` [M, D], row for row, or both None. `zones`: by the box around
    a zone (`Zone.box`) the embeddings [T, D] of that part of each frame.
    """

    video: VideoInfo
    pts_s: NDArray[np.float64]
    encoder_id: str
    frames: Embeddings | None = None
    detections: Detections | None = None
    objects: Embeddings | None = None
    zones: Mapping[Region, Embeddings] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for part in (self.frames, *self.zones.values()):
            if part is not None:
                _same_length(pts_s=self.pts_s, pictures=part)
        if (self.detections is None) != (self.objects is None):
            raise ValueError("detections and objects come together")
        if self.detections is not None and self.objects is not None:
            _same_length(detections=self.detections, objects=self.objects)
        for part in (self.frames, self.objects, *self.zones.values()):
            if part is not None:
                check_same_encoder(self.encoder_id, part.encoder_id)

    def __len__(self) -> int:
        return len(self.pts_s)

    def __repr__(self) -> str:
        return f"Features({len(self)} frames of {self.video.name!r}, {self.objects!r})"

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes these features can be scored in."""
        have: dict[Mode, object] = {"frame": self.frames, "object": self.objects}
        return tuple(mode for mode in MODES if have[mode] is not None)


@dataclass(frozen=True, repr=False, kw_only=True)
class Scores:
    """The anomaly curve of one mode, with its explanation. T frames, N sentences, M objects.

    `score` float32 [T] in [0, 1]: summed probability of the abnormal sentences, not a calibrated
    probability; larger is more abnormal. `smooth` [T]: its sliding median. `probabilities` [T, N]: softmax
    over the sentences that were compared, 0 for the others (see `scoring/contexts.py`); `cosines` [T, N]: raw
    similarity, NaN where nothing was seen. `winner` int32 [T]: in object mode the row in `Detections` that gave
    the score, -1 where the frame has no object.
    `object_score` [M], `object_top` int16 [M]: per object its score and the most likely sentence.
    """

    mode: Mode
    pts_s: NDArray[np.float64]
    score: NDArray[np.float32]
    smooth: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    cosines: NDArray[np.float32]
    winner: NDArray[np.int32]
    object_score: NDArray[np.float32] | None = None
    object_top: NDArray[np.int16] | None = None

    def __post_init__(self) -> None:
        _same_length(
            pts_s=self.pts_s,
            score=self.score,
            smooth=self.smooth,
            probabilities=self.probabilities,
            cosines=self.cosines,
            winner=self.winner,
        )

    def __len__(self) -> int:
        return len(self.pts_s)

    def __repr__(self) -> str:
        return f"Scores({self.mode}, {len(self)} frames, {self.probabilities.shape[1]} sentences)"


@dataclass(frozen=True, kw_only=True)
class Event:
    """A span of abnormal frames. `start_s` inclusive, `end_s` exclusive; `peak` the largest smoothed score.

    `sentence` is the abnormal sentence with the largest mean probability over the span; `box` the winning
    object at the peak (source pixels), None in frame mode.
    """

    mode: Mode
    start_s: float
    end_s: float
    peak_s: float
    peak: float
    sentence: str
    category: str = ""
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True, kw_only=True)
class ScoreSettings:
    """Everything that turns cached features into events; changing one never touches a model.

    `threshold` in (0, 1]: an event begins at or above it. `release`: it goes on while the score is at least
    `release * threshold`. `smooth_s`: width of the median in seconds; None takes the rule set's, else
    `DEFAULT_SMOOTH_S`. `merge_s`: shorter gaps between two events are closed. `min_s`: shorter events are
    dropped. `temperature`: softmax temperature m of Eq. 13; None takes the rule set's, else the encoder's own
    (1 / logit scale). `clock_start_s`: time of day at second 0 of the clip, in seconds since midnight; None: not
    known, and hours limit nothing. Raises `SettingsError` for a value out of range.
    """

    threshold: float = 0.5
    release: float = 0.8
    smooth_s: float | None = None
    merge_s: float = 1.0
    min_s: float = 0.5
    temperature: float | None = None
    clock_start_s: float | None = None

    def __post_init__(self) -> None:
        ranges = {"threshold": (1e-6, 1), "release": (1e-6, 1), "temperature": (1e-6, 1e6)}
        ranges |= {"smooth_s": (0, 3600), "merge_s": (0, 3600), "min_s": (0, 3600), "clock_start_s": (0, 86400)}
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:  # also refuses NaN
                raise SettingsError(f"{name} must lie between {low:g} and {high:g}, got {value}.")

    def resolved(self, rules: RuleSet) -> ScoreSettings:
        """The same settings with what they left open taken from the rule set, then from the defaults."""
        smooth_s = next(s for s in (self.smooth_s, rules.smooth_s, DEFAULT_SMOOTH_S) if s is not None)
        return replace(self, smooth_s=smooth_s, temperature=self.temperature or rules.temperature)


def read_clock(text: str) -> float:
    """Seconds since midnight of "20:30" or "20:30:15", for `clock_start_s`. Raises `SettingsError`."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", text.strip())
    if found is None:
        raise SettingsError(f"“{text.strip()}” is no time of day. Write it like 20:30 or 20:30:15.")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(3600 * hours + 60 * minutes + seconds)


@dataclass(frozen=True, kw_only=True)
class ModelUse:
    """What ran, for the result and the screen: `id` is exact, `label` readable, `limits` says what it can't do."""

    id: str
    label: str
    limits: str = ""
    device: str = ""
    precision: str = ""


ZERO_SHOT = ModelUse(id="zero-shot", label="zero-shot")


@dataclass(frozen=True, repr=False, kw_only=True)
class Analysis:
    """The explained timeline of one clip: features, rules, a curve and events per mode, and what ran.

    `rules` are those that were scored: a trained head has its own classes in place of the user's sentences.
    `settings` are resolved. `remarks`: sentences for the user on what of the rules could not be applied.
    """

    features: Features
    rules: RuleSet
    settings: ScoreSettings
    encoder: ModelUse
    detector: ModelUse | None
    scores: Mapping[Mode, Scores]
    events: tuple[Event, ...]
    scorer: ModelUse = ZERO_SHOT
    unknown_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)
    from_cache: bool = False

    @property
    def video(self) -> VideoInfo:
        return self.features.video

    @property
    def models(self) -> tuple[ModelUse, ...]:
        """What ran: a trained scorer, the encoder, the detector. Zero-shot scoring adds no model."""
        used = (None if self.scorer == ZERO_SHOT else self.scorer, self.encoder, self.detector)
        return tuple(use for use in used if use is not None)

    def events_of(self, mode: Mode) -> tuple[Event, ...]:
        """The events of one mode, in time order."""
        return tuple(event for event in self.events if event.mode == mode)

    def top_sentence(self, mode: Mode, frame: int) -> str:
        """The most probable sentence of one sampled frame, normal or not; "" where the frame shows no object."""
        scores = self.scores[mode]
        row = scores.probabilities[frame]
        if (mode == "object" and scores.winner[frame] < 0) or not np.any(row > 0):  # nor where it is NaN
            return ""
        return self.rules.sentences[int(np.nanargmax(row))]

    def with_timings(self, **timings_s: float) -> Analysis:
        """The same analysis with more stage times, in seconds."""
        return replace(self, timings_s={**self.timings_s, **timings_s})

    def __repr__(self) -> str:
        return f"Analysis({self.video.name!r}, {tuple(self.scores)}, {len(self.events)} events)"


def check_same_encoder(expected_id: str, got_id: str) -> None:
    """Raise `EncoderMismatchError` unless both ids are the same."""
    if expected_id != got_id:
        raise EncoderMismatchError(
            f"These features were made by encoder {expected_id!r}, but this was made for {got_id!r}. "
            "Their vectors cannot be compared: choose the same encoder for both, or extract the features again."
        )


def _same_length(**arrays: object) -> None:
    lengths = {name: len(array) for name, array in arrays.items()}  # type: ignore[arg-type]
    if len(set(lengths.values())) > 1:
        raise ValueError(f"lengths differ: {lengths}")
