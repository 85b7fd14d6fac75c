"""A data set's own files: found by the end of their names, lists of videos read as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from clipvad.errors import DataSetError
from clipvad.evaluation.annotations import read_lines

_MEDIA = re.compile(r"\.(mp4|m4v|avi|mkv|mov|webm|npy|npz|pt|txt)$", re.IGNORECASE)  # no other: names have dots too
_CROP = re.compile(r"(__\d+|_i3d|_c3d)$")  # what lists of features add to the name of a video


def find(root: Path, *endings: str) -> Path | None:
    """The file or folder in `root`, or one folder below, that is called by the first of `endings` that is there.

    A name may have something before it (`rtfm_SH_Test.txt` is `SH_Test.txt`). Raises `DataSetError` if two are there
    and neither has the very name.
    """
    for ending in endings:
        for place in (root, *sorted(path for path in root.iterdir() if path.is_dir())):
            if (place / ending).exists():
                return place / ending
            found = sorted(place.glob(f"*[!0-9A-Za-z]{ending}"))
            if len(found) > 1:
                raise DataSetError(f"Which one is {ending}? {', '.join(map(str, found))}. Keep one of them in {root}.")
            if found:
                return found[0]
    return None


def need(root: Path, *endings: str) -> Path:
    """As `find`, but what is not there is an error."""
    found = find(root, *endings)
    if found is None:
        raise DataSetError(f"{root} holds no {' or '.join(endings)} (nor a file whose name ends like that).")
    return found


def stem(path: str) -> str:
    """The name of a video: the last part of its path without the ending of a video or feature file."""
    return _MEDIA.sub("", re.split(r"[/\\]", path.strip())[-1])


def listed(path: Path) -> list[tuple[str, str]]:
    """Every entry of a list, with its place: ("Abuse/Abuse001_x264.mp4", "FILE, line 1"). Blank lines do not count.

    Also takes the lists of features that go round: `path,label` with a heading, or a path a line; crops of a video
    (`NAME__0.npy`, `NAME__1.npy`, ... or `NAME_i3d.npy`) are one entry, `NAME`.
    """
    entries: dict[str, str] = {}
    plain: list[tuple[str, str]] = []
    for number, line in enumerate(read_lines(path), start=1):
        entry, where = line.split(",")[0].strip(), f"{path}, line {number}"
        if not entry or (number == 1 and entry == "path"):
            continue
        if entry.endswith(".npy"):
            entries.setdefault(_CROP.sub("", stem(entry)), where)
        else:
            plain.append((entry, where))
    if not entries and not plain:
        raise DataSetError(f"{path} lists no video.")
    return [*plain, *entries.items()]


def some(names: Iterable[str], *, most: int = 3) -> str:
    """The first few of `names`, for a message: "a, b, c and 4 more"."""
    names = list(names)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
