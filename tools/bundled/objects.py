"""Objects in the training pictures, found by the teacher detector, grouped by what their caption would say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tools.bundled.data import Image

PERSON = 0
RIDDEN = {1: "bicycle", 3: "motorcycle", 36: "skateboard"}
VEHICLES = {2: "car", 5: "bus", 7: "truck", 6: "train", 8: "boat"}
ANIMALS = {15: "cat", 16: "dog", 17: "horse"}
CARRIED = {24: "backpack", 26: "handbag", 28: "suitcase"}


@dataclass(frozen=True)
class ObjectBox:
    """A box (x0, y0, x1, y1 in pixels of picture `picture`) of group `group`, e.g. "rider of bicycle"."""

    picture: int
    xyxy: tuple[float, float, float, float]
    group: str


def detect(model: Any, pictures: list[Image], *, image_size: int, confidence: float) -> list[np.ndarray]:
    """Boxes of every picture as float32 [n, 6]: x0, y0, x1, y1, confidence, class."""
    found: list[np.ndarray] = []
    for start in range(0, len(pictures), 16):
        batch = [np.ascontiguousarray(p[:, :, ::-1]) for p in pictures[start : start + 16]]
        for result in model.predict(batch, imgsz=image_size, conf=confidence, verbose=False, max_det=40):
            found.append(result.boxes.data.cpu().numpy().astype(np.float32))
    return found


def overlap_of_second(a: np.ndarray, b: np.ndarray) -> float:
    """The part of box `b`'s area that lies inside box `a`, 0 to 1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    area = (b[2] - b[0]) * (b[3] - b[1])
    return float(max(width, 0) * max(height, 0) / max(area, 1e-6))


def group_objects(picture: int, boxes: np.ndarray, *, min_side: float) -> list[ObjectBox]:
    """Turn one picture's detections into captionable objects.

    A person whose box covers a good part of a bicycle, motorcycle or skateboard is its rider, and gives two boxes: his
    own (what a detector hands over when it misses the small vehicle) and the union.
    """
    objects: list[ObjectBox] = []
    people = boxes[boxes[:, 5] == PERSON]
    for person in people:
        if max(person[2] - person[0], person[3] - person[1]) < min_side:
            continue
        group, union = "person", None
        wide = person[:4] + np.array([-0.15, 0.0, 0.15, 0.15], np.float32) * (person[3] - person[1])
        for cls, name in RIDDEN.items():
            for vehicle in boxes[boxes[:, 5] == cls]:
                if overlap_of_second(wide, vehicle) > 0.35:
                    group = f"rider of {name}"
                    union = np.concatenate([np.minimum(person[:2], vehicle[:2]), np.maximum(person[2:4], vehicle[2:4])])
        if group == "person":
            for cls, name in CARRIED.items():
                if any(overlap_of_second(wide, bag) > 0.6 for bag in boxes[boxes[:, 5] == cls]):
                    group = f"person with {name}"
        objects.append(ObjectBox(picture, _xyxy(person), group))
        if union is not None:
            objects.append(ObjectBox(picture, _xyxy(union), group))
    for cls, name in {**VEHICLES, **ANIMALS, **RIDDEN}.items():
        for box in boxes[boxes[:, 5] == cls]:
            ridden = cls in RIDDEN and any(overlap_of_second(p, box) > 0.2 for p in people)
            if max(box[2] - box[0], box[3] - box[1]) >= min_side and not ridden:
                objects.append(ObjectBox(picture, _xyxy(box), name))
    return objects


def _xyxy(box: np.ndarray) -> tuple[float, float, float, float]:
    return (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
