"""What a user says about a place: sentences, where and when they hold, and from what score on they count.

Plain nouns without files: `clipvad.rules` reads and writes them. `RuleSet.faults` is the one list of what can
be wrong with a set; who has more to say of the place of a fault (a file its lines) maps the path to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clipvad.errors import RulesError

SIDES = ("normal", "abnormal")
FieldPath = tuple[str | int, ...]  # such as ("abnormal", 3, "zones", 0): keys and indices down to what is meant
Region = tuple[float, float, float, float]  # `x1 y1 x2 y2` in shares of the picture's width and height

MIN_ZONE_AREA = 1e-6  # of the picture; about a pixel of a megapixel
_ON_EDGE = 1e-6  # of the picture
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


@dataclass(frozen=True, kw_only=True)
class Zone:
    """A part of the picture: a polygon whose corners are shares of width and height, x right, y down, in [0, 1].

    Shares, so that a zone drawn on one copy of a clip holds on another resolution of it. At least 3 points.
    """

    name: str
    points: tuple[tuple[float, float], ...]

    @property
    def area(self) -> float:
        """Share of the picture in [0, 1] (shoelace formula); where the outline crosses itself, parts cancel."""
        x, y = np.array(self.points, float).reshape(-1, 2).T
        return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)

    @property
    def box(self) -> Region:
        """The rectangle around it."""
        x, y = zip(*self.points, strict=True)
        return min(x), min(y), max(x), max(y)

    def contain(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """bool [M]: is each of the points [M, 2], in shares of the picture, inside or on the edge? (even-odd rule)"""
        px, py = points[:, 0], points[:, 1]
        inside = np.zeros(len(points), bool)
        on_edge = inside.copy()
        for (x1, y1), (x2, y2) in zip(self.points, (*self.points[1:], self.points[0]), strict=True):
            length = np.hypot(x2 - x1, y2 - y1)
            if length == 0:  # the same corner twice
                continue
            along = (px - x1) * (x2 - x1) + (py - y1) * (y2 - y1)
            across = (px - x1) * (y2 - y1) - (py - y1) * (x2 - x1)
            on_edge |= (np.abs(across) <= _ON_EDGE * length) & (along >= 0) & (along <= length**2)
            inside ^= ((y1 > py) != (y2 > py)) & (across * (y2 - y1) < 0)  # a ray to the right meets this edge
        return inside | on_edge


@dataclass(frozen=True, kw_only=True)
class Hours:
    """A daily span of the clock, "HH:MM" to "HH:MM" with the end excluded; past midnight where the end is earlier."""

    start: str
    end: str

    @classmethod
    def parse(cls, text: str) -> Hours:
        """From the compact form "20:00-06:00". The times themselves are checked with their rule set."""
        start, _, end = text.partition("-")
        return cls(start=start.strip(), end=end.strip())

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"

    def contain(self, clock_s: NDArray[np.float64]) -> NDArray[np.bool_]:
        """bool, same shape: is the time of day (seconds since midnight, any day) inside?"""
        start, end = (3600 * int(time[:2]) + 60 * int(time[3:]) for time in (self.start, self.end))
        time_of_day = np.mod(clock_s, 86400)
        after, before = time_of_day >= start, time_of_day < end
        return np.asarray(after & before if start < end else after | before)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One sentence about the place, and when it counts.

    `category` groups sentences of one kind; `enabled` switches it off. `zones`: names of the zones that it is
    bound to (none: the whole picture). `hours`: when it holds (none: always). `dwell_s`: seconds that an object
    must have been there before it counts. `threshold` in (0, 1], abnormal sentences only: the score at which
    this sentence raises an event, None for the common one.
    """

    text: str
    category: str = ""
    enabled: bool = True
    zones: tuple[str, ...] = ()
    hours: tuple[Hours, ...] = ()
    dwell_s: float = 0.0
    threshold: float | None = None


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """What is normal and what is not in a place. `templates`: prompts around each sentence, `{}` its slot.

    The columns of every similarity matrix are `sentences`: the enabled normal ones, then the abnormal.
    `zones`: the named polygons that sentences may be bound to. `smooth_s`, `temperature`: what the set wants
    where the caller's `ScoreSettings` leave them open. `encoder`: name or id of the encoder that it was tuned
    for, "" for none.
    """

    name: str
    normal: tuple[Rule, ...]
    abnormal: tuple[Rule, ...]
    title: str = ""
    place: str = ""
    description: str = ""
    templates: tuple[str, ...] = ("{}",)
    zones: tuple[Zone, ...] = ()
    smooth_s: float | None = None
    temperature: float | None = None
    encoder: str = ""

    @property
    def zones_used(self) -> tuple[Zone, ...]:
        """The zones that an enabled rule is bound to, in the order of `zones`."""
        names = {name for rule in self.rules for name in rule.zones}
        return tuple(zone for zone in self.zones if zone.name in names)

    @property
    def is_conditional(self) -> bool:
        """Is any enabled rule bound to a zone, to hours or to a dwell time?"""
        return any(rule.zones or rule.hours or rule.dwell_s for rule in self.rules)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The enabled rules, normal first: what the columns of `Scores.probabilities` stand for."""
        return tuple(rule for rule in (*self.normal, *self.abnormal) if rule.enabled)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Text per enabled rule, normal first."""
        return tuple(rule.text for rule in self.rules)

    @property
    def is_abnormal(self) -> NDArray[np.bool_]:
        """bool [N], aligned with `sentences`."""
        sides = [False for rule in self.normal if rule.enabled] + [True for rule in self.abnormal if rule.enabled]
        return np.array(sides, bool)

    @property
    def categories(self) -> tuple[str, ...]:
        """Category per enabled sentence, aligned with `sentences`."""
        return tuple(rule.category for rule in self.rules)

    def without(self, text: str, *, abnormal: bool) -> RuleSet:
        """The same set with the sentence `text` of one side switched off; unchanged if it is not there."""
        side = self.abnormal if abnormal else self.normal
        rules = tuple(replace(rule, enabled=rule.enabled and rule.text != text) for rule in side)
        return replace(self, abnormal=rules) if abnormal else replace(self, normal=rules)

    def check(self) -> RuleSet:
        """Return self, or raise `RulesError` for the first of `faults`."""
        for path, fault in self.faults():
            where = " > ".join(str(part + 1) if isinstance(part, int) else part for part in path)
            raise RulesError(f"Rule set {self.name!r}, {where}: {fault}")
        return self

    def encoder_warning(self, encoder_id: str) -> str:
        """A sentence for the user if the set was tuned for another encoder than `encoder_id`, else ""."""
        if self.encoder in ("", encoder_id, encoder_id.partition("@")[0]):
            return ""
        return (
            f"Rule set {self.name!r} was tuned for the encoder {self.encoder}, but {encoder_id} runs: "
            "its thresholds and switched-off sentences may not fit."
        )

    def faults(self) -> Iterator[tuple[FieldPath, str]]:
        """What makes the set unusable: path and a sentence that says how to mend it. Nothing if it is sound."""
        if not self.templates:
            yield ("templates",), 'the list is empty. Write "{}" for the bare sentence.'
        for i, template in enumerate(self.templates):
            if template.count("{}") != 1:
                yield ("templates", i), f"the template {template!r} needs the slot {{}} exactly once."
        yield from self._zone_faults()
        for side in SIDES:
            rules: tuple[Rule, ...] = getattr(self, side)
            for i, rule in enumerate(rules):
                for key, fault in self._rule_faults(rule, abnormal=side == "abnormal"):
                    yield (side, i, *key), fault
            if not any(rule.enabled for rule in rules):
                yield (
                    (side,),
                    f"the {side} list has no sentence switched on. A score compares both sides: add one to each.",
                )
        if self.smooth_s is not None and not 0 <= self.smooth_s <= 3600:
            yield ("smooth_s",), f"the smoothing must lie between 0 and 3600 seconds, got {self.smooth_s}."
        if self.temperature is not None and not 1e-6 <= self.temperature <= 1e6:
            yield ("temperature",), f"the temperature must lie between 1e-06 and 1e+06, got {self.temperature}."

    def _zone_faults(self) -> Iterator[tuple[FieldPath, str]]:
        names: set[str] = set()
        for i, zone in enumerate(self.zones):
            path: FieldPath = ("zones", i)
            if not zone.name.strip():
                yield (*path, "name"), "a zone needs a name."
            if zone.name in names:
                yield (*path, "name"), f"the zone {zone.name!r} stands twice. Rename or remove one."
            names.add(zone.name)
            if len(zone.points) < 3:
                yield (*path, "points"), f"the zone {zone.name!r} has {len(zone.points)} points. Give at least 3."
            elif not all(0 <= value <= 1 for point in zone.points for value in point):  # also refuses NaN
                yield (*path, "points"), "points are shares of width and height: write numbers from 0 to 1."
            elif zone.area < MIN_ZONE_AREA:
                yield (*path, "points"), f"the zone {zone.name!r} covers nothing. Give points that are not in one line."

    def _rule_faults(self, rule: Rule, *, abnormal: bool) -> Iterator[tuple[FieldPath, str]]:
        if not rule.text.strip():
            yield ("text",), "the sentence is empty. Fill it in or remove it."
        names = [zone.name for zone in self.zones]
        for j, name in enumerate(rule.zones):
            if name not in names:
                known = f"Zones of this set: {', '.join(names)}." if names else "This set draws none: add it to zones."
                yield ("zones", j), f"no zone is called {name!r}. {known}"
            elif name in rule.zones[:j]:
                yield ("zones", j), f"the zone {name!r} stands twice. Remove one."
        for j, hours in enumerate(rule.hours):
            if not (_TIME.fullmatch(hours.start) and _TIME.fullmatch(hours.end)) or hours.start in (hours.end, "24:00"):
                yield ("hours", j), f"{str(hours)!r} is no span of the clock. Write it like 20:00-06:00."
        if not 0 <= rule.dwell_s <= 86400:
            yield ("dwell_s",), f"the dwell time must lie between 0 and 86400 seconds, got {rule.dwell_s}."
        if rule.threshold is not None and not abnormal:
            yield ("threshold",), "only an abnormal sentence raises an event. Remove the threshold of this normal one."
        elif rule.threshold is not None and not 1e-6 <= rule.threshold <= 1:
            yield ("threshold",), f"a threshold must lie above 0 and at most at 1, got {rule.threshold}."


def normalised(text: str) -> str:
    """A sentence without what does not change its meaning: case, doubled spaces, the final stop."""
    return " ".join(text.casefold().split()).rstrip(" .")
