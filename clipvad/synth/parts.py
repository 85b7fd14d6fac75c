"""The two solids that everything which moves is made of: `Blob` (a hull of spheres) and `Face` (a flat polygon).

A limb is a hull of two spheres, a torso one of six, a car a set of faces. Both are lit by one sun, cast a shadow on the
ground, and are drawn far to near.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.synth.camera import Array, Camera

Image = NDArray[np.uint8]
Colour = tuple[float, float, float]

_SHIFT = 4  # OpenCV's fixed point: coordinates in 1/16 pixel
_RING = np.stack([np.cos(np.arange(12) * np.pi / 6), np.sin(np.arange(12) * np.pi / 6)], axis=1)
# A lit cylinder in three flat bands: (size, shift towards the light, brightness); reads as round at surveillance size.
_BANDS = ((1.0, 0.0, 0.66), (0.80, 0.14, 0.86), (0.50, 0.26, 1.04))


@dataclass(frozen=True)
class Blob:
    """Convex hull of spheres: `centres` [K, 3] and `radii` [K] in metres, `colour` RGB in 0-255."""

    centres: Array
    radii: Array
    colour: Colour
    layer: int = 0


@dataclass(frozen=True)
class Face:
    """Flat polygons with a common `normal` [3]: the first is the outline, the others are holes in it; metres.

    A face is drawn only from the side its normal points to, unless `double_sided`; `gloss` in 0-1 mixes in the sky.
    """

    contours: tuple[Array, ...]
    normal: Array
    colour: Colour
    layer: int = 0
    double_sided: bool = False
    gloss: float = 0.0
    casts_shadow: bool = True


Part = Blob | Face


@dataclass(frozen=True, kw_only=True)
class Light:
    """Sun and sky. `towards` points to the sun; the three strengths multiply a surface's own colour."""

    towards: tuple[float, float, float] = (-0.55, -0.35, 0.76)
    ambient: float = 0.52
    sun: float = 0.50
    sky: Colour = (205.0, 218.0, 232.0)

    @property
    def direction(self) -> Array:
        """Unit vector to the sun. [3]"""
        v = np.asarray(self.towards)
        return np.asarray(v / np.linalg.norm(v))


def capsule(a: Sequence[float] | Array, b: Sequence[float] | Array, ra: float, rb: float, colour: Colour) -> Blob:
    """A limb from `a` to `b` (metres) with radii `ra` and `rb`."""
    return Blob(np.array([a, b], dtype=float), np.array([ra, rb]), colour)


def outline(part: Part, camera: Camera) -> Array:
    """Points [K, 2] in pixels whose bounding box is the part's."""
    if isinstance(part, Face):
        return camera.project(part.contours[0])[0]
    px, depth = camera.project(part.centres)
    r = camera.focal_px * part.radii / depth
    return np.concatenate([px - r[:, None], px + r[:, None]])


def draw_parts(
    canvas: Image, parts: Sequence[Part], *, camera: Camera, light: Light, scale: int, origin: Array
) -> None:
    """Draw `parts` far to near into `canvas`, whose pixel (0, 0) is `origin` and which is enlarged `scale` times."""
    towards_px = light.direction @ camera.axes.T
    towards_px = towards_px[:2] / (np.linalg.norm(towards_px[:2]) + 1e-9)
    for part in sorted(parts, key=lambda p: (p.layer, -_depth(p, camera))):
        if isinstance(part, Blob):
            _draw_blob(canvas, part, camera, towards_px, scale, origin)
        else:
            _draw_face(canvas, part, camera, light, scale, origin)


def draw_shadow(mask: Image, parts: Sequence[Part], *, camera: Camera, light: Light, scale: float = 1.0) -> None:
    """Fill with 255 where `parts` keep the sun off the ground; `mask` [H * scale, W * scale]."""
    sun = light.direction
    slide = sun[:2] / sun[2]
    for part in parts:
        if isinstance(part, Face):
            if not part.casts_shadow:
                continue
            points = part.contours[0]
        else:
            rim = np.zeros((len(part.radii), 12, 3))
            rim[..., :2] = _RING * part.radii[:, None, None]
            points = (part.centres[:, None] + rim).reshape(-1, 3)
        ground = np.zeros_like(points)
        ground[:, :2] = points[:, :2] - slide * np.maximum(points[:, 2:], 0)
        px, _ = camera.project(ground)
        hull = cv2.convexHull((px * scale).astype(np.float32))
        cv2.fillConvexPoly(mask, _fixed(hull), (255,), lineType=cv2.LINE_AA, shift=_SHIFT)


def _depth(part: Part, camera: Camera) -> float:
    points = part.centres if isinstance(part, Blob) else part.contours[0]
    return float((points.mean(axis=0) - camera.position) @ camera.axes[2])


def _fixed(points: NDArray[np.floating]) -> NDArray[np.int32]:
    # The bound keeps a part that is almost in the camera inside OpenCV's 32-bit arithmetic.
    return np.asarray(np.rint(np.clip(points, -16000, 16000) * (1 << _SHIFT)), dtype=np.int32)


def _draw_blob(canvas: Image, blob: Blob, camera: Camera, towards: Array, scale: int, origin: Array) -> None:
    px, depth = camera.project(blob.centres)
    px = (px - origin) * scale
    r = camera.focal_px * blob.radii / depth * scale
    for size, shift, brightness in _BANDS:
        colour = [min(255.0, c * brightness) for c in blob.colour]
        if len(r) == 1:  # a leaf: no hull to compute
            (centre,), radius = _fixed(px + towards * r[:, None] * shift), int(r[0] * size * (1 << _SHIFT))
            cv2.circle(canvas, centre.tolist(), radius, colour, -1, lineType=cv2.LINE_8, shift=_SHIFT)
            continue
        rim = (px + towards * r[:, None] * shift)[:, None] + _RING * (r * size)[:, None, None]
        hull = cv2.convexHull(rim.reshape(-1, 2).astype(np.float32))
        cv2.fillConvexPoly(canvas, _fixed(hull), colour, lineType=cv2.LINE_8, shift=_SHIFT)


def _draw_face(canvas: Image, face: Face, camera: Camera, light: Light, scale: int, origin: Array) -> None:
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
    pieces = [_fixed((camera.project(c)[0] - origin) * scale) for c in face.contours]
    cv2.fillPoly(canvas, pieces, colour, lineType=cv2.LINE_8, shift=_SHIFT)
