"""A real Chromium for the page's tests, and a small synthetic clip with its analysis, both made here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from clipvad.core import (
    Analysis,
    Detections,
    Embeddings,
    Event,
    Features,
    ModelUse,
    Rule,
    RuleSet,
    Scores,
    ScoreSettings,
    VideoInfo,
)
from tests.ui.driving import opened
from tests.ui.serving import served

CHROMIUM_ARGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDTH, HEIGHT, FPS, SECONDS, RATE = 320, 240, 25, 10, 5
HOSTILE = '<img src=x onerror="window.hacked=1">'


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium of this machine; skips where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as started:
        instance = started.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGS))
        yield instance
        instance.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page that is served for one file of tests."""
    with served(tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture
def page(browser: Any, server: str) -> Iterator[Any]:
    """A new visitor's page that shows the example."""
    yield from opened(browser, server)


def square_at(t_s: float) -> tuple[float, float, float, float]:
    """Where the white square of the synthetic clip is: x1 y1 x2 y2 in pixels."""
    x = 10 + 24 * t_s
    return (x, 90, x + 40, 140)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of a white square crossing a dark picture, H.264, 25 frames a second."""
    path = tmp_path_factory.mktemp("clip") / "square.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "g": "25"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        for index in range(FPS * SECONDS):
            picture = np.full((HEIGHT, WIDTH, 3), 30, np.uint8)
            x1, y1, x2, y2 = (round(v) for v in square_at(index / FPS))
            picture[y1:y2, x1:x2] = 255
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = index
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def analysis(clip: Path) -> Analysis:
    """Object and frame curves for that clip: two events in object mode (4 to 6 s, 8 to 9 s), one in frame mode."""
    return make_analysis(clip)


def make_analysis(clip: Path, *, frames: int = SECONDS * RATE, rate: float = RATE) -> Analysis:
    """An analysis by hand: nothing is decoded or encoded, every number is chosen here."""
    pts = np.arange(frames) / rate
    rules = RuleSet(
        name="test",
        normal=(Rule(text="a person walking"), Rule(text=HOSTILE)),
        abnormal=(Rule(text="riding a bicycle", category="vehicle"), Rule(text="a zorbing ball")),
    )
    features = Features(
        video=VideoInfo(
            path=str(clip), name=clip.name, width=WIDTH, height=HEIGHT, fps=FPS,
            duration_s=frames / rate, codec="h264", sha256="0" * 64,
        ),
        pts_s=pts,
        encoder_id="test",
        frames=Embeddings(np.zeros((frames, 4), np.float32), "test"),
        detections=_detections(pts),
        objects=Embeddings(np.zeros((2 * frames, 4), np.float32), "test"),
    )  # fmt: skip
    high = ((pts >= 4) & (pts < 6)) | ((pts >= 8) & (pts < 9))
    object_score = np.where(high, 0.9, 0.1).astype(np.float32)
    frame_score = np.where((pts >= 4) & (pts < 6), 0.7, 0.2).astype(np.float32)
    return Analysis(
        features=features,
        rules=rules,
        settings=ScoreSettings(),
        encoder=ModelUse(id="test", label="test encoder", limits="knows nothing"),
        detector=ModelUse(id="boxes", label="test boxes"),
        scores={
            "frame": _scores("frame", pts, frame_score),
            "object": _scores("object", pts, object_score),
        },
        events=(
            Event(mode="frame", start_s=4, end_s=6, peak_s=4, peak=0.7, sentence="riding a bicycle"),
            Event(mode="object", start_s=4, end_s=6, peak_s=5, peak=0.9, sentence="riding a bicycle",
                  category="vehicle", box=square_at(5)),
            Event(mode="object", start_s=8, end_s=9, peak_s=8, peak=0.9, sentence="a zorbing ball"),
        ),
        unknown_words={"a zorbing ball": ("zorbing",)},
    )  # fmt: skip


def _detections(pts: NDArray[np.float64]) -> Detections:
    """Per frame the moving square (row 2i, a bicycle) and something that stands still (row 2i + 1)."""
    boxes = [box for t in pts for box in (square_at(t), (250.0, 20.0, 290.0, 80.0))]
    count = len(pts)
    return Detections(
        frame=np.repeat(np.arange(count), 2).astype(np.int32),
        xyxy=np.array(boxes, np.float32),
        confidence=np.tile([0.8, 0.6], count).astype(np.float32),
        label=np.tile([1, 0], count).astype(np.int16),
        track=np.tile([7, -1], count).astype(np.int32),
        names=("person", "bicycle"),
        detector_id="boxes",
    )


def _scores(mode: str, pts: NDArray[np.float64], score: NDArray[np.float32]) -> Scores:
    """Sentence 2 takes 5/6 of the abnormal share, sentence 3 the rest; the winner is the square."""
    count = len(pts)
    probabilities = np.stack([(1 - score) * 0.75, (1 - score) * 0.25, score * 5 / 6, score / 6], axis=1)
    object_score = np.stack([score, np.full(count, 0.05)], axis=1).reshape(-1)
    return Scores(
        mode=mode,  # type: ignore[arg-type]
        pts_s=pts,
        score=score,
        smooth=score,
        probabilities=probabilities.astype(np.float32),
        cosines=(probabilities * 0.3).astype(np.float32),
        winner=(np.arange(count) * 2 if mode == "object" else np.full(count, -1)).astype(np.int32),
        object_score=object_score.astype(np.float32) if mode == "object" else None,
        object_top=np.tile([2, 0], count).astype(np.int16) if mode == "object" else None,
    )
