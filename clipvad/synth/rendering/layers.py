"""A picture filled from far to near: actors, effects, and the props that stand before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import cv2
import numpy as np

from clipvad.synth.rendering.backdrop import Sprite
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Image
from clipvad.synth.rendering.shape import Stroke, fill
from clipvad.synth.story import Effect

SUPERSAMPLE = 3  # of the window that an actor is drawn in
Corners = tuple[float, float, float, float]  # x0, y0, x1, y1 of a box in pixels
Window = tuple[int, int, int, int]  # the same of whole pixels


@dataclass(frozen=True)
class Drawing:
    """An actor ready to be drawn: its box in pixels, the pixels to touch, and the strokes for these enlarged."""

    track: int
    distance_m: float
    corners: Corners
    window: Window
    strokes: Sequence[Stroke]


class Layers:
    """Draws into `canvas` [H, W, 3]; a prop is drawn again as soon as all that is behind it has been."""

    def __init__(self, canvas: Image, sprites: Sequence[Sprite]) -> None:
        self._canvas, self._waiting = canvas, list(sprites)
        self._behind: list[Window] = []
        # Whose pixel it is (a track, 0: nobody's), and how many pixels each track had when it was drawn, and where.
        self._owner = np.zeros(canvas.shape[:2], np.int32)
        self._drawn: dict[int, tuple[tuple[slice, slice], int]] = {}

    def actor(self, actor: Drawing) -> None:
        """Drawn enlarged in its own window and shrunk back: smooth edges, and the rest is untouched."""
        self._props(actor.distance_m)
        x0, y0, x1, y1 = actor.window
        if x1 <= x0 or y1 <= y0:
            return
        inside = np.s_[y0:y1, x0:x1]
        # The fourth channel tells which pixels are the actor's.
        big = cv2.cvtColor(self._canvas[inside], cv2.COLOR_RGB2RGBA)
        enlarged = ((x1 - x0) * SUPERSAMPLE, (y1 - y0) * SUPERSAMPLE)
        big = cv2.resize(big, enlarged, interpolation=cv2.INTER_NEAREST)
        fill(big, actor.strokes)
        small = cv2.resize(big, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
        self._canvas[inside] = small[..., :3]
        own = small[..., 3] < 128
        self._owner[inside][own] = actor.track
        self._drawn[actor.track] = (inside, int(np.count_nonzero(own)))
        self._behind.append(actor.window)

    def effect(self, effect: Effect, distance_m: float, t_s: float, camera: Camera) -> Corners | None:
        """Draws itself; its box in pixels (x0, y0, x1, y1), None where nothing is seen of it."""
        self._props(distance_m)
        box = effect.draw(self._canvas, t_s, camera)
        if box is not None:
            self._behind.append((floor(box[0]), floor(box[1]), ceil(box[2]), ceil(box[3])))
        return box

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
            own = (sprite.x, sprite.y, sprite.x + width, sprite.y + height)
            common = [_common(own, window) for window in self._behind]
            common = [(x0, y0, x1, y1) for x0, y0, x1, y1 in common if x0 < x1 and y0 < y1]
            if common:
                low_x, low_y, high_x, high_y = zip(*common, strict=True)
                self._cover(sprite, (min(low_x), min(low_y), max(high_x), max(high_y)))

    def _cover(self, sprite: Sprite, window: Window) -> None:
        """Draw a prop over those of its pixels that are in `window`."""
        x0, y0, x1, y1 = window
        inside = np.s_[y0:y1, x0:x1]
        local = np.s_[y0 - sprite.y : y1 - sprite.y, x0 - sprite.x : x1 - sprite.x]
        rest = sprite.rest[local]
        self._canvas[inside] = cv2.add(cv2.multiply(self._canvas[inside], rest, scale=1 / 255), sprite.paint[local])
        self._owner[inside][rest[..., 0] < 128] = 0


def _common(a: Window, b: Window) -> Window:
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
