"""A checkpoint on labelled videos: the figures that papers print (the protocol of UCF-Crime's authors)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from clipvad.datasets import NORMAL, DataSet, LabelledVideo, Split, Truth
from clipvad.encoders.openclip import choose_device
from clipvad.errors import DataSetError, FeaturesError
from clipvad.evaluation.metrics import Quality, hold, quality
from clipvad.features import FeatureSource
from clipvad.features.base import Unit
from clipvad.features.sources import read_objects
from clipvad.nn import Checkpoint, VideoModel, class_probabilities, object_probabilities
from clipvad.training.batches import check_present


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Figures over all frames of the videos laid end to end. `abnormal`: of the abnormal videos alone; `classes`: of
    the videos of each kind together with the normal ones. `curves` float32 [N]: the score of every labelled frame.
    """

    whole: Quality
    abnormal: Quality
    classes: Mapping[str, Quality]
    curves: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True, repr=False)
class Rows:
    """Where the rows of a video lie, as `VideoFeatures` has it: `starts` float64 [T] in `unit`."""

    name: str
    starts: NDArray[np.float64]
    unit: Unit


def evaluate(
    checkpoint: Checkpoint, dataset: DataSet, source: FeatureSource, *, split: Split = "test", device: str = "auto"
) -> Evaluation:
    """Score the frames of one half of `dataset`. Raises `ClipvadError` if features or frame labels of a video are
    missing, or the features were made in another way than those that the checkpoint was trained on.
    """
    checkpoint.spec.check(source.spec)
    videos = dataset.of(split)
    check_present(videos, source)
    truths = _truths(videos, dataset.name)
    model = checkpoint.model().to(choose_device(device))
    curves = {}
    for video in videos:
        scores, found = score_rows(model, checkpoint.embeddings, source, video.name)
        curves[video.name] = frame_curve(scores, found, truths[video.name])

    def of(chosen: Sequence[LabelledVideo]) -> Quality:
        return quality([truths[video.name].labels for video in chosen], [curves[video.name] for video in chosen])

    normal = [video for video in videos if video.label == NORMAL]
    kinds = sorted({video.label for video in videos} - {NORMAL})
    return Evaluation(
        whole=of(videos),
        abnormal=of([video for video in videos if video.label != NORMAL]),
        classes={kind: of([*normal, *(video for video in videos if video.label == kind)]) for kind in kinds},
        curves=curves,
    )


def score_rows(
    model: VideoModel, embeddings: Tensor | None, source: FeatureSource, name: str
) -> tuple[NDArray[np.float32], Rows]:
    """The score of every row of a video, float32 [T], and where the rows lie. A frame with objects has the score of the
    most abnormal one, a frame without any 0.
    """
    if source.spec.picture == "frame":
        found = source.read(name)
        scores = _abnormal(class_probabilities(model, found.rows, embeddings))
        return scores, Rows(name=name, starts=found.starts, unit=found.unit)
    objects = read_objects(source, name)
    scores = np.zeros(len(objects.pts_s), np.float32)
    per_object = object_probabilities(model, objects.rows, objects.track, embeddings)
    np.maximum.at(scores, objects.frame, _abnormal(per_object))
    return scores, Rows(name=name, starts=objects.pts_s, unit="s")


def _abnormal(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the normal class leaves, [M] of [M, C]: a sum, since 1 less the first column makes small scores equal."""
    return np.asarray(np.minimum(probabilities[:, 1:].sum(axis=1), 1), np.float32)


def frame_curve(scores: NDArray[np.floating], found: Rows, truth: Truth) -> NDArray[np.float32]:
    """The score of every labelled frame, float32 [N]: that of the row that it lies in. Raises `FeaturesError` where
    rows are in seconds and labels in frames.
    """
    places = truth.positions
    if found.unit == "part":
        places = np.arange(len(places)) / len(places)
    elif found.unit == "frames" and truth.unit == "s":
        places = np.arange(len(places), dtype=np.float64)  # a label a source frame: its number is its place
    elif found.unit != truth.unit:
        raise FeaturesError(
            f"{found.name}: the features are placed in seconds, the labels in frames. Give the folder of the videos, "
            "whose timestamps tell the seconds: --videos, or options: {videos: DIR} under data in a training file."
        )
    return hold(places, found.starts, scores)


def _truths(videos: Sequence[LabelledVideo], name: str) -> dict[str, Truth]:
    missing = [video.name for video in videos if video.truth is None]
    if missing or not videos:
        raise DataSetError(
            f"{name}: {len(missing)} videos to be tested have no frame labels: {', '.join(missing[:8])}. "
            "What they lack is told by: clipvad datasets check"
            if missing
            else f"{name} has no video to test."
        )
    return {video.name: video.truth for video in videos if video.truth is not None}
