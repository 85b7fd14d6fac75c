"""Things that stand in a place: trees, lamps, benches, signs, fences, parked cars. `at` is x, y in metres."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from clipvad.synth import vehicles
from clipvad.synth.actors import stand
from clipvad.synth.camera import Array
from clipvad.synth.parts import Blob, Colour, Face, Part, capsule
from clipvad.synth.place import Point
from clipvad.synth.places import Prop

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


def lamp(at: Point) -> Prop:
    """A park lamp, 4.3 m high, reaching towards x."""
    x, y = at
    post = capsule([x, y, 0], [x, y, 4.2], 0.075, 0.05, _STEEL)
    foot = capsule([x, y, 0], [x, y, 0.5], 0.11, 0.10, _STEEL)
    arm = capsule([x, y, 4.2], [x + 0.7, y - 0.2, 4.35], 0.045, 0.04, _STEEL)
    head = capsule([x + 0.5, y - 0.15, 4.33], [x + 1.0, y - 0.25, 4.36], 0.08, 0.06, (178, 180, 178))
    return Prop(at, (post, foot, arm, head))


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


def tub_tree(rng: np.random.Generator, at: Point, size: float = 1.0) -> Prop:
    """A clipped ball of leaves on a stem, in a square concrete tub."""
    x, y = at
    half, rim = 0.42 * size, 0.55 * size
    parts: list[Part] = list(block(at, (2 * half, 2 * half, rim), (158, 152, 142)))
    soil = _ring(x, y, rim + 0.005, 0.8 * half, 4, turn=np.pi / 4)
    parts.append(Face((soil,), np.array([0, 0, 1.0]), (70, 58, 46), layer=1))
    crown = np.array([x, y, 1.75 * size])
    parts.append(_late(capsule([x, y, rim], crown, 0.05 * size, 0.04 * size, (92, 76, 62))))
    for count, shell, radii, dark in ((50, (0.2, 0.8), (0.18, 0.28), 0.62), (260, (0.75, 1.05), (0.05, 0.11), 0.95)):
        for _ in range(count):
            way = rng.normal(0, 1, 3)
            way /= np.linalg.norm(way)
            centre = crown + way * rng.uniform(*shell) * 0.62 * size
            lit = dark + 0.24 * way[2] - 0.14 * way[0] - 0.06 * way[1] + rng.normal(0, 0.1)
            colour = _shade((82, 112, 62), lit)
            parts.append(Blob(centre[None], np.array([rng.uniform(*radii) * size]), colour, layer=2))
    return Prop(at, tuple(parts))


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


def traffic_light(at: Point, *, facing: Point, lit: int = 2) -> Prop:
    """A signal on a post, lenses towards `facing` (unit x, y); `lit`: 0 red, 1 amber, 2 green."""
    x, y = at
    out = np.array([facing[0], facing[1], 0.0])
    side = np.array([-facing[1], facing[0], 0.0])
    dark: Colour = (34, 36, 36)
    parts: list[Part] = [capsule([x, y, 0], [x, y, 3.3], 0.07, 0.06, (70, 74, 74))]
    middle = np.array([x, y, 2.75]) + 0.16 * out
    parts += block((middle[0], middle[1]), (0.36, 0.36, 1.1), dark, low=2.2)
    lamps: tuple[Colour, ...] = ((226, 40, 34), (232, 170, 40), (60, 214, 110))
    for k, colour in enumerate(lamps):
        shown: Colour = colour if k == lit else (colour[0] * 0.25, colour[1] * 0.25, colour[2] * 0.25)
        a = np.arange(12) * np.pi / 6
        centre = middle + 0.2 * out + [0, 0, 0.34 - 0.34 * k]
        lens = centre + 0.14 * (np.cos(a)[:, None] * side + np.sin(a)[:, None] * np.array([0, 0, 1.0]))
        parts.append(Face((lens,), out, shown, layer=2))
    return Prop(at, tuple(parts))


def sign(at: Point, *, facing: Point, shape: str, colour: Colour, height_m: float = 2.3) -> Prop:
    """A traffic sign on a post: `shape` is "round", "square" or "triangle"."""
    x, y = at
    corners, turn = {"round": (20, 0.0), "square": (4, np.pi / 4), "triangle": (3, np.pi / 2)}[shape]
    out, side = np.array([facing[0], facing[1], 0.0]), np.array([-facing[1], facing[0], 0.0])
    a = np.arange(corners) * 2 * np.pi / corners + turn
    centre = np.array([x, y, height_m]) + 0.06 * out
    parts: list[Part] = [capsule([x, y, 0], [x, y, height_m + 0.1], 0.04, 0.04, (140, 142, 142))]
    for k, (radius, paint) in enumerate(((0.42, colour), (0.30, (236.0, 236.0, 232.0)))):
        plate = centre + 0.01 * k * out
        plate = plate + radius * (np.cos(a)[:, None] * side + np.sin(a)[:, None] * np.array([0, 0, 1.0]))
        parts.append(Face((plate,), out, paint, layer=1 + k))
    back = centre + 0.42 * (np.cos(a)[:, None] * side + np.sin(a)[:, None] * np.array([0, 0, 1.0]))
    parts.append(Face((back,), -out, (120, 122, 124), layer=1))
    return Prop(at, tuple(parts))


def bollard(at: Point, *, height_m: float = 0.95, colour: Colour = (62, 66, 70)) -> Prop:
    """A steel post with a white band."""
    x, y = at
    post = capsule([x, y, 0], [x, y, height_m], 0.085, 0.085, colour)
    band = capsule([x, y, height_m - 0.22], [x, y, height_m - 0.14], 0.09, 0.09, (224, 224, 218))
    return Prop(at, (post, _late(band)))


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


def parked_car(at: Point, *, heading_deg: float, colour: Colour) -> Prop:
    """A car with nobody in it; `heading_deg` counts from x to the left, so 90 points away from the camera."""
    way = np.radians(heading_deg)
    heading = np.array([np.cos(way), np.sin(way)])
    parts = stand(vehicles.car(turn=0.0, colour=colour), at=np.array(at), heading=heading)
    return Prop(at, tuple(parts))


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


def _ring(x: float, y: float, z: float, radius: float, points: int, *, turn: float = 0.0) -> Array:
    a = np.arange(points) * 2 * np.pi / points + turn
    return np.stack([x + radius * np.cos(a), y + radius * np.sin(a), np.full(points, z)], axis=1)


def _late(blob: Blob) -> Blob:
    """Drawn after the parts around it."""
    return Blob(blob.centres, blob.radii, blob.colour, layer=1)


def _shade(colour: Colour, lit: float) -> Colour:
    r, g, b = np.clip(np.array(colour) * lit, 6, 255)
    return float(r), float(g), float(b)


def cone(at: Point) -> Prop:
    """A traffic cone."""
    x, y = at
    orange: Colour = (226, 96, 38)
    body = capsule([x, y, 0.06], [x, y, 0.68], 0.17, 0.035, orange)
    band = capsule([x, y, 0.34], [x, y, 0.46], 0.115, 0.085, (232, 232, 226))
    return Prop(at, (*block(at, (0.42, 0.42, 0.05), (40, 38, 38)), body, _late(band)))


def barrier(at: Point, tip: Point, *, open_deg: float = 0.0) -> Prop:
    """A red and white boom on a yellow box: it lies from `at` to `tip` when closed, and is raised by `open_deg`."""
    hinge, span = np.array([*at, 0.95]), np.array([*tip, 0.95]) - [*at, 0.95]
    length, rise = float(np.linalg.norm(span)), np.radians(open_deg)
    way = np.cos(rise) * span / length + np.sin(rise) * np.array([0.0, 0.0, 1.0])
    parts: list[Part] = list(block(at, (0.42, 0.42, 1.15), (214, 168, 48)))
    count = max(2, round(length / 0.6))
    for k in range(count):
        a, b = hinge + way * length * k / count, hinge + way * length * (k + 1) / count
        colour: Colour = (200, 44, 40) if k % 2 else (232, 232, 226)
        parts.append(_late(capsule(a + 0.05 * way, b - 0.05 * way, 0.07, 0.06, colour)))
    return Prop(at, tuple(parts))


def car_window(at: Point, *, heading_deg: float, left: bool) -> tuple[tuple[float, float, float], ...]:
    """The front side window of a `parked_car`: its four corners (x, y, z)."""
    shape = vehicles.CarShape()
    side = 1.0 if left else -1.0
    middle, top = (shape.roof_half + shape.cabin_half) / 2, shape.roof_m - 0.08
    pane = ((-0.30, 0.78, 1.0), (0.62, 0.78, 1.0), (0.16, 2 * middle - 0.78, top), (-0.30, 2 * middle - 0.78, top))
    way = np.radians(heading_deg)
    c, s = float(np.cos(way)), float(np.sin(way))
    return tuple((at[0] + c * x - s * side * y, at[1] + s * x + c * side * y, z) for x, y, z in pane)


def awning(across: Point, wall_y: float, *, colours: tuple[Colour, Colour], out_m: float = 1.3) -> Prop:
    """A striped cloth over a shop window `across` x metres, hanging from a wall at `wall_y` that faces the camera."""
    count = max(2, round((across[1] - across[0]) / 0.45))
    edges = np.linspace(across[0], across[1], count + 1)
    high, low, front = 3.35, 2.65, wall_y - out_m
    slope = np.array([0.0, low - high, out_m]) / np.hypot(high - low, out_m)
    parts: list[Part] = []
    for k, (a, b) in enumerate(pairwise(edges)):
        cloth = np.array([[a, wall_y, high], [b, wall_y, high], [b, front, low], [a, front, low]])
        flap = np.array([[a, front, low], [b, front, low], [b, front, low - 0.22], [a, front, low - 0.22]])
        parts.append(Face((cloth,), slope, colours[k % 2]))
        parts.append(Face((flap,), np.array([0.0, -1.0, 0.0]), colours[k % 2], layer=1))
    return Prop(((across[0] + across[1]) / 2, front), tuple(parts))


def trestle_sign(at: Point) -> Prop:
    """A board with two legs that stands on the pavement."""
    x, y = at
    board = np.array([[x - 0.3, y - 0.25, 0.05], [x + 0.3, y - 0.25, 0.05], [x + 0.3, y, 1.0], [x - 0.3, y, 1.0]])
    paper = board.mean(axis=0) + (board - board.mean(axis=0)) * 0.8
    normal = np.array([0.0, -0.967, 0.254])
    parts: list[Part] = [
        Face((board,), normal, (70, 50, 40)),
        Face((paper + 0.01 * normal,), normal, (46, 58, 52), layer=1),
    ]
    for k, width in enumerate((0.36, 0.28, 0.4, 0.22)):
        low, high = 0.80 - 0.16 * k, 0.86 - 0.16 * k
        ends = [
            [x + side * width / 2, y - 0.25 * (1 - (z - 0.05) / 0.95), z]
            for side, z in ((-1, low), (1, low), (1, high), (-1, high))
        ]
        parts.append(Face((np.array(ends) + 0.02 * normal,), normal, (222, 216, 196), layer=2))
    parts += [capsule([x + s, y + 0.25, 0], [x + s, y, 1.0], 0.02, 0.02, (70, 50, 40)) for s in (-0.28, 0.28)]
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


def parasol(at: Point, *, colour: Colour) -> Prop:
    """A cafe table with two chairs under a parasol."""
    x, y = at
    steel: Colour = (120, 122, 124)
    parts: list[Part] = [capsule([x, y, 0], [x, y, 2.5], 0.03, 0.03, steel)]
    parts.append(Face((_ring(x, y, 0.74, 0.42, 16),), np.array([0, 0, 1.0]), (214, 208, 196), layer=1))
    for side in (-0.8, 0.8):
        seat = (x + side, y)
        parts += block(seat, (0.4, 0.4, 0.05), (92, 70, 54), low=0.43)
        parts += [capsule([x + side + d, y, 0], [x + side + d, y, 0.43], 0.02, 0.02, steel) for d in (-0.17, 0.17)]
        back = side * 1.25
        parts += [
            capsule([x + back, y + d, 0.45], [x + back, y + d, 0.88], 0.03, 0.03, (92, 70, 54)) for d in (-0.15, 0.15)
        ]
    rim, tip = _ring(x, y, 2.15, 1.45, 8), np.array([x, y, 2.7])
    for k in range(8):
        a, b = rim[k], rim[(k + 1) % 8]
        normal = np.cross(b - a, tip - a)
        parts.append(Face((np.stack([a, b, tip]),), normal / np.linalg.norm(normal), colour, layer=2))
    return Prop(at, tuple(parts))


def showcase(at: Point) -> Prop:
    """A glazed poster case on two legs, 1.2 m wide, facing the camera; its glass is 0.1 m before `at`."""
    x, y = at
    frame: Colour = (58, 64, 68)
    parts: list[Part] = [*block(at, (1.4, 0.18, 2.05), frame, low=0.42)]
    parts += [capsule([x + s, y, 0], [x + s, y, 0.45], 0.05, 0.05, frame) for s in (-0.55, 0.55)]
    towards = np.array([0.0, -1.0, 0.0])
    sheets: tuple[tuple[float, float, float, Colour], ...] = (
        (0.60, 0.60, 2.30, (204, 222, 226)),
        (0.52, 0.68, 1.30, (52, 108, 150)),
        (0.36, 1.45, 1.95, (222, 120, 60)),
    )
    for k, (half, low, high, colour) in enumerate(sheets):
        corners = np.array([[x - half, low], [x + half, low], [x + half, high], [x - half, high]])
        sheet = np.column_stack([corners[:, 0], np.full(4, y - 0.095), corners[:, 1]])
        parts.append(Face((sheet,), towards, colour, layer=1 + k, gloss=0.3))
    return Prop(at, tuple(parts))
