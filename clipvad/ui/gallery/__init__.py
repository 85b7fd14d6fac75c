"""The examples as small pictures to click, and what to try with the one that is open. Event: `chosen` {example}."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.ui.examples import EXAMPLES

_HERE = Path(__file__).parent


def gallery(**options: Any) -> gr.HTML:
    """The row of pictures. Its value is a dict made by `opened`; `options` as for `gr.HTML`."""
    return gr.HTML(
        opened(None),
        html_template=(_HERE / "template.html").read_text("utf-8"),
        css_template=(_HERE / "style.css").read_text("utf-8"),
        js_on_load=(_HERE / "gallery.js").read_text("utf-8"),
        apply_default_css=False,
        **options,
    )


def opened(name: str | None) -> dict[str, Any]:
    """The example called `name` is open, or none."""
    examples = [{"name": one.name, "title": one.title, "hint": one.hint, "poster": one.poster} for one in EXAMPLES]
    return {"examples": examples, "open": name}
