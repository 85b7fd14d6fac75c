"""What can happen at a place: one teller for each label of event, and everyday life."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from clipvad.synth.places.place import Place
from clipvad.synth.stories import crash, fight, hazards, people, property, riding
from clipvad.synth.stories.everyday import everyday
from clipvad.synth.story import Story

Teller = Callable[..., Story]
TELLERS: dict[str, Teller] = {
    **{label: partial(riding.ride, label) for label in riding.RIDERS},
    "driving": riding.drive,
    "no-entry": riding.trespass,
    "fight": fight.fight,
    "fall": people.fall,
    "chase": people.chase,
    "panic": people.panic,
    "loitering": people.loitering,
    "abandoned bag": property.abandoned_bag,
    "theft": property.theft,
    "break-in": property.break_in,
    "vandalism": property.vandalism,
    "fire": hazards.fire,
    "smoke": hazards.smoke,
    "explosion": hazards.explosion,
    "collision": crash.collision,
}
LABELS = tuple(TELLERS)

_OWN_ROAD = ("cycling", "motorcycling", "driving")  # nothing special where the place has ways for vehicles


def tell(label: str, place: Place, rng: np.random.Generator, *, duration_s: float, start_s: float) -> Story:
    """A story of the event `label` in a clip of `duration_s` seconds, beginning at `start_s` (about a fifth into it).

    ValueError if the event does not suit the place, see `suits`.
    """
    if not suits(label, place):
        raise ValueError(f"{label!r} does not suit the place {place.name!r}")
    return TELLERS[label](place, rng, duration_s=duration_s, start_s=start_s)


def suits(label: str, place: Place) -> bool:
    """Whether the event can happen there and is worth a report. ValueError for an unknown label."""
    if label not in TELLERS:
        raise ValueError(f"unknown event {label!r}; known: {', '.join(LABELS)}")
    if label in (*riding.RIDERS, "driving"):
        if place.indoor or not riding.rideable(place.walk, place.camera):
            return False
        if label in ("motorcycling", "driving") and place.name == "platform":
            return False
        # A pavement beside a street is still for walking, but there a car that drives is nothing to be seen.
        return label not in _OWN_ROAD or not place.drive or (place.name == "shop front" and label != "driving")
    if label == "collision":
        return bool(place.drive)
    if label in ("break-in", "vandalism"):
        return bool(place.targets)
    return not (label in ("panic", "abandoned bag") and place.name == "loading bay")


__all__ = ["LABELS", "TELLERS", "Teller", "everyday", "suits", "tell"]
