"""A campus walkway: paved, between lawns, in front of a brick building with trees, lamp posts and a bench."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipvad.synth.camera import Array, Camera
from clipvad.synth.furniture import bench, hedge, lamp, litter_bin, tree
from clipvad.synth.parts import Light
from clipvad.synth.places import SUPERSAMPLE, FloatImage, Prop, Texture

FACADE_M = 27.0  # the building's distance
_FACADE_X = (-30.0, 11.0)
_PAVED_Y = (5.0, 14.6)
_BRANCH_X = (-2.2, 1.4)  # the path to the entrance


def walkway(
    camera: Camera, light: Light, rng: np.random.Generator
) -> tuple[FloatImage, NDArray[np.bool_], Sequence[Prop]]:
    """Painter of the place (see `places.paint`)."""
    noise = [Texture(rng) for _ in range(4)]
    rays = camera.rays(supersample=SUPERSAMPLE)
    with np.errstate(divide="ignore", invalid="ignore"):
        to_ground = np.where(rays[..., 2] < -1e-4, camera.height_m / -rays[..., 2], np.inf)
        to_wall = np.where(rays[..., 1] > 1e-4, FACADE_M / rays[..., 1], np.inf)
    wall_x = camera.x_m + rays[..., 0] * to_wall
    is_wall = (to_wall < to_ground) & (wall_x > _FACADE_X[0]) & (wall_x < _FACADE_X[1])
    ground = np.isfinite(to_ground) & (to_ground < 120) & ~is_wall
    reach = np.where(ground, to_ground, 0.0)
    out = _sky(rays, noise[3])
    floor = _ground(camera.x_m + rays[..., 0] * reach, rays[..., 1] * reach, reach, noise)
    out[ground] = floor[ground]
    height = camera.height_m + rays[..., 2] * np.where(is_wall, to_wall, 0.0)
    out[is_wall] = _facade(np.where(is_wall, wall_x, 0.0), height, noise)[is_wall]
    return out, ground, _props(rng)


def _sky(rays: Array, noise: Texture) -> FloatImage:
    up = np.clip(rays[..., 2] * 6, 0, 1)[..., None]
    haze = noise.at(rays[..., 0] * 40, rays[..., 2] * 160, cell_m=9.0)[..., None]
    return np.asarray((1 - up) * [214, 222, 228] + up * [176, 200, 226] + haze * 5, dtype=np.float32)


def _ground(x: Array, y: Array, reach: Array, noise: list[Texture]) -> FloatImage:
    grass = _grass(x, y, reach, noise)
    paving = _paving(x, y, reach, noise)
    wobble = 0.03 * noise[1].at(x, y, cell_m=0.5)
    edge = np.minimum(y - _PAVED_Y[0], _PAVED_Y[1] - y)
    branch = np.where(y > 10, np.minimum(x - _BRANCH_X[0], _BRANCH_X[1] - x), -9.0)
    inside = np.maximum(edge, branch)
    kerb = (inside > -0.16) & (inside <= 0)
    out = np.where((inside > 0)[..., None], paving, grass)
    out[kerb] = np.array([168, 165, 158]) + 5 * noise[2].at(x, y, cell_m=0.2)[kerb][:, None]
    lip = (inside + wobble > -0.26) & (inside <= -0.16)  # the dark gap between kerb and turf
    out[lip] *= 0.72
    return np.asarray(out, dtype=np.float32)


def _grass(x: Array, y: Array, reach: Array, noise: list[Texture]) -> FloatImage:
    fine = noise[0].at(x, y, cell_m=0.035) * np.clip(9 / (reach + 1e-6), 0, 1)
    tufts = noise[1].at(x, y, cell_m=0.22)
    patches = noise[2].at(x, y, cell_m=1.9)
    value = 1 + 0.15 * fine + 0.09 * tufts + 0.07 * patches
    dry = np.clip(0.35 + 0.4 * noise[3].at(x, y, cell_m=1.1), 0, 1)[..., None]
    colour = (1 - dry) * [92, 114, 68] + dry * [122, 128, 82]
    return np.asarray(colour * value[..., None], dtype=np.float32)


def _paving(x: Array, y: Array, reach: Array, noise: list[Texture]) -> FloatImage:
    length, depth = 0.80, 0.60
    row = np.floor(y / depth)
    along = x / length + 0.5 * np.mod(row, 2)
    slab = np.floor(along)
    # One tone a slab: a hash of its row and column, in [-1, 1].
    tone = np.mod(np.sin(slab * 12.9898 + row * 78.233) * 43758.5453, 1.0) * 2 - 1
    gap = np.minimum((along - slab) * length, (1 - along + slab) * length)
    gap = np.minimum(gap, np.minimum(y - row * depth, (row + 1) * depth - y))
    # Joints thinner than a pixel fade with distance instead of flickering into moire.
    joint = np.clip(1 - gap / 0.022, 0, 1) * np.clip(11 / (reach + 1e-6), 0, 1) ** 2
    stains = noise[2].at(x, y, cell_m=1.3) + 0.5 * noise[3].at(x, y, cell_m=0.35)
    grit = noise[0].at(x, y, cell_m=0.03) * np.clip(8 / (reach + 1e-6), 0, 1)
    value = 1 + 0.045 * tone + 0.035 * stains + 0.035 * grit - 0.30 * joint
    return np.asarray(np.array([172, 165, 153]) * value[..., None], dtype=np.float32)


def _facade(x: Array, z: Array, noise: list[Texture]) -> FloatImage:
    course, unit = 0.085, 0.26
    row = np.floor(z / course)
    brick = np.mod(np.sin(np.floor(x / unit + 0.5 * np.mod(row, 2)) * 3.7 + row * 17.1) * 9137.3, 1.0) - 0.5
    value = 1 + 0.10 * brick + 0.05 * noise[2].at(x, z, cell_m=0.9)
    out = np.array([148, 104, 86]) * value[..., None]
    base = z < 0.55
    out[base] = np.array([128, 126, 122]) * value[base][:, None]
    bay = np.mod(x + 1.9, 3.2)
    _window(out, x, z, bay, (0.5, 2.7), (1.0, 2.55), noise)
    _window(out, x, z, bay, (0.5, 2.7), (4.1, 5.7), noise)
    band = (z > 3.25) & (z < 3.55)
    out[band] = np.array([186, 180, 168]) * value[band][:, None]
    entrance = (x > -2.6) & (x < 1.8) & (z < 3.0)
    out[entrance] = [70, 72, 74]
    _window(out, x, z, np.mod(x + 2.5, 1.07), (0.06, 1.01), (0.12, 2.25), noise, only=entrance)
    _window(out, x, z, np.mod(x + 2.5, 1.07), (0.06, 1.01), (2.35, 2.9), noise, only=entrance)
    canopy = (x > -3.0) & (x < 2.2) & (z > 2.95) & (z < 3.2)
    out[canopy] = [205, 203, 198]
    return np.asarray(out, dtype=np.float32)


def _window(
    out: Array,
    x: Array,
    z: Array,
    bay: Array,
    across: tuple[float, float],
    up: tuple[float, float],
    noise: list[Texture],
    *,
    only: NDArray[np.bool_] | None = None,
) -> None:
    """Frame and glass with a soft reflection, in every bay, painted into `out`."""
    inside = np.minimum(np.minimum(bay - across[0], across[1] - bay), np.minimum(z - up[0], up[1] - z))
    mullion = np.abs(bay - (across[0] + across[1]) / 2) < (0.035 if only is None else 0.0)
    mask = np.ones(x.shape, bool) if only is None else only
    frame = mask & (inside > 0)
    glass = mask & (inside > 0.07) & ~mullion
    out[frame] = [198, 198, 194]
    shine = np.clip((z - up[0]) / (up[1] - up[0]), 0, 1) * 0.55 + 0.28 * noise[3].at(x, z * 0.6, cell_m=1.2)
    tint = np.array([44, 54, 62]) + np.clip(shine, 0, 1)[..., None] * np.array([96, 112, 124])
    out[glass] = tint[glass]


def _props(rng: np.random.Generator) -> list[Prop]:
    props = [tree(rng, at, size) for at, size in (((-9.5, 19.5), 1.0), ((6.8, 20.5), 1.1), ((13.5, 24.0), 1.25))]
    props += [tree(rng, (-15.5, 23.0), 1.15), tree(rng, (20.0, 33.0), 1.6), tree(rng, (15.0, 38.0), 1.5)]
    props += [hedge(rng, (x, 25.4)) for x in (*np.arange(-14.0, -3.0, 1.3), *np.arange(3.2, 10.5, 1.3))]
    props += [lamp(at) for at in ((-4.3, 15.2), (5.4, 15.2), (-2.75, 23.0))]
    props += [bench((2.9, 15.9)), litter_bin((4.35, 15.6))]
    return props
