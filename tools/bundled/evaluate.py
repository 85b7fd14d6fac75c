"""The figures of the model card, measured with the product's own pipeline on data that nothing was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from clipvad.cache import Cache
from clipvad.core import Analysis, Detections, Mode, ScoreSettings
from clipvad.encoders.base import Encoder
from clipvad.evaluation.evaluate import align, summarise
from clipvad.evaluation.manifest import Entry
from clipvad.evaluation.metrics import frame_auc, hold, inside
from clipvad.evaluation.readers import read_ucf_crime, read_ucsd_ped2
from clipvad.evaluation.times import frame_times
from clipvad.events import median_smooth, window_of
from clipvad.pipeline import Analyzer
from clipvad.rules.library import load_rules
from tools.bundled.data import Photograph
from tools.bundled.heads import recall

VEHICLES = ("bicycle", "skateboard", "motorcycle", "car", "truck", "bus")
Figures = dict[str, float | None]


def retrieval(encoder: Encoder, photographs: list[Photograph]) -> dict[str, float]:
    """Recall at 1, 5 and 10 in per cent over the held-out photographs and all of their captions, both ways."""
    images = torch.from_numpy(encoder.encode_images([p.pixels for p in photographs]))
    texts = torch.from_numpy(encoder.encode_texts([c for p in photographs for c in p.captions]))
    owner = np.repeat(np.arange(len(photographs)), [len(p.captions) for p in photographs])
    return recall(images, texts, owner)


def analyse(
    encoder: Encoder, detector: str, entries: list[Entry], rules: str, mode: Mode, *, fps: float, cache: Path
) -> list[tuple[Entry, Analysis]]:
    """Run the pipeline on every clip."""
    analyzer = Analyzer(encoder=encoder, detector=detector, fps=fps, cache=Cache(cache))  # type: ignore[arg-type]
    rule_set = load_rules(rules)
    return [(entry, analyzer.run(entry.video, rule_set, modes=(mode,), settings=ScoreSettings())) for entry in entries]


def frame_figures(runs: list[tuple[Entry, Analysis]], mode: Mode) -> Figures:
    """Frame AUC over all source frames, raw and with the median, and the mean of the clips' own AUC."""
    found: dict[str, Any] = summarise([align(entry, analysis) for entry, analysis in runs])["modes"][mode]
    return {
        "frame AUC": found["score"]["all"]["auc"],
        "frame AUC, median": found["smooth"]["all"]["auc"],
        "mean AUC within a clip": found["score"]["mean_of_videos"]["auc"],
    }


def yardstick(runs: list[tuple[Entry, Analysis]]) -> Figures:
    """The same for the detector's highest confidence of a bicycle, skateboard or vehicle, without any encoder."""
    labels, raw, smooth = [], [], []
    for entry, analysis in runs:
        assert analysis.features.detections is not None
        score = _confidence_curve(analysis.features.detections, len(analysis.features))
        pts_s = analysis.features.pts_s
        times_s, _ = frame_times(entry.video)
        labels.append(inside(times_s, entry.intervals))
        raw.append(hold(times_s, pts_s, score))
        smooth.append(hold(times_s, pts_s, median_smooth(score, window_of(analysis.settings.smooth_s, pts_s))))
    both = np.concatenate(labels)
    return {
        "frame AUC": frame_auc(both, np.concatenate(raw)),
        "frame AUC, median": frame_auc(both, np.concatenate(smooth)),
    }


def crop_figures(runs: list[tuple[Entry, Analysis]], masks: Path) -> Figures:
    """AUC of the crops' scores and of the yardstick: a crop is positive if over 20 % of its box is mask."""
    packed = np.load(masks)
    positive, scores, confidence = [], [], []
    for entry, analysis in runs:
        found, object_score = analysis.features.detections, analysis.scores["object"].object_score
        assert found is not None
        assert object_score is not None
        mask = np.unpackbits(packed[entry.video.stem], axis=-1)[:, :, :360].astype(bool)  # (frames, 240, 360)
        times_s, _ = frame_times(entry.video)
        frames = np.searchsorted(times_s, analysis.features.pts_s[found.frame] - 1e-4)
        for frame, (x0, y0, x1, y1) in zip(frames, found.xyxy.round().astype(int), strict=True):
            positive.append(mask[frame, max(y0, 0) : y1, max(x0, 0) : x1].mean() > 0.2)
        scores.append(object_score)
        confidence.append(_vehicle_confidence(found))
    return {
        "crop AUC": frame_auc(np.array(positive), np.concatenate(scores)),
        "crop AUC of the yardstick": frame_auc(np.array(positive), np.concatenate(confidence)),
        "crops": float(len(positive)),
    }


def _vehicle_confidence(found: Detections) -> np.ndarray:
    wanted = [i for i, name in enumerate(found.names) if name in VEHICLES]
    return np.where(np.isin(found.label, wanted), found.confidence, 0).astype(np.float32)


def _confidence_curve(found: Detections, frames: int) -> np.ndarray:
    curve = np.zeros(frames, np.float32)
    np.maximum.at(curve, found.frame, _vehicle_confidence(found))
    return curve


def report(encoder: Encoder, heldout: list[Photograph], clips: Path, detector: str, *, cache: Path) -> dict[str, Any]:
    """All figures of the model card; `clips` is the folder that holds `ucsd_ped2` and `ucf_crime_clips`."""
    result: dict[str, Any] = {"retrieval": retrieval(encoder, heldout)}
    ped2 = [e for e in read_ucsd_ped2(clips / "ucsd_ped2")[0] if e.video.suffix == ".mp4"]
    masks = clips / "ucsd_ped2/pixel_masks.npz"
    runs = analyse(encoder, f"yolo:{detector}", ped2, "campus-walkway", "object", fps=8, cache=cache)
    result["ped2, yolo"] = frame_figures(runs, "object") | crop_figures(runs, masks)
    result["ped2, yardstick"] = yardstick(runs)
    runs = analyse(encoder, "motion", ped2, "campus-walkway", "object", fps=8, cache=cache)
    result["ped2, motion"] = frame_figures(runs, "object") | crop_figures(runs, masks)
    annotation = clips / "annotations/ucf_crime/Temporal_Anomaly_Annotation_for_Testing_Videos.txt"
    if annotation.exists():
        ucf = list(read_ucf_crime(annotation, clips / "ucf_crime_clips")[0])
        runs = analyse(encoder, "motion", ucf, "street", "frame", fps=8, cache=cache)
        result["ucf-crime, frame mode"] = frame_figures(runs, "frame")
    return result
