"""Marks on RGB pictures that stay legible: text in any script the font holds, tags, outlines, tinted areas.

All sizes are pixels of the picture drawn on; every function changes its `canvas`, RGB uint8 [H, W, 3], in place.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

Canvas = NDArray[np.uint8]
Colour = tuple[int, int, int]

INK: Colour = (238, 241, 245)
MUTED: Colour = (139, 149, 163)
GROUND: Colour = (16, 20, 26)
RULE: Colour = (44, 52, 63)
CALM: Colour = (94, 200, 216)
ALERT: Colour = (255, 82, 82)
AMBER: Colour = (245, 185, 66)
PLACE: Colour = (122, 162, 255)


@lru_cache(maxsize=4096)
def text_width(text: str, *, size: int, bold: bool = False) -> int:
    """Width of a line of text in pixels."""
    return int(np.ceil(_font(size, bold).getlength(text)))


def line_height(size: int) -> int:
    """Height of a line of text in pixels, from the highest accent to the lowest descender."""
    ascent, descent = _font(size, False).getmetrics()
    return ascent + descent


@lru_cache(maxsize=1024)
def shorten(text: str, *, width: int, size: int, bold: bool = False) -> str:
    """The text, or as many of its words (or letters) as fit `width` pixels, with an ellipsis; perhaps none."""
    if text_width(text, size=size, bold=bold) <= width:
        return text
    fitting = text
    while fitting and text_width(fitting.rstrip() + "…", size=size, bold=bold) > width:
        fitting = fitting[:-1]
    words = fitting[: fitting.rfind(" ")] if " " in fitting and text[len(fitting)] != " " else fitting
    kept = words if len(words) > 0.6 * len(fitting) else fitting
    return kept.rstrip(" ,.;:") + "…" if kept else ""


def draw_text(canvas: Canvas, text: str, x: int, y: int, *, size: int, colour: Colour, bold: bool = False) -> None:
    """Write a line with its top left corner at x, y; what lies outside the canvas is cut off."""
    if not text:
        return
    mask = _mask(text, size, bold)
    left, top = max(0, -x), max(0, -y)
    area = canvas[max(0, y) : max(0, y + mask.shape[0]), max(0, x) : max(0, x + mask.shape[1])]
    alpha = mask[top : top + area.shape[0], left : left + area.shape[1], None]
    area[:] = (area + (np.array(colour, np.float32) - area) * alpha + 0.5).astype(np.uint8)


def tint(canvas: Canvas, x1: int, y1: int, x2: int, y2: int, colour: Colour, alpha: float) -> None:
    """Mix a colour into a rectangle; `alpha` in [0, 1], 1 covers. Corners may lie outside."""
    area = canvas[max(0, y1) : max(0, y2), max(0, x1) : max(0, x2)]
    area[:] = (area * (1 - alpha) + np.array(colour, np.float32) * alpha + 0.5).astype(np.uint8)


def outline(canvas: Canvas, x1: int, y1: int, x2: int, y2: int, colour: Colour, *, width: int) -> None:
    """A rectangle's edge, with a dark edge around it so that it shows on any ground."""
    cv2.rectangle(canvas, (x1, y1), (x2, y2), GROUND, width + 2, cv2.LINE_AA)
    cv2.rectangle(canvas, (x1, y1), (x2, y2), colour, width, cv2.LINE_AA)


def polygon(canvas: Canvas, corners: NDArray[np.int32], colour: Colour, *, width: int) -> None:
    """The closed outline through `corners` [K, 2] (x, y), with a dark edge around it."""
    cv2.polylines(canvas, [corners], True, GROUND, width + 2, cv2.LINE_AA)
    cv2.polylines(canvas, [corners], True, colour, width, cv2.LINE_AA)


def tag(canvas: Canvas, text: str, x: int, y: int, *, size: int, ground: Colour, colour: Colour) -> int:
    """Text on a filled plate with its top left corner at x, y; returns the plate's width."""
    pad = max(2, size // 3)
    width = text_width(text, size=size, bold=True) + 2 * pad
    tint(canvas, x, y, x + width, y + line_height(size) + pad // 2, ground, 0.92)
    draw_text(canvas, text, x + pad, y + pad // 4, size=size, colour=colour, bold=True)
    return width


def tag_size(text: str, *, size: int) -> tuple[int, int]:
    """Width and height that `tag` takes."""
    pad = max(2, size // 3)
    return text_width(text, size=size, bold=True) + 2 * pad, line_height(size) + pad // 2


def clock_tenths(seconds: float) -> str:
    """`mm:ss.t`, or `h:mm:ss.t` from an hour on."""
    tenths = int(seconds * 10 + 1e-6)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02d}" if hours else f"{minutes:02d}"
    return f"{start}:{tenths // 10:02d}.{tenths % 10}"


@lru_cache(maxsize=16)
def _font(size: int, bold: bool) -> ImageFont.FreeTypeFont:
    from matplotlib import get_data_path  # it brings DejaVu Sans: Latin, Greek, Cyrillic, Arabic, ...

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(get_data_path()) / "fonts" / "ttf" / name, size)


@lru_cache(maxsize=512)
def _mask(text: str, size: int, bold: bool) -> NDArray[np.float32]:
    """Coverage of a line of text, float32 [h, w] in [0, 1]: cached, since the same words come frame after frame."""
    from PIL import Image, ImageDraw

    image = Image.new("L", (text_width(text, size=size, bold=bold) + 1, line_height(size)))
    ImageDraw.Draw(image).text((0, 0), text, fill=255, font=_font(size, bold))
    return np.asarray(image, np.float32) / np.float32(255)
