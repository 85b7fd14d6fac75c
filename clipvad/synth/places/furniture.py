"""Things that stand in many places: trees, lamps, benches, bollards, fences. `at` is x, y in metres."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from clipvad.synth.places.place import Point
from clipvad.synth.rendering.backdrop import Prop
from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Blob, Colour, Face, Part, capsule

_STEEL: Colour = (92, 96, 98)


def tree(rng: np.random.Generator, at: Point, size: float) -> Prop:
    """A broad-leaved tree; its crown begins at about two metres times `size`."""
    x, y = at
    bark: Colour = (92, 76, 62)
    crown = np.array([x, y, 3.5 * size])
    fork = np.array([x + 0.05, y, 2.3 * size])
    parts: list[Part] = [capsule([x, y, 0], fork, 0.17 * size, 0.11 * size, bark)]
    parts += [capsule(fork, crown + rng.normal(0, 0.75, 3) * size, 0.07 * size, 0.03, bark) for _ in range(5)]
    # Dark clumps fill the crown; a skin of small leaves, brighter towards the sun, gives it its texture.
    for count, shell, radii, tone in ((110, (0.3, 0.85), (0.28, 0.45), 0.62), (620, (0.75, 1.08), (0.06, 0.15), 0.92)):
        for _ in range(count):
            way = rng.normal(0, 1, 3)
            way /= np.linalg.norm(way)
            centre = crown + way * rng.uniform(*shell) * np.array([1.9, 1.9, 1.55]) * size
            lit = tone + 0.24 * way[2] - 0.14 * way[0] - 0.06 * way[1] + rng.normal(0, 0.11)
            r, g, b = np.clip((np.array([88, 110, 60]) + rng.normal(0, 7, 3)) * lit, 10, 255)
            parts.append(Blob(centre[None], np.array([rng.uniform(*radii) * size]), (float(r), float(g), float(b))))
    return Prop(at, tuple(parts))


def hedge(rng: np.random.Generator, at: Point) -> Prop:
    """A piece of hedge, 1.4 m along x."""
    parts: list[Part] = []
    for _ in range(90):
        centre = np.array([at[0] + rng.uniform(-0.7, 0.7), at[1] + rng.uniform(-0.3, 0.3), rng.uniform(0.1, 0.75)])
        lit = 0.70 + 0.35 * centre[2] + rng.normal(0, 0.08)
        r, g, b = np.array([68, 88, 54]) * lit
        parts.append(Blob(centre[None], np.array([rng.uniform(0.10, 0.2)]), (float(r), float(g), float(b))))
    return Prop(at, tuple(parts))


def tub_tree(rng: np.random.Generator, at: Point, size: float = 1.0) -> Prop:
    """A clipped ball of leaves on a stem, in a square concrete tub."""
    x, y = at
    half, rim = 0.42 * size, 0.55 * size
    parts: list[Part] = list(block(at, (2 * half, 2 * half, rim), (158, 152, 142)))
    soil = ring(x, y, rim + 0.005, 0.8 * half, 4, turn=np.pi / 4)
    parts.append(Face((soil,), np.array([0, 0, 1.0]), (70, 58, 46), layer=1))
    crown = np.array([x, y, 1.75 * size])
    parts.append(late(capsule([x, y, rim], crown, 0.05 * size, 0.04 * size, (92, 76, 62))))
    for count, shell, radii, dark in ((50, (0.2, 0.8), (0.18, 0.28), 0.62), (260, (0.75, 1.05), (0.05, 0.11), 0.95)):
        for _ in range(count):
            way = rng.normal(0, 1, 3)
            way /= np.linalg.norm(way)
            centre = crown + way * rng.uniform(*shell) * 0.62 * size
            lit = dark + 0.24 * way[2] - 0.14 * way[0] - 0.06 * way[1] + rng.normal(0, 0.1)
            colour = _shade((82, 112, 62), lit)
            parts.append(Blob(centre[None], np.array([rng.uniform(*radii) * size]), colour, layer=2))
    return Prop(at, tuple(parts))


def planter(rng: np.random.Generator, at: Point) -> Prop:
    """A round pot with a small bush."""
    x, y = at
    parts: list[Part] = [capsule([x, y, 0.2], [x, y, 0.42], 0.2, 0.27, (112, 72, 56))]
    for _ in range(110):
        way = rng.normal(0, 1, 3)
        way /= np.linalg.norm(way)
        centre = np.array([x, y, 0.86]) + way * rng.uniform(0.2, 1.0) * np.array([0.3, 0.3, 0.36])
        colour = _shade((84, 116, 66), 0.85 + 0.25 * way[2] - 0.14 * way[0] + rng.normal(0, 0.1))
        parts.append(Blob(centre[None], np.array([rng.uniform(0.05, 0.12)]), colour, layer=1))
    return Prop(at, tuple(parts))


def lamp(at: Point) -> Prop:
    """A park lamp, 4.3 m high, reaching towards x."""
    x, y = at
    post = capsule([x, y, 0], [x, y, 4.2], 0.075, 0.05, _STEEL)
    foot = capsule([x, y, 0], [x, y, 0.5], 0.11, 0.10, _STEEL)
    arm = capsule([x, y, 4.2], [x + 0.7, y - 0.2, 4.35], 0.045, 0.04, _STEEL)
    head = capsule([x + 0.5, y - 0.15, 4.33], [x + 1.0, y - 0.25, 4.36], 0.08, 0.06, (178, 180, 178))
    return Prop(at, (post, foot, arm, head))


def street_lamp(at: Point, *, reach: Point = (0.0, -1.4), height_m: float = 6.0) -> Prop:
    """A tall lamp post whose arm carries the light out by `reach`."""
    x, y = at
    head = np.array([x + reach[0], y + reach[1], height_m])
    arm = np.array([x + 0.6 * reach[0], y + 0.6 * reach[1], height_m - 0.05])
    parts = (
        capsule([x, y, 0], [x, y, 0.9], 0.12, 0.11, _STEEL),
        capsule([x, y, 0.9], [x, y, height_m - 0.5], 0.075, 0.05, (112, 116, 118)),
        capsule([x, y, height_m - 0.5], arm, 0.05, 0.04, (112, 116, 118)),
        capsule(arm, head, 0.09, 0.07, (186, 188, 186)),
    )
    return Prop(at, parts)


def bench(at: Point) -> Prop:
    """A wooden bench along x that faces the camera."""
    x, y = at
    wood: Colour = (142, 104, 70)
    parts: list[Part] = []
    seat = [(y - 0.2 + 0.13 * k, 0.45) for k in range(4)]
    back = [(y + 0.26 + 0.03 * k, 0.6 + 0.13 * k) for k in range(3)]
    for across, z in seat + back:
        parts.append(capsule([x - 0.8, across, z], [x + 0.8, across, z], 0.045, 0.045, wood))
    for side in (-0.65, 0.65):
        parts.append(capsule([x + side, y - 0.2, 0], [x + side, y - 0.2, 0.42], 0.035, 0.035, (60, 62, 64)))
        parts.append(capsule([x + side, y + 0.22, 0], [x + side, y + 0.3, 0.85], 0.035, 0.035, (60, 62, 64)))
    return Prop(at, tuple(parts))


def litter_bin(at: Point) -> Prop:
    """A round bin of waist height."""
    x, y = at
    body = capsule([x, y, 0.1], [x, y, 0.75], 0.21, 0.24, (64, 82, 70))
    a = np.arange(16) * np.pi / 8
    rim = np.stack([x + 0.22 * np.cos(a), y + 0.22 * np.sin(a), np.full(16, 0.98)], axis=1)
    return Prop(at, (body, Face((rim,), np.array([0, 0, 1.0]), (30, 34, 32), layer=1)))


def bollard(at: Point, *, height_m: float = 0.95, colour: Colour = (62, 66, 70)) -> Prop:
    """A steel post with a white band."""
    x, y = at
    post = capsule([x, y, 0], [x, y, height_m], 0.085, 0.085, colour)
    band = capsule([x, y, height_m - 0.22], [x, y, height_m - 0.14], 0.09, 0.09, (224, 224, 218))
    return Prop(at, (post, late(band)))


def cone(at: Point) -> Prop:
    """A traffic cone."""
    x, y = at
    orange: Colour = (226, 96, 38)
    body = capsule([x, y, 0.06], [x, y, 0.68], 0.17, 0.035, orange)
    band = capsule([x, y, 0.34], [x, y, 0.46], 0.115, 0.085, (232, 232, 226))
    return Prop(at, (*block(at, (0.42, 0.42, 0.05), (40, 38, 38)), body, late(band)))


def fence(start: Point, end: Point, *, height_m: float = 1.1, colour: Colour = (70, 76, 80)) -> list[Prop]:
    """Railings: a prop for each span of about 1.5 m, so that each hides what is behind it and no more."""
    a, b = np.array(start), np.array(end)
    spans = max(1, round(float(np.hypot(*(b - a))) / 1.5))
    nodes = a + (b - a) * (np.arange(spans + 1) / spans)[:, None]
    props = []
    for low, high in pairwise(nodes):
        parts: list[Part] = [capsule([*low, z], [*high, z], 0.03, 0.03, colour) for z in (0.12, height_m)]
        parts += [capsule([*p, 0], [*p, height_m + 0.06], 0.04, 0.04, colour) for p in (low, high)]
        for k in range(1, 10):
            bar = low + (high - low) * k / 10
            parts.append(capsule([*bar, 0.12], [*bar, height_m], 0.012, 0.012, colour))
        middle = (low + high) / 2
        props.append(Prop((float(middle[0]), float(middle[1])), tuple(parts)))
    return props


def block(at: Point, size: tuple[float, float, float], colour: Colour, *, low: float = 0.0) -> list[Face]:
    """A box of `size` (x, y, z) centred over `at`, its underside at height `low`."""
    x, y = at
    dx, dy = size[0] / 2, size[1] / 2
    top = low + size[2]
    plan = np.array([[x - dx, y - dy], [x + dx, y - dy], [x + dx, y + dy], [x - dx, y + dy]])
    lid = np.column_stack([plan, np.full(4, top)])
    faces = [Face((lid,), np.array([0, 0, 1.0]), colour)]
    for k, normal in enumerate(((0, -1.0, 0), (1.0, 0, 0), (0, 1.0, 0), (-1.0, 0, 0))):
        a, b = plan[k], plan[(k + 1) % 4]
        side = np.array([[*a, low], [*b, low], [*b, top], [*a, top]])
        faces.append(Face((side,), np.array(normal), colour))
    return faces


def ring(x: float, y: float, z: float, radius: float, points: int, *, turn: float = 0.0) -> Array:
    """Points on a level circle about (x, y) at height `z`. [points, 3]"""
    a = np.arange(points) * 2 * np.pi / points + turn
    return np.stack([x + radius * np.cos(a), y + radius * np.sin(a), np.full(points, z)], axis=1)


def late(blob: Blob) -> Blob:
    """Drawn after the parts around it."""
    return Blob(blob.centres, blob.radii, blob.colour, layer=1)


def _shade(colour: Colour, lit: float) -> Colour:
    r, g, b = np.clip(np.array(colour) * lit, 6, 255)
    return float(r), float(g), float(b)
