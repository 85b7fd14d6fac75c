"""Small, exact stand-ins for models, so that tests of what lies around a model can work results out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Detections, FrameBatch, ModelUse
from clipvad.detectors.base import Boxes, to_detections

COLOURS = {"red": (1.0, 0.0, 0.0), "green": (0.0, 1.0, 0.0), "blue": (0.0, 0.0, 1.0), "grey": (1.0, 1.0, 1.0)}


class ColourEncoder:
    """An image is the direction of its mean colour, a sentence that of the colours it names. Counts its work."""

    id = "colour/1"
    dim = 3
    image_size = 8
    logit_scale = 20.0
    device = "cpu"
    precision = "fp32"
    context_length = 16
    use = ModelUse(id="colour/1", label="colours", limits="sees nothing but colour", device="cpu", precision="fp32")

    def __init__(self) -> None:
        self.images = 0
        self.texts = 0

    def encode_images(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        self.images += len(images)
        return _unit(np.array([image.reshape(-1, 3).mean(axis=0) for image in images], np.float32) + 1e-3)

    def encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += len(texts)
        return _unit(np.array([_colour_of(text) for text in texts], np.float32))

    def unknown_words(self, text: str) -> list[str]:
        return [word for word in text.split() if word == "glorp"]

    def count_tokens(self, text: str) -> int:
        return len(text.split())


class SquareDetector:
    """Finds the bounding box of pixels that are pure red or pure green. Counts the frames it saw."""

    id = "squares/1"
    names = ("square",)
    use = ModelUse(id="squares/1", label="squares")

    def __init__(self) -> None:
        self.frames = 0

    def open(self, *, scale: float = 1.0) -> SquareSession:
        return SquareSession(self, scale)


class SquareSession:
    """One clip of a `SquareDetector`."""

    def __init__(self, detector: SquareDetector, scale: float) -> None:
        self.detector = detector
        self.scale = scale

    def detect(self, batch: FrameBatch, first_frame: int) -> Detections:
        self.detector.frames += len(batch)
        return to_detections(
            [_boxes(picture) for picture in batch.pixels],
            first_frame=first_frame,
            scale=self.scale,
            width=batch.pixels.shape[2],
            height=batch.pixels.shape[1],
            names=SquareDetector.names,
            detector_id=SquareDetector.id,
            max_objects=20,
        )


def _boxes(picture: NDArray[np.uint8]) -> Boxes:
    found = []
    for channel in (0, 1):
        others = [c for c in range(3) if c != channel]
        mask = (picture[..., channel] > 180) & (picture[..., others] < 90).all(axis=-1)
        if mask.any():
            ys, xs = np.nonzero(mask)
            found.append((xs.min(), ys.min(), xs.max() + 1, ys.max() + 1))
    n = len(found)
    return Boxes(
        xyxy=np.array(found, np.float32).reshape(n, 4),
        confidence=np.full(n, 0.9, np.float32),
        label=np.zeros(n, np.int16),
        track=np.arange(n, dtype=np.int32),
    )


def _colour_of(text: str) -> tuple[float, float, float]:
    total = np.sum([COLOURS[word] for word in text.split() if word in COLOURS] or [COLOURS["grey"]], axis=0)
    return tuple(float(v) for v in total)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
