"""What stands on a railway platform: pillars, benches, a name board, a shelter, a vending machine. `at` in metres."""

from __future__ import annotations

import numpy as np

from clipvad.synth.places.furniture import block
from clipvad.synth.places.shelving import raised
from clipvad.synth.rendering.backdrop import Prop
from clipvad.synth.rendering.parts import Colour, Face, Part, capsule

Point = tuple[float, float]
_STEEL: Colour = (104, 110, 116)
_BLUE: Colour = (34, 66, 128)


def pillar(at: Point, *, height_m: float) -> Prop:
    """A steel column with a flange at its foot, and the lamp that it carries."""
    x, y = at
    parts: list[Part] = [*block(at, (0.5, 0.5, 0.12), (128, 126, 122))]
    parts += raised(block(at, (0.24, 0.24, height_m), (58, 84, 96)), 1, casts_shadow=True)
    parts += raised(block((x + 0.45, y), (1.3, 0.3, 0.1), (222, 222, 214), low=height_m - 0.1), 2)
    return Prop(at, tuple(parts))


def bench(at: Point) -> Prop:
    """A steel bench along y, its back to smaller x."""
    x, y = at
    slats = [(x - 0.05 + 0.13 * k, 0.45) for k in range(4)] + [(x - 0.16 - 0.03 * k, 0.62 + 0.13 * k) for k in range(3)]
    parts: list[Part] = [capsule([u, y - 0.9, z], [u, y + 0.9, z], 0.045, 0.045, (70, 92, 116)) for u, z in slats]
    for side in (-0.7, 0.7):
        parts.append(capsule([x + 0.3, y + side, 0], [x + 0.3, y + side, 0.42], 0.035, 0.035, _STEEL))
        parts.append(capsule([x - 0.12, y + side, 0], [x - 0.22, y + side, 0.88], 0.035, 0.035, _STEEL))
    return Prop(at, tuple(parts))


def name_board(at: Point) -> Prop:
    """The station's name on a blue board over two posts, across the platform; the letters are strokes."""
    x, y = at
    parts: list[Part] = [capsule([x + s, y, 0], [x + s, y, 2.9], 0.05, 0.05, _STEEL) for s in (-0.9, 0.9)]
    parts += raised(block(at, (2.1, 0.08, 0.55), _BLUE, low=2.4), 1)
    for k, width in enumerate((0.16, 0.10, 0.18, 0.12, 0.16, 0.10, 0.14)):
        left = x - 0.82 + 0.235 * k
        glyph = np.array([[left, 2.55], [left + width, 2.55], [left + width, 2.80], [left, 2.80]])
        corners = np.column_stack([glyph[:, 0], np.full(4, y - 0.05), glyph[:, 1]])
        parts.append(Face((corners,), np.array([0, -1.0, 0]), (330, 330, 324), layer=2, casts_shadow=False))
    return Prop(at, tuple(parts))


def vending_machine(at: Point) -> Prop:
    """A vending machine against a wall at smaller x: its pane and rows of goods look to larger x."""
    x, y = at
    front = x + 0.4
    parts: list[Part] = [*block(at, (0.8, 1.0, 1.85), (176, 44, 42))]
    parts.append(_pane(front + 0.005, (y - 0.42, y + 0.42), (0.65, 1.78), (236, 244, 246), 1))
    colours: tuple[Colour, ...] = ((220, 70, 50), (240, 190, 60), (70, 130, 200), (90, 170, 100))
    for row in range(4):
        for column in range(6):
            left, low = y - 0.38 + 0.13 * column, 0.72 + 0.26 * row
            parts.append(
                _pane(front + 0.01, (left, left + 0.09), (low, low + 0.16), colours[(row + column // 2) % 4], 2)
            )
    parts.append(_pane(front + 0.01, (y - 0.3, y + 0.3), (0.25, 0.45), (30, 30, 32), 2))
    return Prop(at, tuple(parts))


def glass_shelter(at: Point) -> Prop:
    """A waiting shelter open to smaller x: frame, roof, and panes that are seen by their streaks of sky."""
    x, y = at
    parts: list[Part] = []
    for u in (-0.7, 0.7):
        for v in (-2.0, 0.0, 2.0):
            parts.append(capsule([x + u, y + v, 0], [x + u, y + v, 2.4], 0.05, 0.05, _STEEL))
    parts += raised(block(at, (1.9, 4.6, 0.14), (88, 94, 100), low=2.4), 2, casts_shadow=True)
    parts += block((x + 0.4, y), (0.45, 3.4, 0.06), (70, 92, 116), low=0.42)
    for v in (-1.5, 0.5):
        streak = np.array([[x + 0.7, y + v, 0.3], [x + 0.7, y + v + 0.3, 0.3], [x + 0.7, y + v + 0.9, 2.2]])
        streak = np.vstack([streak, [[x + 0.7, y + v + 0.6, 2.2]]])
        parts.append(Face((streak,), np.array([-1.0, 0, 0]), (250, 255, 255), layer=1, casts_shadow=False))
    return Prop(at, tuple(parts))


def _pane(x: float, y: tuple[float, float], z: tuple[float, float], colour: Colour, layer: int) -> Face:
    corners = np.array([[x, y[0], z[0]], [x, y[1], z[0]], [x, y[1], z[1]], [x, y[0], z[1]]])
    r, g, b = colour
    return Face((corners,), np.array([1.0, 0, 0]), (1.3 * r, 1.3 * g, 1.3 * b), layer=layer, casts_shadow=False)
