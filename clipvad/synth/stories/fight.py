"""A fight: two or three people meet and hit each other."""

from __future__ import annotations

import numpy as np

from clipvad.synth.actors.gestures import Act
from clipvad.synth.captions import event_captions
from clipvad.synth.places.place import Place
from clipvad.synth.rendering.camera import Array
from clipvad.synth.stories.cast import person
from clipvad.synth.stories.stage import Way, across, length, near_spot, plus, way_in, way_out
from clipvad.synth.story import Happening, Story

_ARM_M = 0.78  # how far apart two people stand who hit each other
_BLOWS = ("punch", "punch", "punch", "kick", "push")


def fight(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """Two people meet and fight, with a third one in a third of the cases; then one may lie and the others flee."""
    spare_s = duration_s - start_s
    end_s = start_s + min(rng.uniform(5.0, 9.0), spare_s - rng.uniform(0.0, 0.2) * spare_s)
    middle = np.array(near_spot(place.clear, place.camera, rng, spread=0.4))
    axis = across(place.camera, rng)
    ways = _meet(place, middle, axis, rng, at_s=start_s)
    acts = _blows(ways, axis, rng, start_s=start_s, end_s=end_s)
    if rng.random() < 0.35:
        acts.append(_join(place, ways, axis, rng, start_s=start_s + 0.8, end_s=end_s))
    somebody_lies = rng.random() < 0.55
    for who, way in enumerate(ways):
        if somebody_lies and who == 1:
            acts[who].append(Act("fall", end_s, end_s + 1.0))
        else:
            away = way_out(place, way.at, rng, away_from=ways[1 - min(who, 1)].at)
            way.stay(0.4).walk(away[1:], speed_mps=rng.uniform(2.8, 4.0) if rng.random() < 0.7 else 1.4)
        way.stay_until(duration_s + 1)
    falls = ("sideways", "backward")[int(rng.integers(2))]
    actors = tuple(person(w, rng, acts=a, falls=falls) for w, a in zip(ways, acts, strict=True))
    happening = Happening(
        label="fight",
        captions=event_captions("fight" if len(actors) == 2 else "fight/group", rng, place=place.name),
        actors=tuple(range(len(actors))),
        start_s=start_s,
        end_s=duration_s if somebody_lies else end_s,
    )
    return Story(actors=actors, happenings=(happening,))


def _meet(place: Place, middle: Array, axis: Array, rng: np.random.Generator, *, at_s: float) -> list[Way]:
    """Two ways that end face to face at `at_s`, each from its own side."""
    ends = [plus((float(middle[0]), float(middle[1])), s * axis * _ARM_M / 2) for s in (-1.0, 1.0)]
    ins = [way_in(place, end, rng) for end in ends]
    from_left = [float((np.array(points[-2]) - middle) @ axis) for points in ins]
    if from_left[0] > from_left[1]:
        ins = [[*ins[1][:-1], ends[0]], [*ins[0][:-1], ends[1]]]
    # The same way in is no meeting: one comes a little later.
    lags = (0.1, 0.1 if length(ins[0][:1] + ins[1][:1]) > 2 else 1.3)
    ways = [Way.arriving(p, speed_mps=rng.uniform(1.2, 1.9), at_s=at_s - lag) for p, lag in zip(ins, lags, strict=True)]
    return [way.stay_until(at_s) for way in ways]


def _blows(ways: list[Way], axis: Array, rng: np.random.Generator, *, start_s: float, end_s: float) -> list[list[Act]]:
    """What each of the two does in turn; who is pushed gives way, and the other follows."""
    acts: list[list[Act]] = [[], []]
    t = start_s
    while t < end_s - 0.4:
        span = min(rng.uniform(0.8, 1.7), end_s - t)
        striker = int(rng.integers(2))
        blow = str(rng.choice(_BLOWS))
        answer = "stagger" if blow == "push" or rng.random() < 0.45 else str(rng.choice(["punch", "guard"]))
        for who, name in ((striker, blow), (1 - striker, answer)):
            acts[who].append(Act(name, t, t + span, towards=ways[1 - who].at))
        for way in ways:
            if blow == "push":
                way.stay_until(t + 0.2).walk([plus(way.at, axis * (0.4 - 0.8 * striker))], speed_mps=0.9)
            way.stay_until(t + span)
        t += span
    return acts


def _join(
    place: Place, ways: list[Way], axis: Array, rng: np.random.Generator, *, start_s: float, end_s: float
) -> list[Act]:
    """A third person runs up and hits the second from the side; the way is added to `ways`."""
    beside = plus(ways[1].at, np.array([-axis[1], axis[0]]) * _ARM_M)
    ways.append(Way.arriving(way_in(place, beside, rng), speed_mps=2.6, at_s=start_s).stay_until(end_s))
    acts, t = [], start_s
    while t < end_s - 0.5:
        span = min(rng.uniform(0.9, 1.8), end_s - t)
        acts.append(Act(str(rng.choice(_BLOWS)), t, t + span, towards=ways[1].at))
        t += span
    return acts
