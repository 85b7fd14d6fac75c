"""What `probe` says of clips of every kind that we can make."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from clipvad.errors import SettingsError, VideoError
from clipvad.video import probe
from tests.clips import corner_marked, numbered, write_clip, write_numbered, write_sound

TENTHS = Fraction(1, 10)
KINDS = [  # codec, suffix, pixel format, encoder options, codec as probe names it, plays in a browser
    ("libx264", "mp4", "yuv420p", {}, "h264", True),
    ("libx264", "mov", "yuv420p", {}, "h264", True),
    ("libx264", "mkv", "yuv420p", {}, "h264", False),
    ("libx264", "avi", "yuv420p", {"bf": "2"}, "h264", False),
    ("libx264", "ts", "yuv420p", {"bf": "2"}, "h264", False),
    ("libx264", "mp4", "yuv420p10le", {}, "h264", False),
    ("libx264", "mp4", "yuv422p", {}, "h264", False),
    ("libx265", "mp4", "yuv420p", {"x265-params": "log-level=none"}, "hevc", False),
    ("libx265", "mp4", "yuv420p10le", {"x265-params": "log-level=none"}, "hevc", False),
    ("libvpx", "webm", "yuv420p", {}, "vp8", True),
    ("libvpx-vp9", "webm", "yuv420p", {}, "vp9", True),
    ("libsvtav1", "mp4", "yuv420p", {}, "av1", True),
    ("libsvtav1", "mkv", "yuv420p10le", {}, "av1", False),
    ("mpeg4", "avi", "yuv420p", {"bf": "2"}, "mpeg4", False),
    ("mpeg4", "mp4", "yuv420p", {}, "mpeg4", False),
    ("mpeg2video", "mpg", "yuv420p", {}, "mpeg2video", False),
    ("mjpeg", "avi", "yuvj420p", {}, "mjpeg", False),
    ("mjpeg", "mkv", "yuvj422p", {}, "mjpeg", False),
    ("gif", "gif", "rgb8", {}, "gif", False),
    ("ffv1", "mkv", "bgr0", {}, "ffv1", False),
]


def clock_of(codec: str, suffix: str) -> dict[str, Fraction]:
    """Some encoders refuse a clock of milliseconds, and AVI can only count frames."""
    return {"time_base": TENTHS} if codec in ("mpeg4", "mpeg2video", "mjpeg") or suffix == "avi" else {}


IDS = [f"{codec}-{pixels}.{suffix}" for codec, suffix, pixels, *_ in KINDS]


@pytest.fixture(params=KINDS, ids=IDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str, bool]:
    codec, suffix, pixels, options, name, plays = request.param
    path = write_numbered(
        tmp_path / f"clip.{suffix}",
        12,
        codec=codec,
        pixel_format=pixels,
        options=options,
        size=(98, 66),
        **clock_of(codec, suffix),
    )
    return path, name, plays


def test_every_codec_and_container(kind: tuple[Path, str, bool]) -> None:
    path, codec, plays = kind
    info = probe(path)
    assert (info.width, info.height, info.codec) == (98, 66, codec)
    assert info.fps == pytest.approx(10)
    assert info.browser_playable == plays
    assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert info.warnings == ()
    if path.suffix != ".mpg":  # MPEG-PS states no duration
        assert info.duration_s == pytest.approx(1.2, abs=0.11)


@pytest.mark.parametrize("size", [(97, 65), (2, 64), (641, 3)])
def test_odd_sizes_are_kept(tmp_path: Path, size: tuple[int, int]) -> None:
    info = probe(write_numbered(tmp_path / "odd.mkv", 3, size=size, codec="ffv1", pixel_format="bgr0"))
    assert (info.width, info.height) == size


@pytest.mark.parametrize(("degrees", "upright"), [(0, (96, 64)), (90, (64, 96)), (180, (96, 64)), (-90, (64, 96))])
def test_size_is_of_the_upright_picture(tmp_path: Path, degrees: int, upright: tuple[int, int]) -> None:
    info = probe(write_clip(tmp_path / "turned.mp4", [corner_marked()] * 3, rotation=degrees))
    assert (info.width, info.height) == upright
    assert info.rotation == degrees % 360
    assert info.browser_playable


@pytest.mark.parametrize(
    ("aspect", "shown"), [(Fraction(2), (192, 64)), (Fraction(1, 2), (96, 128)), (Fraction(81, 80), (96, 64))]
)
def test_oblong_pixels_are_made_square(tmp_path: Path, aspect: Fraction, shown: tuple[int, int]) -> None:
    info = probe(write_clip(tmp_path / "dvr.mp4", [corner_marked()] * 3, aspect=aspect))
    assert (info.width, info.height) == shown


def test_a_late_picture_is_not_left_to_the_browser(tmp_path: Path) -> None:
    """Sound from 0, picture from 0.5 s: a player's clock is then half a second ahead of ours."""
    import av
    import numpy as np

    path = tmp_path / "late.mp4"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=16000, layout="mono")
        picture = container.add_stream("libx264", rate=10)
        picture.width, picture.height, picture.pix_fmt = 96, 64, "yuv420p"
        for start in range(0, 16000, 1024):
            samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            samples.rate, samples.pts = 16000, start
            container.mux(sound.encode(samples))
        for index in range(5):
            frame = av.VideoFrame.from_ndarray(numbered(index), format="rgb24")
            frame.pts = 5 + index
            container.mux(picture.encode(frame))
        container.mux(sound.encode())
        container.mux(picture.encode())
    assert not probe(path).browser_playable


def test_h264_under_a_foreign_name_is_not_left_to_the_browser(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "clip.mp4", 3)
    renamed = path.rename(tmp_path / "clip.dat")
    assert probe(renamed).codec == "h264"
    assert not probe(renamed).browser_playable


def test_hash_follows_content_not_name(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "a.mp4", 3)
    twin = tmp_path / "b.mp4"
    twin.write_bytes(path.read_bytes())
    assert probe(path).sha256 == probe(twin).sha256
    assert probe(path, hash_content=False).sha256 == ""


def save_pictures(folder: Path, names: list[str], *, size: tuple[int, int] = (96, 64)) -> Path:
    folder.mkdir(exist_ok=True)
    for index, name in enumerate(names):
        Image.fromarray(numbered(index, size=size)).save(folder / name)
    return folder


def test_folder_of_pictures(tmp_path: Path) -> None:
    folder = save_pictures(tmp_path / "frames", ["1.png", "2.jpg", "10.bmp", "11.tif", "12.webp"])
    (folder / "notes.txt").write_text("not a picture")
    (folder / "._1.png").write_bytes(b"what macOS leaves behind")
    info = probe(folder, folder_fps=25)
    assert (info.width, info.height, info.fps, info.duration_s) == (96, 64, 25, 0.2)
    assert info.name == "frames"
    assert not info.browser_playable


def test_folder_hash_covers_names_bytes_and_rate(tmp_path: Path) -> None:
    names = ["1.png", "2.png"]
    first = probe(save_pictures(tmp_path / "a", names)).sha256
    assert probe(save_pictures(tmp_path / "b", names)).sha256 == first
    assert probe(tmp_path / "b", folder_fps=5).sha256 != first
    (tmp_path / "b" / "2.png").rename(tmp_path / "b" / "3.png")
    assert probe(tmp_path / "b").sha256 != first


def test_pictures_of_two_sizes_are_refused_by_name(tmp_path: Path) -> None:
    save_pictures(tmp_path, ["1.png", "2.png"])
    Image.new("RGB", (50, 40)).save(tmp_path / "3.png")
    with pytest.raises(VideoError, match=r"'1.png' is 96x64, '3.png' is 50x40"):
        probe(tmp_path)


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf")])
def test_a_folder_needs_a_rate(tmp_path: Path, fps: float) -> None:
    with pytest.raises(SettingsError, match="above 0"):
        probe(save_pictures(tmp_path / "frames", ["1.png", "2.png"]), folder_fps=fps)


def test_cover_art_is_not_a_video(tmp_path: Path) -> None:
    """Music files carry a still picture as a video stream of its own."""
    import av

    sound = write_sound(tmp_path / "plain.m4a")
    cover = tmp_path / "cover.png"
    Image.fromarray(numbered(3)).save(cover)
    song = tmp_path / "song.m4a"
    with av.open(str(sound)) as source, av.open(str(cover)) as art, av.open(str(song), "w", format="mp4") as out:
        track = out.add_stream_from_template(source.streams.audio[0])
        picture = out.add_stream_from_template(art.streams.video[0])
        picture.disposition = av.stream.Disposition.attached_pic
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)
        packet = next(art.demux(video=0))
        packet.stream = picture
        out.mux(packet)
    with pytest.raises(VideoError, match="sound but no picture"):
        probe(song)
