"""YAML with line numbers: the plain data of a document, and the line on which each part of it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from clipvad.errors import RulesError
from clipvad.ruleset import FieldPath

RULES_HINT = "See `clipvad rules show campus-walkway` for a rule file that works."
# What PyYAML raises on hostile text besides its own errors: impossible dates, `!!int ""`, `!!bool x`, deep nesting.
_UNREADABLE = (yaml.YAMLError, ValueError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True)
class Document:
    """A parsed YAML file. `data`: plain lists, dicts and scalars."""

    data: Any
    root: yaml.Node | None

    def line(self, path: FieldPath) -> int:
        """1-based line of the part that `path` leads to, or of the nearest part around it."""
        node, line = self.root, 1
        for part in path:
            if isinstance(node, yaml.MappingNode):
                found = next(((key, value) for key, value in node.value if key.value == part), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
                found = (node.value[part], node.value[part])
            else:
                found = None
            if found is None:
                break
            key, node = found
            line = key.start_mark.line + 1
        return line


def parse_yaml(text: str, *, source: str, hint: str = RULES_HINT) -> Document:
    """Read one YAML document with safe types only. `hint`: where to look, said of what is no YAML at all.

    Raises `RulesError`, naming `source` and the line, for what is no YAML, for a key that stands twice in one
    mapping (YAML would keep the last in silence) and for aliases (a few bytes of them can mean gigabytes).
    """
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        check_nodes(root, source)
        data = loader.construct_document(root) if root is not None else None  # type: ignore[no-untyped-call]
    except _UNREADABLE as error:
        raise RulesError(f"{source}{_line_of(error, text)}: {_problem(error)}. {hint}") from None
    return Document(data, root)


def check_nodes(root: yaml.Node | None, source: str) -> None:
    """Raise `RulesError` for a key that stands twice in one mapping, and for an alias."""
    seen: set[int] = set()
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        line = node.start_mark.line + 1
        if id(node) in seen:
            raise RulesError(f"{source}, line {line}: aliases are not read. Write the part out where it is used.")
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value
        elif isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode) and key.value in keys:
                    where = f"{source}, line {key.start_mark.line + 1}"
                    raise RulesError(f"{where}: the key {key.value!r} stands twice. Remove one.")
                keys.add(str(key.value))
                waiting += [key, value]


def _line_of(error: Exception, text: str) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f", line {mark.line + 1}"
    position = getattr(error, "position", None)  # of a character that YAML forbids
    return f", line {text.count(chr(10), 0, position) + 1}" if isinstance(position, int) else ""


def _problem(error: Exception) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return f"the character {error.character!r} may not stand in a text file"
    return getattr(error, "problem", None) or "it cannot be read as YAML"
