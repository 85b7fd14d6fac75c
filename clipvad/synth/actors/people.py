"""Who moves through a scene: each actor says where it is, what it does and which solids it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import atan2, cos, inf, pi, sin
from typing import Protocol

import numpy as np

from clipvad.synth.actors.bodies import Outfit, dressed
from clipvad.synth.actors.gait import gait, run_speed, stride
from clipvad.synth.actors.gestures import BLEND_S, FALLS, Act, Gesture, gesture
from clipvad.synth.actors.items import held_item
from clipvad.synth.actors.paths import Path
from clipvad.synth.actors.skeleton import ROW, Pose, blend, stand_up
from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Part
from clipvad.synth.rendering.rigid import Rigid, upright

STANDS_BELOW = 0.15  # m/s


class Actor(Protocol):
    """Anything that moves. Solids are in world metres; a time outside `path` means it is not there."""

    @property
    def kind(self) -> str:
        """Its class, as the ground truth names it."""
        ...

    @property
    def path(self) -> Path:
        """Where it is, and from when to when."""
        ...

    def parts(self, t_s: float) -> list[Part]:
        """Its solids at `t_s`."""
        ...

    def action(self, t_s: float) -> str:
        """What it does at `t_s`, in a word or two."""
        ...


@dataclass(frozen=True)
class _Cue:
    """When an act's gesture comes up, is released and is gone; what it faces."""

    act: Act
    gesture: Gesture
    release_s: float
    towards: tuple[float, float] | None

    def weight(self, t_s: float) -> float:
        """How much of the body it has, 0-1."""
        if not self.act.start_s < t_s < self.release_s + BLEND_S:
            return 0.0
        part = min((t_s - self.act.start_s) / BLEND_S, (self.release_s + BLEND_S - t_s) / BLEND_S, 1.0)
        return part * part * (3 - 2 * part)


@dataclass(frozen=True)
class Walker:
    """A person on foot: walks, runs above about 2.2 m/s, stands below 0.15 m/s; feet do not slide.

    `acts` are gestures played over the gait; a person that fell lies until the next act. `falls`: which way, one of
    `forward`, `backward`, `sideways`.
    """

    path: Path
    outfit: Outfit = field(default_factory=Outfit)
    stature_m: float = 1.72
    phase: float = 0.0
    kind: str = "person"
    acts: tuple[Act, ...] = ()
    falls: str = "forward"

    def __post_init__(self) -> None:
        if self.falls not in FALLS:
            raise ValueError(f"unknown way to fall {self.falls!r}; known: {', '.join(FALLS)}")

    def pose(self, t_s: float) -> Pose:
        """Joints in the body's frame."""
        speed = self.path.speed(t_s)
        phase = self.phase + float(np.interp(t_s, self.path.times, self._cycles))
        stance = gait(speed=speed, phase=phase, stature_m=self.stature_m)
        if speed < STANDS_BELOW:
            stance[ROW["face"]] = _glance(t_s / 9.0 + self.phase, 1 - speed / STANDS_BELOW)
        for cue in self._cues:
            weight = cue.weight(t_s)
            if weight > 0:
                stance = blend(stance, cue.gesture.at(t_s - cue.act.start_s), weight * _share(cue.gesture, speed))
        return stand_up(stance, stature_m=self.stature_m)

    def parts(self, t_s: float) -> list[Part]:
        """Body, clothes and what is held, turned to the direction of travel or to what an act faces."""
        at = self.path.position(t_s)
        pose, (turn, shift) = self.pose(t_s), upright(at, self._bearing(t_s, at))
        parts: list[Part] = [*dressed(self.outfit, self.stature_m).parts(pose, turn, shift)]
        for cue in self._cues:
            item = cue.act.item or cue.gesture.item
            if item is not None and cue.weight(t_s) > 0.5:
                parts += held_item(item, cue.act.colour, self.stature_m).parts(pose, turn, shift)
        return parts

    def action(self, t_s: float) -> str:
        """The word of its act, or else `walking`, `running` or `standing`."""
        for cue in reversed(self._cues):
            if cue.act.start_s <= t_s < cue.release_s and cue.gesture.word:
                if cue.act.name == "fall" and t_s >= cue.act.start_s + cue.gesture.length_s:
                    return "lying"
                return cue.gesture.word
        speed = self.path.speed(t_s)
        if speed <= STANDS_BELOW:
            return "standing"
        return "running" if speed > run_speed(self.stature_m) else "walking"

    @cached_property
    def _cycles(self) -> Array:
        """Cycles of the gait since the start, at each of the path's `times`. [N]"""
        steps = np.diff(self.path.lengths)
        speeds = steps / np.diff(self.path.times)
        return np.concatenate([[0.0], np.cumsum(steps / stride(speeds, stature_m=self.stature_m))])

    @cached_property
    def _cues(self) -> tuple[_Cue, ...]:
        acts = sorted(self.acts, key=lambda a: a.start_s)
        cues: list[_Cue] = []
        for k, act in enumerate(acts):
            following = acts[k + 1].start_s if k + 1 < len(acts) else inf
            lasting = act.name in ("fall", "lie")
            # Until the next gesture has come up in full, this one stays: no gait shows through between them.
            joined = lasting or following <= act.end_s + BLEND_S
            release = max(act.end_s, following + BLEND_S) if joined else act.end_s
            towards = act.towards
            if towards is None and cues and act.name in ("lie", "get up"):
                towards = cues[-1].towards
            cues.append(_Cue(act, gesture(act, falls=self.falls), release, towards))
        return tuple(cues)

    def _bearing(self, t_s: float, at: Array) -> float:
        bearing = self.path.bearing(t_s)
        for cue in self._cues:
            weight = cue.weight(t_s) if cue.towards is not None else 0.0
            if weight > 0 and cue.towards is not None:
                away = atan2(cue.towards[1] - at[1], cue.towards[0] - at[0]) - bearing
                bearing += weight * ((away + pi) % (2 * pi) - pi)
        return bearing


def _glance(cycle: float, ease: float) -> tuple[float, float, float]:
    """Where a person looks that stands about: now left, now right, mostly ahead; `ease` in 0-1 is how far."""
    turn = ease * 0.8 * sin(2 * pi * cycle) ** 3 + ease * 0.3 * sin(6.3 * pi * cycle) ** 3
    return cos(turn), sin(turn), 0.0


def _share(gesture: Gesture, speed: float) -> Array:
    """What a gesture may move at this speed: legs that walk are left to the gait. [20, 1]"""
    walks = min(speed / 0.5, 1.0) if gesture.strides else 0.0
    return gesture.mask - walks * gesture.standing_mask


def stand(parts: Sequence[Part], *, at: Array, heading: Array, pivot_x: float = 0.0) -> list[Part]:
    """Solids from their own frame into the world: its `pivot_x` comes to `at` [2] and its x turns to `heading` [2]."""
    return Rigid(parts).placed(*upright(at, atan2(heading[1], heading[0]), pivot_x=pivot_x))
