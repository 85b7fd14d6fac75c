"""The street benchmark on disk: its manifest, and the layouts of UCF-Crime and ShanghaiTech over the same videos.

manifest.csv                 one row an event (or a normal clip); columns `COLUMNS`
videos/NAME.mp4  truth/NAME.json
ucf_crime/Anomaly_Train.txt  Anomaly_Test.txt  Temporal_Anomaly_Annotation_for_Testing_Videos.txt
shanghaitech/SH_Train.txt  SH_Test.txt  test_frame_mask/NAME.npy
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipvad.errors import ManifestError
from clipvad.files import write_atomic
from clipvad.synth.benchmark import Job
from clipvad.synth.street import DOMAINS, abnormal

COLUMNS = ("video", "label", "start_s", "end_s", "split", "place", "light", "domain", "heldout", "seed")
UCF_ANNOTATION = "Temporal_Anomaly_Annotation_for_Testing_Videos.txt"
_UCF_EVENTS = 2  # a line of that annotation has room for two


@dataclass(frozen=True, kw_only=True)
class Event:
    """Seconds `start_s` <= t < `end_s`."""

    label: str
    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class StreetClip:
    """A clip of the benchmark with the labels of one domain. `events`: those that are abnormal there."""

    name: str
    video: Path
    split: str
    place: str
    light: str
    heldout: str
    seed: int
    fps: float
    frames: int
    events: tuple[Event, ...]

    @property
    def label(self) -> str:
        """Of the whole video: that of its longest event, or "normal"."""
        longest = max(self.events, key=lambda event: event.end_s - event.start_s, default=None)
        return longest.label if longest else "normal"

    @property
    def mask(self) -> NDArray[np.uint8]:
        """uint8 [frames]: 1 where the frame is abnormal."""
        mask = np.zeros(self.frames, np.uint8)
        for first, stop in self.spans:
            mask[first:stop] = 1
        return mask

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The abnormal stretches in frames, stop exclusive, in order, none overlapping."""
        spans: list[tuple[int, int]] = []
        for event in sorted(self.events, key=lambda event: event.start_s):
            # Frame k stands for the time k / fps; the bound of rounding makes a time that is a frame's that frame's.
            first, stop = (min(ceil(t * self.fps - 1e-6), self.frames) for t in (event.start_s, event.end_s))
            if spans and first <= spans[-1][1]:
                spans[-1] = (spans[-1][0], max(stop, spans[-1][1]))
            else:
                spans.append((first, stop))
        return spans


def write_layouts(folder: Path, jobs: Sequence[Job], *, domain: str) -> tuple[StreetClip, ...]:
    """Write manifest and layouts for the rendered `jobs` with the labels of `domain`; return its clips.

    Raises `ManifestError` for an unknown domain, `OSError` where the folder can't be written.
    """
    _check(domain)
    clips = tuple(
        _clip(folder, job.name, domain, split=job.split, place=job.spec.place, light=job.spec.light,
              heldout=job.heldout, seed=job.spec.seed)
        for job in jobs
    )  # fmt: skip
    write_atomic(folder / "manifest.csv", _manifest(clips, domain))
    _write_ucf_crime(folder / "ucf_crime", clips)
    _write_shanghaitech(folder / "shanghaitech", clips)
    return clips


def read_street(folder: str | Path, *, domain: str = "pedestrian") -> tuple[StreetClip, ...]:
    """The clips of a benchmark on disk with the labels of `domain`, whatever domain its manifest was written for.

    Raises `ManifestError` if this is no such folder or a part is missing.
    """
    _check(domain)
    folder = Path(folder)
    path = folder / "manifest.csv"
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
        first = {Path(row["video"]).stem: row for row in reversed(rows)}
        return tuple(
            _clip(folder, name, domain, split=row["split"], place=row["place"], light=row["light"],
                  heldout=row["heldout"], seed=int(row["seed"]))
            for name, row in sorted(first.items())
        )  # fmt: skip
    except FileNotFoundError as error:
        raise ManifestError(
            f"{folder} holds no complete street benchmark: {error.filename} is missing. Make one with "
            f"`clipvad synth --out {folder}`, or give the folder of one."
        ) from error
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise ManifestError(
            f"{folder} holds no complete street benchmark ({error!r}). Make one with `clipvad synth --out {folder}`."
        ) from error


def _check(domain: str) -> None:
    if domain not in DOMAINS:
        raise ManifestError(f"There is no domain {domain!r}. Allowed: {', '.join(DOMAINS)}.")


def _clip(
    folder: Path, name: str, domain: str, *, split: str, place: str, light: str, heldout: str, seed: int
) -> StreetClip:
    truth = json.loads((folder / "truth" / f"{name}.json").read_text("utf-8"))
    events = tuple(
        Event(label=event["label"], start_s=event["start_s"], end_s=event["end_s"])
        for event in truth["events"]
        if abnormal(event["label"], domain)
    )
    return StreetClip(
        name=name,
        video=folder / "videos" / f"{name}.mp4",
        split=split,
        place=place,
        light=light,
        heldout=heldout,
        seed=seed,
        fps=truth["fps"],
        frames=len(truth["frames"]),
        events=events,
    )


def _manifest(clips: Sequence[StreetClip], domain: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for clip in clips:
        more = (clip.split, clip.place, clip.light, domain, clip.heldout, clip.seed)
        video = f"videos/{clip.name}.mp4"
        # Readers take a video's label from its first row: the longest event's.
        for event in sorted(clip.events, key=lambda event: (event.label != clip.label, event.start_s)):
            writer.writerow((video, event.label, f"{event.start_s:.3f}", f"{event.end_s:.3f}", *more))
        if not clip.events:
            writer.writerow((video, "normal", "", "", *more))
    return out.getvalue()


def _write_ucf_crime(folder: Path, clips: Sequence[StreetClip]) -> None:
    """Train and test lists by class folder, and `NAME.mp4  Class  start1  end1  start2  end2` for the test.

    Frames count from 0, the end is exclusive, -1 stands for none. More than two stretches: the closest are joined.
    """
    lists: dict[str, list[str]] = {"train": [], "test": []}
    times = []
    for clip in clips:
        normal = {"train": "Training_Normal_Videos_Anomaly", "test": "Testing_Normal_Videos_Anomaly"}[clip.split]
        kind = _ucf_class(clip.label)
        lists[clip.split].append(f"{kind if clip.events else normal}/{clip.name}.mp4\n")
        if clip.split == "test":
            numbers = [frame for span in _at_most(_UCF_EVENTS, clip.spans) for frame in span]
            numbers += [-1] * (2 * _UCF_EVENTS - len(numbers))
            times.append("  ".join([f"{clip.name}.mp4", kind, *map(str, numbers)]) + "\n")
    write_atomic(folder / "Anomaly_Train.txt", "".join(sorted(lists["train"])))
    write_atomic(folder / "Anomaly_Test.txt", "".join(sorted(lists["test"])))
    write_atomic(folder / UCF_ANNOTATION, "".join(times))


def _write_shanghaitech(folder: Path, clips: Sequence[StreetClip]) -> None:
    """Frame masks of the test clips, and the lists of the weakly supervised split.

    Of the train list's videos it must be known which are abnormal, and that list has no column for it: as in the
    lists in use, the abnormal ones come first. `train_abnormal.txt` names them.
    """
    train = sorted((not clip.events, clip.name) for clip in clips if clip.split == "train")
    test = sorted(clip.name for clip in clips if clip.split == "test")
    masks = folder / "test_frame_mask"
    masks.mkdir(parents=True, exist_ok=True)
    for clip in clips:
        if clip.split == "test":
            raw = io.BytesIO()
            np.save(raw, clip.mask)
            write_atomic(masks / f"{clip.name}.npy", raw.getvalue())
    write_atomic(folder / "SH_Train.txt", "".join(f"{name}\n" for _, name in train))
    write_atomic(folder / "train_abnormal.txt", "".join(f"{name}\n" for quiet, name in train if not quiet))
    write_atomic(folder / "SH_Test.txt", "".join(f"{name}\n" for name in test))


def _ucf_class(label: str) -> str:
    """UCF-Crime writes its classes as one word: `abandoned bag` -> `AbandonedBag`."""
    return "".join(word.capitalize() for word in label.replace("-", " ").split())


def _at_most(count: int, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    spans = list(spans)
    while len(spans) > count:
        k = min(range(len(spans) - 1), key=lambda i: spans[i + 1][0] - spans[i][1])
        spans[k : k + 2] = [(spans[k][0], spans[k + 1][1])]
    return spans
