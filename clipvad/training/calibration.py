"""Where a trained model's scores cross 0.5: set on normal videos, after training, without moving their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clipvad.features import FeatureSource
from clipvad.nn import Checkpoint
from clipvad.training.evaluate import score_rows

FALSE_ALARMS = 0.05  # share of the frames of normal videos that may score above 0.5, the default threshold
NEVER = 1e-6  # a score of 0 or 1 has no logit; further out than this nothing is told apart
ROUNDING = 1e-3  # of logits that went through a softmax


def calibrated(
    checkpoint: Checkpoint, normal: Sequence[str], source: FeatureSource, *, false_alarms: float = FALSE_ALARMS
) -> Checkpoint:
    """The checkpoint with a bias of its normal class at which at most a share `false_alarms` of the frames of the
    videos `normal` scores above 0.5; none where that is so already, or there is no video.

    They should be videos that the training did not see. One bias for all rows leaves every ranking, and so every AUC,
    as it was.
    """
    if not normal:
        return checkpoint
    model = checkpoint.model()
    logits = [_logits(score_rows(model, checkpoint.embeddings, source, name)[0]) for name in normal]
    limit = float(np.quantile(np.concatenate(logits), 1 - false_alarms, method="higher"))
    moved = max(0.0, limit + ROUNDING)
    return replace(
        checkpoint,
        normal_bias=checkpoint.normal_bias + moved,
        training={
            **checkpoint.training,
            "calibrated_on": {"normal_videos": len(normal), "frames_above_half_at_most": false_alarms},
        },
    )


def _logits(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    inside = np.clip(scores.astype(np.float64), NEVER, 1 - NEVER)
    return np.log(inside) - np.log1p(-inside)
