"""Frames as they leave the machine: small JPEGs inside the request, without any metadata."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.errors import LLMError
from clipvad.video.picture import fit

MAX_FRAMES = 4
MAX_SIDE = 512  # pixels: the size at which hosted models charge a picture as one tile
JPEG_QUALITY = 80


def data_url(frame: NDArray[np.uint8]) -> str:
    """`frame`, RGB uint8 [H, W, 3], as a JPEG data URL whose longer side is at most `MAX_SIDE` pixels."""
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8 or not frame.size:
        raise ValueError(f"a frame must be uint8 [H, W, 3], got {frame.dtype} {frame.shape}")
    size = fit(frame.shape[1], frame.shape[0], MAX_SIDE)
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")


def read_picture(path: Path) -> NDArray[np.uint8]:
    """A picture file as RGB uint8 [H, W, 3], upright. Raises `LLMError` for anything that is none."""
    try:
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:  # more pixels than OpenCV reads
        bgr = None
    if bgr is None:
        raise LLMError(f"{path} cannot be read as a picture. Give a JPEG or PNG file.")
    return np.ascontiguousarray(bgr[..., ::-1], dtype=np.uint8)
