"""Pinhole camera over a ground plane.

World: metres, x to the right, y away from the camera, z up, ground at z = 0. Image: pixels, u to the right, v down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A fixed camera at `(x_m, 0, height_m)`, turned by `yaw_deg` (to the right) and tilted down by `pitch_deg`."""

    width: int = 640
    height: int = 360
    height_m: float = 4.0
    x_m: float = 0.0
    yaw_deg: float = 0.0
    pitch_deg: float = 16.0
    fov_deg: float = 60.0

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0 or self.width % 2 or self.height % 2:
            raise ValueError(f"width and height must be positive and even, got {self.width}x{self.height}")
        if not 0 < self.fov_deg < 170:
            raise ValueError(f"fov_deg must lie in (0, 170), got {self.fov_deg}")

    @cached_property
    def focal_px(self) -> float:
        """Focal length in pixels, from the horizontal field of view."""
        return self.width / 2 / float(np.tan(np.radians(self.fov_deg) / 2))

    @cached_property
    def axes(self) -> Array:
        """Rows: the camera's right, down and forward directions in the world. [3, 3]"""
        yaw, pitch = np.radians(self.yaw_deg), np.radians(self.pitch_deg)
        right = np.array([np.cos(yaw), -np.sin(yaw), 0.0])
        forward = np.array([np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), -np.sin(pitch)])
        return np.stack([right, np.cross(forward, right), forward])

    @cached_property
    def position(self) -> Array:
        """Where the camera is, in metres. [3]"""
        return np.array([self.x_m, 0.0, self.height_m])

    def project(self, points: Array) -> tuple[Array, Array]:
        """World points [..., 3] in metres -> pixels [..., 2] and depth along the optical axis [...] in metres.

        A depth at or below 0.1 m (beside or behind the camera) is held at 0.1 m: what lies there falls far off the
        picture instead of being mirrored into it.
        """
        local = (points - self.position) @ self.axes.T
        depth = np.maximum(local[..., 2], 0.1)
        centre = np.array([self.width / 2, self.height / 2])
        return centre + self.focal_px * local[..., :2] / depth[..., None], depth

    def rays(self, *, supersample: int = 1) -> Array:
        """Direction in the world (not unit) of each pixel centre. [height * s, width * s, 3]"""
        u = (np.arange(self.width * supersample) + 0.5) / supersample - self.width / 2
        v = (np.arange(self.height * supersample) + 0.5) / supersample - self.height / 2
        right, down, forward = self.axes
        return np.asarray(forward + (u[None, :, None] * right + v[:, None, None] * down) / self.focal_px)
