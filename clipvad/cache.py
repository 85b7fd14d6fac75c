"""The content-addressed store between costly and instant: what a model computed, by what it computed it from.

An entry is one safetensors file (no pickles) named by the hash of its key. Writing is atomic, reading a
damaged entry is a miss, and the least recently used entries go when the folder outgrows its cap.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipvad.settings import Settings, data_dir

Arrays = dict[str, NDArray[Any]]


class Cache:
    """Arrays by key, in `folder`, at most `max_bytes` in all.

    `seeds`: read-only folders of entries that ship with the program (the example's).
    """

    def __init__(self, folder: Path | str, *, max_bytes: int = 2 << 30, seeds: Iterable[Path] = ()) -> None:
        self.folder = Path(folder).expanduser()
        self.max_bytes = max_bytes
        self.seeds = tuple(seeds)

    @classmethod
    def of(cls, settings: Settings) -> Cache:
        """The operator's cache, with the entries that ship for the example clip."""
        return cls(settings.cache_dir, max_bytes=settings.cache_mb << 20, seeds=[data_dir("assets") / "features"])

    def get(self, key: Mapping[str, object]) -> tuple[Arrays, dict[str, str]] | None:
        """The arrays and notes stored under `key`, or None."""
        for path in (self._path(key), *(seed / self._path(key).name for seed in self.seeds)):
            if path.is_file() and (entry := _read(path)) is not None:
                if path.parent == self.folder:
                    with contextlib.suppress(OSError):
                        os.utime(path)  # recently used: evicted last
                return entry
        return None

    def put(self, key: Mapping[str, object], arrays: Arrays, notes: Mapping[str, str] | None = None) -> Path:
        """Store arrays and short text notes under `key`; a reader never sees half an entry."""
        from safetensors.numpy import save_file

        self.folder.mkdir(parents=True, exist_ok=True)
        path = self._path(key)
        handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
        os.close(handle)
        try:
            contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
            save_file(contiguous, name, metadata=dict(notes or {}))
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        self._evict(keep=path)
        return path

    def size(self) -> tuple[int, int]:
        """Number of entries and their bytes."""
        sizes = [entry.stat().st_size for entry in self._entries()]
        return len(sizes), sum(sizes)

    def clear(self) -> int:
        """Delete every entry; return how many there were."""
        entries = self._entries()
        for entry in entries:
            entry.unlink(missing_ok=True)
        return len(entries)

    def _entries(self) -> list[Path]:
        return sorted(self.folder.glob("*.safetensors")) if self.folder.is_dir() else []

    def _path(self, key: Mapping[str, object]) -> Path:
        text = json.dumps(key, sort_keys=True)
        return self.folder / f"{hashlib.sha256(text.encode()).hexdigest()[:40]}.safetensors"

    def _evict(self, *, keep: Path) -> None:
        # Another process may delete the same files: a vanished entry is no error.
        stats = []
        for entry in self._entries():
            with contextlib.suppress(OSError):
                stat = entry.stat()
                stats.append((stat.st_mtime_ns, stat.st_size, entry))
        total = sum(size for _, size, _ in stats)
        for _, size, entry in sorted(stats):
            if total <= self.max_bytes:
                break
            if entry != keep:
                entry.unlink(missing_ok=True)
                total -= size


def _read(path: Path) -> tuple[Arrays, dict[str, str]] | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (OSError, SafetensorError, ValueError):
        with contextlib.suppress(OSError):
            path.unlink()
        return None
