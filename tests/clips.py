"""Make the clips that tests need: any codec, container, size, timing, rotation; sound alone; cut and broken ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

MILLISECONDS = Fraction(1, 1000)
COUNTERS = 8  # binary digits that `numbered` writes into a picture


def numbered(index: int, *, size: tuple[int, int] = (96, 64)) -> NDArray[np.uint8]:
    """A picture that carries its number as 8 vertical stripes, black or white: survives any codec."""
    width, height = size
    bits = [(index >> place) & 1 for place in range(COUNTERS)]
    row = np.repeat(np.array(bits, np.uint8) * 255, -(-width // COUNTERS))[:width]
    return np.broadcast_to(row[None, :, None], (height, width, 3)).copy()


def number_of(rgb: NDArray[np.uint8]) -> int:
    """The number that `numbered` wrote."""
    stripe = rgb.shape[1] / COUNTERS
    middles = [int((place + 0.5) * stripe) for place in range(COUNTERS)]
    return sum(int(rgb[rgb.shape[0] // 2, x].mean() > 127) << place for place, x in enumerate(middles))


def corner_marked(*, size: tuple[int, int] = (96, 64)) -> NDArray[np.uint8]:
    """Black, with the top left quarter white and the bottom left quarter red."""
    width, height = size
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[: height // 2, : width // 2] = 255
    rgb[height // 2 :, : width // 2] = (255, 0, 0)
    return rgb


def write_clip(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    *,
    times: Sequence[int] | None = None,
    time_base: Fraction = MILLISECONDS,
    rate: int = 10,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    rotation: int | None = None,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    aspect: Fraction | None = None,
) -> Path:
    """Encode RGB pictures; `times` are ticks of `time_base` (default: regular at `rate`). Skips without the codec."""
    pictures = iter(pictures)
    first = next(pictures)
    try:
        av.CodecContext.create(codec, "w")
    except av.FFmpegError:
        pytest.skip(f"this PyAV build has no encoder {codec}")
    with av.open(str(path), "w", container_options=container_options or {}) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = time_base
        stream.time_base = time_base
        stream.options = options or {}
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation is not None:
            stream.set_display_rotation(rotation)
        for index, rgb in enumerate((first, *pictures)):
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts = times[index] if times is not None else round(index / rate / time_base)
            frame.time_base = time_base
            container.mux(stream.encode(frame.reformat(format=pixel_format)))
        container.mux(stream.encode())
    return path


def write_numbered(path: Path, count: int, *, size: tuple[int, int] = (96, 64), **how: object) -> Path:
    """A clip of `count` pictures that carry their numbers."""
    return write_clip(path, (numbered(index, size=size) for index in range(count)), **how)  # type: ignore[arg-type]


def write_half_red(path: Path, *, seconds: int = 4) -> Path:
    """A clip of 10 frames a second: green, and red in the second half."""
    colours = ((0, 255, 0) if index < 5 * seconds else (255, 0, 0) for index in range(10 * seconds))
    pictures = (np.full((48, 64, 3), colour, np.uint8) for colour in colours)
    return write_clip(path, pictures, options={"preset": "ultrafast", "crf": "5"})


def write_sound(path: Path, *, seconds: float = 0.5) -> Path:
    """A file with a sound track and nothing else."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        for start in range(0, int(16000 * seconds), 1024):
            samples = np.sin(np.arange(start, start + 1024) / 10).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.rate = 16000
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def cut(path: Path, *, keep: float, name: str | None = None) -> Path:
    """The first part of a file, as an interrupted copy leaves it. `keep` in (0, 1)."""
    data = path.read_bytes()
    shorter = path.with_name(name or f"cut-{path.name}")
    shorter.write_bytes(data[: int(len(data) * keep)])
    return shorter


def noise(index: int, *, size: tuple[int, int] = (96, 64)) -> NDArray[np.uint8]:
    """Seeded noise: pictures that take many bytes, so that a byte is a place in time."""
    return np.random.default_rng(index).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
