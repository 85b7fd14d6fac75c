"""What is written: previews a browser plays at the same times, and annotated videos with marks where they belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from clipvad.core import Analysis, Zone
from clipvad.errors import SettingsError, VideoError
from clipvad.video import browser_preview, probe, write_annotated
from clipvad.video.decode import ClipReader
from clipvad.video.drawing import ALERT, AMBER, CALM, PLACE, clock_tenths, shorten, text_width
from clipvad.video.writer import H264Writer
from tests.analyses import make_analysis
from tests.clips import corner_marked, number_of, numbered, write_clip, write_numbered

VFR_MS = [0, 40, 80, 400, 410, 1000, 1700, 1710, 2500, 2533]
GREY_MS = [0, 100, 350, 520, 1000, 1040, 1100, 1500, 1900]


def decoded(path: Path) -> list[tuple[float, NDArray[np.uint8]]]:
    """Time and RGB of every frame, by PyAV alone."""
    with av.open(str(path)) as container:
        return [(float(frame.time), frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def near(rgb: NDArray[np.uint8], colour: tuple[int, int, int], *, within: int = 70) -> NDArray[np.bool_]:
    """Where a picture has a colour, as well as 4:2:0 keeps a thin line: bool [H, W]."""
    return np.abs(rgb.astype(int) - colour).sum(axis=-1) < within


# Previews


@pytest.mark.parametrize(
    ("codec", "suffix", "pixels"),
    [("libx265", "mkv", "yuv420p"), ("libx264", "mkv", "yuv422p10le"), ("ffv1", "mkv", "bgr0")],
)
def test_preview_keeps_every_frame_at_its_time(tmp_path: Path, codec: str, suffix: str, pixels: str) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = write_numbered(tmp_path / f"a.{suffix}", 10, times=VFR_MS, codec=codec, pixel_format=pixels, options=options)
    info = probe(path)
    assert not info.browser_playable
    out = browser_preview(info, tmp_path / "out" / "preview.mp4")
    frames = decoded(out)
    assert [t for t, _ in frames] == pytest.approx([ms / 1000 for ms in VFR_MS], abs=1e-5)
    assert [number_of(rgb) for _, rgb in frames] == list(range(10))
    shown = probe(out)
    assert shown.browser_playable
    assert (shown.codec, shown.pixel_format, shown.width, shown.height) == ("h264", "yuv420p", 96, 64)
    assert shown.duration_s >= 2.533  # a player stops where the file says it ends


def test_preview_index_comes_first(tmp_path: Path) -> None:
    out = browser_preview(probe(write_numbered(tmp_path / "a.mkv", 5)), tmp_path / "preview.mp4")
    data = out.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_preview_of_gif_and_folder(tmp_path: Path) -> None:
    gif = write_numbered(tmp_path / "a.gif", 5, codec="gif", pixel_format="rgb8")
    folder = tmp_path / "frames"
    folder.mkdir()
    for place in range(5):
        Image.fromarray(numbered(place)).save(folder / f"{place}.png")
    for source in (gif, folder):
        frames = decoded(browser_preview(probe(source), tmp_path / "preview.mp4"))
        assert [number_of(rgb) for _, rgb in frames] == list(range(5))
        assert [t for t, _ in frames] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4], abs=1e-5)


def test_preview_is_upright_small_and_even(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", [corner_marked(size=(202, 102))] * 3, rotation=90)
    (_, rgb), *_ = decoded(browser_preview(probe(path), tmp_path / "preview.mp4", max_side=101))
    assert rgb.shape == (100, 50, 3)
    assert near(rgb, (255, 255, 255))[75, 12]
    assert near(rgb, (255, 0, 0))[75, 37]


def test_preview_keeps_colours(tmp_path: Path) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (128, 128, 128)]
    path = write_clip(tmp_path / "a.mkv", [np.full((64, 96, 3), colour, np.uint8) for colour in colours])
    frames = decoded(browser_preview(probe(path), tmp_path / "preview.mp4"))
    np.testing.assert_allclose([rgb.mean(axis=(0, 1)) for _, rgb in frames], colours, atol=5)


def test_progress_rises_to_one_and_may_cancel(tmp_path: Path) -> None:
    info = probe(write_numbered(tmp_path / "a.mkv", 10))
    seen: list[float] = []
    browser_preview(info, tmp_path / "p.mp4", progress=seen.append)
    assert seen == sorted(seen)
    assert len(seen) == 10
    assert 0.8 <= seen[-1] <= 1.0

    def stop(fraction: float) -> None:
        if fraction > 0.3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        browser_preview(info, tmp_path / "q.mp4", progress=stop)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mkv", "p.mp4"]


def test_an_unwritable_place_is_one_line(tmp_path: Path) -> None:
    info = probe(write_numbered(tmp_path / "a.mkv", 3))
    (tmp_path / "file").touch()
    with pytest.raises(VideoError, match="cannot be written"):
        browser_preview(info, tmp_path / "file" / "preview.mp4")


def test_the_writer_refuses_a_frame_of_another_size(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="64 x 96"), H264Writer(tmp_path / "a.mp4", size=(96, 64), fps=10) as writer:
        writer.write(numbered(1, size=(64, 96)), 0.0)
    assert list(tmp_path.iterdir()) == []


# Annotated videos


@pytest.fixture
def annotate(tmp_path: Path) -> Callable[..., list[tuple[float, NDArray[np.uint8]]]]:
    grey = [np.full((48, 64, 3), 120, np.uint8)] * len(GREY_MS)
    clip = write_clip(tmp_path / "grey.mp4", grey, times=GREY_MS)

    def run(change: Callable[[Analysis], Analysis] = lambda a: a, **options: object) -> list[tuple[float, NDArray]]:
        return decoded(write_annotated(change(make_analysis(path=clip)), tmp_path / "annotated.mp4", **options))

    return run


SCALE = 4  # what a clip of 64 x 48 is enlarged by
ANNOTATE = Callable[..., list[tuple[float, NDArray[np.uint8]]]]


def edge(rgb: NDArray[np.uint8], box: tuple[float, ...], colour: tuple[int, int, int]) -> float:
    """Share of a source box's left and bottom edge that has a colour within 2 pixels."""
    x1, _, x2, y2 = (round(SCALE * side) for side in box)
    y1 = round(SCALE * box[1]) + 30  # below the label
    hit = near(rgb, colour, within=150)
    left = hit[y1 : y2 - 3, x1 - 2 : x1 + 3].any(axis=1)
    bottom = hit[y2 - 2 : y2 + 3, x1 + 3 : x2 - 3].any(axis=0)
    return float(np.concatenate([left, bottom]).mean())


FIRST, SECOND = (8, 16, 24, 40), (10, 20, 30.5, 40)  # the boxes of samples 1 (0.5 s) and 2 (1.04 s)


def test_annotated_keeps_the_clip_and_its_times(annotate: ANNOTATE, tmp_path: Path) -> None:
    frames = annotate()
    assert [t for t, _ in frames] == pytest.approx([ms / 1000 for ms in GREY_MS], abs=1e-5)
    height, width = frames[0][1].shape[:2]
    assert width == SCALE * 64
    assert height > SCALE * 48
    shown = probe(tmp_path / "annotated.mp4")
    assert shown.browser_playable
    middle = frames[0][1][60:150, 100:200]
    assert np.abs(middle.astype(int) - 120).max() < 12


def test_boxes_are_drawn_where_and_when_they_were_found(annotate: ANNOTATE) -> None:
    """Samples at 0, 0.5, 1.04 and 1.5 s; each holds until the next. Threshold 0.6: samples 1 and 2 are hot."""
    for t, rgb in annotate(mode="object"):
        expected = {"first": 0.52 <= t < 1.04, "second": 1.04 <= t < 1.5}
        assert (edge(rgb, FIRST, ALERT) > 0.9) == expected["first"], t
        assert (edge(rgb, SECOND, ALERT) > 0.9) == expected["second"], t


def test_below_the_threshold_boxes_are_calm(annotate: ANNOTATE) -> None:
    def strict(analysis: Analysis) -> Analysis:
        return replace(analysis, settings=replace(analysis.settings, threshold=0.95), events=())

    for t, rgb in annotate(strict, mode="object"):
        assert edge(rgb, FIRST, ALERT) < 0.1
        assert (edge(rgb, FIRST, CALM) > 0.9) == (0.52 <= t < 1.04), t


def test_zones_in_use_are_outlined_and_named_in_every_frame(annotate: ANNOTATE) -> None:
    corner = Zone(name="loading bay", points=((0.6, 0.5), (0.9, 0.5), (0.9, 0.8), (0.6, 0.8)))
    unused = replace(corner, name="unused", points=((0.1, 0.2), (0.5, 0.2), (0.5, 0.9), (0.1, 0.9)))

    def bound(analysis: Analysis) -> Analysis:
        rules = analysis.rules
        abnormal = (replace(rules.abnormal[0], zones=(corner.name,)), *rules.abnormal[1:])
        return replace(analysis, rules=replace(rules, zones=(corner, unused), abnormal=abnormal))

    size = np.array([SCALE * 64, SCALE * 48])
    (left, top), (right, bottom) = (np.round((size - 1) * share).astype(int) for share in ((0.6, 0.5), (0.9, 0.8)))
    for t, rgb in annotate(bound, mode="frame"):
        blue = near(rgb[: SCALE * 48], PLACE, within=150)
        assert blue[top + 5 : bottom - 5, left - 1 : left + 2].any(axis=1).mean() > 0.9, t
        assert blue[bottom - 1 : bottom + 2, left + 5 : right - 5].any(axis=0).mean() > 0.9, t
        assert blue[top - 18 : top - 2, left : right + 60].any(), "the name stands above the highest corner"
        assert not blue[:, : left - 20].any(), "no sentence is bound to the other zone"


def test_an_event_frames_the_picture_and_raises_the_alert(annotate: ANNOTATE) -> None:
    """The object event lasts from 0.5 to 1.9 s, the end excluded."""
    for t, rgb in annotate(mode="object"):
        going = 0.5 <= t < 1.9
        assert (near(rgb[:, :3], ALERT, within=150).any(axis=1)[10 : 48 * SCALE - 10].mean() > 0.9) == going, t
        plate = rgb[48 * SCALE + 8 : 48 * SCALE + 16, 8:60]
        assert (near(plate, ALERT, within=120).mean() > 0.3) == going, t


def test_the_playhead_moves_in_proportion_to_time(annotate: ANNOTATE) -> None:
    brightest = [(t, float(rgb[-40:-22].sum(axis=(0, 2)).argmax())) for t, rgb in annotate(mode="frame")]
    slope, _ = np.polyfit(*np.array(brightest).T, 1)
    assert slope == pytest.approx((SCALE * 64) / 2, rel=0.1)  # the whole width for the two seconds of the clip


def test_the_threshold_is_a_dashed_line(annotate: ANNOTATE) -> None:
    _, rgb = annotate(mode="frame")[-1]
    rows = near(rgb[48 * SCALE :], AMBER, within=220).mean(axis=1)
    assert 0.2 < rows.max() < 0.8


def test_mode_defaults_to_objects_and_an_unscored_one_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "grey.mp4", [np.full((48, 64, 3), 120, np.uint8)] * 3)
    frame_only = make_analysis(modes=("frame",), path=clip)
    assert write_annotated(frame_only, tmp_path / "a.mp4") == tmp_path / "a.mp4"
    with pytest.raises(SettingsError, match=r"'object' was not scored .* only: frame"):
        write_annotated(frame_only, tmp_path / "b.mp4", mode="object")


def test_annotating_a_clip_that_vanished(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="There is no file"):
        write_annotated(make_analysis(path=tmp_path / "gone.mp4"), tmp_path / "a.mp4")


@pytest.mark.parametrize(
    ("size", "drawn"),
    [
        ((320, 240), (640, 480)),
        ((240, 320), (480, 640)),
        ((1920, 1080), (1920, 1080)),
        ((3840, 2160), (1920, 1080)),
        ((64, 300), (128, 600)),
        ((1281, 33), (1280, 32)),
    ],
)
def test_small_pictures_are_enlarged_and_large_ones_reduced(
    tmp_path: Path, size: tuple[int, int], drawn: tuple[int, int]
) -> None:
    grey = np.full((size[1], size[0], 3), 120, np.uint8)
    clip = write_clip(tmp_path / "grey.mkv", [grey] * 2, codec="ffv1", pixel_format="bgr0")
    analysis = make_analysis(path=clip)
    info = replace(analysis.video, width=size[0], height=size[1])
    analysis = replace(analysis, features=replace(analysis.features, video=info))
    with ClipReader(write_annotated(analysis, tmp_path / "annotated.mp4", mode="object")) as reader:
        frame = next(reader.frames()).frame
    assert frame.width == drawn[0]
    assert drawn[1] + 50 < frame.height < drawn[1] + 250


def test_long_sentences_end_at_a_word() -> None:
    text = "a person riding a bicycle along the walkway"
    width = text_width("a person riding a bicycle alon…", size=13)
    assert shorten(text, width=width, size=13) == "a person riding a bicycle…"
    assert shorten(text, width=10_000, size=13) == text
    assert shorten(text, width=-5, size=13) == ""
    assert text_width(shorten("Ümläutwörter" * 9, width=100, size=13), size=13) <= 100


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "00:00.0"), (59.99, "00:59.9"), (60, "01:00.0"), (3723.45, "1:02:03.4")]
)
def test_clock(seconds: float, shown: str) -> None:
    assert clock_tenths(seconds) == shown
