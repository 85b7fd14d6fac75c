"""The street benchmark: which clips it has, that none is ever half there, and that public readers read it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from clipvad.errors import ManifestError
from clipvad.evaluation.manifest import read_manifest
from clipvad.evaluation.readers import read_shanghaitech, read_ucf_crime
from clipvad.synth import benchmark
from clipvad.synth.benchmark import (
    HELDOUT_EVENTS,
    HELDOUT_PLACES,
    PRESETS,
    Done,
    Job,
    plan,
    receipt,
    render_all,
    some_of,
)
from clipvad.synth.clip import Truth
from clipvad.synth.layouts import COLUMNS, UCF_ANNOTATION, Event, StreetClip, read_street, write_layouts
from clipvad.synth.places.world import PLACES
from clipvad.synth.recipe import read_recipe, recipe_of, recipe_path, verify
from clipvad.synth.spans import Interval
from clipvad.synth.stories import LABELS
from clipvad.synth.street import ClipSpec
from tests.calling import call
from tests.clips import write_numbered

STREET = PRESETS["street-v1"]
FRAME_S = 1 / 25


def film(spec: ClipSpec, path: Path) -> Truth:
    """Stands in for the renderer: numbered pictures; the event lasts from `start_s`, rounded down, for 1.3 seconds."""
    frames = round(spec.duration_s * spec.fps)
    write_numbered(path, frames, rate=25)
    start_s = int(spec.start_s * 10) / 10
    what = () if spec.label == "normal" else (Interval(start_s, start_s + 1.3, spec.label, "something", (1,)),)
    return Truth(path.name, spec.width, spec.height, spec.fps, spec.seed, ((),) * frames, what, ())


def some(count: int) -> tuple[Job, ...]:
    return some_of(plan(STREET), count)


def spec(label: str, **options: object) -> ClipSpec:
    return ClipSpec(seed=3, place="walkway", label=label, duration_s=3.2, start_s=0.2, **options)  # type: ignore[arg-type]


def rendered(folder: Path, jobs: tuple[Job, ...]) -> list[Done]:
    return list(render_all(jobs, folder, workers=1, film=film))


def test_the_plan_has_the_promised_clips_half_of_them_with_an_event():
    jobs = plan(STREET)
    assert Counter(job.split for job in jobs) == {"train": 120, "test": 80}
    assert Counter((job.split, job.spec.label == "normal") for job in jobs) == {
        ("train", True): 60, ("train", False): 60, ("test", True): 40, ("test", False): 40,
    }  # fmt: skip
    assert len({job.name for job in jobs}) == len({job.spec.seed for job in jobs}) == 200
    assert sum(job.spec.duration_s for job in jobs) / 60 == pytest.approx(20, abs=1)


def test_training_sees_nothing_of_what_is_held_out_and_the_test_shows_everything():
    train = [job for job in plan(STREET) if job.split == "train"]
    test = [job for job in plan(STREET) if job.split == "test"]
    assert not HELDOUT_PLACES & {job.spec.place for job in train}
    assert not HELDOUT_EVENTS & {job.spec.label for job in train}
    assert not any(job.heldout for job in train)
    assert {job.spec.place for job in test} == set(PLACES)
    assert {job.spec.label for job in test} == {*LABELS, "normal"}
    assert {"place", "event", ""} <= {job.heldout for job in test}


def test_the_same_seed_plans_the_same_and_another_does_not():
    assert plan(STREET) == plan(STREET)
    assert not {job.spec.seed for job in plan(STREET, seed=2)} & {job.spec.seed for job in plan(STREET)}


def test_few_clips_still_come_from_both_splits():
    few = some(8)
    assert len(few) == 8
    assert {job.split for job in few} == {"train", "test"}
    assert some_of(few, 100) == few


def test_finished_clips_are_kept_and_what_is_missing_or_of_another_recipe_is_made(tmp_path, monkeypatch):
    jobs, calls = some(4), []

    def counted(one: ClipSpec, path: Path) -> Truth:
        calls.append(one.seed)
        return film(one, path)

    first = list(render_all(jobs, tmp_path, workers=1, film=counted))
    assert len(calls) == 4
    assert list(render_all(jobs, tmp_path, workers=1, film=counted)) == first
    assert len(calls) == 4
    (tmp_path / "truth" / f"{jobs[1].name}.json").unlink()
    again = list(render_all(jobs, tmp_path, workers=1, film=counted))
    assert calls[4:] == [jobs[1].spec.seed]
    assert sorted(one.truth for one in again) == sorted(one.truth for one in first)
    monkeypatch.setattr(benchmark, "renderer_hash", lambda: "a changed renderer")
    assert len(list(render_all(jobs, tmp_path, workers=1, film=counted))) == 4
    assert len(calls) == 9


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_a_stop_in_the_middle_leaves_whole_clips_only(tmp_path, stop):
    jobs = some(3)

    def stopped(one: ClipSpec, path: Path) -> Truth:
        if one == jobs[2].spec:
            path.write_bytes(b"half a video")
            raise stop
        return film(one, path)

    with pytest.raises(stop):
        list(render_all(jobs, tmp_path, workers=1, film=stopped))
    assert sorted(path.name for path in (tmp_path / "videos").iterdir()) == sorted(f"{j.name}.mp4" for j in jobs[:2])
    assert receipt(jobs[0], tmp_path) is not None
    assert receipt(jobs[2], tmp_path) is None


def test_two_processes_make_what_one_makes(tmp_path):
    jobs = some(3)
    alone = {one.name: one.truth for one in render_all(jobs, tmp_path / "one", workers=1, film=film)}
    together = {one.name: one.truth for one in render_all(jobs, tmp_path / "two", workers=2, film=film)}
    assert alone == together
    assert not list((tmp_path / "two" / "videos").glob(".*"))


def test_public_readers_find_the_same_intervals_as_the_manifest(tmp_path):
    jobs = tuple(job for job in plan(STREET) if job.split == "test")[35:45]
    rendered(tmp_path, jobs)
    write_layouts(tmp_path, jobs, domain="pedestrian")
    ours = {entry.video.stem: entry for entry in read_manifest(tmp_path / "manifest.csv")}
    assert len(ours) == 10
    assert Counter(entry.anomalous for entry in ours.values()) == {True: 5, False: 5}
    ucf, skipped = read_ucf_crime(tmp_path / "ucf_crime" / UCF_ANNOTATION, tmp_path / "videos")
    masks, left_out = read_shanghaitech(tmp_path / "shanghaitech" / "test_frame_mask", tmp_path / "videos")
    assert (skipped, left_out) == ((), ())
    for entries in (ucf, masks):
        assert {entry.video.stem for entry in entries} == set(ours)
        for entry in entries:
            mine = ours[entry.video.stem].intervals
            assert len(entry.intervals) == len(mine)
            np.testing.assert_allclose(np.array(entry.intervals), np.array(mine), atol=FRAME_S)


def test_lists_of_both_layouts(tmp_path):
    jobs = (
        Job(name="a_0", split="train", spec=spec("normal")),
        Job(name="a_1", split="train", spec=spec("abandoned bag")),
        Job(name="a_2", split="test", spec=spec("no-entry")),
        Job(name="a_3", split="test", spec=spec("normal")),
    )  # fmt: skip
    rendered(tmp_path, jobs)
    write_layouts(tmp_path, jobs, domain="pedestrian")
    ucf, sht = tmp_path / "ucf_crime", tmp_path / "shanghaitech"
    assert (ucf / "Anomaly_Train.txt").read_text() == "AbandonedBag/a_1.mp4\nTraining_Normal_Videos_Anomaly/a_0.mp4\n"
    assert (ucf / "Anomaly_Test.txt").read_text() == "NoEntry/a_2.mp4\nTesting_Normal_Videos_Anomaly/a_3.mp4\n"
    assert (ucf / UCF_ANNOTATION).read_text().splitlines() == [
        "a_2.mp4  NoEntry  5  38  -1  -1",  # 0.2 to 1.5 s: frame 5 is at 0.20, frame 38 at 1.52
        "a_3.mp4  Normal  -1  -1  -1  -1",
    ]
    assert (sht / "SH_Train.txt").read_text() == "a_1\na_0\n"  # abnormal ones first
    assert (sht / "train_abnormal.txt").read_text() == "a_1\n"
    assert (sht / "SH_Test.txt").read_text() == "a_2\na_3\n"
    mask = np.load(sht / "test_frame_mask" / "a_2.npy")
    assert (mask.dtype, mask.shape, np.flatnonzero(mask).tolist()) == (np.uint8, (80,), list(range(5, 38)))


def test_another_domain_changes_labels_and_no_video(tmp_path):
    jobs = (
        Job(name="a_0", split="test", spec=spec("cycling")),
        Job(name="a_1", split="test", spec=spec("fight")),
    )
    rendered(tmp_path, jobs)
    write_layouts(tmp_path, jobs, domain="pedestrian")
    before = {path: path.read_bytes() for part in ("videos", "truth") for path in (tmp_path / part).iterdir()}
    write_layouts(tmp_path, jobs, domain="shared")
    assert before == {path: path.read_bytes() for path in before}
    with (tmp_path / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [(row["video"], row["label"], row["domain"]) for row in rows] == [
        ("videos/a_0.mp4", "normal", "shared"),
        ("videos/a_1.mp4", "fight", "shared"),
    ]
    # Whatever the manifest was written for, a reader gets the domain that it asks for.
    assert [clip.label for clip in read_street(tmp_path)] == ["cycling", "fight"]
    assert [clip.label for clip in read_street(tmp_path, domain="shared")] == ["normal", "fight"]


def street_clip(*events: tuple[str, float, float]) -> StreetClip:
    return StreetClip(
        name="a", video=Path("a.mp4"), split="test", place="plaza", light="day", heldout="", seed=1, fps=10.0,
        frames=50, events=tuple(Event(label=label, start_s=start, end_s=end) for label, start, end in events),
    )  # fmt: skip


def test_frames_of_events_by_hand():
    # A frame is inside if its own time is: 0.45 s begins with frame 5, and 1.2 s ends before frame 12.
    clip = street_clip(("theft", 0.45, 1.2), ("chase", 1.0, 2.0), ("fall", 3.0, 9.0))
    assert clip.spans == [(5, 20), (30, 50)]
    assert clip.label == "fall"
    assert clip.mask.sum() == 35
    assert street_clip().spans == []
    assert street_clip().label == "normal"


def test_ucf_crime_has_room_for_two_stretches_so_the_closest_are_joined():
    from clipvad.synth.layouts import _at_most

    assert _at_most(2, [(0, 5), (10, 12), (14, 20), (40, 50)]) == [(0, 20), (40, 50)]


def test_a_folder_that_is_no_benchmark_and_an_unknown_domain_are_refused(tmp_path):
    with pytest.raises(ManifestError, match="clipvad synth --out"):
        read_street(tmp_path)
    with pytest.raises(ManifestError, match="pedestrian, shared"):
        read_street(tmp_path, domain="moon")


def test_verify_finds_every_kind_of_fault(tmp_path):
    jobs = some(4)
    recipe = recipe_of(STREET, jobs, rendered(tmp_path, jobs))
    assert verify(tmp_path, recipe) == (4, [])
    truth, video = (tmp_path / "truth" / f"{jobs[0].name}.json", tmp_path / "videos" / f"{jobs[1].name}.mp4")
    truth.write_text(truth.read_text().replace('"t_s":0.0', '"t_s":0.1', 1))
    write_numbered(video, 10, rate=25)
    (tmp_path / "videos" / f"{jobs[2].name}.mp4").unlink()
    (tmp_path / "truth" / "stranger_0.json").write_text("{}")
    good, problems = verify(tmp_path, recipe)
    assert good == 1
    assert dict(problem.split(": ") for problem in problems) == {
        "stranger_0": "not a clip of this preset",
        jobs[0].name: "its ground truth differs from the recipe's",
        jobs[1].name: f"its video has 10 frames, not {round(jobs[1].spec.duration_s * 25)}",
        jobs[2].name: f"its video has 0 frames, not {round(jobs[2].spec.duration_s * 25)}",
    }
    with pytest.raises(ManifestError, match="no street benchmark"):
        verify(tmp_path / "nowhere", recipe)


def test_the_whole_hash_is_of_all_clips_whatever_their_order():
    done = [Done(name=name, recipe="r", truth=name * 64) for name in "abc"]
    recipes = [recipe_of(STREET, some(3), order) for order in (done, done[::-1])]
    assert recipes[0] == recipes[1]
    changed = recipe_of(STREET, some(3), [replace(done[0], truth="0" * 64), *done[1:]])
    assert changed["truth"] != recipes[0]["truth"]


def test_the_street_itself_is_filmed_and_its_event_is_in_the_truth(tmp_path):
    job = Job(name="walkway_0", split="test", spec=spec("fight", width=160, height=120, density=0.5))
    (done,) = render_all([job], tmp_path, workers=1)
    truth = json.loads((tmp_path / "truth" / "walkway_0.json").read_text())
    assert (truth["clip"], len(truth["frames"])) == ("walkway_0.mp4", 80)
    assert {event["label"] for event in truth["events"]} == {"fight"}
    assert done == receipt(job, tmp_path)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--preset", "moon", "--out", "x"], "no preset 'moon'. Allowed: street-v1"),
        ([], "Give --out DIR"),
        (["--out", "x", "--domain", "moon"], "no domain 'moon'. Allowed: pedestrian, shared"),
        (["--out", "taken/x"], "can't be written"),
        (["--verify", "empty"], "holds no street benchmark"),
    ],
)
def test_a_wrong_call_is_one_clear_line(tmp_path, monkeypatch, capsys, args, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file, not a folder")
    (tmp_path / "street-v1.json").write_text('{"clips": {}}')
    monkeypatch.setattr("clipvad.synth.recipe.recipe_path", lambda preset: tmp_path / f"{preset}.json")
    assert call("synth", *args) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert message in errors[0]


def test_the_command_line_renders_writes_and_verifies(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(render_all, "__kwdefaults__", {"film": film})
    assert call("synth", "--out", tmp_path / "s", "--limit", "3", "--jobs", "1", "--domain", "shared") == 0
    assert "3/3 clips" in capsys.readouterr().err
    assert len(read_manifest(tmp_path / "s" / "manifest.csv")) == 3
    recipe = recipe_of(STREET, some(3), rendered(tmp_path / "s", some(3)))
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    monkeypatch.setattr("clipvad.synth.recipe.recipe_path", lambda preset: tmp_path / "recipe.json")
    assert call("synth", "--verify", tmp_path / "s") == 0
    assert capsys.readouterr().out.startswith("3 of 3 clips of street-v1 verified, 0 wrong")


def test_the_committed_recipe_is_of_the_preset_as_it_is_planned_now():
    path = recipe_path(STREET.name)
    if not path.exists():
        pytest.skip("no recipe is committed yet")
    recipe = read_recipe(path)
    assert (recipe["seed"], recipe["train"], recipe["test"]) == (STREET.seed, STREET.train, STREET.test)
    assert set(recipe["clips"]) == {job.name for job in plan(STREET)}
