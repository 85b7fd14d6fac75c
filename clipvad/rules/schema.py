"""The rule file: versioned YAML at the edge, a `RuleSet` inside. Strict: an unknown key is an error."""

from __future__ import annotations

from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from clipvad.core import Rule, RuleSet
from clipvad.errors import RulesError


class RuleFile(BaseModel):
    """One sentence as it stands in a file; a plain string is short for `text`."""

    model_config = ConfigDict(extra="forbid", strict=True)
    text: str = Field(min_length=1, max_length=400)
    category: str = ""
    enabled: bool = True


class RuleSetFile(BaseModel):
    """A rule file, version 1."""

    model_config = ConfigDict(extra="forbid", strict=True)
    version: Literal[1]
    name: str = Field(min_length=1)
    title: str = ""
    place: str = ""
    description: str = ""
    templates: list[str] = ["{}"]
    normal: list[RuleFile]
    abnormal: list[RuleFile]

    @field_validator("normal", "abnormal", mode="before")
    @classmethod
    def _plain_strings(cls, rules: object) -> object:
        return (
            [{"text": rule} if isinstance(rule, str) else rule for rule in rules] if isinstance(rules, list) else rules
        )


def parse_rules(text: str, *, source: str) -> RuleSet:
    """Read a rule set from YAML. `source` names it in errors. Raises `RulesError`, naming the line or the field."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: an impossible date and the like
        mark = getattr(error, "problem_mark", None)
        where = f"{source}, line {mark.line + 1}" if mark is not None else source
        problem = getattr(error, "problem", None) or "it cannot be read as YAML"
        raise RulesError(
            f"{where}: {problem}. See `clipvad rules show campus-walkway` for a rule file that works."
        ) from None
    if not isinstance(data, dict):
        raise RulesError(f"{source}: a rule file holds the keys version, name, normal and abnormal; this one does not.")
    try:
        parsed = RuleSetFile.model_validate(data)
    except ValidationError as error:
        raise RulesError(f"{source}: {_first_problem(error)}") from None
    return RuleSet(
        name=parsed.name,
        title=parsed.title,
        place=parsed.place,
        description=parsed.description,
        templates=tuple(parsed.templates),
        normal=_rules(parsed.normal),
        abnormal=_rules(parsed.abnormal),
    ).check()


def dump_rules(rules: RuleSet) -> str:
    """The rule set as YAML; `parse_rules` gives it back exactly."""
    data = {
        "version": 1,
        "name": rules.name,
        "title": rules.title,
        "place": rules.place,
        "description": rules.description,
        "templates": list(rules.templates),
        "normal": [_plain(rule) for rule in rules.normal],
        "abnormal": [_plain(rule) for rule in rules.abnormal],
    }
    text = _dump(data, readable=True)
    # PyYAML writes some line separators (U+0085, U+2028) unquoted and reads them back as spaces: escape those files.
    return text if yaml.safe_load(text) == data else _dump(data, readable=False)


def _dump(data: dict[str, object], *, readable: bool) -> str:
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=readable, width=110))


def _rules(rules: list[RuleFile]) -> tuple[Rule, ...]:
    return tuple(Rule(text=rule.text.strip(), category=rule.category, enabled=rule.enabled) for rule in rules)


def _plain(rule: Rule) -> dict[str, object]:
    data: dict[str, object] = {"text": rule.text}
    if rule.category:
        data["category"] = rule.category
    if not rule.enabled:
        data["enabled"] = False
    return data


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    where = " > ".join(str(part + 1) if isinstance(part, int) else str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"unknown key {where!r}. Remove it or correct its spelling."
    if first["type"] == "missing":
        return f"the key {where!r} is missing."
    return f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}."
