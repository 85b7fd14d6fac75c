"""Cast shadows in a motion mask: the same ground, darker."""

from __future__ import annotations

from math import log

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.detectors.background import Picture

VERSION = 1  # part of the detector's id: raise it when a constant or a line below changes a mask

_DARKEST, _BRIGHTEST = 0.4, 0.95  # brightness in shadow as a part of the brightness in light
_TINT = 0.25  # shadow lacks the sun's colour but not the sky's, so the channels differ a little
_ROUGH = 0.1  # a soft shadow is smoother than this, clothes and outlines are rougher
_TEXTURED = 0.03  # ground rougher than this has a texture to recognise
_KEPT = 0.3  # of the ground's roughness: what may be left of it after division by the ground
_WINDOW = 7  # pixels
_EDGE = 7  # pixels: three on each side of a hard outline are neither light nor shadow after blur and compression
_LEG = 8  # trousers between shirt and shoes are at most this part of the picture's height: 1 / 8
_LOG = np.log(np.arange(256) + 1.0).astype(np.float32)


def without_shadows(mask: NDArray[np.uint8], picture: Picture, ground: Picture) -> NDArray[np.uint8]:
    """The mask uint8 [H, W] of zeros and ones, 0 where `picture` is `ground` (both uint8 [H, W, 3]) in shadow.

    A shadow multiplies the ground by about the same factor in all channels (Horprasert et al., ICCV Frame-rate
    Workshop 1999: brightness falls, chromaticity stays), and the factor changes smoothly or, inside a hard
    outline, leaves the ground's own texture. Dark clothes on smooth grey ground share the factor, so without
    one of the two signs a pixel stays. What the remaining things enclose stays too, and what lies between two of
    their parts, one above the other: a flat dark thing looks like a shadow inside, not along its border.
    """
    if not mask.any():
        return mask
    x, y, width, height = cv2.boundingRect(mask)
    near = np.s_[max(0, y - _WINDOW) : y + height + _WINDOW, max(0, x - _WINDOW) : x + width + _WINDOW]
    part = mask[near], picture[near], ground[near]
    thing = mask.copy()
    thing[near] &= ~(_darker(*part[1:]) & _same_ground(*part)).astype(np.uint8)
    column = np.ones((2 * (len(mask) // (2 * _LEG)) + 1, 1), np.uint8)
    parts = cv2.morphologyEx(thing, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))  # specks enclose nothing
    parts = cv2.morphologyEx(parts, cv2.MORPH_CLOSE, column)
    outlines, _ = cv2.findContours(parts, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return np.asarray(thing | (mask & cv2.drawContours(np.zeros_like(mask), outlines, -1, 1, cv2.FILLED)))


def _darker(picture: Picture, ground: Picture) -> NDArray[np.bool_]:
    """bool [H, W]: where all channels lost about the same part of their light."""
    red, green, blue = cv2.split(cv2.subtract(_log(picture), _log(ground)))
    low, high = cv2.min(cv2.min(red, green), blue), cv2.max(cv2.max(red, green), blue)
    return np.asarray((low > log(_DARKEST)) & (high < log(_BRIGHTEST)) & (high - low < -log(1 - _TINT)))


def _same_ground(mask: NDArray[np.uint8], picture: Picture, ground: Picture) -> NDArray[np.bool_]:
    """bool [H, W]: where the surroundings in the mask look like the ground, whatever the light.

    Roughness is the root mean square of the Laplacian of log brightness: a slope of the light has none.
    """
    seen, expected = (_log(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)) for image in (picture, ground))
    left = _roughness(seen - expected)
    smooth = _mean(left) < _ROUGH**2
    # The outline of a hard shadow is rough, so texture is compared inside of it.
    inside = cv2.erode(mask, np.ones((_EDGE, _EDGE), np.uint8)).astype(np.float32)
    part, texture, left = (
        _mean(inside * values, _WINDOW + 2)  # wide enough to look from the outline into the blob
        for values in (1, _roughness(expected), left)
    )
    kept = (part > 0) & (texture > _TEXTURED**2 * part) & (left < _KEPT**2 * texture)
    return np.asarray(smooth | kept)


def _mean(values: NDArray[np.float32], width: int = _WINDOW) -> NDArray[np.float32]:
    return np.asarray(cv2.boxFilter(values, -1, (width, width)), np.float32)


def _roughness(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.square(cv2.Laplacian(values, -1, ksize=1)))


def _log(picture: Picture) -> NDArray[np.float32]:
    return np.asarray(cv2.LUT(picture, _LOG), np.float32)
