"""Where an actor is at a time: a smooth curve through timed waypoints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clipvad.synth.camera import Array

_STEP_S = 0.02


class Path:
    """A C1 cubic Hermite curve through waypoints `(t_s, x_m, y_m)`, at least two, times strictly rising.

    Two equal places in a row are a stop: the tangent there is zero, so nothing overshoots. The actor exists from the
    first to the last time.
    """

    def __init__(self, waypoints: Sequence[tuple[float, float, float]]) -> None:
        points = np.asarray(waypoints, dtype=float)
        if points.ndim != 2 or points.shape[0] < 2 or points.shape[1] != 3:
            raise ValueError("a path needs at least two waypoints (t_s, x_m, y_m)")
        if not np.all(np.diff(points[:, 0]) > 0):
            raise ValueError("the times of a path's waypoints must rise strictly")
        self._t, self._xy = points[:, 0], points[:, 1:]
        self._tangents = _tangents(self._t, self._xy)
        grid = np.arange(self.start_s, self.end_s + _STEP_S, _STEP_S)
        steps = np.linalg.norm(np.diff(self._curve(grid), axis=0), axis=1)
        self._grid, self._length = grid, np.concatenate([[0.0], np.cumsum(steps)])

    @property
    def start_s(self) -> float:
        """First second of the path."""
        return float(self._t[0])

    @property
    def end_s(self) -> float:
        """Last second of the path."""
        return float(self._t[-1])

    def position(self, t_s: float) -> Array:
        """Place on the ground in metres. [2]"""
        return np.asarray(self._curve(np.array([t_s]))[0])

    def speed(self, t_s: float) -> float:
        """Metres a second."""
        half = _STEP_S / 2
        lo, hi = max(self.start_s, t_s - half), min(self.end_s, t_s + half)
        return float(np.linalg.norm(self.position(hi) - self.position(lo))) / max(hi - lo, 1e-9)

    def travelled(self, t_s: float) -> float:
        """Metres along the curve since its start: what a gait or a wheel turns with."""
        return float(np.interp(t_s, self._grid, self._length))

    def heading(self, t_s: float) -> Array:
        """Unit direction of travel [2]; while standing, the last one it had (or the first it will have)."""
        for back in np.concatenate([-np.arange(0, 400), np.arange(1, 400)]) * 0.05:
            t = min(max(t_s + back, self.start_s), self.end_s)
            ahead, behind = min(t + 0.06, self.end_s), max(t - 0.06, self.start_s)
            move = self.position(ahead) - self.position(behind)
            length = float(np.linalg.norm(move))
            if length > 0.01:
                return move / length
        return np.array([1.0, 0.0])

    def _curve(self, t: Array) -> Array:
        """Cubic Hermite interpolation at times [N], held at both ends. [N, 2]"""
        t = np.minimum(np.maximum(t, self._t[0]), self._t[-1])
        i = np.minimum(np.searchsorted(self._t, t, side="right"), len(self._t) - 1) - 1
        dt = (self._t[i + 1] - self._t[i])[:, None]
        u = (t - self._t[i])[:, None] / dt
        ends = (2 * u**3 - 3 * u**2 + 1) * self._xy[i] + (3 * u**2 - 2 * u**3) * self._xy[i + 1]
        turns = (u**3 - 2 * u**2 + u) * self._tangents[i] + (u**3 - u**2) * self._tangents[i + 1]
        return np.asarray(ends + dt * turns)


def _tangents(t: Array, xy: Array) -> Array:
    """Catmull-Rom velocities at the waypoints [K, 2] in m/s, zero beside a stop."""
    slopes = np.diff(xy, axis=0) / np.diff(t)[:, None]
    tangents = np.concatenate([slopes[:1], (slopes[1:] + slopes[:-1]) / 2, slopes[-1:]])
    still = np.linalg.norm(slopes, axis=1) < 1e-9
    tangents[:-1][still] = 0
    tangents[1:][still] = 0
    return tangents
