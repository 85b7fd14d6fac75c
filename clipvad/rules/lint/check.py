"""The filter itself: remarks on a rule set, and drafts rid of what is repetitive, ambiguous or no caption.

Dong (ICPRAM 2024, section 3.1) has "repetitive and ambiguous descriptions" filtered, by hand; here each remark is a
rule or a bound that was measured (docs/lint.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from clipvad.encoders.base import Encoder
from clipvad.rules.lint.abstract import find_abstract
from clipvad.rules.lint.length import find_too_long, find_too_short
from clipvad.rules.lint.negation import find_negation
from clipvad.rules.lint.remarks import MOVE, REMOVE, Finding, Kind, Remark, Side
from clipvad.rules.lint.similarity import Flags, say_the_same, seem_misplaced, seem_the_same
from clipvad.rules.lint.unknown import find_unknown
from clipvad.rules.lint.words import normalise
from clipvad.ruleset import Rule, RuleSet

SIDES: tuple[Side, ...] = get_args(Side)
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, kw_only=True)
class Filtered:
    """A draft after the filter: what stays of each side, in its order, and a remark for each sentence dropped."""

    normal: tuple[Rule, ...]
    abnormal: tuple[Rule, ...]
    dropped: tuple[Remark, ...]


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """A sentence in its place. `draft`: it is up for dropping."""

    side: Side
    index: int
    rule: Rule
    draft: bool = True

    @property
    def scope(self) -> tuple[object, ...]:
        """Where and when it holds: only sentences of one scope are ever compared with one score."""
        return frozenset(self.rule.zones), frozenset(self.rule.hours), self.rule.dwell_s

    def remark(self, found: Finding) -> Remark:
        return Remark(**vars(found), side=self.side, index=self.index, sentence=self.rule.text)


def lint(
    rules: RuleSet, *, encoder: Encoder | None = None, unknown_words: Mapping[str, Sequence[str]] | None = None
) -> tuple[Remark, ...]:
    """Remarks on the sentences that are switched on, normal first, each side in its order.

    Without `encoder` only the rules of language speak; it finds sentences that are alike or misplaced. Where words
    that the encoder has never seen are known already, `unknown_words` gives them by sentence. The order of the
    sentences changes no remark.
    """
    entries = [
        _Entry(side=side, index=i, rule=rule)
        for side in SIDES
        for i, rule in enumerate(getattr(rules, side))
        if rule.enabled
    ]
    remarks = [entry.remark(found) for entry in entries for found in _about_language(entry.rule.text)]
    remarks += [entry.remark(found) for entry in entries for found in _about_words(entry, encoder, unknown_words)]
    remarks += _about_pairs(entries, _Relations(entries, encoder))
    if encoder is not None:
        remarks += _about_leaning(entries, encoder)
    for side in SIDES:
        if not any(entry.side == side for entry in entries):
            reason = "No sentence is on. A score compares both lists: switch one on."
            remarks.append(Remark(kind="empty side", severity="error", reason=reason, side=side, index=None))
    return tuple(sorted(remarks, key=_place))


def filter_sentences(
    normal: Sequence[Rule], abnormal: Sequence[Rule], *, beside: RuleSet | None = None, encoder: Encoder | None = None
) -> Filtered:
    """Drop from a draft each sentence with a remark that `drops`; `beside` is the rule set that it is to join.

    Of two that are the same, or say the same, on one side the first stays; of two on both sides neither does, unless
    one is in `beside` already, which loses nothing. An index in `dropped` is that in `normal` or `abnormal`.
    """
    drafts = [
        _Entry(side=side, index=i, rule=rule)
        for side, rules in zip(SIDES, (normal, abnormal), strict=True)
        for i, rule in enumerate(rules)
    ]
    dropped = {}
    for entry in drafts:
        found = [*_about_language(entry.rule.text), *_about_words(entry, encoder, None)]
        if reasons := [one for one in found if one.drops]:
            dropped[entry] = reasons[0]
    kept = [entry for entry in drafts if entry not in dropped]
    entries = [*_fixed(beside), *kept]
    relations = _Relations(entries, encoder)
    for across in (True, False):
        for i, entry in enumerate(entries):
            others = [j for j, other in enumerate(entries) if (other.side != entry.side) == across]
            if not across:  # a sentence that is dropped takes no other with it, and the first of two stays
                others = [j for j in others if j < i and entries[j] not in dropped]
            reasons = [one for one in relations.findings(i, others) if one.drops]
            if entry.draft and entry not in dropped and reasons:
                dropped[entry] = reasons[0]
    stay = {side: tuple(e.rule for e in drafts if e.side == side and e not in dropped) for side in SIDES}
    return Filtered(**stay, dropped=tuple(entry.remark(dropped[entry]) for entry in drafts if entry in dropped))


def _fixed(beside: RuleSet | None) -> Iterator[_Entry]:
    for side in SIDES:
        for i, rule in enumerate(getattr(beside, side, ())):
            if rule.enabled:
                yield _Entry(side=side, index=i, rule=rule, draft=False)


def _about_language(text: str) -> Iterator[Finding]:
    """What a sentence's own words give away; of one that is cut off anyhow, only that."""
    if (long := find_too_long(text)) is not None:
        yield long
        if long.severity == "error":
            return
    # One of these at a time, the gravest: a mended negation may well not be abstract, nor a mended opinion too short.
    found = find_negation(text) or find_abstract(text) or find_too_short(text)
    if found is not None:
        yield found


def _about_words(
    entry: _Entry, encoder: Encoder | None, known: Mapping[str, Sequence[str]] | None
) -> Iterator[Finding]:
    text = entry.rule.text
    words = encoder.unknown_words(text) if encoder is not None else (known or {}).get(text, ())
    if (found := find_unknown(text, words)) is not None:
        yield found


class _Relations:
    """Which sentences are the same and which only say the same, where they hold at the same place and time."""

    def __init__(self, entries: Sequence[_Entry], encoder: Encoder | None) -> None:
        self.entries = entries
        texts = [entry.rule.text for entry in entries]
        compared = _table([entry.scope for entry in entries]) & ~np.eye(len(entries), dtype=bool)
        self.equal = _table([normalise(text) for text in texts]) & compared
        self.certain = say_the_same(texts) & compared & ~self.equal
        seeming = self.certain if encoder is None or not texts else seem_the_same(texts, encoder)
        self.suspected = seeming & compared & ~self.equal & ~self.certain

    def findings(self, i: int, others: Iterable[int]) -> Iterator[Finding]:
        """What to say of sentence `i` because of `others`: at most one of each kind, whatever their order."""
        others = list(others)
        for across in (True, False):
            here = [j for j in others if (self.entries[j].side != self.entries[i].side) == across]
            if same := [j for j in here if self.equal[i, j]]:
                yield _same_finding(across, self._text(same))
            elif certain := [j for j in here if self.certain[i, j]]:
                yield _alike_finding(across, self._text(certain), certain=True)
            elif suspected := [j for j in here if self.suspected[i, j]]:
                yield _alike_finding(across, self._text(suspected), certain=False)

    def _text(self, which: Sequence[int]) -> str:
        return min(self.entries[j].rule.text for j in which)


def _about_pairs(entries: Sequence[_Entry], relations: _Relations) -> list[Remark]:
    every = range(len(entries))
    return [entry.remark(found) for i, entry in enumerate(entries) for found in relations.findings(i, every)]


def _about_leaning(entries: Sequence[_Entry], encoder: Encoder) -> Iterator[Remark]:
    if not entries:
        return
    own = _table([entry.side for entry in entries])
    misplaced = seem_misplaced([entry.rule.text for entry in entries], own, encoder)
    for entry, moved in zip(entries, misplaced.tolist(), strict=True):
        if moved:
            reason = (
                "Nearer to the sentences of the other side than to those of its own: does it stand on the right one?"
            )
            yield entry.remark(Finding(kind="misplaced", severity="hint", reason=reason, mend=MOVE))


def _same_finding(across: bool, other: str) -> Finding:
    if across:
        reason = f"Also in the other list, as “{other}”: the two cancel out."
        return Finding(kind="contradiction", severity="error", reason=reason, mend=REMOVE)
    reason = f"Twice in this list, also as “{other}”: it counts double."
    return Finding(kind="duplicate", severity="error", reason=reason, mend=REMOVE)


def _alike_finding(across: bool, other: str, *, certain: bool) -> Finding:
    says = "says" if certain else "seems to say"
    if across:
        kind: Kind = "ambiguous"
        reason = f"The other list {says} the same in other words, “{other}”: the two cancel out."
    else:
        kind = "near-duplicate"
        reason = f"{says.capitalize()} the same as “{other}”: together they count double."
    return Finding(kind=kind, severity="warning" if certain else "hint", reason=reason, mend=REMOVE)


def _table(labels: Sequence[object]) -> Flags:
    """bool [N, N]: which two labels are equal."""
    return np.array([[one == other for other in labels] for one in labels], bool).reshape(2 * (len(labels),))


def _place(remark: Remark) -> tuple[int, int, int]:
    return SIDES.index(remark.side), -1 if remark.index is None else remark.index, KINDS.index(remark.kind)
