"""`clipvad explain` as a user meets it: what is printed, what is drawn, what a wrong call is told."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from clipvad.scoring.taught import Lesson
from tests.calling import call
from tests.fakes import ColourEncoder
from tests.heads import make_head
from tests.unit.test_cli import fakes, place  # noqa: F401 (fixtures)

pytestmark = pytest.mark.usefixtures("fakes")
EXPLAIN = ("explain", "red.mp4", "--rules", "rules.yaml", "--fps", "10", "--smooth", "0", "--out", "out.png")


def figure(path: Path) -> np.ndarray:
    return cv2.imread(str(path))[..., ::-1].astype(int)


def test_the_map_is_bright_where_the_sentence_fits(place: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert call(*EXPLAIN, "--at", "1.5", "--sentence", "something red") == 0
    out, err = capsys.readouterr()
    assert "“something red” at 1.50 s" in out
    x, y = (float(out.partition(f"{name} ")[2].partition(end)[0]) for name, end in (("x", ","), ("y", " of")))
    assert 8 <= x <= 88
    assert 8 <= y <= 88
    assert "detector" not in err, "a map needs none"
    drawn = figure(place / "out.png")
    assert drawn.shape[1] == 480  # 160 pixels enlarged, the scale below
    assert drawn.shape[0] > 288
    on, off = drawn[60:200, 60:200], drawn[60:200, 330:460]
    assert on.mean() > 2 * off.mean()


def test_the_same_frame_fits_no_absent_sentence(place: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert call(*EXPLAIN, "--at", "3", "--sentence", "3") == 0  # green at 3 s; the third sentence is "something red"
    assert "largest share 0.0" in capsys.readouterr().out


def test_boxes_are_told_and_drawn(place: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert call(*EXPLAIN, "--at", "1.5", "--boxes") == 0
    out = capsys.readouterr().out
    assert "1 objects" in out or "1 object" in out
    rows = [line.split() for line in out.splitlines() if "something" in line or "grey" in line]
    assert "red" in rows[0]
    assert sum(float(row[-2].rstrip("%")) for row in rows) == pytest.approx(100, abs=0.3)
    assert (place / "out.png").stat().st_size > 1000


def test_the_table_tells_every_sentence(place: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert call(*EXPLAIN, "--table", "--mode", "both") == 0
    out = capsys.readouterr().out
    assert "red.mp4, frame mode" in out
    assert "red.mp4, object mode" in out
    rows = [line for line in out.partition("object mode")[2].splitlines() if "mal" in line]
    assert len(rows) == 3
    assert sum(float(row.partition("%")[0].split()[-1]) for row in rows) == pytest.approx(100, abs=0.3)
    assert "last of its side" in next(row for row in rows if "something red" in row)
    assert not (place / "out.png").exists()


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "--at SECONDS"),
        (("--at", "1"), "--sentence"),
        (("--at", "1", "--sentence", "red", "--boxes"), "--boxes"),
        (("--at", "1", "--sentence", "something"), "2 of the sentences"),
        (("--at", "1", "--sentence", "nothing"), "none of the sentences"),
        (("--at", "1", "--sentence", "9"), "1 something green; 2 all grey; 3 something red"),
        (("--at", "1", "--boxes", "--table", "--mode", "frame"), "--mode object"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(
    place: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    args: tuple[str, ...],
    told: str,
) -> None:
    assert call(*EXPLAIN, *args) == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert told in last


def test_a_lesson_is_explained_and_a_head_is_not(place: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    scale, texts = np.ones((1, 3), np.float32), ("something red",)
    taught = Lesson(
        name="red", encoder_id=ColourEncoder.id, temperature=0.05, sentences=texts, is_abnormal=np.array([True]),
        scale=scale, bias=np.array([-40], np.float32), picture="frame",
    )  # fmt: skip
    asked = ("--at", "1.5", "--sentence", "red", "--scorer")
    assert call(*EXPLAIN, *asked, str(taught.save(place / "red.safetensors"))) == 0
    assert "largest share 0.0" in capsys.readouterr().out  # where zero-shot finds it, see above
    head = make_head(ColourEncoder.id, np.eye(3), step=10.0).save(place / "head.safetensors")
    (place / "out.png").unlink()
    assert call(*EXPLAIN, *asked, str(head)) == 2
    assert "not defined for the head tiny" in capsys.readouterr().err
    assert not (place / "out.png").exists()


def test_a_place_that_cannot_be_written_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    (place / "file").write_text("")
    assert call(*EXPLAIN[:-1], "file/out.png", "--at", "1", "--sentence", "red") == 2
    assert "can't be written" in capsys.readouterr().err


def test_a_map_encodes_one_frame_and_no_more(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    encoder = ColourEncoder()
    monkeypatch.setattr("clipvad.encoders.load_encoder", lambda *_, **__: encoder)
    assert call(*EXPLAIN, "--at", "1.5", "--sentence", "red") == 0
    assert encoder.images < 300


def test_a_clip_or_a_moment_that_is_not_there_is_told(place: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert call("explain", "gone.mp4", *EXPLAIN[2:], "--at", "1", "--sentence", "red") == 2
    assert "gone.mp4" in capsys.readouterr().err
    for what in (("--sentence", "red"), ("--boxes",)):
        assert call(*EXPLAIN, "--at", "99", *what) == 2
        assert "lasts 4.0 s" in capsys.readouterr().err
