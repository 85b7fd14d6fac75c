"""A collision on the road: a car runs into another one, or into a cyclist."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from clipvad.synth.actors import cycles
from clipvad.synth.actors.gestures import Act
from clipvad.synth.actors.paths import Path
from clipvad.synth.actors.people import Actor, Walker
from clipvad.synth.actors.riders import Cyclist
from clipvad.synth.captions import event_captions
from clipvad.synth.effects import Smoke
from clipvad.synth.places.place import Place, Route
from clipvad.synth.rendering.camera import Array
from clipvad.synth.rendering.parts import Part
from clipvad.synth.rendering.rigid import upright
from clipvad.synth.stories.cast import person, rider, vehicle
from clipvad.synth.stories.hazards import watchers
from clipvad.synth.stories.stage import Way, at_metre, metres_in_view, plus, section
from clipvad.synth.story import Happening, Story

_CAR_M = 4.3
_TIPPED_S = 0.6  # how long a bicycle takes to fall over


@dataclass(frozen=True)
class KnockedCyclist:
    """A cyclist who is hit at `hit_s`: one actor, first riding, then lying beside the bicycle."""

    cyclist: Cyclist
    hit_s: float
    kind: str = "cyclist"

    @property
    def path(self) -> Path:
        """Of the bicycle."""
        return self.cyclist.path

    def parts(self, t_s: float) -> list[Part]:
        """Bicycle and rider, together or apart."""
        if t_s < self.hit_s:
            return self.cyclist.parts(t_s)
        turn, shift = upright(self.path.position(t_s), self.path.bearing(t_s), pivot_x=0.5)
        angle = radians(84.0) * min((t_s - self.hit_s) / _TIPPED_S, 1.0) ** 2
        tip = np.array([[1, 0, 0], [0, cos(angle), -sin(angle)], [0, sin(angle), cos(angle)]])
        vehicle = cycles.bicycle(self.cyclist.frame, float(cycles.saddle(self.cyclist.stature_m)[2]))
        lying = vehicle.placed(self.path.travelled(t_s), tip @ turn, shift + [0, 0, 0.1 * sin(angle)])
        return [*lying, *self._rider.parts(t_s)]

    def action(self, t_s: float) -> str:
        """`riding a bicycle`, then `falling` and `lying`."""
        return self.cyclist.action(t_s) if t_s < self.hit_s else self._rider.action(t_s)

    @property
    def _rider(self) -> Walker:
        """Thrown ahead and to the side of the bicycle."""
        at, bearing = self.path.position(self.hit_s), self.path.bearing(self.hit_s)
        ahead, aside = np.array([cos(bearing), sin(bearing)]), np.array([sin(bearing), -cos(bearing)])
        x, y = at + 1.5 * ahead + 0.7 * aside
        way = Way((float(at[0]), float(at[1])), t_s=self.hit_s).walk([(float(x), float(y))], speed_mps=2.2)
        fall = Act("fall", self.hit_s, self.hit_s + 1.0)
        path = way.stay_until(self.path.end_s).path
        return Walker(path, self.cyclist.outfit, self.cyclist.stature_m, acts=(fall,), falls="sideways")


def collision(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """A car runs into another one that has stopped, or into a cyclist; steam rises, the driver gets out."""
    route = place.drive[int(rng.integers(len(place.drive)))]
    first, last = metres_in_view(route, place.camera)
    hit = first + rng.uniform(0.45, 0.65) * (last - first)
    with_bicycle = rng.random() < 0.4
    gap, end_s = (_CAR_M / 2 + 0.85) if with_bicycle else _CAR_M, duration_s + 1
    front: Actor
    if with_bicycle:
        ridden = Way.arriving(section(route, 0.0, hit), speed_mps=3.2, at_s=start_s)
        ridden.walk([at_metre(route, hit + 0.9)], speed_mps=2.5).stay_until(end_s)
        cyclist = rider("cyclist", ridden, rng)
        assert isinstance(cyclist, Cyclist)
        front = KnockedCyclist(cyclist, start_s)
    else:
        ahead = Way.arriving(section(route, 0.0, hit), speed_mps=4.5, at_s=start_s - 0.8).stay_until(start_s)
        # Pushed on and turned aside a little.
        shoved = plus(at_metre(route, hit + 0.9), _beside(route, hit) * rng.choice([-0.3, 0.3]))
        front = vehicle("car", ahead.walk([shoved], speed_mps=1.6).stay_until(end_s), rng)
    behind = Way.arriving(section(route, 0.0, max(hit - gap, 1.0)), speed_mps=rng.uniform(6.0, 8.0), at_s=start_s)
    behind.walk([at_metre(route, max(hit - gap, 1.0) + 0.5)], speed_mps=1.4).stay_until(end_s)
    bonnet = at_metre(route, hit - gap + _CAR_M / 2)
    actors = [vehicle("car", behind, rng), front]
    if duration_s - start_s > 3.5:
        actors.append(_driver(route, hit - gap, rng, start_s=start_s + rng.uniform(1.6, 2.6), end_s=end_s))
    others = watchers(place, bonnet, rng, count=int(rng.integers(0, 3)), start_s=start_s + 1.0, duration_s=duration_s)
    steam = Smoke(
        at=bonnet, span_s=(start_s + 0.2, end_s), seed=int(rng.integers(1 << 30)), base_m=0.7, width_m=0.7,
        height_m=2.6, grow_s=1.0, density=0.6, tone=(205.0, 205.0, 206.0), count=20,
    )  # fmt: skip
    captions = event_captions("collision/cyclist" if with_bicycle else "collision", rng, place=place.name)
    happening = Happening(label="collision", captions=captions, actors=(0, 1), start_s=start_s, end_s=duration_s)
    return Story(actors=(*actors, *others), effects=(steam,), happenings=(happening,))


def _driver(route: Route, metre: float, rng: np.random.Generator, *, start_s: float, end_s: float) -> Actor:
    """Gets out of the car that stands at `metre`, goes to its front and telephones."""
    side = _beside(route, metre)
    door, front = plus(at_metre(route, metre), 1.35 * side), plus(at_metre(route, metre + 2.6), 1.5 * side)
    way = Way(door, t_s=start_s).stay(0.4).walk([front], speed_mps=1.1)
    acts = [Act("phone", way.now_s, way.now_s + end_s)] if rng.random() < 0.6 else []
    return person(way.stay_until(max(end_s, way.now_s + 0.5)), rng, acts=acts)


def _beside(route: Route, metre: float) -> Array:
    """The unit direction to the near side of a road. [2]"""
    x, y = np.array(at_metre(route, metre + 0.5)) - at_metre(route, metre - 0.5)
    side = np.array([y, -x]) / (np.hypot(x, y) + 1e-9)
    return np.asarray(side if side[1] < 0 else -side)
