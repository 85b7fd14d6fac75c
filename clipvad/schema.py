"""The saved form of an `Analysis`: `analysis.json`, versioned, strict JSON (no NaN), one array per quantity.

Writing goes through `analysis_to_dict`, plain and fast. Reading goes through the pydantic models below, which
check shapes and say which field is wrong. Neither embeddings nor the clip's folder are saved: a loaded analysis can be
shown and exported again, not rescored, and drawn over the clip's frames only where the clip lies in the working
folder. `SCHEMA_VERSION` rises when a field changes its meaning or goes away; new optional fields do not raise it, and
a reader ignores fields that it does not know.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from clipvad import __version__
from clipvad.core import (
    ZERO_SHOT,
    Analysis,
    Detections,
    Embeddings,
    Event,
    Features,
    Hours,
    Mode,
    ModelUse,
    Rule,
    RuleSet,
    Scores,
    ScoreSettings,
    VideoInfo,
    Zone,
)
from clipvad.errors import ClipvadError

SCHEMA_VERSION = 1
_DIGITS = {"pts_s": 6, "score": 5, "probabilities": 5, "cosines": 5, "xyxy": 1, "confidence": 4}

Number = float | None  # null stands for NaN: nothing was seen
Probability = Annotated[float, Field(ge=0, le=1)] | None


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Video(_Model):
    """`VideoInfo`, field for field; `path` is the file's name, not where it lay."""

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


class Model(_Model):
    """`ModelUse`: what ran."""

    id: str
    label: str
    limits: str = ""
    device: str = ""
    precision: str = ""


class SavedZone(_Model):
    """`Zone`: a polygon in shares of the picture."""

    name: str
    points: tuple[tuple[float, float], ...]


class SavedHours(_Model):
    """`Hours`: a daily span of the clock."""

    start: str
    end: str


class Sentence(_Model):
    """`Rule`: one sentence."""

    text: str
    category: str = ""
    enabled: bool = True
    zones: tuple[str, ...] = ()
    hours: tuple[SavedHours, ...] = ()
    dwell_s: float = 0.0
    threshold: float | None = None

    def to_rule(self) -> Rule:
        """The core noun again."""
        fields = self.model_dump()
        return Rule(**fields | {"hours": tuple(Hours(**span) for span in fields["hours"])})


class Rules(_Model):
    """`RuleSet`: both lists as they were, switched-off sentences included."""

    name: str
    title: str = ""
    place: str = ""
    description: str = ""
    templates: tuple[str, ...] = ("{}",)
    normal: tuple[Sentence, ...]
    abnormal: tuple[Sentence, ...]
    zones: tuple[SavedZone, ...] = ()
    smooth_s: float | None = None
    temperature: float | None = None
    encoder: str = ""


class Settings(_Model):
    """`ScoreSettings`."""

    threshold: float
    release: float
    smooth_s: float | None = None
    merge_s: float
    min_s: float
    temperature: float | None = None
    clock_start_s: float | None = None


class Curve(_Model):
    """`Scores` of one mode. T frames, N sentences, M boxes; `winner` is a row of `boxes`, -1 for none."""

    score: list[Probability]
    smooth: list[Probability]
    probabilities: list[list[Number]]
    cosines: list[list[Number]]
    winner: list[int]
    object_score: list[Probability] | None = None
    object_top: list[int] | None = None


class Boxes(_Model):
    """`Detections`: M boxes of all frames, sorted by frame; `xyxy` in pixels of the upright source picture."""

    frame: list[int]
    xyxy: list[tuple[float, float, float, float]]
    confidence: list[float]
    label: list[int]
    track: list[int]
    names: tuple[str, ...]


class SavedEvent(_Model):
    """`Event`."""

    mode: Mode
    start_s: float
    end_s: float
    peak_s: float
    peak: float
    sentence: str
    category: str = ""
    box: tuple[float, float, float, float] | None = None


class AnalysisDocument(_Model):
    """All of `analysis.json`. `sentences` and `is_abnormal` name the columns of every probability matrix."""

    format: Literal["clipvad.analysis"] = Field(alias="schema")
    schema_version: Literal[1]
    clipvad_version: str
    video: Video
    encoder: Model
    detector: Model | None
    rules: Rules
    settings: Settings
    sentences: tuple[str, ...]
    is_abnormal: tuple[bool, ...]
    pts_s: list[float]
    modes: dict[Mode, Curve]
    boxes: Boxes | None
    events: tuple[SavedEvent, ...]
    unknown_words: dict[str, tuple[str, ...]] = {}
    scorer: Model | None = None  # None: written before there was a choice, so zero-shot
    remarks: tuple[str, ...] = ()
    timings_s: dict[str, float] = {}
    from_cache: bool = False

    @model_validator(mode="after")
    def _check_shapes(self) -> AnalysisDocument:
        frames, columns = len(self.pts_s), len(self.sentences)
        boxes = len(self.boxes.frame) if self.boxes else 0
        for mode, curve in self.modes.items():
            for name in ("score", "smooth", "probabilities", "cosines", "winner"):
                _expect(f"modes.{mode}.{name}", len(getattr(curve, name)), frames, "frames")
            for name in ("probabilities", "cosines"):
                for row in getattr(curve, name):
                    _expect(f"modes.{mode}.{name}", len(row), columns, "sentences")
            if any(not -1 <= row < boxes for row in curve.winner):
                raise ValueError(f"modes.{mode}.winner names a box that is not in boxes")
        if self.boxes and any(not 0 <= frame < frames for frame in self.boxes.frame):
            raise ValueError("boxes.frame names a frame that is not in pts_s")
        return self

    def to_analysis(self) -> Analysis:
        """The core noun again. Its features hold times and boxes, but no vectors (objects are [M, 0])."""
        detections = self._detections()
        encoder_id = self.encoder.id
        objects = None if detections is None else Embeddings(np.zeros((len(detections), 0), np.float32), encoder_id)
        pts_s = np.array(self.pts_s, np.float64)
        return Analysis(
            features=Features(
                VideoInfo(**self.video.model_dump()), pts_s, encoder_id, detections=detections, objects=objects
            ),
            rules=self._rules(),
            settings=ScoreSettings(**self.settings.model_dump()),
            encoder=ModelUse(**self.encoder.model_dump()),
            detector=None if self.detector is None else ModelUse(**self.detector.model_dump()),
            scores={mode: self._scores(mode, curve, pts_s) for mode, curve in self.modes.items()},
            events=tuple(Event(**event.model_dump()) for event in self.events),
            scorer=ZERO_SHOT if self.scorer is None else ModelUse(**self.scorer.model_dump()),
            unknown_words=self.unknown_words,
            remarks=self.remarks,
            timings_s=self.timings_s,
            from_cache=self.from_cache,
        )

    def _rules(self) -> RuleSet:
        fields = self.rules.model_dump(exclude={"normal", "abnormal", "zones"})
        return RuleSet(
            **fields,
            normal=tuple(sentence.to_rule() for sentence in self.rules.normal),
            abnormal=tuple(sentence.to_rule() for sentence in self.rules.abnormal),
            zones=tuple(Zone(**zone.model_dump()) for zone in self.rules.zones),
        )

    def _detections(self) -> Detections | None:
        if self.boxes is None:
            return None
        return Detections(
            frame=np.array(self.boxes.frame, np.int32),
            xyxy=np.array(self.boxes.xyxy, np.float32).reshape(-1, 4),
            confidence=np.array(self.boxes.confidence, np.float32),
            label=np.array(self.boxes.label, np.int16),
            track=np.array(self.boxes.track, np.int32),
            names=self.boxes.names,
            detector_id=self.detector.id if self.detector else "",
        )

    def _scores(self, mode: Mode, curve: Curve, pts_s: NDArray[np.float64]) -> Scores:
        table = (len(pts_s), len(self.sentences))
        return Scores(
            mode=mode,
            pts_s=pts_s,
            score=np.array(curve.score, np.float32),
            smooth=np.array(curve.smooth, np.float32),
            probabilities=np.array(curve.probabilities, np.float32).reshape(table),
            cosines=np.array(curve.cosines, np.float32).reshape(table),
            winner=np.array(curve.winner, np.int32),
            object_score=None if curve.object_score is None else np.array(curve.object_score, np.float32),
            object_top=None if curve.object_top is None else np.array(curve.object_top, np.int16),
        )


def analysis_to_dict(analysis: Analysis) -> dict[str, Any]:
    """`Analysis` as the JSON-ready dict of `analysis.json` (see `AnalysisDocument`); NaN becomes None.

    Of the clip's path the name alone: the folders of whoever wrote the file are not for those whom it is handed to.
    """
    return {
        "schema": "clipvad.analysis",
        "schema_version": SCHEMA_VERSION,
        "clipvad_version": __version__,
        "video": asdict(analysis.video) | {"path": analysis.video.name},
        "encoder": asdict(analysis.encoder),
        "detector": None if analysis.detector is None else asdict(analysis.detector),
        "scorer": asdict(analysis.scorer),
        "rules": asdict(analysis.rules),
        "settings": asdict(analysis.settings),
        "sentences": list(analysis.rules.sentences),
        "is_abnormal": analysis.rules.is_abnormal.tolist(),
        "pts_s": _listed(analysis.features.pts_s, "pts_s"),
        "modes": {mode: _curve(scores) for mode, scores in analysis.scores.items()},
        "boxes": _boxes(analysis.features.detections),
        "events": [asdict(event) for event in analysis.events],
        "unknown_words": {sentence: list(words) for sentence, words in analysis.unknown_words.items()},
        "remarks": list(analysis.remarks),
        "timings_s": {stage: round(float(seconds), 4) for stage, seconds in analysis.timings_s.items()},
        "from_cache": analysis.from_cache,
    }


def analysis_from_dict(document: Any) -> Analysis:
    """The inverse of `analysis_to_dict`, up to rounding and without vectors. Raises `ClipvadError`."""
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version is not None and version != SCHEMA_VERSION:
        raise ClipvadError(
            f"This analysis has schema version {version}; this clipvad reads version {SCHEMA_VERSION}. "
            "Score the clip again with this version, or install the clipvad that wrote the file."
        )
    try:
        return AnalysisDocument.model_validate(document).to_analysis()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise ClipvadError(f"This is no valid analysis.json: {where}: {first['msg']}.") from error
    except ValueError as error:
        raise ClipvadError(f"This is no valid analysis.json: {error}.") from error


def load_analysis(path: str | Path) -> Analysis:
    """Read `analysis.json` back: all that a figure, a table or a player needs. Raises `ClipvadError`."""
    try:
        document = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise ClipvadError(f"{path} can't be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise ClipvadError(
            f"{path} is no JSON: {error}. Expected an analysis.json written by `clipvad score`."
        ) from error
    try:
        return analysis_from_dict(document)
    except ClipvadError as error:
        raise ClipvadError(f"{path}: {error}") from error


def _curve(scores: Scores) -> dict[str, Any]:
    return {
        "score": _listed(scores.score, "score"),
        "smooth": _listed(scores.smooth, "score"),
        "probabilities": _listed(scores.probabilities, "probabilities"),
        "cosines": _listed(scores.cosines, "cosines"),
        "winner": scores.winner.tolist(),
        "object_score": None if scores.object_score is None else _listed(scores.object_score, "score"),
        "object_top": None if scores.object_top is None else scores.object_top.tolist(),
    }


def _boxes(found: Detections | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "frame": found.frame.tolist(),
        "xyxy": _listed(found.xyxy, "xyxy"),
        "confidence": _listed(found.confidence, "confidence"),
        "label": found.label.tolist(),
        "track": found.track.tolist(),
        "names": list(found.names),
    }


def _listed(array: NDArray[np.floating], kind: str) -> list[Any]:
    rounded = np.round(array.astype(np.float64), _DIGITS[kind])  # in float64: 0.1 prints as 0.1, not 0.10000000149
    finite = np.isfinite(rounded)
    if not finite.all():
        rounded = rounded.astype(object)
        rounded[~finite] = None
    return cast(list[Any], rounded.tolist())


def _expect(name: str, got: int, wanted: int, what: str) -> None:
    if got != wanted:
        raise ValueError(f"{name} has {got} entries for {wanted} {what}")
