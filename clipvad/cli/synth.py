"""`clipvad synth`: render the street benchmark, or check one against the recipe that comes with the program."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clipvad.cli import console
from clipvad.errors import SettingsError

if TYPE_CHECKING:
    from clipvad.synth.benchmark import Done, Job


def synth(
    preset: Annotated[str, typer.Option(help="Which benchmark.")] = "street-v1",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to; finished clips there stay.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed than the preset's: other clips.")] = None,
    domain: Annotated[
        str, typer.Option(help="Whose labels: pedestrian (a bicycle is abnormal) or shared (it is not).")
    ] = "pedestrian",
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes (default: all cores)")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many clips, evenly from all.")] = None,
    verify: Annotated[
        Path | None, typer.Option("--verify", metavar="DIR", help="Render nothing; check this folder's ground truth.")
    ] = None,
) -> None:
    """Render labelled surveillance scenes with exact ground truth, in the layouts of UCF-Crime and ShanghaiTech too."""
    from clipvad.synth.benchmark import PRESETS

    if preset not in PRESETS:
        raise SettingsError(f"There is no preset {preset!r}. Allowed: {', '.join(PRESETS)}.")
    if verify is not None:
        _verify(verify, preset)
        return
    if out is None:
        raise SettingsError("Where to? Give --out DIR, or --verify DIR to check what is there.")
    render(preset, out, seed=seed, domain=domain, workers=jobs or os.cpu_count() or 1, limit=limit)


def render(preset: str, out: Path, *, seed: int | None, domain: str, workers: int, limit: int | None) -> None:
    """Render what is missing of a preset into `out`, saying how far it is. Raises `SettingsError`."""
    from clipvad.synth.benchmark import PRESETS, plan, receipt, render_all, some_of
    from clipvad.synth.layouts import write_layouts
    from clipvad.synth.street import DOMAINS

    if domain not in DOMAINS:
        raise SettingsError(f"There is no domain {domain!r}. Allowed: {', '.join(DOMAINS)}.")
    chosen = some_of(plan(PRESETS[preset], seed=seed), limit)
    console.say(f"{len(chosen)} clips, {sum(job.spec.duration_s for job in chosen) / 60:.1f} minutes of video -> {out}")
    try:
        there = {job.name for job in chosen if receipt(job, out)}
        finished = render_all(chosen, out, workers=min(workers, len(chosen)))
        for _ in _watched(chosen, there, finished):
            pass
        clips = write_layouts(out, chosen, domain=domain)
    except OSError as error:
        raise SettingsError(f"--out {out} can't be written: {error.strerror or error}. Choose another.") from None
    abnormal = sum(bool(clip.events) for clip in clips)
    console.say(f"{out / 'manifest.csv'}: {len(clips)} clips, {abnormal} with events, labels of the domain {domain}")


def _watched(jobs: Sequence[Job], there: Container[str], finished: Iterable[Done]) -> Iterator[Done]:
    """Says how far it is and how long it will take: on a terminal after each clip, else at every tenth.

    `there`: names of the clips that were finished before, which take no time.
    """
    seconds = {job.name: 0.0 if job.name in there else job.spec.duration_s for job in jobs}
    made, began = 0.0, time.perf_counter()
    live = sys.stderr.isatty()
    for number, one in enumerate(finished, start=1):
        made += seconds[one.name]
        spent = time.perf_counter() - began
        left = (sum(seconds.values()) - made) * spent / made if made else 0.0
        text = f"{number}/{len(jobs)} clips, {spent:.0f} s" + (f", about {left:.0f} s left" if left >= 1 else "")
        if live:
            print(f"\r{text:60}", end="\n" if number == len(jobs) else "", file=sys.stderr, flush=True)
        elif number == len(jobs) or number % max(1, len(jobs) // 10) == 0:
            console.say(text)
        yield one


def _verify(folder: Path, preset: str) -> None:
    from clipvad.synth.recipe import read_recipe, recipe_path, verify

    recipe = read_recipe(recipe_path(preset))
    good, problems = verify(folder, recipe)
    for problem in problems[:10]:
        console.print_error(problem)
    if len(problems) > 10:
        console.say(f"... and {len(problems) - 10} more")
    typer.echo(f"{good} of {len(recipe['clips'])} clips of {preset} verified, {len(problems)} wrong")
    if problems:
        raise typer.Exit(1)
