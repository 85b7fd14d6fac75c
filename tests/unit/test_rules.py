"""Rule files: exact round trip, strict reading, one clear line for each mistake."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clipvad.core import Hours, Rule, RuleSet, Zone
from clipvad.errors import RulesError
from clipvad.rules import dump_rules, library_dir, load_rules, parse_rules, rules_json_schema
from clipvad.ruleset import MIN_ZONE_AREA, normalised

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


SENTENCE = st.text(min_size=1, max_size=15).map(str.strip).filter(bool)
TIME = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
HOURS = st.builds(Hours, start=TIME, end=TIME).filter(lambda hours: hours.start != hours.end)
SHARE = st.floats(0, 1)
ZONE = st.builds(
    Zone, name=SENTENCE, points=st.lists(st.tuples(SHARE, SHARE), min_size=3, max_size=5).map(tuple)
).filter(lambda zone: zone.area >= MIN_ZONE_AREA)


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    """Every valid set: no sentence twice, only zones that are drawn, thresholds on the abnormal side."""
    zones = tuple(draw(st.lists(ZONE, max_size=3, unique_by=lambda zone: zone.name)))
    texts = draw(st.lists(SENTENCE, min_size=2, max_size=6, unique_by=normalised))
    cut = draw(st.integers(1, len(texts) - 1))

    def rule(text: str, i: int) -> Rule:
        return Rule(
            text=text,
            category=draw(st.text(max_size=12)),
            enabled=i in (0, cut) or draw(st.booleans()),
            zones=tuple(zone.name for zone in zones if draw(st.booleans())),
            hours=tuple(draw(st.lists(HOURS, max_size=2))),
            dwell_s=draw(st.floats(0, 86400)),
            threshold=draw(st.none() | st.floats(1e-6, 1)) if i >= cut else None,
        )

    rules = tuple(rule(text, i) for i, text in enumerate(texts))
    return RuleSet(
        name=draw(SENTENCE),
        place=draw(st.text(max_size=30)),
        normal=rules[:cut],
        abnormal=rules[cut:],
        templates=tuple(draw(st.lists(st.sampled_from(["{}", "a photo of {}"]), min_size=1, max_size=2))),
        zones=zones,
        smooth_s=draw(st.none() | st.floats(0, 3600)),
        temperature=draw(st.none() | st.floats(1e-6, 1e6)),
        encoder=draw(st.text(max_size=8)),
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule_sets())
def test_round_trip_is_exact(rules: RuleSet) -> None:
    assert parse_rules(dump_rules(rules), source="x") == rules.check()


FULL = """version: 1
name: yard
encoder: ViT-B-32/openai
smooth_s: 2
zones:
  - name: bay
    points: [[0.1, 0.5], [0.9, 0.5], [0.9, 1]]
normal: [a person walking]
abnormal:
  - {text: a person, zones: bay, hours: 20:00-06:00, dwell_s: 30, threshold: 0.6}
  - text: a person walking
    hours: ["22:00-23:00", "04:00-05:30"]
"""


def test_zones_hours_dwell_and_thresholds_are_read() -> None:
    rules = parse_rules(FULL, source="yard.yaml")
    assert rules.zones == (Zone(name="bay", points=((0.1, 0.5), (0.9, 0.5), (0.9, 1.0))),)
    night = Hours(start="20:00", end="06:00")
    assert rules.abnormal[0] == Rule(text="a person", zones=("bay",), hours=(night,), dwell_s=30.0, threshold=0.6)
    assert rules.abnormal[1].hours == (Hours(start="22:00", end="23:00"), Hours(start="04:00", end="05:30"))
    assert (rules.smooth_s, rules.temperature, rules.encoder) == (2.0, None, "ViT-B-32/openai")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("normal: [a", "gate.yaml, line 1"),
        ("just words", "version, name, normal and abnormal"),
        ("", "version, name, normal and abnormal"),
        (GOOD.replace("version: 1", "version: 2"), "gate.yaml, line 2: version: input should be 1, got 2"),
        (GOOD.replace("abnormal:", "abnormall:"), "the key 'abnormal' is missing"),
        (GOOD + "smoth_s: 1\n", "gate.yaml, line 11: unknown key 'smoth_s'. Write 'smooth_s'"),
        (GOOD.replace("category", "zone"), "line 8: unknown key 'abnormal > 1 > zone'. Write 'zones'"),
        (GOOD.replace("normal: [a person walking]", "normal: []"), "line 5: the normal list"),
        (GOOD.replace("normal: [a person walking]", 'normal: ["  "]'), "line 5: the sentence is empty"),
        (GOOD.replace("normal: [a person walking]", "normal: [12]"), "normal > 1"),
        (GOOD.replace("a photo of {}", "a photo of"), "line 4: the template 'a photo of' needs the slot {}"),
        (GOOD.replace("name: gate", "name: !!python/object:os.system x"), "gate.yaml, line 3"),
        (GOOD.replace("name: gate", "name: !!int ''"), "gate.yaml"),
        (GOOD.replace("name: gate", "name: a\nname: b"), "line 4: the key 'name' stands twice"),
        (GOOD.replace("name: gate", "name: &a [*a]"), "line 3: aliases are not read"),
        (GOOD.replace("name: gate", "name: \x07"), "line 3: the character"),
        (GOOD.replace('"yes"', "yes"), "line 9: abnormal > 2 > text: input should be a valid string, got True. Put it"),
        (GOOD.replace('"yes"', "A  person walking."), "line 9: 'A  person walking.' stands in the normal list too"),
        (GOOD.replace('"yes"', "a person riding a Bicycle"), "line 9: 'a person riding a Bicycle' stands twice"),
        (FULL.replace("zones: bay", "zones: yard"), "line 10: no zone is called 'yard'. Zones of this set: bay."),
        (FULL.replace("zones: bay", "zones: [bay, bay]"), "line 10: the zone 'bay' stands twice"),
        (FULL.replace("[0.9, 0.5]", "[0.5, 0.75]"), "line 7: the zone 'bay' covers nothing"),
        (FULL.replace("[0.9, 0.5]", "[90, 50]"), "line 7: zones > 1 > points > 2 > 1: input should be less than"),
        (FULL.replace("[0.9, 0.5], ", ""), "line 7: zones > 1 > points"),
        (FULL.replace("normal: [", "  - {name: bay, points: [[0, 0], [1, 0], [1, 1]]}\nnormal: ["), "line 8: the zone"),
        (FULL.replace("20:00-06:00", "20:00-24:30"), "line 10: '20:00-24:30' is no span"),
        (FULL.replace("20:00-06:00", "20:00"), "line 10: abnormal > 1 > hours"),  # YAML reads 20:00 as the number 1200
        (FULL.replace("04:00-05:30", "04:00-04:00"), "line 12: '04:00-04:00' is no span"),
        (FULL.replace("dwell_s: 30", "dwell_s: -1"), "line 10: abnormal > 1 > dwell_s"),
        (FULL.replace("dwell_s: 30", "dwell_s: .nan"), "line 10: abnormal > 1 > dwell_s"),
        (FULL.replace("threshold: 0.6", "threshold: 0"), "line 10: abnormal > 1 > threshold"),
        (FULL.replace("[a person walking]", "[{text: x, threshold: 0.5}]"), "line 8: only an abnormal sentence"),
    ],
)
def test_a_mistake_gets_one_clear_line(text: str, says: str) -> None:
    with pytest.raises(RulesError) as error:
        parse_rules(text, source="gate.yaml")
    assert says in str(error.value)
    assert "Traceback" not in str(error.value)
    assert "\n" not in str(error.value)


def test_the_same_sentence_may_stand_twice_under_other_conditions() -> None:
    """Walking is normal by day and abnormal by night; a person belongs on the path and not in the bay."""
    assert parse_rules(FULL, source="x").sentences.count("a person walking") == 2
    with pytest.raises(RulesError, match=r"line 10.*too"):
        parse_rules(
            FULL.replace("a person, zones: bay, hours: 20:00-06:00, dwell_s: 30", "a person walking"), source="x"
        )


def test_a_sentence_that_clip_would_cut_off_is_refused_with_its_tokens() -> None:
    just = " ".join(["a person"] * 36)  # 72 tokens and 3 of the template and 2 ends are 77
    assert parse_rules(GOOD.replace("a person walking", just), source="x").normal[0].text == just
    with pytest.raises(RulesError, match="line 5: the sentence has 78 tokens with its template; CLIP reads 77"):
        parse_rules(GOOD.replace("a person walking", just + " car"), source="x")


def test_reading_the_presets_loads_no_model_library() -> None:
    code = (
        "import sys; from clipvad.rules import list_presets, load_rules; "
        "[load_rules(name) for name in list_presets()]; print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_published_json_schema_is_current() -> None:
    """After a change, write `json.dumps(rules_json_schema(), indent=1)` there."""
    published = Path(__file__).parents[2] / "docs" / "rules.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == rules_json_schema()


def test_the_example_of_the_manual_is_a_rule_file() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "rule_files.md").read_text(encoding="utf-8")
    rules = parse_rules(manual.split("```yaml\n")[1].split("```")[0], source="manual")
    assert [zone.name for zone in rules.zones_used] == ["bay"]
    keys = {key for field in (RuleSet, Rule) for key in field.__dataclass_fields__} - {"title", "description"}
    assert {key for key in keys if key in manual} == keys  # what a file may hold, it shows


SEEDS = [path.read_text(encoding="utf-8") for path in sorted(library_dir().glob("*.yaml"))] + [FULL, GOOD]
SCRAPS = [
    "\n",
    " ",
    "  ",
    ":",
    "-",
    "[",
    "]",
    "{",
    "}",
    "&a",
    "*a",
    "!!int",
    "|",
    '"',
    "'",
    "#",
    "zones",
    "null",
    "1e999",
]


def mutated(rng: random.Random) -> str:
    """A rule file with a few bytes, lines or blocks cut, doubled, moved or replaced."""
    text = rng.choice(SEEDS)
    for _ in range(rng.randint(1, 4)):
        a, b = sorted(rng.randrange(len(text) + 1) for _ in range(2))
        b = min(b, a + rng.choice([1, 3, 20, 400]))
        piece = rng.choice(["", text[a:b] * 2, text[a:b][::-1], rng.choice(SCRAPS), chr(rng.randrange(0x3000))])
        text = text[:a] + piece + text[b:]
    return text


def test_a_damaged_file_gives_a_valid_set_or_a_clear_error() -> None:
    """CLIPVAD_FUZZ=10000 for the long run."""
    rng = random.Random(0)
    for _ in range(int(os.environ.get("CLIPVAD_FUZZ", "80"))):
        text = mutated(rng)
        try:
            rules = parse_rules(text, source="x.yaml")
        except RulesError as error:
            message = str(error)
        else:
            message = "x.yaml"
            assert parse_rules(dump_rules(rules.check()), source="again") == rules, text
        assert message.startswith("x.yaml"), text


def test_an_unknown_name_lists_the_presets() -> None:
    with pytest.raises(RulesError, match="campus-walkway"):
        load_rules("no-such-place")


def test_a_binary_file_is_no_rule_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(RulesError, match="UTF-8"):
        load_rules(path)
