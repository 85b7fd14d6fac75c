"""Flat surfaces seen by a camera: floors, walls and ceilings painted in their own metres; the nearest one shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from clipvad.synth.camera import Array, Camera
from clipvad.synth.places import SUPERSAMPLE, FloatImage

Span = tuple[float, float]
# The two coordinates on the plane in metres and the distance along the optical axis, all [h, w] -> RGB [h, w, 3]
Paint = Callable[[Array, Array, Array], Array]

_EVERYWHERE: Span = (-np.inf, np.inf)


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

    @property
    def ground(self) -> NDArray[np.bool_]:
        """Where the ground (a level plane near z = 0) is seen, so that shadows fall on it. [H, W]"""
        return self._is_ground

    def level(self, paint: Paint, *, z: float = 0.0, x: Span = _EVERYWHERE, y: Span = _EVERYWHERE) -> None:
        """Floor or ceiling at height `z`; `paint` gets x and y."""
        self._cast(paint, axis=2, at=z, spans={0: x, 1: y})

    def facing(self, paint: Paint, *, y: float, x: Span = _EVERYWHERE, z: Span = _EVERYWHERE) -> None:
        """Wall across the view at `y`; `paint` gets x and z."""
        self._cast(paint, axis=1, at=y, spans={0: x, 2: z})

    def side(self, paint: Paint, *, x: float, y: Span = _EVERYWHERE, z: Span = _EVERYWHERE) -> None:
        """Wall along the view at `x`; `paint` gets y and z."""
        self._cast(paint, axis=0, at=x, spans={1: y, 2: z})

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
