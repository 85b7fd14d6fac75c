"""Events of people on foot: fall, chase, panic, loitering."""

from __future__ import annotations

import numpy as np

from clipvad.synth.actors.gestures import Act
from clipvad.synth.captions import event_captions
from clipvad.synth.places.place import Place, Point
from clipvad.synth.stories.cast import person
from clipvad.synth.stories.stage import (
    Way,
    across,
    anywhere,
    at_metre,
    leaves_view_s,
    length,
    metres_in_view,
    near_spot,
    plus,
    section,
    through,
    way_in,
    way_out,
)
from clipvad.synth.story import Happening, Story

_CROWD_M = 7.0  # a crowd is no wider than this around the middle of the clear area


def fall(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """Somebody walks, falls and stays down; in most cases somebody else comes to help."""
    way = Way.arriving(
        way_in(place, near_spot(place.clear, place.camera, rng), rng), speed_mps=rng.uniform(1.0, 1.5), at_s=start_s
    )
    down = start_s + 1.0
    acts = [Act("fall", start_s, down), Act("lie", down, duration_s + 1)]
    actors = [person(way.stay_until(duration_s + 1), rng, acts=acts)]
    if rng.random() < 0.65 and duration_s - start_s > 4.5:
        beside = plus(way.at, anywhere(rng) * 1.0)
        come = start_s + rng.uniform(2.8, 4.0)
        helper = Way.arriving(way_in(place, beside, rng), speed_mps=rng.uniform(1.8, 3.0), at_s=come)
        kneel = [Act("crouch", come, duration_s + 1, towards=way.at)]
        if rng.random() < 0.4:
            kneel = [Act("phone", come, duration_s + 1, towards=way.at)]
        actors.append(person(helper.stay_until(duration_s + 1), rng, acts=kneel))
    captions = event_captions("fall", rng, place=place.name)
    happening = Happening(label="fall", captions=captions, actors=(0,), start_s=start_s, end_s=duration_s)
    return Story(actors=tuple(actors), happenings=(happening,))


def chase(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """One runs through the picture, one or two run after; in half of the cases the first walks until it notices."""
    via = near_spot(place.clear, place.camera, rng)
    inward = way_in(place, via, rng)
    route = (*inward, *way_out(place, via, rng, away_from=inward[0])[1:])
    first, last = metres_in_view(route, place.camera)
    speed = min(rng.uniform(3.4, 4.6), max((last - first) / 3.0, 2.5))
    notice = first + (rng.uniform(0.1, 0.3) * (last - first) if rng.random() < 0.5 else -0.5)
    notice = max(notice, 0.3)
    ways = []
    for k in range(2 if rng.random() < 0.7 else 3):
        begin = start_s + k * rng.uniform(0.5, 0.8)
        way = Way.arriving(section(route, 0.0, notice), speed_mps=1.4 if k == 0 else speed, at_s=begin)
        ways.append(way.walk(section(route, notice, length(route))[1:], speed_mps=speed))
    waving = rng.random() < 0.5
    acts = [[Act("flee", start_s, ways[0].now_s)] if waving else [], *([] for _ in ways[1:])]
    actors = tuple(person(w, rng, acts=a) for w, a in zip(ways, acts, strict=True))
    happening = Happening(
        label="chase",
        captions=event_captions("chase", rng, place=place.name),
        actors=tuple(range(len(actors))),
        start_s=start_s,
        end_s=min(max(leaves_view_s(a.path, place.camera) for a in actors), duration_s),
    )
    return Story(actors=actors, happenings=(happening,))


def panic(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """A crowd walks and stands about; then everyone runs, some cower first, one may fall and get up again."""
    danger = near_spot(place.clear, place.camera, rng)
    actors = []
    for k, at in enumerate(_crowd(place, rng, count=int(rng.integers(6, 11)))):
        begin = start_s + float(rng.uniform(0.0, 0.8))
        stroll = [plus(at, anywhere(rng) * rng.uniform(1.0, 2.0)), at] if rng.random() < 0.5 else [at]
        way = Way(stroll[0], t_s=min(-1.0, begin - 6.0)).stay(1.0).walk(stroll[1:], speed_mps=0.7).stay_until(begin)
        acts = []
        if k == 0 and rng.random() < 0.6:
            acts += [Act("fall", begin, begin + 0.9), Act("get up", begin + 1.4, begin + 3.0)]
            way.stay(3.1)
        elif rng.random() < 0.25:
            acts.append(Act("cower", begin, begin + 1.3))
            way.stay(1.4)
        run = way.now_s
        way.walk(way_out(place, at, rng, away_from=danger)[1:], speed_mps=rng.uniform(3.0, 4.8))
        actors.append(person(way, rng, acts=[*acts, Act("flee", run, way.now_s)]))
    leaving = sorted(leaves_view_s(a.path, place.camera) for a in actors)
    end_s = min(leaving[-2], duration_s)  # one straggler is no panic
    captions = event_captions("panic", rng, place=place.name)
    who = tuple(range(len(actors)))
    happening = Happening(label="panic", captions=captions, actors=who, start_s=start_s, end_s=end_s)
    return Story(actors=tuple(actors), happenings=(happening,))


def loitering(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """Somebody comes early, paces about one spot, stops, looks around, and does not leave."""
    home = near_spot(place.clear, place.camera, rng)
    begin = min(start_s, 1.5)
    way = Way.arriving(way_in(place, home, rng), speed_mps=1.1, at_s=begin)
    axis = across(place.camera, rng)
    acts: list[Act] = []
    side = 1.0
    while way.now_s < duration_s:
        way.walk([plus(home, axis * side * rng.uniform(0.5, 1.4) + rng.normal(0, 0.15, 2))], speed_mps=0.8)
        pause = rng.uniform(0.6, 1.8)
        if rng.random() < 0.2:
            acts.append(Act("phone", way.now_s, way.now_s + pause))
        way.stay(pause)
        side = -side
    captions = event_captions("loitering", rng, place=place.name)
    happening = Happening(label="loitering", captions=captions, actors=(0,), start_s=begin, end_s=duration_s)
    return Story(actors=(person(way, rng, acts=acts),), happenings=(happening,))


def _crowd(place: Place, rng: np.random.Generator, *, count: int) -> list[Point]:
    """Places of people who stand or stroll in view, at least a metre apart and none of them far off."""
    found: list[Point] = []
    middle = np.mean(np.array(place.clear), axis=0)
    for _ in range(40 * count):
        if rng.random() < 0.5:
            at = near_spot(place.clear, place.camera, rng, spread=1.0)
        else:
            route = through(place, rng)
            at = at_metre(route, float(rng.uniform(*metres_in_view(route, place.camera))))
        near = np.hypot(*(middle - at)) < _CROWD_M
        if near and all(np.hypot(at[0] - x, at[1] - y) > 1.1 for x, y in found):
            found.append(at)
        if len(found) == count:
            break
    return found
