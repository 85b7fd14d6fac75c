"""Backdrops: what a fixed camera sees when nobody is there, painted once for a clip.

A place paints its ground and walls by casting each pixel's ray onto their planes, so textures have the camera's
perspective, and adds props (trees, lamp posts, benches) made of the same solids as the actors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.synth.rendering.air import Air, surface_points
from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.parts import Image, Light, Part
from clipvad.synth.rendering.rain import wet
from clipvad.synth.rendering.shape import Shapes, Stroke, fill
from clipvad.synth.rendering.weather import Weather

SUPERSAMPLE = 2
_SHADOW_TINT = np.array([0.50, 0.54, 0.62], dtype=np.float32)  # sky light alone: darker and bluer

FloatImage = NDArray[np.float32]
Pixel = NDArray[np.intp]
Scalar = TypeVar("Scalar", np.uint8, np.float32)


@dataclass(frozen=True)
class Sprite:
    """A prop as it looks in the picture, to be drawn again over actors that pass behind it."""

    x: int
    y: int
    rgb: FloatImage  # [h, w, 3]
    alpha: FloatImage  # [h, w, 1] in 0-1
    distance_m: float

    @cached_property
    def paint(self) -> Image:
        """Its share of the picture's colours. [h, w, 3]"""
        return np.asarray(np.rint(self.rgb * self.alpha), dtype=np.uint8)

    @cached_property
    def rest(self) -> Image:
        """What it leaves of the colours behind it, in 1/255. [h, w, 3]"""
        return np.asarray(np.repeat(np.rint(255 * (1 - self.alpha)), 3, axis=2), dtype=np.uint8)


@dataclass(frozen=True)
class Backdrop:
    """The empty picture [H, W, 3], its ground open to the sun, and the props that can hide an actor, far to near.

    `sunny` [H, W, 1] in 0-1 is where an actor's shadow shows: not where a shadow lies already, nor on a prop.
    """

    image: Image
    sunny: FloatImage
    sprites: tuple[Sprite, ...]


@dataclass(frozen=True)
class Prop:
    """Something that stands still at `at` (x, y in metres).

    With `painted` the place has painted it already (a wall with a door, say): `parts` only say which of its pixels
    hide what passes behind.
    """

    at: tuple[float, float]
    parts: tuple[Part, ...]
    painted: bool = False


class Texture:
    """Repeating smooth noise over a plane, the same at the same place from any camera."""

    def __init__(self, rng: np.random.Generator, *, size: int = 256) -> None:
        self._tile = rng.standard_normal((size, size)).astype(np.float32)

    def at(self, x: Array, y: Array, *, cell_m: float) -> FloatImage:
        """About N(0, 0.7) at metres `x`, `y` [H, W]; features are `cell_m` wide."""
        size = self._tile.shape[0]
        u, v = np.mod(x / cell_m, size), np.mod(y / cell_m, size)
        u, v = u.astype(np.float32), v.astype(np.float32)
        return np.asarray(cv2.remap(self._tile, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))


@dataclass(frozen=True, kw_only=True)
class Painted:
    """What a painter makes, at `SUPERSAMPLE` size: the surfaces by day, `image` [H, W, 3], and the props before them.

    `ground` [H, W]: where shadows and rain fall. `reach` [H, W]: metres to what a pixel shows, counted along the
    camera's axis; infinite for the sky.
    """

    image: FloatImage
    ground: NDArray[np.bool_]
    reach: FloatImage
    props: tuple[Prop, ...]


Painter = Callable[[Camera, Light, np.random.Generator], Painted]


def paint(painter: Painter, *, camera: Camera, light: Light, seed: int, weather: Weather | None = None) -> Backdrop:
    """Run a place's painter, then add shadows and props.

    What `light` and `weather` do to all of it is done here: a painter need not know.
    """
    weather = weather or Weather()
    painted = painter(camera, light, np.random.default_rng(seed))
    ground = painted.ground
    props = sorted(painted.props, key=lambda p: -_distance(p, camera))
    mask = np.zeros(ground.shape, np.uint8)
    shapes = Shapes([prop.parts for prop in props], camera) if props else None
    if shapes is not None:
        shapes.shadow(mask, light=light, scale=SUPERSAMPLE)
    soft = cv2.GaussianBlur(mask, (0, 0), 1.2 * SUPERSAMPLE).astype(np.float32)[..., None] / 255
    soft = (soft * ground[..., None]).astype(np.float32)
    lit = painted.image * (1 - soft * shadow_loss(light))
    air, halos = Air(camera, light, weather), np.zeros((), np.float32)
    if not air.clear:
        points = surface_points(camera, painted.reach, supersample=SUPERSAMPLE)
        tone, halos = air.tone(points), air.halos(points, supersample=SUPERSAMPLE)
        lit = lit * tone.gain + tone.veil
    if weather.rain > 0:
        lit = wet(lit, ground, rain=weather.rain, mirrored=lit + halos)
    big = np.clip(lit, 0, 255).astype(np.uint8)
    sprites = _stamp_all(big, props, shapes, air) if shapes is not None else []
    big = np.clip(big + halos, 0, 255).astype(np.uint8)
    seen, free = _visible(sprites, size=(camera.height, camera.width))
    return Backdrop(_shrink(big), free * (1 - _shrink(soft)), seen)


def shadow_loss(light: Light) -> FloatImage:
    """The share of each colour [3] that a full shadow takes away."""
    return np.asarray(light.shadow * (1 - _SHADOW_TINT), dtype=np.float32)


def _visible(sprites: Sequence[Sprite], *, size: tuple[int, int]) -> tuple[tuple[Sprite, ...], FloatImage]:
    """Sprites far to near, each without what nearer ones hide of it: drawn again, it must not come out on top.

    Also the share of each pixel [H, W, 1] that no sprite covers.
    """
    free = np.ones((*size, 1), np.float32)
    kept: list[Sprite] = []
    for sprite in reversed(sprites):
        height, width = sprite.alpha.shape[:2]
        region = free[sprite.y : sprite.y + height, sprite.x : sprite.x + width]
        kept.append(replace(sprite, alpha=sprite.alpha * region))
        region *= 1 - sprite.alpha
    return tuple(reversed(kept)), free


def _stamp_all(big: Image, props: Sequence[Prop], shapes: Shapes, air: Air) -> list[Sprite]:
    """Draw the props into the enlarged picture, far to near, and cut their sprites out."""
    bare = big.copy()
    tone = None if air.clear else air.tone(np.array([(*prop.at, 1.0) for prop in props]))
    strokes = shapes.strokes(light=air.light, scale=SUPERSAMPLE, tone=tone)
    sprites: list[Sprite] = []
    for prop, drawing, low, high in zip(props, strokes, *shapes.windows, strict=True):
        if np.all(high - low >= 2):
            alpha, rgb = _stamp(big, drawing, low, high, bare if prop.painted else None)
            sprites.append(Sprite(int(low[0]), int(low[1]), rgb, alpha, _distance(prop, air.camera)))
    return sprites


def _stamp(
    big: Image, strokes: Sequence[Stroke], low: Pixel, high: Pixel, painted: Image | None
) -> tuple[FloatImage, FloatImage]:
    """Draw a prop, or uncover what is `painted` there; its alpha and colours at the picture's own size."""
    (x0, y0), (x1, y1) = low * SUPERSAMPLE, high * SUPERSAMPLE
    canvas = np.full((y1 - y0, x1 - x0, 4), 255, np.uint8)
    fill(canvas, strokes)
    covered = canvas[..., 3] == 0
    colours = canvas[..., :3] if painted is None else painted[y0:y1, x0:x1]
    big[y0:y1, x0:x1][covered] = colours[covered]
    alpha = _shrink(covered.astype(np.float32)[..., None])
    return alpha, _shrink((colours * covered[..., None]).astype(np.float32)) / np.maximum(alpha, 1e-3)


def _shrink(image: NDArray[Scalar]) -> NDArray[Scalar]:
    height, width = image.shape[0] // SUPERSAMPLE, image.shape[1] // SUPERSAMPLE
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=image.dtype).reshape(height, width, image.shape[2])


def _distance(prop: Prop, camera: Camera) -> float:
    return float((np.array([*prop.at, 0.0]) - camera.position) @ camera.axes[2])
