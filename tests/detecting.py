"""Scenes with known motion, and a small YOLO with random weights, for the detector tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipvad.core import FrameBatch

FPS = 8.0


def empty_scene(height: int = 120, width: int = 180, *, seed: int = 0) -> NDArray[np.uint8]:
    """A textured background, uint8 [H, W, 3]."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 180, (height // 6 + 1, width // 6 + 1, 3))
    return np.kron(coarse, np.ones((6, 6, 1)))[:height, :width].astype(np.uint8)


def film(
    boxes: list[tuple[int, int, int, int] | None],
    *,
    scene: NDArray[np.uint8] | None = None,
    noise: float = 2.0,
    seed: int = 1,
) -> FrameBatch:
    """One frame per entry: the scene, a bright x1 y1 x2 y2 rectangle where there is one, camera noise."""
    rng = np.random.default_rng(seed)
    scene = empty_scene() if scene is None else scene
    frames = []
    for box in boxes:
        frame = scene.astype(float)
        if box is not None:
            x1, y1, x2, y2 = box
            frame[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = (250, 240, 20)
        frames.append(np.clip(frame + rng.normal(0, noise, frame.shape), 0, 255).astype(np.uint8))
    return FrameBatch(np.stack(frames), np.arange(len(frames)) / FPS)


def walk(frames: int, *, start: int = 0, step: int = 4) -> list[tuple[int, int, int, int] | None]:
    """A 14 x 30 rectangle that moves to the right by `step` pixels a frame."""
    return [(start + step * t, 50, start + step * t + 14, 80) for t in range(frames)]


def part(batch: FrameBatch, start: int, stop: int) -> FrameBatch:
    """Frames start..stop of a batch."""
    return FrameBatch(batch.pixels[start:stop], batch.pts_s[start:stop])


def random_yolo(path: Path, *, classes: tuple[str, ...] = ("person", "bicycle", "kite"), task: str = "detect") -> Path:
    """A YOLO11 of the smallest width with random weights that finds something in every picture, saved to `path`."""
    import torch

    from clipvad.detectors._ultralytics import ultralytics

    ultralytics()
    from ultralytics.nn.tasks import ClassificationModel, DetectionModel

    torch.manual_seed(0)
    if task == "classify":
        model = ClassificationModel("yolo11n-cls.yaml", nc=len(classes), verbose=False)
    else:
        model = DetectionModel("yolo11n.yaml", nc=len(classes), verbose=False)
        for layers in model.model[-1].cv3:  # the class scores: spread out, so that ranks are clear
            torch.nn.init.normal_(layers[-1].weight, std=0.1)
            torch.nn.init.constant_(layers[-1].bias, -1.0)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.momentum = None
        with torch.no_grad():  # statistics of one batch, else the signal dies away in the random layers
            model.train()(torch.rand(2, 3, 16, 24).repeat_interleave(8, 2).repeat_interleave(8, 3))
    model.task = task
    model.names = dict(enumerate(classes))
    torch.save({"model": model}, path)
    return path
