"""Features of made-up videos with an anomaly planted in each abnormal one, in memory: what training should find."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from clipvad.datasets import DataSet, LabelledVideo, Split, Truth
from clipvad.errors import FeaturesError
from clipvad.features import FeatureSpec, VideoFeatures
from clipvad.nn import Checkpoint, ModelConfig

KINDS = ("fall", "fire")
STRIDE = 4
NUMBERS = FeatureSpec(encoder_id="numbers", dim=1, sampling="stride", step=2, normalised=False)


def sigmoid_model(spec: FeatureSpec = NUMBERS) -> Checkpoint:
    """Its score of a row is the sigmoid of the row's one number."""
    return Checkpoint(
        name="sigmoid",
        config=ModelConfig(branch="classifier", temporal="none", heads=1),
        spec=spec,
        classes=("normal", "abnormal"),
        descriptions={},
        state={"head.weight": torch.ones(1, 1), "head.bias": torch.zeros(1)},
    )


def logits(*scores: float) -> np.ndarray:
    """Rows [1, T, 1] whose scores are these."""
    found = np.array(scores, np.float64)
    return np.log(found / (1 - found)).astype(np.float32).reshape(1, -1, 1)


class MemorySource:
    """A `FeatureSource` of what is given. `asked`: the videos that were read."""

    def __init__(self, spec: FeatureSpec, videos: Sequence[VideoFeatures]) -> None:
        self.spec = spec
        self.names = [video.name for video in videos]
        self.asked: set[str] = set()
        self._videos = {video.name: video for video in videos}

    def read(self, name: str) -> VideoFeatures:
        self.asked.add(name)
        if name not in self._videos:
            raise FeaturesError(f"no {name}")
        return self._videos[name]


def planted(
    *, encoder_id: str = "made-up@1", dim: int = 16, videos: int = 24, crops: int = 1, seed: int = 0
) -> tuple[DataSet, MemorySource]:
    """`videos` of either split, every second one abnormal, half of those "fall", half "fire", with a stretch of 4 rows
    that lies in a direction of its own. Test videos have frame labels.
    """
    rng = np.random.default_rng(seed)
    usual, *events = np.linalg.qr(rng.standard_normal((dim, 3)))[0].T * 4
    spec = FeatureSpec(encoder_id=encoder_id, dim=dim, sampling="stride", step=STRIDE, crops=crops, normalised=False)
    listed, found = [], []
    splits: tuple[Split, ...] = ("train", "test")
    for split in splits:
        for number in range(videos):
            length = int(rng.integers(8, 25))
            rows = usual + 0.3 * rng.standard_normal((crops, length, dim))
            kind = number // 2 % 2
            labels = np.zeros(length, bool)
            if number % 2:
                start = int(rng.integers(0, length - 4))
                labels[start : start + 4] = True
                rows[:, labels] += events[kind]
            name = f"{split} {number}"
            starts = np.arange(length) * float(STRIDE)
            found.append(VideoFeatures(name=name, rows=rows.astype(np.float16), starts=starts, unit="frames"))
            truth = Truth(
                positions=np.arange(length * STRIDE, dtype=np.float64), labels=np.repeat(labels, STRIDE), unit="frames"
            )
            listed.append(
                LabelledVideo(
                    name=name,
                    split=split,
                    labels=(KINDS[kind],) if number % 2 else (),
                    truth=truth if split == "test" else None,
                )
            )
    return DataSet(name="planted", videos=tuple(listed)), MemorySource(spec, found)
