"""Decode a video file into frames with true presentation times. Knows nothing of sampling, scaling or colour.

Times come from the container alone: the first frame is 0, and they strictly increase (see `Timeline`).
Damage is collected, not raised: a clip that is cut off is read as far as it goes and `ClipReader.warnings`
says so.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, NamedTuple

import av
from av.stream import Disposition

from clipvad.errors import VideoError
from clipvad.video.integrity import MATROSKA, MP4, ends_midway

# Only real media containers are opened: playlists (hls, concat, dash) name other files and addresses, so a
# playlist uploaded as a clip could read them; `tty` would render any text as a picture.
CONTAINERS = (
    "mov,matroska,webm,avi,gif,apng,mpegts,mpeg,mpegvideo,m4v,mjpeg,mpjpeg,h264,hevc,vvc,av1,obu,ivf,flv,live_flv,"
    "asf,mxf,ogg,dv,nut,rm,wtv,h263,h261,vc1,cavsvideo,dhav,y4m,yuv4mpegpipe,smjpeg,swf,nsv,"
    "png_pipe,jpeg_pipe,bmp_pipe,tiff_pipe,webp_pipe,gif_pipe,jpegxl_pipe,jpegxl_anim,"
    "mp3,aac,flac,wav,aiff,ac3,eac3,amr,au,caf,w64"
)
# Containers whose header states a duration that was written, not guessed from the bit rate.
STATES_DURATION = frozenset({MP4, MATROSKA, "avi", "flv"})
SEEKS_BY_TIME = frozenset({MP4, MATROSKA})  # have an index of times; others are read from the start
DECODING_TIMES_ONLY = "avi"  # counts chunks in decoding order; the presentation times FFmpeg guesses go back and forth
MAX_THREADS = 4  # each decoder thread holds pictures of its own: 8K on a 64-core machine would need gigabytes
MAX_PIXELS = 1 << 27  # four times 8K: a few bytes can claim a picture of gigabytes
SAME_PLACE_S = 0.5  # errors closer than this are one damaged place to a reader of the warning
MAX_READ_ERRORS = 8  # consecutive: then nothing more is to be had from the file


class TimedFrame(NamedTuple):
    """One decoded frame. `pts_s` seconds from the first frame; `duration_s` how long it is shown, in seconds."""

    pts_s: float
    duration_s: float
    frame: av.VideoFrame


class Timeline:
    """Makes raw timestamps start at 0 and strictly increase.

    A missing time becomes the end of the frame before. A frame that does not advance time is
    dropped: no player would show it. A jump back of more than `JUMP_S` is a new recording (a wrapped clock,
    clips glued together): what follows is put behind what came before.
    """

    JUMP_S = 1.0

    def __init__(self) -> None:
        self.last_s = -math.inf
        self.end_s = 0.0
        self._shift_s: float | None = None

    def restarted(self) -> Timeline:
        """A timeline with the same origin, for frames after a seek."""
        other = Timeline()
        other._shift_s = self._shift_s
        return other

    def raw(self, t_s: float) -> float:
        """The container's own time of `t_s`, in seconds."""
        return t_s - (self._shift_s or 0.0)

    def place(self, raw_s: float | None, duration_s: float) -> float | None:
        """Seconds from the first frame, or None if the frame is to be dropped. `duration_s` > 0: how long it lasts."""
        if self._shift_s is None and raw_s is not None:
            self._shift_s = self.end_s - raw_s
        time_s = self.end_s if raw_s is None or self._shift_s is None else raw_s + self._shift_s
        if time_s < self.last_s - self.JUMP_S and self._shift_s is not None:
            self._shift_s += self.end_s - time_s
            time_s = self.end_s
        time_s = round(time_s, 9)  # 1.5 - 1.4 is 0.1, not 0.10000000000000009
        if time_s <= self.last_s:
            return None
        self.last_s, self.end_s = time_s, round(time_s + duration_s, 9)
        return time_s


class ClipReader:
    """An open video file. Use as a context manager; iterate `frames()` once.

    `stream`: the video stream chosen. `rate`: average frames a second, 0 if unknown. `tick_s`: resolution of
    the timestamps, in seconds. `ends_midway`: the file is visibly cut off. Raises `VideoError` when the
    content is no video.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file = _open_file(self.path)
        try:
            self.container = _open_container(self.path, self._file)
            self.stream = _video_stream(self.path, self.container)
        except BaseException:
            self._file.close()
            raise
        self.stream.thread_type = "AUTO"
        self.stream.codec_context.thread_count = min(MAX_THREADS, os.cpu_count() or 1)
        self.stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        self.tick_s = float(self.stream.time_base or 0)
        self.rate = _rate(self.stream.average_rate) or _rate(self.stream.guessed_rate)
        self.errors = 0
        self._first_error_s = self._last_error_s = 0.0
        self._timeline = Timeline()
        self._stopped = False
        self.ends_midway = ends_midway(self._file, self.container.format.name)

    def __enter__(self) -> ClipReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.container.close()
        self._file.close()

    @property
    def stated_duration_s(self) -> float:
        """Seconds according to the container's header, 0 if it says nothing."""
        if self.stream.duration:
            return float(self.stream.duration * (self.stream.time_base or 0))
        # Matroska states a duration per track in a tag; the file's is that of the longest, perhaps the sound.
        if tag := re.fullmatch(r"(\d+):(\d+):(\d+\.?\d*)", self.stream.metadata.get("DURATION", "").rstrip("\0")):
            hours, minutes, seconds = tag.groups()
            return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        return float((self.container.duration or 0) / av.time_base)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is wrong with the clip, in sentences for the user; complete once `frames()` is exhausted."""
        stated = self.stated_duration_s if self.container.format.name in STATES_DURATION else 0.0
        end_s = self._timeline.end_s
        if stated - end_s > max(0.5, 3 / self.rate if self.rate else 0.0):
            return (
                f"The clip is damaged or cut off after {clock(end_s)}: the file announces {clock(stated)}. "
                "Analysed as far as it goes.",
            )
        at_end = self.errors and self._first_error_s >= end_s - SAME_PLACE_S
        if self._stopped or self.ends_midway or at_end:
            return (f"The clip is damaged or cut off after {clock(end_s)}. Analysed as far as it goes.",)
        if self.errors:
            places = "1 place" if self.errors == 1 else f"{self.errors} places"
            return (
                f"The clip is damaged in {places}, the first near {clock(self._first_error_s)}. "
                "What could be decoded was analysed.",
            )
        return ()

    def frames(self) -> Iterator[TimedFrame]:
        """Every frame in presentation order, times strictly increasing from 0."""
        dts_only = self.container.format.name == DECODING_TIMES_ONLY
        nominal_s = 1 / self.rate if self.rate else 0.04
        for frame in self._decoded():
            stamp = frame.dts if dts_only else frame.pts
            raw_s = None if stamp is None else float(stamp * frame.time_base)
            duration_s = float(frame.duration * frame.time_base) if frame.duration else nominal_s
            pts_s = self._timeline.place(raw_s, duration_s)
            if pts_s is not None:
                yield TimedFrame(pts_s, duration_s, frame)

    def frames_from(self, t_s: float) -> Iterator[TimedFrame]:
        """Frames from a key frame at or before `t_s` (from the first one where seeking is not exact)."""
        frames = self.frames()
        first = next(frames, None)
        if first is None:
            return
        if self.container.format.name not in SEEKS_BY_TIME:
            yield first
            yield from frames
            return
        back_s = 0.0
        while back_s < t_s:
            self._seek(t_s - back_s)
            frames = self.frames()
            found = next(frames, None)
            if found is not None and found.pts_s <= t_s:
                yield found
                yield from frames
                return
            back_s = 2 * back_s + 1  # landed too late (open groups of pictures): from further back
        self._seek(0.0)
        yield from self.frames()

    def _seek(self, t_s: float) -> None:
        self._timeline = self._timeline.restarted()
        self.container.seek(int(self._timeline.raw(t_s) / self.tick_s), stream=self.stream)

    def _decoded(self) -> Iterator[av.VideoFrame]:
        for packet in self._packets():
            if packet is not None and packet.is_corrupt:
                self._note_error()
            try:
                frames = self.stream.decode(packet)
            except av.FFmpegError:
                self._note_error()
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self._note_error()
                yield frame

    def _packets(self) -> Iterator[av.Packet | None]:
        failures = 0
        while failures < MAX_READ_ERRORS:
            try:
                for packet in self.container.demux(self.stream):
                    failures = 0
                    yield packet
                return
            except av.FFmpegError:  # a reader may go on behind a broken stretch
                failures += 1
                self._note_error()
        self._stopped = True
        yield None  # flush the frames the decoder still holds

    def _note_error(self) -> None:
        now_s = self._timeline.end_s
        if not self.errors:
            self._first_error_s = now_s
        if not self.errors or now_s - self._last_error_s > SAME_PLACE_S:
            self.errors += 1
        self._last_error_s = now_s


def clock(seconds: float) -> str:
    """`mm:ss`, or `h:mm:ss` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def _open_file(path: Path) -> BinaryIO:
    """An open binary file: given a name, FFmpeg would take `%03d` or `concat:` in it for an order."""
    try:
        if path.exists() and not path.is_file():
            raise VideoError(
                f"{path.name!r} is neither a file nor a folder. Give a video file or a folder of pictures."
            )
        file = path.open("rb")
    except PermissionError:
        raise VideoError(f"{path.name!r} may not be read. Check its permissions.") from None
    except (OSError, ValueError):
        raise VideoError(f"There is no file or folder {str(path)!r}. Check the path.") from None
    if os.fstat(file.fileno()).st_size == 0:
        file.close()
        raise VideoError(f"{path.name!r} is empty (0 bytes). Copy or record it again.")
    return file


def _open_container(path: Path, file: BinaryIO) -> av.container.InputContainer:
    try:
        return av.open(file, options={"format_whitelist": CONTAINERS}, metadata_errors="replace", buffer_size=1 << 18)
    except av.FFmpegError:
        file.seek(0)
        if file.read(12)[4:8] == b"ftyp":  # an MP4 whose index, written last, never came
            raise VideoError(
                f"{path.name!r} is an MP4 without an index: it was cut off while it was recorded or copied, and "
                "nothing in it can be decoded. Copy it again from its source."
            ) from None
        raise VideoError(
            f"{path.name!r} is not a video that can be read. Give a video file (MP4, MOV, MKV, WebM, AVI, TS, GIF) "
            "or a folder of pictures."
        ) from None


def _video_stream(path: Path, container: av.container.InputContainer) -> av.VideoStream:
    candidates = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]  # no cover art
    if not candidates:
        kind = "sound but no picture" if container.streams.audio else "no picture"
        raise VideoError(f"{path.name!r} holds {kind}. Give a clip with a video track.")
    best = container.streams.best("video")
    stream = best if best in candidates else candidates[0]
    if stream.codec_context is None or stream.codec_context.width == 0:
        raise VideoError(
            f"{path.name!r} has a video track that cannot be decoded: it is damaged, or its codec is unknown. "
            "Export the clip as H.264 MP4."
        )
    return stream


def _rate(rate: Fraction | None) -> float:
    """Frames a second, 0 where the container states none or nonsense."""
    return float(rate) if rate and 0 < rate <= 1000 else 0.0
