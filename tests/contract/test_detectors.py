"""What every detector keeps to, through one suite over `DETECTORS`."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from clipvad.core import Detections, FrameBatch
from clipvad.detectors import DETECTORS, Detector, DetectorSession, load_detector
from clipvad.errors import DetectorError
from tests.detecting import empty_scene, film, part, random_yolo, walk

KINDS = [*DETECTORS, "yolo with its real weights"]
Load = Callable[..., Detector]


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_yolo(tmp_path_factory.mktemp("weights") / "yolo11n.pt")


@pytest.fixture(scope="module", params=KINDS)
def load(request: pytest.FixtureRequest, random_weights: Path) -> Load:
    """A loader with settings under which the detector finds something in the test's scenes."""
    small = {"imgsz": 192, "classes": "all"}
    if request.param == "motion":
        return lambda **options: load_detector("motion", **options)
    if request.param == "auto":
        return lambda **options: load_detector("auto", models_dir=random_weights.parent, **{**small, **options})
    weights = random_weights
    if request.param == "yolo with its real weights":
        weights = Path(os.environ.get("CLIPVAD_WEIGHTS", "")) / "yolo11n.pt"
        if not weights.is_file():
            pytest.skip("CLIPVAD_WEIGHTS names no folder with yolo11n.pt")
        small["confidence"] = 0.01
    return lambda **options: load_detector(f"yolo:{weights}", **{**small, **options})


@pytest.fixture(scope="module")
def detector(load: Load) -> Detector:
    return load()


@pytest.fixture(scope="module")
def scene() -> FrameBatch:
    return film([*[None] * 4, *walk(20)])


def run(session: DetectorSession, batch: FrameBatch, size: int, *, first: int = 0) -> Detections:
    """All detections of a clip, cut into batches of `size` frames."""
    tables = [session.detect(part(batch, at, at + size), first + at) for at in range(0, len(batch), size)]
    columns = ("frame", "xyxy", "confidence", "label", "track")
    joined = {name: np.concatenate([getattr(table, name) for table in tables]) for name in columns}
    return Detections(**joined, names=tables[0].names, detector_id=tables[0].detector_id)


def same(a: Detections, b: Detections, *, tolerance: float) -> None:
    np.testing.assert_array_equal(a.frame, b.frame)
    np.testing.assert_allclose(a.xyxy, b.xyxy, atol=tolerance)
    np.testing.assert_allclose(a.confidence, b.confidence, atol=tolerance)
    np.testing.assert_array_equal(a.label, b.label)
    np.testing.assert_array_equal(a.track, b.track)


def tolerance(detector: Detector) -> float:
    return 0.0 if detector.id.startswith("motion") else 0.05  # convolutions round differently by batch size


def test_table_is_sorted_clipped_and_named(detector: Detector, scene: FrameBatch) -> None:
    found = run(detector.open(scale=2.0), scene, 8, first=100)
    assert len(found) > 10, "the scene must give something to check"
    assert found.detector_id == detector.id
    assert found.names == detector.names
    assert set(found.frame) <= set(range(100, 124))
    for frame in np.unique(found.frame):
        rows = found.frame == frame
        assert rows.sum() <= 20
        assert np.all(np.diff(found.confidence[rows]) <= 0)
        tracks = found.track[rows][found.track[rows] >= 0]
        assert len(set(tracks)) == len(tracks), "two objects of a frame share an identity"
    assert found.xyxy.dtype == np.float32
    assert np.all(found.xyxy >= 0)
    assert np.all(found.xyxy <= (360, 240, 360, 240))
    assert np.all(found.xyxy[:, 2:] - found.xyxy[:, :2] >= 2)  # a batch pixel is two source pixels
    assert np.all((found.confidence >= 0) & (found.confidence <= 1))
    assert np.all((found.label >= 0) & (found.label < len(found.names)))


@pytest.mark.parametrize("size", [1, 3, 16])
def test_batching_changes_nothing(detector: Detector, scene: FrameBatch, size: int) -> None:
    whole = run(detector.open(), scene, len(scene))
    same(run(detector.open(), scene, size), whole, tolerance=tolerance(detector))


def test_scale_multiplies_boxes_only(detector: Detector, scene: FrameBatch) -> None:
    one, three = (run(detector.open(scale=scale), scene, 8) for scale in (1.0, 3.0))
    np.testing.assert_allclose(three.xyxy, one.xyxy * 3, rtol=1e-5)
    np.testing.assert_array_equal(three.track, one.track)


def test_clips_in_parallel_do_not_mix(detector: Detector, scene: FrameBatch) -> None:
    other = film(walk(24, start=60, step=-3), scene=empty_scene(96, 192, seed=5))
    alone = [run(detector.open(), clip, 4) for clip in (scene, other, scene)]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda clip: run(detector.open(), clip, 4), (scene, other, scene)))
    for a, b in zip(alone, together, strict=True):
        same(a, b, tolerance=tolerance(detector))


def test_frames_are_left_as_they_are(detector: Detector, scene: FrameBatch) -> None:
    before = scene.pixels.copy()
    run(detector.open(), scene, 8)
    np.testing.assert_array_equal(scene.pixels, before)


def test_no_frames_no_boxes(detector: Detector) -> None:
    empty = FrameBatch(np.zeros((0, 40, 60, 3), np.uint8), np.zeros(0))
    found = detector.open().detect(empty, 0)
    assert len(found) == 0
    assert found.names == detector.names


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 211), (480, 16)])
def test_odd_sizes(detector: Detector, size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (3, *size, 3), np.uint8)
    found = detector.open().detect(FrameBatch(pixels, np.arange(3) / 8), 0)
    assert np.all(found.xyxy <= (size[1], size[0], size[1], size[0]))


def test_id_names_every_setting(load: Load, detector: Detector) -> None:
    assert load().id == detector.id
    assert load(max_objects=3).id != detector.id


def test_max_objects_keeps_the_most_confident(load: Load, detector: Detector, scene: FrameBatch) -> None:
    if detector.id.startswith("motion"):
        pytest.skip("one object in the scene")
    all_of_them, best = run(detector.open(), scene, 8), run(load(max_objects=1).open(), scene, 8)
    assert np.bincount(best.frame).max() == 1
    for frame in np.unique(best.frame):
        expected = all_of_them.confidence[all_of_them.frame == frame][:1]
        np.testing.assert_allclose(best.confidence[best.frame == frame], expected, atol=1e-4)


def test_use_tells_what_runs(detector: Detector) -> None:
    assert detector.use.id == detector.id
    assert detector.use.label
    assert detector.use.limits
    assert detector.use.device == "cpu" or detector.use.device.startswith("cuda")


def test_unknown_option_names_the_allowed_ones(load: Load) -> None:
    with pytest.raises(DetectorError, match=r"no option 'colour'. Allowed: .*max_objects"):
        load(colour="red")


@pytest.mark.parametrize("value", [0, -3])
def test_option_out_of_range(load: Load, value: int) -> None:
    with pytest.raises(DetectorError, match="max_objects"):
        load(max_objects=value)


def test_nothing_is_printed_or_written(
    load: Load, scene: FrameBatch, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(load().open(), scene, 8)
    assert capfd.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []
