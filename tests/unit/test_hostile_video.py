"""What is no video, or no longer a whole one: one clear line, or as much of it as there is; never anything else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from clipvad.errors import VideoError
from clipvad.video import FrameSampler, browser_preview, probe, read_frame
from tests.clips import MILLISECONDS, cut, noise, number_of, numbered, write_clip, write_numbered, write_sound
from tests.unit.test_video_probe import TENTHS

FRONT_INDEX = {"movflags": "faststart"}
PIECES = {"movflags": "frag_keyframe+empty_moov"}


def sampled(path: Path) -> FrameSampler:
    sampler = FrameSampler(path, fps=1000)
    for _ in sampler:
        pass
    return sampler


def no_file(folder: Path) -> Path:
    return folder / "gone.mp4"


def zero_bytes(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def renamed_text(folder: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("Shift report. Nothing to report.\n" * 50)
    return path


def plain_text(folder: Path) -> Path:
    """FFmpeg would show it as a film of a terminal."""
    path = folder / "notes.txt"
    path.write_text("Shift report. Nothing to report.\n" * 50)
    return path


def random_bytes(folder: Path) -> Path:
    path = folder / "random.mp4"
    path.write_bytes(np.random.default_rng(0).bytes(20_000))
    return path


def playlist(folder: Path) -> Path:
    """Names another file, as a playlist uploaded to a server could name a stranger's clip."""
    write_numbered(folder / "secret.ts", 5)
    path = folder / "clip.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:0.5,\nsecret.ts\n#EXT-X-ENDLIST\n")
    return path


def concat_list(folder: Path) -> Path:
    write_numbered(folder / "secret.mp4", 5)
    path = folder / "list.mp4"
    path.write_text("ffconcat version 1.0\nfile secret.mp4\n")
    return path


def sound_alone(folder: Path) -> Path:
    return write_sound(folder / "voice.m4a")


def one_frame(folder: Path) -> Path:
    return write_numbered(folder / "still.mp4", 1)


def one_picture(folder: Path) -> Path:
    Image.fromarray(numbered(1)).save(folder / "photo.jpg")
    return folder / "photo.jpg"


def folder_of_one(folder: Path) -> Path:
    (folder / "frames").mkdir()
    Image.fromarray(numbered(1)).save(folder / "frames" / "1.png")
    return folder / "frames"


def folder_of_none(folder: Path) -> Path:
    (folder / "frames").mkdir()
    (folder / "frames" / "readme.txt").touch()
    return folder / "frames"


def folder_of_broken(folder: Path) -> Path:
    (folder / "frames").mkdir()
    for name in ("1.png", "2.png"):
        (folder / "frames" / name).write_bytes(b"not a picture")
    return folder / "frames"


def no_index(folder: Path) -> Path:
    return cut(write_clip(folder / "camera.mp4", [noise(index) for index in range(20)]), keep=0.6)


def first_picture_cut(folder: Path) -> Path:
    clip = write_clip(folder / "a.mkv", [noise(index) for index in range(20)], codec="ffv1", pixel_format="bgr0")
    return cut(clip, keep=0.03)


def pipe(folder: Path) -> Path:
    path = folder / "pipe.mp4"
    os.mkfifo(path)
    return path


def huge_claim(folder: Path) -> Path:
    """A picture of 20,000 x 20,000 pixels in a few hundred kilobytes."""
    path = folder / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    return path


NO_VIDEO: dict[Callable[[Path], Path], str] = {
    no_file: "There is no file or folder .* Check the path",
    zero_bytes: "is empty .0 bytes.",
    renamed_text: "is not a video that can be read. Give a video file",
    plain_text: "is not a video",
    random_bytes: "is not a video",
    playlist: "is not a video",
    concat_list: "is not a video",
    sound_alone: "holds sound but no picture. Give a clip with a video track",
    one_frame: "has a single frame; a clip needs at least two",
    one_picture: "has a single frame; a clip needs at least two",
    folder_of_one: "has a single picture; a clip needs at least two",
    folder_of_none: "holds no pictures",
    folder_of_broken: "has no picture that can be read",
    no_index: "is an MP4 without an index",
    first_picture_cut: "'cut-a.mkv'",
    pipe: "is neither a file nor a folder",
    huge_claim: "cannot be decoded",
}


@pytest.mark.parametrize("make", NO_VIDEO, ids=lambda make: make.__name__)
def test_what_is_no_video_gets_one_clear_line(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path)
    for use in (probe, FrameSampler, lambda clip: read_frame(clip, 0.0)):
        with pytest.raises(VideoError, match=NO_VIDEO[make]) as caught:
            use(path)
        assert "\n" not in str(caught.value)
        assert "Errno" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "clip.mp4", 3)
    path.chmod(0)
    with pytest.raises(VideoError, match="Check its permissions"):
        probe(path)


CUT = [  # codec, suffix, container options: all of them can be read up to where they end
    ("libx264", "mp4", FRONT_INDEX),
    ("libx264", "mp4", PIECES),
    ("libx264", "mkv", {}),
    ("libx264", "ts", {}),
    ("libx264", "flv", {}),
    ("libx265", "mkv", {}),
    ("libvpx-vp9", "webm", {}),
    ("libsvtav1", "mkv", {}),
    ("mpeg4", "avi", {}),
    ("mjpeg", "avi", {}),
    ("gif", "gif", {}),
]


def noisy_clip(folder: Path, codec: str, suffix: str, container: dict[str, str]) -> Path:
    """Six seconds at 10 frames a second, about as many bytes in each."""
    return write_clip(
        folder / f"clip.{suffix}",
        [noise(index) for index in range(60)],
        codec=codec,
        pixel_format={"gif": "rgb8", "mjpeg": "yuvj420p"}.get(codec, "yuv420p"),
        time_base=TENTHS if suffix == "avi" else MILLISECONDS,
        options={"x265-params": "log-level=none"} if codec == "libx265" else {"g": "10"},
        container_options=container,
    )


@pytest.mark.parametrize(("codec", "suffix", "container"), CUT, ids=[f"{c}.{s}{len(o)}" for c, s, o in CUT])
def test_a_clip_cut_in_the_middle_is_read_as_far_as_it_goes(
    tmp_path: Path, codec: str, suffix: str, container: dict[str, str]
) -> None:
    whole = noisy_clip(tmp_path, codec, suffix, container)
    assert sampled(whole).warnings == ()
    half = cut(whole, keep=0.5)
    sampler = sampled(half)
    assert 15 <= sampler.decoded <= 45
    (warning,) = sampler.warnings
    assert warning.startswith("The clip is damaged or cut off after 00:0")
    assert warning.endswith("Analysed as far as it goes.")
    assert sampler.info.warnings == sampler.warnings
    assert sampler.info.duration_s == pytest.approx(sampler.last_pts_s, abs=0.5)
    assert not probe(half).browser_playable or suffix == "webm"


@pytest.mark.parametrize("options", [FRONT_INDEX, {}], ids=["index first", "index last"])
def test_a_hole_in_the_middle_does_not_end_the_clip(tmp_path: Path, options: dict[str, str]) -> None:
    path = noisy_clip(tmp_path, "libx264", "mp4", options)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    hole = len(data) // 12
    data[middle : middle + hole] = bytes(hole)
    path.write_bytes(data)
    sampler = sampled(path)
    assert sampler.decoded >= 45
    assert sampler.last_pts_s == pytest.approx(5.9)
    assert sampler.warnings == (
        "The clip is damaged in 1 place, the first near 00:03. What could be decoded was analysed.",
    )


def test_a_broken_picture_leaves_its_moment_empty(tmp_path: Path) -> None:
    for place in range(5):
        Image.fromarray(numbered(place)).save(tmp_path / f"{place}.png")
    whole = (tmp_path / "2.png").read_bytes()
    (tmp_path / "2.png").write_bytes(whole[: len(whole) // 2])
    sampler = FrameSampler(tmp_path, fps=100)
    seen = [(t, number_of(rgb)) for batch in sampler for t, rgb in zip(batch.pts_s, batch.pixels, strict=True)]
    assert seen == [(0.0, 0), (0.1, 1), (0.3, 3), (0.4, 4)]
    assert sampler.warnings == ("1 picture could not be read and was left out, the first '2.png'.",)


@pytest.mark.parametrize(
    "name", ["two words.mp4", "Überwachung – 入口 №2.mp4", "clip%03d.mp4", "concat:a|b.mp4", "-i.mp4", "a'b\"c.mp4"]
)
def test_odd_names_are_only_names(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "cámara 1"
    folder.mkdir()
    path = write_numbered(tmp_path / "plain.mp4", 4).rename(folder / name)
    info = probe(path)
    assert info.name == name
    assert sampled(path).decoded == 4
    assert number_of(read_frame(path, 0.2)) == 2
    assert probe(browser_preview(info, folder / f"preview of {name}")).browser_playable


def test_8k(tmp_path: Path) -> None:
    still = np.zeros((4320, 7680, 3), np.uint8)
    options = {"preset": "ultrafast"}
    with pytest.raises(VideoError, match="single frame"):
        probe(write_clip(tmp_path / "one.mp4", [still], options=options))
    info = probe(write_clip(tmp_path / "two.mp4", [still, still + np.uint8(200)], options=options))
    assert (info.width, info.height) == (7680, 4320)
    assert read_frame(info, 0.1, max_side=640).mean() == pytest.approx(200, abs=3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_damage_ends_in_anything_but_frames_or_one_line(tmp_path: Path, data: st.DataObject) -> None:
    """Bytes overwritten and the end cut off at random, in every container."""
    codec, suffix, container = data.draw(st.sampled_from(CUT[:4] + CUT[8:]))
    whole = tmp_path / f"whole-{codec}-{len(container)}.{suffix}"
    if not whole.exists():
        noisy_clip(tmp_path, codec, suffix, container).rename(whole)
    content = bytearray(whole.read_bytes()[: data.draw(st.integers(1, whole.stat().st_size), label="length")])
    for _ in range(data.draw(st.integers(0, 8), label="holes")):
        start = data.draw(st.integers(0, len(content) - 1))
        rubbish = data.draw(st.binary(min_size=1, max_size=40))
        content[start : start + len(rubbish)] = rubbish
    path = tmp_path / f"damaged.{suffix}"
    path.write_bytes(content)
    lines, times = "", [0.0]
    try:
        times = [t for batch in FrameSampler(path, fps=1000) for t in batch.pts_s]
    except VideoError as error:
        lines = str(error)
    assert "\n" not in lines
    assert times[0] == 0.0
    assert times == sorted(set(times))
