"""Where an actor is at a time: a smooth curve through timed waypoints."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import cos, hypot, sin

import numpy as np

from clipvad.synth.rendering.camera import Array

_STEP_S = 0.02
_CHORD_S = 0.06  # the direction of travel is that of a chord this long to either side
_MOVING_M = 0.01  # a chord shorter than this is a stop: it has no direction
_TURN_RATE = 5.0  # radians a second that a body turns on the spot


class Path:
    """A C1 cubic Hermite curve through waypoints `(t_s, x_m, y_m)`, at least two, times strictly rising.

    Two equal places in a row are a stop: the tangent there is zero, so nothing overshoots. The actor exists from the
    first to the last time. `facing` is the direction (x, y) that it looks in if it never moves.
    """

    def __init__(
        self, waypoints: Sequence[tuple[float, float, float]], *, facing: tuple[float, float] = (1.0, 0.0)
    ) -> None:
        points = np.asarray(waypoints, dtype=float)
        if points.ndim != 2 or points.shape[0] < 2 or points.shape[1] != 3:
            raise ValueError("a path needs at least two waypoints (t_s, x_m, y_m)")
        if not np.all(np.diff(points[:, 0]) > 0):
            raise ValueError("the times of a path's waypoints must rise strictly")
        if not hypot(*facing) > 0:
            raise ValueError("`facing` must have a length")
        self._t, self._xy = points[:, 0], points[:, 1:]
        self._slopes = tangents(self._t, self._xy)
        # The same numbers as plain Python floats: one place at a time is far quicker to work out so than in arrays.
        self._times: list[float] = self._t.tolist()
        self._nodes: list[list[float]] = np.column_stack([self._xy, self._slopes]).tolist()
        self._grid = np.arange(self.start_s, self.end_s + _STEP_S, _STEP_S)
        steps = np.linalg.norm(np.diff(hermite(self._t, self._xy, self._slopes, self._grid), axis=0), axis=1)
        self._length = np.concatenate([[0.0], np.cumsum(steps)])
        self._bearing = self._bearings(facing)

    @classmethod
    def still(
        cls, at: tuple[float, float], *, start_s: float, end_s: float, facing: tuple[float, float] = (1.0, 0.0)
    ) -> Path:
        """Staying at one place, looking towards the direction `facing`."""
        return cls([(start_s, *at), (end_s, *at)], facing=facing)

    @property
    def start_s(self) -> float:
        """First second of the path."""
        return float(self._t[0])

    @property
    def end_s(self) -> float:
        """Last second of the path."""
        return float(self._t[-1])

    @property
    def times(self) -> Array:
        """A fine, even grid of seconds over the path. [N]"""
        return self._grid

    @property
    def lengths(self) -> Array:
        """Metres travelled at each of `times`. [N]"""
        return self._length

    def position(self, t_s: float) -> Array:
        """Place on the ground in metres. [2]"""
        return np.array(self._place(t_s))

    def speed(self, t_s: float) -> float:
        """Metres a second."""
        half = _STEP_S / 2
        lo, hi = max(self.start_s, t_s - half), min(self.end_s, t_s + half)
        (ax, ay), (bx, by) = self._place(lo), self._place(hi)
        return hypot(bx - ax, by - ay) / max(hi - lo, 1e-9)

    def travelled(self, t_s: float) -> float:
        """Metres along the curve since its start: what a gait or a wheel turns with."""
        return float(np.interp(t_s, self._grid, self._length))

    def bearing(self, t_s: float) -> float:
        """Direction of travel in radians from the x axis to the left, without jumps at half a turn.

        While standing it is the last one, until shortly before the next start: bodies turn, they do not flip.
        """
        return float(np.interp(t_s, self._grid, self._bearing))

    def heading(self, t_s: float) -> Array:
        """`bearing` as a unit vector. [2]"""
        bearing = self.bearing(t_s)
        return np.array([cos(bearing), sin(bearing)])

    def _place(self, t_s: float) -> tuple[float, float]:
        """Cubic Hermite interpolation, held at both ends."""
        times = self._times
        t = min(max(t_s, times[0]), times[-1])
        i = min(bisect_right(times, t), len(times) - 1) - 1
        dt = times[i + 1] - times[i]
        u = (t - times[i]) / dt
        a, b, c, d = (2 * u - 3) * u * u + 1, (3 - 2 * u) * u * u, dt * ((u - 2) * u + 1) * u, dt * (u - 1) * u * u
        p, q = self._nodes[i], self._nodes[i + 1]
        return a * p[0] + b * q[0] + c * p[2] + d * q[2], a * p[1] + b * q[1] + c * p[3] + d * q[3]

    def _bearings(self, facing: tuple[float, float]) -> Array:
        """Direction of travel at each time of the grid, in radians, without jumps. [N]"""
        ends = [np.clip(self._grid + by, self.start_s, self.end_s) for by in (_CHORD_S, -_CHORD_S)]
        ahead, behind = (hermite(self._t, self._xy, self._slopes, t) for t in ends)
        move = ahead - behind
        moving = np.flatnonzero(np.hypot(*move.T) > _MOVING_M)
        if len(moving) == 0:
            return np.full(len(self._grid), np.arctan2(facing[1], facing[0]))
        last = np.maximum(np.searchsorted(moving, np.arange(len(move)), side="right") - 1, 0)
        chosen = move[moving[last]]
        bearing = np.unwrap(np.arctan2(chosen[:, 1], chosen[:, 0]))
        most = _TURN_RATE * _STEP_S
        if np.abs(np.diff(bearing)).max(initial=0.0) <= most:
            return np.asarray(bearing)
        # Backwards in time, so that the turn is done when the new way begins.
        for i in range(len(bearing) - 2, -1, -1):
            bearing[i] = bearing[i + 1] + min(max(bearing[i] - bearing[i + 1], -most), most)
        return np.asarray(bearing)


def hermite(t: Array, values: Array, slopes: Array, at: Array) -> Array:
    """Cubic Hermite curve through `values` [K, D] with `slopes` [K, D], at times `at` [N], held at both ends. [N, D]"""
    at = np.clip(at, t[0], t[-1])
    i = np.minimum(np.searchsorted(t, at, side="right"), len(t) - 1) - 1
    dt = (t[i + 1] - t[i])[:, None]
    u = (at - t[i])[:, None] / dt
    ends = (2 * u**3 - 3 * u**2 + 1) * values[i] + (3 * u**2 - 2 * u**3) * values[i + 1]
    return np.asarray(ends + dt * ((u**3 - 2 * u**2 + u) * slopes[i] + (u**3 - u**2) * slopes[i + 1]))


def tangents(t: Array, values: Array) -> Array:
    """Catmull-Rom slopes of `values` [K, D] at times `t` [K], zero beside a stop. [K, D]"""
    slopes = np.diff(values, axis=0) / np.diff(t)[:, None]
    smooth = np.concatenate([slopes[:1], (slopes[1:] + slopes[:-1]) / 2, slopes[-1:]])
    still = np.linalg.norm(slopes, axis=1) < 1e-9
    smooth[:-1][still] = 0
    smooth[1:][still] = 0
    return smooth
