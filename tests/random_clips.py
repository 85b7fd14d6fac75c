"""Clips of random unit vectors, and rule sets without and with all that limits a sentence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Detections, Embeddings, Features, Hours, Rule, RuleSet, VideoInfo, Zone

DIM = 8
LEFT = Zone(name="left", points=((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
PLAIN = RuleSet(
    name="plain",
    normal=(Rule(text="n0"), Rule(text="n1")),
    abnormal=(Rule(text="a0"), Rule(text="off", enabled=False), Rule(text="a1"), Rule(text="a2")),
)
BOUND = replace(
    PLAIN,
    zones=(LEFT,),
    normal=(Rule(text="n0"), Rule(text="n1", zones=("left",))),
    abnormal=(
        Rule(text="a0", zones=("left",)),
        Rule(text="a1", dwell_s=1.0),
        Rule(text="a2", hours=(Hours(start="00:00", end="00:01"),)),
    ),
)


def unit(rng: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    """Random directions; the last axis has length 1."""
    vectors = rng.normal(size=shape).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def random_clip(seed: int = 0, *, frames: int = 24, objects: int = 40) -> Features:
    """Four frames a second with objects of three tracks; the last two frames show none."""
    rng = np.random.default_rng(seed)
    frame = np.sort(rng.integers(0, frames - 2, objects)).astype(np.int32)
    corners = rng.uniform(0, 80, (objects, 2)).astype(np.float32)
    found = Detections(
        frame=frame,
        xyxy=np.concatenate([corners, corners + 20], axis=1),
        confidence=np.ones(objects, np.float32),
        label=np.zeros(objects, np.int16),
        track=rng.integers(0, 3, objects).astype(np.int32),
        names=("thing",),
        detector_id="d",
    )
    return Features(
        video=VideoInfo(path="c", name="c", width=100, height=100, fps=4, duration_s=frames / 4, codec="h264"),
        pts_s=np.arange(frames) / 4,
        encoder_id="e",
        frames=Embeddings(unit(rng, frames, DIM), "e"),
        detections=found,
        objects=Embeddings(unit(rng, objects, DIM).astype(np.float16), "e"),
        zones={LEFT.box: Embeddings(unit(rng, frames, DIM), "e")},
    )
