"""Take-away files: a row of buttons as one component, and what each button writes.

Files are made when asked for, in the folder of the session that asks, and fetched from there.
Event: `wanted` {kind}.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.core import Analysis
from clipvad.exports import analysis_to_dict, events_csv, events_srt, scores_csv
from clipvad.figures import curve_png, paper_figure
from clipvad.files import write_atomic
from clipvad.rules import dump_rules
from clipvad.ui.component import parts

_HERE = Path(__file__).parent
OnFraction = Callable[[float], None]


@dataclass(frozen=True)
class Artefact:
    """One kind of file. `write(analysis, path, on_fraction)` makes it; `suffix` ends its name."""

    label: str
    title: str
    suffix: str
    write: Callable[[Analysis, Path, OnFraction], object]


def _text(make: Callable[[Analysis], str]) -> Callable[[Analysis, Path, OnFraction], object]:
    return lambda analysis, path, on_fraction: write_atomic(path, make(analysis))


def _json(analysis: Analysis) -> str:
    return json.dumps(analysis_to_dict(analysis), ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def _annotated(analysis: Analysis, path: Path, on_fraction: OnFraction) -> None:
    from clipvad.video import write_annotated  # PyAV: only who wants a video pays for it

    write_annotated(analysis, path, progress=on_fraction)


ARTEFACTS: dict[str, Artefact] = {
    "analysis": Artefact("Analysis JSON", "Everything: curves, boxes, events", ".analysis.json", _text(_json)),
    "scores": Artefact("Scores CSV", "One row per sampled frame", ".scores.csv", _text(scores_csv)),
    "events": Artefact("Events CSV", "One row per event", ".events.csv", _text(events_csv)),
    "subtitles": Artefact("Subtitles", "The events as SRT", ".events.srt", _text(events_srt)),
    "video": Artefact("Annotated MP4", "The clip with boxes and score drawn in", ".annotated.mp4", _annotated),
    "rules": Artefact("Rules YAML", "The sentences, as a file", ".rules.yaml", _text(lambda a: dump_rules(a.rules))),
    "png": Artefact("Figure PNG", "The curve as a picture", ".curve.png", lambda a, path, _: curve_png(a, path)),
    "pdf": Artefact("PDF", "The figure for a paper", ".figure.pdf", lambda a, path, _: paper_figure(a, path)),
    "svg": Artefact("SVG", "The figure, editable", ".figure.svg", lambda a, path, _: paper_figure(a, path)),
}
Kinds = Mapping[str, tuple[str, str]]  # label and title of the button of each kind of file
KINDS: Kinds = {kind: (artefact.label, artefact.title) for kind, artefact in ARTEFACTS.items()}


def downloads_row(kinds: Kinds = KINDS, **options: Any) -> gr.HTML:
    """The row of buttons. Its value is a dict made by `idle`, `working` or `finished`; `options` as for `gr.HTML`."""
    return gr.HTML(
        idle(ready=False, kinds=kinds),
        **parts(_HERE, "downloads.js"),
        **options,
    )


def idle(*, ready: bool, kinds: Kinds = KINDS) -> dict[str, Any]:
    """Nothing under way; `ready`: there is something to take away."""
    return {"kinds": {kind: list(texts) for kind, texts in kinds.items()}, "ready": ready}


def working(kind: str, fraction: float) -> dict[str, Any]:
    """The file of `kind` is being made; `fraction` in [0, 1]."""
    return {**idle(ready=True), "working": kind, "fraction": fraction}


def finished(path: Path, *, url: str, serial: str, kinds: Kinds = KINDS) -> dict[str, Any]:
    """The file is at `url`: the browser fetches it once for each new `serial`."""
    return {**idle(ready=True, kinds=kinds), "url": url, "name": path.name, "id": serial}
