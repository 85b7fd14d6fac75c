"""`clipvad evaluate` and `clipvad manifest`: the curves against labelled intervals."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clipvad.cli import console
from clipvad.cli import options as opt
from clipvad.errors import ClipvadError

if TYPE_CHECKING:
    from clipvad.core import RuleSet, ScoreSettings
    from clipvad.evaluation.evaluate import Aligned
    from clipvad.evaluation.manifest import Entry
    from clipvad.pipeline import Analyzer

manifest_app = typer.Typer(no_args_is_help=True, help="Make a manifest from a public data set's own annotation files.")
OutFile = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write here instead of standard output.")]


@opt.with_run_options(without=("clock",))
def evaluate(
    manifest: Annotated[Path, typer.Argument(metavar="MANIFEST.csv", help="Columns video,label,start_s,end_s.")],
    run: opt.RunOptions,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Also write evaluation.json here.")] = None,
    as_json: opt.JsonOption = False,
) -> None:
    """Frame AUC and average precision over labelled videos; the threshold counts only for the events' figures."""
    with console.clean_stdout() if as_json else contextlib.nullcontext() as emit:
        report = evaluate_all(manifest, run)
        text = json.dumps(report, ensure_ascii=False, indent=1) + "\n"
        if out is not None:
            _write(out / "evaluation.json", text)
        if emit is not None:
            emit(text)
        else:
            _print_report(report)
    if not report["ok"]:
        raise typer.Exit(1)


def evaluate_all(manifest: Path, run: opt.RunOptions) -> dict[str, Any]:
    """Score every video of `manifest` and return all figures (see `summarise`); failed videos are listed.

    Raises `ClipvadError` for what concerns all videos: the manifest, rules, settings, models.
    """
    from clipvad import __version__
    from clipvad.evaluation.evaluate import summarise
    from clipvad.evaluation.manifest import read_manifest

    settings, rules, entries = run.score_settings(), run.load_rules(), read_manifest(manifest)
    analyzer = run.analyzer(rules)
    run = run.taken_by(analyzer)
    aligned: list[Aligned] = []
    failed: list[dict[str, str]] = []
    for number, entry in enumerate(entries, start=1):
        title = f"[{number}/{len(entries)}] {entry.video.name}"
        result = _evaluate_one(entry, analyzer, rules, settings, run, title=title)
        if isinstance(result, str):
            console.print_error(f"{entry.video}: {result}")
            failed.append({"video": str(entry.video), "error": result})
        else:
            aligned.append(result)
    return {
        "schema": "clipvad.evaluation",
        "schema_version": 1,
        "clipvad_version": __version__,
        "ok": not failed,
        "manifest": str(manifest),
        "encoder": asdict(analyzer.encoder.use),
        "detector": asdict(analyzer.detector.use) if "object" in run.modes else None,
        "scorer": asdict(analyzer.scorer.use),
        "rules": rules.name,
        "fps": analyzer.fps,
        "settings": asdict(settings),
        **summarise(aligned),
        "failed": failed,
    }


def _evaluate_one(
    entry: Entry, analyzer: Analyzer, rules: RuleSet, settings: ScoreSettings, run: opt.RunOptions, *, title: str
) -> Aligned | str:
    from clipvad.evaluation.evaluate import align

    try:
        with console.progress_of(title) as report:
            analysis = analyzer.run(entry.video, rules, modes=run.modes, settings=settings, on_progress=report)
            return align(entry, analysis)
    except ClipvadError as error:
        return str(error)
    except Exception as error:  # one video's accident is not the end of the others
        return console.unexpected(error)


def _print_report(report: dict[str, Any]) -> None:
    rows = []
    for mode, figures in report["modes"].items():
        for curve, name in (("score", "raw"), ("smooth", "smoothed")):
            for group, title in (("all", "all frames"), ("anomalous", "anomalous videos"), ("mean_of_videos", "")):
                found = figures[curve][group]
                title = title or f"mean of videos ({found['videos']})"
                rows.append([mode, name, title, percent(found["auc"]), percent(found["ap"])])
    _out_table(["mode", "curve", "over", "AUC %", "AP %"], rows, numbers_from=3)
    typer.echo()
    modes = list(report["modes"])
    header = ["video", "label", "frames", "abnormal", *(f"{mode} AUC %" for mode in modes)]
    _out_table(
        header,
        [
            [Path(video["video"]).name, video["label"], str(video["frames"]), str(video["abnormal"])]
            + [percent(video["modes"][mode]["smooth"]["auc"]) for mode in modes]
            for video in report["videos"]
        ],
        numbers_from=2,
    )
    typer.echo()
    for mode, figures in report["modes"].items():
        found = figures["events"]
        typer.echo(
            f"{mode} events at threshold {report['settings']['threshold']}: frame precision %: "
            f"{percent(found['precision'])}, recall %: {percent(found['recall'])}"
        )
    typer.echo("Per video: smoothed curve. n/a: the labels there have one class only.")
    origins = sorted({video["frame_times"] for video in report["videos"]})
    typer.echo(f"Scores are per source frame (times from: {', '.join(origins)}), held from the latest sample.")
    if report["failed"]:
        typer.echo(f"{len(report['failed'])} videos failed and are not in these figures.")


def percent(value: float | None) -> str:
    """Two decimals of a share, or n/a."""
    return "n/a" if value is None else f"{100 * value:.2f}"


def _out_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers_from: int) -> None:
    for line in console.table_lines(header, rows, right=range(numbers_from, len(header))):
        typer.echo(line)


@manifest_app.command("ucsd-ped2")
def ucsd_ped2(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="UCSDped2, with the Test folder in it.")],
    out: OutFile = None,
) -> None:
    """From UCSD Ped2: the test clips with the official frame ranges, or the pixel masks where those are missing."""
    from clipvad.evaluation.readers import read_ucsd_ped2

    _write_manifest(*read_ucsd_ped2(folder), out)


@manifest_app.command("ucf-crime")
def ucf_crime(
    annotation: Annotated[Path, typer.Argument(metavar="ANNOTATION.txt", help="The temporal annotation file.")],
    videos: Annotated[Path, typer.Option("--videos", metavar="DIR", help="Searched for the clips, subfolders too.")],
    out: OutFile = None,
) -> None:
    """From UCF-Crime's temporal annotation of its test set; clips that are not there are listed and left out."""
    from clipvad.evaluation.readers import read_ucf_crime

    _write_manifest(*read_ucf_crime(annotation, videos), out)


def _write_manifest(entries: Sequence[Entry], skipped: Sequence[str], out: Path | None) -> None:
    from clipvad.errors import ManifestError
    from clipvad.evaluation.manifest import manifest_csv

    for reason in skipped:
        console.say(f"left out: {reason}")
    if not entries:
        raise ManifestError("None of the clips could be used, so there is no manifest to write.")
    console.say(f"{len(entries)} videos, {sum(entry.anomalous for entry in entries)} of them with anomalies")
    if out is None:
        typer.echo(manifest_csv(entries, relative_to=Path.cwd()), nl=False)
    else:
        _write(out, manifest_csv(entries, relative_to=out.parent))


def _write(path: Path, text: str) -> None:
    from clipvad.errors import SettingsError
    from clipvad.files import write_atomic

    try:
        write_atomic(path, text)
    except OSError as error:
        raise SettingsError(f"{path} can't be written: {error.strerror or error}. Choose another place.") from None
