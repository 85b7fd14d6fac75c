"""`Analysis` -> figures: the curve as PNG, a figure for print (PDF, SVG, PNG), an interactive one for notebooks.

Print figures follow journal practice: 85 or 178 mm wide, 8 pt type, TrueType fonts, Okabe and Ito's
colours, which colour-blind readers tell apart. No pyplot: figures may be drawn in any thread.
"""

from __future__ import annotations

import functools
import io
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Analysis, Mode
from clipvad.errors import SettingsError
from clipvad.files import write_atomic

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS: dict[Mode, str] = {"frame": "#0072B2", "object": "#D55E00"}
TRUTH_COLOUR = "#009E73"
WIDTHS_IN = {"single": 3.35, "double": 7.0}  # 85 and 178 mm: one and two columns of most journals
FORMATS = ("png", "pdf", "svg")
SCORE_LABEL = "anomaly score (uncalibrated)"
MAX_LABELS = 6
LABEL_PT = 9.0
LANE_IN = 0.15
TICKS_S = (30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800)
CHARS = {"single": 48, "double": 122}  # 7 pt characters that fit across the axes
Intervals = Sequence[tuple[float, float]]
Column = Literal["single", "double"]
MORE_SCRIPTS = ("Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Micro Hei", "Microsoft YaHei", "PingFang SC")
_RC = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.hashsalt": "clipvad", "font.size": 8.0, "axes.linewidth": 0.6}
_RC_LOCK = threading.RLock()  # matplotlib's settings belong to the process, not to a figure


@contextmanager
def _style() -> Iterator[None]:
    """Our settings from the first axis to the saved file: ticks read them when they are made, which may be late."""
    from matplotlib import rc_context

    with _RC_LOCK, rc_context({**_RC, "font.family": _fonts()}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # drawn as boxes: no font here has the script
        yield


@_style()
def curve_png(analysis: Analysis, path: str | Path, *, ground_truth: Intervals = ()) -> Path:
    """Draw the curves of all modes with threshold, events and their sentences; 178 mm wide, 200 dpi PNG.

    `ground_truth`: labelled intervals in seconds, drawn as a lane of their own. Returns the path.
    """
    return _save(curve_figure(analysis, ground_truth=ground_truth), path, dpi=200)


@_style()
def curve_figure(analysis: Analysis, *, ground_truth: Intervals = (), width: Column = "double") -> Figure:
    """The same as a matplotlib `Figure`, to go on drawing or to save in another format."""
    lanes = _lanes(analysis, ground_truth)
    labels = _place_labels(analysis, CHARS[width])
    rows = max((row for _, row, _, _ in labels), default=-1) + 1
    figure = _new_figure(width, height=2.2 + LANE_IN * len(lanes) + LABEL_PT * rows / 72)
    curve, below = figure.subplots(2, 1, sharex=True, height_ratios=[1.25, LANE_IN * len(lanes)])
    _draw_curve(curve, analysis)
    for t, row, text, mode in labels:
        curve.annotate(text, (t, 1), (0, 3 + LABEL_PT * row), xycoords=("data", "axes fraction"), color=COLOURS[mode],
                       textcoords="offset points", fontsize=7, parse_math=False)  # fmt: skip
    _draw_lanes(below, analysis, lanes)
    curve.set_title(_title(analysis, width), loc="left", fontsize=8, pad=5 + LABEL_PT * rows, parse_math=False)
    return figure


@_style()
def paper_figure(
    analysis: Analysis,
    path: str | Path,
    *,
    ground_truth: Intervals = (),
    times: Sequence[float] | None = None,
    width: Column = "double",
) -> Path:
    """A strip of key frames, each with its winning box and sentence, over the curve.

    `path` ends in .pdf, .svg or .png (600 dpi). `times`: seconds of the frames, at most 6; by default the
    quietest moment and the peaks of the strongest events. The clip must still be at `analysis.video.path`.
    Raises `SettingsError` for another format or too many times, `VideoError` if the clip is gone.
    """
    if Path(path).suffix.lower().lstrip(".") not in FORMATS:
        raise SettingsError(f"A figure is saved as .{', .'.join(FORMATS)}; not as {Path(path).name!r}.")
    shown = sorted(times) if times is not None else key_times(analysis, count=4 if width == "double" else 3)
    if not 1 <= len(shown) <= 6:
        raise SettingsError(f"A strip holds 1 to 6 frames, got {len(shown)} times.")
    lanes = _lanes(analysis, ground_truth)
    column_in = WIDTHS_IN[width] / len(shown)
    strip_in = column_in * analysis.video.height / analysis.video.width + 0.34
    curve_in = 1.75 + LANE_IN * len(lanes)
    figure = _new_figure(width, height=strip_in + curve_in)
    strip, plots = list(figure.subfigures(2, 1, height_ratios=[strip_in, curve_in]))  # type: ignore[arg-type]
    curve, below = plots.subplots(2, 1, sharex=True, height_ratios=[1.0, LANE_IN * len(lanes)])
    for letter, axes, t in zip("abcdef", strip.subplots(1, len(shown), squeeze=False)[0], shown, strict=False):
        _draw_key_frame(axes, analysis, t, letter, chars=int(column_in * 17))
        curve.axvline(t, color="black", linewidth=0.6, linestyle=(0, (1, 1.5)))
        curve.annotate(letter, (t, 1), (0, 2), xycoords=("data", "axes fraction"), textcoords="offset points",
                       ha="center", fontsize=8, fontweight="bold")  # fmt: skip
    _draw_curve(curve, analysis)
    _draw_lanes(below, analysis, lanes)
    return _save(figure, path, dpi=600)


@_style()
def comparison_png(
    analysis: Analysis,
    pts_s: NDArray[np.float64],
    sides: Sequence[tuple[str, NDArray[np.floating], Intervals]],
    path: str | Path,
) -> Path:
    """Two curves [T] at `pts_s` over their difference (second minus first) and each one's events; 178 mm, 200 dpi.

    `sides`: label, curve and event spans of each. `analysis` gives title and length of the clip. Returns the path.
    """
    colours = list(COLOURS.values())
    lanes = [
        (f"events of {label[:1]}", colour, [(start_s, end_s - start_s) for start_s, end_s in spans])
        for (label, _, spans), colour in zip(sides, colours, strict=True)
    ]
    figure = _new_figure("double", height=3.3 + LANE_IN * len(lanes))
    ratios = [1.25, 0.7, LANE_IN * len(lanes)]
    curve, difference, below = figure.subplots(3, 1, sharex=True, height_ratios=ratios)
    for (label, score, _), colour in zip(sides, colours, strict=True):
        named = shorten(label, CHARS["double"] // 2 - 6).replace("$", r"\$")  # else a title is read as mathematics
        curve.plot(pts_s, score, color=colour, linewidth=1.1, label=named)
    _dress(curve)
    (_, first, _), (_, second, _) = sides
    for sign, colour in ((-1, colours[0]), (1, colours[1])):
        part = np.maximum(sign * (second - first), 0) * sign
        difference.fill_between(pts_s, part, color=colour, linewidth=0, step="post")
    difference.axhline(0, color="black", linewidth=0.5)
    difference.set_ylim(-1, 1)
    difference.set_yticks([-1, 0, 1])
    difference.set_ylabel("B minus A", fontsize=8)
    difference.tick_params(labelsize=7, width=0.6, length=2.5, labelbottom=False)
    difference.spines[["top", "right", "bottom"]].set_visible(False)
    _draw_lanes(below, analysis, lanes)
    curve.set_title(_title(analysis, "double"), loc="left", fontsize=8, parse_math=False)
    return _save(figure, path, dpi=200)


def key_times(analysis: Analysis, *, count: int) -> list[float]:
    """Up to `count` moments worth showing, in order: the quietest sample, then peaks of the strongest events."""
    mode = main_mode(analysis)
    scores = analysis.scores[mode]
    chosen = [float(scores.pts_s[int(np.argmin(scores.smooth))])]
    for event in sorted(analysis.events_of(mode), key=lambda event: -event.peak):
        if len(chosen) < count:
            chosen.append(event.peak_s)
    return sorted(set(chosen))


def main_mode(analysis: Analysis) -> Mode:
    """The mode that explains best: object, which has boxes, if there is one."""
    return "object" if "object" in analysis.scores else "frame"


def plotly_curve(analysis: Analysis, *, ground_truth: Intervals = ()) -> go.Figure:
    """The curves as an interactive plotly figure: hovering shows time, score and the most probable sentence."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for mode, scores in analysis.scores.items():
        tops = [analysis.top_sentence(mode, i) or "no object" for i in range(len(scores))]
        line = {"color": COLOURS[mode]}
        figure.add_scatter(x=scores.pts_s, y=scores.score, name=f"{mode}, raw", line={**line, "width": 1}, opacity=0.35,
                           hoverinfo="skip", legendgroup=mode)  # fmt: skip
        figure.add_scatter(x=scores.pts_s, y=scores.smooth, name=mode, line={**line, "width": 2}, text=tops,
                           hovertemplate="%{x:.2f} s  %{y:.2f}<br>%{text}", legendgroup=mode)  # fmt: skip
        for event in analysis.events_of(mode):
            figure.add_vrect(x0=event.start_s, x1=event.end_s, fillcolor=COLOURS[mode], opacity=0.12, line_width=0)
    for start_s, end_s in ground_truth:
        figure.add_shape(type="rect", x0=start_s, x1=end_s, y0=-0.06, y1=-0.02, fillcolor=TRUTH_COLOUR, line_width=0)
    figure.add_hline(y=analysis.settings.threshold, line_dash="dash", line_color="black", line_width=1)
    figure.update_layout(title=_title(analysis, "double"), xaxis_title="time (s)", yaxis_title=SCORE_LABEL,
                         yaxis_range=[-0.08, 1.02], template="simple_white", hovermode="x unified")  # fmt: skip
    return figure


def _new_figure(width: Column, *, height: float) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTHS_IN[width], height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


@functools.cache
def _fonts() -> list[str]:
    """DejaVu, which comes with matplotlib, then what this machine has for the scripts that it lacks."""
    from matplotlib.font_manager import fontManager

    here = {font.name for font in fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in MORE_SCRIPTS if name in here)]


def _save(figure: Figure, path: str | Path, *, dpi: int) -> Path:
    kind = Path(path).suffix.lower().lstrip(".")
    metadata: dict[str, Any] = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[kind]
    out = io.BytesIO()
    figure.savefig(out, format=kind, dpi=dpi, metadata=metadata)  # no date inside: equal runs, equal files
    return write_atomic(path, out.getvalue())


def _draw_curve(axes: Axes, analysis: Analysis) -> None:
    for mode, scores in analysis.scores.items():
        axes.plot(scores.pts_s, scores.score, color=COLOURS[mode], linewidth=0.5, alpha=0.35)
        axes.plot(scores.pts_s, scores.smooth, color=COLOURS[mode], linewidth=1.1, label=f"{mode} mode")
        for event in analysis.events_of(mode):
            axes.axvspan(event.start_s, event.end_s, color=COLOURS[mode], alpha=0.10, linewidth=0)
    threshold = analysis.settings.threshold
    axes.axhline(threshold, color="black", linewidth=0.6, linestyle=(0, (4, 2)), label=f"threshold {threshold:.2f}")
    _dress(axes)


def _dress(axes: Axes) -> None:
    """Scale, label and legend of a plot of scores."""
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    axes.set_ylabel("anomaly score\n(uncalibrated)", fontsize=8)
    axes.tick_params(labelsize=7, width=0.6, length=2.5, labelbottom=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside lower right",  # under the plot: a curve at 1 would run through it inside
        ncols=3,
        fontsize=7,
        frameon=False,
        handlelength=1.4,
        columnspacing=1.0,
        borderpad=0,
    )


def _lanes(analysis: Analysis, ground_truth: Intervals) -> list[tuple[str, str, list[tuple[float, float]]]]:
    """Name, colour and (start, length) bars of each lane under the curve, from the top."""
    lanes = [
        (f"{mode} events", COLOURS[mode], [(e.start_s, e.end_s - e.start_s) for e in analysis.events_of(mode)])
        for mode in analysis.scores
    ]
    if ground_truth:
        lanes.append(("ground truth", TRUTH_COLOUR, [(start_s, end_s - start_s) for start_s, end_s in ground_truth]))
    return lanes


def _draw_lanes(axes: Axes, analysis: Analysis, lanes: list[tuple[str, str, list[tuple[float, float]]]]) -> None:
    from matplotlib.ticker import FuncFormatter, MultipleLocator

    for row, (_, colour, bars) in enumerate(lanes):
        axes.broken_barh(bars, (row - 0.36, 0.72), color=colour, linewidth=0)
    axes.set_ylim(len(lanes) - 0.5, -0.5)
    axes.set_yticks(range(len(lanes)), [name for name, _, _ in lanes], fontsize=7)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=7, width=0.6, length=2.5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    end_s = max(analysis.video.duration_s, float(analysis.features.pts_s[-1]) if len(analysis.features) else 0.0)
    axes.set_xlim(0, end_s or 1.0)
    if end_s > 120:
        axes.xaxis.set_major_locator(MultipleLocator(next((s for s in TICKS_S if end_s <= 8 * s), end_s / 8)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda t, _: clock(t)))
    axes.set_xlabel("time (m:ss)" if end_s > 120 else "time (s)", fontsize=8)


def _place_labels(analysis: Analysis, chars: int) -> list[tuple[float, int, str, Mode]]:
    """Time, row (0 is lowest), text and mode of the strongest events' sentences, so that none overlap.

    `chars`: characters that fit across the axes.
    """
    end_s = max(analysis.video.duration_s, 1e-6)
    taken: list[float] = []  # up to where each row is written, as a share of the axes
    placed = []
    strongest = sorted(analysis.events, key=lambda event: -event.peak)[:MAX_LABELS]
    for event in sorted(strongest, key=lambda event: event.start_s):
        text = shorten(event.sentence, chars // 2)
        span = len(text) / chars
        left = min(max(event.start_s / end_s, 0.0), 1 - span)
        row = next((i for i, end in enumerate(taken) if left >= end), len(taken))
        taken[row : row + 1] = [left + span + 0.015]
        placed.append((left * end_s, row, text, event.mode))
    return placed


def _draw_key_frame(axes: Axes, analysis: Analysis, t: float, letter: str, *, chars: int) -> None:
    from matplotlib.patches import Rectangle

    from clipvad.video import read_frame

    mode = main_mode(analysis)
    scores = analysis.scores[mode]
    sample = max(int(np.searchsorted(scores.pts_s, t, side="right")) - 1, 0)
    picture: NDArray[np.uint8] = read_frame(analysis.video, t)
    axes.imshow(picture, extent=(0, analysis.video.width, analysis.video.height, 0), interpolation="antialiased")
    axes.set_axis_off()
    winner, found = int(scores.winner[sample]), analysis.features.detections
    if found is not None and winner >= 0:
        x1, y1, x2, y2 = (float(v) for v in found.xyxy[winner])
        for colour, line in (("white", 2.0), (COLOURS[mode], 1.1)):  # a halo keeps the box visible on any ground
            axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, linewidth=line))
    what = shorten(analysis.top_sentence(mode, sample) or "no object", chars)
    axes.set_title(f"{letter}  {clock(t)}  score {scores.smooth[sample]:.2f}\n{what}", fontsize=7, loc="left", pad=2,
                   parse_math=False)  # fmt: skip


def _title(analysis: Analysis, width: Column) -> str:
    models = [use.label for use in analysis.models]
    return shorten(f"{analysis.video.name} · {' + '.join(models)}", int(CHARS[width] * 0.8))  # in 8 pt


def shorten(text: str, chars: int) -> str:
    """`text` on one line, cut to `chars` characters with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= chars else text[: max(chars - 1, 1)].rstrip() + "…"


def clock(seconds: float) -> str:
    """`m:ss`, or `h:mm:ss` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
