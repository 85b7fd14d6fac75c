"""Dogs, alone or on a lead."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, pi, radians, sin

import numpy as np

from clipvad.synth.actors.bodies import Outfit
from clipvad.synth.actors.gestures import Act
from clipvad.synth.actors.paths import Path
from clipvad.synth.actors.people import Walker
from clipvad.synth.actors.skeleton import POINT
from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Blob, Colour, Part, capsule
from clipvad.synth.rendering.rigid import Rigid, upright

_NOSE: Colour = (30.0, 26.0, 26.0)
_BESIDE = np.array([0.75, -0.55, 0.0])  # where a dog walks, seen from who leads it; metres
_COLLAR = np.array([0.36, 0.0, 0.80])  # in heights of the dog's shoulder
_STRIDE = 1.7  # metres of a trot's cycle, in heights


def dog(*, way_m: float, swing: float, height_m: float, colour: Colour) -> list[Part]:
    """A dog about the middle of its body, its shoulder at `height_m`; it trots with the way travelled, as far as
    `swing` (0 standing to 1 trotting) says."""
    h = height_m
    cycle = way_m / (_STRIDE * h)
    dark: Colour = (0.8 * colour[0], 0.8 * colour[1], 0.8 * colour[2])
    bob = 0.02 * h * swing * cos(4 * pi * cycle)
    wag = 0.10 * sin(6 * pi * cycle) + 0.05

    def at(*places: tuple[float, float, float]) -> Array:
        return np.array(places) * h + [0.0, 0.0, bob]

    parts: list[Part] = [
        Blob(at((0.32, 0, 0.80), (0.20, 0, 0.70), (-0.40, 0, 0.80)), np.array([0.15, 0.18, 0.14]) * h, colour),
        Blob(at((0.38, 0, 0.84), (0.56, 0, 1.06)), np.array([0.12, 0.10]) * h, colour),
        Blob(at((0.58, 0, 1.10)), np.array([0.125 * h]), colour),
        Blob(at((0.64, 0, 1.07), (0.80, 0, 1.02)), np.array([0.07, 0.045]) * h, colour),
        Blob(at((0.83, 0, 1.03)), np.array([0.035 * h]), _NOSE),
        Blob(at((0.52, 0.09, 1.16), (0.53, 0.12, 1.02)), np.array([0.04, 0.05]) * h, dark),
        Blob(at((0.52, -0.09, 1.16), (0.53, -0.12, 1.02)), np.array([0.04, 0.05]) * h, dark),
        Blob(
            at((-0.48, 0, 0.84), (-0.66, wag, 1.02), (-0.72, 1.6 * wag, 1.16)), np.array([0.05, 0.035, 0.025]) * h, dark
        ),
    ]
    for x, y, offset, fore in (
        (0.30, 0.10, 0.0, True),
        (0.30, -0.10, 0.5, True),
        (-0.40, 0.10, 0.5, False),
        (-0.40, -0.10, 0.0, False),
    ):
        top = np.array([x * h, y * h, 0.72 * h + bob])
        parts += _leg(top, cycle + offset, swing, fore=fore, h=h, colour=colour if y > 0 else dark)
    return parts


def _leg(top: Array, cycle: float, swing: float, *, fore: bool, h: float, colour: Colour) -> list[Part]:
    """Two bones: back and forth, folded while the foot goes forward."""
    p = cycle % 1.0
    upper = radians(swing * 24 * cos(2 * pi * p) + (0 if fore else 16))
    fold = radians(swing * 50 * max(0.0, -sin(2 * pi * p)) ** 1.5 + (4 if fore else 34))
    knee = top + 0.35 * h * np.array([sin(upper), 0.0, -cos(upper)])
    lower = upper - fold
    length = min(0.34 * h, float(knee[2] - 0.03 * h) / max(cos(lower), 0.2))  # a paw rests on the ground, not in it
    paw = knee + length * np.array([sin(lower), 0.0, -cos(lower)])
    thick = 0.075 if fore else 0.10
    return [
        capsule(top, knee, thick * h, 0.045 * h, colour),
        capsule(knee, paw, 0.042 * h, 0.032 * h, colour),
        capsule(paw, paw + [0.05 * h, 0, 0], 0.032 * h, 0.03 * h, colour),
    ]


@dataclass(frozen=True)
class Dog:
    """A dog that runs about by itself; `height_m` is that of its shoulder."""

    path: Path
    coat: Colour = (120.0, 84.0, 50.0)
    height_m: float = 0.52
    kind: str = "dog"

    def parts(self, t_s: float) -> list[Part]:
        """Its body."""
        turn, shift = upright(self.path.position(t_s), self.path.bearing(t_s))
        return Rigid(_trotting(self.path, t_s, self.height_m, self.coat)).placed(turn, shift)

    def action(self, t_s: float) -> str:
        """`running`, `walking` or `standing`."""
        speed = self.path.speed(t_s)
        return "running" if speed > 2.5 else "walking" if speed > 0.15 else "standing"


@dataclass(frozen=True)
class DogWalker:
    """A person and a dog on a lead: one actor."""

    path: Path
    outfit: Outfit = field(default_factory=Outfit)
    stature_m: float = 1.70
    phase: float = 0.0
    coat: Colour = (120.0, 84.0, 50.0)
    dog_height_m: float = 0.52
    acts: tuple[Act, ...] = ()
    kind: str = "dog walker"

    @property
    def person(self) -> Walker:
        """Who holds the lead."""
        return Walker(self.path, self.outfit, self.stature_m, self.phase, acts=self.acts)

    def parts(self, t_s: float) -> list[Part]:
        """Person, dog and lead."""
        person = self.person
        turn, shift = upright(self.path.position(t_s), self.path.bearing(t_s))
        hand = person.pose(t_s).points[POINT["wrist_r"]]
        collar = _COLLAR * self.dog_height_m + _BESIDE
        sag = (hand + collar) / 2 - [0.0, 0.0, 0.10]
        lead = [capsule(a, b, 0.009, 0.009, (60.0, 30.0, 30.0)) for a, b in ((hand, sag), (sag, collar))]
        animal = Rigid(_trotting(self.path, t_s, self.dog_height_m, self.coat)).placed(turn, shift + _BESIDE @ turn)
        return [*person.parts(t_s), *animal, *Rigid(lead).placed(turn, shift)]

    def action(self, t_s: float) -> str:
        """What the person does."""
        return self.person.action(t_s)


def _trotting(path: Path, t_s: float, height_m: float, colour: Colour) -> list[Part]:
    swing = min(path.speed(t_s) / 0.8, 1.0)
    return dog(way_m=path.travelled(t_s), swing=swing, height_m=height_m, colour=colour)
