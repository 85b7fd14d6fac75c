"""Suggested sentences for a place. Nothing enters a rule set by itself: `Draft.accept` is the user's step."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clipvad.errors import LLMError
from clipvad.rules.lint import Mend, Side, filter_sentences
from clipvad.ruleset import SIDES, Rule, RuleSet, Zone

if TYPE_CHECKING:
    from clipvad.encoders.base import Encoder

MAX_PER_SIDE = 40
TOO_MANY = f"{MAX_PER_SIDE} sentences stand on this side before it."
WHOLE_PICTURE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """One sentence for one side. `kept`: ticked to begin with. `reason`: why it is not, else ""; `mend` may help.

    `beside`: the reason is only about the rule set that the draft is to join; in place of that set it may stay.
    `usable`: False where no rule set can hold it, such as for hours that are none.
    """

    rule: Rule
    side: Side
    reason: str = ""
    mend: Mend | None = None
    beside: bool = False
    usable: bool = True

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
    """Suggestions, normal ones first. `source` says in a sentence or two who made them and what was sent where.

    `place`: what they were asked for.
    """

    source: str
    suggestions: tuple[Suggestion, ...]
    place: str = ""

    @property
    def zones(self) -> tuple[str, ...]:
        """Names of the zones that the kept suggestions ask the user to draw."""
        return _zone_names(suggestion.rule for suggestion in self.suggestions if suggestion.kept)

    def accept(self, indices: Collection[int] | None = None, *, drawn: Iterable[Zone] = ()) -> Accepted:
        """The suggestions at `indices` (None: all kept ones) as rules. `drawn`: zones that the rule set has already.

        Raises `IndexError` for an index that is none, `LLMError` for a suggestion that is not usable.
        """
        kept = [i for i, suggestion in enumerate(self.suggestions) if suggestion.kept]
        chosen = [self.suggestions[i] for i in (kept if indices is None else sorted(set(indices)))]
        for suggestion in chosen:
            if not suggestion.usable:
                raise LLMError(f"“{suggestion.rule.text}” cannot be taken over: {suggestion.reason} Leave it out.")
        have = {zone.name for zone in drawn}
        wanted = [name for name in _zone_names(suggestion.rule for suggestion in chosen) if name not in have]
        return Accepted(
            normal=tuple(suggestion.rule for suggestion in chosen if suggestion.side == "normal"),
            abnormal=tuple(suggestion.rule for suggestion in chosen if suggestion.side == "abnormal"),
            zones=_placeholders(wanted),
        )

    def rule_set(self, accepted: Accepted, *, name: str, drawn: Iterable[Zone] = ()) -> RuleSet:
        """`accepted` and the zones `drawn` already, as a rule set of its own that tells its source. Unchecked."""
        return RuleSet(
            name=name,
            place=self.place,
            description=self.source,
            zones=(*drawn, *accepted.zones),
            normal=accepted.normal,
            abnormal=accepted.abnormal,
        )

    def mended(self, indices: Collection[int]) -> Draft:
        """With the new wording that the filter proposed for each suggestion at `indices`, which is kept then.

        What has no other wording stays as it is. The order stays, so that other indices still hold.
        """
        done = {
            i: replace(one, rule=replace(one.rule, text=one.mend.text), reason="", mend=None)
            for i, one in enumerate(self.suggestions)
            if i in indices and one.mend is not None and one.mend.action == "replace"
        }
        return replace(self, suggestions=tuple(done.get(i, one) for i, one in enumerate(self.suggestions)))


def sift(
    suggestions: Iterable[Suggestion], *, beside: RuleSet | None = None, encoder: Encoder | None = None
) -> tuple[Suggestion, ...]:
    """The suggestions, normal ones first; those that should not be taken over get the reason why.

    `beside`: the rule set that they are to join. `encoder` lets the filter see which sentences are alike.
    """
    given = list(suggestions)
    sides = {side: [one for one in given if one.side == side] for side in SIDES}
    faults = _faults(sides)
    for side in SIDES:
        for i, one in enumerate(sides[side]):
            fault = faults.get((side, i), "") or (TOO_MANY if i >= MAX_PER_SIDE else "")
            sides[side][i] = replace(one, reason=one.reason or fault, usable=(side, i) not in faults)
    candidates = {side: [i for i, one in enumerate(sides[side]) if one.kept] for side in SIDES}
    normal, abnormal = ([sides[side][i].rule for i in candidates[side]] for side in SIDES)
    alone = filter_sentences(normal, abnormal, encoder=encoder).dropped
    joining = alone if beside is None else filter_sentences(normal, abnormal, beside=beside, encoder=encoder).dropped
    for_itself = {(remark.side, remark.index) for remark in alone}
    for remark in joining:
        if remark.index is not None:
            i = candidates[remark.side][remark.index]
            only_beside = (remark.side, remark.index) not in for_itself
            sides[remark.side][i] = replace(
                sides[remark.side][i], reason=remark.reason, mend=remark.mend, beside=only_beside
            )
    return tuple(one for side in SIDES for one in sides[side])


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
