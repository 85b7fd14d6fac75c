"""Scene in, frames out: shadows, then actors, effects and props far to near, then what the camera adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from clipvad.synth.actors.people import Actor
from clipvad.synth.rendering.air import Air
from clipvad.synth.rendering.backdrop import Backdrop, Painter, paint, shadow_loss
from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.layers import SUPERSAMPLE, Corners, Drawing, Layers
from clipvad.synth.rendering.parts import Image, Light, Part
from clipvad.synth.rendering.sensor import Sensor
from clipvad.synth.rendering.shape import Shapes
from clipvad.synth.rendering.weather import Weather
from clipvad.synth.story import Effect

_LARGEST_M = 7.0  # no actor reaches farther than this from its place, its shadow included


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A fixed camera on a place, its light and weather, who passes and what happens there.

    `noise` is the sensor's by day, in grey levels (sd).
    """

    camera: Camera
    place: Painter
    actors: tuple[Actor, ...]
    duration_s: float
    light: Light = field(default_factory=Light)
    fps: float = 25.0
    noise: float = 2.0
    vignette: float = 0.22
    blur_px: float = 0.45
    effects: tuple[Effect, ...] = ()
    weather: Weather = field(default_factory=Weather)


@dataclass(frozen=True)
class Box:
    """An actor or effect in a frame: pixels (x0, y0, x1, y1) clipped to the picture, and the part of it inside, 0-1.

    The box is where the whole actor is; `visible` in 0-1 is the share of its pixels in the picture that nothing nearer
    hides. Tracks count from 1, the actors of the scene first, then its effects, whose `action` is empty.
    """

    track: int
    kind: str
    action: str
    xyxy: tuple[float, float, float, float]
    inside: float
    visible: float = 1.0


class Renderer:
    """Paints the backdrop once, then draws any instant of the scene. Same scene and seed, same pixels."""

    def __init__(self, scene: Scene, *, seed: int = 0) -> None:
        self.scene = scene
        camera, light, weather = scene.camera, scene.light, scene.weather
        self.backdrop: Backdrop = paint(scene.place, camera=camera, light=light, seed=seed, weather=weather)
        self._air = Air(camera, light, weather)
        self._open = np.rint(255 * self.backdrop.sunny[..., 0]).astype(np.uint8)
        self._loss = shadow_loss(light).tolist()
        self._sensor = Sensor(
            camera, light, weather, seed=seed, noise=scene.noise, vignette=scene.vignette, blur_px=scene.blur_px
        )

    def frames(self) -> Iterator[tuple[float, Image, list[Box]]]:
        """Time in seconds, picture [H, W, 3] RGB and boxes of each frame."""
        for index in range(round(self.scene.duration_s * self.scene.fps)):
            t_s = index / self.scene.fps
            image, boxes = self.frame(t_s)
            yield t_s, image, boxes

    def frame(self, t_s: float) -> tuple[Image, list[Box]]:
        """The picture [H, W, 3] RGB at `t_s` seconds, and the boxes of the actors and effects in it."""
        canvas, camera = self.backdrop.image.copy(), self.scene.camera
        actors = self._drawings(canvas, t_s)
        corners = {a.track: a.corners for a in actors}
        waiting: list[tuple[float, int, Drawing | Effect]] = [(a.distance_m, a.track, a) for a in actors]
        for track, effect in enumerate(self.scene.effects, start=1 + len(self.scene.actors)):
            if effect.span_s[0] <= t_s <= effect.span_s[1]:
                waiting.append((self._distance(effect.at), track, effect))
        layers = Layers(canvas, self.backdrop.sprites)
        for distance_m, track, what in sorted(waiting, key=lambda w: (-w[0], w[1])):
            if isinstance(what, Drawing):
                layers.actor(what)
            elif (box := layers.effect(what, distance_m, t_s, camera)) is not None:
                corners[track] = box
        layers.finish()
        boxes = [self._box(track, corners[track], layers, t_s) for track in sorted(corners)]
        return self._sensor.expose(canvas, t_s), [b for b in boxes if b is not None]

    def _drawings(self, canvas: Image, t_s: float) -> list[Drawing]:
        """The actors that are there and not far beside the picture; their shadows are drawn into `canvas`."""
        camera, light = self.scene.camera, self.scene.light
        slope = camera.width / 2 / camera.focal_px
        there: list[tuple[int, Array, Sequence[Part]]] = []
        for track, actor in enumerate(self.scene.actors, start=1):
            if not actor.path.start_s <= t_s <= actor.path.end_s:
                continue
            at = np.append(actor.path.position(t_s), 0.0)
            beside, _, ahead = camera.axes @ (at - camera.position)
            if abs(beside) - _LARGEST_M < slope * (ahead + _LARGEST_M) and (parts := actor.parts(t_s)):
                there.append((track, at, parts))
        if not there:
            return []
        shapes = Shapes([parts for _, _, parts in there], camera)
        self._shade(canvas, shapes)
        # The air at a body's middle is taken for all of it.
        tone = None if self._air.clear else self._air.tone(np.array([at + [0, 0, 0.9] for _, at, _ in there]))
        strokes = shapes.strokes(light=light, scale=SUPERSAMPLE, tone=tone)
        corners = np.concatenate([shapes.low, shapes.high], axis=1).tolist()
        windows = np.concatenate(shapes.windows, axis=1).tolist()
        return [
            Drawing(track, self._distance(at), tuple(box), tuple(window), drawn)
            for (track, at, _), box, window, drawn in zip(there, corners, windows, strokes, strict=True)
        ]

    def _distance(self, at: Sequence[float] | Array) -> float:
        """Metres along the view to a place on the ground."""
        camera = self.scene.camera
        return float(camera.axes[2] @ (np.array([at[0], at[1], 0.0]) - camera.position))

    def _shade(self, canvas: Image, shapes: Shapes) -> None:
        """Darken the ground under the actors, but not where a tree's shadow lies already."""
        mask = np.zeros(canvas.shape[:2], np.uint8)
        shapes.shadow(mask, light=self.scene.light)
        x, y, w, h = cv2.boundingRect(mask)
        if w == 0:
            return
        where = np.s_[max(y - 4, 0) : y + h + 4, max(x - 4, 0) : x + w + 4]
        soft = cv2.GaussianBlur(mask[where], (0, 0), 1.2)
        soft = cv2.multiply(soft, self._open[where], scale=1 / 255)
        left = cv2.merge([cv2.convertScaleAbs(soft, alpha=-loss, beta=255) for loss in self._loss])
        canvas[where] = cv2.multiply(canvas[where], left, scale=1 / 255)

    def _box(self, track: int, corners: Corners, layers: Layers, t_s: float) -> Box | None:
        """Where the camera sees it, clipped to the picture; None where nothing of it is inside."""
        scene, (right, down) = self.scene, self._sensor.offset(t_s).tolist()
        x0, y0, x1, y1 = corners[0] + right, corners[1] + down, corners[2] + right, corners[3] + down
        xs = [min(max(x, 0.0), float(scene.camera.width)) for x in (x0, x1)]
        ys = [min(max(y, 0.0), float(scene.camera.height)) for y in (y0, y1)]
        if xs[1] - xs[0] < 1 or ys[1] - ys[0] < 1:
            return None
        inside = (xs[1] - xs[0]) * (ys[1] - ys[0]) / ((x1 - x0) * (y1 - y0))
        xyxy = (xs[0], ys[0], xs[1], ys[1])
        if track > len(scene.actors):
            return Box(track, scene.effects[track - 1 - len(scene.actors)].kind, "", xyxy, inside)
        actor = scene.actors[track - 1]
        return Box(track, actor.kind, actor.action(t_s), xyxy, inside, layers.visible(track))
