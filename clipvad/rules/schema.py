"""The rule file: versioned YAML at the edge, a `RuleSet` inside. Strict: an unknown key is an error.

Each error names file, line and mend. `rules_json_schema` is the published form (docs/rules.schema.json).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from clipvad.errors import RulesError
from clipvad.rules.marks import parse_yaml
from clipvad.ruleset import SIDES, FieldPath, Hours, Rule, RuleSet, Zone, normalised

CLIP_TOKENS = 77  # context length of every CLIP, start and end included
_PIECES = re.compile(r"[A-Za-z]+|\S")
_Strict = ConfigDict(extra="forbid", strict=True)


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _as_sentence(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]


class ZoneFile(BaseModel):
    """A named polygon. `points`: [x, y] as shares of the picture's width and height, x right, y down."""

    model_config = _Strict
    name: str = Field(min_length=1, max_length=60)
    points: list[Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(min_length=2, max_length=2)]] = Field(
        min_length=3, max_length=100
    )


class SentenceFile(BaseModel):
    """One sentence; a plain string is short for `text`, in `zones` and `hours` for a list of one."""

    model_config = _Strict
    text: str = Field(min_length=1, max_length=400)
    category: str = ""
    enabled: bool = True
    zones: Names = []
    hours: Annotated[Names, Field(description='spans of the clock such as "20:00-06:00"')] = []
    dwell_s: float = Field(0.0, ge=0, le=86400)
    threshold: float | None = Field(None, gt=0, le=1)


Sentences = list[
    Annotated[SentenceFile, BeforeValidator(_as_sentence, json_schema_input_type=str | SentenceFile)]
]  # a plain string is a sentence


class RuleSetFile(BaseModel):
    """A rule file, version 1."""

    model_config = _Strict
    version: Literal[1]
    name: str = Field(min_length=1)
    title: str = ""
    place: str = ""
    description: str = ""
    encoder: str = ""
    templates: list[str] = ["{}"]
    smooth_s: float | None = Field(None, ge=0, le=3600)
    temperature: float | None = Field(None, ge=1e-6, le=1e6)
    zones: list[ZoneFile] = []
    normal: Sentences
    abnormal: Sentences


def rules_json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a rule file, for editors that check while one types."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **RuleSetFile.model_json_schema()}


def parse_rules(text: str, *, source: str) -> RuleSet:
    """Read a rule set from YAML. `source` names it in errors. Raises `RulesError`, naming the line and the mend."""
    document = parse_yaml(text, source=source)
    return build_rules(document.data, where=lambda path: f"{source}, line {document.line(path)}")


def build_rules(data: object, *, where: Callable[[FieldPath], str]) -> RuleSet:
    """A rule set from the plain data of a rule file. `where` names the place of a part of it, for `RulesError`."""
    if not isinstance(data, dict):
        raise RulesError(
            f"{where(())}: a rule file holds the keys version, name, normal and abnormal; this one does not."
        )
    try:
        rules = _rule_set(RuleSetFile.model_validate(data))
    except ValidationError as error:
        path, problem = _first_problem(error)
        raise RulesError(f"{where(path)}: {problem}") from None
    for faults in (rules.faults, lambda: _duplicates(rules), lambda: _overlong(rules)):
        for path, fault in faults():
            raise RulesError(f"{where(path)}: {fault}")
    return rules


def dump_rules(rules: RuleSet) -> str:
    """The rule set as YAML; `parse_rules` gives it back exactly."""
    data = rules_data(rules)
    text = _dump(data, readable=True)
    # PyYAML writes some line separators (U+0085, U+2028) unquoted and reads them back as spaces: escape those files.
    return text if yaml.safe_load(text) == data else _dump(data, readable=False)


def rules_data(rules: RuleSet) -> dict[str, object]:
    """The plain data of its rule file; `build_rules` gives the set back exactly."""
    data: dict[str, object] = {
        "version": 1,
        "name": rules.name,
        "title": rules.title,
        "place": rules.place,
        "description": rules.description,
        "templates": list(rules.templates),
    }
    data |= _given(encoder=rules.encoder, smooth_s=rules.smooth_s, temperature=rules.temperature)
    if rules.zones:
        data["zones"] = [{"name": zone.name, "points": [list(point) for point in zone.points]} for zone in rules.zones]
    for side in SIDES:
        data[side] = [_plain(rule) for rule in getattr(rules, side)]
    return data


class _Dumper(yaml.SafeDumper):
    """Writes every part out where it stands: rule files have no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _dump(data: dict[str, object], *, readable: bool) -> str:
    return str(
        yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=None, allow_unicode=readable, width=110)
    )


def _rule_set(file: RuleSetFile) -> RuleSet:
    return RuleSet(
        name=file.name,
        title=file.title,
        place=file.place,
        description=file.description,
        templates=tuple(file.templates),
        zones=tuple(
            Zone(name=zone.name, points=tuple((point[0], point[1]) for point in zone.points)) for zone in file.zones
        ),
        smooth_s=file.smooth_s,
        temperature=file.temperature,
        encoder=file.encoder,
        normal=tuple(_rule(sentence) for sentence in file.normal),
        abnormal=tuple(_rule(sentence) for sentence in file.abnormal),
    )


def _rule(sentence: SentenceFile) -> Rule:
    return Rule(
        text=sentence.text.strip(),
        category=sentence.category,
        enabled=sentence.enabled,
        zones=tuple(sentence.zones),
        hours=tuple(Hours.parse(span) for span in sentence.hours),
        dwell_s=sentence.dwell_s,
        threshold=sentence.threshold,
    )


def _plain(rule: Rule) -> dict[str, object]:
    data: dict[str, object] = {"text": rule.text}
    data |= _given(category=rule.category)
    if not rule.enabled:
        data["enabled"] = False
    if rule.zones:
        data["zones"] = list(rule.zones)
    if rule.hours:
        data["hours"] = [str(hours) for hours in rule.hours]
    if rule.dwell_s:
        data["dwell_s"] = rule.dwell_s
    return data | _given(threshold=rule.threshold)


def _given(**values: str | float | None) -> dict[str, object]:
    return {name: value for name, value in values.items() if value not in ("", None)}


def _duplicates(rules: RuleSet) -> Iterator[tuple[FieldPath, str]]:
    """The same sentence under the same conditions counts double on one side and cancels out on both."""
    seen: dict[tuple[object, ...], str] = {}
    for side in SIDES:
        for i, rule in enumerate(getattr(rules, side)):
            key = (normalised(rule.text), frozenset(rule.zones), frozenset(rule.hours), rule.dwell_s)
            if key in seen:
                where = "twice in this list" if seen[key] == side else f"in the {seen[key]} list too"
                yield (side, i, "text"), f"{rule.text!r} stands {where}. Remove one, or bind it to a zone or hours."
            seen[key] = side


def _overlong(rules: RuleSet) -> Iterator[tuple[FieldPath, str]]:
    for side in SIDES:
        for i, rule in enumerate(getattr(rules, side)):
            tokens = max(_count_tokens(template.replace("{}", rule.text)) for template in rules.templates)
            if tokens > CLIP_TOKENS:
                yield (
                    (side, i, "text"),
                    f"the sentence has {tokens} tokens with its template; CLIP reads {CLIP_TOKENS}. Shorten it.",
                )


def _count_tokens(prompt: str) -> int:
    """Tokens of CLIP's byte pairs, start and end included; 0 for a prompt that is plainly short enough.

    The tokenizer comes with torch, which takes seconds to load: it is asked only where one token per two letters
    (English has one per four), and one per byte of anything else, would not fit.
    """
    pieces = _PIECES.findall(prompt)
    most = sum(-(-len(piece) // 2) if piece.isalpha() and piece.isascii() else len(piece.encode()) for piece in pieces)
    if most + 2 <= CLIP_TOKENS:
        return 0
    from clipvad.encoders.clip_tokens import count_clip_tokens

    return count_clip_tokens(prompt)


def _first_problem(error: ValidationError) -> tuple[FieldPath, str]:
    first = error.errors()[0]
    path: FieldPath = first["loc"]
    where = " > ".join(str(part + 1) if isinstance(part, int) else part for part in path)
    if first["type"] == "extra_forbidden":
        return path, f"unknown key {where!r}. {_spelling(path)}"
    if first["type"] == "missing":
        return path, f"the key {where!r} is missing. Add it."
    mend = " Put it in quotes." if first["type"] == "string_type" and _is_scalar(first["input"]) else ""
    return path, f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}, got {_shown(first['input'])}.{mend}"


def _spelling(path: FieldPath) -> str:
    models: dict[str, type[BaseModel]] = {"normal": SentenceFile, "abnormal": SentenceFile, "zones": ZoneFile}
    keys = list(models.get(str(path[0]), RuleSetFile).model_fields)
    near = get_close_matches(str(path[-1]), keys, n=1)
    return f"Write {near[0]!r} or remove it." if near else f"The keys here are {', '.join(keys)}."


def _is_scalar(value: object) -> bool:
    return isinstance(value, bool | int | float)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
