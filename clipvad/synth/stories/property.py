"""Events about things: theft, break-in, vandalism, an abandoned bag."""

from __future__ import annotations

import numpy as np

from clipvad.synth.actors.gestures import Act
from clipvad.synth.actors.people import Walker
from clipvad.synth.captions import event_captions
from clipvad.synth.effects import BrokenGlass
from clipvad.synth.places.place import Place, Point, Target
from clipvad.synth.rendering.camera import Array
from clipvad.synth.stories.cast import bag, luggage_colour, person
from clipvad.synth.stories.stage import Way, across, at_metre, leaves_view_s, near_spot, plus, way_in, way_out
from clipvad.synth.story import Happening, Story

_BEAT_S = 0.85  # from one blow of `hit` to the next; the first lands after _LANDS_S
_LANDS_S = 0.34


def theft(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """Goods from a shelf where there are shelves, else a bag from somebody's hand; the thief runs off."""
    shelf = bool(place.shelves) and rng.random() < 0.7
    return (_shelf if shelf else _snatch)(place, rng, duration_s=duration_s, start_s=start_s)


def _snatch(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    colour, at = luggage_colour(rng), near_spot(place.clear, place.camera, rng, spread=0.5)
    axis = across(place.camera, rng) * rng.choice([-1.0, 1.0])
    beside = plus(at, axis * 0.55)
    taken = start_s + 0.6
    victim = Way.arriving(way_in(place, at, rng), speed_mps=1.2, at_s=start_s - rng.uniform(0.3, 2.5))
    victim.stay_until(taken + 0.9)
    acts = [
        Act("carry", -60.0, taken, item="bag", colour=colour),
        Act("stagger", taken, taken + 0.9, towards=beside),
    ]
    thief = Way.arriving(way_in(place, beside, rng), speed_mps=rng.uniform(2.2, 3.4), at_s=start_s)
    thief.stay_until(taken + 0.1)
    away = way_out(place, beside, rng, in_sight=True)
    thief.walk(away[1:], speed_mps=rng.uniform(3.6, 4.6))
    if rng.random() < 0.4:
        acts += [Act("fall", taken + 0.9, taken + 1.8), Act("lie", taken + 1.8, duration_s + 1)]
    elif rng.random() < 0.6:
        victim.walk([at_metre(away, 3.0), at_metre(away, 6.0)], speed_mps=2.6)
        acts.append(Act("wave", victim.now_s, duration_s + 1, towards=at_metre(away, 9.0)))
    else:
        acts.append(Act("wave", taken + 1.0, duration_s + 1, towards=at_metre(away, 6.0)))
    grabs = [
        Act("reach", start_s - 0.2, taken, towards=at),
        Act("carry", taken, thief.now_s, item="bag", colour=colour),
    ]
    actors = (person(thief, rng, acts=grabs), person(victim.stay_until(duration_s + 1), rng, acts=acts))
    return _stolen("theft/snatch", place, rng, actors, start_s=start_s, duration_s=duration_s)


def _shelf(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    at = place.shelves[int(rng.integers(len(place.shelves)))]
    way_there = way_in(place, at, rng)
    goods = _beyond(way_there, at)
    way = Way.arriving(way_there, speed_mps=1.2, at_s=start_s)
    way.stay_until(start_s + min(rng.uniform(3.0, 4.5), 0.45 * (duration_s - start_s)))
    taken = way.now_s
    acts = [Act("reach", start_s, taken, towards=goods)]
    way.walk(way_out(place, at, rng, in_sight=True)[1:], speed_mps=rng.uniform(3.0, 4.0))
    acts.append(Act("carry", taken, way.now_s, item="box", colour=luggage_colour(rng)))
    thief = person(way, rng, acts=acts)
    return _stolen("theft/shelf", place, rng, (thief,), start_s=start_s, duration_s=duration_s)


def _stolen(
    variant: str,
    place: Place,
    rng: np.random.Generator,
    actors: tuple[Walker, ...],
    *,
    start_s: float,
    duration_s: float,
) -> Story:
    """The first of `actors` is the thief: the theft lasts until that one is out of the picture."""
    end_s = min(leaves_view_s(actors[0].path, place.camera), duration_s)
    captions = event_captions(variant, rng, place=place.name)
    who = tuple(range(len(actors)))
    if any(act.name == "lie" for actor in actors for act in actor.acts):
        end_s = duration_s  # the victim is still on the ground
    happening = Happening(label="theft", captions=captions, actors=who, start_s=start_s, end_s=end_s)
    return Story(actors=actors, happenings=(happening,))


def break_in(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """Somebody crouches at a pane, smashes it, reaches in and runs off with something or stays at it."""
    target = _target(place, rng)
    middle = _middle(target)
    way = Way.arriving(way_in(place, target.reach, rng), speed_mps=1.2, at_s=start_s)
    hurry = min((duration_s - start_s) / 9.0, 1.0)  # in a short clip all goes faster
    crouched, blows = start_s + hurry * rng.uniform(0.8, 1.5), int(rng.integers(2, 4))
    broken = crouched + (blows - 1) * _BEAT_S + _LANDS_S
    reach = crouched + blows * _BEAT_S
    leave = reach + hurry * rng.uniform(2.0, 3.5)
    acts = [
        Act("crouch", start_s, crouched, towards=middle),
        Act("hit", crouched, reach, towards=middle),
        Act("reach", reach, leave, towards=middle),
    ]
    way.stay_until(leave).walk(way_out(place, target.reach, rng, in_sight=True)[1:], speed_mps=rng.uniform(3.0, 4.0))
    acts.append(Act("carry", leave, max(way.now_s, leave + 0.5), item="box", colour=luggage_colour(rng)))
    return _broken("break-in", place, rng, target, way, acts, broken, start_s=start_s, duration_s=duration_s)


def vandalism(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """Somebody smashes a pane with a bar, a kick or a stone, and walks or runs off."""
    target = _target(place, rng)
    middle = _middle(target)
    how = str(rng.choice(["hit", "hit", "kick", "throw"]))
    if how == "throw":
        out = np.array(target.reach) - middle
        at = plus(target.reach, out / (np.linalg.norm(out) + 1e-9) * rng.uniform(1.0, 1.8))
        broken = start_s + 1.0
        done = start_s + 1.6
    else:
        at, blows = target.reach, int(rng.integers(2, 5))
        beat, lands = (_BEAT_S, _LANDS_S) if how == "hit" else (1.0, 0.38)
        broken, done = start_s + (blows // 2) * beat + lands, start_s + blows * beat
    way = Way.arriving(way_in(place, at, rng), speed_mps=rng.uniform(1.2, 2.0), at_s=start_s)
    acts = [Act(how, start_s, done, towards=middle)]
    speed = rng.uniform(3.2, 4.2) if rng.random() < 0.7 else 1.5
    way.stay_until(done + 0.3).walk(way_out(place, at, rng, in_sight=True)[1:], speed_mps=speed)
    return _broken("vandalism", place, rng, target, way, acts, broken, start_s=start_s, duration_s=duration_s)


def _broken(
    label: str,
    place: Place,
    rng: np.random.Generator,
    target: Target,
    way: Way,
    acts: list[Act],
    broken_s: float,
    *,
    start_s: float,
    duration_s: float,
) -> Story:
    actor = person(way, rng, acts=acts)
    manner = {"hit": "hits", "kick": "kicks", "throw": "throws a stone at"}
    blow = next(manner[act.name] for act in acts if act.name in manner)
    glass = BrokenGlass(target=target, span_s=(broken_s, duration_s + 1), seed=int(rng.integers(1 << 30)))
    happening = Happening(
        label=label,
        captions=event_captions(label, rng, place=place.name, words={"target": target.name, "blow": blow}),
        actors=(0,),
        effects=(0,),
        start_s=start_s,
        end_s=min(leaves_view_s(actor.path, place.camera), duration_s),
    )
    return Story(actors=(actor,), effects=(glass,), happenings=(happening,))


def abandoned_bag(place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """Somebody carries a bag in, puts it down and leaves without it."""
    colour, at = luggage_colour(rng), near_spot(place.clear, place.camera, rng, tries=5)
    owner = Way.arriving(way_in(place, at, rng), speed_mps=1.25, at_s=start_s - 0.8).stay_until(start_s + 0.7)
    put = plus(at, across(place.camera, rng) * 0.45)
    owner.stay(rng.uniform(0.0, 1.5)).walk(way_out(place, at, rng)[1:], speed_mps=rng.uniform(1.4, 2.0))
    acts = [
        Act("carry", -60.0, start_s - 0.5, item="bag", colour=colour),
        Act("crouch", start_s - 0.5, start_s + 0.5, towards=put),
    ]
    actors = (person(owner, rng, acts=acts), bag(put, rng, start_s=start_s, end_s=duration_s + 1, colour=colour))
    captions = event_captions("abandoned bag", rng, place=place.name)
    happening = Happening(label="abandoned bag", captions=captions, actors=(1,), start_s=start_s, end_s=duration_s)
    return Story(actors=actors, happenings=(happening,))


def _target(place: Place, rng: np.random.Generator) -> Target:
    """One of the place's, the nearer the likelier."""
    away = np.array([np.hypot(*(np.array(_middle(t)) - place.camera.position[:2])) for t in place.targets])
    shares = away**-2.0
    return place.targets[int(rng.choice(len(place.targets), p=shares / shares.sum()))]


def _middle(target: Target) -> Point:
    x, y = np.mean(np.array(target.surface), axis=0)[:2]
    return float(x), float(y)


def _beyond(way: list[Point], at: Point) -> Point:
    """What somebody who comes along `way` to `at` looks at: a metre further the same way."""
    step: Array = np.array(at) - way[-2]
    return plus(at, step / (np.linalg.norm(step) + 1e-9))
