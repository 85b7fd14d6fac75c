"""The saved files: exact rows, a lossless round trip, nothing that a spreadsheet or a parser trips over."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipvad.core import Event, Hours, Zone
from clipvad.errors import ClipvadError
from clipvad.exports import events_csv, events_srt, save_analysis, scores_csv
from clipvad.files import find_videos, write_atomic
from clipvad.schema import analysis_from_dict, analysis_to_dict, load_analysis
from tests.analyses import RULES, make_analysis


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_scores_csv_has_one_row_a_sample_and_leaves_the_sentence_empty_where_no_object_was_seen() -> None:
    assert rows(scores_csv(make_analysis())) == [
        ["t_s", "frame", "frame_smooth", "frame_top", "object", "object_smooth", "object_top"],
        ["0.000", "0.1000", "0.1000", "people walking", "0.0000", "0.0000", ""],
        ["0.500", "0.8000", "0.8000", "a bicycle, ridden", "0.7500", "0.7500", "a bicycle, ridden"],
        ["1.040", "0.9000", "0.8000", "'=1+1", "0.9000", "0.7500", "a bicycle, ridden"],
        ["1.500", "0.2000", "0.2000", "people walking", "0.0000", "0.0000", ""],
    ]


def test_scores_csv_of_one_mode_has_only_its_columns() -> None:
    assert rows(scores_csv(make_analysis(modes=["object"])))[0] == ["t_s", "object", "object_smooth", "object_top"]


def test_a_score_that_is_no_number_is_an_empty_cell_and_null_in_json() -> None:
    analysis = make_analysis(modes=["frame"])
    broken = analysis.scores["frame"].score.copy()
    broken[1] = np.nan
    analysis = replace(analysis, scores={"frame": replace(analysis.scores["frame"], score=broken)})
    assert rows(scores_csv(analysis))[2][1] == ""
    assert analysis_to_dict(analysis)["modes"]["frame"]["score"] == [0.1, None, 0.9, 0.2]


def test_events_csv_in_time_order_the_longer_first() -> None:
    assert rows(events_csv(make_analysis()))[1:] == [
        ["object", "0.500", "1.900", "1.400", "1.040", "0.9000", "'=1+1", "'@odd", "10.0", "20.0", "30.5", "40.0"],
        ["frame", "0.500", "1.500", "1.000", "0.500", "0.8000", "a bicycle, ridden", "vehicle", "", "", "", ""],
    ]


@given(st.text(max_size=30))
def test_no_sentence_becomes_a_formula_and_every_sentence_survives(sentence: str) -> None:
    analysis = make_analysis(modes=["frame"])
    event = replace(analysis.events[0], sentence=sentence)
    (row,) = list(csv.reader(io.StringIO(events_csv(replace(analysis, events=(event,))), newline="")))[1:]
    line = " ".join(sentence.split())
    assert row[6] in (line, "'" + line)
    assert not row[6].startswith(("=", "+", "-", "@"))


def test_srt_is_exact() -> None:
    assert events_srt(make_analysis()) == (
        "1\n00:00:00,500 --> 00:00:01,900\n=1+1 (object, 0.90)\n\n"
        "2\n00:00:00,500 --> 00:00:01,500\na bicycle, ridden (frame, 0.80)\n"
    )


def test_srt_survives_sentences_that_look_like_srt_and_times_beyond_an_hour() -> None:
    event = Event(mode="frame", start_s=3599.9996, end_s=7265.25, peak_s=3600, peak=1.0, sentence="a\n\n2\nb --> c")
    text = events_srt(replace(make_analysis(), events=(event,)))
    assert text == "1\n01:00:00,000 --> 02:01:05,250\na 2 b -> c (frame, 1.00)\n"


def test_no_events_is_an_empty_subtitle_file() -> None:
    assert events_srt(replace(make_analysis(), events=())) == ""


def test_top_sentence_may_be_a_normal_one() -> None:
    analysis = make_analysis()
    assert analysis.top_sentence("frame", 0) == "people walking"


def test_json_round_trip_keeps_everything_but_the_vectors() -> None:
    bay = Zone(name="bay", points=((0.1, 0.2), (0.9, 0.2), (0.5, 0.95)))
    bound = replace(RULES.abnormal[0], zones=("bay",), hours=(Hours(start="20:00", end="06:00"),), dwell_s=2.5)
    rules = replace(RULES, abnormal=(replace(bound, threshold=0.25), RULES.abnormal[1]), zones=(bay,), encoder="e")
    analysis = replace(make_analysis(), rules=rules, remarks=("No clock.",))
    document = json.loads(json.dumps(analysis_to_dict(analysis), allow_nan=False))
    loaded = analysis_from_dict(document)
    assert loaded.remarks == ("No clock.",)
    assert json.loads(json.dumps(analysis_to_dict(loaded))) == document
    assert (loaded.rules, loaded.settings, loaded.events) == (analysis.rules, analysis.settings, analysis.events)
    assert (loaded.encoder, loaded.detector) == (analysis.encoder, analysis.detector)
    assert loaded.video == replace(analysis.video, path="gate.mp4")
    for mode, scores in analysis.scores.items():
        np.testing.assert_allclose(loaded.scores[mode].probabilities, scores.probabilities, atol=1e-5)
        np.testing.assert_array_equal(np.isnan(loaded.scores[mode].cosines), np.isnan(scores.cosines))
        np.testing.assert_array_equal(loaded.scores[mode].winner, scores.winner)
    assert loaded.features.detections is not None
    np.testing.assert_array_equal(loaded.features.detections.track, [4, -1])
    assert scores_csv(loaded) == scores_csv(analysis)


def test_an_analysis_without_any_object_survives() -> None:
    from clipvad.core import Detections, Embeddings

    analysis = make_analysis(modes=["frame"])
    features = replace(
        analysis.features,
        detections=Detections.empty("boxes/1", ("person",)),
        objects=Embeddings(np.zeros((0, 3), np.float16), "colour/1"),
    )
    document = json.loads(json.dumps(analysis_to_dict(replace(analysis, features=features))))
    assert document["boxes"]["xyxy"] == []
    assert analysis_to_dict(analysis_from_dict(document))["boxes"] == document["boxes"]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema_version",), 2, "schema version 2"),
        (("schema",), "other", "schema"),
        (("pts_s",), [0, 1], "frames"),
        (("modes", "frame", "score"), ["high"] * 4, "modes.frame.score"),
        (("modes", "object", "winner"), [0, 0, 0, 2], "winner"),
        (("boxes", "frame"), [1, 9], "boxes.frame"),
        (("boxes", "frame"), [2, 1], "sorted"),
        (("boxes", "track"), [1], "lengths differ"),
        (("video",), None, "video"),
    ],
)
def test_a_wrong_document_is_refused_and_the_field_named(path: tuple[str, ...], value: Any, message: str) -> None:
    document = json.loads(json.dumps(analysis_to_dict(make_analysis())))
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ClipvadError, match=message):
        analysis_from_dict(document)


@pytest.mark.parametrize("content", [None, "", "[]", "no json", "null", "3"])
def test_a_file_that_is_no_analysis_gets_one_message_with_its_name(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "analysis.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ClipvadError, match=re.escape(str(path))):
        load_analysis(path)


def test_save_writes_every_artefact_and_no_leftovers(tmp_path: Path) -> None:
    folder = tmp_path / "räume" / "gate"
    files = save_analysis(make_analysis(), folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["analysis.json", "scores.csv", "events.csv", "events.srt", "curve.png"]
    )
    assert set(files) == {"analysis", "scores", "events", "subtitles", "curve"}
    assert load_analysis(files["analysis"]).events == make_analysis().events
    assert files["curve"].read_bytes().startswith(b"\x89PNG")


def test_no_file_tells_the_folder_of_the_clip(tmp_path: Path) -> None:
    files = save_analysis(make_analysis(path="/home/guard-7/shift/gate.mp4"), tmp_path)
    assert load_analysis(files["analysis"]).video.path == "gate.mp4"
    for file in files.values():
        assert b"guard-7" not in file.read_bytes(), file


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_atomic(tmp_path / "a.txt", "old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_disabled_sentences_are_saved_but_are_no_columns() -> None:
    document = analysis_to_dict(make_analysis())
    assert document["sentences"] == ["people walking", "a bicycle, ridden", "=1+1"]
    assert document["is_abnormal"] == [False, True, True]
    assert [sentence["enabled"] for sentence in document["rules"]["normal"]] == [True, False]


def test_find_videos_looks_below_and_ignores_case_and_other_files(tmp_path: Path) -> None:
    for name in ("b.MP4", "a.avi", "notes.txt", "deep/er/c.mkv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "folder.mp4").mkdir()
    assert [path.name for path in find_videos(tmp_path)] == ["a.avi", "b.MP4", "c.mkv"]
    assert [path.name for path in find_videos(tmp_path, deep=False)] == ["a.avi", "b.MP4"]
