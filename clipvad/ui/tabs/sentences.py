"""The two panels under the timeline: what each sentence does, and one frame explained. Both wait to be asked."""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from clipvad.core import MODES, Mode
from clipvad.errors import ClipvadError, SettingsError
from clipvad.explain import Look, sample_at, shown_time
from clipvad.ui import explain, sentences
from clipvad.ui.looking import Looking
from clipvad.ui.tabs.answers import AnalyzeAnswers
from clipvad.ui.tabs.values import QUIET, UNEXPECTED, session_key

log = logging.getLogger(__name__)
Value = dict[str, Any]


class Explanations:
    """The events of the panels that stand on the Analyze tab."""

    def __init__(self, tab: AnalyzeAnswers) -> None:
        self.tab = tab
        self.controller = tab.controller
        self.looking = Looking(tab.controller)

    def wire(self) -> None:
        """Tie events to handlers. Call once, after all widgets are rendered."""
        table, frame = self.tab.sentences, self.tab.explain
        answered = _answered(self.influence, sentences.note)
        table.wanted(answered, outputs=table, trigger_mode="always_last", **QUIET)
        # Several at a time: a later wish ends an earlier one's work.
        frame.explain(_answered(self.explain, explain.note), outputs=frame, trigger_mode="multiple", **QUIET)
        frame.cancel(_answered(self.cancel, explain.note), outputs=frame, trigger_mode="multiple", **QUIET)

    def influence(self, event: gr.EventData, request: gr.Request) -> Iterator[Value]:
        analysis, analyzer = self.controller.explained(session_key(request))
        mode = _mode(getattr(event, "mode", None))
        yield sentences.shown(analysis, analyzer.influence(analysis, mode=mode), mode=mode)

    def explain(self, event: gr.EventData, request: gr.Request) -> Iterator[Value]:
        key, t_s = session_key(request), _seconds(getattr(event, "t_s", None))
        if getattr(event, "what", None) == "boxes":
            self.looking.cancel(key)
            yield self._boxes(key, t_s)
            return
        with closing(self.looking.look(key, t_s)) as steps:
            while True:
                try:
                    text, fraction = next(steps)
                except StopIteration as done:
                    seen = done.value
                    break
                yield explain.working(text, fraction)
        if seen is not None:
            yield self._map(key, t_s, seen)

    def cancel(self, request: gr.Request) -> Iterator[Value]:
        self.looking.cancel(session_key(request))
        yield explain.note("Cancelled.")

    def _map(self, key: str, t_s: float, seen: Look) -> Value:
        from clipvad.video import read_frame

        analysis, analyzer = self.controller.explained(key)
        maps = analyzer.maps(seen, analysis.rules, settings=analysis.settings, size=explain.map_size(analysis.video))
        shown_s = shown_time(analysis.features.pts_s, t_s)
        picture = read_frame(analysis.video, shown_s, max_side=explain.PICTURE_PX)
        mode: Mode = "object" if "object" in analysis.scores else "frame"
        chosen = analysis.top_sentence(mode, sample_at(analysis.features.pts_s, t_s))
        return explain.map_shown(analysis, shown_s, picture, seen, maps, chosen=chosen)

    def _boxes(self, key: str, t_s: float) -> Value:
        from clipvad.video import read_frame

        analysis, analyzer = self.controller.explained(key)
        found = analyzer.objects_at(analysis, t_s)
        shown_s = shown_time(analysis.features.pts_s, t_s)
        picture = read_frame(analysis.video, shown_s, max_side=explain.PICTURE_PX)
        return explain.boxes_shown(analysis, shown_s, picture, found)


def _answered(handler: Callable[..., Iterator[Value]], note: Callable[[str], Value]) -> Callable[..., Any]:
    """The handler with its errors as a note in its own panel, and nothing shown where it has nothing to say."""

    @functools.wraps(handler)
    def wrapped(*args: Any) -> Iterator[Any]:
        silent = True
        try:
            for value in handler(*args):
                silent = False
                yield value
        except ClipvadError as error:
            yield note(str(error))
        except Exception as error:
            log.error("a panel could not be filled", exc_info=error)
            yield note(UNEXPECTED)
        else:
            if silent:
                yield gr.update()

    wrapped.__name__ = f"panel_{handler.__name__}"
    return wrapped


def _mode(text: object) -> Mode:
    """What the browser named, if it is a mode. Raises `SettingsError`."""
    for mode in MODES:
        if text == mode:
            return mode
    raise SettingsError("The page asked for a mode that does not exist. Reload it.")


def _seconds(value: object) -> float:
    """What the browser sent as a time. Raises `SettingsError` for anything but a number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SettingsError("The page sent no time to explain. Reload it.")
    return float(value)
