"""A group of solids seen by a camera: projected once, then measured, drawn far to near, and shadowed."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.synth.camera import Array, Camera
from clipvad.synth.parts import Blob, Face, Image, Light, Part

_SHIFT = 4  # OpenCV's fixed point: coordinates in 1/16 pixel
_RING = np.stack([np.cos(np.arange(12) * np.pi / 6), np.sin(np.arange(12) * np.pi / 6)], axis=1)
# A lit cylinder in three flat bands: (size, shift towards the light, brightness); reads as round at surveillance size.
_BANDS = np.array([(1.0, 0.0, 0.66), (0.80, 0.14, 0.86), (0.50, 0.26, 1.04)])


class Shape:
    """Solids of one actor or prop in world metres, as `camera` sees them."""

    def __init__(self, parts: Sequence[Part], camera: Camera) -> None:
        self.parts, self.camera = parts, camera
        groups = [p.centres if isinstance(p, Blob) else np.concatenate(p.contours) for p in parts]
        sizes = np.array([len(g) for g in groups])
        self._starts = np.concatenate([[0], np.cumsum(sizes)])
        self._points = np.concatenate(groups)
        radii = [p.radii if isinstance(p, Blob) else np.zeros(n) for p, n in zip(parts, sizes, strict=True)]
        self._radii = np.concatenate(radii)
        self._px, self._depth = camera.project(self._points)
        self._radii_px = camera.focal_px * self._radii / self._depth

    @property
    def extent(self) -> tuple[Array, Array]:
        """The bounding box in pixels, not clipped: its upper left [2] and lower right [2] corner."""
        r = self._radii_px[:, None]
        return (self._px - r).min(axis=0), (self._px + r).max(axis=0)

    def draw(self, canvas: Image, *, light: Light, scale: int, origin: Array) -> None:
        """Draw into `canvas`, whose pixel (0, 0) is `origin` and which is enlarged `scale` times."""
        towards = light.direction @ self.camera.axes.T
        towards = towards[:2] / (np.linalg.norm(towards[:2]) + 1e-9)
        px, r = (self._px - origin) * scale, self._radii_px * scale
        # [3 bands, N spheres, 12 points of a circle, 2]
        centres = px + _BANDS[:, 1, None, None] * r[:, None] * towards
        rims = _fixed(centres[:, :, None] + (_BANDS[:, 0, None] * r)[..., None, None] * _RING)
        flat = _fixed(px)
        depths = np.add.reduceat(self._depth, self._starts[:-1]) / np.diff(self._starts)
        layers = np.array([p.layer for p in self.parts])
        for k in np.lexsort((-depths, layers)):
            part, low, high = self.parts[k], self._starts[k], self._starts[k + 1]
            if isinstance(part, Blob):
                _draw_blob(canvas, part, rims[:, low:high])
            else:
                _draw_face(canvas, part, flat[low:high], self.camera, light)

    def shadow(self, mask: Image, *, light: Light, scale: float = 1.0) -> None:
        """Fill with 255 where the solids keep the sun off the ground; `mask` [H * scale, W * scale]."""
        sun = light.direction
        rims = self._points[:, None, :2] + self._radii[:, None, None] * _RING
        rims = rims - (sun[:2] / sun[2]) * np.maximum(self._points[:, None, 2:], 0)
        px, _ = self.camera.project(np.concatenate([rims, np.zeros((*rims.shape[:2], 1))], axis=2))
        rims_px = _fixed(px * scale)
        for k, part in enumerate(self.parts):
            if isinstance(part, Face) and not part.casts_shadow:
                continue
            hull = cv2.convexHull(rims_px[self._starts[k] : self._starts[k + 1]].reshape(-1, 2))
            cv2.fillConvexPoly(mask, hull, (255,), lineType=cv2.LINE_AA, shift=_SHIFT)


def _draw_blob(canvas: Image, blob: Blob, rims: NDArray[np.int32]) -> None:
    """`rims` [3 bands, K spheres, 12, 2] in fixed point."""
    for rim, brightness in zip(rims, _BANDS[:, 2], strict=True):
        hull = cv2.convexHull(rim.reshape(-1, 2)) if len(rim) > 1 else rim[0]
        colour = [min(255.0, c * brightness) for c in blob.colour]
        cv2.fillConvexPoly(canvas, hull, colour, lineType=cv2.LINE_8, shift=_SHIFT)


def _draw_face(canvas: Image, face: Face, points: NDArray[np.int32], camera: Camera, light: Light) -> None:
    """`points`: the contours of the face one after another, in fixed point."""
    to_camera = camera.position - face.contours[0].mean(axis=0)
    facing = float(face.normal @ to_camera)
    if facing <= 0 and not face.double_sided:
        return
    normal = face.normal if facing > 0 else -face.normal
    lit = light.ambient + light.sun * max(0.0, float(normal @ light.direction)) + 0.12 * float(normal[2])
    # Grazing views mirror the sky more (Schlick's approximation of Fresnel, exponent lowered for a soft finish).
    cosine = abs(facing) / (float(np.linalg.norm(to_camera)) + 1e-9)
    mirror = face.gloss * (0.25 + 0.75 * (1 - cosine) ** 3) * (0.5 + 0.5 * max(0.0, float(normal[2])))
    colour = [min(255.0, c * lit * (1 - mirror) + s * mirror) for c, s in zip(face.colour, light.sky, strict=True)]
    pieces = np.split(points, np.cumsum([len(c) for c in face.contours])[:-1])
    cv2.fillPoly(canvas, pieces, colour, lineType=cv2.LINE_8, shift=_SHIFT)


def _fixed(points: NDArray[np.floating]) -> NDArray[np.int32]:
    # The bound keeps a part that is almost in the camera inside OpenCV's 32-bit arithmetic.
    return np.asarray(np.rint(np.clip(points, -16000, 16000) * (1 << _SHIFT)), dtype=np.int32)
