"""The pool of training views: where each was cut, what it shows, and what a far, old or cheap camera makes of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np

from tools.bundled.data import Image
from tools.bundled.objects import ObjectBox


@dataclass(frozen=True)
class View:
    """A rectangle (x0, y0, x1, y1 pixels) of a picture.

    `photo` is the index of the photograph whose captions still hold for this view, or -1; `group` names the object it
    was cut around, or is empty.
    """

    picture: int
    rect: tuple[int, int, int, int]
    photo: int
    group: str


def random_rect(picture: Image, rng: np.random.Generator, *, low: float, high: float) -> tuple[int, int, int, int]:
    """A rectangle of `low` to `high` of the picture's area and an aspect ratio of 3:4 to 4:3 of the picture's."""
    height, width = picture.shape[:2]
    area, ratio = rng.uniform(low, high), np.exp(rng.uniform(np.log(0.75), np.log(1.333)))
    w = min(width, round(width * float(np.sqrt(area * ratio))))
    h = min(height, round(height * float(np.sqrt(area / ratio))))
    x0, y0 = int(rng.integers(0, width - w + 1)), int(rng.integers(0, height - h + 1))
    return x0, y0, x0 + w, y0 + h


def jittered_square(picture: Image, box: ObjectBox, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """A square around the object, 1.0 to 1.6 of its longer side (1.3 in use), its centre moved by up to 8 %."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = box.xyxy
    longer = max(x1 - x0, y1 - y0)
    side = longer * rng.uniform(1.0, 1.6)
    cx = (x0 + x1) / 2 + rng.uniform(-0.08, 0.08) * longer
    cy = (y0 + y1) / 2 + rng.uniform(-0.08, 0.08) * longer
    left, top = int(np.clip(cx - side / 2, 0, width - 4)), int(np.clip(cy - side / 2, 0, height - 4))
    right, bottom = int(np.clip(cx + side / 2, left + 4, width)), int(np.clip(cy + side / 2, top + 4, height))
    return left, top, right, bottom


def build_views(
    pictures: list[Image],
    n_photos: int,
    objects: list[ObjectBox],
    rng: np.random.Generator,
    *,
    parts: list[int],
    views_per_group: int,
) -> list[View]:
    """Whole pictures, `parts[i]` random parts of picture i, and squares around objects.

    The first `n_photos` pictures are the captioned photographs, the others are frames of clips. Rare groups are cut
    more often (at most six times an object), so that each has about `views_per_group` views.
    """
    views: list[View] = []
    for index, picture in enumerate(pictures):
        height, width = picture.shape[:2]
        photo = index if index < n_photos else -1
        views.append(View(index, (0, 0, width, height), photo, ""))
        for _ in range(parts[index]):
            rect = random_rect(picture, rng, low=0.15, high=1.0)
            share = (rect[2] - rect[0]) * (rect[3] - rect[1]) / (width * height)
            views.append(View(index, rect, photo if share > 0.5 else -1, ""))
    count = Counter(box.group for box in objects)
    for box in objects:
        wanted = min(views_per_group / count[box.group], 6.0)
        times = int(wanted) + int(rng.random() < wanted % 1)
        for _ in range(times):
            views.append(View(box.picture, jittered_square(pictures[box.picture], box, rng), -1, box.group))
    return views


def cut(pictures: list[Image], view: View, side: int) -> Image:
    """The view's pixels, squashed to `side` x `side`."""
    x0, y0, x1, y1 = view.rect
    part = pictures[view.picture][y0:y1, x0:x1]
    method = cv2.INTER_AREA if min(part.shape[:2]) > side else cv2.INTER_LINEAR
    resized: Image = cv2.resize(part, (side, side), interpolation=method)
    return resized


def _as_jpeg(image: Image, quality: int) -> Image:
    _, coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))


def degrade(image: Image, rng: np.random.Generator, *, strength: float) -> Image:
    """What a far, old or cheap camera would have made of this view; same shape, uint8.

    With probability `strength` the view loses resolution (16 to 64 px and back), and independently gets grey, blurred,
    noisy, JPEG-compressed, darker or flatter.
    """
    side = image.shape[0]
    if rng.random() < strength:
        small = int(np.exp(rng.uniform(np.log(18), np.log(min(72, side)))))
        image = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            image = _as_jpeg(image, int(rng.integers(30, 90)))
        method = cv2.INTER_LINEAR if rng.random() < 0.7 else cv2.INTER_CUBIC
        image = cv2.resize(image, (side, side), interpolation=method)
    elif rng.random() < 0.3 * strength:
        image = _as_jpeg(image, int(rng.integers(15, 60)))
    if rng.random() < 0.35 * strength:
        image = np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[:, :, None], 3, axis=2)
    if rng.random() < 0.2 * strength:
        image = cv2.blur(image, (3, 3) if rng.random() < 0.7 else (5, 5))
    if rng.random() < 0.6:
        gain, bias = rng.uniform(0.65, 1.35), rng.uniform(-30, 30)
        table = np.clip((np.arange(256) - 128) * gain + 128 + bias, 0, 255).astype(np.uint8)
        image = cv2.LUT(image, table)
    if rng.random() < 0.2 * strength:
        noise = rng.standard_normal(image.shape, np.float32) * rng.uniform(3, 14)
        image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return image
