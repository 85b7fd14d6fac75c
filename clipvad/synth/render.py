"""Scene in, frames out: shadows, actors and props far to near, then what the camera adds (lens, vignette, noise)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.synth.actors import Actor
from clipvad.synth.camera import Array, Camera
from clipvad.synth.parts import Image, Light
from clipvad.synth.places import SHADOW_TINT, Backdrop, Painter, Sprite, paint, window
from clipvad.synth.shape import Shape

_SUPERSAMPLE = 3


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A fixed camera on a place, its light, and who passes. `noise` is the sensor's, in grey levels (sd)."""

    camera: Camera
    place: Painter
    actors: tuple[Actor, ...]
    duration_s: float
    light: Light = field(default_factory=Light)
    fps: float = 25.0
    noise: float = 2.0
    vignette: float = 0.22
    blur_px: float = 0.45


@dataclass(frozen=True)
class Box:
    """An actor in a frame: pixels (x0, y0, x1, y1) clipped to the picture, and the part of it inside, 0-1.

    Actors in front are not subtracted: the box is where the whole actor is.
    """

    track: int
    kind: str
    action: str
    xyxy: tuple[float, float, float, float]
    inside: float


class Renderer:
    """Paints the backdrop once, then draws any instant of the scene. Same scene and seed, same pixels."""

    def __init__(self, scene: Scene, *, seed: int = 0) -> None:
        self.scene = scene
        self.backdrop: Backdrop = paint(scene.place, camera=scene.camera, light=scene.light, seed=seed)
        self._seed = seed
        self._gain = _vignette(scene.camera, scene.vignette)
        rng = np.random.default_rng([seed, 1])
        shape = (scene.camera.height + 64, scene.camera.width + 64, 3)
        # Grain is partly common to the three channels, as after a camera's demosaicing.
        grain = 0.75 * rng.standard_normal((*shape[:2], 1)) + 0.45 * rng.standard_normal(shape)
        self._grain = np.rint(grain * scene.noise).astype(np.int16)

    def frames(self) -> Iterator[tuple[float, Image, list[Box]]]:
        """Time in seconds, picture [H, W, 3] RGB and boxes of each frame."""
        for index in range(round(self.scene.duration_s * self.scene.fps)):
            t_s = index / self.scene.fps
            image, boxes = self.frame(t_s)
            yield t_s, image, boxes

    def frame(self, t_s: float) -> tuple[Image, list[Box]]:
        """The picture [H, W, 3] RGB at `t_s` seconds, and the boxes of the actors in it."""
        canvas, camera = self.backdrop.image.copy(), self.scene.camera
        boxes: list[Box] = []
        drawn: list[tuple[float, Shape]] = []
        for track, actor in enumerate(self.scene.actors, start=1):
            if not actor.path.start_s <= t_s <= actor.path.end_s:
                continue
            shape = Shape(actor.parts(t_s), camera)
            at = np.array([*actor.path.position(t_s), 0.0])
            drawn.append((float((at - camera.position) @ camera.axes[2]), shape))
            box = _box(track, actor, t_s, shape)
            if box is not None:
                boxes.append(box)
        self._shade(canvas, [shape for _, shape in drawn])
        self._draw(canvas, sorted(drawn, key=lambda d: -d[0]))
        return self._expose(canvas, t_s), boxes

    def _shade(self, canvas: Image, actors: list[Shape]) -> None:
        """Darken the ground under the actors, but not where a tree's shadow lies already."""
        mask = np.zeros(canvas.shape[:2], np.uint8)
        for shape in actors:
            shape.shadow(mask, light=self.scene.light)
        x, y, w, h = cv2.boundingRect(mask)
        if w == 0:
            return
        x0, y0, x1, y1 = max(x - 4, 0), max(y - 4, 0), x + w + 4, y + h + 4
        soft = cv2.GaussianBlur(mask[y0:y1, x0:x1], (0, 0), 1.2).astype(np.float32)[..., None] / 255
        soft *= 1 - self.backdrop.shadow[y0:y1, x0:x1]
        region = canvas[y0:y1, x0:x1]
        region[:] = (region * (1 - soft * (1 - SHADOW_TINT))).astype(np.uint8)

    def _draw(self, canvas: Image, actors: list[tuple[float, Shape]]) -> None:
        """Actors far to near; a prop is drawn again as soon as all actors behind it have been."""
        sprites = list(self.backdrop.sprites)
        behind: list[tuple[Array, Array]] = []
        for distance, shape in actors:
            while sprites and sprites[0].distance_m > distance:
                _restore(canvas, sprites.pop(0), behind)
            self._stamp(canvas, shape)
            behind.append(shape.extent)
        for sprite in sprites:
            _restore(canvas, sprite, behind)

    def _stamp(self, canvas: Image, shape: Shape) -> None:
        """Draw one actor enlarged in its own window and shrink it back: smooth edges, and the rest is untouched."""
        (x0, y0), (x1, y1) = window(shape)
        if x1 <= x0 or y1 <= y0:
            return
        region = canvas[y0:y1, x0:x1]
        big = region.repeat(_SUPERSAMPLE, axis=0).repeat(_SUPERSAMPLE, axis=1)
        origin = np.array([x0, y0], dtype=float)
        shape.draw(big, light=self.scene.light, scale=_SUPERSAMPLE, origin=origin)
        region[:] = cv2.resize(big, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)

    def _expose(self, canvas: Image, t_s: float) -> Image:
        """Lens blur, vignette and noise; the noise depends on seed and time alone."""
        if self.scene.blur_px > 0:
            canvas = cv2.GaussianBlur(canvas, (0, 0), self.scene.blur_px)
        rng = np.random.default_rng([self._seed, 2, round(t_s * 1000)])
        dy, dx = rng.integers(0, 64, size=2)
        height, width = canvas.shape[:2]
        exposed = cv2.multiply(canvas, self._gain, dtype=cv2.CV_16S)
        exposed = cv2.add(exposed, self._grain[dy : dy + height, dx : dx + width])
        return np.asarray(np.clip(exposed, 0, 255), dtype=np.uint8)


def _box(track: int, actor: Actor, t_s: float, shape: Shape) -> Box | None:
    """Clipped to the picture, or None where nothing of it is inside."""
    low, high = shape.extent
    size = np.array([shape.camera.width, shape.camera.height], dtype=float)
    a, b = np.clip(low, 0, size), np.clip(high, 0, size)
    if np.any(b - a < 1):
        return None
    inside = float(np.prod(b - a) / np.prod(high - low))
    xyxy = (float(a[0]), float(a[1]), float(b[0]), float(b[1]))
    return Box(track, actor.kind, actor.action(t_s), xyxy, inside)


def _restore(canvas: Image, sprite: Sprite, behind: list[tuple[Array, Array]]) -> None:
    """Draw a prop over the actors behind it, if it touches one."""
    height, width = sprite.alpha.shape[:2]
    for low, high in behind:
        if low[0] < sprite.x + width and high[0] > sprite.x and low[1] < sprite.y + height and high[1] > sprite.y:
            region = canvas[sprite.y : sprite.y + height, sprite.x : sprite.x + width]
            region[:] = (region * (1 - sprite.alpha) + sprite.rgb * sprite.alpha).astype(np.uint8)
            return


def _vignette(camera: Camera, strength: float) -> NDArray[np.float32]:
    """Gain [H, W, 3]: 1 in the middle, `1 - strength` in the corners."""
    y, x = np.mgrid[-1 : 1 : camera.height * 1j, -1 : 1 : camera.width * 1j]
    gain = 1 - strength * ((x**2 + y**2) / 2) ** 1.3
    return np.asarray(np.repeat(gain[..., None], 3, axis=2), dtype=np.float32)
