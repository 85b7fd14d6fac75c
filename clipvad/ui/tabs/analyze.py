"""The Analyze tab's clip: an example is opened or a file taken, it is analysed, and its files are taken away."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.core import Analysis
from clipvad.progress import Progress
from clipvad.ui import downloads, views
from clipvad.ui.examples import FIRST, Example, example
from clipvad.ui.gallery import opened
from clipvad.ui.rules_editor import find_remarks, read_rules
from clipvad.ui.session import Choice, Clip
from clipvad.ui.tabs.rescoring import AnalyzeRescoring
from clipvad.ui.tabs.values import MODES, QUIET, Knob, Lists, Updates, named_modes, score_settings, session_key
from clipvad.ui.timeline import partial


class AnalyzeTab(AnalyzeRescoring):
    """The tab on which a clip is analysed. Build inside a `gr.Blocks`, then `wire`."""

    def wire(self, demo: gr.Blocks) -> None:
        super().wire(demo)
        buttons = [self.analyze, self.stop]
        run = self.analyze.click(_show_stop, outputs=buttons, trigger_mode="once", **QUIET).then(
            self._shown(self.run),
            [self.editor, self.mode, self.encoder, self.detector, self.fps, *self.knobs],
            self.outputs,
            **QUIET,
        )
        run.then(_show_analyze, outputs=buttons, **QUIET).then(
            self._shown(self.catch_up), self.rescoring, self.outputs, **QUIET
        )

        demo.load(self._shown(self.open_first), outputs=self.outputs, **QUIET).then(
            self._shown(self.catch_up), self.rescoring, self.outputs, **QUIET
        )
        demo.unload(self.leave)
        # Another clip, or Stop, ends a run that is under way or still waits in the queue.
        for ending, handler, inputs in (
            (self.examples.chosen, self.choose_example, None),
            (self.upload.upload, self.take_clip, [self.upload, self.editor, self.threshold]),
            (self.stop.click, self.stopped, [self.mode, self.editor, self.threshold]),
        ):
            ending(self._shown(handler), inputs, self.outputs, cancels=[run], **QUIET).then(
                _show_analyze, outputs=buttons, **QUIET
            )
        self.downloads.wanted(self._shown(self.export), outputs=self.outputs, **QUIET)

    # Handlers. Each yields {widget: value}.

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


def _show_stop() -> tuple[Any, Any]:
    return gr.update(visible=False), gr.update(visible=True)


def _show_analyze() -> tuple[Any, Any]:
    return gr.update(visible=True), gr.update(visible=False)
