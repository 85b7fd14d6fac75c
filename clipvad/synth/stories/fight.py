"""A fight: two or three people meet and hit each other."""

from __future__ import annotations

import numpy as np

from clipvad.synth.camera import Array
from clipvad.synth.captions import event_captions
from clipvad.synth.gestures import Act
from clipvad.synth.place import Place
from clipvad.synth.stories.cast import person
from clipvad.synth.stories.stage import Way, across, plus, spot, way_in, way_out
from clipvad.synth.story import Happening, Story

_ARM_M = 0.78  # how far apart two people stand who hit each other
_BLOWS = ("punch", "punch", "punch", "kick", "push")


def fight(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """Two people meet and fight, with a third one in a third of the cases; then one may lie and the other flee."""
    end_s = min(start_s + rng.uniform(5.0, 9.0), duration_s - rng.uniform(0.2, 2.0))
    middle, axis = np.array(spot(place.clear, rng, spread=0.4)), across(place.camera, rng)
    ways = _meet(place, middle, axis, rng, at_s=start_s)
    acts: list[list[Act]] = [[], []]
    t = start_s
    while t < end_s - 0.4:
        span = min(rng.uniform(0.8, 1.7), end_s - t)
        striker = int(rng.integers(2))
        blow = str(rng.choice(_BLOWS))
        answer = "stagger" if blow == "push" or rng.random() < 0.45 else str(rng.choice(["punch", "guard"]))
        for who, name in ((striker, blow), (1 - striker, answer)):
            acts[who].append(Act(name, t, t + span, towards=ways[1 - who].at))
        if blow == "push":
            # The one who is pushed gives way, the other follows.
            push = axis * (1.0 if striker == 0 else -1.0) * 0.4
            for who in (striker, 1 - striker):
                ways[who].stay_until(t + 0.2)
                ways[who].walk([plus(ways[who].at, push)], speed_mps=0.9)
        for way in ways:
            way.stay_until(t + span)
        t += span
    if rng.random() < 0.35:
        acts.append(_join(place, ways, middle, axis, rng, start_s=start_s + 0.8, end_s=end_s))
    variant = "fight" if len(acts) == 2 else "fight/group"
    _part(place, ways, acts, rng, end_s=end_s, until_s=duration_s + 1)
    falls = ("sideways", "backward")[int(rng.integers(2))]
    actors = tuple(person(w, rng, acts=a, falls=falls) for w, a in zip(ways, acts, strict=True))
    captions = event_captions(variant, rng, place=place.name)
    all_of_them = tuple(range(len(actors)))
    return Story(
        actors=actors,
        happenings=(Happening(label="fight", captions=captions, actors=all_of_them, start_s=start_s, end_s=end_s),),
    )


def _meet(place: Place, middle: Array, axis: Array, rng: np.random.Generator, *, at_s: float) -> list[Way]:
    """Two ways that end face to face at `at_s`, each from its own side."""
    ends = [plus(tuple(middle), s * axis * _ARM_M / 2) for s in (-1.0, 1.0)]
    ins = [way_in(place, end, rng) for end in ends]
    from_left = [float((np.array(points[-2]) - middle) @ axis) for points in ins]
    if from_left[0] > from_left[1]:
        ins = [[*ins[1][:-1], ends[0]], [*ins[0][:-1], ends[1]]]
    return [Way.arriving(p, speed_mps=rng.uniform(1.2, 1.9), at_s=at_s - 0.1).stay_until(at_s) for p in ins]


def _join(
    place: Place, ways: list[Way], middle: Array, axis: Array, rng: np.random.Generator, *, start_s: float, end_s: float
) -> list[Act]:
    """A third person runs up and hits the one on the right from the side; the way is added to `ways`."""
    side = np.array([-axis[1], axis[0]]) * _ARM_M
    beside = plus(ways[1].at, side)
    way = Way.arriving(way_in(place, beside, rng), speed_mps=2.6, at_s=start_s).stay_until(end_s)
    ways.append(way)
    acts, t = [], start_s
    while t < end_s - 0.5:
        span = min(rng.uniform(0.9, 1.8), end_s - t)
        acts.append(Act(str(rng.choice(_BLOWS)), t, t + span, towards=ways[1].at))
        t += span
    return acts


def _part(
    place: Place, ways: list[Way], acts: list[list[Act]], rng: np.random.Generator, *, end_s: float, until_s: float
) -> None:
    """The end: the second goes down and stays, the others flee; or all walk off; or they go on until the clip ends."""
    turn = rng.random()
    for who, way in enumerate(ways):
        if turn < 0.55 and who == 1:
            acts[who].append(Act("fall", end_s, end_s + 1.0))
            acts[who].append(Act("lie", end_s + 1.0, until_s))
            way.stay_until(until_s)
        else:
            away = way_out(place, way.at, rng, away_from=ways[1 - min(who, 1)].at)
            way.stay(0.4).walk(away[1:], speed_mps=rng.uniform(2.8, 4.0) if turn < 0.8 else 1.4)
            if way.now_s < until_s:
                way.stay_until(until_s)
