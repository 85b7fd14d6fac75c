"""YOLO: options, weights, downloads and hostile files; a network with random weights stands in for the real one."""

from __future__ import annotations

import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from clipvad.core import FrameBatch
from clipvad.detectors import load_detector, weights
from clipvad.detectors.motion import MotionDetector
from clipvad.detectors.yolo import YoloDetector, input_size
from clipvad.errors import DetectorError
from tests.detecting import film, random_yolo, walk


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_yolo(tmp_path_factory.mktemp("weights") / "small.pt")


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights of the machine's user, no network, unless a test opens a server of its own."""
    home = tmp_path_factory.mktemp("home")
    for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "YOLO_CONFIG_DIR"):
        monkeypatch.setenv(variable, str(home))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("CLIPVAD_OFFLINE", "1")


@pytest.mark.parametrize(("tracker", "imgsz"), [("bytetrack", 320), ("botsort", 160), ("none", 320)])
def test_boxes_equal_ultralytics_own(checkpoint: Path, tracker: str, imgsz: int) -> None:
    from ultralytics import YOLO

    pixels = np.random.default_rng(0).integers(0, 255, (2, 12, 20, 3), np.uint8).repeat(16, axis=1).repeat(16, axis=2)
    detector = YoloDetector(checkpoint, device="cpu", imgsz=imgsz, tracker=tracker, confidence=0.3, iou=0.5)
    found = detector.open().detect(FrameBatch(pixels, np.arange(2) / 8), 0)
    reference = YOLO(checkpoint)
    for frame in range(2):
        bgr = np.ascontiguousarray(pixels[frame, ..., ::-1])
        [result] = reference.predict(
            bgr, imgsz=imgsz, conf=0.3, iou=0.5, classes=list(detector.classes), max_det=20, device="cpu", verbose=False
        )
        rows = found.frame == frame
        assert rows.sum() == len(result.boxes) > 3
        np.testing.assert_allclose(found.confidence[rows], result.boxes.conf.numpy(), atol=1e-4)
        np.testing.assert_allclose(found.xyxy[rows], result.boxes.xyxy.numpy(), atol=0.1)
        np.testing.assert_array_equal(found.label[rows], result.boxes.cls.numpy().astype(int))
    assert (found.track >= 0).any() == (tracker != "none")


def test_classes_by_name_by_id_default_and_all(checkpoint: Path) -> None:
    assert YoloDetector(checkpoint).classes == (0, 1)  # a kite is not in the default list
    assert YoloDetector(checkpoint, classes="all").classes == (0, 1, 2)
    assert YoloDetector(checkpoint, classes=["kite", 0]).classes == (0, 2)
    assert YoloDetector(checkpoint, classes="bicycle, kite").classes == (1, 2)
    with pytest.raises(DetectorError, match=r"no class 'tram'. Allowed: all, .* person, bicycle, kite"):
        YoloDetector(checkpoint, classes=["tram"])


def test_only_chosen_classes_are_found(checkpoint: Path) -> None:
    found = YoloDetector(checkpoint, classes=["kite"], imgsz=192).open().detect(film(walk(2)), 0)
    assert len(found) > 0
    assert set(found.label) == {2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"confidence": 0.0}, "between 0 and 1"),
        ({"iou": 1.5}, "between 0 and 1"),
        ({"imgsz": 100}, "multiple of 32"),
        ({"tracker": "sort"}, "Allowed: bytetrack, botsort, none"),
        ({"device": "abacus"}, "cannot be used here"),
        ({"classes": []}, "empty"),
    ],
)
def test_options_out_of_range(checkpoint: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DetectorError, match=message):
        load_detector(f"yolo:{checkpoint}", **options)


@pytest.mark.parametrize(
    ("size", "expected"), [((240, 320), 640), ((480, 856), 672), ((720, 1280), 960), ((2160, 3840), 960)]
)
def test_input_size(size: tuple[int, int], expected: int) -> None:
    assert input_size(*size) == expected


class _Bomb:
    """Runs code when it is unpickled in the ordinary way."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


@pytest.mark.parametrize(
    "content", ["text", "empty", "png", "pickle", "numbers", "list", "cut", "classifier", "bomb", "foreign"]
)
def test_a_wrong_file_gets_a_clear_error_and_runs_nothing(
    content: str, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    wrong, fuse = tmp_path / "wrong.pt", tmp_path / "exploded"
    match content:
        case "text":
            wrong.write_text("these are no weights\n" * 50)
        case "empty":
            wrong.touch()
        case "png":
            wrong.write_bytes(cv2.imencode(".png", np.zeros((9, 9, 3), np.uint8))[1].tobytes())
        case "pickle":
            wrong.write_bytes(pickle.dumps({"model": 3}))
        case "numbers":
            torch.save({"model": {"weight": torch.zeros(3)}}, wrong)
        case "list":
            torch.save([1, 2], wrong)
        case "cut":
            wrong.write_bytes(checkpoint.read_bytes()[:100_000])
        case "classifier":
            random_yolo(wrong, task="classify")
        case "bomb":
            torch.save({"model": _Bomb(fuse)}, wrong)
        case "foreign":  # a class of a package that is not installed: ultralytics would offer to install it
            torch.save({"model": torch.nn.Linear(1, 1)}, wrong)
            data = wrong.read_bytes().replace(b"torch.nn.modules.linear", b"torchxnn_modules_linear")
            wrong.write_bytes(data)
    started: list[object] = []
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **kwargs: started.append(args))
    with pytest.raises(DetectorError, match=r"wrong\.pt is no YOLO detection checkpoint: .* Give a \.pt file"):
        load_detector(f"yolo:{wrong}")
    assert not fuse.exists()
    assert started == []


@pytest.mark.parametrize("spec", ["", "yolov11", "motion:fast", "yolo:yolo99", "yolo:missing/file.pt", "yolo:/etc"])
def test_unknown_specs_name_what_is_allowed(spec: str) -> None:
    with pytest.raises(DetectorError, match=r"Allowed: auto, motion, yolo|takes nothing|one of: yolo11n"):
        load_detector(spec)


def test_offline_says_where_to_put_the_file(tmp_path: Path) -> None:
    with pytest.raises(DetectorError, match=r"CLIPVAD_OFFLINE is set.*Put the file at .*yolo11s\.pt"):
        load_detector("yolo:yolo11s", models_dir=tmp_path)


def test_auto_offline_is_motion_and_says_why(tmp_path: Path) -> None:
    detector = load_detector("auto", models_dir=tmp_path, imgsz=640, min_area=0.01)
    assert isinstance(detector, MotionDetector)
    assert detector.min_area == 0.01
    assert "yolo11n are not on this machine, and CLIPVAD_OFFLINE is set" in detector.use.limits


def test_auto_does_not_hide_a_broken_checkpoint(tmp_path: Path) -> None:
    (tmp_path / "yolo11n.pt").write_text("no weights")
    with pytest.raises(DetectorError, match="no YOLO detection checkpoint"):
        load_detector("auto", models_dir=tmp_path)


def test_weights_folder_of_ultralytics_settings_is_known(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Ultralytics").mkdir()
    (tmp_path / "Ultralytics" / "settings.json").write_text(f'{{"weights_dir": "{checkpoint.parent}"}}')
    monkeypatch.setenv("YOLO_CONFIG_DIR", str(tmp_path))
    assert weights.find_weights("small") == checkpoint
    (tmp_path / "Ultralytics" / "settings.json").write_text("[]")
    assert weights.find_weights("small") is None


class _Release(BaseHTTPRequestHandler):
    """Stands for the release page: HEAD answers, GET serves `body` and claims `claimed` bytes."""

    body, claimed = b"", 0

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(self.claimed))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch, checkpoint: Path) -> Iterator[type[_Release]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Release)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.delenv("CLIPVAD_OFFLINE")
    monkeypatch.setattr(weights, "RELEASE", f"http://127.0.0.1:{server.server_port}/releases/download/v1")
    _Release.body = checkpoint.read_bytes()
    _Release.claimed = len(_Release.body)
    yield _Release
    server.shutdown()
    server.server_close()


def test_auto_fetches_the_weights_with_progress(release: type[_Release], tmp_path: Path) -> None:
    heard: list[tuple[str, float]] = []
    detector = load_detector("auto", models_dir=tmp_path, progress=lambda text, part: heard.append((text, part)))
    assert isinstance(detector, YoloDetector)
    assert (tmp_path / "yolo11n.pt").read_bytes() == release.body
    assert {text for text, _ in heard} == {"Downloading yolo11n.pt"}
    parts = [part for _, part in heard]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


def test_a_broken_download_leaves_nothing_behind(release: type[_Release], tmp_path: Path) -> None:
    release.claimed = len(release.body) + 1000
    with pytest.raises(DetectorError, match="Could not download"):
        load_detector("yolo", models_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []
    detector = load_detector("auto", models_dir=tmp_path)
    assert isinstance(detector, MotionDetector)
    assert "Could not download" in detector.use.limits


def test_a_network_that_never_answers_is_given_up_soon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import socket

    monkeypatch.delenv("CLIPVAD_OFFLINE")
    monkeypatch.setattr(weights, "REACH_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(weights, "RELEASE", f"http://127.0.0.1:{silent.getsockname()[1]}/download/v1")
        assert weights.why_no_download() == "github.com cannot be reached from here"


CLEAN = """
import os, socket, sys
calls = []
socket.getaddrinfo = lambda *args, **kwargs: calls.append(args) or []
socket.socket.connect = lambda *args: calls.append(args)
import cv2, numpy as np
environment, threads, printing = dict(os.environ), cv2.getNumThreads(), np.get_printoptions()
from clipvad.core import FrameBatch
from clipvad.detectors import load_detector
assert "torch" not in sys.modules and "ultralytics" not in sys.modules
detector = load_detector("yolo:" + sys.argv[1], imgsz=96)
found = detector.open().detect(FrameBatch(np.full((2, 60, 80, 3), 90, np.uint8), np.arange(2.0)), 0)
assert dict(os.environ) == environment, "environment"
assert cv2.getNumThreads() == threads and np.get_printoptions() == printing, "options of the process"
from PIL import Image
assert Image.open.__module__ == "PIL.Image", "a broken picture would make ultralytics install a package"
assert calls == [], calls
assert os.listdir() == [], os.listdir()
"""


def test_a_fresh_process_stays_silent_offline_and_clean(checkpoint: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CLEAN, str(checkpoint)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
