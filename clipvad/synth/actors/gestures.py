"""What people do apart from walking: gestures as key stances at times, played over the gait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from clipvad.synth.actors import poses as p
from clipvad.synth.actors.items import ITEMS
from clipvad.synth.actors.paths import hermite, tangents
from clipvad.synth.actors.skeleton import ROWS, blend, unit
from clipvad.synth.rendering.camera import Array

BLEND_S = 0.25  # how long a gesture takes to come up and to go
FALLS = ("forward", "backward", "sideways")
_RATE = 50.0  # sampled stances a second
_ARMS = tuple(f"{bone}_{side}" for bone in ("upper_arm", "forearm") for side in "lr")
_LEGS = ("shift", *(f"{bone}_{side}" for bone in ("thigh", "shank", "heel", "toe") for side in "lr"))
_UPPER = ("trunk", "shoulders", "front", "neck", "face", *_ARMS)


@dataclass(frozen=True)
class Act:
    """A gesture of a `Walker` from `start_s` to `end_s`; `name` is one of `GESTURES`.

    `towards` (x, y in metres) is what the person faces meanwhile. `item` is what is held: `box` (before the body),
    `bag` (at the side), `bar` or `phone` (in the right hand), in `colour`. A `fall` or `lie` lasts until the next act.
    """

    name: str
    start_s: float
    end_s: float
    towards: tuple[float, float] | None = None
    item: str | None = None
    colour: tuple[float, float, float] = (150.0, 112.0, 70.0)

    def __post_init__(self) -> None:
        if self.name not in GESTURES:
            raise ValueError(f"unknown gesture {self.name!r}; known: {', '.join(GESTURES)}")
        if self.item is not None and self.item not in ITEMS:
            raise ValueError(f"unknown item {self.item!r}; known: {', '.join(ITEMS)}")
        if not self.start_s < self.end_s:
            raise ValueError(f"an act must end after its start, got {self.start_s}-{self.end_s} s")


@dataclass(frozen=True)
class Gesture:
    """Key stances [20, 3] at seconds, from 0 on; a loop ends where it began. `rows`: the bones that it moves."""

    word: str  # of the ground truth; empty: whatever the legs do
    keys: Sequence[tuple[float, Array]]
    loop: bool = False
    rows: Sequence[str] = ROWS
    item: str | None = None
    strides: bool = True  # whether the legs may walk meanwhile

    @cached_property
    def mask(self) -> Array:
        """1 for the rows that it moves, else 0. [20, 1]"""
        return np.array([[float(row in self.rows)] for row in ROWS])

    @cached_property
    def standing_mask(self) -> Array:
        """`mask` of the rows that a walk needs for itself. [20, 1]"""
        return np.asarray(self.mask * np.array([[float(row in _LEGS)] for row in ROWS]))

    @property
    def length_s(self) -> float:
        """From its first to its last key."""
        return float(self.keys[-1][0])

    def at(self, clock_s: float) -> Array:
        """The stance `clock_s` seconds after its beginning. [20, 3]"""
        samples = self._samples
        k = clock_s * _RATE
        k = k % (len(samples) - 1) if self.loop else min(max(k, 0.0), len(samples) - 1.0)
        low = min(int(k), len(samples) - 2)
        return blend(samples[low], samples[low + 1], k - low)

    @cached_property
    def _samples(self) -> Array:
        """[N, 20, 3], at least two."""
        times = np.array([t for t, _ in self.keys])
        values = np.stack([stance.ravel() for _, stance in self.keys])
        slopes = tangents(times, values)
        slopes[0], slopes[-1] = 0, 0
        grid = np.arange(max(round(float(times[-1]) * _RATE), 1) + 1) / _RATE
        return unit(hermite(times, values, slopes, grid).reshape(len(grid), len(ROWS), 3))


def _still(stance: Array) -> tuple[tuple[float, Array], ...]:
    return (0.0, stance), (0.1, stance)


_FIGHTING = {
    "guard": Gesture("fighting", ((0, p.GUARD), (0.25, p.GUARD_LOW), (0.5, p.GUARD)), loop=True),
    "punch": Gesture(
        "fighting",
        (
            (0, p.GUARD),
            (0.16, p.CROSS),
            (0.24, p.CROSS),
            (0.45, p.GUARD),
            (0.58, p.JAB),
            (0.64, p.JAB),
            (0.85, p.GUARD),
        ),
        loop=True,
    ),
    "kick": Gesture(
        "fighting",
        ((0, p.GUARD), (0.22, p.CHAMBER), (0.38, p.KICK), (0.48, p.KICK), (0.7, p.CHAMBER), (1.0, p.GUARD)),
        loop=True,
    ),
    "push": Gesture("fighting", ((0, p.SHOVE_BACK), (0.2, p.SHOVE), (0.5, p.SHOVE), (0.9, p.SHOVE_BACK)), loop=True),
    "stagger": Gesture(
        "fighting",
        ((0, p.GUARD), (0.14, p.STRUCK), (0.3, p.STRUCK), (0.7, p.REELING), (1.0, p.REELING), (1.3, p.GUARD)),
        loop=True,
    ),
}
_FALLING = {
    "forward": ((0.0, p.STANDING), (0.28, p.STUMBLE), (0.56, p.KNEELING), (0.9, p.PRONE)),
    "backward": ((0.0, p.STANDING), (0.28, p.BUCKLING), (0.56, p.SITTING), (0.9, p.SUPINE)),
    "sideways": ((0.0, p.STANDING), (0.28, p.SAGGING), (0.56, p.CRUMPLED), (0.9, p.ON_SIDE)),
}
_LYING = {"forward": p.PRONE, "backward": p.SUPINE, "sideways": p.ON_SIDE}
_RISING = {
    "forward": (p.PRONE, p.ALL_FOURS, p.HALF_KNEEL, p.STANDING),
    "backward": (p.SUPINE, p.SITTING, p.CROUCHING, p.STANDING),
    "sideways": (p.ON_SIDE, p.CRUMPLED, p.HALF_KNEEL, p.STANDING),
}
_OTHER = {
    "crouch": Gesture("crouching", _still(p.CROUCHING), strides=False),
    "cower": Gesture("crouching", ((0, p.COWERING), (0.4, p.COWERING_LOW), (0.8, p.COWERING)), loop=True),
    "reach": Gesture(
        "reaching",
        (
            (0, p.TAKING),
            (0.5, p.REACHING),
            (1.1, p.REACHING),
            (1.6, p.TAKING),
            (2.1, p.STOWING),
            (2.5, p.STOWING),
            (2.9, p.TAKING),
        ),
        loop=True,
    ),
    "throw": Gesture(
        "throwing",
        (
            (0, p.STANDING),
            (0.45, p.WIND_UP),
            (0.6, p.WIND_UP),
            (0.8, p.RELEASE),
            (0.95, p.FOLLOW),
            (1.2, p.FOLLOW),
            (1.6, p.STANDING),
        ),
        loop=True,
    ),
    "hit": Gesture(
        "hitting",
        ((0, p.RAISED), (0.15, p.RAISED), (0.34, p.STRIKE), (0.48, p.STRIKE), (0.85, p.RAISED)),
        loop=True,
        item="bar",
    ),
    "wait": Gesture(
        "waiting",
        (
            (0, p.WAIT_LEFT),
            (2.2, p.WAIT_LEFT),
            (3.0, p.WAIT_WATCH),
            (4.2, p.WAIT_WATCH),
            (5.0, p.WAIT_RIGHT),
            (7.2, p.WAIT_RIGHT),
            (8.0, p.WAIT_FOLDED),
            (11.0, p.WAIT_FOLDED),
            (12.0, p.WAIT_LEFT),
        ),
        loop=True,
    ),
    "wave": Gesture("", ((0, p.WAVE_OUT), (0.35, p.WAVE_IN), (0.7, p.WAVE_OUT)), loop=True, rows=_ARMS),
    "phone": Gesture("", _still(p.PHONING), rows=(*_ARMS, "neck", "face"), item="phone"),
    "carry": Gesture("carrying", _still(p.CARRY_BOX), rows=_UPPER, item="box"),
    "carry bag": Gesture("carrying", _still(p.CARRY_BAG), rows=("upper_arm_r", "forearm_r"), item="bag"),
    "flee": Gesture("fleeing", ((0, p.ALARM), (0.25, p.ALARM_OTHER), (0.5, p.ALARM)), loop=True, rows=_ARMS),
}
_BODILY = {
    way: {
        "fall": Gesture("falling", _FALLING[way], strides=False),
        "lie": Gesture("lying", _still(_LYING[way]), strides=False),
        "get up": Gesture("crouching", tuple(zip((0.0, 0.6, 1.1, 1.6), _RISING[way], strict=True)), strides=False),
    }
    for way in FALLS
}
GESTURES = tuple(n for n in (*_BODILY["forward"], *_FIGHTING, *_OTHER) if n != "carry bag")


def gesture(act: Act, *, falls: str = "forward") -> Gesture:
    """How `act` is played by a person that falls this way."""
    return _GESTURES[falls]["carry bag" if act.name == "carry" and act.item == "bag" else act.name]


_GESTURES: Mapping[str, Mapping[str, Gesture]] = {way: {**_BODILY[way], **_FIGHTING, **_OTHER} for way in FALLS}
