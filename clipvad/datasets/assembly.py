"""Lists, annotation and numbers of frames put together to a data set; what does not agree is said, not mended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from clipvad.datasets.base import DataSet, LabelledVideo, Split, Truth
from clipvad.datasets.files import some
from clipvad.datasets.times import VideoTimes
from clipvad.evaluation.annotations import FrameSpan

SNIPPET = 16  # frames: shared arrays keep whole snippets only, so a video may end that much earlier there
UNKNOWN = "no frame labels, as nothing tells the number of frames (arrays of labels, features or the videos would)"
Labels = tuple[str, ...]
Frames = int | NDArray[np.float64]  # of one video: how many source frames, or the seconds at which each is shown


def truth_of(spans: Sequence[FrameSpan], *, frames: Frames) -> Truth:
    """Labels of all source frames: True inside the spans (from 0, stop exclusive), which are cut at the last frame."""
    positions = np.arange(frames, dtype=np.float64) if isinstance(frames, int) else frames
    labels = np.zeros(len(positions), bool)
    for first, stop in spans:
        labels[first:stop] = True
    return Truth(positions=positions, labels=labels, unit="frames" if isinstance(frames, int) else "s")


@dataclass
class Findings:
    """What a reader meets on its way. Names with the same complaint become one sentence, in `remarks`."""

    missing: dict[str, list[str]] = field(default_factory=dict)
    contradictions: dict[str, list[str]] = field(default_factory=dict)

    def miss(self, what: str, name: str = "") -> None:
        """`what` is not there, so less can be done."""
        self.missing.setdefault(what, []).extend([name] if name else [])

    def contradict(self, what: str, name: str = "") -> None:
        """`what` can't be right."""
        self.contradictions.setdefault(what, []).extend([name] if name else [])

    def added_to(self, data: DataSet) -> DataSet:
        """`data` with everything found said in it."""
        wrong, absent = _sentences(self.contradictions), _sentences(self.missing)
        return replace(data, remarks=(*data.remarks, *wrong, *absent), contradictions=(*data.contradictions, *wrong))


def unique(entries: Sequence[tuple[str, Labels]], split: Split, findings: Findings) -> dict[str, Labels]:
    """Labels by name, first entry wins."""
    found: dict[str, Labels] = {}
    for name, labels in entries:
        if name in found:
            findings.contradict(f"listed twice for {split}", name)
        found.setdefault(name, labels)
    return found


def assemble(
    name: str,
    *,
    train: Mapping[str, Labels],
    test: Mapping[str, Labels],
    spans: Mapping[str, Sequence[FrameSpan]],
    frames: Mapping[str, Frames],
    videos: VideoTimes | None = None,
    findings: Findings,
) -> DataSet:
    """Videos of both splits, those of the test with frame labels where `spans` and `frames` have them.

    With `videos`, frame labels are at their own timestamps, in seconds, and `frames` does not count. A video on both
    lists is left out of the training. Where label and annotation contradict each other so that an abnormal video has no
    abnormal frame, it gets no frame labels.
    """
    for video in sorted(train.keys() & test.keys()):
        findings.contradict("listed for training and test; kept for the test only", video)
    for video in sorted(spans.keys() - train.keys() - test.keys()):
        findings.contradict("annotated but not listed", video)
    unknown = UNKNOWN
    if videos is not None:
        unknown = "no frame labels, as the folder of videos has no such video or a broken one"
        frames, broken = videos.of(test)
        for error in broken:
            findings.miss(str(error))
    labelled = [
        LabelledVideo(name=video, split="train", labels=labels) for video, labels in train.items() if video not in test
    ]
    for video, labels in test.items():
        truth = _truth(video, labels, spans.get(video), frames.get(video), findings, unknown=unknown)
        labelled.append(LabelledVideo(name=video, split="test", labels=labels, truth=truth))
    return findings.added_to(DataSet(name=name, videos=tuple(labelled)))


def with_untaught(data: DataSet) -> DataSet:
    """`data` with a remark on the classes of test videos that no training video has, if it has classes to train."""
    taught, tested = ({label for video in data.of(split) for label in video.labels} for split in ("train", "test"))
    findings = Findings()
    for label in sorted(tested - taught) if taught else ():
        findings.miss("classes of test videos that no training video has", label)
    return findings.added_to(data)


def first_known(names: Iterable[str], *sources: Mapping[str, Frames]) -> dict[str, Frames]:
    """Frames of each of `names` by the first of `sources` that has it."""
    known = {name: next((source[name] for source in sources if name in source), None) for name in names}
    return {name: frames for name, frames in known.items() if frames is not None}


def compare_with_arrays(
    spans: Mapping[str, Sequence[FrameSpan]], arrays: Mapping[str, NDArray[np.bool_]], findings: Findings
) -> None:
    """Frame labels that were given twice, as spans and as arrays, must be the same."""
    for video in sorted(spans.keys() & arrays.keys()):
        if not np.array_equal(truth_of(spans[video], frames=len(arrays[video])).labels, arrays[video]):
            findings.contradict("annotation and array of frame labels differ", video)


def _truth(
    video: str,
    labels: Labels,
    spans: Sequence[FrameSpan] | None,
    frames: Frames | None,
    findings: Findings,
    *,
    unknown: str,
) -> Truth | None:
    if spans is None:
        findings.contradict("listed for the test but not annotated", video)
        return None
    if labels and not spans:
        findings.contradict("labelled abnormal but annotated without an interval", video)
        return None
    if spans and not labels:
        findings.contradict("labelled normal but annotated with an interval", video)
    if frames is None:
        findings.miss(unknown, video)
        return None
    truth = truth_of(spans, frames=frames)
    count = len(truth.labels)
    if any(first >= count or stop > count + SNIPPET for first, stop in spans):
        findings.contradict("annotated beyond the last frame", video)
    return truth


def _sentences(found: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(f"{what}: {len(names)} ({some(names)})" if names else what for what, names in found.items())
