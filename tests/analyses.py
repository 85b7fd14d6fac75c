"""A small `Analysis` with hand-written numbers, for tests of what is made from one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from clipvad.core import (
    Analysis,
    Detections,
    Embeddings,
    Event,
    Features,
    Mode,
    ModelUse,
    Rule,
    RuleSet,
    Scores,
    ScoreSettings,
    VideoInfo,
)

PTS_S = np.array([0.0, 0.5, 1.04, 1.5])
RULES = RuleSet(
    name="walkway",
    title="A walkway",
    normal=(Rule(text="people walking"), Rule(text="an empty path", enabled=False)),
    abnormal=(Rule(text="a bicycle, ridden", category="vehicle"), Rule(text="=1+1", category="@odd")),
)
# Sentences in use: people walking | a bicycle, ridden | =1+1
FRAME_P = np.array([[0.9, 0.06, 0.04], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6], [0.8, 0.1, 0.1]], np.float32)
OBJECT_P = np.array([[0, 0, 0], [0.25, 0.5, 0.25], [0.1, 0.8, 0.1], [0, 0, 0]], np.float32)
OBJECT_COS = np.array([[np.nan] * 3, [0.1, 0.3, 0.2], [0.0, 0.4, 0.1], [np.nan] * 3], np.float32)
EVENTS = (
    Event(mode="frame", start_s=0.5, end_s=1.5, peak_s=0.5, peak=0.8, sentence="a bicycle, ridden", category="vehicle"),
    Event(
        mode="object",
        start_s=0.5,
        end_s=1.9,
        peak_s=1.04,
        peak=0.9,
        sentence="=1+1",
        category="@odd",
        box=(10.0, 20.0, 30.5, 40.0),
    ),
)


def make_analysis(
    *, modes: Sequence[Mode] = ("frame", "object"), path: str | Path = "clips/gate.mp4", stretch: float = 1.0
) -> Analysis:
    """Four samples over two seconds of a 64x48 clip, one box in samples 1 and 2; `stretch` scales its time."""
    pts_s = PTS_S * stretch
    found = Detections(
        frame=np.array([1, 2], np.int32),
        xyxy=np.array([[8, 16, 24, 40], [10, 20, 30.5, 40]], np.float32),
        confidence=np.array([0.75, 0.9], np.float32),
        label=np.array([0, 1], np.int16),
        track=np.array([4, -1], np.int32),
        names=("person", "bicycle"),
        detector_id="boxes/1",
    )
    scores: dict[Mode, Scores] = {
        "frame": Scores(
            mode="frame",
            pts_s=pts_s,
            score=np.array([0.1, 0.8, 0.9, 0.2], np.float32),
            smooth=np.array([0.1, 0.8, 0.8, 0.2], np.float32),
            probabilities=FRAME_P,
            cosines=FRAME_P * np.float32(0.3),
            winner=np.full(4, -1, np.int32),
        ),
        "object": Scores(
            mode="object",
            pts_s=pts_s,
            score=np.array([0.0, 0.75, 0.9, 0.0], np.float32),
            smooth=np.array([0.0, 0.75, 0.75, 0.0], np.float32),
            probabilities=OBJECT_P,
            cosines=OBJECT_COS,
            winner=np.array([-1, 0, 1, -1], np.int32),
            object_score=np.array([0.75, 0.9], np.float32),
            object_top=np.array([1, 1], np.int16),
        ),
    }
    video = VideoInfo(path=str(path), name=Path(path).name, width=64, height=48, fps=2.0,
                      duration_s=2.0 * stretch, codec="h264", sha256="ab",
                      warnings=("The clip is cut off.",))  # fmt: skip
    objects = "object" in modes
    return Analysis(
        features=Features(
            video,
            pts_s,
            "colour/1",
            frames=Embeddings(np.eye(4, 3, dtype=np.float16), "colour/1") if "frame" in modes else None,
            detections=found if objects else None,
            objects=Embeddings(np.ones((2, 3), np.float16), "colour/1") if objects else None,
        ),
        rules=RULES,
        settings=ScoreSettings(threshold=0.6),
        encoder=ModelUse(id="colour/1", label="colours", limits="sees only colour", device="cpu", precision="fp32"),
        detector=ModelUse(id="boxes/1", label="boxes") if objects else None,
        scores={mode: scores[mode] for mode in modes},
        events=tuple(event for event in EVENTS if event.mode in modes),
        unknown_words={"=1+1": ("1+1",)},
        timings_s={"total": 1.23456789},
    )
