"""Figures hold what they must say, in every format, whatever the sentences and however long the clip."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clipvad import figures
from clipvad.core import Event
from clipvad.errors import SettingsError, VideoError
from clipvad.figures import clock, curve_figure, curve_png, key_times, paper_figure, plotly_curve, shorten
from tests.analyses import make_analysis
from tests.clips import write_numbered


def texts(figure: object) -> list[str]:
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]  # type: ignore[attr-defined]


def test_the_figure_says_what_it_shows() -> None:
    found = texts(curve_figure(make_analysis(), ground_truth=[(0.5, 1.5)]))
    for expected in (
        "gate.mp4 · colours + boxes",
        "anomaly score\n(uncalibrated)",
        "time (s)",
        "threshold 0.60",
        "frame mode",
        "object mode",
        "frame events",
        "object events",
        "ground truth",
        "a bicycle, ridden",
        "=1+1",
    ):
        assert expected in found, expected


def test_one_mode_draws_nothing_of_the_other_and_no_truth_no_lane() -> None:
    found = " ".join(texts(curve_figure(make_analysis(modes=["frame"]))))
    assert "object" not in found
    assert "ground truth" not in found


def test_the_lines_are_the_scores() -> None:
    analysis = make_analysis(modes=["frame"])
    raw, smooth, threshold = curve_figure(analysis).axes[0].lines
    np.testing.assert_array_equal(raw.get_ydata(), analysis.scores["frame"].score)
    np.testing.assert_array_equal(smooth.get_ydata(), analysis.scores["frame"].smooth)
    np.testing.assert_array_equal(smooth.get_xdata(), analysis.features.pts_s)
    assert list(threshold.get_ydata()) == [0.6, 0.6]


def test_long_clips_count_in_minutes() -> None:
    figure = curve_figure(make_analysis(stretch=400.0))
    figure.draw_without_rendering()  # only then are tick labels made
    found = texts(figure)
    assert "time (m:ss)" in found
    assert "12:00" in found


def test_a_curve_png_is_178_mm_wide_at_200_dpi(tmp_path: Path) -> None:
    with Image.open(curve_png(make_analysis(), tmp_path / "curve.png")) as image:
        assert image.width == 1400


def test_sentences_with_mathematics_and_other_scripts_are_drawn_as_they_are(tmp_path: Path) -> None:
    sentence = "costs $5_{ and $6 100% \\frac 自転車 " + "x" * 300
    event = Event(mode="frame", start_s=0.0, end_s=2.0, peak_s=0.5, peak=1.0, sentence=sentence)
    analysis = replace(make_analysis(), events=(event,) * 12)
    assert curve_png(analysis, tmp_path / "curve.png").stat().st_size > 10_000


def test_labels_never_overlap() -> None:
    spans: dict[int, list[tuple[float, float]]] = {}
    events = [
        Event(mode="frame", start_s=t / 10, end_s=t / 10 + 0.1, peak_s=t / 10, peak=0.9 - t / 100, sentence="y" * n)
        for t, n in ((0, 40), (1, 10), (8, 60), (9, 5), (19, 30), (15, 80), (12, 3))
    ]
    placed = figures._place_labels(replace(make_analysis(), events=tuple(events)), 100)
    assert len(placed) == figures.MAX_LABELS  # the weakest one is left out
    for t, row, text, _ in placed:
        left = t / 2.0
        assert 0 <= left <= 1 - len(text) / 100 + 1e-9
        spans.setdefault(row, []).append((left, left + len(text) / 100))
    for row in spans.values():
        for (_, end), (start, _) in zip(sorted(row), sorted(row)[1:], strict=False):
            assert end <= start


@pytest.mark.parametrize(("suffix", "magic"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")])
def test_paper_figure_in_every_format_and_the_same_twice(tmp_path: Path, suffix: str, magic: bytes) -> None:
    clip = write_numbered(tmp_path / "clip.mp4", 20, size=(64, 48))
    analysis = make_analysis(path=clip)
    one = paper_figure(analysis, tmp_path / f"one{suffix}", ground_truth=[(0.5, 1.5)]).read_bytes()
    two = paper_figure(analysis, tmp_path / f"two{suffix}", ground_truth=[(0.5, 1.5)]).read_bytes()
    assert one.startswith(magic)
    assert one == two
    if suffix == ".pdf":
        assert b"/Type3" not in one.replace(b" ", b"")  # journals refuse bitmap-like fonts


def test_paper_figure_shows_the_frames_asked_for(tmp_path: Path) -> None:
    clip = write_numbered(tmp_path / "clip.mp4", 20, size=(64, 48))
    analysis = make_analysis(path=clip)
    path = paper_figure(analysis, tmp_path / "figure.svg", times=[1.1, 0.0], width="single")
    svg = path.read_text()
    assert svg.count("<image") == 2
    assert 'width="241.2pt"' in svg  # 85 mm


def test_paper_figure_refuses_other_formats_too_many_frames_and_a_lost_clip(tmp_path: Path) -> None:
    analysis = make_analysis(path=tmp_path / "gone.mp4")
    with pytest.raises(SettingsError, match=r"\.png, \.pdf, \.svg"):
        paper_figure(analysis, tmp_path / "figure.gif")
    with pytest.raises(SettingsError, match="1 to 6"):
        paper_figure(analysis, tmp_path / "figure.png", times=[0.1] * 7)
    with pytest.raises(VideoError):
        paper_figure(analysis, tmp_path / "figure.png")
    assert list(tmp_path.iterdir()) == []


def test_key_times_are_the_quietest_moment_and_the_peaks() -> None:
    assert key_times(make_analysis(), count=4) == [0.0, 1.04]
    assert key_times(make_analysis(), count=1) == [0.0]


def test_plotly_hover_names_the_sentence_and_spans_are_the_events() -> None:
    analysis = make_analysis()
    figure = plotly_curve(analysis, ground_truth=[(0.5, 1.5)])
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name["object"].text) == ["no object", "a bicycle, ridden", "a bicycle, ridden", "no object"]
    spans = {(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.type == "rect"}
    assert spans == {(0.5, 1.5), (0.5, 1.9)}


def test_figures_can_be_drawn_in_several_threads(tmp_path: Path) -> None:
    alone = curve_png(make_analysis(), tmp_path / "alone.png").read_bytes()
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda i: curve_png(make_analysis(), tmp_path / f"{i}.png"), range(8)))
    assert all(path.read_bytes() == alone for path in paths)


def test_clock_and_shorten() -> None:
    assert [clock(t) for t in (0, 59.6, 61, 3600, 36061)] == ["0:00", "1:00", "1:01", "1:00:00", "10:01:01"]
    assert shorten("a  b\nc", 5) == "a b c"
    assert shorten("abcdef", 4) == "abc…"
