"""Flat surfaces seen by a camera: floors, walls and ceilings painted in their own metres; the nearest one shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from clipvad.synth.rendering.backdrop import SUPERSAMPLE, FloatImage, Painted, Prop
from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.parts import Face

Span = tuple[float, float]
# The two coordinates on the plane in metres and the distance along the optical axis, all [h, w] -> RGB [h, w, 3]
Paint = Callable[[Array, Array, Array], Array]

_EVERYWHERE: Span = (-np.inf, np.inf)
_PIECE_M = 1.5  # a long wall hides piece by piece, so that each is as near as its own place


class View:
    """A picture in the making: every pixel's ray is cast onto the planes given, in any order, and the nearest wins."""

    def __init__(self, camera: Camera, *, background: Sequence[float] | Array) -> None:
        """`background`: a colour or [H, W, 3] at `SUPERSAMPLE` size, seen where a ray meets nothing."""
        self.rays = camera.rays(supersample=SUPERSAMPLE)
        self.image: FloatImage = np.empty(self.rays.shape, np.float32)
        self.image[:] = background
        self._camera = camera
        self._nearest = np.full(self.rays.shape[:2], np.inf)
        self._is_ground = np.zeros(self.rays.shape[:2], bool)

    def painted(self, props: Sequence[Prop]) -> Painted:
        """The picture as it is now; its ground is where a level plane near z = 0 is seen."""
        reach = self._nearest.astype(np.float32)
        return Painted(image=self.image, ground=self._is_ground, reach=reach, props=tuple(props))

    def level(self, paint: Paint, *, z: float = 0.0, x: Span = _EVERYWHERE, y: Span = _EVERYWHERE) -> None:
        """Floor or ceiling at height `z`; `paint` gets x and y."""
        self._cast(paint, axis=2, at=z, spans={0: x, 1: y})

    def facing(self, paint: Paint, *, y: float, x: Span = _EVERYWHERE, z: Span = _EVERYWHERE) -> None:
        """Wall across the view at `y`; `paint` gets x and z."""
        self._cast(paint, axis=1, at=y, spans={0: x, 2: z})

    def side(self, paint: Paint, *, x: float, y: Span = _EVERYWHERE, z: Span = _EVERYWHERE) -> None:
        """Wall along the view at `x`; `paint` gets y and z."""
        self._cast(paint, axis=0, at=x, spans={1: y, 2: z})

    def hiding(
        self, start: tuple[float, float], end: tuple[float, float], *, z: Span, margin_m: float = 0.0
    ) -> list[Prop]:
        """Props for a painted wall over the line from `start` to `end`, which hide who passes behind it.

        What stands against the wall is safe from it within `margin_m` of depth.
        """
        forward = self._camera.axes[2, :2] / np.linalg.norm(self._camera.axes[2, :2])
        a, b = np.array(start, float), np.array(end, float)
        length = float(np.hypot(*(b - a)))
        pieces = max(1, round(length / _PIECE_M))
        normal = np.array([b[1] - a[1], a[0] - b[0], 0.0]) / length
        lap = 0.1 * (b - a) / length  # pieces overlap: no slit between them
        props: list[Prop] = []
        for k in range(pieces):
            low, high = a + (b - a) * k / pieces, a + (b - a) * (k + 1) / pieces
            low, high = (low - lap if k else low), (high + lap if k < pieces - 1 else high)
            corners = np.array([[*low, z[0]], [*high, z[0]], [*high, z[1]], [*low, z[1]]])
            face = Face((corners,), normal, (128.0, 128.0, 128.0), double_sided=True, casts_shadow=False)
            middle = (low + high) / 2 + margin_m * forward
            props.append(Prop((float(middle[0]), float(middle[1])), (face,), painted=True))
        return props

    def _cast(self, paint: Paint, *, axis: int, at: float, spans: dict[int, Span]) -> None:
        origin = self._camera.position
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = (at - origin[axis]) / self.rays[..., axis]
            seen = (reach > 0.05) & (reach < np.minimum(self._nearest, 200.0))
            for other, (low, high) in spans.items():
                place = origin[other] + self.rays[..., other] * reach
                seen &= (place >= low) & (place <= high)
        if not seen.any():
            return
        rows, columns = (np.flatnonzero(seen.any(axis=k)) for k in (1, 0))
        window = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        mask = seen[window]
        # Rays of the window that miss the surface get its nearest seen point's distance: harmless, and finite.
        reach = np.where(mask, reach[window], reach[window][mask].min())
        first, second = (origin[k] + self.rays[window][..., k] * reach for k in spans)
        self.image[window][mask] = paint(first, second, reach)[mask]
        self._nearest[window][mask] = reach[mask]
        self._is_ground[window][mask] = axis == 2 and abs(at) < 0.5
