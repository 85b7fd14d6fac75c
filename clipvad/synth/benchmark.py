"""The street benchmark: which clips it has, and rendering them in parallel, each whole or not at all."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from clipvad.files import write_atomic
from clipvad.synth.clip import Truth, render_clip
from clipvad.synth.places.world import PLACES
from clipvad.synth.spans import Label
from clipvad.synth.stories import LABELS, suits
from clipvad.synth.street import NORMAL, ClipSpec, sample_spec, street_scene

HELDOUT_PLACES = frozenset({"platform", "shop front"})
HELDOUT_EVENTS = frozenset({"vandalism", "explosion", "scooter"})
_SPREAD_S = 1.0  # clips are up to this much shorter and longer than their split's mean

Film = Callable[[ClipSpec, Path], Truth]  # renders a clip to the path and returns its truth


@dataclass(frozen=True, kw_only=True)
class Preset:
    """How many clips of each split, half of them with an event, and how long they are on average. `first`: the number
    of its first clip, so that no two presets have a clip of one name.
    """

    name: str
    seed: int
    train: int
    test: int
    train_s: float
    test_s: float
    first: int = 0


# Test clips are longer: with an event they need quiet before it, to be told from it.
# `street-train-v1` is the training half of `street-v1` grown fivefold, for models that learn from video labels alone:
# the same places and events (nothing that is held out), other seeds, no test clip.
PRESETS = {
    "street-v1": Preset(name="street-v1", seed=1, train=120, test=80, train_s=5.0, test_s=7.5),
    "street-train-v1": Preset(name="street-train-v1", seed=2, train=600, test=0, train_s=5.0, test_s=7.5, first=1000),
}


@dataclass(frozen=True, kw_only=True)
class Job:
    """One clip to render: `spec` decides its scene, `split` is train or test."""

    name: str
    split: str
    spec: ClipSpec

    @property
    def heldout(self) -> str:
        """What of it no training may see: `place`, `event`, `place+event`, or nothing."""
        parts = [("place", self.spec.place in HELDOUT_PLACES), ("event", self.spec.label in HELDOUT_EVENTS)]
        return "+".join(name for name, held in parts if held)

    @property
    def recipe(self) -> str:
        """SHA-256 of all that decides the clip: its spec and the renderer's source."""
        text = json.dumps([self.name, asdict(self.spec), renderer_hash()], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Done:
    """A finished clip, as its receipt on disk says. `truth`: SHA-256 of the bytes of its ground truth."""

    name: str
    recipe: str
    truth: str


def plan(preset: Preset, *, seed: int | None = None) -> tuple[Job, ...]:
    """All clips of a preset. Events are as even as can be, and so are the places of each event.

    Training has neither `HELDOUT_PLACES` nor `HELDOUT_EVENTS`; the test has all places and all events.
    """
    seed = preset.seed if seed is None else seed
    rng = np.random.default_rng([seed, 0])
    jobs: list[Job] = []
    for split, count, mean_s in (("train", preset.train, preset.train_s), ("test", preset.test, preset.test_s)):
        places = sorted(set(PLACES) - (HELDOUT_PLACES if split == "train" else frozenset()))
        events = [label for label in LABELS if split == "test" or label not in HELDOUT_EVENTS]
        abnormal = count // 2
        pairs = [*_spread_events(events, places, abnormal, rng), *_in_turn(places, count - abnormal, rng)]
        for place, label in pairs:
            name = f"{place.replace(' ', '-')}_{preset.first + len(jobs):04d}"
            spec = _spec(np.random.default_rng([seed, 1, len(jobs)]), place, label, mean_s)
            jobs.append(Job(name=name, split=split, spec=spec))
    return tuple(jobs)


def film_street(spec: ClipSpec, path: Path) -> Truth:
    """Render a clip of the street world to `path`."""
    scene, happenings, quiet = street_scene(spec)
    caption = quiet[int(np.random.default_rng([spec.seed, 6]).integers(len(quiet)))]
    return render_clip(
        scene,
        path,
        seed=spec.seed,
        happenings=happenings,
        quiet=Label(NORMAL, caption, ()),
        crf=spec.crf,
        preset="fast",
    )


def some_of(jobs: Sequence[Job], limit: int | None) -> tuple[Job, ...]:
    """At most `limit` jobs, evenly from the whole plan, so that few still show both splits and many events."""
    if limit is None or limit >= len(jobs):
        return tuple(jobs)
    return tuple(jobs[round(i)] for i in np.linspace(0, len(jobs) - 1, limit))


def render_all(jobs: Sequence[Job], folder: Path, *, workers: int, film: Film = film_street) -> Iterator[Done]:
    """Render what is missing into `folder/videos` and `folder/truth`; yields each clip as it is finished.

    A clip whose receipt has the same recipe is yielded without work. Whatever stops this, an error or Ctrl-C, no
    half file keeps the name of a clip. `film`, a function of a module, renders one job (default: the street's).
    """
    for part in ("videos", "truth", "receipts"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    missing = []
    for job in jobs:
        done = receipt(job, folder)
        if done is None:
            missing.append(job)
        else:
            yield done
    try:
        yield from _serial(missing, folder, film) if workers == 1 else _parallel(missing, folder, film, workers)
    finally:
        _sweep(folder)


def receipt(job: Job, folder: Path) -> Done | None:
    """What was finished of this very job, None if nothing or another recipe's clip."""
    path = folder / "receipts" / f"{job.name}.json"
    try:
        done = Done(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    there = all((folder / part).is_file() for part in (f"videos/{job.name}.mp4", f"truth/{job.name}.json"))
    return done if there and done.recipe == job.recipe else None


def render_job(job: Job, folder: Path, film: Film) -> Done:
    """Render one clip: video first, then truth, then the receipt that makes it count."""
    partial = folder / "videos" / f".{job.name}.{os.getpid()}.part.mp4"
    truth = film(job.spec, partial)
    text = replace(truth, clip=f"{job.name}.mp4").to_json()
    os.replace(partial, folder / "videos" / f"{job.name}.mp4")
    write_atomic(folder / "truth" / f"{job.name}.json", text)
    done = Done(name=job.name, recipe=job.recipe, truth=hashlib.sha256(text.encode()).hexdigest())
    write_atomic(folder / "receipts" / f"{job.name}.json", json.dumps(asdict(done), indent=1) + "\n")
    return done


@cache
def renderer_hash() -> str:
    """SHA-256 of the renderer's source: after a change of it, clips are rendered again."""
    root = Path(__file__).parent
    files = sorted(path for path in root.rglob("*.py") if path.name not in ("benchmark.py", "layouts.py", "recipe.py"))
    whole = hashlib.sha256()
    for path in files:
        whole.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()


def _spread_events(
    events: Sequence[str], places: Sequence[str], count: int, rng: np.random.Generator
) -> list[tuple[str, str]]:
    """`count` pairs of place and event: the events in turn, each where it suits and was seen least."""
    together: Counter[tuple[str, str]] = Counter()
    seen: Counter[str] = Counter()
    pairs = []
    for i in range(count):
        event = events[i % len(events)]
        fitting = [place for place in places if suits(event, PLACES[place])]
        order = rng.permutation(len(fitting))
        place = min((fitting[k] for k in order), key=lambda p: (together[p, event], seen[p]))
        together[place, event] += 1
        seen[place] += 1
        pairs.append((place, event))
    return pairs


def _spec(rng: np.random.Generator, place: str, label: str, mean_s: float) -> ClipSpec:
    """A clip of the place as the street world draws it; the event begins later than there, with quiet before it."""
    duration_s = round(float(rng.uniform(mean_s - _SPREAD_S, mean_s + _SPREAD_S)), 1)
    spec = sample_spec(rng, label=label, places=[place], duration_s=duration_s)
    start_s = min(round(float(rng.uniform(0.2, 0.45)) * duration_s, 1), duration_s - 3.0)  # an event needs 3 s
    return replace(spec, start_s=start_s)


def _in_turn(places: Sequence[str], count: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    order = [places[k] for k in rng.permutation(len(places))]
    return [(order[i % len(order)], NORMAL) for i in range(count)]


def _serial(jobs: Sequence[Job], folder: Path, film: Film) -> Iterator[Done]:
    for job in jobs:
        yield render_job(job, folder, film)


def _parallel(jobs: Sequence[Job], folder: Path, film: Film, workers: int) -> Iterator[Done]:
    """Over processes that are started afresh: a fork of a process with threads (torch, OpenCV) can hang."""
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_quiet)
    try:
        futures: list[Future[Done]] = [pool.submit(render_job, job, folder, film) for job in jobs]
        for future in as_completed(futures):
            yield future.result()
    except BaseException:
        for process in list((pool._processes or {}).values()):  # those at work would go on to the end of their clip
            process.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _quiet() -> None:
    """A worker: one thread, and Ctrl-C is the parent's to handle."""
    import signal

    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _sweep(folder: Path) -> None:
    for part in ("videos", "truth", "receipts"):
        for partial in (folder / part).glob(".*.part*"):
            partial.unlink(missing_ok=True)
