"""The quality lab: its figures by hand, what it compares, what it remembers, and the files it writes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clipvad.cache import Cache
from clipvad.core import Analysis, Detections, Rule, RuleSet
from clipvad.errors import ManifestError
from clipvad.evaluation.clip_labels import read_clip_labels
from clipvad.evaluation.evaluate import align
from clipvad.evaluation.manifest import Entry
from clipvad.evaluation.metrics import EventCounts, Interval, iou, match_events, union
from clipvad.evaluation.readers import read_shanghaitech
from clipvad.lab.costs import Costs
from clipvad.lab.figures import Figures, breakdown, measure, spread, worst_first
from clipvad.lab.fingerprint import digest, fingerprint
from clipvad.lab.lab import Key, Row, short_name
from clipvad.lab.report import real_means
from clipvad.lab.scorers import chance, class_list, named_classes
from clipvad.lab.sets import in_domain, labelled_in, street, street_rules
from clipvad.lab.tracks import LabClip, LabMode, Track, track_of
from clipvad.synth.places.world import PLACES
from clipvad.synth.stories import LABELS, suits
from clipvad.synth.street import DOMAINS
from tests.analyses import make_analysis
from tests.calling import call
from tests.clips import write_clip, write_numbered
from tests.fakes import ColourEncoder, SquareDetector
from tests.heads import make_head

RULES = RuleSet(name="r", normal=(Rule(text="all grey"),), abnormal=(Rule(text="something red"),))


def track(
    labels: Sequence[int],
    smooth: Sequence[float],
    *,
    intervals: tuple[Interval, ...] = (),
    found: tuple[Interval, ...] = (),
    **more: Any,
) -> Track:
    """A clip at one frame a second."""
    name = more.pop("name", "clip.mp4")
    label, tags, rules = more.pop("label", "x"), more.pop("tags", {}), more.pop("rules", RULES)
    entry = Entry(video=Path(name), label=label if intervals else "normal", intervals=intervals)
    return Track(
        clip=LabClip(entry=entry, rules=rules, groups=("set",), tags=tags),
        labels=np.array(labels, bool),
        score=np.array(more.pop("score", smooth), np.float32),
        smooth=np.array(smooth, np.float32),
        found=found,
        duration_s=float(len(labels)),
        **more,
    )


class TestEvents:
    def test_intersection_over_union_by_hand(self):
        assert iou((0, 4), (2, 6)) == pytest.approx(2 / 6)
        assert iou((0, 1), (1, 2)) == 0
        assert iou((1, 3), (1, 3)) == 1

    def test_what_overlaps_or_touches_is_one_event(self):
        assert union([(4, 5), (0, 1), (1, 2), (1.5, 3)]) == [(0, 3), (4, 5)]

    def test_events_pair_once_the_best_first(self):
        # (0, 4) agrees with (0, 5) to 0.8 and with (3, 9) to 1/9; (6, 9) with (5.5, 9) to 3/3.5.
        counts = match_events([(0, 4), (6, 9)], [(0, 5), (5.5, 9), (20, 21)])
        assert counts == EventCounts(labelled=2, found=3, matched=2)
        assert (counts.precision, counts.recall) == (pytest.approx(2 / 3), 1.0)

    def test_one_long_alarm_and_many_short_ones_earn_little(self):
        assert match_events([(10, 12)], [(0, 60)]).matched == 0
        assert match_events([(0, 10)], [(t, t + 1) for t in range(0, 10, 2)]).matched == 0

    def test_the_bound_counts_as_a_match(self):
        assert match_events([(0, 3)], [(0, 10)], min_iou=0.3).matched == 1
        assert match_events([(0, 3)], [(0, 10.01)], min_iou=0.3).matched == 0

    def test_where_nothing_is_labelled_or_found_nothing_is_defined(self):
        assert (match_events([], [(0, 1)]).precision, match_events([], [(0, 1)]).recall) == (0.0, None)
        assert (match_events([(0, 1)], []).precision, match_events([(0, 1)], []).recall) == (None, 0.0)

    def test_counts_of_videos_add_up(self):
        total = match_events([(0, 2)], [(0, 2)]) + match_events([(0, 2)], [(5, 6)])
        assert total == EventCounts(labelled=2, found=2, matched=1)


class TestFigures:
    TRACKS = (
        # AUC .75: 0.4 loses to 0.6.
        track([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], intervals=((2, 4),), found=((1, 4),), cost_s=2.0, label="fight"),
        track([0, 0, 0, 0], [0.2, 0.2, 0.7, 0.2], found=((2, 3),), cost_s=4.0, name="quiet.mp4"),
        track([1, 1], [0.3, 0.5], intervals=((0, 2),), name="all.mp4", label="fire", cost_s=1.0),
    )

    def test_every_figure_by_hand(self):
        found = measure(self.TRACKS)
        # Abnormal .4 .9 .3 .5 against normal .1 .6 .2 .2 .7 .2: of 24 pairs .4 wins 4, .9 wins 6, .3 wins 4, .5 wins 4.
        assert found.auc_smooth == pytest.approx(18 / 24)
        # In the abnormal videos .4 .9 .3 .5 against .1 .6: of 8 pairs 1, 2, 1, 1.
        assert found.auc_abnormal == pytest.approx(5 / 8)
        assert found.auc_within == pytest.approx(0.75)  # one video alone has both classes
        assert found.auc_videos == pytest.approx(1 / 2)  # peaks .9 and .5 against .7
        # (1, 4) on (2, 4) agrees to 2/3; the alarm of the quiet clip is false; the event of the third is missed.
        assert (found.precision, found.recall) == (pytest.approx(1 / 2), pytest.approx(1 / 2))
        assert found.false_alarms_per_hour == pytest.approx(1 / 4 * 3600)  # one in four seconds
        assert found.seconds_per_minute == pytest.approx(7 / 10 * 60)

    def test_the_raw_curve_has_its_own_auc(self):
        one = track([0, 1], [0.5, 0.5], score=[0.1, 0.9], intervals=((1, 2),))
        assert (measure([one]).auc, measure([one]).auc_smooth) == (1.0, 0.5)

    def test_what_is_not_defined_is_none(self):
        assert measure([track([0, 0], [0.1, 0.2])]) == Figures(false_alarms_per_hour=0.0)
        assert measure([track([1], [0.4], intervals=((0, 1),), found=((0, 1),))]) == Figures(precision=1.0, recall=1.0)

    def test_mean_and_deviation_over_seeds(self):
        found = spread([Figures(auc=0.5), Figures(auc=0.7), Figures(auc=None, ap=0.2)])
        assert found["auc"] is not None
        assert (found["auc"].mean, found["auc"].sd, found["auc"].runs) == (
            pytest.approx(0.6), pytest.approx(0.1 * 2**0.5), 2,
        )  # fmt: skip
        assert found["ap"] is not None
        assert found["ap"].sd is None
        assert found["recall"] is None

    def test_the_worst_clip_comes_first(self):
        order = [found.video for found, _ in worst_first(self.TRACKS)]
        assert order == ["quiet.mp4", "all.mp4", "clip.mp4"]  # faults: peak .7; 1 - peak .5; 1 - AUC .25

    def test_a_breakdown_is_measured_kind_by_kind(self):
        found = breakdown(self.TRACKS, lambda one: one.clip.entry.label if one.clip.entry.anomalous else "")
        assert list(found) == ["fight", "fire"]
        assert found["fight"] == measure(self.TRACKS[:1])

    def test_the_mean_of_sets_needs_every_set(self):
        def row(name: str, mode: LabMode, *figures: Figures) -> Row:
            key = Key("zero-shot", "e", "", mode)
            return Row(set=name, key=key, runs=((),) * len(figures), figures=figures, ran={})

        rows = [
            row("street", "frame", Figures(auc=0.1)),
            row("UCF-Crime", "frame", Figures(auc=0.5, ap=0.4), Figures(auc=0.6)),
            row("UCSD Ped2", "frame", Figures(auc=0.9), Figures(auc=0.8)),
            row("UCSD Ped2", "object", Figures(auc=0.95)),
        ]
        means = real_means(rows)
        assert [key.mode for key in means] == ["frame"]  # object has no figures on UCF-Crime
        assert [found.auc for found in means[rows[0].key]] == [pytest.approx(0.7), pytest.approx(0.7)]
        assert means[rows[0].key][0].ap is None
        assert real_means(rows[:2]) == {}  # one set alone has no mean


class TestScorers:
    @pytest.mark.parametrize(
        ("normal", "abnormal", "named"),
        [
            ("a person walking", "a person riding a bicycle", ["bicycle"]),
            ("a pedestrian", "a cyclist on a bike", ["bicycle"]),
            ("a car driving along the road", "a car crash; a motorbike", ["motorcycle"]),
            ("an empty road", "two men in vans", ["person", "truck"]),
            ("an empty road", "a scarf on a carpet, a vantage point", []),
            ("buses", "three buses and dogs", ["dog"]),
        ],
    )
    def test_classes_that_only_the_abnormal_side_names(self, normal, abnormal, named):
        rules = RuleSet(name="r", normal=(Rule(text=normal),), abnormal=(Rule(text=abnormal),))
        names = ("person", "bicycle", "car", "motorcycle", "bus", "truck", "dog")
        assert list(named_classes(rules, names)) == named

    def test_a_sentence_that_is_switched_off_names_nothing(self):
        rules = replace(RULES, abnormal=(Rule(text="a car", enabled=False), Rule(text="a dog")))
        assert named_classes(rules, ("car", "dog")) == ("dog",)

    def test_the_class_list_is_the_highest_confidence_of_a_named_class(self):
        analysis = make_analysis()  # sample 1: a person, .75; sample 2: a bicycle, .9; the rules name the bicycle
        found = class_list(replace(analysis, settings=replace(analysis.settings, smooth_s=0.0)))
        np.testing.assert_allclose(found.scores["object"].score, [0, 0, 0.9, 0])
        assert [(event.start_s, event.end_s) for event in found.events] == []  # .46 s, shorter than an event
        assert found.encoder.label == "class list: bicycle"

    def test_several_boxes_a_frame_and_no_box_at_all(self):
        analysis = make_analysis()
        boxes = analysis.features.detections
        assert boxes is not None
        two = replace(boxes, frame=np.array([1, 1], np.int32), label=np.array([1, 1], np.int16))
        assert class_list(seeing(analysis, two)).scores["object"].score.tolist() == pytest.approx([0, 0.9, 0, 0])
        none = Detections.empty("boxes/1", ("person", "bicycle"))
        assert class_list(seeing(analysis, none)).scores["object"].score.tolist() == [0, 0, 0, 0]

    def test_chance_is_the_same_again_and_another_by_seed_and_clip(self):
        analysis = make_analysis()
        curve = chance(analysis, seed=1).scores["frame"].score
        assert curve.tolist() == chance(analysis, seed=1).scores["frame"].score.tolist()
        assert curve.tolist() != chance(analysis, seed=2).scores["frame"].score.tolist()
        other = make_analysis(path="clips/door.mp4")
        assert curve.tolist() != chance(other, seed=1).scores["frame"].score.tolist()

    def test_both_is_the_larger_curve_and_every_event(self, tmp_path):
        clip = write_numbered(tmp_path / "clip.mp4", 20, rate=10)
        entry = Entry(video=clip, label="bicycle", intervals=((0.5, 1.5),))
        aligned = align(entry, make_analysis(path=clip))
        lab_clip = LabClip(entry=entry, rules=RULES, groups=("set",))
        both = track_of(lab_clip, aligned, "both")
        # frame .1 .8 .9 .2, object 0 .75 .9 0; smoothed .1 .8 .8 .2 and 0 .75 .75 0; samples at 0, .5, 1.04, 1.5
        np.testing.assert_allclose(both.score, [0.1] * 5 + [0.8] * 6 + [0.9] * 4 + [0.2] * 5)
        np.testing.assert_allclose(both.smooth, [0.1] * 5 + [0.8] * 10 + [0.2] * 5)
        assert both.found == ((0.5, 1.9),)  # (.5, 1.5) of the frames and (.5, 1.9) of the objects
        assert track_of(lab_clip, aligned, "frame").found == ((0.5, 1.5),)


def seeing(analysis: Analysis, boxes: Detections) -> Analysis:
    objects = analysis.features.objects
    assert objects is not None
    fewer = replace(objects, vectors=objects.vectors[: len(boxes)])
    return replace(analysis, features=replace(analysis.features, detections=boxes, objects=fewer))


class TestFingerprint:
    ONE = track([0, 1], [0.1, 0.9], intervals=((1, 2),), sha256="ab")

    def test_the_same_has_the_same_hash_whatever_the_clips_are_called(self):
        other = track([0, 1], [0.5, 0.5], intervals=((1, 2),), sha256="ab", name="elsewhere/b.mp4")
        assert fingerprint([self.ONE], mode="frame")["hash"] == fingerprint([other], mode="frame")["hash"]

    def test_a_rule_a_label_a_clip_and_a_setting_change_it(self):
        reworded = replace(RULES, abnormal=(Rule(text="something reddish"),))
        hashes = [
            fingerprint(tracks, threshold=threshold)["hash"]
            for tracks, threshold in (
                ([self.ONE], 0.5),
                ([self.ONE], 0.6),
                ([track([0, 1], [0.1, 0.9], intervals=((1, 2),), sha256="ab", rules=reworded)], 0.5),
                ([track([0, 1], [0.1, 0.9], intervals=((0.5, 2),), sha256="ab")], 0.5),
                ([track([0, 1], [0.1, 0.9], intervals=((1, 2),), sha256="cd")], 0.5),
                ([self.ONE, self.ONE], 0.5),
            )
        ]
        assert len(set(hashes)) == len(hashes)

    def test_the_order_of_keys_does_not_count(self):
        assert digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})


class TestCosts:
    def run(self, costs: Costs, *, encoder: str, detect: float, cached: bool = False) -> float | None:
        analysis = make_analysis()
        analysis = replace(
            analysis,
            encoder=replace(analysis.encoder, id=encoder),
            timings_s={"extract": 1.0 + detect, "detect": detect, "encode": 0.5},
            from_cache=cached,
        )
        cost = costs.of(analysis, "object")
        return None if cost is None else cost.total_s

    def test_a_second_encoder_is_charged_for_the_boxes_that_it_found_in_the_cache(self, tmp_path):
        costs = Costs(Cache(tmp_path), fps=8)
        assert self.run(costs, encoder="a", detect=3.0) == pytest.approx(4.0)
        assert self.run(costs, encoder="b", detect=0.0) == pytest.approx(4.0)
        # Both are remembered when nothing is computed any more; a third, never measured, is not guessed.
        again = Costs(Cache(tmp_path), fps=8)
        assert self.run(again, encoder="b", detect=0.0, cached=True) == pytest.approx(4.0)
        assert self.run(again, encoder="c", detect=0.0, cached=True) is None
        assert self.run(Costs(Cache(tmp_path), fps=4), encoder="b", detect=0.0, cached=True) is None

    def test_without_a_cache_each_run_pays_for_itself(self):
        costs = Costs(None, fps=8)
        assert [self.run(costs, encoder="a", detect=2.0) for _ in range(2)] == [pytest.approx(3.0)] * 2


class TestRules:
    @pytest.mark.parametrize("place", sorted(PLACES))
    def test_a_place_has_a_sentence_for_every_event_that_a_picture_can_show(self, place):
        rules = street_rules(place)
        told = {rule.category for rule in rules.abnormal}
        # Loitering is a matter of time: one picture of it shows a person standing.
        assert told == {label for label in LABELS if suits(label, PLACES[place])} - {"loitering"}
        assert not told & {rule.category for rule in rules.normal}

    def test_a_domain_moves_its_sentences_to_the_normal_side(self):
        rules = street_rules("walkway")
        assert in_domain(rules, "pedestrian") == rules
        shared = in_domain(rules, "shared")
        assert sorted(shared.sentences) == sorted(rules.sentences)
        moved = {rule.category for rule in shared.normal} - {rule.category for rule in rules.normal}
        assert moved == DOMAINS["shared"] == {"cycling"}
        assert "cycling" not in {rule.category for rule in shared.abnormal}


class TestSets:
    def test_frame_ranges_are_inclusive_and_objects_count_if_the_rules_name_them(self, tmp_path):
        folder = tmp_path / "intel_sample_videos"
        for name in ("lot.mp4", "hall.mp4"):
            write_numbered(folder / name if folder.mkdir(exist_ok=True) is None else folder, 20, rate=10)
        items = [
            {"path": "intel_sample_videos/lot.mp4", "label": "mixed", "intervals": [],
             "objects": {"car": [[2, 4]], "person": [[0, 19]]}},
            {"path": "intel_sample_videos/hall.mp4", "label": "normal", "intervals": []},
            {"path": "intel_sample_videos/gone.mp4", "label": "normal", "intervals": []},
            {"path": "intel_sample_videos/train/hall.mp4", "label": "normal", "intervals": []},
        ]  # fmt: skip
        (tmp_path / "clips.json").write_text(json.dumps(items))
        found = labelled_in(tmp_path / "clips.json")
        assert [clip.rules.name for clip in found.clips] == ["campus-walkway"] * 2
        assert [clip.entry.intervals for clip in found.clips] == [((pytest.approx(0.2), pytest.approx(0.5)),), ()]
        assert [clip.entry.label for clip in found.clips] == ["car", "normal"]
        assert len([reason for reason in found.skipped if "gone.mp4: not found" in reason]) == 1

    @pytest.mark.parametrize(
        "text", ["{}", "[]", '[{"label": "x"}]', '[{"path": "a", "label": "x", "intervals": [3]}]']
    )
    def test_another_kind_of_file_is_refused(self, tmp_path, text):
        (tmp_path / "clips.json").write_text(text)
        with pytest.raises(ManifestError, match=r"clips\.json"):
            read_clip_labels(tmp_path / "clips.json")

    def test_shanghaitech_masks_in_a_folder_and_packed(self, tmp_path):
        for name in ("01_0014.mp4", "01_0015.mp4", "unlabelled.mp4"):
            write_numbered(tmp_path / name, 10, rate=10)
        masks = {"01_0014": np.array([0, 0, 1, 1, 0, 0, 0, 1, 1, 1], np.uint8), "01_0015": np.zeros(10, np.uint8)}
        (tmp_path / "masks").mkdir()
        for name, mask in masks.items():
            np.save(tmp_path / "masks" / f"{name}.npy", mask)
        np.savez(tmp_path / "packed.npz", **masks)
        entries, skipped = read_shanghaitech(tmp_path / "masks", tmp_path)
        assert skipped == ()
        assert [(entry.video.name, entry.label) for entry in entries] == [
            ("01_0014.mp4", "anomaly"), ("01_0015.mp4", "normal"),
        ]  # fmt: skip
        np.testing.assert_allclose(entries[0].intervals, [(0.2, 0.4), (0.7, 1.0)], atol=1e-3)
        assert read_shanghaitech(tmp_path / "packed.npz", tmp_path)[0] == entries
        with pytest.raises(ManifestError, match="holds no frame masks"):
            read_shanghaitech(tmp_path, tmp_path)
        (tmp_path / "empty").mkdir()
        with pytest.raises(ManifestError, match="None of the clips"):
            read_shanghaitech(tmp_path / "masks", tmp_path / "empty")

    def test_the_street_counts_what_is_held_out_apart(self, tmp_path):
        from clipvad.synth.benchmark import PRESETS, plan, render_all
        from clipvad.synth.layouts import write_layouts
        from tests.unit.test_synth_benchmark import film

        test = [job for job in plan(PRESETS["street-v1"]) if job.split == "test"]
        jobs = (
            *[j for j in test if j.heldout][:2],
            *[j for j in test if not j.heldout and j.spec.label != "normal"][:2],
        )
        list(render_all(jobs, tmp_path, workers=1, film=film))
        write_layouts(tmp_path, jobs, domain="pedestrian")
        clips = street(tmp_path).clips
        assert (
            sorted(clip.groups for clip in clips)
            == [("street", "street, held out")] * 2 + [("street", "street, not held out")] * 2
        )
        assert {clip.tags["place"] for clip in clips} == {job.spec.place for job in jobs}
        assert street(tmp_path, domain="shared").clips[0].groups[0] == "street, shared"
        with pytest.raises(ManifestError, match="split 'train'"):
            street(tmp_path, split="train")


# -- the command, with models whose answers can be worked out by hand ------------------------------------------------


def picture(colour: tuple[int, int, int]) -> np.ndarray:
    rgb = np.full((96, 160, 3), 128, np.uint8)
    rgb[8:88, 8:88] = colour
    return rgb


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Clips labelled in a file: one is red from 1 to 2 s of 3, one never is; and rules for it instead of a preset."""
    red, green = picture((235, 20, 20)), picture((20, 235, 20))
    (tmp_path / "gate").mkdir()
    write_clip(tmp_path / "gate/a.mp4", (red if 10 <= i < 20 else green for i in range(30)), pixel_format="yuv444p")
    write_clip(tmp_path / "gate/b.mp4", (green for i in range(30)), pixel_format="yuv444p")
    items = [
        {"path": "gate/a.mp4", "label": "red", "intervals": [[10, 19]]},
        {"path": "gate/b.mp4", "label": "normal", "intervals": []},
    ]
    (tmp_path / "clips.json").write_text(json.dumps(items))
    rules = RuleSet(
        name="colours", normal=(Rule(text="something green"), Rule(text="all grey")), abnormal=(Rule(text="red"),)
    )
    monkeypatch.setattr("clipvad.lab.sets.load_rules", lambda name: rules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLIPVAD_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> ColourEncoder:
    one = ColourEncoder()
    monkeypatch.setattr("clipvad.encoders.load_encoder", lambda *_, **__: one)
    monkeypatch.setattr("clipvad.detectors.load_detector", lambda *_, **__: SquareDetector())
    return one


LAB = ("lab", "--clips-json", "clips.json", "--out", "out", "--fps", "10", "--smooth", "0")


@pytest.mark.usefixtures("place")
def test_one_command_gives_the_table_in_every_form(encoder, capsys):
    assert call(*LAB) == 0
    shown = capsys.readouterr().out.splitlines()
    report = json.loads(Path("out/lab.json").read_text())
    assert [(row["scorer"], row["mode"]) for row in report["rows"]] == [
        ("chance", ""), ("zero-shot", "frame"), ("zero-shot", "object"), ("zero-shot", "both"),
    ]  # fmt: skip
    best = report["rows"][2]
    # The square's colour decides, and only ten frames of 60 are red: everything is found, nothing else is.
    assert {name: one["mean"] for name, one in best["figures"].items() if one and name != "seconds_per_minute"} == {
        "auc": 1.0, "auc_smooth": 1.0, "ap": 1.0, "auc_abnormal": 1.0, "auc_within": 1.0, "auc_videos": 1.0,
        "precision": 1.0, "recall": 1.0, "false_alarms_per_hour": 0.0,
    }  # fmt: skip
    assert best["figures"]["seconds_per_minute"]["mean"] > 0
    assert report["rows"][0]["figures"]["auc"]["runs"] == 5
    rows = list(csv.DictReader(io.StringIO(Path("out/lab.csv").read_text())))
    assert [row["hash"] for row in rows] == [row["ran"]["hash"] for row in report["rows"]]
    assert (rows[2]["auc"], rows[2]["clips"], rows[2]["runs"]) == ("1", "2", "1")
    table = Path("out/lab.md").read_text()
    for row in report["rows"]:
        assert row["ran"]["hash"] in table
        assert any(row["ran"]["hash"] in line for line in shown)


@pytest.mark.usefixtures("place")
def test_a_second_run_encodes_nothing_and_says_the_same(encoder):
    assert call(*LAB) == 0
    first, seen = json.loads(Path("out/lab.json").read_text())["rows"], encoder.images
    assert call(*LAB) == 0
    assert encoder.images == seen
    assert json.loads(Path("out/lab.json").read_text())["rows"] == first


@pytest.mark.usefixtures("place", "encoder")
def test_an_edited_sentence_changes_the_hash_of_its_rows(monkeypatch):
    def hashes() -> list[str]:
        assert call(*LAB, "--mode", "frame") == 0
        return [row["ran"]["hash"] for row in json.loads(Path("out/lab.json").read_text())["rows"]]

    before = hashes()
    monkeypatch.setattr("clipvad.lab.sets.load_rules", lambda name: RULES)
    assert not set(before) & set(hashes())


@pytest.mark.usefixtures("place", "encoder")
def test_seeds_of_one_model_are_one_row_with_a_deviation():
    assert call(*LAB, "--mode", "frame", "--encoder", "one,two,three", "--encoder", "other") == 0
    rows = json.loads(Path("out/lab.json").read_text())["rows"]
    assert [(row["encoder"], len(row["runs"])) for row in rows[1:]] == [("one (+2 seeds)", 3), ("other", 1)]
    assert rows[1]["figures"]["auc"]["sd"] == 0.0  # the stand-in is the same each time
    assert rows[2]["figures"]["auc"]["sd"] is None


@pytest.mark.usefixtures("place", "encoder")
def test_trained_heads_are_rows_beside_zero_shot(capsys):
    red, grey = np.array([[1, 0, 0]]), np.ones((1, 3)) / np.sqrt(3)
    classes = np.concatenate([grey, red])
    make_head(ColourEncoder.id, classes, name="whole", step=10.0).save(Path("whole.safetensors"))
    things = make_head(ColourEncoder.id, classes, name="things", step=10.0, picture="object")
    things.save(Path("things.safetensors"))
    make_head("another/1", classes, name="foreign", step=10.0).save(Path("foreign.safetensors"))
    heads = [word for name in ("whole", "things", "foreign") for word in ("--scorer", f"{name}.safetensors")]
    assert call(*LAB, *heads, "--open", "6", "--pictures", "1") == 0
    rows = json.loads(Path("out/lab.json").read_text())["rows"]
    assert [(row["scorer"], row["detector"], row["mode"]) for row in rows[4:]] == [
        ("head whole", "", "frame"), ("head things", "motion", "object"),
    ]  # fmt: skip
    assert rows[5]["figures"]["auc"]["mean"] == 1.0  # the square's colour decides
    assert rows[5]["ran"]["models"][0]["head"].startswith("video:things@")
    assert "head foreign: no row" in capsys.readouterr().err


@pytest.mark.usefixtures("place", "encoder")
def test_an_opened_row_lists_its_clips_worst_first_with_their_curves():
    assert call(*LAB, "--open", "4", "--open", "2", "--pictures", "1") == 0
    lines = [line for line in Path("out/rows/02.md").read_text().splitlines() if ".mp4" in line]
    assert len(lines) == 2
    pictures = sorted(Path("out/rows").rglob("*.png"))
    assert [path.parent.name for path in pictures] == ["02", "04"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    assert pictures[0].name in lines[0]


@pytest.mark.usefixtures("encoder")
def test_the_report_does_not_say_where_files_lie(place, monkeypatch):
    args = ["lab", "--clips-json", str(place / "clips.json"), "--mode", "frame", "--out", str(place / "out")]
    monkeypatch.setattr("sys.argv", ["clipvad", *args])
    assert call(*args) == 0
    texts = [Path(f"out/lab.{kind}").read_text() for kind in ("md", "csv", "json")]
    assert not any(str(place) in text for text in texts)
    assert "`clipvad lab --clips-json clips.json --mode frame --out out`" in texts[0]
    (place / "weights.pt").touch()
    assert short_name(f"yolo:{place / 'weights.pt'}") == "yolo:weights"
    assert short_name("open_clip:ViT-B-32/openai") == "open_clip:ViT-B-32/openai"


@pytest.mark.usefixtures("encoder")
def test_a_broken_clip_is_named_and_the_others_are_measured(place, capsys):
    (place / "gate/b.mp4").write_bytes(b"not a video")
    assert call(*LAB, "--mode", "frame") == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert "b.mp4" in errors[0]
    report = json.loads(Path("out/lab.json").read_text())
    assert [Path(one["video"]).name for one in report["failed"]] == ["b.mp4"]
    assert [len(row["clips"]) for row in report["rows"]] == [1, 1]


@pytest.mark.usefixtures("place", "encoder")
@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["lab"], "There is no clip to score"),
        ([*LAB, "--only", "moon"], "There is no clip to score"),
        (["lab", "--clips-json", "none.json"], "none.json"),
        (["lab", "--ucf", "gate"], "--ucf-annotations"),
        (["lab", "--street", "gate"], "clipvad synth --out gate"),
        (["lab", "--shanghaitech", "gate"], "test_frame_mask"),
        ([*LAB, "--mode", "frame", "--open", "9"], "rows 1 to 2"),
        ([*LAB, "--mode", "frame", "--out", "clips.json/x"], "can't be written"),
        ([*LAB, "--encoder", " , "], "--encoder is empty"),
    ],
)
def test_a_wrong_call_is_one_clear_line(capsys, args, message):
    assert call(*args) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert message in errors[0]
