"""The Analyze tab: ties the events of its widgets to the controller and shows what comes back."""

from __future__ import annotations

import functools
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, get_args

import gradio as gr

from clipvad.core import ZERO_SHOT, Analysis, Mode, RuleSet, ScoreSettings, read_clock
from clipvad.errors import ClipvadError, RulesError, SettingsError
from clipvad.progress import Progress
from clipvad.rules import load_rules, parse_rules
from clipvad.ui import downloads, views
from clipvad.ui.controller import Controller
from clipvad.ui.examples import FIRST, Example, example
from clipvad.ui.gallery import opened
from clipvad.ui.rules_editor import find_remarks, new_value, read_rules
from clipvad.ui.session import NEVER, Choice, Clip, Session
from clipvad.ui.tabs.widgets import AnalyzeWidgets
from clipvad.ui.timeline import partial, patch, payload

log = logging.getLogger(__name__)

MODES: dict[str, tuple[Mode, ...]] = {"frame": ("frame",), "object": ("object",), "both": get_args(Mode)}
READ_S = 10.0  # for so long a rescored curve leaves a refusal in the status line: it must be read
UNEXPECTED = "Something went wrong on the server; it was logged there. Nothing that you typed is lost."
Updates = dict[Any, Any]
Lists = dict[str, Any]  # the rules editor's value
Knob = Any  # a widget's value, in the order of `AnalyzeWidgets.knobs`


class AnalyzeTab(AnalyzeWidgets):
    """Widgets and their events. Build inside a `gr.Blocks`, then `wire`. `models`: the line that names the models."""

    def __init__(self, controller: Controller, *, models: gr.HTML) -> None:
        super().__init__(controller.engine.settings)
        self.controller = controller
        self.models = models

    def wire(self, demo: gr.Blocks) -> None:
        """Tie events to handlers. Call once, after all widgets are rendered."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        live: dict[str, Any] = {**quiet, "trigger_mode": "always_last"}
        everything = [
            self.timeline, self.downloads, self.status, self.clip, self.editor, self.place, self.mode,
            self.models, self.threshold, self.smooth, self.upload, self.examples, *self.scorer_widgets,
        ]  # fmt: skip
        rescoring = [self.editor, *self.knobs]
        buttons = [self.analyze, self.stop]
        run = self.analyze.click(_show_stop, outputs=buttons, trigger_mode="once", **quiet).then(
            self._shown(self.run),
            [self.editor, self.mode, self.encoder, self.detector, self.fps, *self.knobs],
            everything,
            **quiet,
        )
        run.then(_show_analyze, outputs=buttons, **quiet).then(
            self._shown(self.catch_up), rescoring, everything, **quiet
        )

        demo.load(self._shown(self.open_first), outputs=everything, **quiet).then(
            self._shown(self.catch_up), rescoring, everything, **quiet
        )
        demo.unload(self.leave)
        # Another clip, or Stop, ends a run that is under way or still waits in the queue.
        for ending, handler, inputs in (
            (self.examples.chosen, self.choose_example, None),
            (self.upload.upload, self.take_clip, [self.upload, self.editor, self.threshold]),
            (self.stop.click, self.stopped, [self.mode, self.editor, self.threshold]),
        ):
            ending(self._shown(handler), inputs, everything, cancels=[run], **quiet).then(
                _show_analyze, outputs=buttons, **quiet
            )

        self.place.input(self._shown(self.choose_place), [self.place, *self.knobs], everything, **quiet)
        opened = self._shown(self.open_rules)
        self.rule_file.upload(opened, [self.rule_file, *self.knobs], everything, trigger_mode="multiple", **quiet)
        self.timeline.threshold(self._shown(self.drag_threshold), rescoring, everything, **live)
        knobs = (self.smooth, self.threshold, self.merge, self.shortest)
        for changed in (self.editor.edited, self.clock.submit, self.clock.blur, *(knob.input for knob in knobs)):
            changed(self._shown(self.rescore), rescoring, everything, **live)
        self.mode.input(self._shown(self.choose_mode), [self.mode], everything, **live)
        self.sentences.dropped(self._shown(self.switch_off), rescoring, everything, **quiet)
        self.downloads.wanted(self._shown(self.export), outputs=everything, **quiet)

    # Handlers. Each returns or yields {widget: value}.

    def open_first(self, request: gr.Request) -> Iterator[Updates]:
        yield from self._open(FIRST, request)

    def choose_example(self, event: gr.EventData, request: gr.Request) -> Iterator[Updates]:
        yield from self._open(example(str(event.example)), request)

    def _open(self, which: Example, request: gr.Request) -> Iterator[Updates]:
        shown = False
        for step in self.controller.open_example(session_key(request), which):
            if isinstance(step, Progress):
                yield {self.status: views.progress_line(step)}
            elif isinstance(step, Analysis):
                shown = True
                yield {
                    **self._example_opened(which, step),
                    self.downloads: downloads.idle(ready=False),
                    self.status: views.note("Loading models."),
                }
            else:
                assert step.analysis is not None
                assert step.clip is not None
                # Sentences that were edited meanwhile stay; they take effect in `catch_up`.
                kept = self._analysed(step.analysis, step.clip, named_modes(which.modes)) if shown else None
                yield kept or self._example_opened(which, step.analysis)

    def take_clip(self, upload: str | None, lists: Lists, threshold: float, request: gr.Request) -> Iterator[Updates]:
        if not upload:
            return
        session = self.controller.store.get(session_key(request))
        try:
            for step in self.controller.take_clip(session_key(request), Path(upload)):
                if isinstance(step, Clip):
                    yield {
                        **self._unanalysed(session, lists, threshold),
                        self.clip: views.clip_line(step.info),
                        self.examples: opened(None),
                        self.status: views.note("The clip is ready. Press Analyze."),
                        self.upload: None,
                    }
                else:
                    yield {self.status: views.progress_line(step)}
        except Exception:
            yield {self.upload: None}  # the drop area, ready for another file
            raise

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

    def run(
        self,
        request: gr.Request,
        lists: Lists,
        mode: str,
        encoder: str,
        detector: str,
        fps: float,
        *knobs: Knob,
    ) -> Iterator[Updates]:
        key = session_key(request)
        session = self.controller.store.get(key)
        rules = read_rules(lists, session.rules or FIRST.rules)
        choice = Choice(modes=MODES[mode], encoder=encoder, detector=detector, fps=float(fps))
        settings = score_settings(*knobs)
        with closing(self.controller.analyze(key, rules, choice, settings)) as steps:
            for step in steps:
                clip = session.clip
                assert clip is not None
                if isinstance(step, Progress):
                    curves = partial(
                        step,
                        video=clip.info,
                        video_url=views.file_url(clip.player),
                        mode=choice.modes[-1],
                        rules=session.scored(rules),
                        threshold=settings.threshold,
                    )
                    yield {self.timeline: curves, self.status: views.progress_line(step)}
                else:
                    yield {
                        **self._analysed(step, clip, mode),
                        self.clip: views.clip_line(step.video),
                        self.editor: {
                            **lists,
                            "remarks": find_remarks(rules, self.controller.unknown_words(key, rules)),
                        },
                    }

    def stopped(self, mode: str, lists: Lists, threshold: float, request: gr.Request) -> Iterator[Updates]:
        """Put back what there was before the run."""
        session = self.controller.stop(session_key(request))
        if session.clip is not None:
            before = (
                self._unanalysed(session, lists, threshold)
                if session.analysis is None
                else self._analysed(session.analysis, session.clip, mode)
            )
            yield {**before, self.status: views.note("Stopped.")}

    def export(self, event: gr.EventData, request: gr.Request) -> Iterator[Updates]:
        kind = str(event.kind)
        try:
            with closing(self.controller.export(session_key(request), kind)) as steps:
                for step in steps:
                    if isinstance(step, Path):
                        done = downloads.finished(step, url=views.file_url(step), serial=secrets.token_hex(4))
                        yield {self.downloads: done}
                    else:
                        yield {self.downloads: downloads.working(kind, step)}
        except Exception:
            yield {self.downloads: downloads.idle(ready=True)}
            raise

    def leave(self, request: gr.Request) -> None:
        """The page was closed."""
        self.controller.store.close(session_key(request))

    # Pieces of answers

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
            unchanged: Updates = {
                self.status: gr.update()
            }  # Gradio empties the outputs of a handler that yields nothing
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


def _show_stop() -> tuple[Any, Any]:
    return gr.update(visible=False), gr.update(visible=True)


def _show_analyze() -> tuple[Any, Any]:
    return gr.update(visible=True), gr.update(visible=False)
