"""What the timeline shows, as compact JSON.

Gradio compares and copies a component's value several times per update, so long arrays travel as base64
strings (little endian), quantised to what a screen can show: scores to 1/65535, probabilities to 1/255,
cosines to 1/32767, boxes to 1/65535 of the picture. A 10-minute clip at 8 frames a second with 20 sentences
and 5 objects a frame is 1.46 MB in both modes.

Three forms: `payload` (everything), `patch` (new scores or events for what is already shown; boxes and
video stay), `partial` (the curves of a running analysis, and the zones).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from clipvad.core import ZERO_SHOT, Analysis, Detections, Event, Features, Mode, ModelUse, RuleSet, Scores, VideoInfo
from clipvad.progress import Progress
from clipvad.ui.packing import pack as _pack
from clipvad.ui.packing import unit as _unit

Span = tuple[float, float, str]
NO_TRACK = 65535
NO_COSINE = -32768


def payload(
    analysis: Analysis,
    *,
    video_url: str,
    mode: Mode,
    running: bool = False,
    truth: Sequence[Span] = (),
    start_s: float = 0.0,
) -> dict[str, Any]:
    """Everything about one analysis.

    `video_url`: where the browser gets the clip, same origin (else thumbnails cannot be drawn). `mode`: the
    curve to emphasise, one of `analysis.scores`. `truth`: annotated spans as (start_s, end_s, label).
    `start_s`: where the playhead goes when the clip, or its first analysis, is new to the browser.
    """
    detections = analysis.features.detections
    return {
        "kind": "full",
        "id": _identity(analysis.features),
        "video": _video(analysis.video, video_url),
        "pts": _pack(analysis.features.pts_s, "<f4"),
        "objects": None if detections is None else _objects(detections, analysis.features),
        "truth": [{"start_s": start, "end_s": end, "label": label} for start, end, label in truth],
        "running": running,
        "start_s": start_s,
        **_scored(analysis, mode),
    }


def patch(analysis: Analysis, *, mode: Mode, curves: bool = True) -> dict[str, Any]:
    """What changes when the same features are scored again; the boxes and the video are not sent.

    `curves=False` when only the threshold or the merging of events changed: events and settings alone. The
    browser ignores a patch for features other than those it shows.
    """
    changed = _scored(analysis, mode)
    if not curves:
        changed = {name: changed[name] for name in ("mode", "events", "settings")}
    return {"kind": "patch", "id": _identity(analysis.features), **changed}


def partial(
    progress: Progress, *, video: VideoInfo, video_url: str, mode: Mode, rules: RuleSet, threshold: float = 0.5
) -> dict[str, Any]:
    """The curves so far. `mode` falls back to whichever curve exists; neither boxes nor sentences are sent.

    `rules`: those that are being scored, for their zones.
    """
    curves = progress.partial
    longest = max(curves.values(), key=len, default=None)
    return {
        "kind": "partial",
        "video": _video(video, video_url),
        "pts": _pack(() if longest is None else longest.pts_s, "<f4"),
        "zones": _zones(rules),
        "curves": {name: _curve(scores) for name, scores in curves.items()},
        "mode": mode if mode in curves or not curves else next(iter(curves)),
        "settings": {"threshold": threshold},
        "progress": {"stage": progress.stage, "done_s": progress.done_s, "fraction": progress.fraction},
    }


def _scored(analysis: Analysis, mode: Mode) -> dict[str, Any]:
    """All that depends on rules and settings."""
    if mode not in analysis.scores:
        raise ValueError(f"mode must be one of {tuple(analysis.scores)}, got {mode!r}")
    rules, scores = analysis.rules, analysis.scores
    columns = zip(rules.sentences, rules.is_abnormal, rules.categories, strict=True)
    objects = scores.get("object")
    scorer = None if analysis.scorer == ZERO_SHOT else analysis.scorer
    return {
        "mode": mode,
        "models": {
            "scorer": _model(scorer),
            "encoder": _model(analysis.encoder),
            "detector": _model(analysis.detector),
        },
        "sentences": [
            {
                "text": text,
                "abnormal": bool(abnormal),
                "category": category,
                "unknown": list(analysis.unknown_words.get(text, ())),
            }
            for text, abnormal, category in columns
        ],
        "zones": _zones(rules),
        "curves": {name: _curve(one) | _explanation(one) for name, one in scores.items()},
        "object_scores": None
        if objects is None or objects.object_score is None or objects.object_top is None
        else {"score": _unit(objects.object_score), "top": _pack(objects.object_top, "<i2")},
        "events": [_event(event, analysis.video) for event in analysis.events],
        "settings": asdict(analysis.settings),
    }


def _zones(rules: RuleSet) -> list[dict[str, Any]]:
    return [
        {"name": zone.name, "points": [list(point) for point in zone.points], "used": zone in rules.zones_used}
        for zone in rules.zones
    ]


def _curve(scores: Scores) -> dict[str, str]:
    return {"score": _unit(scores.score), "smooth": _unit(scores.smooth)}


def _explanation(scores: Scores) -> dict[str, str]:
    cosines = np.round(np.clip(scores.cosines, -1, 1) * 32767)
    return {
        "probabilities": _unit(scores.probabilities, bits=8),
        "cosines": _pack(np.where(np.isnan(cosines), NO_COSINE, cosines), "<i2"),
        "winner": _pack(scores.winner, "<i4"),
    }


def _objects(detections: Detections, features: Features) -> dict[str, Any]:
    """The boxes: frames as counts, because rows are sorted by frame; coordinates as parts of the picture."""
    video = features.video
    size = np.array([video.width, video.height] * 2, np.float32)
    tracks = np.where(detections.track < 0, NO_TRACK, detections.track % NO_TRACK)
    return {
        "count": _pack(np.bincount(detections.frame, minlength=len(features)), "<u2"),
        "xyxy": _unit(np.divide(detections.xyxy, size, dtype=np.float32)),
        "confidence": _unit(detections.confidence, bits=8),
        "label": _pack(detections.label, "<i2"),
        "track": _pack(tracks, "<u2"),
        "names": list(detections.names),
    }


def _event(event: Event, video: VideoInfo) -> dict[str, Any]:
    box = event.box
    sides = (video.width, video.height, video.width, video.height)
    return {**asdict(event), "box": None if box is None else [b / s for b, s in zip(box, sides, strict=True)]}


def _video(video: VideoInfo, url: str) -> dict[str, Any]:
    return {
        "url": url,
        "name": video.name,
        "width": video.width,
        "height": video.height,
        "duration_s": video.duration_s,
        "warnings": list(video.warnings),
    }


def _model(model: ModelUse | None) -> dict[str, str] | None:
    return None if model is None else {"label": model.label, "limits": model.limits, "id": model.id}


def _identity(features: Features) -> str:
    """The same for the same features, whatever the rules: says which boxes a patch belongs to."""
    detector = "" if features.detections is None else features.detections.detector_id
    text = repr((features.video.sha256, features.video.path, features.encoder_id, detector, len(features)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
