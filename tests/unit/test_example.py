"""The clips of the page: object mode finds what the ground truth of the first says, and a rule does what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from clipvad.cache import Cache
from clipvad.core import Analysis, Event, RuleSet, ScoreSettings
from clipvad.pipeline import Analyzer
from clipvad.rules import load_rules
from clipvad.settings import Settings, data_dir
from clipvad.ui.examples import example

CLIP = data_dir("assets") / "walkway.mp4"
TRUTH = json.loads((data_dir("assets") / "walkway.truth.json").read_text(encoding="utf-8"))["events"]
RULES = load_rules("campus-walkway")


def overlap(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Intersection over union of two spans."""
    together = max(0.0, min(a[1], b[1]) - max(a[0], b[0]))
    return together / (a[1] - a[0] + b[1] - b[0] - together)


def spans(label: str) -> tuple[float, float]:
    (event,) = [event for event in TRUTH if event["label"] == label]
    return event["start_s"], event["end_s"]


def near(events: tuple[Event, ...], span: tuple[float, float]) -> list[Event]:
    return [event for event in events if overlap((event.start_s, event.end_s), span) > 0]


def with_cycling_normal(rules: RuleSet) -> RuleSet:
    moved = tuple(rule for rule in rules.abnormal if rule.category == "cycling")
    rest = tuple(rule for rule in rules.abnormal if rule.category != "cycling")
    assert moved
    return replace(rules, normal=(*rules.normal, *moved), abnormal=rest)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    return Analyzer(encoder="bundled", detector="motion")


@pytest.fixture(scope="module")
def analysis(analyzer: Analyzer) -> Analysis:
    return analyzer.run(CLIP, RULES, modes=["object"])


@pytest.mark.parametrize(("name", "threshold"), [("loading-bay", 0.85), ("plaza-fight", 0.5), ("car-park-fire", 0.65)])
def test_the_other_examples_show_what_their_hints_say(name: str, threshold: float, tmp_path: Path) -> None:
    """At the threshold that the hint names, what is left lies inside the truth, and something is left."""
    shown = example(name)
    analyzer = Analyzer(
        encoder="bundled", detector="motion", device="cpu", cache=Cache.of(Settings(cache_dir=tmp_path))
    )
    analysis = analyzer.run(shown.video, shown.rules, modes=shown.modes)
    assert analysis.from_cache, "run `python tools/make_features.py`: the models or the example changed"
    again = analyzer.rescore(analysis.features, shown.rules, settings=ScoreSettings(threshold=threshold))
    ((start_s, end_s, _),) = shown.truth
    assert again.events
    for event in again.events:
        assert start_s - 2.5 <= event.start_s < event.end_s <= end_s + 1


def test_its_features_ship_with_the_program(tmp_path: Path) -> None:
    cache = Cache.of(Settings(cache_dir=tmp_path))
    shipped = Analyzer(encoder="bundled", detector="motion", device="cpu", cache=cache).run(CLIP, RULES)
    assert shipped.from_cache, "run `python tools/make_features.py`: the models or the example changed"


@pytest.mark.parametrize("label", ["cycling", "car"])
def test_both_events_are_found_where_they_are(analysis: Analysis, label: str) -> None:
    found = near(analysis.events, spans(label))
    assert found
    together = (min(event.start_s for event in found), max(event.end_s for event in found))
    assert overlap(together, spans(label)) > 0.6


def test_nothing_else_is_an_event(analysis: Analysis) -> None:
    hits = {id(event) for label in ("cycling", "car") for event in near(analysis.events, spans(label))}
    assert [event for event in analysis.events if id(event) not in hits] == []


def test_calling_cycling_normal_removes_the_cyclists_events_and_nothing_else(
    analyzer: Analyzer, analysis: Analysis
) -> None:
    again = analyzer.rescore(analysis.features, with_cycling_normal(RULES))
    assert near(again.events, spans("cycling")) == []
    (before,), (after,) = near(analysis.events, spans("car")), near(again.events, spans("car"))
    assert (after.start_s, after.end_s) == pytest.approx((before.start_s, before.end_s), abs=0.5)
    assert again.events == (after,)
