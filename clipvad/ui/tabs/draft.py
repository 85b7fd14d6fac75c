"""The Analyze tab with drafts: what the form asks for, and what becomes of the suggestions that were ticked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import gradio as gr

from clipvad.errors import ClipvadError, LLMCancelledError
from clipvad.llm import Accepted, Draft, Wish
from clipvad.ui import views
from clipvad.ui.drafting import form, refused, review, running, things
from clipvad.ui.examples import FIRST
from clipvad.ui.rules_editor import read_rules
from clipvad.ui.tabs.analyze import AnalyzeTab
from clipvad.ui.tabs.values import QUIET, Knob, Lists, Updates, score_settings, session_key


class AnalyzeDraftTab(AnalyzeTab):
    """The Analyze tab whose rules can be drafted. Errors of a draft are shown in the form, which keeps its text."""

    def wire(self, demo: gr.Blocks) -> None:
        super().wire(demo)
        shown = [self.draft, self.status]
        self.draft.asked(self._shown(self.ask_draft), [self.editor], shown, trigger_mode="once", **QUIET)
        self.draft.cancelled(self._shown(self.cancel_draft), outputs=shown, **QUIET)
        self.draft.discarded(self._shown(self.discard_draft), outputs=shown, **QUIET)
        self.draft.taken(
            self._shown(self.take_draft),
            [self.editor, *self.knobs],
            [*shown, self.editor, self.timeline, self.place],
            **QUIET,
        )

    def ask_draft(self, event: gr.EventData, request: gr.Request, lists: Lists) -> Iterator[Updates]:
        key = session_key(request)
        try:
            rules = read_rules(lists, self.controller.store.get(key).rules or FIRST.rules)
            wish = Wish(place=str(event.place), forbidden=things(str(event.forbidden)), policy=str(event.policy))
            steps = self.controller.desk.draft(key, wish, beside=rules, pictures=event.pictures is True)
            with closing(steps):
                for step in steps:
                    yield {self.draft: review(step) if isinstance(step, Draft) else running(step)}
        except LLMCancelledError as error:
            yield {self.draft: form(note=str(error))}
        except ClipvadError as error:
            yield {self.draft: form(error=str(error))}
        except Exception:
            yield {self.draft: form()}
            raise

    def cancel_draft(self, request: gr.Request) -> Iterator[Updates]:
        if not self.controller.desk.cancel(session_key(request)):  # else the draft itself says that it was stopped
            yield {self.draft: form()}

    def discard_draft(self, request: gr.Request) -> Iterator[Updates]:
        self.controller.desk.discard(session_key(request))
        yield {self.draft: form()}

    def take_draft(self, event: gr.EventData, request: gr.Request, lists: Lists, *knobs: Knob) -> Iterator[Updates]:
        key, instead = session_key(request), event.instead is True
        try:
            before = read_rules(lists, self.controller.store.get(key).rules or FIRST.rules)
            rules, accepted = self.controller.desk.take(
                key, before, ticked=event.ticked, mended=event.mended, instead=instead
            )
        except ClipvadError as error:
            yield {self.draft: refused(str(error))}
            return
        updates = {**self._replace_rules(rules, score_settings(*knobs), request), self.draft: form(close=True)}
        if self.timeline in updates or self.status not in updates:  # else it says why the rules could not be used
            updates[self.status] = views.note(_taken(accepted, instead=instead))
        yield updates | ({self.place: None} if instead else {})

    def leave(self, request: gr.Request) -> None:
        self.controller.desk.cancel(session_key(request))
        super().leave(request)


def _taken(accepted: Accepted, *, instead: bool) -> str:
    normal, abnormal = len(accepted.normal), len(accepted.abnormal)
    told = f"{normal} normal and {abnormal} abnormal sentence{'s'[: normal + abnormal != 1]}"
    told = f"Your rules are now {told}." if instead else f"Added {told}."
    zones = [f"Draw the zone “{zone.name}”: until then it is the whole picture." for zone in accepted.zones]
    return " ".join([told, *zones, "Undo takes it back."])
