"""Public data sets' own annotation files -> manifest entries. Their frame numbers become seconds here.

Every reader returns the entries and, for each clip that was left out, a sentence that says why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipvad.errors import ManifestError, VideoError
from clipvad.evaluation.manifest import Entry, frames_to_interval
from clipvad.evaluation.metrics import Interval
from clipvad.evaluation.times import frame_times
from clipvad.events import spans as event_spans
from clipvad.files import VIDEO_SUFFIXES, find_videos

FrameSpan = tuple[int, int]  # 0-based, stop exclusive
Found = tuple[tuple[Entry, ...], tuple[str, ...]]


def read_ucf_crime(annotation: str | Path, videos: str | Path) -> Found:
    """UCF-Crime's temporal annotation of its test set; clips are looked up by name anywhere under `videos`.

    A line reads `NAME.mp4 Class start1 end1 start2 end2`: frames from 0, start inclusive, end exclusive, -1
    for none. (That reading reproduces the ground-truth arrays which later papers share, for all 290 clips.)
    Raises `ManifestError` for another kind of file.
    """
    annotation, videos = Path(annotation), Path(videos)
    if not videos.is_dir():
        raise ManifestError(f"The folder of videos {videos} does not exist.")
    by_stem = {path.stem: path for path in find_videos(videos)}
    entries: list[Entry] = []
    skipped: list[str] = []
    for number, line in enumerate(_lines(annotation), start=1):
        if not line.strip():
            continue
        name, label, spans = _ucf_line(line, f"{annotation}, line {number}")
        path = by_stem.get(Path(name).stem)
        if path is None:
            skipped.append(f"{name}: not found under {videos}")
            continue
        _collect(entries, skipped, path, label, spans)
    return tuple(entries), tuple(skipped)


def read_ucsd_ped2(folder: str | Path) -> Found:
    """The test clips of UCSD Ped2 (or Ped1), as folders of pictures or as videos named Test001, Test002, ...

    `folder` holds `Test/` (or is it). Labels come from, first found wins: `UCSDped*.m` (the official frame
    ranges, 1-based, inclusive), `frame_gt.json` (`{clip: {"intervals_0based_inclusive": [[a, b]]}}`), or
    the masks `TestNNN_gt/*.bmp` (a frame with any marked pixel is abnormal). Raises `ManifestError` if there
    are no clips or no labels.
    """
    folder = Path(folder)
    places = [place for place in (folder, folder / "Test", folder / "test") if place.is_dir()]
    clips = sorted(
        (path for place in places for path in place.iterdir() if _is_ped_clip(path)), key=lambda path: path.stem
    )
    if not clips:
        raise ManifestError(f"{folder} holds no UCSD test clips (Test001, Test002, ... in it or in its Test folder).")
    truth = _ped_truth(places)
    entries: list[Entry] = []
    skipped: list[str] = []
    for clip in clips:
        spans = truth.get(clip.stem) if truth else _mask_spans(clip)
        if spans is None:
            skipped.append(f"{clip.name}: no labels")
            continue
        _collect(entries, skipped, clip, "anomaly" if spans else "normal", spans)
    if not entries:
        raise ManifestError(f"{folder} holds no labels: expected UCSDped2.m, frame_gt.json or TestNNN_gt folders.")
    return tuple(entries), tuple(skipped)


def read_shanghaitech(masks: str | Path, videos: str | Path) -> Found:
    """ShanghaiTech Campus: frame masks of its test half (0 or 1 a frame), as `masks/NAME.npy` or one `.npz` by name.

    Clips, videos or folders of pictures, are looked up by name under `videos`; of the test clips without a video
    nothing is said, since few copies hold all of them. Raises `ManifestError` if there are no masks or no clip of them.
    """
    masks, videos = Path(masks), Path(videos)
    if not videos.is_dir():
        raise ManifestError(f"The folder of videos {videos} does not exist.")
    truth = _frame_masks(masks)
    clips = {path.stem: path for path in find_videos(videos)}
    clips |= {path.name: path for path in sorted(videos.rglob("*")) if path.is_dir() and path.name in truth}
    entries: list[Entry] = []
    skipped: list[str] = []
    for name in sorted(truth.keys() & clips.keys()):
        spans = event_spans(truth[name])
        _collect(entries, skipped, clips[name], "anomaly" if spans else "normal", spans)
    if not entries and not skipped:
        raise ManifestError(f"None of the clips under {videos} has a mask in {masks}.")
    return tuple(entries), tuple(skipped)


def _frame_masks(path: Path) -> dict[str, NDArray[np.bool_]]:
    try:
        if path.is_dir():
            found = {file.stem: np.load(file) for file in sorted(path.glob("*.npy"))}
        else:
            with np.load(path) as packed:
                found = {name: packed[name] for name in packed.files}
    except (OSError, ValueError, AttributeError) as error:
        raise ManifestError(f"The frame masks {path} can't be read: {error}.") from error
    if not found or any(mask.ndim != 1 for mask in found.values()):
        raise ManifestError(f"{path} holds no frame masks: expected NAME.npy with one number a frame.")
    return {name: np.asarray(mask) != 0 for name, mask in found.items()}


def _collect(entries: list[Entry], skipped: list[str], clip: Path, label: str, spans: Sequence[FrameSpan]) -> None:
    intervals: list[Interval] = []
    if spans:
        try:
            times_s = frame_times(clip)[0].tolist()
        except VideoError as error:
            skipped.append(str(error))
            return
        found = [frames_to_interval(first, stop, times_s) for first, stop in spans]
        intervals = [interval for interval in found if interval is not None]
        if not intervals:
            skipped.append(f"{clip.name}: ends before its first labelled frame ({spans[0][0]} of {len(times_s)})")
            return
    entries.append(Entry(video=clip, label=label, intervals=tuple(intervals)))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"The annotation file {path} can't be read: {error}.") from error


def _ucf_line(line: str, where: str) -> tuple[str, str, list[FrameSpan]]:
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
    spans = [(first, stop) for first, stop in pairs if first >= 0 and stop >= 0]
    if any(first >= stop for first, stop in spans):
        raise ManifestError(f"{where}: an interval ends before it starts: {line.strip()!r}.")
    return name, "normal" if label.lower() == "normal" else label, spans


def _is_ped_clip(path: Path) -> bool:
    return bool(re.fullmatch(r"Test\d+", path.stem)) and (path.is_dir() or path.suffix.lower() in VIDEO_SUFFIXES)


def _ped_truth(places: Sequence[Path]) -> dict[str, list[FrameSpan]]:
    for place in places:
        for path in sorted(place.glob("UCSDped*.m")):
            lists = re.findall(r"gt_frame\s*=\s*\[([^\]]*)\]", "\n".join(_lines(path)))
            return {f"Test{number:03d}": _matlab_ranges(text) for number, text in enumerate(lists, start=1)}
    for place in places:
        if (path := place / "frame_gt.json").is_file():
            return _json_truth(path)
    return {}


def _matlab_ranges(text: str) -> list[FrameSpan]:
    ranges = re.findall(r"(\d+)(?::(\d+))?", text)
    return [(int(first) - 1, int(last or first)) for first, last in ranges]


def _json_truth(path: Path) -> dict[str, list[FrameSpan]]:
    try:
        clips = json.loads(path.read_text("utf-8"))
        return {
            clip: [(int(first), int(last) + 1) for first, last in entry["intervals_0based_inclusive"]]
            for clip, entry in clips.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(
            f"{path} is not of the form {{clip: {{intervals_0based_inclusive: [[first, last], ...]}}}}: {error!r}."
        ) from error


def _mask_spans(clip: Path) -> list[FrameSpan] | None:
    from PIL import Image

    from clipvad.video.folder import list_pictures

    masks = clip.parent / f"{clip.stem}_gt"
    if not masks.is_dir():
        return None
    marked = []
    for picture in list_pictures(masks):
        with Image.open(picture) as image:
            marked.append(bool(np.asarray(image.convert("L")).any()))
    return event_spans(np.array(marked, bool))
