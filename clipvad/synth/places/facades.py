"""Fronts of buildings, painted over a `Patch` of a wall: `u` metres along it, `v` the height."""

from __future__ import annotations

import numpy as np

from clipvad.synth.places.surfaces import Patch, bays, bricks, glass, lay, plain, rectangle, tinted, tone, windows
from clipvad.synth.rendering.backdrop import FloatImage
from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Colour

Span = tuple[float, float]
_STONE: Colour = (188.0, 182.0, 170.0)


def storeys(
    p: Patch,
    *,
    wall: Colour,
    height_m: float,
    first_m: float = 3.6,
    storey_m: float = 3.1,
    bay_m: float = 2.6,
    brick: bool = False,
    trim: Colour = _STONE,
) -> FloatImage:
    """A house front: rows of framed windows above `first_m`, bands between the storeys, a cornice at the top."""
    out = bricks(p, colour=wall) if brick else plain(p, wall, rough=0.035, cell_m=1.6)
    # Rain leaves the wall darker under its sills and towards the ground.
    out *= (1 - 0.05 * np.clip(p.grain(3, 0.9), 0, 2) - 0.08 * np.exp(-np.maximum(p.v, 0) / 0.5))[..., None]
    bay = bays(p, bay_m)
    for floor in range(int((height_m - first_m) / storey_m)):
        low = first_m + floor * storey_m
        windows(out, bay, across=(0.28 * bay_m, 0.72 * bay_m), up=(low + 0.85, low + 2.55), frame=(206.0, 204.0, 198.0))
        if floor == 0:
            lay(out, trim, p, np.minimum(p.v - low + 0.05, low + 0.22 - p.v))
    lay(out, trim, p, p.v - height_m + 0.35)
    lay(out, tuple(0.7 * c for c in trim), p, np.minimum(p.v - height_m + 0.45, height_m - 0.35 - p.v))
    return out


def shop(p: Patch, out: FloatImage, across: Span, *, frame: Colour, fascia: Colour, door: Span | None = None) -> None:
    """A shop on the ground floor `across` metres: a lettered fascia, glass with goods behind it, a glass `door`."""
    low, high = 0.45, 2.55
    lay(out, plain(p, frame, rough=0.03), p, rectangle(p, across, (0.0, 3.35)))
    pane = rectangle(p, (across[0] + 0.15, across[1] - 0.15), (low, high))
    count = max(1, round((across[1] - across[0]) / 1.6))
    width = (across[1] - across[0]) / count
    post = np.mod(p.u - across[0], width)
    pane = np.minimum(pane, np.minimum(post, width - post) - 0.04)
    lay(out, display(p, low=low, high=high), p, pane)
    if door is not None:
        lay(out, tuple(0.8 * c for c in frame), p, rectangle(p, door, (0.0, high + 0.1)))
        lay(out, glass(p, low=0.1, high=high), p, rectangle(p, (door[0] + 0.1, door[1] - 0.1), (0.18, high)))
        middle = (door[0] + door[1]) / 2
        lay(out, frame, p, rectangle(p, (middle - 0.05, middle + 0.05), (0.0, high)))
        lay(out, (206.0, 206.0, 200.0), p, rectangle(p, (middle + 0.1, middle + 0.15), (0.9, 1.4)))
    lay(out, plain(p, fascia, rough=0.02), p, rectangle(p, across, (2.72, 3.28)))
    ink: Colour = (238.0, 234.0, 222.0) if sum(fascia) < 420 else (52.0, 50.0, 54.0)
    middle, half = (across[0] + across[1]) / 2, min(0.36 * (across[1] - across[0]), 1.7)
    lettering(p, out, (middle - half, middle + half), (2.85, 3.15), ink)


def arcade(p: Patch, out: FloatImage, *, bay_m: float, high: float, stone: Colour) -> None:
    """A vaulted passage on the ground floor: round arches up to `high` on pillars, shop windows in its shade."""
    bay = bays(p, bay_m)
    x = bay.u - bay_m / 2
    half = 0.38 * bay_m
    spring = high - half
    lay(out, plain(p, stone, rough=0.04, cell_m=0.8), p, high + 0.35 - p.v)
    arch = half - np.where(p.v > spring, np.hypot(x, p.v - spring), np.abs(x))
    lay(out, tinted(stone, 0.86 + 0.0 * p.v), p, arch + 0.14)
    # The far pillar side is in the light, then the passage: darker towards its vault.
    deep = tinted((96.0, 88.0, 80.0), 0.55 + 0.5 * np.clip(1 - p.v / high, 0, 1) + 0.05 * p.grain(2, 0.5))
    lay(deep, glass(p, low=0.4, high=2.4) * 0.7, p, rectangle(bay.moved(u=x), (-0.8 * half, 0.6 * half), (0.4, 2.4)))
    lay(deep, (120.0, 112.0, 102.0), p, 0.16 - p.v)
    lay(out, deep, p, arch)
    lay(out, tinted(stone, 0.62 + 0.0 * p.v), p, np.minimum(arch, -half + 0.22 - x))
    lay(
        out,
        tuple(0.8 * c for c in stone),
        p,
        np.minimum(-arch - 0.14, np.minimum(spring + 0.1 - p.v, p.v - spring + 0.1)),
    )


def display(p: Patch, *, low: float, high: float) -> FloatImage:
    """A lit shop window: shelves of coloured goods seen through glass that mirrors some sky."""
    room = plain(p, (150.0, 138.0, 118.0), rough=0.05, cell_m=0.5)
    shelf_m, pack_m = 0.52, 0.27
    shelf, pack = np.floor((p.v - low) / shelf_m), np.floor(p.u / pack_m)
    tall = 0.30 + 0.12 * tone(pack, shelf + 3)
    height = p.v - low - shelf * shelf_m
    aside = np.abs(np.mod(p.u, pack_m) - pack_m / 2)
    hue = [0.5 + 0.5 * tone(pack + 31 * k, shelf) for k in range(3)]
    goods = 60 + 150 * np.stack(hue, axis=-1) ** np.array([0.8, 1.1, 1.3])
    stocked = np.where(tone(pack, shelf + 9) > -0.55, 0.115, -1.0)
    lay(room, np.asarray(goods, dtype=np.float32), p, np.minimum(stocked - aside, tall - height))
    lay(room, (92.0, 82.0, 70.0), p, 0.03 - np.abs(height))
    shine = np.clip(0.12 + 0.3 * (p.v - low) / (high - low) + 0.22 * p.noise[3].at(p.u, p.v, cell_m=1.1), 0, 0.7)
    mirror = shine[..., None]
    return np.asarray(room * 0.82 * (1 - mirror) + mirror * [168.0, 186.0, 200.0], dtype=np.float32)


def mannequins(p: Patch, *, low: float, high: float, season: float = 0.0) -> FloatImage:
    """A lit shop window with dressed white figures before a dark back wall, and posters; clothes by `season`."""
    glow = 0.7 + 0.45 * np.clip((p.v - low) / (high - low), 0, 1)
    room = tinted((138.0, 122.0, 104.0), glow + 0.04 * p.grain(2, 0.5))
    lay(room, plain(p, (172.0, 146.0, 114.0)), p, low + 0.16 - p.v)
    place, x, z = np.floor(p.u / 0.92) + 37 * season, np.mod(p.u, 0.92) - 0.46, p.v - low - 0.16
    stands = np.where(tone(place, 0 * place) > -0.5, 0.0, -9.0)
    skirt = tone(place, 0 * place + 8) > 0.3
    leg = np.minimum(np.where(skirt, 0.06, 0.075) - np.abs(np.abs(x) - 0.085), np.minimum(z, 0.95 - z))
    lay(room, _cloth(place, 2.0), p, stands + leg)
    hem = np.where(skirt, 0.16 + 0.14 * np.clip(0.95 - z, 0, 0.5), 0.17)
    lay(
        room,
        _cloth(place, 2.0),
        p,
        stands + np.minimum(hem - np.abs(x), np.minimum(z - np.where(skirt, 0.5, 0.82), 1.0 - z)),
    )
    waist = 0.135 + 0.075 * np.clip((z - 0.9) / 0.5, 0, 1)
    lay(room, _cloth(place, 5.0), p, stands + np.minimum(waist - np.abs(x), np.minimum(z - 0.92, 1.47 - z)))
    arm = 0.045 - np.abs(np.abs(x) - 0.24 + 0.05 * np.clip((z - 1.1) / 0.4, 0, 1))
    lay(room, 0.8 * _cloth(place, 5.0), p, stands + np.minimum(arm, np.minimum(z - 0.75, 1.45 - z)))
    lay(room, (232.0, 228.0, 220.0), p, stands + 0.11 - np.hypot(x, (z - 1.62) * 0.8))
    poster = np.where(stands < 0, rectangle(p.moved(u=x, v=z), (-0.32, 0.32), (0.5, 1.75)), -9.0)
    lay(room, (228.0, 222.0, 206.0), p, poster)
    lay(room, 1.2 * _cloth(place, 9.0), p, np.minimum(poster - 0.06, z - 0.85))
    lay(room, (70.0, 66.0, 64.0), p, np.minimum(poster - 0.1, 0.035 - np.abs(z - 0.7)))
    shine = np.clip(0.06 + 0.25 * p.noise[3].at(p.u, p.v * 0.6, cell_m=1.3), 0, 0.45)[..., None]
    return np.asarray(room * (1 - shine) + shine * [168.0, 186.0, 200.0], dtype=np.float32)


def _cloth(place: Array, layer: float) -> FloatImage:
    """A muted colour of its own for each place."""
    grey = 95 + 60 * tone(place, 0 * place + layer)
    hue = np.stack([tone(place, 0 * place + layer + k) for k in (1, 2, 3)], axis=-1)
    return np.asarray(np.clip(grey[..., None] + 34 * hue, 24, 230), dtype=np.float32)


def lettering(p: Patch, out: FloatImage, across: Span, up: Span, ink: Colour) -> None:
    """Strokes that read as a word from afar and as no word from near."""
    height = up[1] - up[0]
    step = 0.72 * height
    cell = np.floor((p.u - across[0]) / step)
    word = cell + np.floor(41.7 * np.asarray(ink).sum() + 7.3 * (across[1] - across[0]))
    x, y = np.mod(p.u - across[0], step) / (0.76 * step), (p.v - up[0]) / height
    bars = [np.abs(y - at) < 0.11 for at in (0.1, 0.5, 0.9)]
    stems = [np.abs(x - at) < 0.14 for at in (0.14, 0.86)]
    drawn = np.zeros(p.u.shape, bool)
    for k, stroke in enumerate((*bars, *stems)):
        drawn |= stroke & (tone(word, np.full_like(cell, 5.0 + k)) > (-0.2 if k < 3 else -0.6))
    drawn &= (x < 1.0) & (tone(word, np.full_like(cell, 2.0)) > -0.85)
    lay(out, ink, p, np.where(drawn, rectangle(p, across, up), -1.0))
