"""A picture filled from far to near: actors, effects, and the props that stand before them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from clipvad.synth.air import Tone
from clipvad.synth.camera import Array, Camera
from clipvad.synth.parts import Image, Light
from clipvad.synth.places import Sprite, window
from clipvad.synth.shape import Shape
from clipvad.synth.story import Effect

_SUPERSAMPLE = 3


class Layers:
    """Draws into `canvas` [H, W, 3]; a prop is drawn again as soon as all that is behind it has been."""

    def __init__(self, canvas: Image, sprites: Sequence[Sprite]) -> None:
        self._canvas, self._waiting = canvas, list(sprites)
        self._behind: list[tuple[Array, Array]] = []
        # Whose pixel it is (a track, 0: nobody's), and how many pixels each track had when it was drawn, and where.
        self._owner = np.zeros(canvas.shape[:2], np.int32)
        self._drawn: dict[int, tuple[tuple[slice, slice], int]] = {}

    def actor(self, track: int, shape: Shape, distance_m: float, *, light: Light, tone: Tone | None) -> None:
        """Drawn enlarged in its own window and shrunk back: smooth edges, and the rest is untouched."""
        self._props(distance_m)
        (x0, y0), (x1, y1) = window(shape)
        if x1 <= x0 or y1 <= y0:
            return
        inside = (slice(y0, y1), slice(x0, x1))
        enlarged = (int(x1 - x0) * _SUPERSAMPLE, int(y1 - y0) * _SUPERSAMPLE)
        # The fourth channel tells which pixels are the actor's.
        big = cv2.cvtColor(self._canvas[inside], cv2.COLOR_RGB2RGBA)
        big = cv2.resize(big, enlarged, interpolation=cv2.INTER_NEAREST)
        shape.draw(big, light=light, scale=_SUPERSAMPLE, origin=np.array([x0, y0], dtype=float), tone=tone)
        small = cv2.resize(big, (int(x1 - x0), int(y1 - y0)), interpolation=cv2.INTER_AREA)
        self._canvas[inside] = small[..., :3]
        own = small[..., 3] < 128
        self._owner[inside][own] = track
        self._drawn[track] = (inside, int(np.count_nonzero(own)))
        self._behind.append(shape.extent)

    def effect(self, effect: Effect, distance_m: float, t_s: float, camera: Camera) -> tuple[Array, Array] | None:
        """Draws itself; its box in pixels, upper left [2] and lower right [2], None where nothing is seen of it."""
        self._props(distance_m)
        box = effect.draw(self._canvas, t_s, camera)
        if box is None:
            return None
        corners = np.array(box[:2], dtype=float), np.array(box[2:], dtype=float)
        self._behind.append(corners)
        return corners

    def finish(self) -> None:
        """Draw the props that are nearer than all else."""
        self._props(-np.inf)

    def visible(self, track: int) -> float:
        """The share of an actor's pixels in the picture that nothing nearer has covered so far, 0-1."""
        inside, count = self._drawn.get(track, (np.s_[0:0, 0:0], 0))
        return float(np.count_nonzero(self._owner[inside] == track)) / count if count else 0.0

    def _props(self, distance_m: float) -> None:
        """Draw the props again that are farther away than `distance_m`, where they hide something."""
        while self._waiting and self._waiting[0].distance_m > distance_m:
            sprite = self._waiting.pop(0)
            height, width = sprite.alpha.shape[:2]
            start, end = np.array([sprite.x, sprite.y]), np.array([sprite.x + width, sprite.y + height])
            parts = [(np.maximum(low, start), np.minimum(high, end)) for low, high in self._behind]
            parts = [(low, high) for low, high in parts if low[0] < high[0] and low[1] < high[1]]
            if not parts:
                continue
            x0, y0 = np.floor(np.min([low for low, _ in parts], axis=0)).astype(int)
            x1, y1 = np.ceil(np.max([high for _, high in parts], axis=0)).astype(int)
            self._cover(sprite, np.s_[max(y0 - 1, sprite.y) : y1 + 1, max(x0 - 1, sprite.x) : x1 + 1])

    def _cover(self, sprite: Sprite, where: tuple[slice, slice]) -> None:
        """Draw a prop over the pixels `where` of the picture."""
        rows, columns = where
        height, width = sprite.alpha.shape[:2]
        local = np.s_[
            rows.start - sprite.y : min(rows.stop - sprite.y, height),
            columns.start - sprite.x : min(columns.stop - sprite.x, width),
        ]
        paint, rest = sprite.paint[local], sprite.rest[local]
        inside = np.s_[rows.start : rows.start + paint.shape[0], columns.start : columns.start + paint.shape[1]]
        self._canvas[inside] = cv2.add(cv2.multiply(self._canvas[inside], rest, scale=1 / 255), paint)
        self._owner[inside][rest[..., 0] < 128] = 0
