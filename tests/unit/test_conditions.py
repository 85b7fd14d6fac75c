"""Zones, hours and dwell times: who counts where and when, and which sentences are compared. Values by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from clipvad.core import Detections, Embeddings, Features, Hours, Rule, RuleSet, Scores, ScoreSettings, VideoInfo, Zone
from clipvad.detectors.motion import MotionDetector
from clipvad.events import find_events
from clipvad.scoring import SimilarityScorer
from clipvad.scoring.conditions import foot_points, in_hours, limits, stay_s
from clipvad.scoring.contexts import NEUTRAL

VIDEO = VideoInfo(path="x", name="x", width=100, height=80, fps=8, duration_s=1, codec="h264")
BAY = Zone(name="bay", points=((0.2, 0.5), (0.8, 0.5), (0.8, 1.0), (0.2, 1.0)))  # 20..80 by 40..80 pixels
NIGHT = Hours(start="20:00", end="06:00")
# One axis a meaning: person, car, anything. A box of a person has cosine 1 with "a person".
AXES = {
    "a person walking": [1, 0, 0],
    "a person": [1, 0, 0],
    "a car": [0, 1, 0],
    **{text: [0, 0, 1] for text in NEUTRAL},
}
PERSON, CAR = [1, 0, 0], [0, 1, 0]


def rule_set(*abnormal: Rule, normal: Sequence[Rule] = (Rule(text="a person walking"),)) -> RuleSet:
    return RuleSet(name="r", normal=tuple(normal), abnormal=abnormal, zones=(BAY,)).check()


def texts_of(rules: RuleSet) -> Embeddings:
    return Embeddings(np.array([AXES[text] for text in (*rules.sentences, *NEUTRAL)], np.float32), "e")


def objects(
    boxes: Sequence[tuple[float, float, float, float]],
    *,
    looks: Sequence[Sequence[float]],
    frame: Sequence[int] | None = None,
    track: Sequence[int] | None = None,
    pts_s: Sequence[float] = (0.0,),
    video: VideoInfo = VIDEO,
) -> Features:
    n = len(boxes)
    found = Detections(
        frame=np.array(frame or [0] * n, np.int32),
        xyxy=np.array(boxes, np.float32).reshape(n, 4),
        confidence=np.ones(n, np.float32),
        label=np.zeros(n, np.int16),
        track=np.array(track or [0] * n, np.int32),
        names=("thing",),
        detector_id="d",
    )
    vectors = Embeddings(np.array(looks, np.float32).reshape(n, 3), "e")
    return Features(video=video, pts_s=np.array(pts_s), encoder_id="e", detections=found, objects=vectors)


def score(features: Features, rules: RuleSet, *, clock_start_s: float | None = None) -> Scores:
    scorer = SimilarityScorer(temperature=0.1)
    return scorer.score(features, texts_of(rules), rules, mode="object", clock_start_s=clock_start_s)


NO_ENTRY = rule_set(Rule(text="a person", zones=("bay",)))
ALARM = float(np.exp(10) / (np.exp(10) + len(NEUTRAL)))  # a person against the neutral sentences at cosine 0


class TestZones:
    @pytest.mark.parametrize(
        ("point", "inside"),
        [
            ((0.5, 0.75), True),
            ((0.1, 0.75), False),
            ((0.5, 0.4), False),
            ((0.2, 0.7), True),  # on an edge
            ((0.8, 1.0), True),  # on a corner
            ((0.5, 0.5), True),
            ((0.19999, 0.7), False),
        ],
    )
    def test_a_point_on_the_edge_is_inside(self, point: tuple[float, float], inside: bool) -> None:
        assert BAY.contain(np.array([point])).tolist() == [inside]

    def test_a_notch_is_outside_whichever_corner_the_outline_begins_with(self) -> None:
        points = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.2), (0.0, 1.0))
        probes = np.array([[0.5, 0.1], [0.5, 0.2], [0.5, 0.9], [0.05, 0.5], [0.95, 0.5]])
        for shift in range(5):
            for outline in (points[shift:] + points[:shift], (points[shift:] + points[:shift])[::-1]):
                assert Zone(name="v", points=outline).contain(probes).tolist() == [True, True, False, True, True]

    def test_a_corner_that_stands_twice_changes_nothing(self) -> None:
        twice = Zone(name="t", points=(BAY.points[0], *BAY.points))
        probes = np.random.default_rng(0).random((200, 2))
        assert (twice.contain(probes) == BAY.contain(probes)).all()

    def test_the_foot_counts_and_not_the_upper_body(self) -> None:
        boxes = [(40, 30, 60, 60), (40, 10, 60, 39), (75, 45, 85, 70), (76, 45, 86, 70), (40, 10, 60, 40)]
        scores = score(objects(boxes, looks=[PERSON] * 5), NO_ENTRY)
        assert scores.object_score is not None
        # inside; head in front of the bay only; foot on the right edge; foot right of it; foot on the upper edge
        assert scores.object_score == pytest.approx([ALARM, 0, ALARM, 0, ALARM], abs=1e-6)

    def test_another_resolution_gives_the_same_answer(self) -> None:
        box = np.array([40, 30, 60, 60])
        for times in (1, 6.4, 19.2):
            large = replace(VIDEO, width=round(100 * times), height=round(80 * times))
            seen = objects([tuple(box * times)], looks=[PERSON], video=large)
            assert score(seen, NO_ENTRY).score == pytest.approx([ALARM], abs=1e-6)
            assert foot_points(seen.detections, large) == pytest.approx(np.array([[0.5, 0.75]]), abs=1e-3)  # type: ignore[arg-type]

    def test_a_car_in_the_zone_is_no_person(self) -> None:
        inside = objects([(40, 30, 60, 60)], looks=[CAR])
        assert score(inside, NO_ENTRY).score == pytest.approx([1 / 5], abs=1e-6)  # all five cosines are 0

    def test_a_neutral_sentence_that_says_the_same_does_not_answer_for_it(self) -> None:
        rules = rule_set(Rule(text="a car", zones=("bay",)))
        seen = objects([(40, 30, 60, 60)], looks=[CAR])
        for last, others in (([0, 1, 0], 0.0), ([0, 0.4, 0.84**0.5], float(np.exp(4)))):
            texts = texts_of(rules)
            texts.vectors[-1] = last
            found = SimilarityScorer(temperature=0.1).score(seen, texts, rules, mode="object").score
            assert found == pytest.approx([np.exp(10) / (np.exp(10) + len(NEUTRAL) - 1 + others)], rel=1e-5)


class TestHours:
    @pytest.mark.parametrize(
        ("clock", "inside"), [("19:59", 0), ("20:00", 1), ("23:59", 1), ("00:00", 1), ("05:59", 1), ("06:00", 0)]
    )
    def test_a_span_wraps_past_midnight_and_excludes_its_end(self, clock: str, inside: int) -> None:
        start_s = 3600.0 * int(clock[:2]) + 60.0 * int(clock[3:])
        rules = rule_set(Rule(text="a person", hours=(NIGHT,)))
        assert in_hours(np.array([0.0]), rules, start_s).tolist() == [[True, bool(inside)]]

    def test_the_clock_runs_on_with_the_clip_and_past_midnight(self) -> None:
        rules = rule_set(Rule(text="a car", hours=(Hours(start="00:00", end="00:01"),)))
        features = objects([(0, 0, 9, 9)] * 4, looks=[CAR] * 4, frame=[0, 1, 2, 3], pts_s=[0, 29.9, 30, 91])
        assert (score(features, rules, clock_start_s=86370.0).score > 0.5).tolist() == [False, False, True, False]

    def test_several_spans_are_alternatives(self) -> None:
        rules = rule_set(Rule(text="a car", hours=(NIGHT, Hours(start="12:00", end="13:00"))))
        found = in_hours(np.array([0.0, 3600.0, 9 * 3600.0]), rules, 12 * 3600.0)
        assert found[:, 1].tolist() == [True, False, True]

    def test_without_a_clock_hours_limit_nothing_and_a_remark_says_so(self) -> None:
        rules = rule_set(Rule(text="a car", hours=(NIGHT,)))
        features = objects([(0, 0, 9, 9)], looks=[CAR])
        assert score(features, rules).score[0] > 0.99
        (remark,) = limits(features, rules, modes=("object",), clock_start_s=None)
        assert "time of day" in remark
        assert limits(features, rules, modes=("object",), clock_start_s=0.0) == []

    def test_what_is_normal_by_day_is_abnormal_at_night(self) -> None:
        day = Rule(text="a person walking", hours=(Hours(start="06:00", end="20:00"),))
        rules = rule_set(Rule(text="a person", hours=(NIGHT,)), normal=[day, Rule(text="a car")])
        features = objects([(0, 0, 9, 9)], looks=[PERSON])
        assert score(features, rules, clock_start_s=12 * 3600.0).score[0] == 0
        assert score(features, rules, clock_start_s=22 * 3600.0).score[0] > 0.99


class TestDwell:
    rules = rule_set(Rule(text="a person", zones=("bay",), dwell_s=3.0))
    inside, outside = (40, 30, 60, 60), (0, 30, 15, 60)

    def walk(self, stays: str, *, fps: int = 4, track: int = 7) -> Features:
        """A sample a letter: i inside, o outside, . not seen."""
        seen = [(k, self.inside if c == "i" else self.outside) for k, c in enumerate(stays) if c != "."]
        return objects(
            [box for _, box in seen],
            looks=[PERSON] * len(seen),
            frame=[k for k, _ in seen],
            track=[track] * len(seen),
            pts_s=[k / fps for k in range(len(stays))],
        )

    def alarm_from(self, features: Features) -> float | None:
        raised = np.flatnonzero(score(features, self.rules).score > 0.5)
        return float(features.pts_s[raised[0]]) if len(raised) else None

    @pytest.mark.parametrize(
        ("stays", "alarm_s"),
        [
            ("i" * 20, 3.0),
            ("oooo" + "i" * 20, 4.0),  # entered at 1 s
            ("i" * 12, None),  # 0 to 2.75 s
            ("iiii" + "..." + "i" * 20, 3.0),  # a gap of a second, from 0.75 s to 1.75 s
            ("iiii" + "...." + "i" * 20, 5.0),  # 1.25 s: the stay begins anew at 2 s
            ("iiii" + "oooo" + "i" * 20, 5.0),  # outside for as long
            ("iiii" + "ooo" + "i" * 20, 3.0),  # a step outside of less than a second
        ],
    )
    def test_alarms_after_the_set_time_and_not_before(self, stays: str, alarm_s: float | None) -> None:
        assert self.alarm_from(self.walk(stays)) == alarm_s

    def test_two_tracks_do_not_add_up(self) -> None:
        first, second = self.walk("i" * 10), self.walk("." * 10 + "i" * 10)
        both = objects(
            [self.inside] * 20,
            looks=[PERSON] * 20,
            frame=[*range(20)],
            track=[1] * 10 + [2] * 10,
            pts_s=np.arange(20) / 4,
        )
        assert self.alarm_from(first) is None
        assert self.alarm_from(second) is None
        assert self.alarm_from(both) is None

    def test_two_tracks_at_once_are_timed_apart(self) -> None:
        frame = [k for k in range(20) for _ in range(2 if k >= 10 else 1)]
        track = [t for k in range(20) for t in ((1, 2) if k >= 10 else (1,))]
        found = objects([self.inside] * 30, looks=[PERSON] * 30, frame=frame, track=track, pts_s=np.arange(20) / 4)
        assert found.detections is not None
        stayed = stay_s(found.detections, found.pts_s, np.ones(30, bool))
        assert stayed[-2:].tolist() == [19 / 4, 9 / 4]

    def test_slow_sampling_is_no_gap(self) -> None:
        assert self.alarm_from(self.walk("iiii", fps=1)) == 3.0
        slow = self.walk("iiii")
        assert self.alarm_from(replace(slow, pts_s=np.arange(4) * 2.0)) == 4.0

    def test_what_has_no_track_never_dwells_and_a_remark_says_so(self) -> None:
        features = self.walk("i" * 20, track=-1)
        assert self.alarm_from(features) is None
        (remark,) = limits(features, self.rules, modes=("object",), clock_start_s=None)
        assert "follows nobody" in remark

    @pytest.mark.parametrize(("dwell_s", "followed_s"), [(3.0, None), (4.76, "4.7"), (10.0, "4.7")])
    def test_a_dwell_time_that_motion_never_reaches_is_said(self, dwell_s: float, followed_s: str | None) -> None:
        features = self.walk("i" * 20)  # from 0 to 4.75 s
        assert features.detections is not None
        moving = replace(features, detections=replace(features.detections, detector_id=MotionDetector().id))
        rules = rule_set(Rule(text="a car", dwell_s=1.0), Rule(text="a person", dwell_s=dwell_s))
        said = limits(moving, rules, modes=("object",), clock_start_s=None)
        assert [f"longer than {followed_s} s: sentences" in remark for remark in said] == [True] * bool(followed_s)
        assert limits(features, rules, modes=("object",), clock_start_s=None) == []  # others keep who stands still

    def test_without_a_zone_being_in_view_counts(self) -> None:
        rules = rule_set(Rule(text="a person", dwell_s=1.0), normal=[Rule(text="a car")])
        raised = score(self.walk("oooooooo"), rules).score > 0.5
        assert raised.tolist() == [False] * 4 + [True] * 4


class TestContexts:
    def test_a_normal_sentence_outside_the_zone_does_not_answer_for_one_inside(self) -> None:
        """ "a person walking" would take half of the softmax if the two were compared with each other."""
        features = objects([(40, 30, 60, 60)], looks=[PERSON])
        assert score(features, NO_ENTRY).probabilities[0] == pytest.approx([0, ALARM], abs=1e-6)

    def test_a_zones_own_normal_sentence_takes_the_place_of_the_neutral_ones(self) -> None:
        rules = rule_set(
            Rule(text="a person", zones=("bay",)),
            normal=[Rule(text="a person walking"), Rule(text="a car", zones=("bay",))],
        )
        row = score(objects([(40, 30, 60, 60)], looks=[CAR]), rules).probabilities[0]
        # In the bay a car is normal, 1 / (1 + e^10) of it abnormal; outside it there is nothing abnormal at all.
        assert row == pytest.approx([0, 1 / (1 + np.exp(-10)), 1 / (1 + np.exp(10))], abs=1e-6)

    def test_the_strongest_comparison_gives_the_score(self) -> None:
        rules = rule_set(Rule(text="a car"), Rule(text="a person", zones=("bay",)))
        scores = score(objects([(40, 30, 60, 60), (0, 30, 15, 60)], looks=[PERSON, CAR]), rules)
        assert scores.object_score == pytest.approx([ALARM, 1 / (1 + np.exp(-10))], abs=1e-6)
        assert scores.object_top is not None
        assert scores.object_top.tolist() == [2, 1]

    def test_a_disabled_bound_sentence_is_as_if_it_were_not_there(self) -> None:
        rules = rule_set(Rule(text="a car"), Rule(text="a person", zones=("bay",), enabled=False))
        texts = Embeddings(np.array([AXES[text] for text in rules.sentences], np.float32), "e")
        features = objects([(40, 30, 60, 60)], looks=[PERSON])
        scores = SimilarityScorer(temperature=0.1).score(features, texts, rules, mode="object")
        assert scores.score == pytest.approx([1 / (1 + np.exp(10))], abs=1e-6)

    def test_text_vectors_without_the_neutral_ones_are_refused(self) -> None:
        features = objects([(40, 30, 60, 60)], looks=[PERSON])
        short = Embeddings(texts_of(NO_ENTRY).vectors[:2], "e")
        with pytest.raises(ValueError, match="needs 6 text vectors, got 2"):
            SimilarityScorer(temperature=0.1).score(features, short, NO_ENTRY, mode="object")

    def test_the_order_of_rules_and_zones_changes_nothing(self) -> None:
        yard = Zone(name="yard", points=((0, 0), (1, 0), (1, 1), (0, 1)))
        bound = (
            Rule(text="a car", zones=("yard",)),
            Rule(text="a person", zones=("bay", "yard"), dwell_s=0.5),
            Rule(text="a person", zones=("bay",), hours=(NIGHT,)),
        )
        rng = np.random.default_rng(3)
        n = 60
        corner = rng.uniform(0, 60, (n, 2))
        features = objects(
            [tuple(box) for box in np.hstack([corner, corner + 20])],
            looks=rng.normal(size=(n, 3)).tolist(),
            frame=np.repeat(np.arange(20), 3).tolist(),
            track=np.tile([1, 2, 3], 20).tolist(),
            pts_s=np.arange(20) / 4,
        )
        curves = [
            score(features, replace(NO_ENTRY, abnormal=order, zones=zones), clock_start_s=72000.0).object_score
            for zones in ((BAY, yard), (yard, BAY))
            for order in permutations(bound)
        ]
        assert max(curves[0]) > 0.5 > min(curves[0])
        for curve in curves[1:]:
            assert curve == pytest.approx(curves[0], abs=1e-6)


def plain_scores(features: Features, texts: Embeddings, rules: RuleSet, m: float) -> tuple[np.ndarray, np.ndarray]:
    """Eq. 13-14 as the scorer computed them before sentences could be bound to anything."""
    logits = features.objects.cosines(texts) / m  # type: ignore[union-attr]
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True)).astype(np.float32)
    probabilities = np.asarray(shifted / shifted.sum(axis=1, keepdims=True), np.float32)
    return probabilities, np.clip(probabilities[:, rules.is_abnormal].sum(axis=1), 0.0, 1.0).astype(np.float32)


def test_unbound_sentences_give_the_very_bits_that_they_gave_before() -> None:
    rng = np.random.default_rng(0)
    names = [f"s{i}" for i in range(23)]
    rules = RuleSet(
        name="r",
        normal=tuple(Rule(text=name) for name in names[:11]),
        abnormal=tuple(Rule(text=name) for name in names[11:]),
        zones=(BAY,),
    )
    features = objects([(0, 0, 9, 9)] * 400, looks=rng.normal(size=(400, 3)).tolist())
    texts = Embeddings(rng.normal(size=(23, 3)).astype(np.float32), "e")
    scores = SimilarityScorer(temperature=0.01).score(features, texts, rules, mode="object")
    probabilities, mass = plain_scores(features, texts, rules, 0.01)
    assert scores.object_score is not None
    assert (scores.object_score == mass).all()
    winner = scores.winner[0]
    assert (scores.probabilities[0] == probabilities[winner]).all()
    assert scores.object_top is not None
    assert (scores.object_top == probabilities.argmax(axis=1)).all()


class TestFrames:
    rules = rule_set(Rule(text="a person", zones=("bay",)))

    def features(self, *, extracted: bool = True) -> Features:
        whole, part = (
            Embeddings(np.array([[0, 1, 0], look], np.float32), "e") for look in ([0, 1, 0], [1, 0, 0])
        )  # a person enters the bay in the second frame; the whole picture still looks like a car
        return Features(
            video=VIDEO,
            pts_s=np.array([0.0, 0.5]),
            encoder_id="e",
            frames=whole,
            zones={BAY.box: part} if extracted else {},
        )

    def test_a_bound_sentence_sees_the_part_of_the_picture_around_its_zone(self) -> None:
        scores = SimilarityScorer(temperature=0.1).score(
            self.features(), texts_of(self.rules), self.rules, mode="frame"
        )
        assert scores.score == pytest.approx([1 / 5, ALARM], abs=1e-6)
        assert scores.cosines[1].tolist() == [1, 1]

    def test_a_zone_not_yet_looked_at_scores_nothing_and_a_remark_names_it(self) -> None:
        features = self.features(extracted=False)
        scores = SimilarityScorer(temperature=0.1).score(features, texts_of(self.rules), self.rules, mode="frame")
        assert scores.score.tolist() == [0, 0]
        (remark,) = limits(features, self.rules, modes=("frame",), clock_start_s=None)
        assert "zone bay" in remark

    def test_a_frame_has_no_track_so_dwell_never_counts_and_a_remark_says_so(self) -> None:
        rules = rule_set(Rule(text="a person", zones=("bay",), dwell_s=0.1))
        scores = SimilarityScorer(temperature=0.1).score(self.features(), texts_of(rules), rules, mode="frame")
        assert scores.score.tolist() == [0, 0]
        (remark,) = limits(self.features(), rules, modes=("frame",), clock_start_s=None)
        assert "object mode only" in remark


class TestOwnThresholds:
    settings = ScoreSettings(smooth_s=0, min_s=0, merge_s=0)

    def curve(self, rows: Sequence[Sequence[float]]) -> Scores:
        table = np.array(rows, np.float32)
        mass = table[:, 1:].sum(axis=1)
        return Scores(
            mode="frame",
            pts_s=np.arange(len(rows), dtype=float),
            score=mass,
            smooth=mass,
            probabilities=table,
            cosines=table,
            winner=np.full(len(rows), -1, np.int32),
        )

    def test_each_frame_must_reach_the_threshold_of_its_leading_abnormal_sentence(self) -> None:
        rules = rule_set(Rule(text="a person", threshold=0.2), Rule(text="a car", threshold=0.9))
        rows = [[0.75, 0.2, 0.05], [0.9, 0.06, 0.04], [0.2, 0.1, 0.7], [0.9, 0.1, 0], [0.05, 0.05, 0.9]]
        found = find_events(self.curve(rows), rules, self.settings)
        assert [(e.start_s, e.end_s, e.sentence) for e in found] == [(0, 1, "a person"), (4, 5, "a car")]

    def test_a_sentence_without_its_own_keeps_the_common_one(self) -> None:
        rules = rule_set(Rule(text="a person", threshold=0.2), Rule(text="a car"))
        rows = [[0.6, 0, 0.4], [0.4, 0, 0.6], [0.9, 0, 0.1], [0.7, 0.3, 0]]
        found = find_events(self.curve(rows), rules, self.settings)
        assert [(e.start_s, e.end_s) for e in found] == [(0, 2), (3, 4)]  # 0.4 is 0.8 x 0.5: the event goes on

    def test_thresholds_equal_to_the_common_one_change_nothing(self) -> None:
        rng = np.random.default_rng(5)
        curve = self.curve(rng.dirichlet([1, 1, 1], 300).tolist())
        for common in (0.1, 0.3, 0.7):
            settings = replace(self.settings, threshold=common)
            same = rule_set(Rule(text="a person", threshold=common), Rule(text="a car", threshold=common))
            without = rule_set(Rule(text="a person"), Rule(text="a car"))
            assert find_events(curve, same, settings) == find_events(curve, without, settings)


def test_settings_left_open_are_the_rule_sets_then_the_defaults() -> None:
    tuned = replace(NO_ENTRY, smooth_s=2.5, temperature=0.05)
    assert ScoreSettings().resolved(tuned) == ScoreSettings(smooth_s=2.5, temperature=0.05)
    given = ScoreSettings(smooth_s=0, temperature=0.2)
    assert given.resolved(tuned) == given
    assert ScoreSettings().resolved(NO_ENTRY) == ScoreSettings(smooth_s=1.0)


def test_another_encoder_than_the_tuned_one_is_a_warning() -> None:
    tuned = replace(NO_ENTRY, encoder="ViT-B-32/openai")
    assert tuned.encoder_warning("ViT-B-32/openai@0123/ab") == ""
    assert NO_ENTRY.encoder_warning("bundled@0123/ab") == ""
    assert "tuned for the encoder ViT-B-32/openai, but bundled@0123/ab runs" in tuned.encoder_warning("bundled@0123/ab")
