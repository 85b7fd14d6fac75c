"""Chance: clothes, colours of cars, shapes. Everyone draws from the same, so looks tell nothing about what happens."""

from __future__ import annotations

import numpy as np

from clipvad.synth.actors.bodies import Outfit
from clipvad.synth.actors.vehicles import CAR_SHAPES, CarShape
from clipvad.synth.rendering.parts import Colour

_SKIN = (
    (236, 196, 170),
    (222, 178, 148),
    (205, 160, 130),
    (176, 130, 102),
    (150, 106, 80),
    (120, 84, 64),
    (88, 62, 48),
)
_HAIR = (
    (24, 20, 18),
    (36, 28, 24),
    (50, 36, 28),
    (66, 44, 30),
    (92, 68, 44),
    (112, 80, 46),
    (190, 160, 96),
    (150, 148, 146),
)
_TOPS = (
    (206, 202, 192), (232, 230, 224), (150, 146, 140), (66, 66, 70), (36, 38, 42), (52, 74, 122),
    (60, 100, 150), (120, 150, 180), (158, 52, 48), (190, 80, 60), (206, 168, 66), (96, 124, 88), (60, 84, 62),
    (120, 96, 140), (52, 92, 96), (188, 130, 140), (140, 104, 74), (214, 186, 150),
)  # fmt: skip
_BOTTOMS = (
    (48, 58, 92), (66, 80, 116), (40, 44, 56), (42, 42, 48), (28, 28, 32), (62, 66, 80), (120, 104, 82),
    (150, 138, 116), (84, 80, 74), (90, 70, 56),
)  # fmt: skip
_SHOES = ((35, 32, 32), (70, 58, 48), (206, 204, 200), (110, 60, 50), (60, 66, 84))
_BAGS = ((44, 46, 58), (58, 52, 48), (150, 70, 40), (36, 36, 38), (70, 96, 74), (130, 44, 52), (176, 160, 128))
_CARS = (
    (228, 228, 226), (196, 198, 200), (150, 152, 156), (96, 98, 104), (44, 46, 50), (24, 25, 28), (168, 38, 38),
    (120, 28, 34), (44, 72, 132), (30, 46, 84), (60, 90, 74), (182, 166, 132), (206, 120, 44),
)  # fmt: skip
_VESTS = ((226, 232, 60), (250, 128, 36))
_HELMETS = ((246, 214, 50), (240, 240, 236), (230, 96, 40), (52, 96, 176))


def random_outfit(rng: np.random.Generator) -> Outfit:
    """What anyone might wear; the colours vary a little around common ones."""
    skin = _pick(rng, _SKIN)
    bare = bool(rng.random() < 0.28)  # shorts or a skirt
    skirt = bool(rng.random() < 0.4) if bare else False
    warm = bool(rng.random() < 0.3) and not bare
    top = _pick(rng, _TOPS)
    return Outfit(
        top=top,
        bottom=_pick(rng, _BOTTOMS),
        shoes=_pick(rng, _SHOES),
        skin=skin,
        hair=_pick(rng, _HAIR),
        sleeve=top if not warm and rng.random() < (0.75 if bare else 0.35) else None,
        legs=skin if bare else None,
        coat=warm,
        skirt=skirt,
        long_hair=bool(rng.random() < 0.42),
        backpack=_pick(rng, _BAGS) if rng.random() < 0.25 else None,
        bag=_pick(rng, _BAGS) if rng.random() < 0.15 else None,
        hat=_pick(rng, _TOPS) if rng.random() < 0.14 else None,
        build=float(rng.uniform(0.88, 1.14)),
    )


def random_worker_outfit(rng: np.random.Generator) -> Outfit:
    """Work clothes: a high-visibility vest and a helmet."""
    return Outfit(
        top=_pick(rng, _TOPS),
        bottom=_pick(rng, _BOTTOMS),
        shoes=_pick(rng, _SHOES[:2]),
        skin=_pick(rng, _SKIN),
        hair=_pick(rng, _HAIR),
        vest=_pick(rng, _VESTS),
        helmet=_pick(rng, _HELMETS),
        build=float(rng.uniform(0.92, 1.14)),
    )


def random_rider_outfit(rng: np.random.Generator) -> Outfit:
    """Motorcycle clothes: dark, with a closed helmet."""
    return Outfit(
        top=_pick(rng, ((44, 44, 48), (60, 52, 46), (52, 60, 84), (120, 36, 36))),
        bottom=_pick(rng, _BOTTOMS[2:5]),
        skin=_pick(rng, _SKIN),
        helmet=_pick(rng, _CARS),
        visor=True,
        build=float(rng.uniform(0.98, 1.14)),
    )


def random_car_colour(rng: np.random.Generator) -> Colour:
    """A car's paint, as common as on streets: mostly white, grey and black."""
    return _pick(rng, _CARS)


def random_car_shape(rng: np.random.Generator) -> CarShape:
    """A saloon, an estate, a hatchback or an SUV."""
    return CAR_SHAPES[int(rng.integers(len(CAR_SHAPES)))]


def _pick(rng: np.random.Generator, colours: tuple[tuple[int, int, int], ...]) -> Colour:
    """One of the colours, made a little lighter or darker and less or more red, green and blue."""
    r, g, b = np.clip(
        np.array(colours[int(rng.integers(len(colours)))]) * rng.uniform(0.9, 1.08) + rng.normal(0, 5, 3), 12, 246
    )
    return (round(float(r)), round(float(g)), round(float(b)))
