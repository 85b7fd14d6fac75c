"""Weakly supervised training of video-level models: a YAML file, features and labels of whole videos in; one checkpoint
out. Nothing here ever looks at a test video before the choice is made.
"""

from __future__ import annotations

from clipvad.training.config import (
    DataConfig,
    LoopConfig,
    LossConfig,
    PromptConfig,
    TrainConfig,
    load_config,
)
from clipvad.training.evaluate import Evaluation, evaluate
from clipvad.training.loop import train
from clipvad.training.progress import EpochLog, TrainProgress

__all__ = [
    "DataConfig",
    "EpochLog",
    "Evaluation",
    "LoopConfig",
    "LossConfig",
    "PromptConfig",
    "TrainConfig",
    "TrainProgress",
    "evaluate",
    "load_config",
    "train",
]
