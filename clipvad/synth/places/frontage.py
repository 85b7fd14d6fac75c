"""What shops and cafes put before their fronts: awnings, boards, parasols, poster cases. `at` is x, y in metres."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from clipvad.synth.places.furniture import block, ring
from clipvad.synth.places.place import Point
from clipvad.synth.rendering.backdrop import Prop
from clipvad.synth.rendering.parts import Colour, Face, Part, capsule


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


def parasol(at: Point, *, colour: Colour) -> Prop:
    """A cafe table with two chairs under a parasol."""
    x, y = at
    steel: Colour = (120, 122, 124)
    parts: list[Part] = [capsule([x, y, 0], [x, y, 2.5], 0.03, 0.03, steel)]
    parts.append(Face((ring(x, y, 0.74, 0.42, 16),), np.array([0, 0, 1.0]), (214, 208, 196), layer=1))
    for side in (-0.8, 0.8):
        seat = (x + side, y)
        parts += block(seat, (0.4, 0.4, 0.05), (92, 70, 54), low=0.43)
        parts += [capsule([x + side + d, y, 0], [x + side + d, y, 0.43], 0.02, 0.02, steel) for d in (-0.17, 0.17)]
        back = side * 1.25
        parts += [
            capsule([x + back, y + d, 0.45], [x + back, y + d, 0.88], 0.03, 0.03, (92, 70, 54)) for d in (-0.15, 0.15)
        ]
    rim, tip = ring(x, y, 2.15, 1.45, 8), np.array([x, y, 2.7])
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
