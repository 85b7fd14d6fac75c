"""The costly half: a clip is decoded once, and its frames and objects are detected, cut out and encoded.

What was computed before, for the same content, sampling and models, comes from the cache; what is missing
is computed in one pass over the video. Nothing here knows sentences. Memory does not grow with the clip,
but for its embeddings.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from clipvad.cache import Arrays, Cache
from clipvad.core import Detections, Embeddings, Features, FrameBatch, Mode, Region, VideoInfo
from clipvad.crops import crop_objects, crop_zone
from clipvad.detectors.base import Detector
from clipvad.encoders.base import Encoder
from clipvad.errors import VideoError
from clipvad.video import FrameSampler

T = TypeVar("T")
FRAME_BATCH = 32
OBJECT_BATCH = 8  # small: a stop is heard between two batches, and a batch may hold 8 x 20 crops
CROP_MARGIN = 1.3
TABLES_VERSION = 1  # raise when the meaning of a cached table changes


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """The features of one batch of frames, and what the stages have cost so far in seconds."""

    features: Features
    timings_s: dict[str, float]


class Extractor:
    """Features of one clip with fixed models and sampling. `detector` may be None in frame mode."""

    def __init__(
        self,
        *,
        encoder: Encoder,
        detector: Detector | None,
        cache: Cache | None,
        fps: float,
        max_side: int,
    ) -> None:
        self.encoder = encoder
        self.detector = detector
        self.cache = cache
        self.sampling: dict[str, object] = {"version": TABLES_VERSION, "fps": float(fps), "max_side": max_side}
        self.fps = fps
        self.max_side = max_side

    def run(
        self, video: VideoInfo, modes: Sequence[Mode], regions: Sequence[Region] = ()
    ) -> Generator[Chunk, None, tuple[Features, bool]]:
        """Yield a `Chunk` a batch; return all features, and whether they came from the cache alone.

        `regions`: parts of the picture that are encoded by themselves, as `Features.zones`.
        """
        stored = {wanted: self._stored(video, wanted) for wanted in (*modes, *regions)}
        parts = [part for part in stored.values() if part is not None]
        missing = [wanted for wanted, part in stored.items() if part is None]
        if missing:
            fresh = yield from self._extract(
                video, [mode for mode in modes if mode in missing], [region for region in regions if region in missing]
            )
            self._store(fresh)
            parts.append(fresh)
        return combine(parts), not missing

    def _extract(
        self, video: VideoInfo, modes: Sequence[Mode], regions: Sequence[Region]
    ) -> Generator[Chunk, None, Features]:
        batch_size = OBJECT_BATCH if "object" in modes else FRAME_BATCH
        sampler = FrameSampler(video, fps=self.fps, batch=batch_size, max_side=self.max_side)
        find = self._finder(video) if "object" in modes else None
        chunks: list[Features] = []
        spent: defaultdict[str, float] = defaultdict(float)
        done = 0
        for batch in _timed(prefetch(sampler), spent):
            began = time.perf_counter()
            found = find(batch, done) if find is not None else None
            detected = time.perf_counter()
            chunks.append(self._encode(video, batch, found, first=done, frames="frame" in modes, regions=regions))
            spent["encode"] += time.perf_counter() - detected
            if find is not None:
                spent["detect"] += detected - began
            done += len(batch)
            yield Chunk(features=chunks[-1], timings_s=dict(spent))
        if not chunks:
            raise VideoError(f"{video.name}: no frame could be decoded. The file may be damaged: try to re-export it.")
        warnings = (*video.warnings, *sampler.warnings)
        return join(replace(video, duration_s=sampler.duration_s, warnings=warnings), chunks)

    def _finder(self, video: VideoInfo) -> Callable[[FrameBatch, int], Detections]:
        """The detector opened on this clip, or, if it ran on it before, what it found then."""
        if self.detector is None:
            raise ValueError("object mode needs a detector")
        stored = self._stored_detections(video)
        if stored is not None:
            return lambda batch, first: _frames_of(stored, first, first + len(batch))
        detector, session = self.detector, None

        def find(batch: FrameBatch, first: int) -> Detections:
            nonlocal session
            session = session or detector.open(scale=_scale(video, batch))
            return session.detect(batch, first)

        return find

    def _encode(
        self,
        video: VideoInfo,
        batch: FrameBatch,
        found: Detections | None,
        *,
        first: int,
        frames: bool,
        regions: Sequence[Region],
    ) -> Features:
        """Everything of one batch in one call of the encoder: whole frames, then each region's, then the objects."""
        looks = [list(batch.pixels)] if frames else []
        looks += [crop_zone(batch, region) for region in regions]
        if found is not None:
            crops = crop_objects(batch, found, first_frame=first, scale=_scale(video, batch), margin=CROP_MARGIN)
            looks.append(crops)
        pictures = [picture for look in looks for picture in look]
        vectors = self.encoder.encode_images(pictures) if pictures else np.zeros((0, self.encoder.dim), np.float32)
        cuts = np.cumsum([len(look) for look in looks])[:-1]
        parts = [Embeddings(part, self.encoder.id) for part in np.split(vectors.astype(np.float16), cuts)]
        whole, zones = (parts[0], parts[1:]) if frames else (None, parts)
        return Features(
            video=video,
            pts_s=batch.pts_s,
            encoder_id=self.encoder.id,
            frames=whole,
            # Rows of a chunk count its own frames from 0, so that a chunk is a whole Features by itself.
            detections=None if found is None else replace(found, frame=(found.frame - first).astype(np.int32)),
            objects=None if found is None else parts[-1],
            zones=dict(zip(regions, zones, strict=False)),  # the objects come after the zones
        )

    # -- the cache's four tables -------------------------------------------------------------------------

    def _key(self, video: VideoInfo, table: str, region: Region | None = None) -> dict[str, object]:
        key: dict[str, object] = {"table": table, "video": video.sha256, **self.sampling}
        if table in ("frames", "objects", "zone"):
            key |= {"encoder": self.encoder.id, "precision": self.encoder.precision}
        if table in ("detections", "objects"):
            key |= {"detector": self.detector.id if self.detector else ""}
        if table == "objects":
            key |= {"crop_margin": CROP_MARGIN}
        if region is not None:
            key |= {"region": region}
        return key

    def _get(self, video: VideoInfo, table: str, region: Region | None = None) -> tuple[Arrays, dict[str, str]] | None:
        return self.cache.get(self._key(video, table, region)) if self.cache is not None else None

    def _stored(self, video: VideoInfo, wanted: Mode | Region) -> Features | None:
        """A mode's features, or those of one region."""
        region = None if isinstance(wanted, str) else wanted
        entry = self._get(video, {"frame": "frames", "object": "objects"}.get(str(wanted), "zone"), region)
        detections = self._stored_detections(video) if wanted == "object" else None
        if entry is None or (wanted == "object" and detections is None):
            return None
        arrays, notes = entry
        vectors = Embeddings(arrays["vectors"], self.encoder.id)
        warnings = tuple(json.loads(notes["warnings"]))
        return Features(
            video=replace(video, duration_s=float(notes["duration_s"]), warnings=warnings),
            pts_s=arrays["pts_s"],
            encoder_id=self.encoder.id,
            frames=vectors if wanted == "frame" else None,
            detections=detections,
            objects=vectors if wanted == "object" else None,
            zones={} if region is None else {region: vectors},
        )

    def _stored_detections(self, video: VideoInfo) -> Detections | None:
        entry = self._get(video, "detections")
        if entry is None or self.detector is None:
            return None
        arrays, notes = entry
        columns = {name: arrays[name] for name in ("frame", "xyxy", "confidence", "label", "track")}
        names = tuple(json.loads(notes["names"]))
        return Detections(**columns, names=names, detector_id=self.detector.id)

    def _store(self, features: Features) -> None:
        if self.cache is None:
            return
        video = features.video
        pts_s: Arrays = {"pts_s": features.pts_s}
        notes = {"duration_s": repr(video.duration_s), "warnings": json.dumps(video.warnings)}
        if features.frames is not None:
            self.cache.put(self._key(video, "frames"), {**pts_s, "vectors": features.frames.vectors}, notes)
        for region, vectors in features.zones.items():
            self.cache.put(self._key(video, "zone", region), {**pts_s, "vectors": vectors.vectors}, notes)
        found = features.detections
        if found is not None and features.objects is not None:
            columns: Arrays = {
                "frame": found.frame,
                "xyxy": found.xyxy,
                "confidence": found.confidence,
                "label": found.label,
                "track": found.track,
            }
            self.cache.put(self._key(video, "detections"), columns, {"names": json.dumps(found.names)})
            self.cache.put(self._key(video, "objects"), {**pts_s, "vectors": features.objects.vectors}, notes)


def combine(parts: Sequence[Features]) -> Features:
    """One clip's features of different modes and regions as one: they were sampled alike."""
    whole = parts[0]
    for part in parts[1:]:
        whole = replace(
            whole,
            frames=whole.frames if whole.frames is not None else part.frames,
            detections=whole.detections if whole.detections is not None else part.detections,
            objects=whole.objects if whole.objects is not None else part.objects,
            zones={**whole.zones, **part.zones},
        )
    return whole


def join(video: VideoInfo, chunks: Sequence[Features]) -> Features:
    """Consecutive chunks of one clip as one: the concatenation, object rows pointing into all frames."""
    starts = np.cumsum([0, *(len(chunk) for chunk in chunks[:-1])])
    first = chunks[0]
    found = [chunk.detections for chunk in chunks if chunk.detections is not None]
    return Features(
        video=video,
        pts_s=np.concatenate([chunk.pts_s for chunk in chunks]),
        encoder_id=first.encoder_id,
        frames=_join_vectors([chunk.frames for chunk in chunks]),
        detections=_join_detections(found, starts) if found else None,
        objects=_join_vectors([chunk.objects for chunk in chunks]),
        zones={
            region: joined
            for region in first.zones
            if (joined := _join_vectors([chunk.zones[region] for chunk in chunks])) is not None
        },
    )


def _join_vectors(parts: Sequence[Embeddings | None]) -> Embeddings | None:
    present = [part for part in parts if part is not None]
    if not present:
        return None
    return Embeddings(np.concatenate([part.vectors for part in present]), present[0].encoder_id)


def _join_detections(parts: Sequence[Detections], starts: NDArray[np.integer]) -> Detections:
    return Detections(
        frame=np.concatenate([part.frame + start for part, start in zip(parts, starts, strict=True)]).astype(np.int32),
        xyxy=np.concatenate([part.xyxy for part in parts]),
        confidence=np.concatenate([part.confidence for part in parts]),
        label=np.concatenate([part.label for part in parts]),
        track=np.concatenate([part.track for part in parts]),
        names=parts[0].names,
        detector_id=parts[0].detector_id,
    )


def _scale(video: VideoInfo, batch: FrameBatch) -> float:
    return float(video.width / batch.pixels.shape[2])


def _frames_of(detections: Detections, first: int, stop: int) -> Detections:
    low, high = np.searchsorted(detections.frame, (first, stop))
    rows = slice(int(low), int(high))
    return Detections(
        frame=detections.frame[rows],
        xyxy=detections.xyxy[rows],
        confidence=detections.confidence[rows],
        label=detections.label[rows],
        track=detections.track[rows],
        names=detections.names,
        detector_id=detections.detector_id,
    )


def _timed(batches: Iterable[T], spent: defaultdict[str, float]) -> Iterator[T]:
    began = time.perf_counter()
    for batch in batches:
        spent["decode (waiting)"] += time.perf_counter() - began
        yield batch
        began = time.perf_counter()


def prefetch(items: Iterable[T], *, depth: int = 2) -> Iterator[T]:
    """Iterate `items` in a thread, at most `depth` ahead, so that decoding overlaps with the models.

    An error in `items` is raised here. Closing this generator ends the thread.
    """
    ready: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(maxsize=depth)
    closed = threading.Event()

    def offer(entry: tuple[bool, T | BaseException | None]) -> bool:
        while not closed.is_set():
            try:
                ready.put(entry, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not offer((True, item)):
                    return
            offer((False, None))
        except BaseException as error:  # handed over and raised in the consumer's thread
            offer((False, error))

    thread = threading.Thread(target=work, name="clipvad-decode", daemon=True)
    thread.start()
    try:
        while True:
            more, item = ready.get()
            if not more:
                if isinstance(item, BaseException):
                    raise item
                return
            yield item  # type: ignore[misc]
    finally:
        closed.set()
        thread.join()
