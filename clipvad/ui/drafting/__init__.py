"""Drafting rules on the page: a form in plain words, and the review of what is suggested, as one component.

What the user types stays in the browser; the value that the server sends says what to show: the form, a draft under
way, or suggestions to tick. Events: `asked` {place, forbidden, policy, pictures}, `cancelled`, `taken` {ticked, mended,
instead}, `discarded`.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.llm import MAX_FRAMES, Draft, Suggestion
from clipvad.llm.prompt import MAX_PLACE, MAX_POLICY
from clipvad.ui.component import parts
from clipvad.ui.drafting.offer import Offer

_HERE = Path(__file__).parent


def draft_panel(**options: Any) -> gr.HTML:
    """The closed form. Its value is a dict made by `form`, `running` or `review`; `options` as for `gr.HTML`."""
    offer = Offer.from_env()
    return gr.HTML(
        form(),
        **parts(_HERE, "../dom.js", "review.js", "form.js"),
        offer={
            "host": offer.server.host if offer.server else "",
            "model": offer.server.model if offer.server else "",
            "fault": offer.fault,
            "pictures": MAX_FRAMES,
            "max_place": MAX_PLACE,
            "max_policy": MAX_POLICY,
        },
        **options,
    )


def form(*, note: str = "", error: str = "", close: bool = False) -> dict[str, Any]:
    """The form with what was typed, and why there is no draft; `close` folds it up."""
    return _value("form", note=note, error=error, close=close)


def running(note: str) -> dict[str, Any]:
    """A draft is under way; `note` says what it waits for."""
    return _value("running", note=note)


def review(draft: Draft) -> dict[str, Any]:
    """Suggestions to tick."""
    return _value("review", source=draft.source, suggestions=[plain(one) for one in draft.suggestions])


def refused(error: str) -> dict[str, Any]:
    """The review as it stands, and why what was ticked could not be taken over."""
    return _value("review", error=error)


def plain(one: Suggestion) -> dict[str, Any]:
    """A suggestion as JSON: `mend` is another wording or "", `hours` are spans such as "20:00-06:00"."""
    rule = one.rule
    return {
        "side": one.side,
        "text": rule.text,
        "category": rule.category,
        "hours": [str(hours) for hours in rule.hours],
        "dwell_s": rule.dwell_s,
        "zones": list(rule.zones),
        "kept": one.kept,
        "reason": one.reason,
        "mend": one.mend.text if one.mend is not None and one.mend.action == "replace" else "",
        "beside": one.beside,
        "usable": one.usable,
    }


def things(text: str) -> tuple[str, ...]:
    """The forbidden things in a text of one a line; marks of a list are left out."""
    return tuple(line for given in text.splitlines() if (line := given.strip().lstrip("-*•").strip()))


def _value(stage: str, **more: Any) -> dict[str, Any]:
    return {"stage": stage, "serial": secrets.token_hex(4), **more}  # the same news twice are news too
