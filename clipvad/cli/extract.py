"""`clipvad extract`: videos to a feature store; a bad video is one line, the others go on."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clipvad.cli import console
from clipvad.cli import options as opt
from clipvad.errors import ClipvadError, SettingsError

if TYPE_CHECKING:
    from clipvad.extraction import Extractor
    from clipvad.features.extract import Extracted

LIVE_S = 0.5  # a terminal's line is written anew this often
REPORT_S = 60.0  # elsewhere a line is written this often


class PictureChoice(StrEnum):
    """`--mode`."""

    FRAME = "frame"
    OBJECT = "object"


@opt.with_run_options(without=("rules", "mode", "scorer", "threshold", "smooth", "clock"), detector="motion")
def extract(
    videos: Annotated[
        list[Path], typer.Argument(metavar="VIDEO|FOLDER|MANIFEST.csv...", help="What to extract features of.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="STORE", help="A new store, or one to go on with.")],
    run: opt.RunOptions,
    mode: Annotated[
        PictureChoice, typer.Option("--mode", help="Features of whole frames or of detected objects.")
    ] = PictureChoice.FRAME,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64, help="Videos decoded at once.")] = 2,
) -> None:
    """Extract the features of videos into a store for training; those that it has already are not looked at again."""
    failed = fill_store(out, _find(videos), replace(run, mode=opt.ModeChoice(mode.value)), workers=workers)
    if failed:
        console.print_error(f"{len(failed)} failed: {', '.join(failed)}. Run the same command again to try only these.")
        raise typer.Exit(1)


def fill_store(out: Path, videos: Iterable[Path], run: opt.RunOptions, *, workers: int) -> list[str]:
    """Extract what the store at `out` lacks of `videos`, saying how far it is; the names of those that failed.

    Raises `ClipvadError` for what concerns all of them.
    """
    from clipvad.features.extract import by_name, spec_of
    from clipvad.features.extract import extract as extract_all
    from clipvad.features.store import StoreWriter

    named = by_name(videos)
    extractor = _extractor(run)
    try:
        with StoreWriter(out, spec_of(extractor, run.modes[0])) as writer:
            if writer.lost:
                console.say(f"{len(writer.lost)} videos have lost their shard and are missing now in {out}")
            todo = {name: path for name, path in named.items() if name not in writer}
            if len(todo) < len(named):
                console.say(f"{len(named) - len(todo)} of {len(named)} videos are in {out} already")
            watch = _Watch(todo)
            failed = [
                done.name
                for done in watch.over(extract_all(todo, writer, extractor, workers=workers, on_part=watch.part))
                if done.error is not None
            ]
    except OSError as error:
        raise SettingsError(f"--out {out} can't be written: {error.strerror or error}. Choose another.") from None
    except KeyboardInterrupt:
        console.say(f"\nstopped; every video that was finished is in {out}. Run the same command again to go on.")
        raise
    if sys.stderr.isatty():
        console.say()
    console.say(f"{len(named) - len(failed)} of {len(named)} videos -> {out}")
    return failed


def _find(given: Iterable[Path]) -> list[Path]:
    from clipvad.cli.score import find_clips
    from clipvad.evaluation.manifest import read_manifest

    found: list[Path] = []
    for path in given:
        if path.suffix.lower() == ".csv":
            found += [entry.video for entry in read_manifest(path)]
        else:
            found += find_clips([path])
    return found


def _extractor(run: opt.RunOptions) -> Extractor:
    from clipvad.extraction import Extractor

    analyzer = run.analyzer()
    return Extractor(
        encoder=analyzer.encoder,
        detector=analyzer.detector if "object" in run.modes else None,
        cache=analyzer.cache,
        fps=analyzer.fps,
        max_side=analyzer.max_side,
    )


class _Watch:
    """Says how far it is and how long it will take, by the bytes of the videos: their lengths are not known yet."""

    def __init__(self, videos: Mapping[str, Path]) -> None:
        self._bytes = {name: _size(path) for name, path in videos.items()}
        self._total = sum(self._bytes.values())
        self._shares: dict[str, float] = {}
        self._done = 0
        self._lock = threading.Lock()
        self._live = sys.stderr.isatty()
        self._began = self._told = time.perf_counter()

    def over(self, videos: Iterable[Extracted]) -> Iterator[Extracted]:
        """The same videos; says of each what went wrong."""
        for one in videos:
            self._done += 1
            self.part(one.name, 1.0)
            self._remark(one)
            yield one

    def part(self, name: str, share: float) -> None:
        """A video is done up to `share` in [0, 1]; called from several threads."""
        with self._lock:
            self._shares[name] = share
            now = time.perf_counter()
            if now - self._told < (LIVE_S if self._live else REPORT_S):
                return
            self._told = now
            text = self._text(now - self._began)
            if self._live:
                print(f"\r{text:60}", end="", file=sys.stderr, flush=True)
            else:
                console.say(text)

    def _text(self, spent_s: float) -> str:
        done = sum(self._bytes[name] * share for name, share in self._shares.items())
        left = f", about {spent_s * (self._total / done - 1):.0f} s left" if done else ""
        return f"{self._done}/{len(self._bytes)} videos, {spent_s:.0f} s{left}"

    def _remark(self, one: Extracted) -> None:
        if self._live and (one.error or one.warnings):
            print(f"\r{'':60}\r", end="", file=sys.stderr)
        if one.error is not None:
            known = isinstance(one.error, ClipvadError | OSError)
            console.print_error(f"{one.name}: {one.error if known else console.unexpected(one.error)}")
        for warning in one.warnings:
            console.say(f"{one.name}: note: {warning}")


def _size(path: Path) -> int:
    """Bytes of a video or a folder of pictures; 1 for what is not there, so that it counts a little."""
    try:
        parts = path.iterdir() if path.is_dir() else [path]
        return sum(part.stat().st_size for part in parts) or 1
    except OSError:
        return 1
