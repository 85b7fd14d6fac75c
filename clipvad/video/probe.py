"""What is a clip: its size, rate, codec, content hash, and whether it is one at all."""

from __future__ import annotations

import hashlib
import math
from itertools import islice
from pathlib import Path

from clipvad.core import VideoInfo
from clipvad.errors import SettingsError, VideoError
from clipvad.video.decode import ClipReader, TimedFrame
from clipvad.video.folder import FolderReader, list_pictures, picture_size
from clipvad.video.integrity import MATROSKA, MP4

FOLDER_CODEC = "pictures"
EIGHT_BIT_420 = ("yuv420p", "yuvj420p")
# What every current desktop browser plays: (container, codec) -> pixel formats, under a name it is served by.
BROWSER = {
    (MP4, "h264"): EIGHT_BIT_420,
    (MP4, "av1"): EIGHT_BIT_420,
    (MP4, "vp9"): EIGHT_BIT_420,
    (MATROSKA, "vp8"): EIGHT_BIT_420,
    (MATROSKA, "vp9"): EIGHT_BIT_420,
    (MATROSKA, "av1"): EIGHT_BIT_420,
}
BROWSER_SUFFIXES = {MP4: (".mp4", ".m4v", ".mov"), MATROSKA: (".webm",)}


def open_reader(source: VideoInfo | str | Path, *, folder_fps: float = 10.0) -> ClipReader | FolderReader:
    """The reader for a file or a folder; an already probed folder keeps the rate it was probed with."""
    if isinstance(source, VideoInfo):
        folder_fps = source.fps
    path = Path(source.path if isinstance(source, VideoInfo) else source)
    return FolderReader(path, fps=folder_fps) if path.is_dir() else ClipReader(path)


def probe(path: str | Path, *, hash_content: bool = True, folder_fps: float = 10.0) -> VideoInfo:
    """Look at a video file or a folder of pictures; decodes its first two frames only.

    `hash_content`: also read every byte for `sha256` (of a file's bytes; of a folder's names, bytes and
    rate). `folder_fps`: pictures a second of a folder, > 0. `width` and `height` are of the upright picture
    with square pixels. Raises `VideoError` if there are not at least two frames to analyse.
    """
    if not (math.isfinite(folder_fps) and folder_fps > 0):
        raise SettingsError(f"The rate of a folder of pictures must be above 0 frames a second, not {folder_fps}.")
    path = Path(path)
    if path.is_dir():
        return _probe_folder(path, fps=folder_fps, hash_content=hash_content)
    with ClipReader(path) as reader:
        frames = list(islice(reader.frames(), 2))
        _check_two_frames(reader, frames)
        return _clip_info(reader, frames, sha256=_hash_file(path) if hash_content else "")


def _clip_info(reader: ClipReader, frames: list[TimedFrame], *, sha256: str) -> VideoInfo:
    first = frames[0].frame
    rotation = round(first.rotation / 90) * 90 % 360
    width, height = _square_pixels(reader, first.width, first.height)
    if rotation % 180:
        width, height = height, width
    return VideoInfo(
        path=str(reader.path),
        name=reader.path.name,
        width=width,
        height=height,
        fps=reader.rate or 1 / (frames[1].pts_s - frames[0].pts_s),
        duration_s=reader.stated_duration_s,
        codec=reader.stream.codec_context.codec.canonical_name,
        pixel_format=first.format.name,
        rotation=rotation,
        browser_playable=_browser_plays(reader, frames[0]),
        sha256=sha256,
    )


def _check_two_frames(reader: ClipReader, frames: list[TimedFrame]) -> None:
    name = reader.path.name
    if not frames:
        raise VideoError(
            f"Nothing in {name!r} can be decoded: it is damaged, or cut off before its first picture is complete. "
            "Copy it again from its source, or export it as H.264 MP4."
        )
    if len(frames) == 1:
        raise VideoError(
            f"{name!r} has a single frame; a clip needs at least two. Give a video, or a folder with several pictures."
        )


def _probe_folder(path: Path, *, fps: float, hash_content: bool) -> VideoInfo:
    pictures = list_pictures(path)
    sizes = {picture: size for picture in pictures if (size := picture_size(picture))}
    if len(sizes) < 2:
        raise VideoError(
            f"The folder {path.name!r} has {'a single picture' if sizes else 'no picture that can be read'}; "
            "a clip needs at least two."
        )
    (first, (width, height)), *rest = sizes.items()
    for picture, size in rest:
        if size != (width, height):
            raise VideoError(
                f"The pictures in {path.name!r} differ in size: {first.name!r} is {width}x{height}, {picture.name!r} "
                f"is {size[0]}x{size[1]}. Put pictures of one camera and one size in a folder."
            )
    return VideoInfo(
        path=str(path),
        name=path.resolve().name,
        width=width,
        height=height,
        fps=fps,
        duration_s=len(pictures) / fps,
        codec=FOLDER_CODEC,
        pixel_format="rgb24",
        sha256=_hash_folder(pictures, fps) if hash_content else "",
    )


def _square_pixels(reader: ClipReader, width: int, height: int) -> tuple[int, int]:
    """The size a player shows: recorders often store half the columns and say so in the aspect ratio.

    A ratio within 5 % of 1 (81:80 after a crop) is not worth resampling; one beyond 5 is nonsense.
    """
    ratio = reader.stream.sample_aspect_ratio or reader.stream.codec_context.sample_aspect_ratio
    if not ratio or 0.95 < ratio < 1.05 or not 0.2 <= ratio <= 5:
        return width, height
    return (round(width * ratio), height) if ratio > 1 else (width, round(height / ratio))


def _browser_plays(reader: ClipReader, first: TimedFrame) -> bool:
    container = reader.container.format.name
    if reader.ends_midway or reader.path.suffix.lower() not in BROWSER_SUFFIXES.get(container, ()):
        return False
    # A player's clock starts with the container, ours with the first picture: if these differ, boxes would lag.
    start_s = (reader.container.start_time or 0) / 1e6
    if first.frame.pts is not None and abs(float(first.frame.pts * first.frame.time_base) - start_s) > 0.02:
        return False
    codec = reader.stream.codec_context.codec.canonical_name
    return first.frame.format.name in BROWSER.get((container, codec), ())


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    _feed(digest, path)
    return digest.hexdigest()


def _hash_folder(pictures: list[Path], fps: float) -> str:
    digest = hashlib.sha256(f"pictures at {fps!r}".encode())
    for picture in pictures:
        digest.update(f"\0{picture.name}\0{picture.stat().st_size}\0".encode("utf-8", "surrogateescape"))
        _feed(digest, picture)
    return digest.hexdigest()


def _feed(digest: hashlib._Hash, path: Path) -> None:
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
