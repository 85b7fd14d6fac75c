"""`clipvad score`: every clip to its folder of results; a bad clip is one line, the others go on."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clipvad.cli import console
from clipvad.cli import options as opt
from clipvad.errors import ClipvadError, SettingsError

if TYPE_CHECKING:
    from clipvad.core import Analysis, RuleSet, ScoreSettings
    from clipvad.pipeline import Analyzer

SUMMARY_VERSION = 1


@opt.with_run_options()
def score(
    clips: Annotated[list[Path], typer.Argument(metavar="CLIP...", help="Videos, folders of pictures or of videos.")],
    run: opt.RunOptions,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A folder per clip is made here.")] = Path(
        "clipvad-results"
    ),
    video: Annotated[bool, typer.Option("--video", help="Also write annotated.mp4.")] = False,
    as_json: opt.JsonOption = False,
) -> None:
    """Score clips against sentences: a curve, events and the sentence that fired, per clip a folder of results."""
    with console.clean_stdout() if as_json else contextlib.nullcontext() as emit:
        summary = score_all(find_clips(clips), run, out=out, video=video)
        if emit is not None:
            emit(json.dumps(summary, ensure_ascii=False, indent=1) + "\n")
    if not summary["ok"]:
        raise typer.Exit(1)


def score_all(clips: list[Path], run: opt.RunOptions, *, out: Path, video: bool) -> dict[str, Any]:
    """Score each clip into its own folder under `out`; return the summary of `--json`.

    Raises `ClipvadError` for what concerns all clips (rules, settings, models, the folder).
    """
    from clipvad import __version__

    settings, rules = run.score_settings(), run.load_rules()
    _check_writable(out)
    analyzer = run.analyzer(rules)
    run = run.taken_by(analyzer)
    done = []
    for number, (clip, folder) in enumerate(zip(clips, result_folders(clips, out), strict=True), start=1):
        title = f"[{number}/{len(clips)}] {clip.name}" if len(clips) > 1 else clip.name
        done.append(_score_one(clip, folder, analyzer, rules, settings, run, title=title, video=video))
    return {
        "schema": "clipvad.score",
        "schema_version": SUMMARY_VERSION,
        "clipvad_version": __version__,
        "ok": all(clip["ok"] for clip in done),
        "encoder": analyzer.encoder.use.id,
        "detector": analyzer.detector.id if "object" in run.modes else None,
        "scorer": analyzer.scorer.use.id,
        "rules": rules.name,
        "modes": list(run.modes),
        "clips": done,
    }


def find_clips(given: Iterable[Path]) -> list[Path]:
    """The clips that the arguments mean, in order.

    A folder that holds videos, or only has some further down, means all of those; else it is a folder of
    pictures, one clip. Raises `SettingsError` for a folder without either.
    """
    from clipvad.files import find_videos
    from clipvad.video.folder import SUFFIXES

    clips: list[Path] = []
    for path in given:
        if not path.is_dir():
            clips.append(path)
        elif videos := find_videos(path, deep=False):
            clips += videos
        elif any(child.suffix.lower() in SUFFIXES for child in path.iterdir()):
            clips.append(path)
        elif videos := find_videos(path):
            clips += videos
        else:
            raise SettingsError(f"The folder {path} holds neither videos nor pictures.")
    return clips


def result_folders(clips: list[Path], out: Path) -> list[Path]:
    """`out/<stem>` per clip, or `<stem>-2`, `-3`, ... where that name is taken by an earlier clip."""
    taken: set[str] = set()
    folders = []
    for clip in clips:
        stem = clip.resolve().name if clip.is_dir() else clip.stem
        name, copy = stem, 1
        while name.casefold() in taken:  # some file systems ignore case
            copy += 1
            name = f"{stem}-{copy}"
        taken.add(name.casefold())
        folders.append(out / name)
    return folders


def _score_one(
    clip: Path,
    folder: Path,
    analyzer: Analyzer,
    rules: RuleSet,
    settings: ScoreSettings,
    run: opt.RunOptions,
    *,
    title: str,
    video: bool,
) -> dict[str, Any]:
    from clipvad.exports import save_analysis

    began = time.perf_counter()
    try:
        with console.progress_of(title) as report:
            analysis = analyzer.run(clip, rules, modes=run.modes, settings=settings, on_progress=report)
            analysed_s = time.perf_counter() - began
            drawn = _drawing(report, analysis.video.duration_s)
            files = save_analysis(analysis, folder, video=video, progress=drawn)
    except ClipvadError as error:
        console.print_error(f"{clip}: {error}")
        return {"video": str(clip), "ok": False, "error": str(error)}
    except OSError as error:
        console.print_error(f"{clip}: {error}")
        return {"video": str(clip), "ok": False, "error": str(error)}
    except Exception as error:  # one clip's accident is not the end of the others
        message = console.unexpected(error)
        console.print_error(f"{clip}: {message}")
        return {"video": str(clip), "ok": False, "error": message}
    _print_result(analysis, folder, seconds=analysed_s)
    return _clip_summary(clip, analysis, folder, files, analysed_s=analysed_s, total_s=time.perf_counter() - began)


def _drawing(report: console.Report, duration_s: float) -> Callable[[float], None]:
    from clipvad.progress import Progress

    def drawn(fraction: float) -> None:
        done_s = fraction * duration_s
        report(Progress(stage="drawing the video", done_s=done_s, total_s=duration_s, frames=0, frames_per_s=0))

    return drawn


def _clip_summary(
    clip: Path, analysis: Analysis, folder: Path, files: dict[str, Path], *, analysed_s: float, total_s: float
) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "video": str(clip),
        "ok": True,
        "folder": str(folder),
        "files": {name: str(path) for name, path in files.items()},
        "duration_s": round(analysis.video.duration_s, 3),
        "frames": len(analysis.features),
        "analysed_s": round(analysed_s, 3),
        "total_s": round(total_s, 3),
        "from_cache": analysis.from_cache,
        "timings_s": {stage: round(seconds, 4) for stage, seconds in analysis.timings_s.items()},
        "max_score": {mode: round(float(scores.smooth.max()), 4) for mode, scores in analysis.scores.items()},
        "events": [asdict(event) for event in analysis.events],
        "unknown_words": {sentence: list(words) for sentence, words in analysis.unknown_words.items()},
        "warnings": list(analysis.video.warnings),
        "remarks": list(analysis.remarks),
    }


def _print_result(analysis: Analysis, folder: Path, *, seconds: float) -> None:
    from clipvad.exports import in_time_order
    from clipvad.figures import clock

    video = analysis.video
    speed = f"{video.duration_s / seconds:.1f}x real time" if seconds > 0 else ""
    source = "from cache" if analysis.from_cache else f"{len(analysis.features)} frames sampled"
    console.say(f"{video.name}: {video.duration_s:.1f} s of video in {seconds:.1f} s, {speed}, {source} -> {folder}")
    for note in (*video.warnings, *analysis.remarks):
        console.say(f"  note: {note}")
    rows = [
        [event.mode, clock(event.start_s), clock(event.end_s), f"{event.peak:.2f}", event.sentence]
        for event in in_time_order(analysis.events)
    ]
    if rows:
        for line in console.table_lines(["mode", "from", "to", "peak", "sentence"], rows, right=(1, 2, 3)):
            console.say(f"  {line}")
    else:
        peaks = ", ".join(f"{mode} {scores.smooth.max():.2f}" for mode, scores in analysis.scores.items())
        console.say(f"  no event at threshold {analysis.settings.threshold} (highest score: {peaks})")


def _check_writable(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".clipvad-write-test"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingsError(f"--out {out} can't be written: {error.strerror}. Choose another.") from None
