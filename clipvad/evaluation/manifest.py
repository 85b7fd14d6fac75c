"""The manifest: which videos, and when each is abnormal. A CSV with the columns video, label, start_s, end_s.

One row an interval; a row without times is a normal video. Times are seconds from the first frame, start
inclusive, end exclusive. Paths are relative to the manifest. Further columns are ignored.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clipvad.errors import ManifestError
from clipvad.evaluation.metrics import Interval

COLUMNS = ("video", "label", "start_s", "end_s")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One video. `label`: what it shows ("normal" or a class); `intervals`: when, in seconds; none = normal."""

    video: Path
    label: str
    intervals: tuple[Interval, ...] = ()

    @property
    def anomalous(self) -> bool:
        return bool(self.intervals)


def read_manifest(path: str | Path) -> tuple[Entry, ...]:
    """Read and check a manifest; every video must exist. Raises `ManifestError` naming the line at fault."""
    path = Path(path)
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(f"The manifest {path} is no UTF-8 text ({error}). Save it as UTF-8.") from error
    except OSError as error:
        raise ManifestError(f"The manifest {path} can't be read: {error}.") from error
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise ManifestError(
            f"{path}, line 1: the column{'s' * (len(missing) > 1)} {', '.join(missing)} "
            f"{'are' if len(missing) > 1 else 'is'} missing. A manifest begins with the line: {','.join(COLUMNS)}"
        )
    entries: dict[str, Entry] = {}
    for row in reader:
        where = f"{path}, line {reader.line_num}"
        name = (row["video"] or "").strip()
        if not name:
            raise ManifestError(f"{where}: the video is missing.")
        interval = _interval(row, where)
        found = Entry(video=path.parent / name, label=(row["label"] or "").strip() or _default_label(interval))
        entries[name] = _joined(entries.get(name), found, interval, where)
    if not entries:
        raise ManifestError(f"{path} lists no video.")
    _check_videos(path, entries.values())
    return tuple(entries.values())


def manifest_csv(entries: Iterable[Entry], *, relative_to: Path | None = None) -> str:
    """The CSV text of `entries`; paths relative to the folder `relative_to`, absolute without one."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        absolute = entry.video.resolve()
        name = os.path.relpath(absolute, relative_to.resolve()) if relative_to else str(absolute)
        for span in entry.intervals or (None,):
            times = ("", "") if span is None else tuple(f"{t:.3f}" for t in span)
            writer.writerow((name, entry.label, *times))
    return out.getvalue()


def frames_to_interval(first: int, stop: int, times_s: Sequence[float]) -> Interval | None:
    """Frames `first` to `stop` (exclusive, 0-based) of a clip whose frames appear at `times_s`, as seconds.

    None if the clip ends before `first`. Both ends are cut to the millisecond, downwards: a boundary then
    still lies after the frame before it and not after its own, so the same frames are inside when read back.
    """
    first, stop = max(first, 0), min(stop, len(times_s))
    if first >= stop:
        return None
    period = (times_s[-1] - times_s[0]) / (len(times_s) - 1) if len(times_s) > 1 else 0.04
    end_s = times_s[stop] if stop < len(times_s) else times_s[-1] + period
    return _floor_ms(times_s[first]), _floor_ms(end_s)


def _floor_ms(seconds: float) -> float:
    floored = math.floor(seconds * 1000) / 1000
    return floored if floored <= seconds else floored - 0.001  # the product may have rounded up to the next one


def _interval(row: dict[str, str | None], where: str) -> Interval | None:
    raw = [(row[name] or "").strip() for name in ("start_s", "end_s")]
    if raw == ["", ""]:
        if row["end_s"] is None:  # a row that was cut off would count as a normal video
            raise ManifestError(
                f"{where}: the row ends early. Is the file complete? A normal video's row ends in commas."
            )
        return None
    try:
        start_s, end_s = (float(value) for value in raw)
    except ValueError:
        raise ManifestError(
            f"{where}: start_s={raw[0]!r}, end_s={raw[1]!r} must both be seconds, or both empty for a normal video."
        ) from None
    if not (math.isfinite(start_s) and math.isfinite(end_s) and 0 <= start_s < end_s):
        raise ManifestError(f"{where}: an interval needs 0 <= start_s < end_s, got {raw[0]} and {raw[1]}.")
    return start_s, end_s


def _joined(known: Entry | None, found: Entry, interval: Interval | None, where: str) -> Entry:
    if known is None:
        return Entry(video=found.video, label=found.label, intervals=(interval,) if interval else ())
    if interval is None or not known.anomalous:
        raise ManifestError(f"{where}: {found.video.name} is listed twice, once as a normal video. Keep one.")
    return Entry(video=known.video, label=known.label, intervals=(*known.intervals, interval))


def _default_label(interval: Interval | None) -> str:
    return "abnormal" if interval else "normal"


def _check_videos(path: Path, entries: Iterable[Entry]) -> None:
    absent = [str(entry.video) for entry in entries if not entry.video.exists()]
    if absent:
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        raise ManifestError(
            f"{path} lists {'videos that do' if len(absent) > 1 else 'a video that does'} not exist: "
            f"{', '.join(absent[:3])}{more}. Paths are relative to the manifest's folder."
        )
