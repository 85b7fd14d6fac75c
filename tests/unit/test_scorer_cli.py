"""A trained head on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.calling import call
from tests.clips import write_clip
from tests.fakes import ColourEncoder, SquareDetector
from tests.heads import make_head


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a head and a clip that turns from green to red, and models that know colours."""
    grounds = [(20, 235, 20)] * 10 + [(235, 20, 20)] * 10
    write_clip(tmp_path / "clip.mp4", (np.full((48, 64, 3), rgb, np.uint8) for rgb in grounds), pixel_format="yuv444p")
    green_red_blue = np.eye(3)[[1, 0, 2]]
    head = make_head(ColourEncoder.id, green_red_blue, classes=("green", "red", "blue"), step=10.0, name="colours")
    head.save(tmp_path / "head.safetensors")
    monkeypatch.setattr("clipvad.encoders.load_encoder", lambda *_, **__: ColourEncoder())
    monkeypatch.setattr("clipvad.detectors.load_detector", lambda *_, **__: SquareDetector())
    monkeypatch.setenv("CLIPVAD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_score_with_a_head(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ("score", "clip.mp4", "--scorer", "head.safetensors", "--fps", "10", "--smooth", "0", "--json")
    assert call(*args) == 0
    out = capsys.readouterr()
    summary = json.loads(out.out)
    assert summary["scorer"].startswith("video:colours@")
    assert summary["modes"] == ["frame"]  # both were left to be taken, and it has one
    event = summary["clips"][0]["events"][0]
    assert (event["sentence"], event["category"]) == ("red", "red")
    assert event["start_s"] == pytest.approx(1.0, abs=0.11)
    assert "head colours" in out.err
    assert "Knows nothing." in out.err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--scorer", "head.safetensors"), "Set the sampled frames a second to 10"),
        (("--scorer", "head.safetensors", "--fps", "10", "--mode", "object"), "not trained for mode object"),
        (("--scorer", "clip.mp4"), "clip.mp4 can't be read as a checkpoint"),
        (("--scorer", "streets"), "There is no scorer 'streets'"),
    ],
)
def test_a_head_that_cannot_run_ends_the_call(
    place: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], message: str
) -> None:
    assert call("score", "clip.mp4", *more) == 2
    assert message in capsys.readouterr().err
    assert not list(place.glob("clipvad-results/clip/*"))


def test_models_lists_the_shipped_heads(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clipvad.scorers.HEADS", place)
    assert call("models", "--models-dir", "none") == 0
    assert "head: head (green, red, blue)\n  for: colour/1\n  note: Knows nothing." in capsys.readouterr().out


def test_evaluate_says_what_scored(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "labels.csv").write_text("video,label,start_s,end_s\nclip.mp4,red,1.0,2.0\n")
    args = ("--scorer", "head.safetensors", "--fps", "10", "--smooth", "0", "--json")
    assert call("evaluate", "labels.csv", *args) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["scorer"]["label"] == "head colours"
    assert report["modes"]["frame"]["score"]["all"]["auc"] == 1.0


def test_compare_sets_a_head_beside_sentences(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "rules.yaml").write_text("version: 1\nname: calm\nnormal: [red, green]\nabnormal: [blue]\n")
    head = ("--against-scorer", "head.safetensors", "--fps", "10", "--mode", "frame")
    assert call("compare", "clip.mp4", "--rules", "rules.yaml", *head) == 0
    told = capsys.readouterr().out
    assert "A: calm" in told
    assert "B: colours" in told
    assert "B        1.00" in told
