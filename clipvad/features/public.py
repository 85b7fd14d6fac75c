"""Readers of features that others published: lists of `.npy` files, and `.npz` archives of arrays by name.

The lists name the files of another machine, one a line: VadCLIP's CSVs (`path,label`; a row of 16 frames, [T, 512];
crops of one video as `NAME__0.npy` to `NAME__9.npy`) and RTFM's `.list` files (a row of 16 frames, [T, 10, 2048]:
T rows of 10 crops; `NAME_i3d.npy`). Nothing is unpickled.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipvad.errors import FeaturesError
from clipvad.features.base import FeatureSpec, Sampling, VideoFeatures

STRIDE = 16
VADCLIP_ENCODER = "CLIP ViT-B/16 (VadCLIP)"
I3D_ENCODER = "I3D"
_BROKEN = (OSError, ValueError, EOFError, SyntaxError, TokenError, MemoryError, zipfile.BadZipFile)


class ListSource:
    """Features of the videos that a list names, read one video at a time. A `FeatureSource`.

    `root`: the folder that the listed files are under on this machine (default: the list's own). A file that is not
    where the list says is looked for there by the last parts of its path, as many as fit, so folders above may be named
    differently. `frames`: number of source frames of each video, where known. `stride`: source frames a row. Raises
    `FeaturesError` for a list that can't be read, or of which no file is there.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        root: str | Path | None = None,
        encoder_id: str | None = None,
        stride: int = STRIDE,
        frames: Mapping[str, int] | None = None,
    ) -> None:
        self.path = Path(path)
        self.root = Path(root) if root is not None else self.path.parent
        self._files = _read_list(self.path)
        self._frames = frames or {}
        self.names: Sequence[str] = tuple(self._files)
        first = next((name for name in self.names if self._find(name, 0) is not None), None)
        if first is None:
            raise FeaturesError(
                f"None of the {len(self.names)} videos listed in {self.path} has its features under {self.root}. "
                "Say which folder holds the files: --features-root, in a training file features_options: {root: DIR}."
            )
        encoder = VADCLIP_ENCODER if self.path.suffix.lower() == ".csv" else I3D_ENCODER
        self.spec = _spec(self._rows(first), encoder_id or encoder, "stride", stride)

    def read(self, name: str) -> VideoFeatures:
        """The rows of one video [K, T, D]. Raises `FeaturesError`."""
        return _video(name, self._rows(name), self.spec, self._frames.get(name))

    def _rows(self, name: str) -> NDArray[np.floating]:
        if name not in self._files:
            raise FeaturesError(f"{self.path} does not list {name!r}.")
        crops = []
        for number, (listed, line) in enumerate(self._files[name]):
            found = self._find(name, number)
            if found is None:
                raise FeaturesError(f"{self.path}, line {line}: there is no {listed} under {self.root}.")
            crops.append(_crops_first(_load_npy(found), found))
        if len({crop.shape[1:] for crop in crops}) > 1:
            shapes = ", ".join(str(crop.shape[1:]) for crop in crops)
            raise FeaturesError(f"The crops of {name} differ in shape: {shapes}. Copy the files of this video again.")
        return np.concatenate(crops)

    def _find(self, name: str, number: int) -> Path | None:
        parts = PurePosixPath(self._files[name][number][0].replace("\\", "/")).parts
        tails = (self.root.joinpath(*parts[first:]) for first in range(len(parts)))
        return next((path for path in tails if path.is_file()), None)


class ArchiveSource:
    """Features by name in one `.npz`: [T, D], or [T, K, D] with crops. A `FeatureSource`.

    `stride`: source frames a row; None: the rows are T equal parts of each video, the same T for all. `frames`: number
    of source frames of each video, where known; without it equal parts are told in shares of the video. Raises
    `FeaturesError`.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        encoder_id: str,
        stride: int | None = None,
        frames: Mapping[str, int] | None = None,
    ) -> None:
        self.path = Path(path)
        self._frames = frames or {}
        with self._open() as archive:
            self.names: Sequence[str] = tuple(archive.files)
        if not self.names:
            raise FeaturesError(f"{self.path} holds no array.")
        rows = self._rows(self.names[0])
        self.spec = _spec(rows, encoder_id, "segments" if stride is None else "stride", stride or rows.shape[1])

    def read(self, name: str) -> VideoFeatures:
        """The rows of one video [K, T, D]. Raises `FeaturesError`."""
        return _video(name, self._rows(name), self.spec, self._frames.get(name))

    def _rows(self, name: str) -> NDArray[np.floating]:
        if name not in self.names:
            raise FeaturesError(f"{self.path} has no features of {name!r}.")
        with self._open() as archive:
            try:
                array = archive[name]
            except _BROKEN as error:
                raise FeaturesError(f"{self.path}: {name} is broken ({error}). Copy the file again.") from None
        return _crops_first(np.asarray(array), f"{self.path}: {name}")

    def _open(self) -> Any:
        try:
            archive = np.load(self.path, allow_pickle=False)
        except _BROKEN as error:
            raise FeaturesError(f"{self.path} can't be read ({error}). Copy the file again.") from None
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise FeaturesError(f"{self.path} is a single array. Features by name come as an .npz archive.")
        return archive


def _read_list(path: Path) -> dict[str, list[tuple[str, int]]]:
    """By name of the video its files in order of the crops, each with its line."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FeaturesError(f"The list {path} can't be read: {error}.") from None
    files: dict[str, list[tuple[int, str, int]]] = {}
    for number, line in enumerate(lines, start=1):
        listed = line.strip()
        if path.suffix.lower() == ".csv":
            listed = listed.rpartition(",")[0].strip().strip('"')
        if not listed or (number == 1 and listed == "path"):
            continue
        if not listed.endswith(".npy"):
            raise FeaturesError(f"{path}, line {number}: {listed[:80]!r} is no .npy file.")
        stem = PurePosixPath(listed.replace("\\", "/")).name.removesuffix(".npy")
        name, crop = re.fullmatch(r"(.*?)(?:__(\d{1,2}))?", stem.removesuffix("_i3d"), re.DOTALL).groups()  # type: ignore[union-attr]
        if not name:
            raise FeaturesError(f"{path}, line {number}: {listed[:80]!r} names no video.")
        files.setdefault(name, []).append((int(crop or 0), listed, number))
    if not files:
        raise FeaturesError(f"{path} lists no .npy file. A line is the path of one, in a CSV followed by a label.")
    for name, crops in files.items():
        if len({crop for crop, *_ in crops}) < len(crops):
            raise FeaturesError(f"{path}, line {crops[-1][2]}: {name} is listed twice. Keep one line of each file.")
    return {name: [(listed, line) for _, listed, line in sorted(crops)] for name, crops in files.items()}


def _load_npy(path: Path) -> NDArray[Any]:
    try:
        # Mapped first: a header that promises more than the file holds is refused before memory is asked for.
        return np.array(np.load(path, allow_pickle=False, mmap_mode="r"))
    except _BROKEN as error:
        raise FeaturesError(f"{path} is broken ({error}). Copy the file again.") from None


def _crops_first(array: NDArray[Any], where: object) -> NDArray[np.floating]:
    """[T, D] or [T, K, D] as float16 or float32 [K, T, D]."""
    if array.ndim not in (2, 3) or not array.size or array.dtype.kind != "f":
        raise FeaturesError(f"{where}: features are numbers [T, D] or [T, crops, D], got {array.dtype} {array.shape}.")
    rows = array[None] if array.ndim == 2 else array.transpose(1, 0, 2)
    rows = rows if rows.dtype in (np.float16, np.float32) else rows.astype(np.float32)
    if not np.isfinite(rows).all():
        raise FeaturesError(f"{where}: the features hold NaN or infinity. Copy the file again.")
    return rows


def _spec(rows: NDArray[np.floating], encoder_id: str, sampling: Sampling, step: float) -> FeatureSpec:
    """From the first video's rows: the files themselves don't say whether they hold unit vectors."""
    crops, _, dim = rows.shape
    lengths = np.linalg.norm(rows.astype(np.float32), axis=-1)
    unit = bool(np.all(np.abs(lengths - 1) < 0.01))
    return FeatureSpec(encoder_id=encoder_id, dim=dim, sampling=sampling, step=step, crops=crops, normalised=unit)


def _video(name: str, rows: NDArray[np.floating], spec: FeatureSpec, frames: int | None) -> VideoFeatures:
    """With the times of the rows. `frames`: number of source frames, None if unknown."""
    count = rows.shape[1]
    if rows.shape[-1] != spec.dim:
        raise FeaturesError(f"{name}: its features have {rows.shape[-1]} numbers a row, those of others {spec.dim}.")
    if spec.sampling == "stride":
        starts = np.arange(count, dtype=np.float64) * spec.step
        end = frames if frames and frames > starts[-1] else None
        return VideoFeatures(name=name, rows=rows, starts=starts, unit="frames", end=end)
    if count != spec.step:
        raise FeaturesError(
            f"{name} has {count} rows and others {spec.step:g}, so they are not equal parts of the videos. Say how "
            "many frames a row stands for: stride."
        )
    starts = np.arange(count, dtype=np.float64) / count * (frames or 1)
    return VideoFeatures(name=name, rows=rows, starts=starts, unit="frames" if frames else "part", end=frames or 1.0)
