"""People as solids: what they wear, hung on the joints of a pose.

Every sphere of a body sits at a fixed mix of joints and axes, so a person is one matrix, made once, times a pose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from clipvad.synth.actors.skeleton import POINT, Pose, childhood
from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Blob, Colour

_STRIPE: Colour = (226.0, 228.0, 220.0)
_VISOR: Colour = (26.0, 30.0, 36.0)
POINT_ROW = dict(zip(POINT, np.eye(len(POINT)), strict=True))  # a point of a pose as its row of weights
_FRONT, _LEFT, _UP, _FACE = POINT_ROW["front"], POINT_ROW["shoulders"], POINT_ROW["neck"], POINT_ROW["face"]


@dataclass(frozen=True, kw_only=True)
class Outfit:
    """What a person looks like. Colours are RGB 0-255; None where there is no such piece.

    `sleeve`: of a short-sleeved arm; `coat` hangs over the thighs; `legs`: bare (or stockinged) below shorts, or a
    `skirt`; `bag` hangs from the shoulder; `vest`: high-visibility; `helmet` replaces hair, `visor` closes it.
    """

    top: Colour = (60.0, 80.0, 130.0)
    bottom: Colour = (48.0, 50.0, 62.0)
    shoes: Colour = (35.0, 32.0, 32.0)
    skin: Colour = (205.0, 160.0, 130.0)
    hair: Colour = (50.0, 36.0, 28.0)
    sleeve: Colour | None = None
    legs: Colour | None = None
    coat: bool = False
    skirt: bool = False
    long_hair: bool = False
    backpack: Colour | None = None
    bag: Colour | None = None
    hat: Colour | None = None
    vest: Colour | None = None
    helmet: Colour | None = None
    visor: bool = False
    build: float = 1.0


@dataclass(frozen=True)
class Piece:
    """A hull of spheres that moves with a body: `weights` of its points [K, 23], `radii` [K] in statures."""

    weights: Array
    radii: Array
    colour: Colour


class Suit:
    """A set of pieces, to be hung on any pose of a body of `stature_m`."""

    def __init__(self, pieces: Sequence[Piece], *, stature_m: float) -> None:
        self._weights = np.concatenate([p.weights for p in pieces])
        ends = np.cumsum([len(p.radii) for p in pieces]).tolist()
        spans = zip([0, *ends], ends, pieces, strict=False)
        self._cuts = [(slice(a, b), p.radii * stature_m, p.colour) for a, b, p in spans]

    def parts(self, pose: Pose, turn: Array, shift: Array) -> list[Blob]:
        """Solids of a pose, then turned by `turn` [3, 3] (rows: where x, y, z go) and moved by `shift` [3]."""
        centres = self._weights @ pose.points @ turn + shift
        return [Blob(centres[cut], radii, colour) for cut, radii, colour in self._cuts]


@lru_cache(maxsize=512)
def dressed(outfit: Outfit, stature_m: float) -> Suit:
    """A body in its clothes."""
    pieces = [*_limbs(outfit), *_trunk(outfit), *_head(outfit, 1 + 0.38 * childhood(stature_m))]
    return Suit(pieces, stature_m=stature_m)


def piece(points: Sequence[Array], radii: Sequence[float] | Array, colour: Colour) -> Piece:
    """A hull of spheres around `points` (weights [23] each) with `radii` in statures."""
    return Piece(np.stack(list(points)), np.asarray(radii, dtype=float), colour)


def _limbs(outfit: Outfit) -> list[Piece]:
    b = outfit.build
    thigh = outfit.legs if outfit.legs and outfit.skirt else outfit.bottom
    shank = outfit.legs or outfit.bottom
    # Under a hem no thigh is drawn: the near one would lie over the cloth.
    hidden = max(_hem(outfit) - 0.03, 0.0)
    sleeve, forearm = (outfit.sleeve, outfit.skin) if outfit.sleeve else (outfit.top, outfit.top)
    pieces = []
    for s in "lr":
        hip, knee, ankle, heel, toe = (POINT_ROW[f"{j}_{s}"] for j in ("hip", "knee", "ankle", "heel", "toe"))
        shoulder, elbow, wrist = (POINT_ROW[f"{j}_{s}"] for j in ("shoulder", "elbow", "wrist"))
        slim = 0.86 if outfit.legs else 1.0
        pieces += [
            piece([hip + hidden * (knee - hip), knee], [(0.052 - 0.016 * hidden) * b, 0.036 * b], thigh),
            piece([knee, ankle], [0.036 * b * slim, 0.026 * slim], shank),
            piece([heel, toe], [0.021, 0.015], outfit.shoes),
            piece([shoulder, elbow], [0.033 * b, 0.027 * b], sleeve),
            piece([elbow, wrist], [0.026, 0.020], forearm),
            piece([wrist, wrist + 0.22 * (wrist - elbow)], [0.018, 0.019], outfit.skin),
        ]
    return pieces


def _trunk(outfit: Outfit) -> list[Piece]:
    hips, shoulders, knees = ([POINT_ROW[f"{j}_{s}"] for s in "lr"] for j in ("hip", "shoulder", "knee"))
    neck = (shoulders[0] + shoulders[1]) / 2
    middle = [(hip + shoulder) / 2 for hip, shoulder in zip(hips, shoulders, strict=True)]
    slope = [shoulder + 0.22 * (neck - shoulder) for shoulder in shoulders]
    b = outfit.build
    shirt = [*(hip + 0.03 * _UP for hip in hips), *middle, *slope]
    pieces = [
        piece(shirt, np.array([0.052, 0.052, 0.052, 0.052, 0.042, 0.042]) * b, outfit.vest or outfit.top),
        piece(hips, [0.057 * b] * 2, outfit.top if outfit.coat else outfit.bottom),
    ]
    if _hem(outfit):
        hem = [hip + _hem(outfit) * (knee - hip) for hip, knee in zip(hips, knees, strict=True)]
        flare = 0.054 if outfit.coat else 0.060
        colour = outfit.top if outfit.coat else outfit.bottom
        pieces.append(piece([*hips, *hem], np.array([0.062, 0.062, flare, flare]) * b, colour))
    if outfit.vest is not None:
        pieces += _stripes(hips, slope, b)
    back = -0.085 * _FRONT
    if outfit.backpack is not None:
        waist = (middle[0] + middle[1]) / 2
        pack = [shoulder + 0.44 * (neck - shoulder) + back - 0.04 * _UP for shoulder in shoulders]
        pack += [waist + 0.7 * (m - waist) + back for m in middle]
        pieces.append(piece(pack, [0.040, 0.040, 0.055, 0.055], outfit.backpack))
    if outfit.bag is not None:
        side = hips[1] - 0.075 * _LEFT
        sack = [side + x * _FRONT + z * _UP for x in (-0.055, 0.055) for z in (-0.045, 0.055)]
        strap = [slope[0] + 0.05 * _FRONT, side + 0.05 * _UP + 0.05 * _FRONT]
        pieces += [piece(sack, [0.022] * 4, outfit.bag), piece(strap, [0.009] * 2, outfit.bag)]
    return pieces


def _hem(outfit: Outfit) -> float:
    """How far down the thigh a coat or a skirt hangs, 0-1."""
    return 0.75 if outfit.coat else 0.82 if outfit.skirt else 0.0


def _stripes(hips: Sequence[Array], slope: Sequence[Array], build: float) -> list[Piece]:
    """Reflective bands of a vest, before the chest and behind it, so that the body hides those that it should."""
    pieces = []
    for depth in (0.047 * build, -0.047 * build):
        for up in (0.30, 0.62):
            band = [hip + up * (s - hip) + depth * _FRONT for hip, s in zip(hips, slope, strict=True)]
            pieces.append(piece(band, [0.012, 0.012], _STRIPE))
        for hip, s in zip(hips, slope, strict=True):
            strap = [hip + 0.62 * (s - hip) + depth * _FRONT, s + 0.7 * depth * _FRONT]
            pieces.append(piece(strap, [0.010] * 2, _STRIPE))
    return pieces


def _head(outfit: Outfit, size: float) -> list[Piece]:
    """`size` enlarges a head around the end of its neck."""
    neck = (POINT_ROW["shoulder_l"] + POINT_ROW["shoulder_r"]) / 2
    skull = POINT_ROW["skull"]

    def at(forward: float, up: float, left: float = 0.0) -> Array:
        return skull + size * (forward * _FACE + up * _UP + left * _LEFT)

    throat = piece([neck + 0.008 * _FRONT + 0.006 * _UP, skull - 0.04 * _UP], [0.028, 0.028], outfit.skin)
    if outfit.helmet is not None and outfit.visor:
        shell = piece([at(0.0, 0.012), at(0.004, -0.022)], [0.066 * size, 0.060 * size], outfit.helmet)
        glass = piece([at(0.034, 0.006, 0.02), at(0.034, 0.006, -0.02)], [0.036 * size] * 2, _VISOR)
        return [throat, shell, glass]
    pieces = [throat, piece([at(0.006, 0.008), at(0.014, -0.030)], [0.049 * size, 0.040 * size], outfit.skin)]
    hair = [at(-0.012, 0.020), at(-0.022, -0.004)]
    tail = [at(-0.034, -0.075)] if outfit.long_hair else []
    cover = outfit.helmet or outfit.hat
    if cover is None:
        pieces.append(piece([*hair, *tail], np.array([0.049, 0.046, 0.036][: 2 + len(tail)]) * size, outfit.hair))
        # The hairline lies higher and more forward than the face, so it is drawn over it, the crown behind it is not.
        pieces.append(piece([at(-0.002, 0.022)], [0.051 * size], outfit.hair))
        return [*pieces, piece([at(0.015, 0.036)], [0.033 * size], outfit.hair)]
    grow, brim = (0.058, 0.030) if outfit.helmet else (0.053, 0.022)
    pieces.append(piece([at(-0.020, -0.006), *tail], np.array([0.043, 0.036][: 1 + len(tail)]) * size, outfit.hair))
    # Two halves, so that from wherever one looks the nearer one covers the hair.
    pieces += [piece([at(x, 0.028)], [grow * size], cover) for x in (-0.026, 0.006)]
    plan = ((0.03, 0.030), (0.03, -0.030), (0.066, 0.012), (0.066, -0.012))
    peak = [at(x, brim - 0.25 * (x - 0.03), y) for x, y in plan]
    return [*pieces, piece(peak, [0.012 * size] * 4, cover)]
