"""The lab's rows as a table: plain text for a terminal, Markdown, CSV, JSON; and a row opened, worst clips first."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clipvad.core import Analysis
from clipvad.figures import curve_png
from clipvad.files import write_atomic
from clipvad.lab.figures import FIGURES, ClipFigures, Figures, Spread, breakdown, mean_of, spread, worst_first
from clipvad.lab.lab import Key, Row
from clipvad.lab.sets import STREET
from clipvad.lab.tracks import Track

NAMES = ("#", "set", "scorer", "encoder", "detector", "mode")
TITLES = {
    "auc": "AUC raw",
    "auc_smooth": "AUC",
    "ap": "AP",
    "auc_abnormal": "AUC abn.",
    "auc_within": "AUC within",
    "auc_videos": "AUC videos",
    "precision": "event P",
    "recall": "event R",
    "false_alarms_per_hour": "false/h",
    "seconds_per_minute": "s/min",
}
PER_CENT = tuple(name for name in FIGURES if name not in ("false_alarms_per_hour", "seconds_per_minute"))
NOTES = (
    "AUC, AP and events' figures in per cent. AUC raw: frame AUC of the raw curve; every other figure: of the curve "
    "with the sliding median. AUC abn.: frames of abnormal videos only. AUC within: mean of the videos' own AUC. "
    "AUC videos: abnormal against normal videos by their highest score. event P, R: precision and recall of events at "
    "threshold {threshold:g}, matched one to one at a temporal IoU of at least {iou:g}. false/h: events in an hour of "
    "normal videos. s/min: seconds of analysis a minute of video without a cache. ±: standard deviation over seeds. "
    "n/a: not defined there. class list: the detector's confidence of the classes that the rules name, no encoder. "
    "both: the larger of the two curves, events of either mode."
)


def table(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Header and cells, as text."""
    header = [*NAMES, *(TITLES[name] for name in FIGURES), "hash"]
    return header, [_cells(number, row) for number, row in enumerate(rows, start=1)]


def markdown(rows: Sequence[Row], *, head: Sequence[str], settings: Mapping[str, Any]) -> str:
    """The whole report: `head` (what ran, where), the table, what the columns mean, breakdowns by label and place."""
    from clipvad.evaluation.metrics import MIN_IOU

    header, cells = table(rows)
    lines = ["# Quality lab", "", *head, "", *_markdown_table(header, cells, texts=len(NAMES))]
    lines += ["", NOTES.format(threshold=settings["threshold"], iou=MIN_IOU), ""]
    lines += _real_table(rows)
    for title, key in BREAKDOWNS.items():
        lines += _breakdown(rows, title, key)
    return "\n".join(lines) + "\n"


def real_means(rows: Sequence[Row]) -> dict[Key, tuple[Figures, ...]]:
    """For each key that has all sets of real clips, two or more: the mean of the sets, one for each seed."""
    real = [row for row in rows if not row.set.startswith(STREET)]
    sets = {row.set for row in real}
    means: dict[Key, tuple[Figures, ...]] = {}
    for key in dict.fromkeys(row.key for row in real):
        mine = [row for row in real if row.key == key]
        if len(sets) > 1 and {row.set for row in mine} == sets:
            means[key] = tuple(mean_of(runs) for runs in zip(*(row.figures for row in mine), strict=True))
    return means


def csv_text(rows: Sequence[Row]) -> str:
    """One line a row: plain numbers (shares in [0, 1]), `_sd` and `runs` beside each, empty where not defined."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*NAMES, *(column for name in FIGURES for column in (name, f"{name}_sd")), "runs", "clips", "hash"])
    for number, row in enumerate(rows, start=1):
        found = row.spread
        figures = [cell for name in FIGURES for cell in _numbers(found[name])]
        writer.writerow([number, *_names(row), *figures, len(row.runs), len(row.runs[0]), row.ran["hash"]])
    return out.getvalue()


def as_json(rows: Sequence[Row], *, head: Mapping[str, Any]) -> dict[str, Any]:
    """Everything, clips included: schema `clipvad.lab`, version 1."""
    return {"schema": "clipvad.lab", "schema_version": 1, **head,
            "rows": [_row_json(number, row) for number, row in enumerate(rows, start=1)],
            "real_means": [
                {**asdict(key), "figures": {name: one and asdict(one) for name, one in spread(runs).items()}}
                for key, runs in real_means(rows).items()
            ]}  # fmt: skip


def open_row(
    number: int, row: Row, folder: Path, analyse: Callable[[Row, Track], Analysis], *, pictures: int
) -> tuple[Path, int]:
    """Write `folder/NN.md` with all clips of the row's first run, worst first, and PNGs of the worst `pictures` clips.

    Each PNG shows the curve, its events and the labelled intervals. Returns the path and how many PNGs there are.
    """
    lines = [f"# Row {number}: {', '.join(name for name in _names(row) if name)}", "", f"Hash {row.ran['hash']}.", ""]
    lines += [
        "| clip | label | AUC % | peak | events labelled | found | matched | curve |",
        "|---|---|---|---|---|---|---|---|",
    ]
    drawn = 0
    for place, (found, track) in enumerate(worst_first(row.runs[0]), start=1):
        link = ""
        if place <= pictures:
            name = f"{number:02d}/{place:03d}-{track.clip.entry.video.stem}.png"
            truth = track.clip.entry.intervals
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            curve_png(analyse(row, track), folder / name, ground_truth=truth)
            link, drawn = f"![]({name})", drawn + 1
        lines.append("| " + " | ".join([*_clip_cells(found), link]) + " |")
    path = write_atomic(folder / f"{number:02d}.md", "\n".join(lines) + "\n")
    return path, drawn


def _label(track: Track) -> str:
    return track.clip.entry.label if track.clip.entry.anomalous else ""


def _tag(name: str) -> Callable[[Track], str]:
    return lambda track: track.clip.tags.get(name, "")


BREAKDOWNS: dict[str, Callable[[Track], str]] = {
    "label": _label,
    "place": _tag("place"),
    "light": _tag("light"),
}


def _real_table(rows: Sequence[Row]) -> list[str]:
    means = real_means(rows)
    if not means:
        return []
    cells = [
        [key.scorer, *(name or "-" for name in (key.encoder, key.detector, key.mode)), *_figures(spread(runs))]
        for key, runs in means.items()
    ]
    header = [*NAMES[2:], *(TITLES[name] for name in FIGURES)]
    return ["## Mean of the sets of real clips", "", *_markdown_table(header, cells, texts=len(NAMES) - 2), ""]


def _breakdown(rows: Sequence[Row], title: str, key: Callable[[Track], str]) -> list[str]:
    """Tables of the AUC within videos (by label) or over frames (by place, light), for sets with two kinds or more."""
    figure = "auc_within" if title == "label" else "auc_smooth"
    lines: list[str] = []
    for name in dict.fromkeys(track.clip.groups[0] for row in rows for track in row.runs[0]):
        numbered = [(n, row) for n, row in enumerate(rows, start=1) if row.set == name and row.key.scorer != "chance"]
        parts = [(n, row, breakdown(row.runs[0], key)) for n, row in numbered]
        kinds = list(dict.fromkeys(kind for _, _, found in parts for kind in found))
        if len(kinds) < 2:
            continue
        lines += [f"## {name}: {TITLES[figure]} by {title}, per cent", ""]
        cells = [
            [str(n), *_names(row)[1:], *(_per_cent(getattr(found.get(kind, Figures()), figure)) for kind in kinds)]
            for n, row, found in parts
        ]
        lines += [*_markdown_table(["#", *NAMES[2:], *kinds], cells, texts=len(NAMES) - 1), ""]
    return lines


def _row_json(number: int, row: Row) -> dict[str, Any]:
    return {
        "row": number,
        **dict(zip(NAMES[1:], _names(row), strict=True)),
        "figures": {name: None if one is None else asdict(one) for name, one in row.spread.items()},
        "runs": [asdict(figures) for figures in row.figures],
        "by": {
            title: {kind: asdict(figures) for kind, figures in breakdown(row.runs[0], key).items()}
            for title, key in BREAKDOWNS.items()
        },
        "clips": [asdict(found) for found, _ in worst_first(row.runs[0])],
        "ran": dict(row.ran),
    }


def _cells(number: int, row: Row) -> list[str]:
    return [str(number), *(name or "-" for name in _names(row)), *_figures(row.spread), str(row.ran["hash"])]


def _figures(found: Mapping[str, Spread | None]) -> list[str]:
    return [_shown(found[name], scale=100.0 if name in PER_CENT else 1.0) for name in FIGURES]


def _names(row: Row) -> list[str]:
    return [row.set, row.key.scorer, row.key.encoder, row.key.detector, row.key.mode or ""]


def _clip_cells(found: ClipFigures) -> list[str]:
    events = [str(found.labelled), str(found.found), str(found.matched)]
    return [Path(found.video).name, found.label, _per_cent(found.auc), f"{found.peak:.2f}", *events]


def _shown(value: Spread | None, *, scale: float) -> str:
    if value is None:
        return "n/a"
    mean = f"{value.mean * scale:.1f}"
    return mean if value.sd is None else f"{mean} ±{value.sd * scale:.1f}"


def _per_cent(value: float | None) -> str:
    return "n/a" if value is None else f"{100 * value:.1f}"


def _numbers(value: Spread | None) -> tuple[str, str]:
    if value is None:
        return "", ""
    return f"{value.mean:.6g}", "" if value.sd is None else f"{value.sd:.6g}"


def _markdown_table(header: Sequence[str], cells: Sequence[Sequence[str]], *, texts: int) -> list[str]:
    rule = ["---"] * texts + ["---:"] * (len(header) - texts)
    return ["| " + " | ".join(line) + " |" for line in (header, rule, *cells)]
