"""The rules editor: two lists of sentences as one component, with remarks beside the sentence they concern.

Its value is `{"version", "normal", "abnormal", "remarks"}`; a rule is `{"text", "category", "enabled"}`.
The page keeps what the user types: the server replaces the lists only by sending another `version`.
Events: `edited` (debounced), after any change of the lists.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.core import Rule, RuleSet
from clipvad.errors import RulesError
from clipvad.rules.lint import Remark, lint

_HERE = Path(__file__).parent
_MAX_ROWS, _MAX_TEXT = 200, 400
SIDES = ("normal", "abnormal")


def rules_editor(**options: Any) -> gr.HTML:
    """Two editable lists: switch, edit, reorder, move across, remove, add, paste many, undo and redo.

    `options` as for `gr.HTML`.
    """
    return gr.HTML(
        html_template=(_HERE / "template.html").read_text("utf-8"),
        css_template=(_HERE / "style.css").read_text("utf-8"),
        js_on_load=(_HERE / "editor.js").read_text("utf-8"),
        apply_default_css=False,
        **options,
    )


def new_value(rules: RuleSet, remarks: Sequence[Mapping[str, Any]] = (), *, fresh: bool = False) -> dict[str, Any]:
    """The editor's value that shows `rules` in place of what it held; `fresh` also empties its undo history."""
    lists = {side: [_plain(rule) for rule in getattr(rules, side)] for side in SIDES}
    return {"version": secrets.token_hex(6), **lists, "remarks": list(remarks), "fresh": fresh}


def read_rules(value: Mapping[str, Any] | None, base: RuleSet) -> RuleSet:
    """The rule set in the editor; name and place are `base`'s, and so are the zones, hours, dwell time and threshold
    of a sentence that `base` has on the same side. Blank lines are left out.

    The value comes from a browser: anything but two lists of short sentences raises `RulesError`.
    """
    try:
        normal, abnormal = (_rules((value or {})[side], getattr(base, side)) for side in SIDES)
    except (KeyError, TypeError, AttributeError):
        raise RulesError("The two lists of sentences could not be read. Reload the page.") from None
    return replace(base, normal=normal, abnormal=abnormal)


def find_remarks(rules: RuleSet, unknown_words: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """What to tell the user about the sentences; `text` None is about the whole list.

    The filter's errors and warnings, without what needs an encoder; hints would crowd the page. One of a kind a text.
    """
    found = {
        (remark.side, remark.sentence, remark.kind): {
            "side": remark.side,
            "text": None if remark.index is None else remark.sentence,
            "message": remark.reason + _better(remark),
            "words": list(remark.words),
        }
        for remark in lint(rules, unknown_words=unknown_words)
        if remark.severity != "hint"
    }
    return list(found.values())


def _better(remark: Remark) -> str:
    return f" Better: “{remark.mend.text}”." if remark.mend and remark.mend.text else ""


def _plain(rule: Rule) -> dict[str, Any]:
    return {"text": rule.text, "category": rule.category, "enabled": rule.enabled}


def _rules(rows: Sequence[Mapping[str, Any]], base: Sequence[Rule]) -> tuple[Rule, ...]:
    if not isinstance(rows, list) or len(rows) > _MAX_ROWS:
        raise RulesError(f"A list holds at most {_MAX_ROWS} sentences.")
    texts = [str(row["text"]).strip() for row in rows]
    if any(len(text) > _MAX_TEXT for text in texts):
        raise RulesError(f"A sentence has at most {_MAX_TEXT} characters.")
    known: dict[str, list[Rule]] = {}
    for rule in base:
        known.setdefault(rule.text, []).append(rule)
    return tuple(
        replace(
            known[text].pop(0) if known.get(text) else Rule(text=text),
            category=str(row.get("category", "")).strip()[:60],
            enabled=row.get("enabled") is not False,
        )
        for text, row in zip(texts, rows, strict=True)
        if text
    )
