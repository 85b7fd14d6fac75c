"""Small heads whose class probabilities can be worked out by hand, made for any encoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from clipvad.features import FeatureSpec
from clipvad.nn import Checkpoint, ModelConfig, VideoModel

TAU = 0.1


def make_head(
    encoder_id: str,
    embeddings: NDArray[np.floating],
    *,
    name: str = "tiny",
    classes: tuple[str, ...] | None = None,
    config: ModelConfig | None = None,
    **spec: Any,
) -> Checkpoint:
    """A head with these class embeddings [C, D], normal first; by default rows are compared as they are."""
    count, dim = embeddings.shape
    config = config or ModelConfig(temporal="none", heads=1, tau=TAU)
    torch.manual_seed(0)
    classes = classes or ("normal", *(f"class {n}" for n in range(1, count)))
    return Checkpoint(
        name=name,
        config=config,
        spec=FeatureSpec(**{"encoder_id": encoder_id, "dim": dim, "sampling": "fps", "step": 8.0, **spec}),
        classes=classes,
        descriptions={one: (f"a picture of {one}",) for one in classes},
        state=VideoModel(config, dim=dim).state_dict(),
        embeddings=torch.from_numpy(embeddings.astype(np.float32)),
        training={"data": "made by a test", "seed": 0},
        limits="Knows nothing.",
    )
