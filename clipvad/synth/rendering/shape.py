"""Groups of solids (actors, props) seen by a camera: projected once, then measured, drawn far to near, and shadowed.

Numbers are worked out for all solids of a frame at once and only the outlines are filled one by one: a frame has some
hundred solids, and a call of NumPy costs as much as filling one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.synth.rendering.air import Tone
from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.outline import RING, SHIFT, FixedPoints, fixed, limb_rims, limbs
from clipvad.synth.rendering.parts import Blob, Face, Image, Light, Part
from clipvad.synth.rendering.shade import BANDS, blob_shades, face_shades

_THREE_BANDS_PX = 1.2  # a blob with a smaller radius is drawn in one band of mean brightness
_UNSEEN_PX = 0.3  # blobs thinner than this are left out

# The outlines of a part and their colours: bands of a blob, each convex, or the contours of a face with one colour.
Stroke = tuple[Sequence[FixedPoints], list[list[float]], bool]
Indices = NDArray[np.intp]


class Shapes:
    """Groups of solids in world metres, none empty, as `camera` sees them.

    `low` and `high` [G, 2] are the corners of each group's bounding box in pixels, not clipped; `windows` [G, 2] those
    of the pixels to touch when drawing it: inside the picture, with a pixel of margin, equal where nothing is inside.
    """

    def __init__(self, groups: Sequence[Sequence[Part]], camera: Camera) -> None:
        self._camera = camera
        self._parts = [part for group in groups for part in group]
        self._group = np.repeat(np.arange(len(groups)), [len(g) for g in groups])
        self._faces = [p for p in self._parts if isinstance(p, Face)]
        points = [_points(p) for p in self._parts]
        self._sizes = np.array([len(p) for p in points])
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._xyz = np.concatenate(points)
        self._is_blob = np.array([isinstance(p, Blob) for p in self._parts])
        self._radii = np.zeros(len(self._xyz))
        radii = [p.radii for p in self._parts if isinstance(p, Blob)]
        self._radii[np.repeat(self._is_blob, self._sizes)] = np.concatenate([np.zeros(0), *radii])
        self._px, self._depth = camera.project(self._xyz)
        self._radii_px = camera.focal_px * self._radii / self._depth
        firsts = self._starts[np.searchsorted(self._group, np.arange(len(groups)))]
        self.low = np.minimum.reduceat(self._px - self._radii_px[:, None], firsts)
        self.high = np.maximum.reduceat(self._px + self._radii_px[:, None], firsts)
        size = np.array([camera.width, camera.height])
        windows = [np.clip(corner, 0, size).astype(int) for corner in (np.floor(self.low) - 1, np.ceil(self.high) + 1)]
        self.windows: tuple[Indices, Indices] = (windows[0], windows[1])
        self._thick_px = 2 * np.maximum.reduceat(self._radii_px, self._starts)

    def strokes(self, *, light: Light, scale: int, tone: Tone | None = None) -> list[list[Stroke]]:
        """How to draw each group far to near, with `fill`, into its window enlarged `scale` times.

        `tone` [G, 3] is what the air does to colours where each group stands.
        """
        origins = np.repeat(self.windows[0][self._group], self._sizes, axis=0)
        px, r = (self._px - origins) * scale, self._radii_px * scale
        inside = np.all(self.windows[1] > self.windows[0], axis=1)[self._group]
        seen = self._is_blob & inside & (self._thick_px > _UNSEEN_PX)
        bands = np.where(self._thick_px > 2 * _THREE_BANDS_PX, 3, 1)
        # Limbs, of one or two spheres, have an outline that is known; that of other blobs is found by OpenCV.
        outlines = self._limb_outlines(np.flatnonzero(seen & (self._sizes <= 2)), px, r, bands, light)
        outlines |= self._hull_outlines(np.flatnonzero(seen & (self._sizes > 2)), px, r, bands, light)
        faces = np.flatnonzero(~self._is_blob)
        facing, shades = face_shades(self._faces, self._middles(faces), self._camera, light)
        outlines |= self._face_outlines(faces[(facing != 0) & inside[faces]], px)
        colours = blob_shades(np.array([p.colour for p in self._parts]), bands, light)
        colours[faces, 0] = shades
        if tone is not None:
            colours = colours * tone.gain[self._group, None] + tone.veil[self._group, None]
        filled = np.pad(np.minimum(colours, 255), ((0, 0), (0, 0), (0, 1))).tolist()
        depths = np.add.reduceat(self._depth, self._starts) / self._sizes
        strokes: list[list[Stroke]] = [[] for _ in self.low]
        groups, blobs = self._group.tolist(), self._is_blob.tolist()
        order = np.lexsort((-depths, np.array([p.layer for p in self._parts]), self._group))
        for k in order.tolist():
            if k in outlines:
                strokes[groups[k]].append((outlines[k], filled[k], blobs[k]))
        return strokes

    def shadow(self, mask: Image, *, light: Light, scale: float = 1.0) -> None:
        """Fill with 255 where the solids keep the sun off the ground; `mask` [H * scale, W * scale]."""
        sun = light.direction
        ground = self._xyz[:, :2] - (sun[:2] / sun[2]) * np.maximum(self._xyz[:, 2:], 0)
        seen = self._is_blob & (self._thick_px > _UNSEEN_PX)
        both = self._both_ends(np.flatnonzero(seen & (self._sizes <= 2)))
        ends, radii = ground[both], self._radii[both]
        outlines = list(self._on_picture(limbs(ends, radii, limb_rims(ends, radii)), scale))
        solids = np.flatnonzero(seen & (self._sizes > 2))
        points, pieces = self._points_of(solids)
        rings = self._on_picture(ground[points, None] + self._radii[points, None, None] * RING, scale)
        outlines += [cv2.convexHull(rings[piece].reshape(-1, 2)) for piece in pieces]
        points, pieces = self._points_of(self._casting_faces(sun))
        corners = self._on_picture(ground[points], scale)
        # A face of up to four corners is convex as it is.
        outlines += [corners[p] if p.stop - p.start <= 4 else cv2.convexHull(corners[p]) for p in pieces]
        for outline in outlines:
            cv2.fillConvexPoly(mask, outline, (255,), lineType=cv2.LINE_AA, shift=SHIFT)

    def _limb_outlines(
        self, which: Indices, px: Array, r: Array, bands: NDArray[np.int_], light: Light
    ) -> dict[int, Sequence[FixedPoints]]:
        """The bands of each limb, outermost first."""
        both = self._both_ends(which)
        ends, radii = px[both], r[both]
        rims = limb_rims(ends, radii)
        centres = ends + BANDS[:, 1, None, None, None] * radii[..., None] * self._towards(light)
        drawn = fixed(limbs(centres, BANDS[:, 0, None, None] * radii, rims)).swapaxes(0, 1)  # [limbs, 3, 14, 2]
        return {k: band[:n] for k, band, n in zip(which.tolist(), drawn, bands[which].tolist(), strict=True)}

    def _hull_outlines(
        self, which: Indices, px: Array, r: Array, bands: NDArray[np.int_], light: Light
    ) -> dict[int, Sequence[FixedPoints]]:
        """The bands of each blob of many spheres, outermost first."""
        points, pieces = self._points_of(which)
        radii = r[points, None]
        centres = px[points] + BANDS[:, 1, None, None] * radii * self._towards(light)
        rings = fixed(centres[:, :, None] + (BANDS[:, 0, None, None] * radii)[..., None] * RING)  # [3, points, 12, 2]
        return {
            k: [cv2.convexHull(ring[piece].reshape(-1, 2)) for ring in rings[:n]]
            for k, piece, n in zip(which.tolist(), pieces, bands[which].tolist(), strict=True)
        }

    def _face_outlines(self, which: Indices, px: Array) -> dict[int, Sequence[FixedPoints]]:
        """The contours of each face."""
        points, pieces = self._points_of(which)
        corners = fixed(px[points])
        outlines: dict[int, Sequence[FixedPoints]] = {}
        for k, piece in zip(which.tolist(), pieces, strict=True):
            face = self._parts[k]
            contours = face.contours if isinstance(face, Face) else ()
            outlines[k] = [corners[piece]] if len(contours) == 1 else _split(corners[piece], contours)
        return outlines

    def _casting_faces(self, sun: Array) -> Indices:
        """Faces turned to the sun, as the back of a body casts the same again; flat plans, which look down, too."""
        faces = self._faces
        lit = [f.casts_shadow and (f.double_sided or f.normal[2] < -0.9 or f.normal @ sun > 0) for f in faces]
        return np.asarray(np.flatnonzero(~self._is_blob)[np.array(lit, dtype=bool)])

    def _middles(self, which: Indices) -> Array:
        """The mean of each part's points in metres. [M, 3]"""
        return np.asarray((np.add.reduceat(self._xyz, self._starts) / self._sizes[:, None])[which])

    def _towards(self, light: Light) -> Array:
        """The direction of the light in the picture, right and down. [2]"""
        towards = (self._camera.axes @ light.direction)[:2]
        return np.asarray(towards / (np.linalg.norm(towards) + 1e-9))

    def _on_picture(self, ground: Array, scale: float) -> FixedPoints:
        """Places on the ground [..., 2] in metres, seen by the camera."""
        px, _ = self._camera.project(np.concatenate([ground, np.zeros((*ground.shape[:-1], 1))], axis=-1))
        return fixed(px * scale)

    def _both_ends(self, which: Indices) -> Indices:
        """Indices of the first and last point of each part. [M, 2]"""
        return np.stack([self._starts[which], self._starts[which] + self._sizes[which] - 1], axis=1)

    def _points_of(self, which: Indices) -> tuple[Indices, list[slice]]:
        """Indices of all points of the parts, and where in them each part is."""
        sizes = self._sizes[which]
        ends = np.cumsum(sizes)
        within = np.arange(int(sizes.sum())) - np.repeat(ends - sizes, sizes)
        slices = [slice(a, b) for a, b in zip((ends - sizes).tolist(), ends.tolist(), strict=True)]
        return np.repeat(self._starts[which], sizes) + within, slices


def fill(canvas: Image, strokes: Sequence[Stroke]) -> None:
    """Draw into `canvas` [H, W, 3 or 4]; the fourth channel becomes 0 where something is drawn."""
    for outlines, colours, convex in strokes:
        if not convex:
            cv2.fillPoly(canvas, outlines, colours[0], lineType=cv2.LINE_8, shift=SHIFT)
            continue
        for outline, colour in zip(outlines, colours, strict=False):  # one band or three
            cv2.fillConvexPoly(canvas, outline, colour, lineType=cv2.LINE_8, shift=SHIFT)


def _points(part: Part) -> Array:
    if isinstance(part, Blob):
        return part.centres
    return part.contours[0] if len(part.contours) == 1 else np.concatenate(part.contours)


def _split(points: FixedPoints, contours: Sequence[Array]) -> list[FixedPoints]:
    return np.split(points, np.cumsum([len(c) for c in contours])[:-1])
