"""Parts of pictures for the image encoder: crops around detected objects, and zones."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.core import Detections, FrameBatch, Region


def crop_objects(
    batch: FrameBatch,
    detections: Detections,
    *,
    first_frame: int,
    scale: float,
    margin: float = 1.3,
    square: bool = True,
    min_px: int = 24,
) -> list[NDArray[np.uint8]]:
    """One picture per row of `detections`, uint8 [h, w, 3] RGB, in row order; views of `batch` where possible.

    `first_frame`: index of the batch's first frame in the clip; every row must lie in the batch, else
    `ValueError`. `scale`: source pixels per batch pixel, as given to the detector's session.

    A crop is centred on its box and `margin` (>= 1) times as large, at least `min_px` batch pixels wide and
    high: a far person alone is a blur, with some ground around it a person. It is square by default, since
    image encoders are. At the border it is moved inside rather than padded. Where it is larger than the
    picture the margin gives way first; only a square around a box that is longer than the picture's other
    side is padded, by repeating the edge pixels.
    """
    if margin < 1 or min_px < 1:
        raise ValueError(f"margin and min_px must be at least 1, got {margin} and {min_px}")
    index = detections.frame - first_frame
    if len(index) and (index.min() < 0 or index.max() >= len(batch)):
        raise ValueError(f"rows lie outside frames {first_frame} to {first_frame + len(batch) - 1} of the batch")
    boxes = detections.xyxy / scale
    return [
        _cut(batch.pixels[t], box, margin=margin, square=square, min_px=min_px)
        for t, box in zip(index, boxes, strict=True)
    ]


def crop_zone(batch: FrameBatch, region: Region) -> list[NDArray[np.uint8]]:
    """The part of each frame inside `region` (shares of the picture), at least one pixel: views of `batch`."""
    height, width = batch.pixels.shape[1:3]
    low = np.floor(np.array(region[:2]) * (width, height)).astype(int)
    low = np.minimum(low, (width - 1, height - 1))
    high = np.maximum(np.ceil(np.array(region[2:]) * (width, height)).astype(int), low + 1)
    return list(batch.pixels[:, low[1] : high[1], low[0] : high[0]])


def _cut(
    picture: NDArray[np.uint8], box: NDArray[np.float32], *, margin: float, square: bool, min_px: int
) -> NDArray[np.uint8]:
    limit = np.array([picture.shape[1], picture.shape[0]])  # width, height
    low, high = box[:2].astype(float), box[2:].astype(float)
    size = high - low
    if square:
        longest = size.max()
        # The margin shrinks until the square fits, but never cuts into the box.
        side = max(min(longest * margin, limit.min()), longest, min(min_px, limit.min()))
        size = np.array([side, side])
    else:
        size = np.minimum(np.maximum(size * margin, min_px), limit)
    cut = np.maximum(np.rint(size), 1).astype(int)
    start = np.rint((low + high - cut) / 2).astype(int)
    start = np.where(cut <= limit, np.clip(start, 0, np.maximum(limit - cut, 0)), -((cut - limit) // 2))
    x0, y0 = np.maximum(start, 0)
    x1, y1 = np.minimum(start + cut, limit)
    inside = picture[y0:y1, x0:x1]
    left, top = np.maximum(-start, 0)
    right, bottom = np.maximum(start + cut - limit, 0)
    if left or top or right or bottom:
        return cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_REPLICATE)  # type: ignore[no-any-return]
    return inside
