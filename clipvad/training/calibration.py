"""Where a trained model's scores cross 0.5: set on normal videos, after training, without moving their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from clipvad.features import FeatureSource
from clipvad.features.sources import read_objects
from clipvad.nn import Checkpoint, VideoModel, class_probabilities, object_probabilities

FALSE_ALARMS = 0.05  # share of the frames of normal videos that may score above 0.5, the default threshold
NEVER = -1e4  # log odds of a frame without an object: no bias is needed to keep it quiet
ROUNDING = 1e-3  # of log odds that went through a softmax
HALVINGS = 40  # of the stretch in which the mean of crops crosses 0.5: down to far less than ROUNDING


def calibrated(
    checkpoint: Checkpoint, normal: Sequence[str], source: FeatureSource, *, false_alarms: float = FALSE_ALARMS
) -> Checkpoint:
    """The checkpoint with a bias of its normal class at which at most a share `false_alarms` of the frames of the
    videos `normal` scores above 0.5; none where that is so already, or there is no video.

    They should be videos that the training did not see. One bias for all rows leaves every ranking, and so every AUC,
    as it was; only a mean over several crops may change places with one that is close to it.
    """
    if not normal:
        return checkpoint
    model = checkpoint.model()
    needed = np.concatenate([_needed(model, checkpoint.embeddings, source, name) for name in normal])
    limit = float(np.quantile(needed, 1 - false_alarms, method="higher"))
    moved = max(0.0, limit + ROUNDING)
    return replace(
        checkpoint,
        normal_bias=checkpoint.normal_bias + moved,
        training={
            **checkpoint.training,
            "calibrated_on": {"normal_videos": len(normal), "frames_above_half_at_most": false_alarms},
        },
    )


def _needed(model: VideoModel, embeddings: Tensor | None, source: FeatureSource, name: str) -> NDArray[np.floating]:
    """The bias of every frame of a video, [T], at which it scores 0.5."""
    if source.spec.picture == "frame":
        crops = source.read(name).rows
        return _crossing(np.stack([_log_odds(class_probabilities(model, crop[None], embeddings)) for crop in crops]))
    objects = read_objects(source, name)
    needed = np.full(len(objects.pts_s), NEVER)
    found = object_probabilities(model, objects.rows, objects.track, embeddings)
    np.maximum.at(needed, objects.frame, _log_odds(found))
    return needed


def _log_odds(probabilities: NDArray[np.float32]) -> NDArray[np.floating]:
    """Of abnormal against normal, [M] of [M, C]: exact where the score itself is rounded to 0 or 1."""
    least = np.finfo(np.float32).tiny
    normal, abnormal = probabilities[:, 0], probabilities[:, 1:].sum(axis=1)
    return np.asarray(np.log(np.maximum(abnormal, least)) - np.log(np.maximum(normal, least)))


def _crossing(odds: NDArray[np.floating]) -> NDArray[np.floating]:
    """The bias at which the mean over the crops of the scores crosses 0.5, [T] of log odds [K, T]."""
    low, high = odds.min(axis=0), odds.max(axis=0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = np.exp(-np.logaddexp(0, middle - odds)).mean(axis=0) > 0.5
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(high)
