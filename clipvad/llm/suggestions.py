"""Suggested sentences for a place. Nothing enters a rule set by itself: `Draft.accept` is the user's step."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from clipvad.ruleset import SIDES, Rule, RuleSet, Zone, normalised

Side = Literal["normal", "abnormal"]

MAX_PER_SIDE = 40
WHOLE_PICTURE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """One sentence for one side. `kept`: ticked to begin with. `reason`: why it is not, else ""."""

    rule: Rule
    side: Side
    reason: str = ""

    @property
    def kept(self) -> bool:
        return not self.reason


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """What a user took over: the parts of a `RuleSet`. `zones` are those to be drawn; until then the whole picture."""

    normal: tuple[Rule, ...]
    abnormal: tuple[Rule, ...]
    zones: tuple[Zone, ...]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Suggestions, normal ones first. `source` says in a sentence or two who made them and what was sent where."""

    source: str
    suggestions: tuple[Suggestion, ...]

    @property
    def zones(self) -> tuple[str, ...]:
        """Names of the zones that the kept suggestions ask the user to draw."""
        return _zone_names(suggestion.rule for suggestion in self.suggestions if suggestion.kept)

    def accept(self, indices: Collection[int] | None = None, *, drawn: Iterable[Zone] = ()) -> Accepted:
        """The suggestions at `indices` (None: all kept ones) as rules. `drawn`: zones that the rule set has already.

        Raises `IndexError` for an index that is none.
        """
        kept = [i for i, suggestion in enumerate(self.suggestions) if suggestion.kept]
        chosen = [self.suggestions[i] for i in (kept if indices is None else sorted(set(indices)))]
        have = {zone.name for zone in drawn}
        wanted = [name for name in _zone_names(suggestion.rule for suggestion in chosen) if name not in have]
        return Accepted(
            normal=tuple(suggestion.rule for suggestion in chosen if suggestion.side == "normal"),
            abnormal=tuple(suggestion.rule for suggestion in chosen if suggestion.side == "abnormal"),
            zones=_placeholders(wanted),
        )


def sift(suggestions: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    """The suggestions, normal ones first; those that should not be taken over get the reason why."""
    given = list(suggestions)
    sides = {side: [one for one in given if one.side == side] for side in SIDES}
    faults = _faults(sides)
    seen: dict[tuple[object, ...], str] = {}
    sifted = []
    for side in SIDES:
        for i, one in enumerate(sides[side]):
            rule = one.rule
            key = (normalised(rule.text), rule.zones, rule.hours, rule.dwell_s)
            reason = one.reason or faults.get((side, i), "")
            if not reason and key in seen:
                reason = f"it stands on the {seen[key]} side already"
            if not reason and i >= MAX_PER_SIDE:
                reason = f"there are {MAX_PER_SIDE} sentences on this side before it"
            if not reason:
                seen[key] = side
            sifted.append(replace(one, reason=reason))
    return tuple(sifted)


def _faults(sides: Mapping[str, Sequence[Suggestion]]) -> dict[tuple[str, int], str]:
    """What would make a rule set unusable, by side and index: hours that are no hours, a dwell time below 0."""
    normal, abnormal = (tuple(one.rule for one in sides[side]) for side in SIDES)
    zones = _placeholders(_zone_names((*normal, *abnormal)))
    found: dict[tuple[str, int], str] = {}
    for path, fault in RuleSet(name="draft", normal=normal, abnormal=abnormal, zones=zones).faults():
        if len(path) > 1 and isinstance(path[1], int) and path[0] in SIDES:
            found.setdefault((str(path[0]), path[1]), fault)
    return found


def _zone_names(rules: Iterable[Rule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for rule in rules for name in rule.zones))


def _placeholders(names: Iterable[str]) -> tuple[Zone, ...]:
    return tuple(Zone(name=name, points=WHOLE_PICTURE) for name in names)
