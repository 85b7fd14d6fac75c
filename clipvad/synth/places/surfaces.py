"""Materials in daylight: what a `Patch` of a plane looks like. Colours are RGB 0-255, sizes metres.

Detail finer than a pixel fades instead of flickering: patterns know how much a pixel spans.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clipvad.synth.rendering.backdrop import SUPERSAMPLE, FloatImage, Texture
from clipvad.synth.rendering.camera import Array, Camera
from clipvad.synth.rendering.parts import Colour

WHITE: Colour = (226.0, 226.0, 220.0)
YELLOW: Colour = (214.0, 176.0, 62.0)


@dataclass(frozen=True)
class Patch:
    """A part of a plane: metres `u` and `v` along it, and metres that a pixel spans there, `pixel`; all [h, w]."""

    u: Array
    v: Array
    pixel: Array
    noise: tuple[Texture, ...]

    def grain(self, layer: int, cell_m: float) -> FloatImage:
        """Noise of about N(0, 0.7) with features of `cell_m`; what is finer than a pixel fades. [h, w]"""
        noise = self.noise[layer].at(self.u, self.v, cell_m=cell_m)
        return np.asarray(noise * np.clip(cell_m / (3 * self.pixel + 1e-9), 0, 1), dtype=np.float32)

    def moved(self, *, u: Array | None = None, v: Array | None = None) -> Patch:
        """The same pixels in other coordinates, such as those within one bay of a facade."""
        return Patch(self.u if u is None else u, self.v if v is None else v, self.pixel, self.noise)


Material = Callable[[Patch], FloatImage]


class Brush:
    """Makes paints for the planes of one picture (see `clipvad.synth.rendering.planes`) out of materials."""

    def __init__(self, camera: Camera, rng: np.random.Generator) -> None:
        self.noise = tuple(Texture(rng) for _ in range(4))
        self._pixel = 1 / (camera.focal_px * SUPERSAMPLE)

    def __call__(self, material: Material, *, shade: float = 1.0) -> Callable[[Array, Array, Array], Array]:
        """A paint: `material` times the light that its plane gets, `shade` (1 on the ground in the sun)."""

        def paint(u: Array, v: Array, reach: Array) -> Array:
            return material(Patch(u, v, reach * self._pixel, self.noise)).astype(np.float64) * shade

        return paint


def sky(rays: Array, noise: Texture) -> Array:
    """Pale at the horizon, bluer above, a little haze. [H, W, 3]"""
    up = np.clip(rays[..., 2] * 6, 0, 1)[..., None]
    haze = noise.at(rays[..., 0] * 40, rays[..., 2] * 160, cell_m=9.0)[..., None]
    return np.asarray((1 - up) * [214, 222, 228] + up * [176, 200, 226] + haze * 5)


def plain(p: Patch, colour: Colour, *, rough: float = 0.04, cell_m: float = 0.6) -> FloatImage:
    """One colour, a little uneven: plaster, painted metal, concrete."""
    return tinted(colour, 1 + rough * (p.grain(2, cell_m) + 0.6 * p.grain(1, cell_m / 4)))


def asphalt(p: Patch, *, colour: Colour = (104.0, 104.0, 106.0)) -> FloatImage:
    """Road surface: grit, worn patches, dark stains, repaired cracks."""
    stains = np.clip(p.grain(3, 2.3) - 0.5, 0, 1.5)
    value = 1 + 0.06 * p.grain(0, 0.03) + 0.05 * p.grain(1, 0.25) + 0.07 * p.grain(2, 1.9) - 0.09 * stains
    crack = np.abs(p.noise[2].at(p.u, p.v, cell_m=2.7)) + 0.05 * p.grain(1, 0.2)
    value -= 0.20 * np.clip(1 - crack / 0.03, 0, 1) * np.clip(0.02 / p.pixel, 0, 1)
    return tinted(colour, value)


def slabs(
    p: Patch, *, size: tuple[float, float] = (0.8, 0.6), colour: Colour = (172.0, 165.0, 153.0), vary: float = 0.045
) -> FloatImage:
    """Paving slabs in running bond, every slab of a tone of its own, with dark joints."""
    row, along = np.floor(p.v / size[1]), p.u / size[0] + 0.5 * np.mod(np.floor(p.v / size[1]), 2)
    slab = np.floor(along)
    gap = np.minimum((along - slab) * size[0], (1 - along + slab) * size[0])
    gap = np.minimum(gap, np.minimum(p.v - row * size[1], (row + 1) * size[1] - p.v))
    joint = _joint(p, gap)
    stains = p.grain(2, 1.3) + 0.5 * p.grain(3, 0.35)
    return tinted(colour, 1 + vary * tone(slab, row) + 0.035 * stains + 0.035 * p.grain(0, 0.03) - 0.30 * joint)


def bricks(p: Patch, *, colour: Colour = (148.0, 104.0, 86.0)) -> FloatImage:
    """A brick wall."""
    course, unit = 0.085, 0.26
    row = np.floor(p.v / course)
    brick = np.clip(course / p.pixel / 2, 0.35, 1) * tone(np.floor(p.u / unit + 0.5 * np.mod(row, 2)), row)
    return tinted(colour, 1 + 0.07 * brick + 0.05 * p.grain(2, 0.9))


def grass(p: Patch) -> FloatImage:
    """A mown lawn with dry patches."""
    value = 1 + 0.15 * p.grain(0, 0.035) + 0.09 * p.grain(1, 0.22) + 0.07 * p.grain(2, 1.9)
    dry = np.clip(0.35 + 0.4 * p.grain(3, 1.1), 0, 1)[..., None]
    return np.asarray(((1 - dry) * [92, 114, 68] + dry * [122, 128, 82]) * value[..., None], dtype=np.float32)


def flowers(p: Patch) -> FloatImage:
    """A planted bed: low leaves with patches of red, yellow and white blossom."""
    out = tinted((72.0, 96.0, 56.0), 1 + 0.22 * p.grain(0, 0.06) + 0.16 * p.grain(1, 0.2))
    kind = np.mod(np.floor(p.v / 0.85), 3)[..., None]
    blossom = np.where(kind == 0, [190.0, 52.0, 58.0], np.where(kind == 1, [222.0, 184.0, 66.0], [216.0, 206.0, 212.0]))
    edge = np.abs(np.mod(p.v / 0.85, 1) - 0.5)
    cover = np.clip(0.9 + 0.8 * p.noise[1].at(p.u, p.v, cell_m=0.09) - 2.2 * np.clip(edge - 0.25, 0, 1), 0, 1)
    return np.asarray(out * (1 - 0.75 * cover[..., None]) + blossom * 0.75 * cover[..., None], dtype=np.float32)


def glass(p: Patch, *, low: float, high: float) -> FloatImage:
    """A pane from height `low` to `high`: dark within, mirroring the sky more towards its top."""
    shine = np.clip((p.v - low) / (high - low), 0, 1) * 0.5 + 0.25 * p.noise[3].at(p.u, p.v * 0.6, cell_m=1.2)
    return np.asarray([44, 54, 62] + np.clip(shine, 0, 1)[..., None] * [96.0, 112.0, 124.0], dtype=np.float32)


def windows(
    out: FloatImage,
    p: Patch,
    *,
    across: tuple[float, float],
    up: tuple[float, float],
    frame: Colour = (198.0, 198.0, 194.0),
    mullion: bool = True,
) -> None:
    """Paint a framed pane into `out` where `p.u` and `p.v` lie within `across` and `up`; repeat by `bays`."""
    inside = rectangle(p, across, up)
    panes = inside - 0.07
    if mullion:
        panes = np.minimum(panes, np.abs(p.u - (across[0] + across[1]) / 2) - 0.035)
    lay(out, frame, p, inside)
    lay(out, glass(p, low=up[0], high=up[1]), p, panes)
    sill = rectangle(p, (across[0] - 0.08, across[1] + 0.08), (up[0] - 0.12, up[0]))
    lay(out, tuple(0.86 * c for c in frame), p, sill)


def bays(p: Patch, width_m: float, *, start: float = 0.0) -> Patch:
    """The patch with `u` counted within each bay of a facade."""
    return p.moved(u=np.mod(p.u - start, width_m))


def rectangle(p: Patch, across: tuple[float, float], up: tuple[float, float]) -> Array:
    """Metres inside a rectangle, negative outside. [h, w]"""
    return np.asarray(np.minimum(np.minimum(p.u - across[0], across[1] - p.u), np.minimum(p.v - up[0], up[1] - p.v)))


def line(p: Patch, start: tuple[float, float], end: tuple[float, float], width_m: float) -> Array:
    """Metres inside a stroke of `width_m` from `start` to `end`, negative outside. [h, w]"""
    a, way = np.array(start), np.array(end) - np.array(start)
    length = float(np.hypot(*way))
    way = way / length
    along = (p.u - a[0]) * way[0] + (p.v - a[1]) * way[1]
    aside = np.abs((p.u - a[0]) * way[1] - (p.v - a[1]) * way[0])
    return np.asarray(np.minimum(width_m / 2 - aside, np.minimum(along, length - along)))


def lay(out: FloatImage, colour: Colour | tuple[float, ...] | FloatImage, p: Patch, inside: Array) -> None:
    """Lay a colour or material over `out` where `inside` > 0, its edge softened over a pixel."""
    cover = np.clip(inside / (1.5 * p.pixel) + 0.5, 0, 1)[..., None]
    out[:] = out * (1 - cover) + np.asarray(colour) * cover


def marking(out: FloatImage, p: Patch, inside: Array, *, colour: Colour = WHITE, wear: float = 0.35) -> None:
    """Road paint where `inside` > 0, rubbed off in places by `wear` 0-1."""
    cover = np.clip(inside / (2 * p.pixel) + 0.5, 0, 1)
    rubbed = np.clip(wear * (0.6 + 0.9 * p.grain(1, 0.12) + 0.9 * p.grain(2, 0.7)), 0, 0.9)
    cover = (cover * (1 - rubbed))[..., None]
    out[:] = out * (1 - cover) + np.asarray(colour) * cover


def kerb(out: FloatImage, p: Patch, inside: Array, *, width_m: float = 0.16) -> None:
    """Kerb stones on the edge of a pavement: `inside` is metres into it, negative on the road."""
    stone = plain(p, (176.0, 174.0, 168.0), rough=0.06, cell_m=0.5)
    lay(out, stone, p, np.minimum(inside, width_m - inside))
    # Its face, seen from the road, and the gutter at its foot.
    lay(out, stone * 0.62, p, np.minimum(-inside, inside + 0.07))
    lay(out, (74.0, 74.0, 74.0), p, np.minimum(-0.07 - inside, inside + 0.13))


def tinted(colour: Colour, value: Array | FloatImage) -> FloatImage:
    """`colour` times a brightness `value` [h, w]."""
    return np.asarray(np.asarray(colour) * value[..., None], dtype=np.float32)


def tone(column: Array, row: Array) -> Array:
    """A fixed pseudo-random number in [-1, 1] for each cell of a pattern."""
    return np.asarray(np.mod(np.sin(column * 12.9898 + row * 78.233) * 43758.5453, 1.0) * 2 - 1)


def _joint(p: Patch, gap: Array) -> Array:
    return np.asarray(np.clip(1 - gap / 0.022, 0, 1) * np.clip(0.01 / p.pixel, 0, 1) ** 2)
