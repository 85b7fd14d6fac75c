"""Files: written so that a reader never meets half of one, and videos found in a folder."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

VIDEO_SUFFIXES = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".wmv", ".flv", ".ogv")
    + (".3gp", ".gif", ".mjpeg", ".mjpg", ".dav")
)
_UMASK = os.umask(0o022)  # it can only be read by setting it: once, before there are threads
os.umask(_UMASK)


def write_atomic(path: str | Path, data: bytes | str) -> Path:
    """Write `data` (text as UTF-8) to `path` in one step, making its folder; return the path.

    The bytes go to a neighbour first and take the name only when complete, so a crash, a full disk or a
    second writer leaves the old file or the new one. Raises `OSError` where the folder can't be written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = data.encode("utf-8") if isinstance(data, str) else data
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        os.chmod(name, 0o666 & ~_UMASK)  # mkstemp makes files private; an export is as public as its folder
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def find_videos(folder: Path, *, deep: bool = True) -> list[Path]:
    """Files in `folder` (with `deep`, anywhere below it) whose names end like a video's, sorted by path."""
    found = folder.rglob("*") if deep else folder.iterdir()
    return sorted(path for path in found if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file())
