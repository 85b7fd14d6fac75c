"""Dangers: fire, smoke, an explosion; people keep away, watch or flee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from clipvad.synth.actors.gestures import Act
from clipvad.synth.actors.paths import Path
from clipvad.synth.actors.people import Actor
from clipvad.synth.captions import event_captions
from clipvad.synth.effects import Explosion, Fire, Smoke
from clipvad.synth.places.place import Place, Point
from clipvad.synth.rendering.parts import Colour
from clipvad.synth.stories.cast import person, vehicle
from clipvad.synth.stories.stage import (
    Way,
    across,
    anywhere,
    in_view,
    near_spot,
    plus,
    way_in,
    way_out,
)
from clipvad.synth.story import Effect, Happening, Story


def fire(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """A heap burns, or a parked car where cars go; people back off, watch or leave."""
    at, span, seed = (
        near_spot(place.clear, place.camera, rng, spread=0.35),
        (start_s, duration_s + 1),
        int(rng.integers(1 << 30)),
    )
    of_car = bool(place.drive) and rng.random() < 0.5
    grow, width = rng.uniform(2.0, 4.5), rng.uniform(1.2, 2.0)
    base = 0.85 if of_car else 0.0
    blaze = Fire(
        at=plus(at, np.array([0.0, -0.6 if of_car else 0.0])), span_s=span, seed=seed,
        width_m=width, height_m=width * rng.uniform(0.9, 1.3), base_m=base, grow_s=grow,
    )  # fmt: skip
    plume = Smoke(
        at=plus(at, np.array([0.0, 0.1])), span_s=(start_s + 0.5, span[1]), seed=seed + 1, base_m=base + 0.55 * width,
        width_m=0.6 * width, height_m=rng.uniform(4.0, 6.0), grow_s=grow, tone=_grey(rng, 40, 90), wind=_wind(rng),
    )  # fmt: skip
    actors: list[Actor] = []
    if of_car:
        along = across(place.camera, rng)
        stands = Path.still(at, start_s=-1.0, end_s=duration_s + 1, facing=(float(along[0]), float(along[1])))
        actors.append(vehicle("car", stands, rng))
    actors += watchers(place, at, rng, count=int(rng.integers(1, 4)), start_s=start_s, duration_s=duration_s)
    variant = "fire/car" if of_car else "fire"
    return _danger("fire", variant, place, rng, actors, (plume, blaze), start_s=start_s, end_s=duration_s)


def smoke(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """Thick smoke without flames; people stop, cover, and leave."""
    at, tone = near_spot(place.clear, place.camera, rng, spread=0.5), _grey(rng, 60, 205)
    plume = Smoke(
        at=at, span_s=(start_s, duration_s + 1), seed=int(rng.integers(1 << 30)), width_m=rng.uniform(1.0, 2.0),
        height_m=rng.uniform(4.5, 7.0), density=rng.uniform(0.6, 0.85), grow_s=rng.uniform(1.5, 3.0),
        tone=tone, wind=_wind(rng), base_m=0.1,
    )  # fmt: skip
    actors = watchers(place, at, rng, count=int(rng.integers(0, 3)), start_s=start_s, duration_s=duration_s)
    word = "dark" if tone[0] < 105 else "white" if tone[0] > 170 else "grey"
    return _danger(
        "smoke", "smoke", place, rng, actors, (plume,), start_s=start_s, end_s=duration_s, words={"tone": word}
    )


def explosion(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """Something blows up; the nearest are thrown down, the others flee; smoke stays."""
    at, seed = near_spot(place.clear, place.camera, rng, spread=0.4), int(rng.integers(1 << 30))
    blast = Explosion(
        at=at, span_s=(start_s, start_s + rng.uniform(5.0, 8.0)), seed=seed, radius_m=rng.uniform(1.2, 2.2)
    )
    plume = Smoke(
        at=at, span_s=(start_s + 1.2, duration_s + 1), seed=seed + 1, width_m=1.3, density=0.5, grow_s=2.5,
        tone=_grey(rng, 60, 120), wind=_wind(rng),
    )  # fmt: skip
    actors: list[Actor] = []
    for k in range(int(rng.integers(2, 6))):
        here = plus(at, anywhere(rng) * rng.uniform(2.2, 4.5))
        if not in_view(place.camera, here) or any(_near(a, here, start_s) for a in actors):
            continue
        way = Way.arriving(way_in(place, here, rng), speed_mps=1.2, at_s=start_s - 0.2).stay_until(start_s + 0.2)
        acts = [Act("cower", start_s + 0.1, start_s + 1.2)]
        if k < 2:
            up = start_s + rng.uniform(3.0, 5.0)
            acts = [Act("fall", start_s + 0.1, start_s + 1.0), Act("get up", up, up + 1.6)]
        way.stay_until(acts[-1].end_s + 0.2)
        way.walk(way_out(place, here, rng, away_from=at)[1:], speed_mps=rng.uniform(3.2, 4.6))
        acts.append(Act("flee", acts[-1].end_s + 0.2, max(way.now_s, acts[-1].end_s + 1)))
        actors.append(person(way, rng, acts=acts, falls="backward" if k < 2 else None))
    return _danger("explosion", "explosion", place, rng, actors, (plume, blast), start_s=start_s, end_s=duration_s)


def watchers(
    place: Place, at: Point, rng: np.random.Generator, *, count: int, start_s: float, duration_s: float
) -> list[Actor]:
    """People who come near, stop some metres away, and watch, telephone or run off."""
    actors: list[Actor] = []
    for _ in range(count * 4):
        here = plus(at, anywhere(rng) * rng.uniform(2.8, 4.5))
        if len(actors) == count or not in_view(place.camera, here) or any(_near(a, here, start_s) for a in actors):
            continue
        notice = start_s + rng.uniform(0.5, 2.0)
        way = Way.arriving(way_in(place, here, rng), speed_mps=rng.uniform(1.1, 1.5), at_s=notice)
        stop = notice + rng.uniform(0.8, 2.0)
        if rng.random() < 0.5:
            acts = [Act("cower" if rng.random() < 0.3 else "wave", notice, stop, towards=at)]
            way.stay_until(stop).walk(way_out(place, here, rng, away_from=at)[1:], speed_mps=rng.uniform(2.8, 4.2))
        else:
            acts = [Act("phone", notice, duration_s + 9, towards=at)]
            way.stay_until(max(duration_s + 1, way.now_s + 1))
        actors.append(person(way, rng, acts=acts))
    return actors


def _near(actor: Actor, at: Point, t_s: float) -> bool:
    return float(np.linalg.norm(actor.path.position(t_s + 2.0) - at)) < 1.2


def _danger(
    label: str,
    variant: str,
    place: Place,
    rng: np.random.Generator,
    actors: Sequence[Actor],
    effects: tuple[Effect, ...],
    *,
    start_s: float,
    end_s: float,
    words: Mapping[str, str] | None = None,
) -> Story:
    captions = event_captions(variant, rng, place=place.name, words=words)
    seen = tuple(range(len(effects)))
    happening = Happening(label=label, captions=captions, effects=seen, start_s=start_s, end_s=end_s)
    return Story(actors=tuple(actors), effects=effects, happenings=(happening,))


def _grey(rng: np.random.Generator, low: float, high: float) -> Colour:
    tone = float(rng.uniform(low, high))
    return tone, tone, 0.98 * tone


def _wind(rng: np.random.Generator) -> tuple[float, float]:
    x, y = anywhere(rng) * rng.uniform(0.1, 0.5)
    return float(x), float(0.4 * y)
