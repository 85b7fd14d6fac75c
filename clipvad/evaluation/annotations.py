"""Public annotation files taken apart: frame spans by name. Knows neither times nor data sets.

Every function raises `ManifestError` naming the file, and the line where there is one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from clipvad.errors import ManifestError
from clipvad.events import spans as spans_of
from clipvad.files import VIDEO_SUFFIXES

FrameSpan = tuple[int, int]  # 0-based, stop exclusive


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, a byte order mark and either kind of line end taken away."""
    try:
        return path.read_text("utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise ManifestError(f"There is no annotation file {path}. Check the path.") from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"The annotation file {path} is no UTF-8 text ({error}). Save it as UTF-8.") from error
    except OSError as error:
        raise ManifestError(f"The annotation file {path} can't be read: {error}.") from error


def ucf_line(line: str, where: str) -> tuple[str, str, list[FrameSpan]]:
    """Name, label and spans of a line `NAME.mp4 Class start1 end1 start2 end2` of UCF-Crime's temporal annotation.

    Frames from 0, start inclusive, end exclusive, -1 for none. (That reading reproduces the ground-truth arrays which
    later papers share, for all 290 clips.) The label "Normal" is given as "normal".
    """
    fields = line.split()
    try:
        name, label, *numbers = fields
        frames = [int(number) for number in numbers]
        if len(frames) != 4:
            raise ValueError
    except ValueError:
        expected = "`NAME.mp4 Class start1 end1 start2 end2`"
        raise ManifestError(f"{where}: expected {expected}, got {line.strip()!r}.") from None
    pairs = [(frames[0], frames[1]), (frames[2], frames[3])]
    spans = checked_spans([pair for pair in pairs if pair != (-1, -1)], where)
    return name, "normal" if label.lower() == "normal" else label, spans


def checked_spans(spans: list[FrameSpan], where: str) -> list[FrameSpan]:
    """The same spans; raises for one that begins before frame 0 or ends before it starts."""
    for first, stop in spans:
        if first < 0:
            raise ManifestError(f"{where}: an interval begins at frame {first}; frames count from 0.")
        if first >= stop:
            raise ManifestError(f"{where}: an interval ends before it starts: {first} to {stop}.")
    return spans


def read_masks(path: Path) -> dict[str, NDArray[np.bool_]]:
    """Frame labels by name, bool [frames] each: a folder of `NAME.npy`, or one `.npz`, of one number a frame."""
    try:
        if path.is_dir():
            found = {file.stem: np.load(file) for file in sorted(path.glob("*.npy"))}
        else:
            with np.load(path) as packed:
                found = {name: packed[name] for name in packed.files}
    except OSError as error:
        raise ManifestError(f"The frame masks {path} can't be read: {error}.") from error
    except (EOFError, ValueError, AttributeError, BadZipFile) as error:
        raise ManifestError(
            f"The frame masks {path} can't be read: they are no NumPy arrays, or cut off. Copy them again."
        ) from error
    if not found or any(mask.ndim != 1 for mask in found.values()):
        raise ManifestError(f"{path} holds no frame masks: expected NAME.npy with one number a frame.")
    return {name: np.asarray(mask) != 0 for name, mask in found.items()}


def is_ped_clip(path: Path, half: str = "Test") -> bool:
    """Whether `path` is one of the clips Test001, Test002, ... (or, for `half`, Train001, ...) of UCSD Ped."""
    return bool(re.fullmatch(rf"{half}\d+", path.stem)) and (path.is_dir() or path.suffix.lower() in VIDEO_SUFFIXES)


def read_ped_truth(places: Sequence[Path]) -> dict[str, list[FrameSpan]]:
    """Spans of UCSD Ped's test clips by name from `UCSDped*.m`, else `frame_gt.json`, in the first of `places`."""
    for place in places:
        for path in sorted(place.glob("UCSDped*.m")):
            return _ped_matlab(path)
    for place in places:
        if (path := place / "frame_gt.json").is_file():
            return _ped_json(path)
    return {}


def read_ped_masks(folder: Path) -> list[FrameSpan] | None:
    """Spans of one clip of UCSD Ped from its pictures of masks (a frame with any marked pixel); None without folder."""
    from PIL import Image

    from clipvad.video.folder import list_pictures

    if not folder.is_dir():
        return None
    marked = []
    for picture in list_pictures(folder):
        with Image.open(picture) as image:
            marked.append(bool(np.asarray(image.convert("L")).any()))
    return spans_of(np.array(marked, bool))


def _ped_matlab(path: Path) -> dict[str, list[FrameSpan]]:
    lists = re.findall(r"gt_frame\s*=\s*\[([^\]]*)\]", "\n".join(read_lines(path)))
    return {f"Test{number:03d}": _matlab_ranges(text) for number, text in enumerate(lists, start=1)}


def _matlab_ranges(text: str) -> list[FrameSpan]:  # frames from 1, both ends inside
    ranges = re.findall(r"(\d+)(?::(\d+))?", text)
    return [(int(first) - 1, int(last or first)) for first, last in ranges]


def _ped_json(path: Path) -> dict[str, list[FrameSpan]]:
    try:
        clips = json.loads(path.read_text("utf-8-sig"))
        return {
            clip: [(int(first), int(last) + 1) for first, last in entry["intervals_0based_inclusive"]]
            for clip, entry in clips.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(
            f"{path} is not of the form {{clip: {{intervals_0based_inclusive: [[first, last], ...]}}}}: {error!r}."
        ) from error
