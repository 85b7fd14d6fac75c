"""What the browser sends with an event, in the terms of `clipvad.core`; and what a handler answers with."""

from __future__ import annotations

from typing import Any, get_args

import gradio as gr

from clipvad.core import Analysis, Mode, ScoreSettings, read_clock
from clipvad.errors import ClipvadError

MODES: dict[str, tuple[Mode, ...]] = {"frame": ("frame",), "object": ("object",), "both": get_args(Mode)}
UNEXPECTED = "Something went wrong on the server; it was logged there. Nothing that you typed is lost."
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
Updates = dict[Any, Any]
Lists = dict[str, Any]  # the rules editor's value
Knob = Any  # a widget's value, in the order of `AnalyzeWidgets.knobs`


def session_key(request: gr.Request) -> str:
    """What names the caller's session; raises `ClipvadError` for a bare HTTP call, which has none."""
    if not request.session_hash:
        raise ClipvadError("This call names no session. Use gradio_client, which does.")
    return str(request.session_hash)


def score_settings(threshold: float, smooth: float, merge: float, shortest: float, clock: str | None) -> ScoreSettings:
    """The settings that the values of `AnalyzeWidgets.knobs` stand for; raises `SettingsError` for a bad clock."""
    clock_start_s = read_clock(clock) if clock and clock.strip() else None
    return ScoreSettings(
        threshold=threshold, smooth_s=smooth, merge_s=merge, min_s=shortest, clock_start_s=clock_start_s
    )


def named_modes(modes: tuple[Mode, ...]) -> str:
    """The choice of the page that stands for these modes."""
    return next(name for name, those in MODES.items() if set(those) == set(modes))


def main_mode(mode: str, analysis: Analysis) -> Mode:
    """The curve to emphasise: the last wanted one that there is."""
    wanted = [name for name in MODES[mode] if name in analysis.scores]
    return wanted[-1] if wanted else next(iter(analysis.scores))
