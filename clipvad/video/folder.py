"""A folder of pictures read as a clip: sorted naturally, one picture each 1 / fps seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from clipvad.errors import VideoError
from clipvad.video.decode import TimedFrame

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
_BROKEN = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)  # what PIL raises on damaged pictures


class FolderReader:
    """Pictures of a folder as frames. `rate`: pictures a second. Same interface as `ClipReader`.

    A picture that cannot be read is left out, its moment stays empty, and `warnings` counts it. Raises
    `VideoError` for a folder without pictures.
    """

    tick_s = 0.0

    def __init__(self, path: str | Path, *, fps: float) -> None:
        self.path = Path(path)
        self.rate = fps
        self.pictures = list_pictures(self.path)
        self._broken: list[str] = []

    def __enter__(self) -> FolderReader:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held open between pictures."""

    @property
    def stated_duration_s(self) -> float:
        """Seconds, one picture each 1 / rate."""
        return len(self.pictures) / self.rate

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences for the user; complete once `frames()` is exhausted."""
        if not self._broken:
            return ()
        count = "1 picture" if len(self._broken) == 1 else f"{len(self._broken)} pictures"
        were = "was" if len(self._broken) == 1 else "were"
        return (f"{count} could not be read and {were} left out, the first {self._broken[0]!r}.",)

    def frames(self, start: int = 0) -> Iterator[TimedFrame]:
        """Every readable picture from number `start`; its time is its place in the folder divided by the rate."""
        for index in range(start, len(self.pictures)):
            try:
                rgb = read_picture(self.pictures[index])
            except _BROKEN:
                self._broken.append(self.pictures[index].name)
                continue
            yield TimedFrame(index / self.rate, 1 / self.rate, av.VideoFrame.from_ndarray(rgb, format="rgb24"))

    def frames_from(self, t_s: float) -> Iterator[TimedFrame]:
        """Frames from the last readable picture at or before `t_s`."""
        start = min(max(0, int(t_s * self.rate + 1e-6)), len(self.pictures) - 1)
        while start > 0 and picture_size(self.pictures[start]) is None:
            start -= 1
        return self.frames(start)


def list_pictures(folder: Path) -> list[Path]:
    """The folder's pictures in natural order (`2.png` before `10.png`); raises `VideoError` if there is none."""
    pictures = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    if not pictures:
        raise VideoError(
            f"The folder {folder.name!r} holds no pictures ({', '.join(SUFFIXES)}). "
            "Give a video file, or a folder with at least two pictures."
        )
    return sorted(pictures, key=lambda path: _natural(path.name))


def picture_size(path: Path) -> tuple[int, int] | None:
    """Upright width and height from the header alone, None if it cannot be read."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            sideways = image.getexif().get(0x0112, 1) >= 5  # EXIF orientation: 5 to 8 lie on their side
    except _BROKEN:
        return None
    return (height, width) if sideways else (width, height)


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Upright RGB uint8 [H, W, 3] of any picture; 16-bit grey keeps its upper byte, transparency is dropped."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
        if upright.mode.startswith("I;16"):
            grey = (np.asarray(upright).astype(np.uint16) >> 8).astype(np.uint8)
            return np.repeat(grey[..., None], 3, axis=-1)
        return np.ascontiguousarray(upright.convert("RGB"))


def _natural(name: str) -> list[tuple[bool, int, str]]:
    parts = re.split(r"(\d+)", name.lower())
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts if part]
