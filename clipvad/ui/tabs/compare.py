"""The Compare tab: two rule sets, or two modes, on the session's clip; the Analyze tab keeps what it shows."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.comparison import Comparison, compare, comparison_csv, save_figure
from clipvad.core import ZERO_SHOT, Analysis, Mode, RuleSet
from clipvad.errors import ClipvadError, RulesError, SettingsError
from clipvad.files import write_atomic
from clipvad.rules import list_presets, load_rules, parse_rules
from clipvad.ui import downloads, views
from clipvad.ui.compare_view import BUSY, compare_view, note, shown
from clipvad.ui.controller import Controller
from clipvad.ui.tabs.values import QUIET, UNEXPECTED, Updates, session_key

log = logging.getLogger(__name__)

HERE, FILE = "here", "file"  # besides the presets: the rules on the Analyze tab, the file that was opened
MODES: dict[Mode, str] = {"frame": "Whole frame", "object": "Objects"}
FILES: dict[str, tuple[str, Callable[[Comparison, Path], object]]] = {
    "csv": ("Comparison CSV", lambda found, path: write_atomic(path, comparison_csv(found))),
    "png": ("Figure PNG", lambda found, path: save_figure(found, path)),
}
KINDS: downloads.Kinds = {
    "csv": (FILES["csv"][0], "One row a moment: both scores and their difference"),
    "png": (FILES["png"][0], "Both curves, their difference and the events"),
}
EMPTY = "Nothing to compare yet. Analyze a clip on the first tab, then come back."


class _SideCard:
    """The choices of one side: rules, perhaps from a file, and mode. Build inside a `gr.Blocks`."""

    def __init__(self, name: str, *, rules: str) -> None:
        self.name = name
        row = gr.Row(elem_classes=["pg-card", "pg-row", "pg-side"], elem_id=f"pg-side-{name.lower()}")
        with row:
            gr.HTML(f'<h2 class="pg-side-name">{name}</h2>', apply_default_css=False)
            self.rules = gr.Dropdown(
                _choices(None), value=rules, show_label=False, container=False, scale=3, min_width=150,
                elem_classes="pg-boxed", elem_id=f"pg-rules-{name.lower()}",
            )  # fmt: skip
            self.upload = gr.UploadButton(
                "Rule file…", file_types=[".yaml", ".yml"], size="sm", scale=0, min_width=70,
                elem_id=f"pg-file-{name.lower()}",
            )  # fmt: skip
            self.mode = gr.Radio(
                [(label, mode) for mode, label in MODES.items()], value="object", show_label=False,
                container=False, scale=2, min_width=190, elem_classes="pg-pills", elem_id=f"pg-mode-{name.lower()}",
            )  # fmt: skip
        self.file = gr.State(None)  # the `RuleSet` of the file that was opened

    @property
    def inputs(self) -> list[Any]:
        return [self.rules, self.mode, self.file]


class CompareTab:
    """Widgets and their events. Build inside a `gr.Tab`, then `wire` with that tab."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        with gr.Row(elem_id="pg-sides"):
            self.a, self.b = _SideCard("A", rules=HERE), _SideCard("B", rules="street")
        self.view = compare_view(note(EMPTY), elem_id="pg-compare")
        self.downloads = downloads.downloads_row(KINDS, elem_id="pg-compare-files")

    def wire(self, tab: gr.Tab) -> None:
        """Tie events to handlers. Call once."""
        choices = [*self.a.inputs, *self.b.inputs]
        everything = [self.view, self.downloads, self.a.mode, self.b.mode]
        tab.select(self._told(self.open), choices, everything, **QUIET)
        for side in (self.a, self.b):
            for changed in (side.rules.input, side.mode.input):
                changed(self._told(self.show), choices, everything, trigger_mode="always_last", **QUIET)
            outputs = [side.rules, side.file, *everything]
            # "once", which is the default, would drop a second file while the first one is being compared.
            side.upload.upload(
                self._told(self.open_file(side)), [side.upload, *choices], outputs, trigger_mode="multiple", **QUIET
            )
        self.downloads.wanted(self._told(self.export), choices, everything, **QUIET)

    # Handlers. Each yields {widget: value}.

    def open(self, request: gr.Request, *choices: Any) -> Iterator[Updates]:
        """The tab is opened: begin with a curve that there is."""
        analysis = self.controller.store.get(session_key(request)).analysis
        rules_a, mode_a, file_a, rules_b, mode_b, file_b = choices
        if analysis is not None and mode_a not in analysis.scores:
            mode_a = next(iter(analysis.scores))
        if analysis is not None and mode_b not in analysis.scores:
            mode_b = next(iter(analysis.scores))
        yield {self.a.mode: mode_a, self.b.mode: mode_b}
        yield from self.show(request, rules_a, mode_a, file_a, rules_b, mode_b, file_b)

    def show(self, request: gr.Request, *choices: Any) -> Iterator[Updates]:
        session = self.controller.store.get(session_key(request))
        if session.analysis is None or session.clip is None:
            yield {self.view: note(EMPTY), self.downloads: downloads.idle(ready=False, kinds=KINDS)}
            return
        yield {self.view: BUSY}
        found = self._compared(request, *choices)
        yield {
            self.view: shown(found, video_url=views.file_url(session.clip.player)),
            self.downloads: downloads.idle(ready=True, kinds=KINDS),
        }

    def open_file(self, side: _SideCard) -> Callable[..., Iterator[Updates]]:
        def opened(request: gr.Request, path: str, *choices: Any) -> Iterator[Updates]:
            name = Path(path).name
            try:
                rules = parse_rules(Path(path).read_text("utf-8"), source=name)
            except UnicodeDecodeError:
                raise RulesError(f"{name} is not a text file. A rule file is YAML.") from None
            yield {side.file: rules, side.rules: gr.update(choices=_choices(name), value=FILE)}
            of_a, of_b = choices[:3], choices[3:]
            this = (FILE, (of_a if side is self.a else of_b)[1], rules)
            yield from self.show(request, *(this if side is self.a else of_a), *(this if side is self.b else of_b))

        return opened

    def export(self, event: gr.EventData, request: gr.Request, *choices: Any) -> Iterator[Updates]:
        kind = str(event.kind)
        if kind not in FILES:
            raise SettingsError(f"There is no file {kind!r} of a comparison. Choose one of: {', '.join(FILES)}.")
        found = self._compared(request, *choices)
        session = self.controller.store.get(session_key(request))
        path = session.path(f"{Path(found.a.analysis.video.name).stem}.comparison.{kind}")
        FILES[kind][1](found, path)
        url = views.file_url(path)
        yield {self.downloads: downloads.finished(path, url=url, serial=secrets.token_hex(4), kinds=KINDS)}

    # Pieces of answers

    def _compared(
        self, request: gr.Request, rules_a: str, mode_a: Mode, file_a: RuleSet | None,
        rules_b: str, mode_b: Mode, file_b: RuleSet | None,
    ) -> Comparison:  # fmt: skip
        key = session_key(request)
        a, b = (self._scored(key, *side) for side in ((rules_a, mode_a, file_a), (rules_b, mode_b, file_b)))
        found = compare(a, b, mode_a=mode_a, mode_b=mode_b)
        label_a, label_b = _label("A", rules_a, a, mode_a), _label("B", rules_b, b, mode_b)
        return replace(found, a=replace(found.a, label=label_a), b=replace(found.b, label=label_b))

    def _scored(self, key: str, chosen: str, mode: Mode, file: RuleSet | None) -> Analysis:
        """One side. Smoothing and temperature are the set's own where it names them, all else is as on Analyze."""
        now = self.controller.store.get(key).analysis
        if now is None:
            raise ClipvadError(EMPTY)
        if mode not in tuple(MODES):
            raise SettingsError(f"A mode is one of {', '.join(MODES)}.")
        if mode not in now.scores:
            raise SettingsError(
                f"The curve for “{MODES[mode]}” has not been computed for this clip. "
                "On the Analyze tab choose “Both” under “Look at”, press Analyze, then come back."
            )
        if chosen == HERE:
            return now
        rules = file if chosen == FILE else load_rules(chosen) if chosen in list_presets() else None
        if rules is None:
            raise RulesError("These rules are not there. Choose others from the list, or open a rule file.")
        smooth_s = now.settings.smooth_s if rules.smooth_s is None else rules.smooth_s
        return self.controller.score(key, rules, replace(now.settings, smooth_s=smooth_s, temperature=None))

    def _told(self, handler: Callable[..., Iterator[Updates]]) -> Callable[..., Any]:
        """The handler with its errors shown in place of the curves; the choices stay as they are."""

        nothing: Updates = {self.downloads: downloads.idle(ready=False, kinds=KINDS)}

        @functools.wraps(handler)
        def wrapped(*args: Any) -> Iterator[Updates]:
            try:
                yield from handler(*args)
            except ClipvadError as error:
                yield {self.view: note(str(error), error=True), **nothing}
            except Exception as error:
                log.error("the comparison failed", exc_info=error)
                yield {self.view: note(UNEXPECTED, error=True), **nothing}

        wrapped.__name__ = f"compare_{handler.__name__}"  # Gradio names endpoints by function: plain names are public
        return wrapped


def _choices(file: str | None) -> list[tuple[str, str]]:
    """What a side can be judged by; `file`: the name of the rule file that was opened."""
    presets = [(load_rules(name).title or name, name) for name in list_presets()]
    opened = [(f"File: {file}", FILE)] if file else []
    return [("Rules on the Analyze tab", HERE), *opened, *presets]


def _label(name: str, chosen: str, analysis: Analysis, mode: Mode) -> str:
    rules = analysis.rules.title or analysis.rules.name
    if chosen == HERE:
        here = "rules" if analysis.scorer == ZERO_SHOT else analysis.scorer.label
        rules = f"{here} on the Analyze tab"
    return f"{name}: {rules}, {MODES[mode].lower()}"
