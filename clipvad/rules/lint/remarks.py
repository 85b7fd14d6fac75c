"""What the filter says about a sentence: kind, severity, reason and, where there is one, a mend."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Side = Literal["normal", "abnormal"]
Severity = Literal["error", "warning", "hint"]
Kind = Literal[
    "empty side",
    "contradiction",
    "duplicate",
    "near-duplicate",
    "ambiguous",
    "misplaced",
    "negation",
    "abstract",
    "too long",
    "too short",
    "unknown words",
]

# Kinds of which a draft is rid at once, besides every error: at least nine in ten of them are right (docs/lint.md).
DROPPED: frozenset[Kind] = frozenset({"duplicate", "near-duplicate", "ambiguous", "negation", "abstract"})


@dataclass(frozen=True, kw_only=True)
class Mend:
    """What one click does: put `text` in the sentence's place, remove it, or move it to the other side."""

    action: Literal["replace", "remove", "move"]
    text: str = ""

    def __str__(self) -> str:
        return {"replace": f"write “{self.text}”", "remove": "remove it", "move": "move it to the other side"}[
            self.action
        ]


REMOVE = Mend(action="remove")
MOVE = Mend(action="move")


def replace_with(text: str) -> Mend:
    """Put `text` in the sentence's place."""
    return Mend(action="replace", text=text)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A remark on a sentence wherever it stands. `words`: those of it that the reason is about."""

    kind: Kind
    severity: Severity
    reason: str
    mend: Mend | None = None
    words: tuple[str, ...] = ()

    @property
    def drops(self) -> bool:
        """Whether `filter_sentences` drops the sentence for it."""
        return self.severity == "error" or (self.severity == "warning" and self.kind in DROPPED)


@dataclass(frozen=True, kw_only=True)
class Remark(Finding):
    """A finding and its place: `index` from 0 in the list of `side`, None where it is about the whole list."""

    side: Side
    index: int | None
    sentence: str = field(default="")
