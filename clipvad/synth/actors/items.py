"""What a person holds, hung on the hands like clothes on a body."""

from __future__ import annotations

from functools import lru_cache

from clipvad.synth.actors.bodies import POINT_ROW, Piece, Suit, piece
from clipvad.synth.rendering.parts import Colour

ITEMS = ("box", "bag", "bar", "phone")
_DARK: Colour = (24.0, 24.0, 28.0)


@lru_cache(maxsize=256)
def held_item(name: str, colour: Colour, stature_m: float) -> Suit:
    """One of `ITEMS` in the hands of a person of `stature_m`."""
    return Suit(_pieces(name, colour), stature_m=stature_m)


def _pieces(name: str, colour: Colour) -> list[Piece]:
    left, right, elbow = (POINT_ROW[n] for n in ("wrist_l", "wrist_r", "elbow_r"))
    front, aside, up = (POINT_ROW[n] for n in ("front", "shoulders", "up"))
    along = right - elbow  # the forearm, so a bar goes where the hand points
    hand = right + 0.22 * along
    if name == "box":
        middle = (left + right) / 2 + 0.05 * front
        corners = [
            middle + x * front + y * aside + z * up for x in (-0.07, 0.07) for y in (-0.10, 0.10) for z in (-0.03, 0.11)
        ]
        return [piece(corners, [0.016] * 8, colour)]
    if name == "bag":
        top = hand - 0.075 * up
        corners = [top + x * front + z * up for x in (-0.085, 0.085) for z in (0.0, -0.13)]
        handles = [piece([hand, top + x * front], [0.008, 0.008], colour) for x in (-0.04, 0.04)]
        return [piece(corners, [0.028] * 4, colour), *handles]
    if name == "bar":
        return [piece([hand - 0.3 * along, hand + 2.1 * along], [0.013, 0.015], colour)]
    return [piece([hand - 0.02 * up, hand + 0.045 * up], [0.013, 0.013], _DARK)]
