"""Shop fittings: shelves full of goods, a counter with a till, a glass cabinet. `at`, `start`, `end` in metres."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from clipvad.synth.places.furniture import block
from clipvad.synth.rendering.backdrop import Prop
from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Colour, Face, Part

Point = tuple[float, float]

_GOODS: tuple[Colour, ...] = (
    (214, 58, 48), (236, 178, 44), (62, 116, 196), (76, 158, 84), (232, 226, 214), (150, 74, 142), (228, 120, 46),
    (54, 60, 78), (196, 214, 226), (120, 82, 54), (238, 208, 120), (64, 160, 170), (208, 88, 120),
)  # fmt: skip
_STEEL: Colour = (206, 206, 202)
_PITCH_M = 0.95  # shelves are propped metre by metre, so that each hides what is behind it and no more


def shelf_row(
    rng: np.random.Generator,
    start: Point,
    end: Point,
    *,
    depth_m: float = 0.42,
    height_m: float = 1.5,
    levels: int = 4,
    double: bool = False,
) -> list[Prop]:
    """Shelves with their back on the line from `start` to `end`, stocked on its right side, or on both if `double`."""
    a, b = np.array(start, float), np.array(end, float)
    length = float(np.hypot(*(b - a)))
    way = (b - a) / length
    out = np.array([way[1], -way[0]])
    bays = max(1, round(length / _PITCH_M))
    props: list[Prop] = []
    for k in range(bays):
        low, high = a + (b - a) * k / bays, a + (b - a) * (k + 1) / bays
        parts: list[Part] = []
        for side in (1.0, -1.0) if double else (1.0,):
            parts += _bay(rng, low, high, side * out * depth_m, height_m=height_m, levels=levels)
        middle = (low + high) / 2 + (0 if double else 0.5) * out * depth_m
        props.append(Prop((float(middle[0]), float(middle[1])), tuple(parts)))
    return props


def _bay(rng: np.random.Generator, a: Array, b: Array, reach: Array, *, height_m: float, levels: int) -> list[Part]:
    """One bay: a plinth, a back, and for each level its board and a few kinds of goods; `reach` [2] is its depth."""
    out = np.array([*reach, 0.0]) / np.hypot(*reach)
    low, high = np.array([*a, 0.0]), np.array([*b, 0.0])
    deep = np.array([*reach, 0.0])
    parts: list[Part] = [_upright(low, high, 0.0, height_m, out, (176, 174, 168), layer=0)]
    for tip, way in ((low, low - high), (high, high - low)):
        cheek = np.array([tip, tip + deep, tip + deep, tip]) + np.array([[0, 0, z] for z in (0, 0, 1, 1)]) * height_m
        parts.append(Face((cheek,), way / np.linalg.norm(way), (188, 188, 184), layer=30, casts_shadow=False))
    parts.append(_upright(low + deep, high + deep, 0.0, 0.12, out, (96, 96, 98), layer=1))
    rise = (height_m - 0.12) / levels
    for level in range(levels):
        z, layer = 0.12 + level * rise, 2 + 2 * level
        board = np.array([low, high, high + deep, low + deep]) + [0, 0, z]
        parts.append(Face((board,), np.array([0, 0, 1.0]), _STEEL, layer=layer, casts_shadow=level == 0))
        parts.append(
            _upright(low + 1.01 * deep, high + 1.01 * deep, z - 0.04, z, out, (232, 228, 206), layer=layer + 1)
        )
        rows = 3 if level == levels - 1 else 1  # only on the top shelf are the rows behind the first seen
        ends = low + [0, 0, z], high + [0, 0, z]
        parts += _goods(rng, *ends, deep, out, room=rise - 0.05, rows=rows, layer=layer + 1)
    return parts


def _goods(
    rng: np.random.Generator, a: Array, b: Array, deep: Array, out: Array, *, room: float, rows: int, layer: int
) -> list[Part]:
    """Packets in runs of one kind each, with gaps where some were bought."""
    parts: list[Part] = []
    length = float(np.linalg.norm(b - a))
    way = (b - a) / length
    x = 0.02
    while x < length - 0.08:
        colour, label = (_GOODS[int(k)] for k in rng.integers(0, len(_GOODS), size=2))
        width = float(rng.uniform(0.07, 0.15))
        tall = room * float(rng.uniform(0.55, 0.95))
        for _ in range(int(rng.integers(2, 5))):
            if x + width > length - 0.02:
                break
            if rng.uniform() > 0.06:
                ends = a + way * x, a + way * (x + 0.93 * width)
                front = deep * float(rng.uniform(0.86, 0.97))
                for row in range(rows):
                    back = front * row / rows
                    parts += _packet(
                        ends[0] + back, ends[1] + back, 0.94 * front / rows, out, tall, colour, label, layer
                    )
            x += width
        x += 0.015
    return parts


def _packet(
    a: Array, b: Array, front: Array, out: Array, tall: float, colour: Colour, label: Colour, layer: int
) -> list[Part]:
    """Its top, front and ends, with a label on the front."""
    up = np.array([0, 0, tall])
    lid = np.array([a, b, b + front, a + front]) + up
    parts: list[Part] = [Face((lid,), np.array([0, 0, 1.0]), colour, layer=layer, casts_shadow=False)]
    for tip, way in ((a, a - b), (b, b - a)):
        end = np.array([tip, tip + front, tip + front + up, tip + up])
        r, g, bl = colour
        dark = (0.72 * r, 0.72 * g, 0.72 * bl)
        parts.append(Face((end,), way / np.linalg.norm(way), dark, layer=layer, casts_shadow=False))
    parts.append(_upright(a + front, b + front, 0, tall, out, colour, layer=layer))
    parts.append(_upright(a + 1.01 * front, b + 1.01 * front, 0.3 * tall, 0.65 * tall, out, label, layer=layer))
    return parts


def _upright(a: Array, b: Array, low: float, high: float, out: Array, colour: Colour, *, layer: int) -> Face:
    """A standing rectangle over the line from `a` to `b`, seen from the side of `out`. It gets light from the front."""
    corners = np.array([a + [0, 0, low], b + [0, 0, low], b + [0, 0, high], a + [0, 0, high]])
    r, g, bl = colour
    return Face((corners,), out, (1.25 * r, 1.25 * g, 1.25 * bl), layer=layer, casts_shadow=False)


def counter(x: tuple[float, float], y: tuple[float, float], *, height_m: float = 1.0) -> list[Prop]:
    """A sales counter along y, in sections, its customers on the side of larger x."""
    props: list[Prop] = []
    sections = max(1, round((y[1] - y[0]) / 1.0))
    edges = np.linspace(y[0], y[1], sections + 1)
    middle = (x[0] + x[1]) / 2
    for low, high in pairwise(edges):
        at = (middle, float(low + high) / 2)
        size = (x[1] - x[0], float(high - low))
        parts: list[Part] = [*block(at, (*size, height_m - 0.06), (206, 172, 126))]
        parts += raised(block(at, (size[0] + 0.12, size[1], 0.06), (86, 84, 88), low=height_m - 0.06), 1)
        front = np.array([[x[1] + 0.005, v, z] for v, z in ((low, 0.12), (high, 0.12), (high, 0.34), (low, 0.34))])
        parts.append(Face((front,), np.array([1.0, 0, 0]), (196, 60, 52), layer=1, casts_shadow=False))
        props.append(Prop(at, tuple(parts)))
    return props


def till(at: Point, *, top_m: float = 1.0) -> Prop:
    """A cash register with its screen turned to the staff, and a card reader."""
    x, y = at
    parts: list[Part] = [*block(at, (0.42, 0.44, 0.14), (52, 54, 58), low=top_m)]
    parts += raised(block((x - 0.05, y), (0.05, 0.38, 0.30), (34, 36, 40), low=top_m + 0.18), 1)
    screen = np.array(
        [[x - 0.08, y + dy, top_m + z] for dy, z in ((-0.16, 0.2), (0.16, 0.2), (0.16, 0.45), (-0.16, 0.45))]
    )
    parts.append(Face((screen,), np.array([-1.0, 0, 0]), (170, 214, 236), layer=2, casts_shadow=False))
    parts += raised(block((x + 0.22, y - 0.42), (0.10, 0.16, 0.10), (70, 72, 78), low=top_m), 1)
    return Prop((x, y), tuple(parts))


def cabinet(rng: np.random.Generator, x: tuple[float, float], y: tuple[float, float], *, height_m: float = 1.2) -> Prop:
    """A glass showcase on a dark base: what lies in it is seen through its front and its top."""
    at, size = ((x[0] + x[1]) / 2, (y[0] + y[1]) / 2), (x[1] - x[0], y[1] - y[0])
    base = 0.45
    parts: list[Part] = [*block(at, (*size, base), (72, 62, 58))]
    for level, z in enumerate((base + 0.02, base + 0.4)):
        plan = np.array([[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]])
        parts.append(_flat(plan, z, (196, 206, 208), layer=1 + 2 * level))
        for _ in range(9):
            spot = rng.uniform((x[0] + 0.1, y[0] + 0.1), (x[1] - 0.1, y[1] - 0.1))
            half = rng.uniform(0.03, 0.08, size=2)
            corners = spot + np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
            parts.append(_flat(corners, z + 0.02, _GOODS[int(rng.integers(len(_GOODS)))], layer=2 + 2 * level))
    frame: Colour = (66, 68, 72)
    posts = [(u, v) for u in x for v in y]
    for u, v in posts:
        parts += raised(block((u, v), (0.04, 0.04, height_m - base), frame, low=base), 6)
    parts += [p for v in y for p in raised(block((at[0], v), (size[0], 0.04, 0.04), frame, low=height_m - 0.04), 6)]
    parts += [p for u in x for p in raised(block((u, at[1]), (0.04, size[1], 0.04), frame, low=height_m - 0.04), 6)]
    # A streak of the lamps in the pane says that it is glass.
    for shift in (0.15, 0.28):
        streak = np.array([[x[0] + shift * size[0], y[0], base], [x[0] + (shift + 0.06) * size[0], y[0], base]])
        lean = np.array([[0.22, 0, height_m - base - 0.05]])
        quad = np.concatenate([streak, (streak + lean)[::-1]])
        parts.append(Face((quad,), np.array([0, -1.0, 0]), (250, 252, 255), layer=7, casts_shadow=False))
    return Prop(at, tuple(parts))


def _flat(plan: Array, z: float, colour: Colour, *, layer: int) -> Face:
    corners = np.column_stack([plan, np.full(len(plan), z)])
    return Face((corners,), np.array([0, 0, 1.0]), colour, layer=layer, casts_shadow=False)


def raised(faces: list[Face], layer: int, *, casts_shadow: bool = False) -> list[Face]:
    """The same faces, drawn after what they stand on."""
    return [Face(f.contours, f.normal, f.colour, layer=layer, gloss=f.gloss, casts_shadow=casts_shadow) for f in faces]
