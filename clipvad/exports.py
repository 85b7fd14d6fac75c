"""`Analysis` -> files: JSON, tables, subtitles, a figure, an annotated video. Text is made by pure functions.

Files are written in one step (`write_atomic`); an empty cell means that nothing was seen there.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from clipvad.core import Analysis, Event
from clipvad.figures import curve_png
from clipvad.files import write_atomic
from clipvad.schema import analysis_from_dict, analysis_to_dict, load_analysis

__all__ = [
    "analysis_from_dict",
    "analysis_to_dict",
    "events_csv",
    "events_srt",
    "load_analysis",
    "save_analysis",
    "scores_csv",
]


def save_analysis(
    analysis: Analysis,
    folder: str | Path,
    *,
    video: bool = False,
    progress: Callable[[float], None] | None = None,
) -> dict[str, Path]:
    """Write every artefact into `folder` (made if absent) and return name -> path.

    Names: `analysis` (JSON), `scores`, `events` (CSV), `subtitles` (SRT), `curve` (PNG), and with `video=True`
    `annotated` (H.264 MP4), for which the clip is decoded again; `progress` gets its fraction in [0, 1].
    Raises `OSError` where the folder can't be written, `VideoError` where the clip is gone.
    """
    folder = Path(folder)
    document = json.dumps(analysis_to_dict(analysis), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    files = {
        "analysis": write_atomic(folder / "analysis.json", document + "\n"),
        "scores": write_atomic(folder / "scores.csv", scores_csv(analysis)),
        "events": write_atomic(folder / "events.csv", events_csv(analysis)),
        "subtitles": write_atomic(folder / "events.srt", events_srt(analysis)),
        "curve": curve_png(analysis, folder / "curve.png"),
    }
    if video:
        from clipvad.video import write_annotated  # PyAV: only who wants a video pays for it

        files["annotated"] = folder / "annotated.mp4"
        write_annotated(analysis, files["annotated"], progress=progress)
    return files


def scores_csv(analysis: Analysis) -> str:
    """One row a sampled frame: `t_s`, then per mode `<mode>` (score), `<mode>_smooth`, `<mode>_top` (sentence)."""
    modes = list(analysis.scores.items())
    header = ["t_s", *(f"{mode}{part}" for mode, _ in modes for part in ("", "_smooth", "_top"))]
    rows = []
    for i, t in enumerate(analysis.features.pts_s):
        row = [_number(t, 3)]
        for mode, scores in modes:
            top = analysis.top_sentence(mode, i)
            row += [_number(scores.score[i], 4), _number(scores.smooth[i], 4), _text(top)]
        rows.append(row)
    return _csv(header, rows)


def events_csv(analysis: Analysis) -> str:
    """One row an event, in time order; `x1 y1 x2 y2`: the winning box at the peak, pixels, empty in frame mode."""
    header = [
        "mode",
        "start_s",
        "end_s",
        "duration_s",
        "peak_s",
        "peak",
        "sentence",
        "category",
        *("x1", "y1", "x2", "y2"),
    ]
    rows = []
    for event in in_time_order(analysis.events):
        times = (event.start_s, event.end_s, event.end_s - event.start_s, event.peak_s)
        box = [_number(v, 1) for v in event.box] if event.box else [""] * 4
        rows.append(
            [event.mode, *(_number(t, 3) for t in times), _number(event.peak, 4)]
            + [_text(event.sentence), _text(event.category), *box]
        )
    return _csv(header, rows)


def events_srt(analysis: Analysis) -> str:
    """The events as SubRip subtitles: any player shows each sentence while its event lasts."""
    cues = []
    for number, event in enumerate(in_time_order(analysis.events), start=1):
        text = re.sub(r"\s+", " ", event.sentence).replace("-->", "->").strip()
        end_s = max(event.end_s, event.start_s + 0.001)  # a cue without length is no cue
        times = f"{_srt_time(event.start_s)} --> {_srt_time(end_s)}"
        cues.append(f"{number}\n{times}\n{text} ({event.mode}, {event.peak:.2f})\n")
    return "\n".join(cues)


def in_time_order(events: Iterable[Event]) -> list[Event]:
    """Events of all modes by start, the longer first where two start together."""
    return sorted(events, key=lambda event: (event.start_s, -event.end_s, event.mode))


def _csv(header: list[str], rows: Iterable[list[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def _number(value: float, digits: int) -> str:
    return f"{value + 0.0:.{digits}f}" if math.isfinite(value) else ""


def _text(sentence: str) -> str:
    # A spreadsheet runs a cell that begins like this as a formula, whoever wrote the sentence; the quote stops it.
    line = " ".join(sentence.split())
    return "'" + line if line.startswith(("=", "+", "-", "@")) else line


def _srt_time(seconds: float) -> str:
    milliseconds = max(0, round(seconds * 1000))
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d},{milliseconds % 1000:03d}"
