"""`clipvad reproduce`: the tables of the paper, trained and tested anew, beside the printed figures."""

from __future__ import annotations

import datetime
import json
import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clipvad.cli import console
from clipvad.cli import options as opt
from clipvad.cli.train import EpochLines, span
from clipvad.errors import SettingsError

if TYPE_CHECKING:
    from clipvad.encoders import Encoder
    from clipvad.training import TrainConfig
    from clipvad.training.tables import Reproduction, Result, TableRow

LATENCY = "table7"
STREET_PARTS = ("street-v1", "street-train-v1")


def reproduce(
    tables: Annotated[list[str], typer.Argument(metavar="TABLE...", help="table4 to table10, or all.")],
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="A training file that rows change (default: the street world)."),
    ] = None,
    features: Annotated[
        list[Path] | None, typer.Option("--features", metavar="STORE", help="In place of the file's; may be repeated.")
    ] = None,
    root: Annotated[Path | None, typer.Option("--root", metavar="DIR", help="The data set's folder, likewise.")] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="Each row is trained so many times.")] = 3,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Runs and tables; a second call goes on.")] = Path(
        "clipvad-tables"
    ),
    device: opt.DeviceOption = None,
) -> None:
    """Train every row of ours in the paper's tables 4 to 10 and print it beside the published figure.

    With nothing given it renders the street benchmark (about half an hour on two cores) and runs on that.
    """
    from clipvad.encoders import load_encoder
    from clipvad.encoders.openclip import choose_device
    from clipvad.training.classes import text_encoder
    from clipvad.training.config import load_config
    from clipvad.training.tables import TABLES, Reproduction

    known = sorted([*TABLES, LATENCY], key=_number)
    if unknown := [name for name in tables if name not in (*known, "all")]:
        raise SettingsError(f"There is no {unknown[0]!r}. Allowed: {', '.join(known)}, all.")
    wanted = [name for name in known if name in tables or "all" in tables]
    if wanted == [LATENCY] and config is None:  # needs an encoder and no data
        _print(LATENCY, *_latency(load_encoder("bundled", device=device or "auto", precision="fp32")), out)
        return
    base = load_config(config) if config else _street()
    given = {"features": features, "root": root}
    changes = {key: value for key, value in given.items() if value}
    base = base.changed(data=changes, loop={"device": device} if device else {})
    if base.data is None:
        raise SettingsError(f"{config}: the key data is missing. It says which data set and features to train on.")
    if base.model.branch != "text":
        raise SettingsError(
            f"{config}: the tables set a text branch beside the classifier. Write model: {{branch: text}}."
        )
    dataset, source = base.data.open()
    encoder = text_encoder(None, base, source.spec, device=choose_device(base.loop.device))
    console.say(f"{dataset.name}: {len(dataset.of('train'))} videos to train on; {source.spec.label}")
    lines = RunLines()
    run = Reproduction(base, dataset, source, encoder, out=out / "runs", on_progress=EpochLines(), on_run=lines)
    lines.todo = run.missing([row for table in wanted for row in TABLES.get(table, ())], seeds=seeds)
    for table in wanted:
        if table == LATENCY:
            _print(LATENCY, *_latency(encoder), out)
        else:
            _train_table(table, run, out, seeds=seeds)


class RunLines:
    """A line before each run: which of how many, and how long all that are left will take at the pace so far."""

    def __init__(self) -> None:
        self.todo = 0
        self._begun = 0
        self._since = time.monotonic()

    def __call__(self, row: TableRow, seed: int) -> None:
        spent_s = time.monotonic() - self._since
        left = f", about {span(spent_s / self._begun * (self.todo - self._begun))} left" if self._begun else ""
        self._begun += 1
        console.say(f"run {self._begun}/{self.todo}: {row.name}, seed {seed}{left}")


def _number(table: str) -> int:
    return int(table.removeprefix("table"))


def _street() -> TrainConfig:
    """The shipped training file of the street benchmark, with its data made where they are missing."""
    from clipvad.cli.extract import fill_store
    from clipvad.cli.synth import render
    from clipvad.settings import Settings
    from clipvad.training import config as training_files

    folder = Settings.from_env().cache_dir / "street"
    stores = []
    for part in STREET_PARTS:
        render(part, folder / part, seed=None, domain="pedestrian", workers=os.cpu_count() or 1, limit=None)
        stores.append(folder / f"{part}-frames")
        videos = sorted((folder / part / "videos").glob("*.mp4"))
        run = opt.RunOptions(encoder="bundled", mode=opt.ModeChoice.FRAME)
        if failed := fill_store(stores[-1], videos, run, workers=2):
            raise SettingsError(f"{len(failed)} clips under {folder / part} can't be read: {', '.join(failed[:3])}.")
    base = training_files.load_config(Path(training_files.__file__).parent / "configs" / "street.yaml")
    data = {"root": folder / STREET_PARTS[0], "options": {"more": str(folder / STREET_PARTS[1])}, "features": stores}
    return base.changed(data=data)


def _train_table(table: str, run: Reproduction, out: Path, *, seeds: int) -> None:
    from clipvad.training.tables import TABLES, cells

    results: list[Result] = []
    try:
        for result in run.results(TABLES[table], seeds=seeds):
            results.append(result)
            console.say(f"{table}: {result.row.name}: {result.problem or _figures(result)}")
    except OSError as error:
        raise _unwritable(out, error) from None
    except KeyboardInterrupt:
        console.say(f"\nstopped; what is trained so far is in {out}. Run the same command again to go on.")
        raise
    _print(table, *cells(table, results), out)


def _figures(result: Result) -> str:
    return "AUC " + ", ".join(f"{value:.2f}" for value in result.auc)


def _print(table: str, header: Sequence[str], rows: Sequence[Sequence[str]], out: Path) -> None:
    """The table on standard output, and TABLE.md and TABLE.json in `out`."""
    from clipvad.files import write_atomic

    for line in [table, *console.table_lines(header, rows, right=range(1, len(header))), ""]:
        typer.echo(line)
    head: dict[str, Any] = {
        "table": table,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    lines = [f"{table}, {head['machine']}, {head['date']}", "", _line(header), _line(["---"] * len(header))]
    try:
        write_atomic(out / f"{table}.md", "\n".join([*lines, *map(_line, rows)]) + "\n")
        write_atomic(out / f"{table}.json", json.dumps({**head, "header": header, "rows": rows}, indent=1) + "\n")
    except OSError as error:
        raise _unwritable(out, error) from None


def _unwritable(out: Path, error: OSError) -> SettingsError:
    return SettingsError(f"--out {out} can't be written: {error.strerror or error}. Choose another.")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _latency(encoder: Encoder) -> tuple[list[str], list[list[str]]]:
    from clipvad.training.latency import PUBLISHED, measure

    found = measure(encoder)
    rows = [
        [mode, step, f"{ms:.2f}", f"{PUBLISHED[mode, step]:.2f}"]
        for mode, steps in found.items()
        for step, ms in steps.items()
    ]
    return ["mode", "step", f"ms a frame, {encoder.use.label}", "paper, RTX 3060"], rows
