"""`clipvad extract`: the features of the product itself, stored through failures, stops and restarts."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clipvad.cache import Cache
from clipvad.cli import main
from clipvad.core import Analysis, Mode, Rule, RuleSet
from clipvad.errors import FeaturesError
from clipvad.extraction import Extractor
from clipvad.features.extract import by_name, extract, spec_of
from clipvad.features.store import FeatureStore, StoreWriter
from clipvad.pipeline import Analyzer
from tests.clips import cut, write_clip
from tests.fakes import ColourEncoder, SquareDetector

RULES = RuleSet(name="colours", normal=(Rule(text="green"),), abnormal=(Rule(text="red"),))
NAMES = ("a", "b", "c", "d")


def pictures(seconds: float, *, shift: int) -> Iterator[NDArray[np.uint8]]:
    """Grey; a green square that moves right; a red one below it in every other second."""
    for i in range(round(seconds * 10)):
        rgb = np.full((96, 160, 3), 100 + shift, np.uint8)
        x = (shift + 2 * i) % 120
        rgb[8:40, x : x + 32] = (20, 235, 20)
        if (i // 10) % 2:
            rgb[52:84, x : x + 32] = (235, 20, 20)
        yield rgb


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    for i, name in enumerate(NAMES):
        write_clip(folder / f"{name}.mp4", pictures(2 + i, shift=20 * i), pixel_format="yuv444p")
    return {name: folder / f"{name}.mp4" for name in NAMES}


def extractor(cache: Cache | None = None) -> Extractor:
    return Extractor(encoder=ColourEncoder(), detector=SquareDetector(), cache=cache, fps=5, max_side=1280)


def extract_all(videos: dict[str, Path], out: Path, run: Extractor, mode: Mode = "frame", **how: Any) -> list[Any]:
    with StoreWriter(out, spec_of(run, mode)) as writer:
        return list(extract(videos, writer, run, **how))


def analysed(clip: Path, cache: Cache | None, mode: Mode) -> Analysis:
    analyzer = Analyzer(encoder=ColourEncoder(), detector=SquareDetector(), fps=5, cache=cache)
    return analyzer.run(clip, RULES, modes=[mode])


def test_frames_are_exactly_those_of_an_analysis(clips: dict[str, Path], tmp_path: Path) -> None:
    done = extract_all(clips, tmp_path, extractor(), workers=3)
    assert [(one.name, one.error, one.frames) for one in done] == [
        (name, None, 5 * seconds) for seconds, name in enumerate(NAMES, start=2)
    ]
    found = FeatureStore.open(tmp_path)
    assert (found.spec.encoder_id, found.spec.step, found.spec.picture) == ("colour/1", 5, "frame")
    assert found.names == NAMES
    for name, clip in clips.items():
        features = analysed(clip, None, "frame").features
        assert features.frames is not None
        got = found.read(name)
        np.testing.assert_array_equal(got.rows, features.frames.vectors[None])
        np.testing.assert_array_equal(got.starts, features.pts_s)
        assert (got.unit, got.end) == ("s", features.video.duration_s)
        assert found.sha256(name) == features.video.sha256


def test_objects_are_exactly_those_of_an_analysis(clips: dict[str, Path], tmp_path: Path) -> None:
    extract_all(clips, tmp_path, extractor(), "object", workers=2)
    found = FeatureStore.open(tmp_path)
    assert (found.spec.picture, found.spec.detector_id) == ("object", "squares/1")
    for name, clip in clips.items():
        features = analysed(clip, None, "object").features
        assert features.objects is not None
        assert features.detections is not None
        got = found.read_objects(name)
        assert len(got) > len(got.pts_s)  # two squares at times
        np.testing.assert_array_equal(got.rows, features.objects.vectors)
        np.testing.assert_array_equal(got.frame, features.detections.frame)
        np.testing.assert_array_equal(got.track, features.detections.track)
        np.testing.assert_array_equal(got.pts_s, features.pts_s)


def test_the_cache_is_the_one_of_the_analyses(clips: dict[str, Path], tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    assert not analysed(clips["a"], cache, "frame").from_cache
    first, *others = extract_all(clips, tmp_path / "store", extractor(cache))
    assert (first.from_cache, [other.from_cache for other in others]) == (True, [False] * 3)
    assert analysed(clips["b"], cache, "frame").from_cache


def test_the_number_of_workers_changes_nothing(clips: dict[str, Path], tmp_path: Path) -> None:
    for workers in (1, 4):
        extract_all(clips, tmp_path / str(workers), extractor(), "object", workers=workers)
    one, four = ({path.name: path.read_bytes() for path in (tmp_path / w).iterdir()} for w in ("1", "4"))
    assert one == four


def test_videos_that_are_there_are_not_looked_at_again(clips: dict[str, Path], tmp_path: Path) -> None:
    extract_all({name: clips[name] for name in "ab"}, tmp_path, extractor())
    run = extractor()
    done = extract_all({**clips, "a": tmp_path / "gone.mp4"}, tmp_path, run)
    assert [one.name for one in done] == ["c", "d"]
    assert run.encoder.images == 20 + 25  # type: ignore[attr-defined]


def test_closing_the_iterator_stops_the_threads_and_keeps_what_is_done(clips: dict[str, Path], tmp_path: Path) -> None:
    with StoreWriter(tmp_path, spec_of(extractor(), "frame")) as writer:
        going = extract(clips, writer, extractor(), workers=2)
        assert next(going).name == "a"
        going.close()  # type: ignore[attr-defined]
    assert not [one for one in threading.enumerate() if one.name.startswith("clipvad-")]
    assert FeatureStore.open(tmp_path).names == ("a",)


def test_a_store_that_cannot_be_written_ends_it(
    clips: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with StoreWriter(tmp_path, spec_of(extractor(), "frame")) as writer:
        monkeypatch.setattr("clipvad.features.store.write_atomic", full)
        with pytest.raises(OSError, match="No space left"):
            list(extract(clips, writer, extractor(), workers=2))


def test_two_videos_of_one_name_are_refused_and_one_given_twice_is_one(tmp_path: Path) -> None:
    with pytest.raises(FeaturesError, match=r"'x'.*Rename one"):
        by_name([tmp_path / "one" / "x.mp4", tmp_path / "two" / "x.avi"])
    assert list(by_name([tmp_path / "x.mp4", tmp_path / "two" / ".." / "x.mp4"])) == ["x"]


# -- the command ---------------------------------------------------------------------------------------


@pytest.fixture
def place(clips: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the clips and a broken one, and models whose answers can be worked out by hand."""
    (tmp_path / "videos").mkdir()
    for name, clip in clips.items():
        (tmp_path / "videos" / f"{name}.mp4").write_bytes(clip.read_bytes())
    cut(tmp_path / "videos" / "b.mp4", keep=0.01, name="broken.mp4")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLIPVAD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("clipvad.encoders.load_encoder", lambda *_, **__: ColourEncoder())
    monkeypatch.setattr("clipvad.detectors.load_detector", lambda *_, **__: SquareDetector())
    return tmp_path


def call(*args: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["extract", "--fps", "5", *args])
    return int(stop.value.code or 0)


def test_one_bad_video_does_not_stop_the_others_and_is_named_at_the_end(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clipvad.cli.extract.REPORT_S", 0.0)
    assert call("videos", "--out", "store") == 1
    assert FeatureStore.open(place / "store").names == NAMES
    lines = capsys.readouterr().err.splitlines()
    assert "encoder: colours (cpu, fp32)" in lines
    assert any(line.startswith("error: broken: ") for line in lines)
    assert any(line.endswith(" s left") and "/5 videos" in line for line in lines)
    assert lines[-2] == "4 of 5 videos -> store"
    assert lines[-1].startswith("error: 1 failed: broken.")
    (place / "videos" / "broken.mp4").write_bytes((place / "videos" / "a.mp4").read_bytes())
    assert call("videos", "--out", "store") == 0
    assert FeatureStore.open(place / "store").names == (*NAMES, "broken")
    assert "4 of 5 videos are in store already" in capsys.readouterr().err


def test_a_manifest_names_the_videos(place: Path) -> None:
    text = "video,label,start_s,end_s\nvideos/c.mp4,fire,0,1\nvideos/c.mp4,fire,2,3\nvideos/a.mp4,normal,,\n"
    (place / "list.csv").write_text(text)
    assert call("list.csv", "videos/b.mp4", "--out", "store", "--mode", "object") == 0
    found = FeatureStore.open(place / "store")
    assert found.names == ("c", "a", "b")
    assert len(found.read_objects("c")) > 0


def test_a_folder_of_pictures_is_one_video(place: Path) -> None:
    from PIL import Image

    (place / "Test001").mkdir()
    for i in range(6):
        Image.fromarray(np.full((32, 32, 3), 40 * i, np.uint8)).save(place / "Test001" / f"{i}.png")
    assert call("Test001", "--out", "store") == 0
    assert FeatureStore.open(place / "store").names == ("Test001",)


def test_what_cannot_be_done_is_one_line_and_exit_code_2(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "other").mkdir()
    (place / "other" / "a.avi").touch()
    (place / "file").touch()
    for args, message in [
        (("videos/a.mp4", "other", "--out", "store"), "Two videos have the name 'a'"),
        (("videos/a.mp4", "--out", "file"), "--out file can't be written"),
        (("videos/a.mp4", "--out", "file/store"), "--out file/store can't be written"),
    ]:
        assert call(*args) == 2
        assert message in capsys.readouterr().err
    assert call("videos/a.mp4", "--out", "store") == 0
    assert call("videos/b.mp4", "--out", "store", "--fps", "2") == 2
    assert "2 frames a second" in capsys.readouterr().err
    assert FeatureStore.open(place / "store").names == ("a",)


def test_ctrl_c_leaves_a_good_store_that_the_same_command_completes(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "videos" / "broken.mp4").unlink()
    assert call("videos", "--out", "whole") == 0
    add = StoreWriter.add

    def interrupted(self: StoreWriter, features: Any, **how: Any) -> None:
        add(self, features, **how)
        if features.name == "b":
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
    with monkeypatch.context() as patch:
        patch.setattr(StoreWriter, "add", interrupted)
        assert call("videos", "--out", "store") == 130
    signal.signal(signal.SIGINT, before)
    assert "is in store. Run the same command again to go on." in capsys.readouterr().err
    assert not [one for one in threading.enumerate() if one.name.startswith("clipvad-")]
    assert FeatureStore.open(place / "store").names == ("a", "b")
    assert call("videos", "--out", "store") == 0
    whole, store = ({path.name: path.read_bytes() for path in (place / n).iterdir()} for n in ("whole", "store"))
    assert whole == store
