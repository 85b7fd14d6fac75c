"""Sampling: which frames are taken, when they were shown, and how much memory that costs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from clipvad.errors import SettingsError
from clipvad.video import FrameSampler, probe
from clipvad.video.decode import ClipReader, Timeline
from tests.clips import corner_marked, number_of, numbered, write_clip, write_numbered
from tests.unit.test_video_probe import IDS, KINDS, TENTHS, clock_of

VFR_MS = [0, 40, 80, 400, 410, 1000, 1700, 1710, 2500, 2533]


def read(path: Path, **options: object) -> tuple[list[float], list[int], FrameSampler]:
    """Times and written numbers of all sampled frames."""
    sampler = FrameSampler(path, **options)  # type: ignore[arg-type]
    times: list[float] = []
    numbers: list[int] = []
    for batch in sampler:
        times += batch.pts_s.tolist()
        numbers += [number_of(rgb) for rgb in batch.pixels]
    return times, numbers, sampler


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_times_of_a_variable_rate_clip_are_exact(tmp_path: Path, suffix: str) -> None:
    path = write_numbered(tmp_path / f"vfr.{suffix}", 10, times=VFR_MS, options={"bf": "0"})
    times, numbers, sampler = read(path, fps=1000)
    assert times == pytest.approx([ms / 1000 for ms in VFR_MS], abs=1e-9)
    assert numbers == list(range(10))
    assert sampler.decoded == 10
    assert sampler.last_pts_s == pytest.approx(2.533)


@pytest.mark.parametrize(
    ("fps", "taken"),
    [
        (1, [0, 5, 8]),  # due 0, 1, 2
        (2, [0, 5, 6, 8]),  # due 0, 0.5, 1.5, 2: nothing was shown between 0.5 and 1, so the frame of 1 s serves both
        (4, [0, 3, 5, 6, 8]),
        (8, [0, 3, 5, 6, 8]),
        (100, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ],
)
def test_first_frame_at_or_after_each_due_time(tmp_path: Path, fps: float, taken: list[int]) -> None:
    path = write_numbered(tmp_path / "vfr.mkv", 10, times=VFR_MS)
    _, numbers, _ = read(path, fps=fps)
    assert numbers == taken


@pytest.mark.parametrize(("rate", "fps", "step"), [(30, 10, 3), (30, 15, 2), (24, 8, 3), (25, 5, 5), (60, 30, 2)])
def test_a_rate_that_divides_takes_every_nth_frame(tmp_path: Path, rate: int, fps: float, step: int) -> None:
    """Milliseconds cannot hold 1/3 s: 0.333 must still count as due at 0.3333."""
    path = write_numbered(tmp_path / "even.mkv", 2 * rate, rate=rate)
    _, numbers, _ = read(path, fps=fps)
    assert numbers == list(range(0, 2 * rate, step))


def test_never_more_frames_than_the_clip_has(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "slow.mp4", 6, rate=2)
    times, numbers, _ = read(path, fps=240)
    assert numbers == list(range(6))
    assert times == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]


def test_sampled_frames_are_frames_of_the_full_decode(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "clip.mp4", 40, rate=30)
    full_times, _, full = read(path, fps=1000)
    every = {t: rgb for batch in full for t, rgb in zip(batch.pts_s, batch.pixels, strict=True)}
    assert len(every) == len(full_times) == 40
    for batch in FrameSampler(path, fps=7):
        for t, rgb in zip(batch.pts_s, batch.pixels, strict=True):
            np.testing.assert_array_equal(rgb, every[t])


def test_two_runs_give_the_same_pixels(tmp_path: Path) -> None:
    sampler = FrameSampler(write_numbered(tmp_path / "clip.mp4", 30, options={"bf": "3"}))
    first, second = ([batch.pixels for batch in sampler] for _ in range(2))
    assert len(first) == len(second)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(("codec", "suffix", "pixels", "options", "_name", "_plays"), KINDS, ids=IDS)
def test_every_frame_of_every_codec(
    tmp_path: Path, codec: str, suffix: str, pixels: str, options: dict[str, str], _name: str, _plays: bool
) -> None:
    clock = clock_of(codec, suffix)
    path = write_numbered(tmp_path / f"c.{suffix}", 12, codec=codec, pixel_format=pixels, options=options, **clock)
    times, numbers, sampler = read(path, fps=1000)
    assert numbers == list(range(12))
    assert times == pytest.approx([index / 10 for index in range(12)], abs=1e-6)
    assert sampler.duration_s == pytest.approx(1.2, abs=1e-6)
    assert sampler.warnings == ()


def test_a_late_start_is_moved_to_zero(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "late.ts", 5, times=[7000, 7100, 7200, 7300, 7400])
    times, _, sampler = read(path, fps=100)
    assert times == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert sampler.duration_s == pytest.approx(0.5)


def test_raw_stream_without_timestamps_advances_by_its_rate(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "camera.h264", 12, time_base=TENTHS)
    times, numbers, _ = read(path, fps=100)
    assert numbers == list(range(12))
    assert times == pytest.approx([index / 10 for index in range(12)])


def placed(raws: Sequence[float | None], duration_s: float = 0.1) -> list[float | None]:
    timeline = Timeline()
    return [timeline.place(raw, duration_s) for raw in raws]


def test_timeline_by_hand() -> None:
    assert placed([5.0, 5.1, 5.25]) == [0.0, 0.1, 0.25]
    assert placed([5.0, None, None, 5.5]) == [0.0, 0.1, 0.2, 0.5]
    assert placed([None, None, 5.0, 5.5]) == [0.0, 0.1, 0.2, 0.7]
    assert placed([0.0, 0.1, 0.1, 0.2]) == [0.0, 0.1, None, 0.2]  # a duplicate is never shown
    assert placed([0.0, 0.5, 0.3, 0.6]) == [0.0, 0.5, None, 0.6]  # one late frame does not move the others
    assert placed([0.0, 9.0, 0.0, 0.5]) == [0.0, 9.0, 9.1, 9.6]  # a new recording goes on behind the old one


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=50), st.floats(0.001, 10))
def test_times_strictly_increase_whatever_comes(raws: list[float | None], duration_s: float) -> None:
    times = [t for t in placed(raws, duration_s) if t is not None]
    assert not raws or times[0] == 0.0
    assert all(a < b for a, b in pairwise(times))


@pytest.mark.parametrize(
    ("degrees", "white", "red"),
    [(0, (0, 0), (1, 0)), (90, (1, 0), (1, 1)), (180, (1, 1), (0, 1)), (-90, (0, 1), (0, 0))],
)
def test_rotation_turns_the_marked_corner(
    tmp_path: Path, degrees: int, white: tuple[int, int], red: tuple[int, int]
) -> None:
    path = write_clip(tmp_path / "turned.mp4", [corner_marked()] * 3, rotation=degrees)
    rgb = next(iter(FrameSampler(path))).pixels[0]
    height, width = rgb.shape[:2]

    def at(corner: tuple[int, int]) -> list[int]:
        return rgb[height * (1 + 2 * corner[0]) // 4, width * (1 + 2 * corner[1]) // 4].tolist()

    assert at(white) == pytest.approx([255, 255, 255], abs=8)
    assert at(red) == pytest.approx([255, 0, 0], abs=8)
    ok, reference = cv2.VideoCapture(str(path)).read()  # OpenCV turns pictures upright by itself
    assert ok
    assert reference.shape == rgb.shape
    assert np.abs(reference[..., ::-1].astype(int) - rgb).mean() < 3


def test_colours_come_through(tmp_path: Path) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (128, 128, 128)]
    pictures = [np.full((64, 96, 3), colour, np.uint8) for colour in colours]
    path = write_clip(tmp_path / "colours.mp4", pictures)
    seen = [rgb.mean(axis=(0, 1)) for batch in FrameSampler(path, fps=100) for rgb in batch.pixels]
    np.testing.assert_allclose(seen, colours, atol=4)


@pytest.mark.parametrize(("side", "shape"), [(None, (200, 320)), (320, (200, 320)), (160, (100, 160)), (33, (21, 33))])
def test_large_pictures_are_scaled_down(tmp_path: Path, side: int | None, shape: tuple[int, int]) -> None:
    path = write_numbered(tmp_path / "big.mp4", 4, size=(320, 200))
    batch = next(iter(FrameSampler(path, fps=100, max_side=side)))
    assert batch.pixels.shape[1:3] == shape
    assert [number_of(rgb) for rgb in batch.pixels] == [0, 1, 2, 3]


def test_oblong_pixels_come_out_square(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "dvr.mp4", [corner_marked()] * 3, aspect=Fraction(2))
    assert next(iter(FrameSampler(path, fps=100))).pixels.shape == (3, 64, 192, 3)


def test_batches_are_bounded_in_frames_and_bytes(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "clip.mp4", 10)
    assert [len(batch) for batch in FrameSampler(path, fps=100, batch=4)] == [4, 4, 2]
    huge = write_clip(tmp_path / "8k.mp4", [np.zeros((4320, 7680, 3), np.uint8)] * 3, options={"preset": "ultrafast"})
    full = FrameSampler(huge, fps=100, max_side=None)
    assert [batch.pixels.shape for batch in full] == [(1, 4320, 7680, 3)] * 3
    assert next(iter(FrameSampler(huge, fps=100))).pixels.shape == (3, 720, 1280, 3)


MEMORY = """
import resource, sys
from clipvad.video import FrameSampler
peaks = []
for path in sys.argv[1:]:
    frames = sum(len(batch) for batch in FrameSampler(path))
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(frames, *peaks)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak memory in Linux's unit")
def test_memory_does_not_grow_with_the_clip(tmp_path: Path) -> None:
    """Ten times the clip: its sampled frames, were they kept, would take 138 MB."""
    options = {"preset": "ultrafast"}
    short = write_numbered(tmp_path / "short.mp4", 300, size=(160, 120), options=options)
    long = write_numbered(tmp_path / "long.mp4", 3000, size=(160, 120), options=options)
    out = subprocess.run(
        [sys.executable, "-c", MEMORY, str(short), str(long)], capture_output=True, text=True, check=True
    )
    frames, small, large = map(int, out.stdout.split())
    assert frames == 2400
    assert large - small < 20_000  # KiB


def test_a_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    for place, name in enumerate(["frame1.png", "frame2.png", "frame10.png", "frame11.png"]):
        Image.fromarray(numbered(place)).save(tmp_path / name)
    times, numbers, sampler = read(tmp_path, fps=100)
    assert (times, numbers) == ([0.0, 0.1, 0.2, 0.3], [0, 1, 2, 3])
    assert sampler.duration_s == pytest.approx(0.4)


def test_a_probed_folder_keeps_its_rate(tmp_path: Path) -> None:
    for place in range(4):
        Image.fromarray(numbered(place)).save(tmp_path / f"{place}.png")
    sampler = FrameSampler(probe(tmp_path, folder_fps=2), fps=100)
    assert [t for batch in sampler for t in batch.pts_s] == [0.0, 0.5, 1.0, 1.5]


def test_pictures_of_every_mode_become_rgb(tmp_path: Path) -> None:
    """8-bit grey, 16-bit grey, palette, transparency, CMYK and a phone's sideways JPEG."""
    grey = Image.fromarray(np.full((64, 96), 200, np.uint8))
    grey.save(tmp_path / "1.png")
    Image.fromarray(np.full((64, 96), 200 << 8, np.uint16)).save(tmp_path / "2.png")
    grey.convert("P").save(tmp_path / "3.png")
    grey.convert("RGBA").save(tmp_path / "4.png")
    grey.convert("RGB").convert("CMYK").save(tmp_path / "5.jpg", quality=95)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.full((96, 64), 200, np.uint8)).save(tmp_path / "6.jpg", exif=exif, quality=95)
    batches = list(FrameSampler(tmp_path, fps=100))
    pixels = np.concatenate([batch.pixels for batch in batches])
    assert pixels.shape == (6, 64, 96, 3)
    np.testing.assert_allclose(pixels, 200, atol=2)


@pytest.mark.parametrize("options", [{"fps": 0}, {"fps": float("nan")}, {"batch": 0}, {"max_side": 0}])
def test_options_out_of_range_are_refused(tmp_path: Path, options: dict[str, float]) -> None:
    path = write_numbered(tmp_path / "clip.mp4", 3)
    with pytest.raises(SettingsError):
        FrameSampler(path, **options)  # type: ignore[arg-type]


def test_stopping_early_closes_the_file(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "clip.mp4", 30)
    with ClipReader(path) as reader:
        next(reader.frames())
    assert reader._file.closed
    batches = iter(FrameSampler(path, batch=1))
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    path.unlink()  # a file still open could not be removed on Windows; here, it must at least not hang
