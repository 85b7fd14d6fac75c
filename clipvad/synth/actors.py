"""Who moves through a scene: each actor says where it is, what it does and which solids it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from clipvad.synth import vehicles
from clipvad.synth.bodies import Outfit, clothe
from clipvad.synth.gait import gait, stride
from clipvad.synth.skeleton import ANKLE, TRUNK, HIP_HALF, Pose, fitted, stand_up
from clipvad.synth.camera import Array
from clipvad.synth.parts import Blob, Colour, Part
from clipvad.synth.paths import Path

_STRIDE = 0.77  # metres of a full stride at easy speed, as a fraction of stature
_EASY_SPEED = 1.3  # m/s


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
class Walker:
    """A person on foot. Stride length follows speed, so feet do not slide; below 0.15 m/s the person stands."""

    path: Path
    outfit: Outfit = field(default_factory=Outfit)
    stature_m: float = 1.72
    phase: float = 0.0
    kind: str = "person"

    def pose(self, t_s: float) -> Pose:
        """Joints in the body's frame."""
        speed = self.path.speed(t_s)
        phase = self.phase + self.path.travelled(t_s) / (0.77 * self.stature_m)
        return stand_up(gait(speed=speed, phase=phase, stature_m=self.stature_m), stature_m=self.stature_m)

    def parts(self, t_s: float) -> list[Part]:
        """Body and clothes, turned to the direction of travel."""
        blobs = clothe(self.pose(t_s), self.outfit, stature_m=self.stature_m)
        return stand(blobs, at=self.path.position(t_s), heading=self.path.heading(t_s))

    def action(self, t_s: float) -> str:
        """`walking` or `standing`."""
        return "walking" if self.path.speed(t_s) > 0.15 else "standing"


@dataclass(frozen=True)
class Cyclist:
    """A person riding a bicycle; the wheels turn with the way travelled, the legs with the cranks."""

    path: Path
    outfit: Outfit = field(default_factory=Outfit)
    frame: Colour = (170.0, 40.0, 36.0)
    stature_m: float = 1.74
    metres_per_crank: float = 3.8
    kind: str = "cyclist"

    def parts(self, t_s: float) -> list[Part]:
        """Bicycle and rider."""
        way = self.path.travelled(t_s)
        crank = way / self.metres_per_crank
        pose = cycling_pose(stature_m=self.stature_m, crank=crank)
        turn = way / (2 * np.pi * vehicles.WHEEL_M)
        solids: list[Part] = vehicles.bicycle(turn=turn, crank=crank, colour=self.frame)
        solids += clothe(pose, self.outfit, stature_m=self.stature_m)
        return stand(solids, at=self.path.position(t_s), heading=self.path.heading(t_s), pivot_x=0.5)

    def action(self, t_s: float) -> str:
        """Always `riding a bicycle`."""
        return "riding a bicycle"


@dataclass(frozen=True)
class Car:
    """A car; below 0.1 m/s it stands."""

    path: Path
    colour: Colour = (168.0, 38.0, 38.0)
    kind: str = "car"

    def parts(self, t_s: float) -> list[Part]:
        """Body, glass and wheels."""
        turn = self.path.travelled(t_s) / (2 * np.pi * vehicles.CAR_WHEEL_M)
        solids = vehicles.car(turn=turn, colour=self.colour)
        return stand(solids, at=self.path.position(t_s), heading=self.path.heading(t_s))

    def action(self, t_s: float) -> str:
        """`driving` or `stopped`."""
        return "driving" if self.path.speed(t_s) > 0.1 else "stopped"


def cycling_pose(*, stature_m: float, crank: float) -> Pose:
    h = stature_m
    saddle, pedals = vehicles.SADDLE, vehicles.pedals(crank)
    tip = {"l": 0.25 * np.sin(2 * np.pi * crank) - 0.15, "r": -0.25 * np.sin(2 * np.pi * crank) - 0.15}
    return fitted(
        stature_m=h,
        pelvis=saddle + [0, 0, 0.055 * h],
        neck=saddle + [0.105 * h + 0.06, 0, (TRUNK + 0.045) * h - 0.03],
        ankles={s: pedals[s] + [-0.06 * h, 0.0, (ANKLE + 0.012) * h] for s in "lr"},
        wrists=vehicles.grips(),
        foot_pitch=tip,
        head_lean=0.035 * h,
    )


def stand(parts: Sequence[Part], *, at: Array, heading: Array, pivot_x: float = 0.0) -> list[Part]:
    """Solids from their own frame into the world: its `pivot_x` comes to `at` [2] and its x turns to `heading` [2]."""
    fx, fy = heading
    turn = np.array([[fx, fy, 0.0], [-fy, fx, 0.0], [0.0, 0.0, 1.0]])  # rows: where x, y, z of the frame go
    shift = np.array([at[0], at[1], 0.0]) - pivot_x * turn[0]
    placed: list[Part] = []
    for part in parts:
        if isinstance(part, Blob):
            placed.append(replace(part, centres=part.centres @ turn + shift))
        else:
            contours = tuple(c @ turn + shift for c in part.contours)
            placed.append(replace(part, contours=contours, normal=part.normal @ turn))
    return placed
