"""People on wheels: on a bicycle, a motorcycle, a scooter, a skateboard, in a wheelchair."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from clipvad.synth.actors import cycles
from clipvad.synth.actors import poses as p
from clipvad.synth.actors.bodies import Outfit, dressed
from clipvad.synth.actors.gestures import Gesture
from clipvad.synth.actors.paths import Path
from clipvad.synth.actors.skeleton import ANKLE, SHANK, THIGH, TRUNK, Pose, fitted, stand_up
from clipvad.synth.actors.wheels import Vehicle
from clipvad.synth.rendering.parts import Colour, Part
from clipvad.synth.rendering.rigid import upright

_STOPPED = 0.1  # m/s


@dataclass(frozen=True)
class Cyclist:
    """A person riding a bicycle; the wheels turn with the way travelled, the legs with the cranks."""

    path: Path
    outfit: Outfit = field(default_factory=Outfit)
    frame: Colour = (170.0, 40.0, 36.0)
    stature_m: float = 1.74
    kind: str = "cyclist"

    def parts(self, t_s: float) -> list[Part]:
        """Bicycle and rider."""
        vehicle = cycles.bicycle(self.frame, float(cycles.saddle(self.stature_m)[2]))
        return _ride(self.path, t_s, vehicle, self.pose(t_s), self.outfit, self.stature_m, pivot_x=0.5)

    def pose(self, t_s: float) -> Pose:
        """Joints in the bicycle's frame."""
        h = self.stature_m
        crank = self.path.travelled(t_s) / cycles.METRES_PER_CRANK
        saddle, pedals = cycles.saddle(h), cycles.pedals(crank)
        tip = 0.25 * float(np.sin(2 * np.pi * crank))
        return fitted(
            stature_m=h,
            pelvis=saddle + [0.0, 0.0, 0.055 * h],
            neck=saddle + [0.105 * h + 0.06, 0.0, (TRUNK + 0.045) * h - 0.03],
            ankles={side: pedals[side] + [-0.06 * h, 0.0, (ANKLE + 0.012) * h] for side in "lr"},
            wrists=cycles.grips(),
            foot_pitch={"l": tip - 0.15, "r": -tip - 0.15},
            head_lean=0.035 * h,
        )

    def action(self, t_s: float) -> str:
        """Always `riding a bicycle`."""
        return "riding a bicycle"


@dataclass(frozen=True)
class Motorcyclist:
    """A person in a helmet on a motorcycle."""

    path: Path
    outfit: Outfit = field(default_factory=lambda: Outfit(top=(48, 48, 52), helmet=(200, 60, 40), visor=True))
    paint: Colour = (36.0, 70.0, 150.0)
    stature_m: float = 1.75
    kind: str = "motorcyclist"

    def parts(self, t_s: float) -> list[Part]:
        """Motorcycle and rider."""
        vehicle = cycles.motorcycle(self.paint)
        return _ride(self.path, t_s, vehicle, self.pose(t_s), self.outfit, self.stature_m)

    def pose(self, t_s: float) -> Pose:
        """Joints in the motorcycle's frame."""
        h = self.stature_m
        pelvis = np.array([-0.20, 0.0, 0.83 + 0.05 * h])
        sides = (("l", 1.0), ("r", -1.0))
        return fitted(
            stature_m=h,
            pelvis=pelvis,
            neck=pelvis + [0.11 * h, 0.0, 0.262 * h],
            ankles={side: np.array([-0.02, sign * 0.17, 0.40]) for side, sign in sides},
            wrists={side: np.array([0.29, sign * 0.33, 1.05]) for side, sign in sides},
            elbows=(-0.4, 0.9, -0.6),
            knees=np.array([1.0, 0.0, 0.6]),
            head_lean=0.02 * h,
        )

    def action(self, t_s: float) -> str:
        """`riding a motorcycle` or `stopped`."""
        return "riding a motorcycle" if self.path.speed(t_s) > _STOPPED else "stopped"


@dataclass(frozen=True)
class ScooterRider:
    """A person standing on an electric scooter."""

    path: Path
    outfit: Outfit = field(default_factory=Outfit)
    paint: Colour = (60.0, 150.0, 120.0)
    stature_m: float = 1.72
    kind: str = "scooter rider"

    def parts(self, t_s: float) -> list[Part]:
        """Scooter and rider."""
        vehicle = cycles.scooter(self.paint)
        return _ride(self.path, t_s, vehicle, self.pose(t_s), self.outfit, self.stature_m)

    def pose(self, t_s: float) -> Pose:
        """Joints in the scooter's frame."""
        h, deck = self.stature_m, cycles.SCOOTER_DECK_M
        pelvis = np.array([-0.10, 0.0, deck + 0.97 * (ANKLE + SHANK + THIGH) * h])
        return fitted(
            stature_m=h,
            pelvis=pelvis,
            neck=pelvis + [0.02 * h, 0.0, TRUNK * h],
            ankles={"l": np.array([0.06, 0.05, deck + ANKLE * h]), "r": np.array([-0.24, -0.05, deck + ANKLE * h])},
            wrists={"l": np.array([0.26, 0.22, 1.12]), "r": np.array([0.26, -0.22, 1.12])},
            elbows=(-0.6, 0.5, -0.8),
        )

    def action(self, t_s: float) -> str:
        """`riding a scooter` or `stopped`."""
        return "riding a scooter" if self.path.speed(t_s) > _STOPPED else "stopped"


_SKATING = Gesture(
    "riding a skateboard",
    (
        (0, p.GLIDE),
        (2.9, p.GLIDE),
        (3.4, p.KICK_ON),
        (3.75, p.KICK_OFF),
        (4.2, p.KICK_ON),
        (4.55, p.KICK_OFF),
        (5.0, p.GLIDE),
    ),
    loop=True,
)


@dataclass(frozen=True)
class Skateboarder:
    """A person standing sideways on a skateboard, who kicks it on every few metres."""

    path: Path
    outfit: Outfit = field(default_factory=Outfit)
    board: Colour = (150.0, 96.0, 52.0)
    stature_m: float = 1.70
    phase: float = 0.0
    kind: str = "skateboarder"

    def parts(self, t_s: float) -> list[Part]:
        """Board and rider."""
        return _ride(self.path, t_s, cycles.skateboard(self.board), self.pose(t_s), self.outfit, self.stature_m)

    def pose(self, t_s: float) -> Pose:
        """Joints in the board's frame."""
        clock = t_s + 5.0 * self.phase if self.path.speed(t_s) > _STOPPED else 0.0
        return stand_up(_SKATING.at(clock), stature_m=self.stature_m)

    def action(self, t_s: float) -> str:
        """`riding a skateboard` or `stopped`."""
        return "riding a skateboard" if self.path.speed(t_s) > _STOPPED else "stopped"


@dataclass(frozen=True)
class WheelchairUser:
    """A person who drives a wheelchair by hand."""

    path: Path
    outfit: Outfit = field(default_factory=Outfit)
    seat: Colour = (46.0, 52.0, 70.0)
    stature_m: float = 1.70
    kind: str = "wheelchair user"

    def parts(self, t_s: float) -> list[Part]:
        """Chair and person."""
        vehicle = cycles.wheelchair(self.seat)
        return _ride(self.path, t_s, vehicle, self.pose(t_s), self.outfit, self.stature_m)

    def pose(self, t_s: float) -> Pose:
        """Joints in the chair's frame; hands push the rims and come back."""
        h = self.stature_m
        push = self.path.travelled(t_s) / 1.2 % 1.0
        # Two thirds of a cycle the hand goes with the rim, one third it swings back over it.
        angle = 2.1 - 1.2 * push / 0.66 if push < 0.66 else 0.9 + 1.2 * (push - 0.66) / 0.34
        lift = cycles.PUSH_RIM_M + (0.0 if push < 0.66 else 0.06 * float(np.sin(np.pi * (push - 0.66) / 0.34)))
        rim = lift * np.array([np.cos(angle), 0.0, np.sin(angle)])
        pelvis = np.array([-0.04, 0.0, 0.525 + 0.05 * h])
        sides = (("l", 1.0), ("r", -1.0))
        return fitted(
            stature_m=h,
            pelvis=pelvis,
            neck=pelvis + [0.035 * h + 0.08 * np.cos(angle), 0.0, 0.275 * h],
            ankles={side: np.array([0.50, sign * 0.09, 0.17 + ANKLE * h]) for side, sign in sides},
            wrists={side: (cycles.PUSH_RIM + rim) * [1.0, sign, 1.0] for side, sign in sides},
            elbows=(-1.0, 0.6, 0.0),
            knees=np.array([1.0, 0.0, 1.0]),
        )

    def action(self, t_s: float) -> str:
        """`riding a wheelchair` or `stopped`."""
        return "riding a wheelchair" if self.path.speed(t_s) > _STOPPED else "stopped"


def _ride(
    path: Path, t_s: float, vehicle: Vehicle, pose: Pose, outfit: Outfit, stature_m: float, *, pivot_x: float = 0.0
) -> list[Part]:
    """The vehicle at its place, and its rider on it."""
    turn, shift = upright(path.position(t_s), path.bearing(t_s), pivot_x=pivot_x)
    return [*vehicle.placed(path.travelled(t_s), turn, shift), *dressed(outfit, stature_m).parts(pose, turn, shift)]
