"""The Analyze tab with a choice of scorer: the user's sentences, a shipped head, or a checkpoint of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr

from clipvad.core import MODES as CORE_MODES
from clipvad.core import ZERO_SHOT, Analysis
from clipvad.ui import heads, views
from clipvad.ui.controller import Controller
from clipvad.ui.examples import FIRST, Example
from clipvad.ui.heads import Heads
from clipvad.ui.rules_editor import read_rules
from clipvad.ui.session import NEVER, Session
from clipvad.ui.tabs.draft import AnalyzeDraftTab
from clipvad.ui.tabs.values import (
    MODES,
    QUIET,
    Knob,
    Lists,
    Updates,
    main_mode,
    named_modes,
    score_settings,
    session_key,
)
from clipvad.ui.tabs.widgets import MODE_LABELS

LOOKS_AT = {"frame": "whole frames", "object": "objects"}


class AnalyzeScorerTab(AnalyzeDraftTab):
    """The Analyze tab whose clips can be scored by a trained head. Features are kept: another scorer is instant."""

    def __init__(self, controller: Controller, *, models: gr.HTML) -> None:
        super().__init__(controller, models=models)
        self.heads = Heads(controller)

    def wire(self, demo: gr.Blocks) -> None:
        super().wire(demo)
        rest = [self.editor, self.mode, *self.knobs]
        outputs = [*self.scorer_widgets, self.mode, self.editor, self.timeline, self.models, self.status]
        demo.load(self._shown(self.offer), outputs=[self.scorer, self.status], **QUIET)
        self.scorer.input(self._shown(self.choose_scorer), [self.scorer, *rest], outputs, **QUIET)
        # "once", which is the default, would drop a second file while the first one is being read.
        self.head_file.upload(
            self._shown(self.open_head), [self.head_file, *rest], outputs, trigger_mode="multiple", **QUIET
        )

    def offer(self, request: gr.Request) -> Iterator[Updates]:
        """The heads that fit the encoder, once it is loaded."""
        yield {self.scorer: gr.update(choices=self.heads.choices(session_key(request)))}

    def choose_scorer(self, request: gr.Request, name: str, lists: Lists, mode: str, *knobs: Knob) -> Iterator[Updates]:
        yield from self._change(lambda key: self.heads.choose(key, str(name)), request, lists, mode, *knobs)

    def open_head(self, request: gr.Request, path: str, lists: Lists, mode: str, *knobs: Knob) -> Iterator[Updates]:
        yield {self.status: views.note("Reading the checkpoint.")}
        yield from self._change(lambda key: self.heads.take(key, Path(path)), request, lists, mode, *knobs)

    def _change(
        self, change: Callable[[str], Session], request: gr.Request, lists: Lists, mode: str, *knobs: Knob
    ) -> Iterator[Updates]:
        """Another scorer and the curve that it gives; where either cannot be had, what was before stands."""
        key = session_key(request)
        session = self.controller.store.get(key)
        before = session.head, session.own_head
        try:
            updates = self._scored(change(key), lists, mode, request, *knobs)
        except Exception:
            session.head, session.own_head = before
            yield {self.scorer: gr.update(choices=self.heads.choices(key), value=self.heads.chosen(key))}
            raise
        yield updates

    def _scored(self, session: Session, lists: Lists, mode: str, request: gr.Request, *knobs: Knob) -> Updates:
        rules, settings = read_rules(lists, session.rules or FIRST.rules), score_settings(*knobs)
        allowed = CORE_MODES if session.head is None else session.head.modes
        held = CORE_MODES if session.analysis is None else session.analysis.features.modes
        usable = tuple(one for one in allowed if one in held)
        if not set(MODES[mode]) <= set(usable or allowed):
            mode = named_modes(usable or allowed)
        shown = self._scorer_shown(session, session_key(request)) | {
            self.mode: gr.update(choices=[one for one in MODE_LABELS if set(MODES[one[1]]) <= set(allowed)], value=mode)
        }
        if not usable:
            looks = LOOKS_AT[allowed[0]]
            need = f"This head looks at {looks}, which have not been computed for this clip yet. Press Analyze."
            return {**shown, self.status: views.note(need)}
        session.refused_at = NEVER
        updates = {**shown, **self._rescored(rules, settings, lists, request)}
        if session.analysis is not None and self.timeline in updates:
            updates[self.timeline] = {**updates[self.timeline], "mode": main_mode(mode, session.analysis)}
            now = session.analysis
            updates[self.models] = views.models_line(now.encoder, now.detector, now.scorer)
        elif session.analysis is None:
            updates[self.status] = views.note("The clip is ready. Press Analyze." if session.clip else "No clip yet.")
        return updates

    def _scorer_shown(self, session: Session, key: str) -> Updates:
        return {
            self.scorer: gr.update(choices=self.heads.choices(key), value=self.heads.chosen(key)),
            self.head_card: heads.card_html(session.head),
            self.kept: heads.kept_html(session.head),
            self.unexplained: heads.unexplained_html(session.head),
        }

    def _example_opened(self, which: Example, analysis: Analysis) -> Updates:
        """An example comes with its own sentences, so zero-shot scores it."""
        return {
            **super()._example_opened(which, analysis),
            self.scorer: ZERO_SHOT.id,
            self.head_card: "",
            self.kept: "",
            self.unexplained: "",
            self.mode: gr.update(choices=MODE_LABELS, value=named_modes(which.modes)),
        }
