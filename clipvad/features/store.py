"""The feature store: a folder with a manifest and shards of about 64 MB, safe to read while it grows.

Each video that is added is written at once as a small shard of its own; whenever those at the end hold 64 MB they
are packed into one. A shard is named by the numbers of the videos in it (`000012-000016`: from 12 up to, not with,
16) and never changes. The manifest names every shard that counts and is replaced in one step, after the shard is
written and before those it replaces are deleted: a crash at any moment leaves a whole store, and what a store holds
does not depend on how often its making was interrupted.
"""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipvad.core import check_same_encoder
from clipvad.errors import FeaturesError
from clipvad.features.base import FeatureSpec, ObjectFeatures, VideoFeatures
from clipvad.features.lock import FolderLock
from clipvad.features.manifest import MANIFEST, SHARD_PATTERN, Entry, read_store_manifest, write_store_manifest
from clipvad.files import write_atomic

SHARD_BYTES = 64 << 20
Arrays = dict[str, NDArray[Any]]


class FeatureStore:
    """Features of videos by name, read one video at a time. A `FeatureSource`; safe to share between threads."""

    def __init__(self, folder: Path, spec: FeatureSpec, videos: dict[str, Entry]) -> None:
        self.folder = folder
        self.spec = spec
        self.names = tuple(videos)
        self._videos = videos

    @classmethod
    def open(cls, folder: str | Path) -> FeatureStore:
        """What the folder holds now; videos added later are seen by opening it again. Raises `FeaturesError`."""
        folder = Path(folder)
        return cls(folder, *read_store_manifest(folder))

    def __repr__(self) -> str:
        return f"FeatureStore({str(self.folder)!r}, {len(self.names)} videos, {self.spec.label})"

    def sha256(self, name: str) -> str:
        """Of the content of the source video, "" if it is not known. Raises `FeaturesError` for an unknown name."""
        return self._entry(name).sha256

    def read(self, name: str) -> VideoFeatures:
        """The rows of one video, float16 [K, T, D]. Raises `FeaturesError`."""
        entry = self._entry(name)
        if entry.objects is not None:
            raise FeaturesError(f"{self.folder} holds detected objects, and whole frames are needed here. {_EXTRACT}")
        arrays = self._arrays(name, "rows", "starts")
        rows, starts = arrays["rows"], arrays["starts"]
        if rows.ndim != 3 or rows.shape[1:] != (entry.length, self.spec.dim):
            raise self._contradiction(name)
        return VideoFeatures(name=name, rows=rows, starts=starts, unit=entry.unit, end=entry.end)

    def read_objects(self, name: str) -> ObjectFeatures:
        """The objects of one video, rows float16 [M, D]. Raises `FeaturesError`."""
        entry = self._entry(name)
        if entry.objects is None:
            raise FeaturesError(f"{self.folder} holds whole frames, and detected objects are needed here. {_EXTRACT}")
        arrays = self._arrays(name, "rows", "frame", "track", "pts_s")
        if arrays["rows"].shape != (entry.objects, self.spec.dim) or arrays["pts_s"].shape != (entry.length,):
            raise self._contradiction(name)
        return ObjectFeatures(name=name, end=entry.end, **arrays)

    def _entry(self, name: str) -> Entry:
        entry = self._videos.get(name)
        if entry is None:
            raise FeaturesError(f"{self.folder} has no features of {name!r}. Add them with: clipvad extract")
        return entry

    def _arrays(self, name: str, *columns: str) -> Arrays:
        shard = self._entry(name).shard
        try:
            return _read_shard(self.folder / shard, [f"{name}/{column}" for column in columns])
        except FileNotFoundError:
            # A writer may have packed it into a larger shard since the manifest was read.
            _, now = read_store_manifest(self.folder)
            if name not in now or now[name].shard == shard:
                raise FeaturesError(
                    f"{self.folder / shard} is missing, with the features of {name!r}. {_AGAIN}"
                ) from None
            self._videos = {**self._videos, **now}
            return self._arrays(name, *columns)

    def _contradiction(self, name: str) -> FeaturesError:
        shard = self.folder / self._entry(name).shard
        return FeaturesError(f"{shard} does not hold what the manifest says of {name!r}. Delete it. {_AGAIN}")


class StoreWriter:
    """Adds videos to a new or an existing store; what was added stays, whatever happens to this process.

    Close it, or use it as a context manager. Raises `FeaturesError` for a store of features that were made otherwise,
    a broken one, or one that another process is writing to, and `OSError` where the folder can't be written.
    """

    def __init__(self, folder: str | Path, spec: FeatureSpec) -> None:
        self.folder = Path(folder)
        self.spec = spec
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock(self.folder)
        try:
            self._videos = self._opened()
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __contains__(self, name: object) -> bool:
        return name in self._videos

    def add(self, features: VideoFeatures | ObjectFeatures, *, sha256: str = "") -> None:
        """Store the features of one video; they are safe on return. `sha256`: of the source video's content.

        Raises `FeaturesError` for a name that is there, for features that are not as the spec says, and for values
        that half precision cannot hold, and `OSError` if they can't be written.
        """
        if features.name in self:
            raise FeaturesError(f"{self.folder} has features of {features.name!r} already.")
        arrays = self._checked(features)
        first = max((_span(entry.shard)[1] for entry in self._videos.values()), default=0)
        objects = len(features) if isinstance(features, ObjectFeatures) else None
        entry = Entry(
            name=features.name,
            shard=_shard(first, first + 1),
            length=len(features.pts_s) if isinstance(features, ObjectFeatures) else len(features),
            objects=objects,
            unit="s" if isinstance(features, ObjectFeatures) else features.unit,
            end=features.end,
            sha256=sha256,
            bytes=sum(array.nbytes for array in arrays.values()),
        )
        self._write_shard(entry.shard, {f"{entry.name}/{column}": array for column, array in arrays.items()})
        self._record({**self._videos, entry.name: entry})
        if sum(other.bytes for other in self._unpacked()) >= SHARD_BYTES:
            self._pack()

    def close(self) -> None:
        """Pack what is left into one shard and let others write."""
        try:
            self._pack()
        finally:
            self._lock.release()

    def _opened(self) -> dict[str, Entry]:
        shards = {path.name for path in self.folder.iterdir() if re.match(SHARD_PATTERN, path.name)}
        if not (self.folder / MANIFEST).exists():
            if shards:
                raise FeaturesError(f"{self.folder} has shards of a feature store but no {MANIFEST}. Choose another.")
            write_store_manifest(self.folder, self.spec, ())
            return {}
        spec, videos = read_store_manifest(self.folder)
        if spec != self.spec:
            check_same_encoder(spec.encoder_id, self.spec.encoder_id)
            raise FeaturesError(
                f"{self.folder} is of {spec.label}; these are of {self.spec.label}. Choose another folder."
            )
        counting = {name: entry for name, entry in videos.items() if entry.shard in shards}
        for name in shards - {entry.shard for entry in counting.values()}:
            (self.folder / name).unlink()  # written or replaced in a moment that the process did not survive
        for part in (*self.folder.glob(f".{MANIFEST}.*.part"), *self.folder.glob(".*.safetensors.*.part")):
            part.unlink()
        return counting

    def _checked(self, features: VideoFeatures | ObjectFeatures) -> Arrays:
        name, picture = features.name, "object" if isinstance(features, ObjectFeatures) else "frame"
        if not name or picture != self.spec.picture or features.rows.shape[-1] != self.spec.dim:
            raise FeaturesError(f"{features!r} does not fit into {self.folder}, which is of {self.spec.label}.")
        with np.errstate(over="ignore"):
            rows = features.rows.astype(np.float16)
        if not np.isfinite(rows).all():
            raise FeaturesError(f"{name}: its features hold values that are not finite in half precision.")
        if isinstance(features, ObjectFeatures):
            return {"rows": rows, "frame": features.frame, "track": features.track, "pts_s": features.pts_s}
        if len(rows) > self.spec.crops:
            raise FeaturesError(f"{name} has {len(rows)} crops; {self.folder} takes at most {self.spec.crops}.")
        return {"rows": rows, "starts": features.starts}

    def _unpacked(self) -> list[Entry]:
        """The videos at the end whose shards are not full, the last first."""
        found: list[Entry] = []
        for _, mates in groupby(reversed(self._videos.values()), key=lambda entry: entry.shard):
            of_shard = list(mates)
            if sum(entry.bytes for entry in of_shard) >= SHARD_BYTES:
                break
            found += of_shard
        return found

    def _pack(self) -> None:
        entries = self._unpacked()[::-1]
        shards = list(dict.fromkeys(entry.shard for entry in entries))
        if len(shards) < 2:
            return
        arrays: Arrays = {}
        for shard in shards:
            arrays |= _read_shard(self.folder / shard)
        packed = _shard(_span(shards[0])[0], _span(shards[-1])[1])
        self._write_shard(packed, arrays)
        moved = {entry.name: entry.model_copy(update={"shard": packed}) for entry in entries}
        self._record({**self._videos, **moved})
        for shard in shards:
            (self.folder / shard).unlink()

    def _write_shard(self, name: str, arrays: Arrays) -> None:
        from safetensors.numpy import save

        write_atomic(self.folder / name, save({key: np.ascontiguousarray(arrays[key]) for key in sorted(arrays)}))

    def _record(self, videos: dict[str, Entry]) -> None:
        write_store_manifest(self.folder, self.spec, videos.values())
        self._videos = videos


_EXTRACT = "Extract them into a store of their own, with or without --mode object."
_AGAIN = "Then extract the same videos into the same store again: only those that it lacks are computed."


def _shard(first: int, stop: int) -> str:
    return f"{first:06d}-{stop:06d}.safetensors"


def _span(shard: str) -> tuple[int, int]:
    """The numbers of the first video in a shard, and of the first behind it."""
    first, stop = shard.removesuffix(".safetensors").split("-")
    return int(first), int(stop)


def _read_shard(path: Path, keys: list[str] | None = None) -> Arrays:
    """Its arrays, those of `keys` or all. Raises `FileNotFoundError`, and `FeaturesError` if it is broken."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {key.rpartition("/")[2] if keys else key: file.get_tensor(key) for key in keys or file.keys()}
    except FileNotFoundError:
        raise
    except (OSError, SafetensorError, ValueError) as error:
        raise FeaturesError(f"The shard {path} is broken ({error}). Delete it. {_AGAIN}") from None
