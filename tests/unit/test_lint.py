"""The filter: each kind of remark on exact sentences, what must stay silent, drafts, and the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipvad.cli import main
from clipvad.rules import Hours, Rule, RuleSet, Zone, list_presets, load_rules
from clipvad.rules.lint import filter_sentences, lint
from tests.fakes import ColourEncoder


def rule_set(normal: list[str], abnormal: list[str]) -> RuleSet:
    return RuleSet(
        name="yard", normal=tuple(Rule(text=text) for text in normal), abnormal=tuple(Rule(text=t) for t in abnormal)
    )


def about(text: str) -> set[tuple[str, str, str]]:
    """Kind, severity and mend of what is said of one normal sentence."""
    remarks = lint(rule_set([text], ["a cat on a wall"]))
    return {(r.kind, r.severity, str(r.mend or "")) for r in remarks if r.side == "normal"}


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("no entry", "a person standing in a closed area"),
        ("a person without a helmet", "a bare-headed person"),
        ("a worker who isn’t wearing a hard hat on a roof", "a bare-headed worker on a roof"),
        ("workers not wearing vests", "workers in dark jackets"),
        ("an unattended bag", "a bag alone on the ground"),
        ("an unaccompanied child on an escalator", "a child alone on an escalator"),
        ("nobody on the platform", "an empty platform"),
        ("No cars on the road.", "an empty road"),
        ("no cycling", "a person riding a bicycle"),
        ("no swimming", "a person swimming"),
        ("no dogs allowed", "a dog"),
        ("a helmetless rider", "a bare-headed rider"),
    ],
)
def test_a_negation_gets_the_positive_wording(text: str, mend: str) -> None:
    assert about(text) == {("negation", "warning", f"write “{mend}”")}
    assert about(mend) == set(), "a mend must be clean itself"


@pytest.mark.parametrize("text", ["the gate is not closed", "a driver missing a mirror", "nobody's at the desk"])
def test_a_negation_without_a_known_wording_says_how_to_find_one(text: str) -> None:
    (remark,) = (r for r in lint(rule_set([text], ["a car"])) if r.side == "normal")
    assert (remark.kind, remark.mend) == ("negation", None)
    assert "Write what is there instead" in remark.reason


@pytest.mark.parametrize(
    "text",
    [
        "a no-parking sign on a wall",
        "a man leaning on a no smoking sign",
        'a wall that says "do not enter"',
        "a poster with the words keep out, no dogs",
        "a sailor tying a knot",
        "a man writing in a notebook",
        "a shop called Nobody's Child",
        "bus no. 42 at a stop",
        "an empty street",
        "a homeless man asleep on a bench",
        "a missing cat poster on a tree",
        "a person in a uniform",
        "crime scene tape across a door",
        "an emergency exit",
        "a car with its hazard lights on",
        "a person lying on the ground",
        "a man in a hoodie",
        "two men fighting",
    ],
)
def test_traps_stay_silent(text: str) -> None:
    assert about(text) == set()


@pytest.mark.parametrize(
    "text", ["suspicious behaviour in a car park", "abnormal events", "a crime", "a person acting strangely"]
)
def test_what_no_picture_shows_is_abstract(text: str) -> None:
    assert {(kind, severity) for kind, severity, _ in about(text)} == {("abstract", "warning")}


def test_a_judgement_beside_something_visible_is_a_hint_that_leaves_it_out() -> None:
    assert about("an unusual truck in a yard") == {("abstract", "hint", "write “a truck in a yard”")}
    assert about("a suspicious open door") == {("abstract", "hint", "write “an open door”")}


def test_lengths() -> None:
    assert about(" ".join(["a dog runs"] * 6 + ["past us"])) == set(), "20 words"
    ((kind, severity, _),) = about(" ".join(["a dog runs"] * 7))
    assert (kind, severity) == ("too long", "warning")
    ((kind, severity, _),) = about("dog " * 76)  # one token each, and start and end
    assert (kind, severity) == ("too long", "error")
    ((kind, severity, _),) = about("dog " * 75)
    assert (kind, severity) == ("too long", "warning")
    assert about("bicycle") == {("too short", "hint", "write “a bicycle”")}
    assert about("ambulance") == {("too short", "hint", "write “an ambulance”")}
    assert about("fighting") == {("too short", "hint", "write “a person fighting”")}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a person walking", "The  Person walking!"),
        ("a parked car", "parked  CARS."),
        ("a t-shirt on the ground", "T shirt on a ground"),
        ("a café table", "a cafe table"),
        ("a box on a bus", "boxes on buses"),
    ],
)
def test_the_same_sentence_is_a_duplicate_on_one_side_and_a_contradiction_on_two(one: str, other: str) -> None:
    same = lint(rule_set([one, other], ["a dog on a leash"]))
    assert [(r.kind, r.severity, r.index) for r in same] == [("duplicate", "error", 0), ("duplicate", "error", 1)]
    across = lint(rule_set([one], [other]))
    assert [(r.kind, r.severity, r.side) for r in across] == [
        ("contradiction", "error", "normal"),
        ("contradiction", "error", "abnormal"),
    ]


def test_plain_synonyms_say_the_same_and_word_order_counts() -> None:
    found = lint(
        rule_set(["a person on a bike", "a man biting a dog"], ["somebody on a bicycle", "a dog biting a man"])
    )
    assert [(r.kind, r.severity, r.side, r.index) for r in found] == [
        ("ambiguous", "warning", "normal", 0),
        ("ambiguous", "warning", "abnormal", 0),
    ]
    (first, _) = lint(rule_set(["a truck that is on fire", "a lorry on fire"], ["a cat on a wall"]))
    assert (first.kind, first.severity) == ("near-duplicate", "warning")


def test_other_hours_or_zones_are_no_contradiction() -> None:
    """ "No entry" is a person in a zone, or at night: a person elsewhere may well be normal."""
    person = Rule(text="a person walking")
    zone = Zone(name="yard", points=((0, 0), (1, 0), (1, 1)))
    for bound in (
        Rule(text="a person walking", zones=("yard",)),
        Rule(text="a person walking", hours=(Hours.parse("20:00-06:00"),)),
        Rule(text="a person walking", dwell_s=30),
    ):
        assert lint(RuleSet(name="yard", normal=(person,), abnormal=(bound,), zones=(zone,))) == ()


def test_sentences_that_are_off_count_for_nothing_and_an_empty_side_is_an_error() -> None:
    rules = RuleSet(name="x", normal=(Rule(text="a car"),), abnormal=(Rule(text="no entry", enabled=False),))
    (remark,) = lint(rules)
    assert (remark.kind, remark.severity, remark.side, remark.index) == ("empty side", "error", "abnormal", None)


def test_an_encoders_suspicions_are_hints() -> None:
    found = lint(rule_set(["red things", "red stuff"], ["blue sky", "all red"]), encoder=ColourEncoder())
    said = {(r.side, r.index, r.kind): r.severity for r in found}
    assert said["normal", 0, "near-duplicate"] == "hint"
    assert said["normal", 1, "ambiguous"] == "hint"
    assert said["abnormal", 1, "misplaced"] == "hint", "red stands among the reds of the other side"
    assert ("abnormal", 0, "misplaced") not in said
    assert (
        filter_sentences(
            [Rule(text="red things"), Rule(text="red stuff")], [Rule(text="all red")], encoder=ColourEncoder()
        ).dropped
        == ()
    )


def test_words_that_the_encoder_has_never_seen() -> None:
    found = lint(rule_set(["a glorp walks", "a glorp"], ["a green car"]), encoder=ColourEncoder())
    said = {(r.index, r.kind): (r.severity, r.words) for r in found if r.kind == "unknown words"}
    assert said == {(0, "unknown words"): ("warning", ("glorp",)), (1, "unknown words"): ("error", ("glorp",))}
    (remark,) = lint(rule_set(["человек идет"], ["a green car"]))
    assert (remark.kind, remark.severity) == ("unknown words", "warning")


def test_the_filter_keeps_the_first_of_two_and_neither_of_a_pair_across() -> None:
    normal = [Rule(text=t, category="x") for t in ("a car", "cars", "a dog", "no entry")]
    abnormal = [Rule(text=t) for t in ("the dog", "a fire", "an anomaly", "a blaze in a bin", "")]
    kept = filter_sentences(normal, abnormal)
    assert kept.normal == (Rule(text="a car", category="x"),)
    assert [rule.text for rule in kept.abnormal] == ["a fire", "a blaze in a bin"]
    assert [(r.side, r.index, r.kind) for r in kept.dropped] == [
        ("normal", 1, "duplicate"),
        ("normal", 2, "contradiction"),
        ("normal", 3, "negation"),
        ("abnormal", 0, "contradiction"),
        ("abnormal", 2, "abstract"),
        ("abnormal", 4, "too short"),
    ]
    assert all(remark.reason for remark in kept.dropped)


def test_the_filter_never_touches_the_set_that_a_draft_joins() -> None:
    have = rule_set(["a dog"], ["a fire"])
    kept = filter_sentences([Rule(text="the dog"), Rule(text="fires")], [Rule(text="a truck")], beside=have)
    assert (kept.normal, [rule.text for rule in kept.abnormal]) == ((), ["a truck"])
    assert [(r.kind, r.index) for r in kept.dropped] == [("duplicate", 0), ("contradiction", 1)]


SENTENCES = [
    "a car",
    "cars",
    "no entry",
    "a person on a bike",
    "somebody on a bicycle",
    "crime",
    "dog",
    "two men fighting",
]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6), st.randoms())
def test_the_order_of_sentences_changes_nothing(texts: list[str], shuffled: np.random.Generator) -> None:
    other = texts.copy()
    shuffled.shuffle(other)
    one, two = (
        sorted((r.sentence, r.kind, r.reason, str(r.mend)) for r in lint(rule_set(side, ["a cat"])))
        for side in (texts, other)
    )
    assert one == two


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=4), st.lists(st.text(max_size=60), max_size=4))
def test_any_text_gets_remarks_and_no_fault(normal: list[str], abnormal: list[str]) -> None:
    for remark in lint(rule_set(normal, abnormal), encoder=ColourEncoder()):
        assert remark.reason
        if remark.index is not None:
            assert remark.sentence == {"normal": normal, "abnormal": abnormal}[remark.side][remark.index]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "too short"),
        ("🚲🔥", "too short"),
        ("...", "too short"),
        ("no " * 3333, "too long"),
        ("x" * 10_000, "too long"),
        ("شخص يمشي في الشارع", "unknown words"),
        ("\u202eא אדם הולך", "unknown words"),
    ],
)
def test_hostile_texts(text: str, kind: str) -> None:
    assert {found for found, _, _ in about(text)} == {kind}


def test_two_pictographs_are_not_the_same_sentence() -> None:
    assert {r.kind for r in lint(rule_set(["🚲", "🚗"], ["a car"]))} == {"too short"}


@pytest.mark.parametrize("name", list_presets())
def test_presets_have_no_errors_and_no_word_to_complain_of(name: str) -> None:
    assert [r for r in lint(load_rules(name)) if r.severity != "hint"] == []


class TestCommand:
    @pytest.fixture(autouse=True)
    def _small_encoder(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("clipvad.encoders.load_encoder", lambda *_, **__: ColourEncoder())
        monkeypatch.chdir(tmp_path)

    def call(self, text: str, *options: str) -> int:
        Path("rules.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(SystemExit) as ended:
            main(["rules", "lint", "rules.yaml", *options])
        return int(ended.value.code or 0)

    def test_exit_codes(self) -> None:
        head = "version: 1\nname: x\nnormal: [green grass]\nabnormal:\n"
        assert self.call(head + "- red paint on a wall\n") == 0
        assert self.call(head + "- red\n") == 0, "a hint"
        assert self.call(head + "- no red paint\n") == 0, "a warning"
        assert self.call(head + "- no red paint\n", "--strict") == 1
        assert self.call(head + "- red\n", "--strict") == 0
        assert self.call(head + "- green grasses\n") == 1
        assert self.call(head) == 2
        assert self.call("][") == 2
        assert self.call("version: 1\nname: x\nnormal: [a]\nabnormal: [b]\nwhat: 1\n") == 2

    def test_a_line_names_file_line_reason_and_mend(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.call("version: 1\nname: x\nnormal:\n- green grass\nabnormal:\n- red paint\n- {text: no entry}\n")
        said = capsys.readouterr()
        (line,) = (line for line in said.out.splitlines() if "no entry" in line)
        assert line.startswith("rules.yaml:7: warning: negation: “no entry” (abnormal): ")
        assert line.endswith("Mend: write “a person standing in a closed area”.")
        assert said.err.strip().startswith("0 errors, 1 warning, ")

    def test_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.call("version: 1\nname: x\nnormal:\n- green grass\nabnormal:\n- red paint\n- no entry\n", "--json")
        (found,) = (one for one in json.loads(capsys.readouterr().out) if one["kind"] == "negation")
        assert (found["line"], found["side"], found["index"], found["severity"]) == (7, "abnormal", 1, "warning")
        assert found["mend"] == {"action": "replace", "text": "a person standing in a closed area"}
