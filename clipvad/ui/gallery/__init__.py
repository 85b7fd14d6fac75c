"""The examples as small pictures to click, and what to try with the one that is open. Event: `chosen` {example}."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.ui.component import parts
from clipvad.ui.examples import EXAMPLES

_HERE = Path(__file__).parent


def gallery(**options: Any) -> gr.HTML:
    """The row of pictures. Its value is a dict made by `opened`; `options` as for `gr.HTML`."""
    return gr.HTML(
        opened(None),
        **parts(_HERE, "gallery.js"),
        **options,
    )


def opened(name: str | None) -> dict[str, Any]:
    """The example called `name` is open, or none."""
    examples = [{"name": one.name, "title": one.title, "hint": one.hint, "poster": one.poster} for one in EXAMPLES]
    return {"examples": examples, "open": name}
