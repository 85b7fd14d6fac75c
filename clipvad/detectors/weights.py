"""Where a YOLO checkpoint comes from: a file, a folder that is known, or a download that was asked for.

Nothing here imports torch or ultralytics, so `auto` can decide in milliseconds.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

import platformdirs

from clipvad.errors import DetectorError

Progress = Callable[[str, float], None]  # a sentence, and the part done in [0, 1]

RELEASE = "https://github.com/ultralytics/assets/releases/download/v8.4.0"
REACH_S = 3.0  # a network that has not answered by then counts as none
_NAME = re.compile(r"yolo(11|12|26)[nsmlx]|yolov8[nsmlx]|yolov9[tsmce]|yolov10[nsmblx]")
NAMES = "yolo11n, yolo11s, yolo11m, yolo11l, yolo11x, and the same sizes of yolov8, yolo12 and yolo26"


def models_folder(models_dir: str | Path | None) -> Path:
    """Where downloads go: `models_dir`, or the user's cache folder."""
    return Path(models_dir) if models_dir else platformdirs.user_cache_path("clipvad") / "models"


def find_weights(name: str, models_dir: str | Path | None = None) -> Path | None:
    """The checkpoint `name` (a file, or a model name) if it is on this machine, else None.

    A file ends in `.pt`; a name is looked for in `models_dir`, in the user's cache folder and in the
    weights folder of ultralytics' own settings.
    """
    path = Path(name).expanduser()
    if path.suffix == ".pt" and path.is_file():
        return path.resolve()
    if len(path.parts) > 1:
        return None
    for folder in (models_folder(models_dir), models_folder(None), *_ultralytics_folders()):
        candidate = folder / f"{path.name.removesuffix('.pt')}.pt"
        if candidate.is_file():
            return candidate.resolve()
    return None


def obtain_weights(name: str, models_dir: str | Path | None = None, progress: Progress | None = None) -> Path:
    """The checkpoint `name`, downloaded if it is not here. Raises `DetectorError` if it cannot be had."""
    found = find_weights(name, models_dir)
    if found:
        return found
    target = _target(name, models_dir)
    reason = why_no_download()
    if reason:
        raise DetectorError(
            f"The YOLO weights {target.name} are not on this machine, and {reason}. "
            f"Put the file at {target}, give its path as 'yolo:<file>', or use the detector 'motion', "
            "which needs no weights."
        )
    return download(name, models_dir, progress)


def why_no_download() -> str | None:
    """None if GitHub answers within three seconds, else the reason why nothing can be downloaded."""
    for variable in ("CLIPVAD_OFFLINE", "HF_HUB_OFFLINE"):
        if os.environ.get(variable, "0").strip().lower() not in {"", "0", "false", "no", "off"}:
            return f"{variable} is set, so nothing is downloaded"
    answer: list[bool] = []

    def ask() -> None:
        request = urllib.request.Request(RELEASE.rpartition("/download")[0], method="HEAD")
        try:
            urllib.request.urlopen(request, timeout=REACH_S).close()
            answer.append(True)
        except OSError:
            pass

    # A thread, because the time limit of a socket does not cover the look-up of the host's name.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(REACH_S)
    return None if answer else "github.com cannot be reached from here"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _ultralytics_folders() -> list[Path]:
    base = os.environ.get("YOLO_CONFIG_DIR") or platformdirs.user_config_path()
    try:
        settings = json.loads((Path(base) / "Ultralytics" / "settings.json").read_text(encoding="utf-8"))
        return [Path(settings["weights_dir"])]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _target(name: str, models_dir: str | Path | None) -> Path:
    stem = name.removesuffix(".pt")
    if not _NAME.fullmatch(stem):
        raise DetectorError(
            f"There is no YOLO checkpoint {name!r}. Give the path of a .pt file that exists, or one of: {NAMES}."
        )
    return models_folder(models_dir) / f"{stem}.pt"


def download(name: str, models_dir: str | Path | None, progress: Progress | None) -> Path:
    """Fetch the checkpoint `name` from ultralytics' release into `models_dir`; raise `DetectorError` if that fails."""
    target = _target(name, models_dir)
    url = f"{RELEASE}/{target.name}"
    part = target.with_name(f".{target.name}.{os.getpid()}.part")  # published only when complete
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url, timeout=30) as reply, part.open("wb") as file:
            total, done = int(reply.headers.get("Content-Length") or 0), 0
            while block := reply.read(1 << 18):
                file.write(block)
                done += len(block)
                if progress:
                    progress(f"Downloading {target.name}", done / total if total else 0.0)
        if total and done != total:
            raise OSError(f"got {done} of {total} bytes")
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DetectorError(f"Could not download {url} to {target}: {error}. Fetch it by hand.") from error
    return target
