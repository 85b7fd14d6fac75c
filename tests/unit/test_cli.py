"""The command line as a user or a script meets it: exit codes, what goes to which stream, files, messages."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import clipvad
from clipvad.cli.options import RunOptions
from clipvad.cli.score import find_clips, result_folders
from clipvad.errors import SettingsError
from clipvad.rules import Hours, dump_rules, parse_rules
from clipvad.schema import load_analysis
from tests.calling import call
from tests.clips import write_clip, write_numbered
from tests.fakes import ColourEncoder, SquareDetector

RULES = """
version: 1
name: colours
normal: [something green, all grey]
abnormal: [something red]
"""


def picture(red: bool) -> NDArray[np.uint8]:
    rgb = np.full((96, 160, 3), 40, np.uint8)
    rgb[8:88, 8:88] = (235, 20, 20) if red else (20, 235, 20)
    return rgb


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with rules, a clip that is red from 1.0 to 2.0 s of 4, and a cache of its own."""
    write_clip(tmp_path / "red.mp4", (picture(10 <= i < 20) for i in range(40)), pixel_format="yuv444p")
    (tmp_path / "rules.yaml").write_text(RULES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLIPVAD_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("CLIPVAD_OFFLINE", "1")
    monkeypatch.delenv("CLIPVAD_DEBUG", raising=False)
    return tmp_path


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models whose answers can be worked out by hand; everything around them is the real thing."""
    monkeypatch.setattr("clipvad.encoders.load_encoder", lambda *_, **__: ColourEncoder())
    monkeypatch.setattr("clipvad.detectors.load_detector", lambda *_, **__: SquareDetector())


SCORE = ("score", "--rules", "rules.yaml", "--out", "out", "--fps", "10", "--smooth", "0")


def clipvad_process(*args: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clipvad", *map(str, args)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **env, "PYTHONPATH": str(Path(clipvad.__file__).parents[1])},
        timeout=280,
        check=False,
    )


@pytest.mark.usefixtures("fakes")
def test_score_writes_the_artefacts_and_prints_the_events(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*SCORE, "red.mp4") == 0
    assert sorted(path.name for path in (place / "out" / "red").iterdir()) == [
        "analysis.json",
        "curve.png",
        "events.csv",
        "events.srt",
        "scores.csv",
    ]
    with (place / "out/red/events.csv").open() as file:
        events = list(csv.DictReader(file))
    assert {event["mode"] for event in events} == {"frame", "object"}
    for event in events:
        assert (float(event["start_s"]), float(event["end_s"])) == pytest.approx((1.0, 2.0))
        assert event["sentence"] == "something red"
    box = next([float(event[k]) for k in ("x1", "y1", "x2", "y2")] for event in events if event["mode"] == "object")
    assert box == pytest.approx([8, 8, 88, 88], abs=2)
    out, err = capsys.readouterr()
    assert out == ""
    assert "encoder: colours" in err
    assert "sees nothing but colour" in err
    assert "something red" in err
    assert "glorp" not in err


@pytest.mark.usefixtures("fakes")
def test_words_that_the_encoder_does_not_know_are_named_once(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "rules.yaml").write_text(RULES.replace("something red", "a red glorp"))
    (place / "again.mp4").write_bytes((place / "red.mp4").read_bytes())
    assert call(*SCORE, "red.mp4", "again.mp4", "--mode", "frame") == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "glorp" in line and "know" in line]
    assert line.endswith(": glorp")


@pytest.mark.usefixtures("fakes")
def test_json_is_all_that_standard_output_holds(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*SCORE, "red.mp4", "--json", "--mode", "object") == 0
    summary = json.loads(capsys.readouterr().out)
    assert (summary["schema"], summary["schema_version"], summary["ok"]) == ("clipvad.score", 1, True)
    (clip,) = summary["clips"]
    assert [event["sentence"] for event in clip["events"]] == ["something red"]
    assert clip["duration_s"] == pytest.approx(4.0)
    assert load_analysis(clip["files"]["analysis"]).events[0].start_s == pytest.approx(1.0)


@pytest.mark.usefixtures("fakes")
def test_a_bad_clip_is_one_line_the_others_go_on_and_the_exit_code_tells(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "empty.mp4").touch()
    (place / "text.mp4").write_text("no video\n" * 100)
    write_numbered(place / "one.mp4", 1)
    assert call(*SCORE, "empty.mp4", "text.mp4", "gone.mp4", "one.mp4", "red.mp4", "--json") == 1
    out, err = capsys.readouterr()
    summary = json.loads(out)
    assert [clip["ok"] for clip in summary["clips"]] == [False, False, False, False, True]
    assert summary["ok"] is False
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert [line.split()[1] for line in errors] == ["empty.mp4:", "text.mp4:", "gone.mp4:", "one.mp4:"]
    assert "Traceback" not in err
    assert (place / "out/red/analysis.json").exists()


@pytest.mark.usefixtures("fakes")
def test_a_second_run_comes_from_the_cache_and_no_cache_does_not(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*more: str) -> Any:
        assert call(*SCORE, "red.mp4", "--json", *more) == 0
        return json.loads(capsys.readouterr().out)["clips"][0]["from_cache"]

    assert run("--no-cache") is False
    assert not (place / "cache").exists()
    assert run() is False
    assert run("--threshold", "0.9") is True
    assert run("--no-cache") is False
    assert run("--cache-dir", str(place / "elsewhere")) is False


@pytest.mark.usefixtures("fakes")
def test_the_clock_decides_which_hours_hold_and_without_it_a_note_says_so(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules = (place / "rules.yaml").read_text(encoding="utf-8")
    night = parse_rules(rules, source="rules.yaml")
    bound = tuple(replace(rule, hours=(Hours(start="20:00", end="06:00"),)) for rule in night.abnormal)
    (place / "rules.yaml").write_text(dump_rules(replace(night, abnormal=bound)), encoding="utf-8")
    found = {}
    for clock in ("12:00", "23:59:59", ""):
        assert call(*SCORE, "red.mp4", "--json", *(["--clock", clock] if clock else [])) == 0
        (found[clock],) = json.loads(capsys.readouterr().out)["clips"]
    assert found["12:00"]["events"] == []
    assert found["23:59:59"]["events"] == found[""]["events"] != []
    assert [len(clip["remarks"]) for clip in found.values()] == [0, 0, 1]


@pytest.mark.usefixtures("fakes")
def test_annotated_video_on_request(place: Path) -> None:
    assert call(*SCORE, "red.mp4", "--video") == 0
    from clipvad.video import probe

    assert probe(place / "out/red/annotated.mp4").codec == "h264"


@pytest.mark.usefixtures("fakes")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--threshold", "0"], "--threshold"),
        (["--threshold", "1.5"], "--threshold"),
        (["--threshold", "nan"], "--threshold"),
        (["--smooth", "-1"], "--smooth"),
        (["--clock", "25:00"], "--clock"),
        (["--clock", "8pm"], "--clock"),
        (["--fps", "0"], "sampling rate"),
        (["--fps", "nan"], "sampling rate"),
        (["--rules", "nowhere.yaml"], "nowhere.yaml"),
        (["--out", "rules.yaml"], "--out"),
        (["--out", "rules.yaml/deeper"], "--out"),
        (["empty"], "neither videos nor pictures"),
    ],
)
def test_a_wrong_call_is_one_line_and_exit_code_2(
    place: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    (place / "empty").mkdir()
    assert call(*SCORE, "red.mp4", *options) == 2
    out, err = capsys.readouterr()
    lines = err.strip().splitlines()
    assert out == ""
    assert lines[-1].startswith("error: ")
    assert message in lines[-1]
    assert "Traceback" not in err


def test_an_unknown_model_ends_the_call_before_the_first_clip(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*SCORE, "red.mp4", "--encoder", "nonsense") == 2
    assert "nonsense" in capsys.readouterr().err
    assert not (place / "out" / "red").exists()


@pytest.mark.parametrize("args", [["score"], ["score", "a.mp4", "--mode", "sound"], ["frobnicate"], ["score", "--x"]])
def test_usage_errors_are_exit_code_2(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*args) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.usefixtures("fakes")
def test_a_fault_of_the_program_is_one_line_and_the_traceback_only_on_request(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object, **__: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr("clipvad.exports.curve_png", fault)
    assert call(*SCORE, "red.mp4") == 1
    err = capsys.readouterr().err
    assert "unexpected ZeroDivisionError: boom" in err
    assert "please report" in err
    assert "Traceback" not in err
    monkeypatch.setenv("CLIPVAD_DEBUG", "1")
    assert call(*SCORE, "red.mp4") == 1
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.delenv("CLIPVAD_DEBUG")
    monkeypatch.setattr(RunOptions, "load_rules", fault)
    assert call(*SCORE, "red.mp4") == 1
    assert "please report" in capsys.readouterr().err


@pytest.mark.usefixtures("fakes")
def test_ctrl_c_is_exit_code_130(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ColourEncoder, "encode_images", interrupt)
    assert call(*SCORE, "red.mp4") == 130


def test_folders_mean_their_videos_or_are_a_clip_of_pictures(tmp_path: Path) -> None:
    for name in ("videos/b.mp4", "videos/a.avi", "videos/thumb.png", "frames/1.png", "tree/x/c.mp4", "tree/y/d.mkv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = find_clips([tmp_path / name for name in ("videos", "frames", "tree", "gone.mp4")])
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        "videos/a.avi",
        "videos/b.mp4",
        "frames",
        "tree/x/c.mp4",
        "tree/y/d.mkv",
        "gone.mp4",
    ]
    (tmp_path / "nothing").mkdir()
    with pytest.raises(SettingsError, match="nothing"):
        find_clips([tmp_path / "nothing"])


def test_equal_stems_get_folders_of_their_own() -> None:
    clips = [Path("a/x.mp4"), Path("b/x.mp4"), Path("c/X.avi"), Path("x-2.mp4")]
    folders = result_folders(clips, Path("out"))
    assert [folder.name for folder in folders] == ["x", "x-2", "X-3", "x-2-2"]


@pytest.mark.usefixtures("fakes")
def test_evaluate_prints_exact_figures(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_clip(place / "green.mp4", (picture(False) for _ in range(20)), pixel_format="yuv444p")
    (place / "manifest.csv").write_text("video,label,start_s,end_s\nred.mp4,red,1,2\ngreen.mp4,normal,,\n")
    options = ("evaluate", "manifest.csv", "--rules", "rules.yaml", "--fps", "10", "--smooth", "0")
    assert call(*options, "--json", "--out", "figures") == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((place / "figures/evaluation.json").read_text())
    for mode in ("frame", "object"):
        figures = report["modes"][mode]["score"]
        assert figures["all"] == {"frames": 60, "abnormal": 10, "auc": 1.0, "ap": 1.0}
        assert figures["anomalous"] == {"frames": 40, "abnormal": 10, "auc": 1.0, "ap": 1.0}
        assert report["modes"][mode]["events"] == {"precision": 1.0, "recall": 1.0}
    assert [video["modes"]["frame"]["score"]["auc"] for video in report["videos"]] == [1.0, None]

    assert call(*options) == 0
    out = capsys.readouterr().out
    assert "n/a" in out
    assert "100.00" in out


@pytest.mark.usefixtures("fakes")
def test_evaluate_goes_on_after_a_bad_video_and_says_so(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "bad.mp4").write_text("nothing")
    (place / "manifest.csv").write_text("video,label,start_s,end_s\nbad.mp4,red,1,2\nred.mp4,red,1,2\n")
    assert call("evaluate", "manifest.csv", "--rules", "rules.yaml", "--json", "--mode", "frame") == 1
    report = json.loads(capsys.readouterr().out)
    assert [Path(failed["video"]).name for failed in report["failed"]] == ["bad.mp4"]
    assert report["modes"]["frame"]["score"]["all"]["auc"] == pytest.approx(1.0, abs=0.05)
    (place / "manifest.csv").write_text("video,label,start_s,end_s\nbad.mp4,red,1,2\n")
    assert call("evaluate", "manifest.csv", "--rules", "rules.yaml") == 1


@pytest.mark.usefixtures("fakes")
def test_a_manifest_made_here_can_be_evaluated(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "annotation.txt").write_text("red_x264.mp4  Red  10  20  -1  -1\ngone_x264.mp4  Red  1  2  -1  -1\n")
    (place / "red.mp4").rename(place / "red_x264.mp4")
    assert call("manifest", "ucf-crime", "annotation.txt", "--videos", ".", "--out", "made/ucf.csv") == 0
    assert "gone_x264.mp4" in capsys.readouterr().err
    assert (place / "made/ucf.csv").read_text().splitlines()[1] == "../red_x264.mp4,Red,1.000,2.000"
    assert call("evaluate", "made/ucf.csv", "--rules", "rules.yaml", "--fps", "10", "--smooth", "0", "--json") == 0
    assert json.loads(capsys.readouterr().out)["modes"]["object"]["score"]["all"]["auc"] == 1.0


def test_a_manifest_goes_to_standard_output_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "annotation.txt").write_text("red.mp4  Red  10  20  -1  -1\n")
    assert call("manifest", "ucf-crime", "annotation.txt", "--videos", ".") == 0
    assert capsys.readouterr().out == "video,label,start_s,end_s\nred.mp4,Red,1.000,2.000\n"


def test_rules_list_and_show(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    from clipvad.rules import list_presets, load_rules, parse_rules

    assert call("rules", "list") == 0
    listed = capsys.readouterr().out
    for name in list_presets():
        assert name in listed
    name = list_presets()[0]
    assert call("rules", "show", name) == 0
    assert parse_rules(capsys.readouterr().out, source="shown") == load_rules(name)
    assert call("rules", "show", "nothing-like-it") == 2


def test_cache_info_and_clear(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from clipvad.cache import Cache

    Cache(place / "cache" / "features").put({"a": 1}, {"x": np.zeros(3)})
    assert call("cache", "info") == 0
    assert "1 entries" in capsys.readouterr().out
    assert call("cache", "clear") == 0
    assert call("cache", "info") == 0
    assert "0 entries" in capsys.readouterr().out


@pytest.mark.usefixtures("fakes")
def test_models_says_what_is_here(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "weights").mkdir()
    (place / "weights" / "mine.pt").write_bytes(b"0" * 2**20)
    assert call("models", "--models-dir", "weights") == 0
    out = capsys.readouterr().out
    assert "encoder: colours" in out
    assert "mine.pt  1.0 MB" in out


def test_version_and_help_are_quick_and_load_no_model(tmp_path: Path) -> None:
    assert clipvad_process("--version", cwd=tmp_path).stdout == f"clipvad {clipvad.__version__}\n"
    code = (
        "import sys, clipvad.cli\n"
        "try: clipvad.cli.main(['score', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'sklearn', 'matplotlib', 'av', 'cv2', 'gradio'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "--threshold" in done.stdout


@pytest.mark.usefixtures("fakes")
def test_libraries_that_talk_do_not_reach_standard_output(
    place: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = ColourEncoder.encode_images

    def talking(self: ColourEncoder, images: Any) -> Any:
        print("a library talks")
        os.write(1, b"and one in C\n")
        return honest(self, images)

    monkeypatch.setattr(ColourEncoder, "encode_images", talking)
    assert call(*SCORE, "red.mp4", "--json") == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["ok"] is True
    assert "a library talks" in err
    assert "and one in C" in err


def test_the_real_models_from_another_process(place: Path) -> None:
    write_clip(place / "red.mp4", (picture(10 <= i < 20) for i in range(20)))
    options = ("--encoder", "bundled", "--detector", "motion", "--fps", "4", "--json")
    done = clipvad_process("score", "red.mp4", *options, cwd=place)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["ok"] is True
    assert set(summary["clips"][0]["max_score"]) == {"frame", "object"}
    assert "encoder: " in done.stderr
    document = json.loads((place / "clipvad-results/red/analysis.json").read_text())
    assert document["encoder"]["limits"]
    assert document["clipvad_version"] == clipvad.__version__
