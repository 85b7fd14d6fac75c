"""Reading the training data: captioned photographs and ordinary surveillance clips.

Everything is held as RGB uint8 in memory (8,000 photographs of 192 x 192 are 0.9 GB).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

Image = np.ndarray  # uint8 RGB [H, W, 3]


@dataclass(frozen=True)
class Photograph:
    """One photograph: RGB pixels and its captions; `split` is "train" or "heldout".

    Photographs of the same `group` are not told apart in training: a caption of one may be said of the other.
    """

    name: str
    split: str
    pixels: Image
    captions: tuple[str, ...]
    group: str = ""


def read_image(path: Path) -> Image:
    """Decode one picture to RGB uint8 [H, W, 3]; raises `FileNotFoundError` if it cannot be read."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FileNotFoundError(f"cannot read the picture {path}")
    return np.ascontiguousarray(bgr[:, :, ::-1])


def read_photographs(folder: Path) -> list[Photograph]:
    """Photographs of `folder`: `captions.csv` (columns image, caption and optionally split) and `images/`."""
    captions: dict[str, list[str]] = {}
    splits: dict[str, str] = {}
    with (folder / "captions.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            captions.setdefault(row["image"], []).append(row["caption"])
            splits[row["image"]] = row.get("split") or "train"
    return [
        Photograph(name, splits[name], read_image(folder / "images" / name), tuple(texts))
        for name, texts in captions.items()
    ]


def read_clip(path: Path, *, every: int = 1) -> list[Image]:
    """Every `every`-th frame of a clip as RGB uint8 [H, W, 3]."""
    capture = cv2.VideoCapture(str(path))
    frames: list[Image] = []
    index = 0
    while True:
        ok, bgr = capture.read()
        if not ok:
            break
        if index % every == 0:
            frames.append(np.ascontiguousarray(bgr[:, :, ::-1]))
        index += 1
    capture.release()
    if not frames:
        raise FileNotFoundError(f"no frame could be decoded from {path}")
    return frames


def training_clips(folder: Path) -> list[Path]:
    """Clips that may be learned from: UCSD Ped2's training half. Figures are reported on none of them."""
    return sorted((folder / "ucsd_ped2/train").glob("*.mp4"))
