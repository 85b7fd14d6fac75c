"""`clipvad compare`: two rule sets, or two modes, on one clip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clipvad.cli import console
from clipvad.cli import options as opt
from clipvad.errors import SettingsError

if TYPE_CHECKING:
    from clipvad.comparison import Comparison
    from clipvad.core import Analysis, Event, Mode


@opt.with_run_options(mode=opt.ModeChoice.OBJECT)
def compare(
    clip: Annotated[Path, typer.Argument(metavar="CLIP", help="A video, or a folder of pictures.")],
    run: opt.RunOptions,
    against: Annotated[
        str | None, typer.Option("--against", metavar="NAME|FILE", help="Rules of side B (default: the same).")
    ] = None,
    against_scorer: Annotated[
        str | None,
        typer.Option("--against-scorer", metavar="zero-shot|NAME|FILE", help="Scorer of side B (default: the same)."),
    ] = None,
    against_mode: Annotated[
        opt.ModeChoice | None, typer.Option("--against-mode", help="Mode of side B (default: the same).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="comparison.csv and comparison.png go here.")
    ] = None,
) -> None:
    """Two rule sets, scorers or modes on one clip: where the curves part, and the events that only one of them has.

    --rules, --scorer and --mode are side A's. Each side is smoothed as its rule set asks, unless --smooth says how.
    """
    from clipvad.comparison import compare as set_side_by_side

    mode, other_mode = run.mode, against_mode or run.mode
    if opt.ModeChoice.BOTH in (mode, other_mode):
        raise SettingsError("A side has one curve: choose --mode frame or object, and another with --against-mode.")
    if against is None and other_mode == mode and against_scorer in (None, run.scorer):
        raise SettingsError(
            "Both sides are the same. Give B other rules (--against), another scorer (--against-scorer) or another "
            "mode (--against-mode)."
        )
    a, b = _analyses(clip, run, other_mode, against, against_scorer or run.scorer)
    comparison = set_side_by_side(a, b, mode_a=_one(mode), mode_b=_one(other_mode))
    _print(comparison)
    if out is not None:
        _write(comparison, out)


def _one(mode: opt.ModeChoice) -> Mode:
    return "frame" if mode is opt.ModeChoice.FRAME else "object"


def _analyses(
    clip: Path, run: opt.RunOptions, other_mode: opt.ModeChoice, against: str | None, other_scorer: str
) -> tuple[Analysis, Analysis]:
    """Both sides. With one scorer B is only scored again, unless frame mode must look at a zone that A does not have;
    with two scorers what A saw comes from the cache, if that is on.
    """
    from clipvad.core import MODES

    settings, rules = run.score_settings(), run.load_rules()
    others = replace(run, rules=against).load_rules() if against is not None else rules
    analyzer = run.analyzer(rules)
    with console.progress_of(clip.name) as report:
        if other_scorer != run.scorer:
            other, modes = analyzer.with_scorer(other_scorer), replace(run, mode=other_mode).modes
            first = analyzer.run(clip, rules, modes=run.modes, settings=settings, on_progress=report)
            return first, other.run(clip, others, modes=modes, settings=settings, on_progress=report)
        both = run.modes if other_mode is run.mode else MODES
        first = analyzer.run(clip, rules, modes=both, settings=settings, on_progress=report)
        if others == rules:
            return first, first
        if "frame" in both and any(zone.box not in first.features.zones for zone in others.zones_used):
            return first, analyzer.run(clip, others, modes=both, settings=settings, on_progress=report)
    return first, analyzer.rescore(first.features, others, settings=settings)


def _print(comparison: Comparison) -> None:
    rows = [
        *(("A", event) for event in comparison.only_a),
        *(("B", event) for event in comparison.only_b),
    ]
    for side in (comparison.a, comparison.b):
        typer.echo(f"{side.label}: {len(side.events)} events")
        for remark in side.analysis.remarks:
            console.say(f"  note: {remark}")
    t_s, difference = comparison.largest
    typer.echo(f"largest difference: {abs(difference):.2f} at {t_s:.2f} s; mean {comparison.mean_difference:.2f}")
    if not rows:
        typer.echo("no event that only one of them has")
        return
    cells = [[name, *_cells(event)] for name, event in sorted(rows, key=lambda row: row[1].start_s)]
    for line in console.table_lines(["only", "start s", "end s", "peak", "sentence"], cells, right=(1, 2, 3)):
        typer.echo(line)


def _cells(event: Event) -> list[str]:
    return [f"{event.start_s:.2f}", f"{event.end_s:.2f}", f"{event.peak:.2f}", event.sentence]


def _write(comparison: Comparison, out: Path) -> None:
    from clipvad.comparison import comparison_csv, save_figure
    from clipvad.files import write_atomic

    try:
        write_atomic(out / "comparison.csv", comparison_csv(comparison))
        save_figure(comparison, out / "comparison.png")
    except OSError as error:
        raise SettingsError(f"--out {out} can't be written: {error.strerror or error}. Choose another.") from None
    console.say(f"written: {out}/comparison.csv, comparison.png")
