"""A group of solids seen by a camera: projected once, then measured, drawn far to near, and shadowed.

Numbers are worked out for all solids at once and only the outlines are filled one by one: a frame has some hundred
solids, and a call of NumPy costs as much as drawing one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.synth.air import Tone
from clipvad.synth.camera import Array, Camera
from clipvad.synth.outline import RING, SHIFT, FixedPoints, fixed, limb_rims, limbs
from clipvad.synth.parts import Blob, Face, Image, Light, Part

# A lit cylinder in three flat bands: size, shift towards the light, share of the sun; reads as round from afar.
_BANDS = np.array([(1.0, 0.0, 0.28), (0.80, 0.14, 0.68), (0.50, 0.26, 1.04)])
_ONE_BAND_PX = 0.8  # a blob with a smaller radius is drawn in one band,
_ONE_BAND_SUN = 0.70  # of the three bands' mean brightness
_UNSEEN_PX = 0.3  # blobs thinner than this are left out, and faces that are smaller


class Shape:
    """Solids of one actor or prop in world metres, as `camera` sees them."""

    def __init__(self, parts: Sequence[Part], camera: Camera) -> None:
        self.parts, self.camera = parts, camera
        groups = [_points(p) for p in parts]
        self._sizes = np.array([len(g) for g in groups])
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._xyz = np.concatenate(groups)
        self._is_blob = np.array([isinstance(p, Blob) for p in parts])
        self._radii = np.zeros(len(self._xyz))
        if self._is_blob.any():
            radii = [p.radii for p in parts if isinstance(p, Blob)]
            self._radii[np.repeat(self._is_blob, self._sizes)] = np.concatenate(radii)
        self._px, self._depth = camera.project(self._xyz)
        self._radii_px = camera.focal_px * self._radii / self._depth
        self._thick_px = 2 * np.maximum.reduceat(self._radii_px, self._starts)
        # Limbs, of one or two spheres, have an outline that is known; that of other blobs is found by OpenCV.
        self._limbs = np.flatnonzero(self._is_blob & (self._sizes <= 2) & (self._thick_px > _UNSEEN_PX))
        self._solids = np.flatnonzero(self._is_blob & (self._sizes > 2) & (self._thick_px > _UNSEEN_PX))
        self._faces = np.flatnonzero(~self._is_blob)
        self._normals = np.array([p.normal for p in parts if isinstance(p, Face)]).reshape(-1, 3)
        self._double = np.array([p.double_sided for p in parts if isinstance(p, Face)], dtype=bool)

    @property
    def extent(self) -> tuple[Array, Array]:
        """The bounding box in pixels, not clipped: its upper left [2] and lower right [2] corner."""
        r = self._radii_px[:, None]
        return (self._px - r).min(axis=0), (self._px + r).max(axis=0)

    def draw(self, canvas: Image, *, light: Light, scale: int, origin: Array, tone: Tone | None = None) -> None:
        """Draw into `canvas` [H, W, 3 or 4], whose pixel (0, 0) is `origin` and which is enlarged `scale` times.

        `tone` is what the air does to colours where the solids are. A fourth channel becomes 0 where they cover it.
        """
        px, r = (self._px - origin) * scale, self._radii_px * scale
        outlines: dict[int, Sequence[FixedPoints]] = {**self._blob_outlines(px, r, light), **self._face_outlines(px)}
        shades = self._shades(light, tone).tolist()
        depths = np.add.reduceat(self._depth, self._starts) / self._sizes
        layers = [p.layer for p in self.parts]
        for k in np.lexsort((-depths, layers)).tolist():
            if k not in outlines:
                continue
            if isinstance(self.parts[k], Face):
                cv2.fillPoly(canvas, outlines[k], shades[k][0], lineType=cv2.LINE_8, shift=SHIFT)
                continue
            for outline, shade in zip(outlines[k], shades[k], strict=False):  # one band or three
                cv2.fillConvexPoly(canvas, outline, shade, lineType=cv2.LINE_8, shift=SHIFT)

    def shadow(self, mask: Image, *, light: Light, scale: float = 1.0) -> None:
        """Fill with 255 where the solids keep the sun off the ground; `mask` [H * scale, W * scale]."""
        sun = light.direction
        ground = self._xyz[:, :2] - (sun[:2] / sun[2]) * np.maximum(self._xyz[:, 2:], 0)
        both = self._both_ends(self._limbs)
        ends, radii = ground[both], self._radii[both]
        outlines = list(self._flat_on_picture(limbs(ends, radii, limb_rims(ends, radii)), scale))
        if len(self._solids):
            rims = self._flat_on_picture(ground[:, None] + self._radii[:, None, None] * RING, scale)
            outlines += [cv2.convexHull(rims[self._span(k)].reshape(-1, 2)) for k in self._solids.tolist()]
        if len(self._faces):
            flat = self._flat_on_picture(ground, scale)
            outlines += [cv2.convexHull(flat[self._span(k)]) for k in self._casting_faces(sun).tolist()]
        for outline in outlines:
            cv2.fillConvexPoly(mask, outline, (255,), lineType=cv2.LINE_AA, shift=SHIFT)

    def _blob_outlines(self, px: Array, r: Array, light: Light) -> dict[int, Sequence[FixedPoints]]:
        """The bands of each blob, outermost first."""
        towards = light.direction @ self.camera.axes.T
        towards = towards[:2] / (np.linalg.norm(towards[:2]) + 1e-9)
        size, shift = _BANDS[:, :1], _BANDS[:, 1, None, None]
        both = self._both_ends(self._limbs)
        rims = limb_rims(px[both], r[both])
        centres = px[both] + shift[..., None] * r[both][..., None] * towards
        bands = fixed(limbs(centres, size[..., None] * r[both], rims)).swapaxes(0, 1)  # [limbs, 3, 14, 2]
        many = np.where(self._thick_px > 2 * _ONE_BAND_PX, 3, 1).tolist()
        found: dict[int, Sequence[FixedPoints]] = {
            k: band[: many[k]] for k, band in zip(self._limbs.tolist(), bands, strict=True)
        }
        if len(self._solids):
            centres = px + shift * r[:, None] * towards
            rings = fixed(centres[:, :, None] + (size * r)[..., None, None] * RING)  # [3, points, 12, 2]
            for k in self._solids.tolist():
                found[k] = [cv2.convexHull(ring[self._span(k)].reshape(-1, 2)) for ring in rings[: many[k]]]
        return found

    def _face_outlines(self, px: Array) -> dict[int, Sequence[FixedPoints]]:
        """The contours of each face that is turned to the camera."""
        flat = fixed(px)
        found: dict[int, Sequence[FixedPoints]] = {}
        for k in self._faces[(self._facing() > 0) | self._double].tolist():
            part, points = self.parts[k], flat[self._span(k)]
            if isinstance(part, Face) and len(part.contours) > 1:
                found[k] = np.split(points, np.cumsum([len(c) for c in part.contours])[:-1])
            else:
                found[k] = [points]
        return found

    def _shades(self, light: Light, tone: Tone | None) -> Array:
        """Colour of each part in its bands [N, 3, 4], RGB and 0; a face or a thin blob has only the first."""
        colour = np.array([p.colour for p in self.parts])
        bands = light.ambient + light.sun * np.append(_BANDS[:, 2], _ONE_BAND_SUN)
        shades = colour[:, None] * bands[:3, None]
        thin = self._thick_px <= 2 * _ONE_BAND_PX
        shades[thin, 0] = colour[thin] * bands[3]
        if len(self._faces):
            shades[self._faces, 0] = self._lit_faces(colour[self._faces], light)
        if tone is not None:
            shades = shades * tone.gain + tone.veil
        return np.pad(np.minimum(shades, 255), ((0, 0), (0, 0), (0, 1)))

    def _lit_faces(self, colour: Array, light: Light) -> Array:
        facing = self._facing()
        normal = self._normals * np.where(facing > 0, 1, -1)[:, None]
        up = normal[:, 2]
        lit = light.ambient + light.sun * np.maximum(0, normal @ light.direction) + 0.12 * up
        # Grazing views mirror the sky more (Schlick's approximation of Fresnel, exponent lowered for a soft finish).
        cosine = np.abs(facing) / (np.linalg.norm(self._to_camera(), axis=1) + 1e-9)
        gloss = np.array([p.gloss for p in self.parts if isinstance(p, Face)])
        mirror = (gloss * (0.25 + 0.75 * (1 - cosine) ** 3) * (0.5 + 0.5 * np.maximum(0, up)))[:, None]
        return np.asarray(colour * lit[:, None] * (1 - mirror) + np.array(light.sky) * mirror)

    def _casting_faces(self, sun: Array) -> NDArray[np.intp]:
        """Faces turned to the sun cast what the back of the same body would cast again; a flat plan looks down."""
        casts = np.array([p.casts_shadow for p in self.parts if isinstance(p, Face)], dtype=bool)
        return self._faces[casts & (self._double | (self._normals @ sun > 0) | (self._normals[:, 2] < -0.9))]

    def _facing(self) -> Array:
        """Positive for each face that is turned to the camera."""
        return np.asarray((self._normals * self._to_camera()).sum(axis=1))

    def _to_camera(self) -> Array:
        """From the middle of each face to the camera, in metres."""
        middle = np.add.reduceat(self._xyz, self._starts)[self._faces] / self._sizes[self._faces, None]
        return np.asarray(self.camera.position - middle)

    def _flat_on_picture(self, ground: Array, scale: float) -> FixedPoints:
        """Places on the ground [..., 2] in metres, seen by the camera."""
        px, _ = self.camera.project(np.concatenate([ground, np.zeros((*ground.shape[:-1], 1))], axis=-1))
        return fixed(px * scale)

    def _both_ends(self, which: NDArray[np.intp]) -> NDArray[np.intp]:
        """Indices of the first and last point of each blob. [M, 2]"""
        return np.stack([self._starts[which], self._starts[which] + self._sizes[which] - 1], axis=1)

    def _span(self, k: int) -> slice:
        return slice(self._starts[k], self._starts[k] + self._sizes[k])


def _points(part: Part) -> Array:
    if isinstance(part, Blob):
        return part.centres
    return part.contours[0] if len(part.contours) == 1 else np.concatenate(part.contours)
