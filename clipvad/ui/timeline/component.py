"""The component: template, style and script beside this file, handed to `gr.HTML`.

It knows nothing of analyses; its value is a dict made by `clipvad.ui.timeline.payload`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.ui.component import parts

_HERE = Path(__file__).parent


class Timeline(gr.HTML):  # type: ignore[misc]  # gradio is untyped here
    """Explained timeline of one clip. Value: a dict of `payload`, `patch` or `partial`; None shows the empty state.

    The value goes to the browser alone and is never read back: do not list the component as an input.
    The DOM survives every update, so a running video keeps its place.

    Events (data on `gr.EventData`): `seek` {t_s}, `threshold` {value} when the handle is let go, `select`
    {start_s, end_s}, or {} when the selection is cleared, `mode` {mode}. Listen with `trigger_mode="multiple"`
    ("once" drops an event while one is pending, "always_last" sends older data again; `threshold` alone is
    right with it). Update with `show_progress="hidden"`, or Gradio fades the player.
    """

    def __init__(self, value: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(
            value,
            **parts(_HERE, "data.js", "player.js", "draw.js", "tracks.js", "panels.js", "timeline.js"),
            **options,
        )

    def api_info(self) -> dict[str, Any]:
        return {"type": "object"}

    def example_payload(self) -> Any:
        return {}

    def example_value(self) -> Any:
        return {}
