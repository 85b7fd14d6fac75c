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


def compare(
    clip: Annotated[Path, typer.Argument(metavar="CLIP", help="A video, or a folder of pictures.")],
    rules: opt.RulesOption = opt.DEFAULT_RULES,
    against: Annotated[
        str | None, typer.Option("--against", metavar="NAME|FILE", help="Rules of side B (default: the same).")
    ] = None,
    mode: opt.ModeOption = opt.ModeChoice.OBJECT,
    against_mode: Annotated[
        opt.ModeChoice | None, typer.Option("--against-mode", help="Mode of side B (default: the same).")
    ] = None,
    encoder: opt.EncoderOption = None,
    detector: opt.DetectorOption = None,
    fps: opt.FpsOption = None,
    threshold: opt.ThresholdOption = 0.5,
    smooth: opt.SmoothOption = 1.0,
    device: opt.DeviceOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="comparison.csv and comparison.png go here.")
    ] = None,
    no_cache: opt.NoCacheOption = False,
    cache_dir: opt.CacheDirOption = None,
    models_dir: opt.ModelsDirOption = None,
) -> None:
    """Two rule sets, or two modes, on one clip: where the curves part, and the events that only one of them has."""
    from clipvad.comparison import compare as set_side_by_side

    other_mode = against_mode or mode
    if opt.ModeChoice.BOTH in (mode, other_mode):
        raise SettingsError("A side has one curve: choose --mode frame or object, and another with --against-mode.")
    if against is None and other_mode == mode:
        raise SettingsError("Both sides are the same. Give B other rules (--against) or another mode (--against-mode).")
    run = opt.RunOptions(
        rules=rules,
        mode=mode if mode == other_mode else opt.ModeChoice.BOTH,
        encoder=encoder,
        detector=detector,
        fps=fps,
        threshold=threshold,
        smooth=smooth,
        device=device,
        no_cache=no_cache,
        cache_dir=cache_dir,
        models_dir=models_dir,
    )
    a, b = _analyses(clip, run, against)
    comparison = set_side_by_side(a, b, mode_a=_one(mode), mode_b=_one(other_mode))
    _print(comparison)
    if out is not None:
        _write(comparison, out)


def _one(mode: opt.ModeChoice) -> Mode:
    return "frame" if mode is opt.ModeChoice.FRAME else "object"


def _analyses(clip: Path, run: opt.RunOptions, against: str | None) -> tuple[Analysis, Analysis]:
    """Both sides; the clip is decoded once, and B only scored again."""
    settings, rules = run.score_settings(), run.load_rules()
    others = replace(run, rules=against).load_rules() if against is not None else rules
    analyzer = run.analyzer(rules)
    with console.progress_of(clip.name) as report:
        first = analyzer.run(clip, rules, modes=run.modes, settings=settings, on_progress=report)
    return first, first if others == rules else analyzer.rescore(first.features, others, settings=settings)


def _print(comparison: Comparison) -> None:
    rows = [
        *(("A", event) for event in comparison.only_a),
        *(("B", event) for event in comparison.only_b),
    ]
    for side in (comparison.a, comparison.b):
        typer.echo(f"{side.label}: {len(side.events)} events")
    gap = abs(comparison.difference)
    worst = int(gap.argmax())
    typer.echo(f"largest difference: {gap[worst]:.2f} at {comparison.pts_s[worst]:.2f} s; mean {gap.mean():.2f}")
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
