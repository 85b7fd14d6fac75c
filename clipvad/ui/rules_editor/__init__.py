"""The rules editor: zones and two lists of sentences as one component, with remarks beside what they concern.

Its value is made by `new_value` and read by `read_rules`. The page keeps what the user types: the server replaces
it only by sending another `version`. Events: `edited` (debounced), after any change of sentences or zones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.core import RuleSet
from clipvad.rules.lint import lint
from clipvad.ui.component import parts
from clipvad.ui.rules_editor.value import new_value, read_rules

__all__ = ["find_remarks", "new_value", "read_rules", "rules_editor"]

_HERE = Path(__file__).parent


def rules_editor(**options: Any) -> gr.HTML:
    """Two editable lists (switch, edit, bind, reorder, move across, remove, add, paste many) and zones to draw.

    All with undo and redo. `options` as for `gr.HTML`.
    """
    return gr.HTML(
        **parts(
            _HERE, "../dom.js", "parts.js", "bindings.js", "zones.js", "editor.js", styles=("style.css", "zones.css")
        ),
        **options,
    )


def find_remarks(rules: RuleSet, unknown_words: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """What to tell the user about the sentences; `text` and `index` None is about the whole list.

    The filter's errors and warnings, without what needs an encoder; hints would crowd the page. `index`: the place
    in its list, which tells two sentences of one text apart. `mend`: what one click does, `{"action", "text"}` of a
    `Mend`, or None.
    """
    return [
        {
            "side": remark.side,
            "text": None if remark.index is None else remark.sentence,
            "index": remark.index,
            "message": remark.reason,
            "words": list(remark.words),
            "mend": None if remark.mend is None else asdict(remark.mend),
        }
        for remark in lint(rules, unknown_words=unknown_words)
        if remark.severity != "hint"
    ]
