"""Labelled clips with the rules of their place: the street benchmark, public data sets, clips labelled in a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from clipvad.core import RuleSet
from clipvad.errors import ManifestError, VideoError
from clipvad.evaluation.clip_labels import LabelledClip, read_clip_labels
from clipvad.evaluation.manifest import Entry
from clipvad.evaluation.readers import Found, read_shanghaitech, read_ucf_crime, read_ucsd_ped2
from clipvad.lab.scorers import named_classes
from clipvad.lab.tracks import LabClip
from clipvad.rules import load_rules
from clipvad.synth.layouts import read_street
from clipvad.synth.street import abnormal

STREET = "street"  # how the names of its sets begin
STREET_RULES = Path(__file__).parent / "rules"
DEFAULT_RULES = "street"
# Presets of the public collections by the name of their folder, and of single clips in them by name.
FOLDER_RULES = {"intel_sample_videos": "campus-walkway", "shanghaitech_clips": "campus-walkway",
                "ucsd_ped2": "campus-walkway"}  # fmt: skip
CLIP_RULES = {"store-aisle-detection": "retail", "worker-zone-detection": "construction-site"}


@dataclass(frozen=True, kw_only=True, repr=False)
class Clips:
    """The clips of one source; `skipped` says of each that is missing why."""

    clips: tuple[LabClip, ...]
    skipped: tuple[str, ...] = ()


def street(folder: Path, *, domain: str = "pedestrian", split: str = "test") -> Clips:
    """The street benchmark under the rules of a domain; what training may not see is counted apart as well."""
    found = [clip for clip in read_street(folder, domain=domain) if clip.split == split]
    if not found:
        raise ManifestError(f"{folder} has no clips of the split {split!r}. There are train and test.")
    name = ", ".join([STREET, *[domain] * (domain != "pedestrian"), *[split] * (split != "test")])
    rules = {clip.place: in_domain(street_rules(clip.place), domain) for clip in found}
    clips = []
    for clip in found:
        intervals = tuple((event.start_s, event.end_s) for event in clip.events)
        part = "held out" if clip.heldout else "not held out"
        clips.append(
            LabClip(
                entry=Entry(video=clip.video, label=clip.label, intervals=intervals),
                rules=rules[clip.place],
                groups=(name, f"{name}, {part}") if split == "test" else (name,),
                tags={"place": clip.place, "light": clip.light},
            )
        )
    return Clips(clips=tuple(clips))


def street_rules(place: str) -> RuleSet:
    """The rules of a place of the street world, for people on foot; categories are the labels of its events."""
    return load_rules(STREET_RULES / f"{place.replace(' ', '-')}.yaml")


def in_domain(rules: RuleSet, domain: str) -> RuleSet:
    """The rules with every sentence on the side where the domain has it: what is normal there moves over."""
    moved = tuple(rule for rule in rules.abnormal if not abnormal(rule.category, domain))
    left = tuple(rule for rule in rules.abnormal if abnormal(rule.category, domain))
    return replace(rules, normal=(*rules.normal, *moved), abnormal=left)


def ucsd_ped2(folder: Path) -> Clips:
    """UCSD Ped2's test clips; of a clip that is there as a video and as pictures, the video."""
    entries, skipped = read_ucsd_ped2(folder)
    by_name = {entry.video.stem: entry for entry in sorted(entries, key=lambda entry: entry.video.is_file())}
    return _clips("UCSD Ped2", (tuple(by_name.values()), skipped), load_rules("campus-walkway"))


def shanghaitech(videos: Path, masks: Path) -> Clips:
    """ShanghaiTech's clips under `videos`, labelled by the frame masks."""
    return _clips("ShanghaiTech", read_shanghaitech(masks, videos), load_rules("campus-walkway"))


def ucf_crime(videos: Path, annotation: Path) -> Clips:
    """UCF-Crime's test clips under `videos`; the hundreds that are not there are not worth a line each."""
    entries, skipped = read_ucf_crime(annotation, videos)
    return _clips(
        "UCF-Crime", (entries, tuple(s for s in skipped if ": not found under" not in s)), load_rules("street")
    )


def labelled_in(path: Path) -> Clips:
    """The clips of a JSON file (see `read_clip_labels`): one set a top folder. Training halves are left out.

    Objects count as abnormal where the place's rules name their class on the abnormal side alone.
    """
    found, absent = read_clip_labels(path)
    clips, skipped = [], list(absent)
    for item in found:
        if "train" in item.folder:
            continue
        rules = load_rules(_preset(item))
        try:
            entry = item.entry(abnormal_objects=named_classes(rules, tuple(item.objects)))
        except VideoError as error:
            skipped.append(str(error))
            continue
        clips.append(LabClip(entry=entry, rules=rules, groups=(_group(item),)))
    return Clips(clips=tuple(clips), skipped=tuple(skipped))


def chosen(clips: Iterable[LabClip], *, only: Sequence[str], limit: int | None) -> tuple[LabClip, ...]:
    """The clips of the sets in `only` (all if empty; case and what follows do not count), at most `limit` a set."""
    wanted = [
        clip
        for clip in clips
        if not only or any(group.lower().startswith(name.lower()) for group in clip.groups for name in only)
    ]
    if limit is None:
        return tuple(wanted)
    taken: dict[str, int] = {}
    kept = []
    for clip in wanted:
        taken[clip.groups[0]] = taken.get(clip.groups[0], 0) + 1
        if taken[clip.groups[0]] <= limit:
            kept.append(clip)
    return tuple(kept)


def _clips(name: str, found: Found, rules: RuleSet) -> Clips:
    entries, skipped = found
    return Clips(clips=tuple(_of(entry, rules, name) for entry in entries), skipped=skipped)


def _of(entry: Entry, rules: RuleSet, group: str) -> LabClip:
    return LabClip(entry=entry, rules=rules, groups=(group,))


def _preset(item: LabelledClip) -> str:
    for stem, preset in CLIP_RULES.items():
        if item.video.stem.startswith(stem):
            return preset
    return FOLDER_RULES.get(item.folder[0] if item.folder else "", DEFAULT_RULES)


def _group(item: LabelledClip) -> str:
    """The top folder; a folder of composites, which repeat its clips, is a set of its own."""
    top = item.folder[0] if item.folder else "clips"
    return f"{top}, composite" if "composite" in item.folder else top
