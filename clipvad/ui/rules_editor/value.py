"""The editor's value: a rule set as plain data for the browser, and what comes back from there as a rule set.

`{"version", "zones", "normal", "abnormal", "remarks", "fresh"}`. A zone is `{"name", "points"}`, its points `[x, y]`
in shares of the picture; a sentence is `{"text", "category", "enabled", "threshold", "zones", "hours", "dwell_s"}`
with the names of its zones and hours such as "20:00-06:00".
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from clipvad.core import Hours, Rule, RuleSet, Zone
from clipvad.errors import RulesError
from clipvad.ruleset import SIDES

_MAX_ROWS, _MAX_TEXT = 200, 400
_MAX_ZONES, _MAX_POINTS, _MAX_NAME = 50, 100, 60
_MAX_HOURS, _MAX_SPAN = 24, 40


def new_value(rules: RuleSet, remarks: Sequence[Mapping[str, Any]] = (), *, fresh: bool = False) -> dict[str, Any]:
    """The editor's value that shows `rules` in place of what it held; `fresh` also empties its undo history."""
    return {
        "version": secrets.token_hex(6),
        "zones": [{"name": zone.name, "points": [list(point) for point in zone.points]} for zone in rules.zones],
        **{side: [_plain(rule) for rule in getattr(rules, side)] for side in SIDES},
        "remarks": list(remarks),
        "fresh": fresh,
    }


def read_rules(value: Mapping[str, Any] | None, base: RuleSet) -> RuleSet:
    """The rule set in the editor; what the editor does not show (name, place, templates, smoothing ...) is `base`'s.

    Blank sentences are left out, and a normal sentence has no threshold. The value comes from a browser: anything
    but short lists of sound sentences and zones raises `RulesError`, which names the one to mend. An empty side is
    no error here.
    """
    try:
        given = value or {}
        zones = tuple(
            _zone(row) for row in _rows(given.get("zones", []), most=_MAX_ZONES, what="A rule set", of="zones")
        )
        normal, abnormal = (_rules(given[side], abnormal=side == "abnormal") for side in SIDES)
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError):
        raise RulesError("The sentences and zones could not be read. Reload the page.") from None
    return _sound(replace(base, zones=zones, normal=normal, abnormal=abnormal))


def _plain(rule: Rule) -> dict[str, Any]:
    return {
        "text": rule.text,
        "category": rule.category,
        "enabled": rule.enabled,
        "threshold": rule.threshold,
        "zones": list(rule.zones),
        "hours": [str(hours) for hours in rule.hours],
        "dwell_s": rule.dwell_s,
    }


def _rules(rows: object, *, abnormal: bool) -> tuple[Rule, ...]:
    given = _rows(rows, most=_MAX_ROWS, what="A list", of="sentences")
    return tuple(_rule(row, abnormal=abnormal) for row in given if str(row["text"]).strip())


def _rule(row: Mapping[str, Any], *, abnormal: bool) -> Rule:
    text = str(row["text"]).strip()
    if len(text) > _MAX_TEXT:
        raise RulesError(f"A sentence has at most {_MAX_TEXT} characters. Shorten “{text[:40]}…”.")
    hours = _texts(row.get("hours", []), most=_MAX_HOURS, length=_MAX_SPAN, whose=f"the hours of “{text}”")
    threshold = row.get("threshold") if abnormal else None  # kept on the page, for when the sentence moves back
    return Rule(
        text=text,
        category=str(row.get("category", "")).strip()[:60],
        enabled=row.get("enabled") is not False,
        zones=_texts(row.get("zones", []), most=_MAX_ZONES, length=_MAX_NAME, whose=f"the zones of “{text}”"),
        hours=tuple(Hours.parse(span.replace("–", "-")) for span in hours),
        dwell_s=_number(row.get("dwell_s") or 0, f"the seconds of “{text}”"),
        threshold=None if threshold is None else _number(threshold, f"the threshold of “{text}”"),
    )


def _zone(row: Mapping[str, Any]) -> Zone:
    name = str(row["name"]).strip()
    if len(name) > _MAX_NAME:
        raise RulesError(f"The name of a zone has at most {_MAX_NAME} characters. Shorten “{name[:40]}…”.")
    points = row["points"]
    if not isinstance(points, list) or len(points) > _MAX_POINTS:
        raise RulesError(f"The zone “{name}” has more than {_MAX_POINTS} points. Remove some.")
    return Zone(name=name, points=tuple((_number(x, f"“{name}”"), _number(y, f"“{name}”")) for x, y in points))


def _rows(rows: object, *, most: int, what: str, of: str) -> list[Any]:
    if not isinstance(rows, list) or len(rows) > most:
        raise RulesError(f"{what} holds at most {most} {of}. Remove some, or reload the page.")
    return rows


def _texts(values: object, *, most: int, length: int, whose: str) -> tuple[str, ...]:
    if not isinstance(values, list) or len(values) > most:
        raise RulesError(f"Too many entries in {whose}: at most {most}.")
    texts = tuple(str(value).strip() for value in values)
    if any(len(text) > length for text in texts):
        raise RulesError(f"Too long a text in {whose}: at most {length} characters each.")
    return texts


def _number(value: object, whose: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RulesError(f"“{str(value)[:20]}” in {whose} is no number. Write one such as 0.7, or clear the field.")
    return float(value)


def _sound(rules: RuleSet) -> RuleSet:
    """The set itself, or `RulesError` for the first sentence or zone that cannot be used."""
    for path, fault in rules.faults():
        if len(path) > 2:  # not of a list as a whole: a remark says it beside the list
            side, index = str(path[0]), int(path[1])
            whose = f"Zone “{rules.zones[index].name}”" if side == "zones" else f"“{getattr(rules, side)[index].text}”"
            raise RulesError(f"{whose}: {fault}")
    return rules
