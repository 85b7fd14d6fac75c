"""What the Analyze tab shows: an example, an analysis, a clip that has none yet, an error."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import gradio as gr

from clipvad.core import Analysis
from clipvad.errors import ClipvadError, RulesError, SettingsError
from clipvad.progress import Progress
from clipvad.ui import downloads, views
from clipvad.ui.controller import Controller
from clipvad.ui.examples import FIRST, Example
from clipvad.ui.gallery import opened
from clipvad.ui.rules_editor import find_remarks, new_value, read_rules
from clipvad.ui.session import NEVER, Clip, Session
from clipvad.ui.tabs.values import UNEXPECTED, Lists, Updates, main_mode, named_modes
from clipvad.ui.tabs.widgets import AnalyzeWidgets
from clipvad.ui.timeline import partial, payload

log = logging.getLogger(__name__)


class AnalyzeAnswers(AnalyzeWidgets):
    """The tab's widgets and the answers that fill them. `models`: the line above the tabs that names the models."""

    def __init__(self, controller: Controller, *, models: gr.HTML) -> None:
        super().__init__(controller.engine.settings)
        self.controller = controller
        self.models = models

    @property
    def outputs(self) -> list[Any]:
        """The widgets that an answer may change."""
        return [
            self.timeline, self.downloads, self.status, self.clip, self.editor, self.place, self.mode,
            self.models, self.threshold, self.smooth, self.upload, self.examples, *self.scorer_widgets,
        ]  # fmt: skip

    def _example_opened(self, which: Example, analysis: Analysis) -> Updates:
        remarks = find_remarks(analysis.rules, analysis.unknown_words)
        mode = named_modes(which.modes)
        return {
            **self._analysed(analysis, which.clip(analysis.video), mode),
            self.examples: opened(which.name),
            self.clip: views.clip_line(analysis.video),
            self.editor: new_value(analysis.rules, remarks, fresh=True),
            self.place: which.preset,
            self.mode: mode,
            self.threshold: analysis.settings.threshold,
            self.smooth: analysis.settings.smooth_s,
            self.upload: None,
        }

    def _analysed(self, analysis: Analysis, clip: Clip, mode: str = "object") -> Updates:
        shown = main_mode(mode, analysis)
        strongest = max(analysis.events_of(shown), key=lambda event: event.peak, default=None)
        full = payload(
            analysis,
            video_url=views.file_url(clip.player),
            mode=shown,
            truth=clip.truth,
            start_s=strongest.peak_s if strongest else 0.0,
        )
        return {
            self.timeline: full,
            self.downloads: downloads.idle(ready=True),
            self.status: views.outcome(analysis),
            self.models: views.models_line(analysis.encoder, analysis.detector, analysis.scorer),
        }

    def _unanalysed(self, session: Session, lists: Lists, threshold: float) -> Updates:
        """The session's clip without a curve, under the zones of the last sound lists."""
        assert session.clip is not None
        rules, clip = session.rules or FIRST.rules, session.clip
        with suppress(RulesError):  # Analyze will say it
            rules = session.scored(read_rules(lists, rules))
        nothing = Progress(stage="", done_s=0, total_s=clip.info.duration_s, frames=0, frames_per_s=0)
        url = views.file_url(clip.player)
        empty = partial(nothing, video=clip.info, video_url=url, mode="object", rules=rules, threshold=threshold)
        return {self.timeline: empty, self.downloads: downloads.idle(ready=False)}

    def _shown(self, handler: Callable[..., Iterator[Updates]]) -> Callable[..., Any]:
        """The handler with its errors shown in the status line; whatever the user made stays as it is."""

        def explain(error: Exception, request: gr.Request) -> Updates:
            mendable = isinstance(error, RulesError | SettingsError)  # on the page: said until the next curve
            if request.session_hash:
                self.controller.store.get(request.session_hash).refused_at = NEVER if mendable else time.monotonic()
            if isinstance(error, ClipvadError):
                return {self.status: views.note(str(error), error=True)}
            log.error("an action of the page failed", exc_info=error)
            return {self.status: views.note(UNEXPECTED, error=True)}

        @functools.wraps(handler)
        def wrapped(*args: Any) -> Iterator[Updates]:
            # Gradio empties the outputs of a handler that yields nothing.
            unchanged: Updates = {self.status: gr.update()}
            try:
                for updates in handler(*args):
                    unchanged = {}
                    yield updates
            except Exception as error:
                yield explain(error, next(arg for arg in args if isinstance(arg, gr.Request)))
            else:
                if unchanged:
                    yield unchanged

        wrapped.__name__ = f"page_{handler.__name__}"  # Gradio names endpoints by function: the plain names are public
        return wrapped
