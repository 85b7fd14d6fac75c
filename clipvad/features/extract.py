"""Videos to a feature store, by the same extraction as an analysis: same decoder, sampling, encoder and cache."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from clipvad.core import Features, Mode
from clipvad.errors import FeaturesError
from clipvad.extraction import Extractor
from clipvad.features.base import FeatureSpec, ObjectFeatures, VideoFeatures
from clipvad.features.store import StoreWriter
from clipvad.video import probe

OnPart = Callable[[str, float], None]


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """One video that is done. `error`: why it is not in the store, None if it is. `warnings`: for the user."""

    name: str
    error: Exception | None = None
    frames: int = 0
    from_cache: bool = False
    warnings: tuple[str, ...] = ()


def by_name(paths: Iterable[Path]) -> dict[str, Path]:
    """Videos by the name that they have in a store: without folder and suffix. Raises `FeaturesError` for a clash."""
    named: dict[str, Path] = {}
    for path in paths:
        name = path.resolve().name if path.is_dir() else path.stem
        if named.setdefault(name, path).resolve() != path.resolve():
            raise FeaturesError(
                f"Two videos have the name {name!r}: {named[name]} and {path}. "
                "Rename one, or extract them into two stores."
            )
    return named


def spec_of(extractor: Extractor, mode: Mode) -> FeatureSpec:
    """How features are made that `extractor` extracts."""
    return FeatureSpec(
        encoder_id=extractor.encoder.id,
        dim=extractor.encoder.dim,
        sampling="fps",
        step=extractor.fps,
        picture=mode,
        detector_id=extractor.detector.id if mode == "object" and extractor.detector is not None else "",
    )


def extract(
    videos: Mapping[str, Path],
    writer: StoreWriter,
    extractor: Extractor,
    *,
    workers: int = 1,
    on_part: OnPart = lambda name, done: None,
) -> Iterator[Extracted]:
    """Add the videos that `writer` lacks, in order, and yield each when it is stored or has failed.

    What `writer` was opened for (`spec_of`) says whether frames or objects. `workers` videos are decoded at once;
    `on_part(name, share)` hears from their threads how far each is, in [0, 1]. Closing the iterator stops the work.
    Raises `OSError` if the store can't be written.
    """
    mode = writer.spec.picture
    todo = deque((name, path) for name, path in videos.items() if name not in writer)
    running: deque[tuple[str, Future[tuple[Features, bool]]]] = deque()
    stop = threading.Event()
    with ThreadPoolExecutor(workers, thread_name_prefix="clipvad-extract") as pool:
        try:
            while todo or running:
                while todo and len(running) < 2 * workers:  # what is done waits for its turn, so that order is kept
                    name, path = todo.popleft()
                    running.append((name, pool.submit(_features, name, path, extractor, mode, stop, on_part)))
                name, future = running.popleft()
                yield _stored(name, future, writer)
        finally:
            stop.set()
            for _, future in running:
                future.cancel()


def _stored(name: str, future: Future[tuple[Features, bool]], writer: StoreWriter) -> Extracted:
    try:
        features, from_cache = future.result()
        rows = _rows(name, features, writer.spec.picture)
        writer.add(rows, sha256=features.video.sha256)
    except OSError as error:
        if not future.exception():
            raise  # of the store, not of this video
        return Extracted(name=name, error=error)
    except Exception as error:  # one video's accident is not the end of the others
        return Extracted(name=name, error=error)
    return Extracted(name=name, frames=len(features), from_cache=from_cache, warnings=features.video.warnings)


def _features(
    name: str, path: Path, extractor: Extractor, mode: Mode, stop: threading.Event, on_part: OnPart
) -> tuple[Features, bool]:
    video = probe(path)
    chunks = extractor.run(video, [mode])
    try:
        while not stop.is_set():
            chunk = next(chunks)
            if video.duration_s > 0:
                on_part(name, min(1.0, float(chunk.features.pts_s[-1]) / video.duration_s))
        raise CancelledError
    except StopIteration as done:
        return cast("tuple[Features, bool]", done.value)
    finally:
        chunks.close()


def _rows(name: str, features: Features, mode: Mode) -> VideoFeatures | ObjectFeatures:
    end = features.video.duration_s if features.video.duration_s > features.pts_s[-1] else None
    if mode == "frame" and features.frames is not None:
        return VideoFeatures(name=name, rows=features.frames.vectors[None], starts=features.pts_s, unit="s", end=end)
    found, objects = features.detections, features.objects
    if found is None or objects is None:
        raise ValueError(f"no {mode} features were extracted")
    return ObjectFeatures(
        name=name, rows=objects.vectors, frame=found.frame, track=found.track, pts_s=features.pts_s, end=end
    )
