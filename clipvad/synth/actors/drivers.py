"""Motor vehicles that move through a scene."""

from __future__ import annotations

from dataclasses import dataclass, field

from clipvad.synth.actors import vans, vehicles
from clipvad.synth.actors.paths import Path
from clipvad.synth.rendering.parts import Colour, Part
from clipvad.synth.rendering.rigid import upright

_STOPPED = 0.1  # m/s


@dataclass(frozen=True)
class Car:
    """A car; below 0.1 m/s it stands."""

    path: Path
    colour: Colour = (168.0, 38.0, 38.0)
    kind: str = "car"
    shape: vehicles.CarShape = field(default_factory=vehicles.CarShape)

    def parts(self, t_s: float) -> list[Part]:
        """Body, glass and wheels."""
        turn, shift = upright(self.path.position(t_s), self.path.bearing(t_s))
        return vehicles.car_model(self.colour, self.shape).placed(self.path.travelled(t_s), turn, shift)

    def action(self, t_s: float) -> str:
        """`driving` or `stopped`."""
        return "driving" if self.path.speed(t_s) > _STOPPED else "stopped"


@dataclass(frozen=True)
class Van:
    """A delivery van; below 0.1 m/s it stands."""

    path: Path
    colour: Colour = (226.0, 226.0, 222.0)
    kind: str = "van"

    def parts(self, t_s: float) -> list[Part]:
        """Body, glass and wheels."""
        turn, shift = upright(self.path.position(t_s), self.path.bearing(t_s))
        return vans.van_model(self.colour).placed(self.path.travelled(t_s), turn, shift)

    def action(self, t_s: float) -> str:
        """`driving` or `stopped`."""
        return "driving" if self.path.speed(t_s) > _STOPPED else "stopped"
