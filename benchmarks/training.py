"""Seconds of an epoch of UCF-Crime's shape, and the head's latency and memory on long clips; random features.

    python -m benchmarks.training [--device auto] [--threads 2] [--epochs 2]

1,610 videos of 256 rows x 512, batches of 64, the paper's local + global model: with a classifier, and with learned
prompts of 14 descriptions through a text tower of ViT-B/32's size. Then the class probabilities of 4,800 rows (10
minutes at 8 frames a second), of ten times as many, and of objects in tracks. The first epoch warms up and is not
counted.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import open_clip
import torch

from benchmarks.common import machine
from clipvad.datasets import DataSet, LabelledVideo
from clipvad.encoders.base import EncoderCard
from clipvad.encoders.openclip import OpenClipEncoder, choose_device
from clipvad.features import FeatureSpec, VideoFeatures
from clipvad.nn import ModelConfig, VideoModel, class_probabilities, object_probabilities
from clipvad.training import TrainConfig, train

VIDEOS, ABNORMAL, ROWS, DIM, CLASSES = 1610, 810, 256, 512, 14
LATENCY_ROWS = (4_800, 48_000)
OBJECTS, TRACKS = 24_000, 400


class RandomFeatures:
    """The same half-precision noise for every video: what it holds does not change what it costs."""

    def __init__(self, encoder_id: str) -> None:
        self.spec = FeatureSpec(encoder_id=encoder_id, dim=DIM, sampling="stride", step=16)
        self.names = [str(number) for number in range(VIDEOS)]
        noise = np.random.default_rng(0).standard_normal((1, ROWS, DIM))
        self._rows = (noise / np.linalg.norm(noise, axis=-1, keepdims=True)).astype(np.float16)

    def read(self, name: str) -> VideoFeatures:
        """Its rows."""
        return VideoFeatures(name=name, rows=self._rows, starts=16.0 * np.arange(ROWS, dtype=np.float64), unit="frames")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=2, help="timed, after one that is not")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = choose_device(options.device)
    name = torch.cuda.get_device_name() if device.startswith("cuda") else f"{options.threads} threads"
    print(f"`python -m benchmarks.training {' '.join(sys.argv[1:])}`\n\n{machine()}; {device}, {name}\n")
    # First, while the process's peak memory is still small.
    print("| head, local + global | ms | memory, MB |\n|---|---|---|")
    for rows in LATENCY_ROWS:
        seconds, memory = latency(rows, device)
        print(f"| {rows} x {DIM} | {1e3 * seconds:.0f} | {memory:.0f} |", flush=True)
    seconds, memory = latency(OBJECTS, device, tracks=TRACKS)
    print(f"| {OBJECTS} objects in {TRACKS} tracks | {1e3 * seconds:.0f} | {memory:.0f} |", flush=True)
    encoder = text_tower(device)
    print("\n| one epoch | seconds |\n|---|---|")
    for branch in ("classifier", "text"):
        print(
            f"| {branch}, local + global | {epoch_seconds(branch, encoder, device, options.epochs):.1f} |", flush=True
        )


def text_tower(device: str) -> OpenClipEncoder:
    """A random ViT-B/32 with its tokenizer."""
    model = open_clip.create_model("ViT-B-32", pretrained=None)
    card = EncoderCard(name="random ViT-B-32")
    tokenizer = open_clip.get_tokenizer("ViT-B-32")
    return OpenClipEncoder(model, lambda picture: torch.zeros(0), tokenizer, card, device=device, precision="fp32")


def epoch_seconds(branch: str, encoder: OpenClipEncoder, device: str, epochs: int) -> float:
    """Mean over `epochs`, without validation."""
    kinds = [f"event {number % (CLASSES - 1)}" for number in range(ABNORMAL)]
    videos = tuple(
        LabelledVideo(name=str(number), split="train", labels=(kinds[number],) if number < ABNORMAL else ())
        for number in range(VIDEOS)
    )
    config = TrainConfig.model_validate(
        {
            "name": "speed",
            "model": {"branch": branch},
            "prompts": {"kind": "category"},
            "loop": {"epochs": 1 + epochs, "val_share": 0, "device": device, "save_s": 3600},
        }
    )
    began: list[float] = []
    with tempfile.TemporaryDirectory() as out:
        train(
            config,
            DataSet(name="random", videos=videos),
            RandomFeatures(encoder.id),
            out=Path(out),
            encoder=encoder,
            on_progress=lambda now: began.append(time.perf_counter()) if now.done else None,
        )
    return statistics.mean(np.diff(began))


def latency(rows: int, device: str, *, tracks: int = 0) -> tuple[float, float]:
    """Least seconds of 7 calls after one (other processes only add to them), and growth of the peak memory, in MB."""
    model = VideoModel(ModelConfig(), dim=DIM).to(device).eval()
    features = np.random.default_rng(0).standard_normal((1, rows, DIM)).astype(np.float32)
    classes = torch.randn(CLASSES, DIM)
    before = peak_mb()
    seconds = []
    for _ in range(8):
        began = time.perf_counter()
        if tracks:
            object_probabilities(model, features[0], np.arange(rows) % tracks, classes)
        else:
            class_probabilities(model, features, classes)
        seconds.append(time.perf_counter() - began)
    return min(seconds[1:]), peak_mb() - before


def peak_mb() -> float:
    """Most memory that the process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
