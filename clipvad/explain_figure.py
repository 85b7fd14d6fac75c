"""A frame explained, as a picture to keep: a map with its colour scale, or numbered boxes."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.core import Analysis
from clipvad.explain import ObjectsAt
from clipvad.video.drawing import ALERT, GROUND, INK, MUTED, Canvas, draw_text, line_height, outline, shorten, tag

LEAST, MOST = 0.1, 0.82  # opacity of the smallest and the largest value: the picture shows through
TOPS = (0.05, 0.1, 0.2, 0.5, 1.0)
MIN_WIDTH = 480  # a smaller picture is enlarged, so that the words fit


def scale_top(heat: NDArray[np.floating]) -> float:
    """The number at the upper end of a map's colour scale: the smallest of `TOPS` that holds its maximum."""
    return next((top for top in TOPS if heat.max() <= top + 1e-4), 1.0)


def map_figure(picture: NDArray[np.uint8], heat: NDArray[np.float32], caption: str) -> Canvas:
    """`heat` [h, w] in [0, 1] over `picture` RGB [H, W, 3], with a caption and a scale with numbers below."""
    picture = _large(picture)
    height, width = picture.shape[:2]
    top = scale_top(heat)
    part = cv2.resize(np.asarray(heat / top, np.float32), (width, height), interpolation=cv2.INTER_LINEAR).clip(0, 1)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None]
    alpha = (LEAST + (MOST - LEAST) * part)[..., None]
    mixed = (grey * (1 - alpha) + _inferno(part) * alpha).astype(np.uint8)
    return np.concatenate([mixed, _footer(width, caption, top)])


def boxes_figure(picture: NDArray[np.uint8], analysis: Analysis, found: ObjectsAt) -> Canvas:
    """The frame with its boxes, each with number, score and most probable sentence."""
    canvas = _large(picture).copy()
    detections = analysis.features.detections
    assert detections is not None
    scale = canvas.shape[1] / analysis.video.width
    size = max(11, canvas.shape[1] // 60)
    for index in reversed(range(len(found.rows))):  # the strongest last, on top
        x1, y1, x2, y2 = (round(float(v) * scale) for v in detections.xyxy[found.rows[index]])
        colour = ALERT if found.score[index] >= analysis.settings.threshold else INK
        outline(canvas, x1, y1, x2, y2, colour, width=max(1, size // 8))
        top = found.top(index, 1)
        what = f"{index + 1}  {found.score[index]:.2f}" + (f"  {analysis.rules.sentences[top[0]]}" if top else "")
        what = shorten(what, width=canvas.shape[1] - x1, size=size, bold=True)
        above = y1 - line_height(size) - size // 2
        tag(canvas, what, x1, above if above >= 0 else y1 + 1, size=size, ground=GROUND, colour=colour)
    return canvas


def png(canvas: Canvas) -> bytes:
    """The picture as a PNG file."""
    _, data = cv2.imencode(".png", canvas[..., ::-1])
    return bytes(data.tobytes())


def _large(picture: NDArray[np.uint8]) -> Canvas:
    height, width = picture.shape[:2]
    if width >= MIN_WIDTH:
        return picture
    larger = cv2.resize(picture, (MIN_WIDTH, round(height * MIN_WIDTH / width)), interpolation=cv2.INTER_CUBIC)
    return np.asarray(larger, np.uint8)


def _inferno(part: NDArray[np.float32]) -> NDArray[np.uint8]:
    coloured = cv2.applyColorMap(np.rint(part * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    return np.asarray(coloured[..., ::-1], np.uint8)


def _footer(width: int, caption: str, top: float) -> Canvas:
    size = max(12, width // 50)
    pad = size // 2
    line = line_height(size)
    canvas = np.full((3 * pad + 2 * line + size, width, 3), GROUND, np.uint8)
    draw_text(canvas, shorten(caption, width=width - 2 * pad, size=size), pad, pad, size=size, colour=INK)
    bar = np.linspace(0, 1, width - 2 * pad, dtype=np.float32)[None]
    canvas[pad + line + pad // 2 :][:size, pad : width - pad] = _inferno(bar)
    for share, text in ((0.0, "0"), (0.5, f"{top / 2:g}"), (1.0, f"{top:g}")):
        x = pad + round(share * (width - 2 * pad)) - round(share * size * 0.6 * len(text))
        draw_text(canvas, text, x, 2 * pad + line + size - pad // 3, size=size, colour=MUTED)
    return canvas
