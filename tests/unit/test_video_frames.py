"""Single frames by time: always the one a player shows then."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clipvad.errors import VideoError
from clipvad.video import FrameSampler, probe, read_frame
from tests.clips import corner_marked, number_of, numbered, write_clip, write_numbered

VFR_MS = [0, 40, 80, 400, 410, 1000, 1700, 1710, 2500, 2533]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize(
    ("t_s", "shown"),
    [(-1, 0), (0, 0), (0.039, 0), (0.04, 1), (0.399, 2), (0.4, 3), (0.99, 4), (1, 5), (2.51, 8), (2.533, 9), (99, 9)],
)
def test_the_last_frame_begun_is_shown(tmp_path: Path, suffix: str, t_s: float, shown: int) -> None:
    path = write_numbered(tmp_path / f"vfr.{suffix}", 10, times=VFR_MS, options={"bf": "0"})
    assert number_of(read_frame(path, t_s)) == shown


@pytest.mark.parametrize(("suffix", "step"), [("mp4", 9), ("mkv", 9), ("ts", 40), ("avi", 40)])
def test_seeking_is_exact_with_b_frames(tmp_path: Path, suffix: str, step: int) -> None:
    from fractions import Fraction

    path = write_numbered(tmp_path / f"long.{suffix}", 250, options={"bf": "3", "g": "25"}, time_base=Fraction(1, 10))
    info = probe(path)
    wanted = list(range(0, 250, step))
    assert [number_of(read_frame(info, index / 10)) for index in wanted] == wanted


def test_seeking_is_exact_after_a_late_start(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "late.mkv", 60, times=[5000 + 100 * k for k in range(60)], options={"g": "10"})
    assert [number_of(read_frame(path, t)) for t in (0, 0.1, 3.3, 5.9)] == [0, 1, 33, 59]


def test_it_is_the_frame_that_was_sampled(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "clip.mp4", 40, rate=30)
    for batch in FrameSampler(path, fps=7):
        for t, rgb in zip(batch.pts_s, batch.pixels, strict=True):
            np.testing.assert_array_equal(read_frame(path, t), rgb)


def test_upright_and_no_larger_than_asked(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "turned.mp4", [corner_marked()] * 3, rotation=90)
    rgb = read_frame(path, 0.1, max_side=48)
    assert rgb.shape == (48, 32, 3)
    assert rgb[36, 8].tolist() == pytest.approx([255, 255, 255], abs=8)  # the marked corner, now bottom left


def test_frames_of_a_folder(tmp_path: Path) -> None:
    for place in range(5):
        Image.fromarray(numbered(place)).save(tmp_path / f"{place}.png")
    (tmp_path / "2.png").write_bytes(b"broken")
    assert [number_of(read_frame(tmp_path, t)) for t in (0, 0.15, 0.2, 0.3, 9)] == [0, 1, 1, 3, 4]


def test_a_clip_that_vanished_since_it_was_probed(tmp_path: Path) -> None:
    path = write_numbered(tmp_path / "clip.mp4", 3)
    info = probe(path)
    path.unlink()
    with pytest.raises(VideoError, match="There is no file"):
        read_frame(info, 0)
