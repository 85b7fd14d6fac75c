"""`clipvad explain`: one frame of a clip, or what every sentence does to its curve."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clipvad.cli import console
from clipvad.cli import options as opt
from clipvad.errors import RulesError, SettingsError

if TYPE_CHECKING:
    from clipvad.core import Analysis, Mode, RuleSet, VideoInfo
    from clipvad.pipeline import Analyzer
    from clipvad.video.drawing import Canvas

MAP_PX = 4  # pixels of the picture a cell of the map


@opt.with_run_options(mode=opt.ModeChoice.OBJECT)
def explain(
    run: opt.RunOptions,
    clip: Annotated[Path, typer.Argument(metavar="CLIP", help="A video, or a folder of pictures.")],
    at: Annotated[float | None, typer.Option("--at", metavar="SECONDS", min=0, help="The frame to explain.")] = None,
    sentence: Annotated[
        str | None,
        typer.Option("--sentence", metavar="TEXT|NUMBER", help="Draw where it fits; numbers as in --table."),
    ] = None,
    boxes: Annotated[bool, typer.Option("--boxes", help="Draw what each object of the frame was taken for.")] = False,
    table: Annotated[bool, typer.Option("--table", help="Print what each sentence does to the curve.")] = False,
    out: Annotated[Path, typer.Option("--out", metavar="PNG", help="The picture goes here.")] = Path("explained.png"),
) -> None:
    """Explain a frame (where a sentence fits in the picture, or its boxes), or what each sentence does to the curve.

    A trained head compares no sentences, so it can't be explained; a lesson can.
    """
    from clipvad.scoring import check_explained

    if at is None and not table:
        raise SettingsError("Say what to explain: a frame with --at SECONDS, or every sentence with --table.")
    if at is not None and boxes == (sentence is not None):
        raise SettingsError("A frame is explained for one sentence (--sentence) or by its boxes (--boxes).")
    if not table:  # a map needs no detector
        run = replace(run, mode=opt.ModeChoice.OBJECT if boxes else opt.ModeChoice.FRAME)
    elif boxes and run.mode is opt.ModeChoice.FRAME:
        raise SettingsError("Boxes need objects: choose --mode object or both.")
    rules = run.load_rules()
    column = _find(sentence, rules) if sentence is not None else None
    analyzer = run.analyzer(rules)
    check_explained(analyzer.scorer, "A frame or sentence")
    analysis = _analysed(clip, run, analyzer, rules) if table or boxes else None
    if table and analysis is not None:
        for mode in analysis.scores:
            _print_table(analysis, analyzer, mode)
    if at is not None:
        canvas = _boxes(analysis, analyzer, at) if analysis and boxes else _map(clip, run, analyzer, rules, column, at)
        _write(canvas, out)


def _find(wanted: str, rules: RuleSet) -> int:
    """The column of the sentence that the user means. Raises `RulesError`."""
    if wanted.isdigit() and 1 <= int(wanted) <= len(rules.sentences):
        return int(wanted) - 1
    exact = [n for n, text in enumerate(rules.sentences) if text.casefold() == wanted.casefold()]
    within = exact[:1] or [n for n, text in enumerate(rules.sentences) if wanted.casefold() in text.casefold()]
    if len(within) != 1:
        found = "none" if not within else f"{len(within)}"
        listed = "; ".join(f"{n} {text}" for n, text in enumerate(rules.sentences, start=1))
        raise RulesError(f"--sentence {wanted!r} means {found} of the sentences that are on. They are: {listed}.")
    return within[0]


def _analysed(clip: Path, run: opt.RunOptions, analyzer: Analyzer, rules: RuleSet) -> Analysis:
    with console.progress_of(clip.name) as report:
        return analyzer.run(clip, rules, modes=run.modes, settings=run.score_settings(), on_progress=report)


def _print_table(analysis: Analysis, analyzer: Analyzer, mode: Mode) -> None:
    found = analyzer.influence(analysis, mode=mode)
    rows = []
    for n, (text, abnormal) in enumerate(zip(analysis.rules.sentences, analysis.rules.is_abnormal, strict=True)):
        last = found.change[n] != found.change[n]  # NaN
        remark = "last of its side" if last else "never matters on this clip" if found.idle[n] else ""
        change = "" if last else "<0.01" if found.idle[n] else f"{found.change[n]:.2f}"
        rows.append(
            [str(n + 1), "abnormal" if abnormal else "normal", text, f"{found.wins[n]:.1%}", change, remark],
        )
    typer.echo(f"{analysis.video.name}, {mode} mode")
    for line in console.table_lines(["", "side", "sentence", "wins", "change", ""], rows, right=(0, 3, 4)):
        typer.echo(line)


def _map(clip: Path, run: opt.RunOptions, analyzer: Analyzer, rules: RuleSet, column: int | None, at: float) -> Canvas:
    import numpy as np

    from clipvad.explain_figure import map_figure
    from clipvad.video import probe, read_frame

    assert column is not None
    video = probe(clip, hash_content=False)
    _check_time(video, at)
    picture = read_frame(video, at, max_side=analyzer.max_side)
    seen = analyzer.look(video, at)
    size = (max(1, seen.width // MAP_PX), max(1, seen.height // MAP_PX))
    heat = analyzer.maps(seen, rules, settings=run.score_settings(), size=size)[column]
    x, y = (float(np.mean(places) + 0.5) * MAP_PX for places in np.nonzero(0.99 * heat.max() <= heat.T))
    text = rules.sentences[column]
    typer.echo(
        f"“{text}” at {at:.2f} s: largest share {heat.max():.2f} around x {x:.0f}, y {y:.0f} "
        f"of {seen.width} x {seen.height} pixels; {len(seen.parts)} crops"
    )
    return map_figure(picture, heat, f"{video.name}, {at:.2f} s: share of “{text}”")


def _boxes(analysis: Analysis, analyzer: Analyzer, at: float) -> Canvas:
    from clipvad.explain import shown_time
    from clipvad.explain_figure import boxes_figure
    from clipvad.video import read_frame

    _check_time(analysis.video, at)
    found = analyzer.objects_at(analysis, at)
    shown_s = shown_time(analysis.features.pts_s, at)
    typer.echo(f"{analysis.video.name}, frame at {shown_s:.2f} s: {len(found.rows)} objects")
    rows = []
    for index in range(len(found.rows)):
        for rank, n in enumerate(found.top(index)):
            head = [str(index + 1), f"{found.score[index]:.2f}"] if rank == 0 else ["", ""]
            share, cosine = found.probabilities[index, n], found.cosines[index, n]
            rows.append([*head, analysis.rules.sentences[n], f"{share:.1%}", f"{cosine:.3f}"])
    if rows:
        for line in console.table_lines(["box", "score", "sentence", "share", "cosine"], rows, right=(0, 1, 3, 4)):
            typer.echo(line)
    return boxes_figure(read_frame(analysis.video, shown_s, max_side=analyzer.max_side), analysis, found)


def _check_time(video: VideoInfo, at: float) -> None:
    if at > video.duration_s:
        raise SettingsError(f"--at {at:g} lies behind the end of {video.name}, which lasts {video.duration_s:.1f} s.")


def _write(canvas: Canvas, out: Path) -> None:
    from clipvad.explain_figure import png
    from clipvad.files import write_atomic

    try:
        write_atomic(out, png(canvas))
    except OSError as error:
        raise SettingsError(f"--out {out} can't be written: {error.strerror or error}. Choose another.") from None
    console.say(f"written: {out}")
