"""The Analyze tab's sentences and settings: what changes in them draws the curve anew, from features that are held."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.core import ZERO_SHOT, RuleSet, ScoreSettings
from clipvad.errors import RulesError
from clipvad.rules import load_rules, parse_rules
from clipvad.ui import views
from clipvad.ui.examples import FIRST
from clipvad.ui.rules_editor import find_remarks, new_value, read_rules
from clipvad.ui.session import NEVER
from clipvad.ui.tabs.answers import AnalyzeAnswers
from clipvad.ui.tabs.values import MODES, QUIET, Knob, Lists, Updates, main_mode, score_settings, session_key
from clipvad.ui.timeline import patch

READ_S = 10.0  # for so long a rescored curve leaves a refusal in the status line: it must be read


class AnalyzeRescoring(AnalyzeAnswers):
    """The tab on which a change of the rules or of a setting is seen at once. No decoder, no image encoder."""

    @property
    def rescoring(self) -> list[Any]:
        """The widgets whose values a curve is drawn from."""
        return [self.editor, *self.knobs]

    def wire(self, demo: gr.Blocks) -> None:
        """Tie events to handlers. Call once, after all widgets are rendered."""
        live: dict[str, Any] = {**QUIET, "trigger_mode": "always_last"}
        self.place.input(self._shown(self.choose_place), [self.place, *self.knobs], self.outputs, **QUIET)
        opened = self._shown(self.open_rules)
        self.rule_file.upload(opened, [self.rule_file, *self.knobs], self.outputs, trigger_mode="multiple", **QUIET)
        self.timeline.threshold(self._shown(self.drag_threshold), self.rescoring, self.outputs, **live)
        knobs = (self.smooth, self.threshold, self.merge, self.shortest)
        for changed in (self.editor.edited, self.clock.submit, self.clock.blur, *(knob.input for knob in knobs)):
            changed(self._shown(self.rescore), self.rescoring, self.outputs, **live)
        self.mode.input(self._shown(self.choose_mode), [self.mode], self.outputs, **live)
        self.sentences.dropped(self._shown(self.switch_off), self.rescoring, self.outputs, **QUIET)

    # Handlers. Each yields {widget: value}.

    def choose_place(self, request: gr.Request, place: str, *knobs: Knob) -> Iterator[Updates]:
        yield self._replace_rules(load_rules(place), score_settings(*knobs), request)

    def open_rules(self, request: gr.Request, path: str, *knobs: Knob) -> Iterator[Updates]:
        try:
            text = Path(path).read_text("utf-8")
        except UnicodeDecodeError:
            raise RulesError(f"{Path(path).name} is not a text file. A rule file is YAML.") from None
        rules = parse_rules(text, source=Path(path).name)
        yield {**self._replace_rules(rules, score_settings(*knobs), request), self.place: None}

    def rescore(self, request: gr.Request, lists: Lists, *knobs: Knob) -> Iterator[Updates]:
        session = self.controller.store.get(session_key(request))
        rules = read_rules(lists, session.rules or FIRST.rules)
        yield self._rescored(rules, score_settings(*knobs), lists, request)

    def drag_threshold(
        self, event: gr.EventData, request: gr.Request, lists: Lists, _: float, *others: Knob
    ) -> Iterator[Updates]:
        threshold = round(min(max(float(event.value), 0.01), 1.0), 2)
        for updates in self.rescore(request, lists, threshold, *others):
            yield {**updates, self.threshold: threshold}

    def switch_off(self, event: gr.EventData, request: gr.Request, lists: Lists, *knobs: Knob) -> Iterator[Updates]:
        """One sentence off, as if unticked in the editor: undo there brings it back."""
        rules = read_rules(lists, self.controller.store.get(session_key(request)).rules or FIRST.rules)
        less = rules.without(str(event.text), abnormal=bool(event.abnormal))
        yield self._replace_rules(less, score_settings(*knobs), request)

    def catch_up(self, request: gr.Request, lists: Lists, *knobs: Knob) -> Iterator[Updates]:
        """Sentences and settings that changed while an analysis ran take effect when it ends."""
        analysis = self.controller.store.get(session_key(request)).analysis
        if analysis is None:
            return
        session = self.controller.store.get(session_key(request))
        rules = read_rules(lists, session.rules or analysis.rules)
        settings = score_settings(*knobs)
        scorer = ZERO_SHOT if session.head is None else session.head.use
        if (rules, settings, scorer) != (session.rules, analysis.settings, analysis.scorer):
            yield self._rescored(rules, settings, lists, request)

    def choose_mode(self, mode: str, request: gr.Request) -> Iterator[Updates]:
        analysis = self.controller.store.get(session_key(request)).analysis
        if analysis is None:
            return
        missing = [name for name in MODES[mode] if name not in analysis.scores]
        if missing:
            yield {self.status: views.note(f"Press Analyze to compute the {missing[0]} curve of this clip.")}
        else:
            yield {self.timeline: patch(analysis, mode=main_mode(mode, analysis)), self.status: views.outcome(analysis)}

    # Pieces of answers

    def _replace_rules(self, rules: RuleSet, settings: ScoreSettings, request: gr.Request) -> Updates:
        session = self.controller.store.get(session_key(request))
        session.rules, session.refused_at = rules, NEVER
        return self._rescored(rules, settings, new_value(rules), request)

    def _rescored(self, rules: RuleSet, settings: ScoreSettings, lists: Lists, request: gr.Request) -> Updates:
        """The editor with remarks and, where features are held, the timeline drawn anew."""
        key = session_key(request)
        session = self.controller.store.get(key)
        remarks = find_remarks(rules, self.controller.unknown_words(key, rules))
        updates: Updates = {self.editor: {**lists, "remarks": remarks}}
        if session.busy.locked():
            return updates
        if session.analysis is None:
            if session.clip is not None:
                updates[self.timeline] = self._unanalysed(session, lists, settings.threshold)[self.timeline]
            return updates
        before = session.analysis
        try:
            analysis = self.controller.rescore(key, rules, settings)
        except RulesError as error:
            session.refused_at = NEVER
            return {**updates, self.status: views.note(f"Not rescored. {error}", error=True)}
        now = (analysis.rules, analysis.scorer, settings.smooth_s)
        changed = (before.rules, before.scorer, before.settings.smooth_s) != now
        redrawn = patch(analysis, mode=main_mode("both", analysis), curves=changed)
        updates[self.timeline] = {name: part for name, part in redrawn.items() if name != "mode"}  # the reader's choice
        if time.monotonic() - session.refused_at > READ_S:
            updates[self.status] = views.outcome(analysis)
        return updates
