"""The rules editor's value: what a page sends becomes a rule set, or an error that says what to mend."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from clipvad.core import Hours, Rule, RuleSet, ScoreSettings, Zone, read_clock
from clipvad.errors import RulesError, SettingsError
from clipvad.rules import dump_rules, parse_rules
from clipvad.ui import views
from clipvad.ui.rules_editor import find_remarks, new_value, read_rules
from clipvad.ui.tabs.values import score_settings
from clipvad.ui.timeline import patch, payload
from tests.analyses import make_analysis

BAY = Zone(name="bay", points=((0.0, 0.0), (1.0, 0.0), (1.0, 0.5)))
ANALYSIS = make_analysis()
GATE = Zone(name="gate", points=((0.1, 0.1), (0.2, 0.1), (0.2, 0.2), (0.1, 0.2)))
NIGHT = Hours(start="20:00", end="06:00")
RULES = RuleSet(
    name="yard",
    title="Yard",
    place="a yard",
    templates=("a photo of {}",),
    smooth_s=2.0,
    encoder="e",
    zones=(BAY, GATE),
    normal=(Rule(text="a van", zones=("bay",)), Rule(text="a cat", enabled=False)),
    abnormal=(
        Rule(text="a person", category="people", zones=("bay", "gate"), hours=(NIGHT,), dwell_s=5.0, threshold=0.7),
        Rule(text="fire"),
    ),
)


def sent(**changes: Any) -> dict[str, Any]:
    """The value that shows `RULES`, as a browser would send it, with keys of its first abnormal sentence changed."""
    value: dict[str, Any] = json.loads(json.dumps(new_value(RULES)))
    value["abnormal"][0].update(changes)
    return value


def test_a_whole_rule_set_comes_back_and_its_name_and_templates_are_the_base_s() -> None:
    assert read_rules(sent(), RULES) == RULES
    other = RuleSet(name="other", title="Other", normal=(), abnormal=(), smooth_s=9.0)
    read = read_rules(sent(), other)
    assert read == replace(other, zones=RULES.zones, normal=RULES.normal, abnormal=RULES.abnormal)


def test_an_edited_reordered_or_moved_sentence_keeps_what_it_is_bound_to() -> None:
    value = sent(text="a pedestrian")
    value["abnormal"].reverse()
    first = RULES.abnormal[0]
    assert read_rules(value, RULES).abnormal == (RULES.abnormal[1], replace(first, text="a pedestrian"))
    value["normal"].append(value["abnormal"].pop())
    moved = read_rules(value, RULES).normal[-1]
    assert moved == replace(first, text="a pedestrian", threshold=None), "normal sentences raise no event"
    value["abnormal"].append(value["normal"].pop())
    assert read_rules(value, RULES).abnormal[-1].threshold == 0.7, "the page kept it"


def test_the_file_of_an_edited_set_opens_as_the_same_editor() -> None:
    value = sent(hours=["22:30–23:00", "20:00-06:00"], dwell_s=2.5, threshold=1)
    value["zones"][0]["points"][2] = [0.25, 0.75]
    rules = read_rules(value, RULES)
    assert rules.abnormal[0].hours == (Hours(start="22:30", end="23:00"), NIGHT)
    again = parse_rules(dump_rules(rules), source="rules.yaml")
    assert again == rules
    shown, reopened = new_value(rules), new_value(again)
    assert {**shown, "version": ""} == {**reopened, "version": ""}


def test_a_sentence_without_bindings_may_be_sent_bare_and_blank_ones_are_left_out() -> None:
    value = {"normal": [{"text": " a van "}, {"text": " ", "hours": ["20:"]}], "abnormal": []}
    read = read_rules(value, RULES)
    assert read.normal == (Rule(text="a van"),)
    assert (read.zones, read.abnormal) == ((), ())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"hours": ["20:00-"]}, "“a person”.*'20:00-' is no span.*20:00-06:00"),
        ({"hours": ["26:00-27:00"]}, "no span of the clock"),
        ({"hours": ["20:00-06:00"] * 25}, "at most 24"),
        ({"hours": ["x" * 41]}, "at most 40 characters"),
        ({"hours": "20:00-06:00"}, "hours of “a person”"),
        ({"dwell_s": "soon"}, "“soon” in the seconds of “a person”.*number"),
        ({"dwell_s": -1}, "“a person”.*between 0 and 86400"),
        ({"dwell_s": True}, "no number"),
        ({"dwell_s": 10**400}, "Reload"),
        ({"threshold": "0.7x"}, "“0.7x” in the threshold of “a person”"),
        ({"threshold": 0}, "“a person”.*above 0"),
        ({"threshold": float("nan")}, "“a person”.*above 0"),
        ({"threshold": {"gt": 0}}, "no number"),
        ({"zones": ["bay", "moat"]}, "no zone is called 'moat'.*bay, gate"),
        ({"zones": ["bay", "bay"]}, "stands twice"),
        ({"zones": {"bay": 1}}, "zones of “a person”"),
        ({"zones": [["bay"]]}, "no zone is called"),
        ({"text": "x" * 401}, "at most 400"),
    ],
)
def test_what_is_unfinished_or_hostile_in_a_sentence_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(RulesError, match=says):
        read_rules(sent(**changes), RULES)


@pytest.mark.parametrize(
    ("zone", "says"),
    [
        ({"name": "bay", "points": [[0, 0], [1, 1]]}, "Zone “bay”.*has 2 points. Give at least 3"),
        ({"name": "bay", "points": [[0, 0], [1, 1], [1, 2]]}, "Zone “bay”.*from 0 to 1"),
        ({"name": "bay", "points": [[0, 0], [1, 1], [0.5, 0.5]]}, "Zone “bay”.*covers nothing"),
        ({"name": "bay", "points": [[0, 0], [1, 1], [float("nan"), 0]]}, "from 0 to 1"),
        ({"name": "bay", "points": [[0, 0]] * 101}, "more than 100 points"),
        ({"name": "bay", "points": [[0, 0, 0]] * 3}, "Reload"),
        ({"name": "bay", "points": [["0", 0]] * 3}, "no number"),
        ({"name": "bay", "points": "000"}, "points"),
        ({"name": " ", "points": [[0, 0], [1, 0], [1, 1]]}, "needs a name"),
        ({"name": "gate", "points": [[0, 0], [1, 0], [1, 1]]}, "“gate”.*stands twice"),
        ({"name": "n" * 61, "points": []}, "at most 60 characters"),
        ({"points": []}, "Reload"),
        (7, "Reload"),
    ],
)
def test_what_is_unfinished_or_hostile_in_a_zone_is_named(zone: object, says: str) -> None:
    value = {**sent(), "zones": [zone, {"name": "gate", "points": [[0, 0], [1, 0], [1, 1]]}]}
    with pytest.raises(RulesError, match=says):
        read_rules(value, RULES)


@pytest.mark.parametrize("zones", [None, "bay", {"bay": []}, [{"name": f"z{i}", "points": []} for i in range(51)]])
def test_a_list_of_zones_that_no_editor_made_is_refused(zones: object) -> None:
    with pytest.raises(RulesError, match="at most 50 zones"):
        read_rules({**sent(), "zones": zones}, RULES)


def test_an_empty_side_is_left_to_the_remark_beside_its_list() -> None:
    value = {**sent(), "normal": []}
    assert read_rules(value, RULES).normal == ()


def test_remarks_carry_what_one_click_would_do() -> None:
    rules = replace(
        RULES,
        zones=(),
        normal=(Rule(text="a van"), Rule(text="A VAN")),
        abnormal=(Rule(text="a man not wearing a helmet"),),
    )
    mends = {remark["text"]: remark["mend"] for remark in find_remarks(rules, {})}
    assert mends["a van"] == {"action": "remove", "text": ""}
    negation = next(remark for remark in find_remarks(rules, {}) if remark["side"] == "abnormal")
    assert negation["mend"] == {"action": "replace", "text": "a bare-headed man"}
    unknown = find_remarks(replace(rules, normal=(Rule(text="glorp walks"),)), {"glorp walks": ["glorp"]})
    assert [remark["words"] for remark in unknown if remark["text"] == "glorp walks"] == [["glorp"]]


def test_of_one_text_under_several_conditions_only_what_counts_double_is_remarked() -> None:
    bound, always = Rule(text="a van", zones=("bay",)), Rule(text="a van")
    rules = replace(RULES, zones=(BAY,), normal=(bound, always, replace(always, enabled=False), always))
    found = [(remark["index"], remark["message"]) for remark in find_remarks(rules, {}) if remark["side"] == "normal"]
    assert [index for index, _ in found] == [1, 3]
    assert all("counts double" in message for _, message in found)


def test_the_timeline_hears_of_zones_and_which_of_them_are_used() -> None:
    analysis = replace(ANALYSIS, rules=replace(ANALYSIS.rules, zones=(BAY, GATE)))
    first = replace(analysis.rules.abnormal[0], zones=("gate",))
    analysis = replace(analysis, rules=replace(analysis.rules, abnormal=(first, *analysis.rules.abnormal[1:])))
    mode = next(iter(analysis.scores))
    for message in (payload(analysis, video_url="x", mode=mode), patch(analysis, mode=mode)):
        assert message["zones"] == [
            {"name": "bay", "points": [[0.0, 0.0], [1.0, 0.0], [1.0, 0.5]], "used": False},
            {"name": "gate", "points": [[0.1, 0.1], [0.2, 0.1], [0.2, 0.2], [0.1, 0.2]], "used": True},
        ]
    assert "zones" not in patch(analysis, mode=mode, curves=False), "a moved threshold moves no zone"


def test_the_time_at_the_clip_s_start() -> None:
    assert read_clock("20:30") == 73800
    assert read_clock(" 00:00:15 ") == 15
    assert score_settings(0.5, 1.0, 1.0, 0.5, "06:30").clock_start_s == 23400
    for nothing in ("  ", None):
        assert score_settings(0.5, 1.0, 1.0, 0.5, nothing) == ScoreSettings(smooth_s=1.0)
    for text in ("25:00", "8pm", "20:60", "20:30:", "٢٠:30", "20:30\n20:30", "x" * 10_000):
        with pytest.raises(SettingsError, match="Write it like 20:30"):
            read_clock(text)


def test_remarks_stand_under_the_outcome_escaped() -> None:
    analysis = replace(ANALYSIS, remarks=("The zone <b>bay</b> is new.", "Hours limit nothing."))
    line = views.outcome(analysis)
    assert line.count("pg-remark") == 2
    assert "&lt;b&gt;bay" in line
    assert "pg-remark" not in views.outcome(ANALYSIS)
