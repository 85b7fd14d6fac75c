"""Scene in, frames out: shadows, then actors, effects and props far to near, then what the camera adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from clipvad.synth.actors import Actor
from clipvad.synth.air import Air, Tone
from clipvad.synth.camera import Array, Camera
from clipvad.synth.layers import Layers
from clipvad.synth.parts import Image, Light
from clipvad.synth.places import Backdrop, Painter, paint, shadow_loss
from clipvad.synth.sensor import Sensor
from clipvad.synth.shape import Shape
from clipvad.synth.story import Effect
from clipvad.synth.weather import Weather

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


@dataclass(frozen=True)
class _Seen:
    """What stands in the scene at an instant: an actor's shape or an effect, and its distance along the view."""

    track: int
    what: Shape | Effect
    at: tuple[float, float]
    distance_m: float


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
        canvas, scene = self.backdrop.image.copy(), self.scene
        seen = sorted([*self._actors(t_s), *self._effects(t_s)], key=lambda s: -s.distance_m)
        self._shade(canvas, [s.what for s in seen if isinstance(s.what, Shape)])
        tones = self._tones(seen)
        layers = Layers(canvas, self.backdrop.sprites)
        corners: dict[int, tuple[Array, Array]] = {}
        for s, tone in zip(seen, tones, strict=True):
            if isinstance(s.what, Shape):
                layers.actor(s.track, s.what, s.distance_m, light=scene.light, tone=tone)
                corners[s.track] = s.what.extent
            elif (box := layers.effect(s.what, s.distance_m, t_s, scene.camera)) is not None:
                corners[s.track] = box
        layers.finish()
        boxes = [self._box(track, corners[track], layers, t_s) for track in sorted(corners)]
        return self._sensor.expose(canvas, t_s), [b for b in boxes if b is not None]

    def _actors(self, t_s: float) -> Iterator[_Seen]:
        """The shapes of the actors that are there and not far beside the picture."""
        camera = self.scene.camera
        slope = camera.width / 2 / camera.focal_px
        for track, actor in enumerate(self.scene.actors, start=1):
            if not actor.path.start_s <= t_s <= actor.path.end_s:
                continue
            x, y = actor.path.position(t_s).tolist()
            beside, _, ahead = camera.axes @ (np.array([x, y, 0.0]) - camera.position)
            if abs(beside) - _LARGEST_M < slope * (ahead + _LARGEST_M):
                yield _Seen(track, Shape(actor.parts(t_s), camera), (x, y), float(ahead))

    def _effects(self, t_s: float) -> Iterator[_Seen]:
        camera = self.scene.camera
        for track, effect in enumerate(self.scene.effects, start=1 + len(self.scene.actors)):
            if effect.span_s[0] <= t_s <= effect.span_s[1]:
                ahead = camera.axes[2] @ (np.array([*effect.at, 0.0]) - camera.position)
                yield _Seen(track, effect, effect.at, float(ahead))

    def _tones(self, seen: Sequence[_Seen]) -> Sequence[Tone | None]:
        """What the air does to each one's colours: that of a body's middle is taken for all of it."""
        if self._air.clear or not seen:
            return [None] * len(seen)
        tone = self._air.tone(np.array([(*s.at, 0.9) for s in seen]))
        return [Tone(gain, veil) for gain, veil in zip(tone.gain, tone.veil, strict=True)]

    def _shade(self, canvas: Image, shapes: Sequence[Shape]) -> None:
        """Darken the ground under the actors, but not where a tree's shadow lies already."""
        mask = np.zeros(canvas.shape[:2], np.uint8)
        for shape in shapes:
            shape.shadow(mask, light=self.scene.light)
        x, y, w, h = cv2.boundingRect(mask)
        if w == 0:
            return
        where = np.s_[max(y - 4, 0) : y + h + 4, max(x - 4, 0) : x + w + 4]
        soft = cv2.GaussianBlur(mask[where], (0, 0), 1.2)
        soft = cv2.multiply(soft, self._open[where], scale=1 / 255)
        left = cv2.merge([cv2.convertScaleAbs(soft, alpha=-loss, beta=255) for loss in self._loss])
        canvas[where] = cv2.multiply(canvas[where], left, scale=1 / 255)

    def _box(self, track: int, corners: tuple[Array, Array], layers: Layers, t_s: float) -> Box | None:
        """Where the camera sees it, clipped to the picture; None where nothing of it is inside."""
        camera, moved = self.scene.camera, self._sensor.offset(t_s)
        low, high = corners[0] + moved, corners[1] + moved
        size = np.array([camera.width, camera.height], dtype=float)
        a, b = np.clip(low, 0, size), np.clip(high, 0, size)
        if np.any(b - a < 1):
            return None
        inside = float(np.prod(b - a) / np.prod(high - low))
        (x0, y0), (x1, y1) = a.tolist(), b.tolist()
        if track > len(self.scene.actors):
            return Box(track, self.scene.effects[track - 1 - len(self.scene.actors)].kind, "", (x0, y0, x1, y1), inside)
        actor = self.scene.actors[track - 1]
        return Box(track, actor.kind, actor.action(t_s), (x0, y0, x1, y1), inside, layers.visible(track))
