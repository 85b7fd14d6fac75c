"""Clips labelled in one JSON file: a list of `{path, label, intervals, objects}` -> manifest entries.

`path` is relative to the file. `intervals`: abnormal frames as `[first, last]`, from 0, both inclusive. `objects`:
the same per class name, for clips whose abnormal side depends on who asks. Further keys are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clipvad.errors import ManifestError
from clipvad.evaluation.manifest import Entry, frames_to_interval
from clipvad.evaluation.times import frame_times


@dataclass(frozen=True, kw_only=True)
class LabelledClip:
    """One item of the file. `folder`: the folders in its path, of an absolute one the last; ranges end exclusive."""

    video: Path
    folder: tuple[str, ...]
    label: str
    spans: tuple[tuple[int, int], ...]
    objects: Mapping[str, tuple[tuple[int, int], ...]]

    def entry(self, *, abnormal_objects: Iterable[str] = ()) -> Entry:
        """The clip with its intervals in seconds, those of `abnormal_objects` among them. Raises `VideoError`."""
        named = [name for name in abnormal_objects if name in self.objects]
        spans = [*self.spans, *(span for name in named for span in self.objects[name])]
        times_s = frame_times(self.video)[0].tolist() if spans else []
        found = [frames_to_interval(first, stop, times_s) for first, stop in sorted(spans)]
        intervals = tuple(interval for interval in found if interval is not None)
        label = (self.label if self.spans else "+".join(named)) if intervals else "normal"
        return Entry(video=self.video, label=label, intervals=intervals)


def read_clip_labels(path: str | Path) -> tuple[tuple[LabelledClip, ...], tuple[str, ...]]:
    """The clips that exist, and a sentence for each that does not. Raises `ManifestError` for another kind of file."""
    path = Path(path)
    try:
        items = json.loads(path.read_text("utf-8"))
        clips = [_clip(path.parent, item) for item in items]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(
            f"{path} is not a list of {{path, label, intervals: [[first, last], ...]}}: "
            f"{error.__class__.__name__} {error}."
        ) from error
    if not clips:
        raise ManifestError(f"{path} lists no clip.")
    there = tuple(clip for clip in clips if clip.video.exists())
    absent = tuple(f"{clip.video}: not found" for clip in clips if not clip.video.exists())
    return there, absent


def _clip(base: Path, item: Mapping[str, Any]) -> LabelledClip:
    where = Path(str(item["path"]))
    return LabelledClip(
        video=base / where,
        folder=(where.parent.name,) if where.is_absolute() else where.parts[:-1],
        label=str(item["label"]),
        spans=_spans(item.get("intervals", ())),
        objects={str(name): _spans(spans) for name, spans in item.get("objects", {}).items()},
    )


def _spans(ranges: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple((int(first), int(last) + 1) for first, last in ranges)
