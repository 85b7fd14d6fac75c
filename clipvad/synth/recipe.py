"""The committed recipe of a preset: what its ground truth must be, byte for byte, to check a rendering by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import av

from clipvad.errors import ManifestError
from clipvad.synth.benchmark import Done, Job, Preset


def recipe_path(preset: str) -> Path:
    """Where the recipe of a preset lies in the package."""
    return Path(__file__).parent / f"{preset}.json"


def recipe_of(preset: Preset, jobs: Sequence[Job], done: Iterable[Done]) -> dict[str, Any]:
    """Seed, counts, the SHA-256 of each clip's ground truth and of all of them in order of name."""
    truths = {one.name: one.truth for one in sorted(done, key=lambda one: one.name)}
    return {
        "version": 1,
        "preset": preset.name,
        "seed": preset.seed,
        "train": sum(job.split == "train" for job in jobs),
        "test": sum(job.split == "test" for job in jobs),
        "seconds": round(sum(job.spec.duration_s for job in jobs), 2),
        "truth": whole_hash(truths),
        "clips": truths,
    }


def whole_hash(truths: dict[str, str]) -> str:
    """SHA-256 over the lines `NAME HASH`, sorted by name."""
    return hashlib.sha256("".join(f"{name} {truths[name]}\n" for name in sorted(truths)).encode()).hexdigest()


def verify(folder: Path, recipe: dict[str, Any]) -> tuple[int, list[str]]:
    """How many clips of `folder` are as the recipe says, and a sentence for each that is not.

    A clip must have the truth of the recipe, byte for byte, and a video of as many frames; the videos' bytes may differ
    from one build of the encoder to the next. A part of the benchmark (`--limit`) may be verified too. Raises
    `ManifestError` if nothing of it is there.
    """
    found = {path.stem: path for path in sorted((folder / "truth").glob("*.json"))}
    if not found:
        raise ManifestError(f"{folder} holds no street benchmark: there is no ground truth in {folder / 'truth'}.")
    problems = [f"{name}: not a clip of this preset" for name in found if name not in recipe["clips"]]
    good = 0
    for name in [name for name in recipe["clips"] if name in found]:
        raw = found[name].read_bytes()
        if hashlib.sha256(raw).hexdigest() != recipe["clips"][name]:
            problems.append(f"{name}: its ground truth differs from the recipe's")
            continue
        frames, expected = _frames(folder / "videos" / f"{name}.mp4"), len(json.loads(raw)["frames"])
        if frames != expected:
            problems.append(f"{name}: its video has {frames} frames, not {expected}")
            continue
        good += 1
    return good, problems


def read_recipe(path: Path) -> dict[str, Any]:
    """Raises `ManifestError` if there is none."""
    try:
        recipe: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ManifestError(f"The recipe {path} can't be read: {error}.") from error
    return recipe


def _frames(video: Path) -> int:
    try:
        with av.open(str(video)) as clip:
            return sum(1 for packet in clip.demux(video=0) if packet.size)
    except (OSError, av.FFmpegError):
        return 0
