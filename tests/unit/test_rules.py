"""Rule files: exact round trip, strict reading, one clear line for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipvad.core import Rule, RuleSet
from clipvad.errors import RulesError
from clipvad.rules import dump_rules, load_rules, parse_rules

GOOD = """
version: 1
name: gate
templates: ["a photo of {}"]
normal: [a person walking]
abnormal:
  - text: a person riding a bicycle
    category: cycling
  - text: "yes"
    enabled: false
"""


def test_plain_and_full_sentences() -> None:
    rules = parse_rules(GOOD, source="gate.yaml")
    assert rules.normal == (Rule(text="a person walking"),)
    assert rules.abnormal[0] == Rule(text="a person riding a bicycle", category="cycling")
    assert rules.sentences == ("a person walking", "a person riding a bicycle")
    assert rules.templates == ("a photo of {}",)


SENTENCE = st.text(min_size=1, max_size=60).map(str.strip).filter(bool)
RULE = st.builds(Rule, text=SENTENCE, category=st.text(max_size=12), enabled=st.booleans())
SIDE = st.lists(RULE, min_size=1, max_size=4).filter(lambda side: any(rule.enabled for rule in side)).map(tuple)


@given(st.builds(RuleSet, name=SENTENCE, normal=SIDE, abnormal=SIDE, place=st.text(max_size=30)))
def test_round_trip_is_exact(rules: RuleSet) -> None:
    assert parse_rules(dump_rules(rules), source="x") == rules


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("normal: [a", "line"),
        ("just words", "version, name, normal and abnormal"),
        ("", "version, name, normal and abnormal"),
        (GOOD.replace("version: 1", "version: 2"), "version"),
        (GOOD.replace("abnormal:", "abnormall:"), "abnormal"),
        (GOOD + "treshold: 1\n", "unknown key 'treshold'"),
        (GOOD.replace("normal: [a person walking]", "normal: []"), "normal list"),
        (GOOD.replace("normal: [a person walking]", 'normal: ["  "]'), "empty"),
        (GOOD.replace("normal: [a person walking]", "normal: [12]"), "normal > 1"),
        (GOOD.replace("a photo of {}", "a photo of"), "slot {}"),
        (GOOD.replace("name: gate", "name: !!python/object:os.system x"), "gate.yaml"),
    ],
)
def test_a_mistake_gets_one_clear_line(text: str, says: str) -> None:
    with pytest.raises(RulesError) as error:
        parse_rules(text, source="gate.yaml")
    assert says in str(error.value)
    assert "Traceback" not in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_name_lists_the_presets() -> None:
    with pytest.raises(RulesError, match="campus-walkway"):
        load_rules("no-such-place")


def test_a_binary_file_is_no_rule_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(RulesError, match="UTF-8"):
        load_rules(path)
