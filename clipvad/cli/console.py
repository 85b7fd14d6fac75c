"""What people see: progress, messages and tables on standard error; results for machines on standard output."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clipvad.progress import Progress

Report = Callable[["Progress"], None]


def say(text: str = "") -> None:
    """A line for people."""
    print(text, file=sys.stderr, flush=True)


def print_error(text: str) -> None:
    """One line, red on a terminal. A message of several lines is joined: scripts count lines."""
    line = "error: " + " ".join(text.split())
    coloured = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    say(f"\033[31m{line}\033[0m" if coloured else line)


def unexpected(error: BaseException) -> str:
    """One line for a fault of the program itself; the traceback is printed with CLIPVAD_DEBUG=1."""
    if os.environ.get("CLIPVAD_DEBUG"):
        traceback.print_exception(error)
    return (
        f"unexpected {type(error).__name__}: {error}. This is a fault in clipvad: please report it, with the "
        "output of the same command under CLIPVAD_DEBUG=1."
    )


@contextlib.contextmanager
def clean_stdout() -> Iterator[Callable[[str], None]]:
    """Send whatever writes to standard output to standard error instead, C libraries and children included.

    Yields the function that writes to the real one.
    """
    real = sys.stdout
    real.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    pieces: list[str] = []
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield pieces.append
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        real.write("".join(pieces))
        real.flush()


@contextlib.contextmanager
def progress_of(title: str) -> Iterator[Report]:
    """A live line for one clip on a terminal; elsewhere one line at the start and none in between."""
    if not sys.stderr.isatty():
        say(title)
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=16),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title if len(title) <= 28 else f"{title[:27]}…", total=1.0, note="")

        def report(progress: Progress) -> None:
            rate = f"  {progress.frames_per_s:.0f} frames/s" if progress.frames_per_s else ""
            bar.update(task, completed=progress.fraction, note=f"{progress.stage}{rate}")

        yield report


def table_lines(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Plain aligned columns under a rule; those in `right` are aligned to the right."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = []
    for row in (header, ["-" * width for width in widths], *rows):
        cells = (cell.rjust(widths[i]) if i in right else cell.ljust(widths[i]) for i, cell in enumerate(row))
        lines.append("  ".join(cells).rstrip())
    return lines
