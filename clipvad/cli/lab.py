"""`clipvad lab`: how good the scorers, encoders, detectors and modes are, in one table."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clipvad.cli import console
from clipvad.cli import options as opt
from clipvad.errors import SettingsError

if TYPE_CHECKING:
    from clipvad.lab.lab import EncoderChoice, Lab, Row
    from clipvad.lab.sets import Clips
    from clipvad.lab.tracks import LabClip


def lab(
    street: Annotated[Path | None, typer.Option(metavar="DIR", help="The street benchmark (`clipvad synth`).")] = None,
    domain: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Whose rules: pedestrian, shared; may be repeated (default: pedestrian)."),
    ] = None,
    split: Annotated[str, typer.Option(help="Of the street benchmark: test or train.")] = "test",
    ped2: Annotated[Path | None, typer.Option(metavar="DIR", help="UCSD Ped2, with its Test folder.")] = None,
    shanghaitech: Annotated[Path | None, typer.Option(metavar="DIR", help="Clips of ShanghaiTech's test half.")] = None,
    shanghaitech_masks: Annotated[
        Path | None, typer.Option(metavar="DIR|FILE.npz", help="Its frame masks (default: DIR/test_frame_mask)")
    ] = None,
    ucf: Annotated[Path | None, typer.Option(metavar="DIR", help="Clips of UCF-Crime's test set.")] = None,
    ucf_annotations: Annotated[Path | None, typer.Option(metavar="FILE", help="Its temporal annotation.")] = None,
    clips_json: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Clips labelled in a JSON file; may be repeated.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="SET", help="Only sets whose name begins so; may be repeated.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many clips of each set: a quick look.")] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FOLDER",
            help="Repeat it for several; with commas between: one model, several seeds (default: bundled)",
        ),
    ] = None,
    detector: Annotated[list[str] | None, typer.Option(help="Repeat it for several (default: motion)")] = None,
    scorer: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME|FILE", help="Trained heads beside zero-shot; may be repeated."),
    ] = None,
    mode: Annotated[
        list[opt.ModeChoice] | None, typer.Option(help="both is the larger of the two curves (default: all three)")
    ] = None,
    open_rows: Annotated[
        list[int] | None,
        typer.Option("--open", metavar="ROW", help="Also list a row's clips, worst first, with curves."),
    ] = None,
    pictures: Annotated[int, typer.Option(min=0, help="Curves drawn of an opened row.")] = 12,
    fps: opt.FpsOption = None,
    threshold: opt.ThresholdOption = 0.5,
    smooth: opt.SmoothOption = None,
    device: opt.DeviceOption = None,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="lab.md, lab.csv and lab.json go here.")] = Path(
        "clipvad-lab"
    ),
    no_cache: opt.NoCacheOption = False,
    cache_dir: opt.CacheDirOption = None,
    models_dir: opt.ModelsDirOption = None,
) -> None:
    """Score labelled sets with every combination and print one table: AUC, AP, events, false alarms, speed."""
    from clipvad.core import ScoreSettings
    from clipvad.lab.lab import Lab, Plan
    from clipvad.lab.sets import chosen
    from clipvad.lab.tracks import LAB_MODES
    from clipvad.settings import Settings

    given = list(
        _sources(
            street,
            domain or ["pedestrian"],
            split,
            ped2,
            shanghaitech,
            shanghaitech_masks,
            ucf,
            ucf_annotations,
            clips_json,
        )
    )
    for reason in (reason for clips in given for reason in clips.skipped):
        console.say(f"left out: {reason}")
    clips = chosen((clip for found in given for clip in found.clips), only=only or (), limit=limit)
    if not clips:
        raise SettingsError(
            "There is no clip to score. Name a set: --street, --ped2, --shanghaitech, --ucf, --clips-json."
        )
    settings = Settings.from_env()
    modes = tuple(name for name in LAB_MODES if mode is None or name in mode)
    plan = Plan(
        encoders=tuple(_encoder(text) for text in encoder or ["bundled"]),
        detectors=tuple(detector or ["motion"]) if modes != ("frame",) else (),
        modes=modes,
        settings=ScoreSettings(threshold=threshold, smooth_s=smooth),
        fps=settings.fps if fps is None else fps,
        heads=tuple(scorer or ()),
    )
    runner = Lab(
        plan,
        cache=None if no_cache else opt.open_cache(cache_dir),
        device=device or settings.device,
        models_dir=models_dir or settings.models_dir,
        say=console.say,
    )
    rows = runner.run(clips, console.progress_of)
    _write(rows, runner, clips, out)
    _open(rows, runner, open_rows or (), pictures, out)
    if runner.failed:
        raise typer.Exit(1)


def _sources(
    street: Path | None,
    domains: Sequence[str],
    split: str,
    ped2: Path | None,
    shanghaitech: Path | None,
    masks: Path | None,
    ucf: Path | None,
    annotations: Path | None,
    labelled: Sequence[Path] | None,
) -> Iterator[Clips]:
    from clipvad.lab import sets

    if street is not None:
        for name in domains:
            yield sets.street(street, domain=name, split=split)
    if ped2 is not None:
        yield sets.ucsd_ped2(ped2)
    if shanghaitech is not None:
        yield sets.shanghaitech(shanghaitech, masks or shanghaitech / "test_frame_mask")
    if ucf is not None:
        if annotations is None:
            raise SettingsError(
                "--ucf needs --ucf-annotations: the file Temporal_Anomaly_Annotation_for_Testing_Videos.txt."
            )
        yield sets.ucf_crime(ucf, annotations)
    for path in labelled or ():
        yield sets.labelled_in(path)


def _encoder(text: str) -> EncoderChoice:
    """`NAME`, a folder, or several with commas (seeds of one model); a folder may stand without `open_clip:`."""
    from clipvad.lab.lab import EncoderChoice, short_name

    specs = [part.strip() for part in text.split(",") if part.strip()]
    if not specs:
        raise SettingsError("--encoder is empty. Example: --encoder bundled")
    full = tuple(f"open_clip:{spec}" if ":" not in spec and Path(spec).is_dir() else spec for spec in specs)
    names = [Path(spec).name if Path(spec).is_dir() else short_name(spec) for spec in specs]
    return EncoderChoice(name=names[0] if len(names) == 1 else f"{names[0]} (+{len(names) - 1} seeds)", specs=full)


def _write(rows: Sequence[Row], runner: Lab, clips: Sequence[LabClip], out: Path) -> None:
    from clipvad.files import write_atomic
    from clipvad.lab import report

    settings = asdict(runner.plan.settings)
    head = _head(runner, clips)
    data = {
        **head,
        "settings": settings,
        "fps": runner.plan.fps,
        "failed": [{"video": video, "error": reason} for video, reason in runner.failed],
    }
    lines = [
        f"`{head['command']}`",
        "",
        f"clipvad {head['clipvad_version']}, code {head['code']}; {head['machine']}; {head['date']}.",
    ]
    lines += [f"Failed: {video}: {reason}" for video, reason in runner.failed]
    try:
        write_atomic(out / "lab.md", report.markdown(rows, head=lines, settings=settings))
        write_atomic(out / "lab.csv", report.csv_text(rows))
        write_atomic(out / "lab.json", json.dumps(report.as_json(rows, head=data), ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise SettingsError(f"--out {out} can't be written: {error.strerror or error}. Choose another.") from None
    header, cells = report.table(rows)
    for line in console.table_lines(header, cells, right=range(len(report.NAMES), len(header) - 1)):
        typer.echo(line)
    for video, reason in runner.failed:
        console.print_error(f"{video}: {reason}")
    console.say(f"written: {out}/lab.md, lab.csv, lab.json; open a row with --open ROW")


def _head(runner: Lab, clips: Sequence[LabClip]) -> dict[str, Any]:
    import datetime
    import os
    import platform
    import shlex

    import clipvad
    from clipvad.lab.fingerprint import code_hash

    load = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    return {
        "command": shlex.join(["clipvad", *(_without_folder(word) for word in sys.argv[1:])]),
        "clipvad_version": clipvad.__version__,
        "code": code_hash(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}{load}",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "clips": len(clips),
    }


def _without_folder(word: str) -> str:
    """Where somebody's files lie is nobody else's business: of an absolute path the name."""
    kind, colon, where = word.rpartition(":")
    return f"{kind}{colon}{Path(where).name}" if Path(where).is_absolute() else word


def _open(rows: Sequence[Row], runner: Lab, numbers: Sequence[int], pictures: int, out: Path) -> None:
    from clipvad.lab.report import open_row

    for number in numbers:
        if not 1 <= number <= len(rows):
            raise SettingsError(f"--open {number}: the table has the rows 1 to {len(rows)}.")
        path, drawn = open_row(number, rows[number - 1], out / "rows", runner.scored_again, pictures=pictures)
        console.say(f"row {number}: {path}, {drawn} curves")
