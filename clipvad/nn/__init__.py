"""Torch modules of the video-level model: tensors in, tensors out.

Every module takes videos of different length in one padded batch, `x` [B, T, D] with `mask` bool [B, T] (True where a
frame is real): a padded position influences nothing, and its output is zero.
"""

from clipvad.checkpoints import read_card
from clipvad.nn.alignment import alignment_loss, alignment_map, class_contrast, top_k_mean
from clipvad.nn.checkpoint import Checkpoint
from clipvad.nn.graph import PaperGraph, TwoLayerGraph
from clipvad.nn.inference import class_probabilities, object_probabilities, tracks
from clipvad.nn.local import LocalTransformer
from clipvad.nn.model import ModelConfig, VideoModel
from clipvad.nn.prompts import LearnablePrompts

__all__ = [
    "Checkpoint",
    "LearnablePrompts",
    "LocalTransformer",
    "ModelConfig",
    "PaperGraph",
    "TwoLayerGraph",
    "VideoModel",
    "alignment_loss",
    "alignment_map",
    "class_contrast",
    "class_probabilities",
    "object_probabilities",
    "read_card",
    "top_k_mean",
    "tracks",
]
