"""Outlines of limbs (hulls of two circles) as polygons, in the fixed point that OpenCV fills."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clipvad.synth.rendering.camera import Array

SHIFT = 4  # OpenCV's fixed point: coordinates in 1/16 pixel
RING = np.stack([np.cos(np.arange(12) * np.pi / 6), np.sin(np.arange(12) * np.pi / 6)], axis=1)
_ARC = np.linspace(0, 1, 7)  # points on each rounded end, as fractions of its arc

FixedPoints = NDArray[np.int32]


def limb_rims(ends: Array, radii: Array) -> Array:
    """Unit vectors [M, 14, 2] from the centres to the outline of circles at `ends` [M, 2, 2] with `radii` [M, 2].

    The first seven belong to the first circle, the others to the second.
    """
    across = ends[:, 1] - ends[:, 0]
    length = np.hypot(across[:, 0], across[:, 1])
    bearing = np.arctan2(across[:, 1], across[:, 0])[:, None]
    # The common tangents touch both circles at this angle from the line between their centres.
    taper = np.clip((radii[:, 0] - radii[:, 1]) / np.maximum(length, 1e-9), -1, 1)
    touch = np.arccos(taper)[:, None]
    first = bearing + touch + (2 * np.pi - 2 * touch) * _ARC
    second = bearing - touch + 2 * touch * _ARC
    angle = np.concatenate([first, second], axis=1)
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def limbs(ends: Array, radii: Array, rims: Array) -> Array:
    """Outlines [..., M, 14, 2] of circles at `ends` [..., M, 2, 2] with `radii` [..., M, 2]; `rims` as above."""
    points = ends[..., :, None, :] + radii[..., None, None] * rims.reshape(*rims.shape[:-2], 2, 7, 2)
    return np.asarray(points.reshape(*points.shape[:-3], 14, 2))


def fixed(points: NDArray[np.floating]) -> FixedPoints:
    """Pixels as OpenCV's fixed point; the bound keeps what is almost in the camera inside its 32-bit arithmetic."""
    return np.asarray(np.rint(np.clip(points, -16000, 16000) * (1 << SHIFT)), dtype=np.int32)
