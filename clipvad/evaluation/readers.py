"""Public data sets' own annotation files -> manifest entries. Their frame numbers become seconds here.

Every reader returns the entries and, for each clip that was left out, a sentence that says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clipvad.errors import ManifestError, VideoError
from clipvad.evaluation.annotations import (
    FrameSpan,
    is_ped_clip,
    read_lines,
    read_masks,
    read_ped_masks,
    read_ped_truth,
    ucf_line,
)
from clipvad.evaluation.manifest import Entry, frames_to_interval
from clipvad.evaluation.metrics import Interval
from clipvad.evaluation.times import frame_times
from clipvad.events import spans as event_spans
from clipvad.files import find_videos

Found = tuple[tuple[Entry, ...], tuple[str, ...]]


def read_ucf_crime(annotation: str | Path, videos: str | Path) -> Found:
    """UCF-Crime's temporal annotation of its test set; clips are looked up by name anywhere under `videos`.

    A line reads as `annotations.ucf_line` has it. Raises `ManifestError` for another kind of file.
    """
    annotation, videos = Path(annotation), Path(videos)
    if not videos.is_dir():
        raise ManifestError(f"The folder of videos {videos} does not exist.")
    by_stem = {path.stem: path for path in find_videos(videos)}
    entries: list[Entry] = []
    skipped: list[str] = []
    for number, line in enumerate(read_lines(annotation), start=1):
        if not line.strip():
            continue
        name, label, spans = ucf_line(line, f"{annotation}, line {number}")
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
        (path for place in places for path in place.iterdir() if is_ped_clip(path)), key=lambda path: path.stem
    )
    if not clips:
        raise ManifestError(f"{folder} holds no UCSD test clips (Test001, Test002, ... in it or in its Test folder).")
    truth = read_ped_truth(places)
    entries: list[Entry] = []
    skipped: list[str] = []
    for clip in clips:
        spans = truth.get(clip.stem) if truth else read_ped_masks(clip.parent / f"{clip.stem}_gt")
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
    truth = read_masks(masks)
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
