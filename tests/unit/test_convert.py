"""Rule files from and to other lists, and new ones: exact both ways, and every mistake with file and line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from clipvad.encoders import load_encoder
from clipvad.errors import RulesError
from clipvad.rules import Hours, Rule, RuleSet, Zone, list_presets, load_rules, parse_rules
from clipvad.rules.convert import parse_json, read_sources, write_as
from clipvad.rules.lint import lint
from clipvad.rules.starter import commented, starter_rules
from tests.calling import call
from tests.unit.test_rules import rule_sets

LISTS = RuleSet(
    name="gate",
    normal=(Rule(text="a person walking"), Rule(text="a truck, parked")),
    abnormal=(Rule(text='a person shouting "stop"', category="noise"), Rule(text="flames and smoke")),
)
FULL = replace(
    LISTS,
    title="The gate",
    zones=(Zone(name="bay", points=((0.1, 0.5), (0.6, 0.5), (0.6, 0.9))),),
    smooth_s=1.5,
    normal=(*LISTS.normal, Rule(text="an empty yard", enabled=False)),
    abnormal=(
        Rule(text="a person", zones=("bay",), hours=(Hours.parse("20:00-06:00"),), dwell_s=30.0),
        replace(LISTS.abnormal[0], threshold=0.7),
    ),
)
CSV = """side,text,category
normal,a person walking,
normal,"a truck, parked",
abnormal,"a person shouting ""stop""\",noise
abnormal,flames and smoke,
"""
TXT = """normal:
a person walking
a truck, parked

abnormal:
a person shouting "stop"
flames and smoke
"""


def test_lists_are_written_as_people_write_them() -> None:
    assert write_as(LISTS, ".csv", target="gate.csv") == (CSV, ())
    assert write_as(LISTS, ".txt", target="gate.txt") == (TXT, ("category of 1 sentence",))


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".json", ".csv"])
def test_what_a_file_can_hold_comes_back_exactly(suffix: str, tmp_path: Path) -> None:
    rules = LISTS if suffix == ".csv" else FULL
    path = tmp_path / f"gate{suffix}"
    text, lost = write_as(rules, suffix, target=str(path))
    path.write_text(text, encoding="utf-8")
    assert lost == ()
    assert read_sources([path], name="gate") == rules


def test_what_a_list_cannot_hold_is_said() -> None:
    text, lost = write_as(FULL, ".csv", target="gate.csv")
    assert text == (
        "side,text,category\nnormal,a person walking,\nnormal,\"a truck, parked\",\n"
        'abnormal,a person,\nabnormal,"a person shouting ""stop""",noise\n'
    )  # fmt: skip
    assert lost == (
        "title", "zones", "smooth_s", "zones of 1 sentence", "hours of 1 sentence", "dwell_s of 1 sentence",
        "threshold of 1 sentence", "1 sentence switched off",
    )  # fmt: skip


def test_every_preset_survives_json_and_says_what_a_list_loses() -> None:
    for name in list_presets():
        rules = load_rules(name)
        text, lost = write_as(rules, ".json", target="x.json")
        assert lost == ()
        assert parse_json(text, source="x.json", name="x") == rules
        _, lost = write_as(rules, ".csv", target="x.csv")
        assert "title" in lost


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules=rule_sets())
def test_any_set_comes_back_or_the_loss_is_said(tmp_path: Path, rules: RuleSet) -> None:
    assert parse_json(write_as(rules, ".json", target="x")[0], source="x", name="") == rules
    for suffix in (".csv", ".txt"):
        try:
            text, lost = write_as(rules, suffix, target="list")
        except RulesError:  # a sentence itself would change
            continue
        path = tmp_path / f"list{suffix}"
        path.write_bytes(text.encode("utf-8"))
        back = read_sources([path], name=rules.name)
        kept = [rule.text for rule in (*rules.normal, *rules.abnormal) if rule.enabled]
        assert [rule.text for rule in (*back.normal, *back.abnormal)] == kept
        assert bool(lost) == (back != rules)


def test_plain_text_as_people_keep_it(tmp_path: Path) -> None:
    path = tmp_path / "gate.txt"
    path.write_bytes(
        "\ufeff# our gate\r\nNormal:\r\n- a person walking\r\n\r\n  ABNORMAL :\r\n• flames and smoke\r\n".encode()
    )
    assert read_sources([path], name="gate") == RuleSet(
        name="gate", normal=(Rule(text="a person walking"),), abnormal=(Rule(text="flames and smoke"),)
    )


def test_two_lists_are_normal_then_abnormal(tmp_path: Path) -> None:
    (tmp_path / "normal.txt").write_text("a person walking\na truck\n")
    (tmp_path / "abnormal.txt").write_text("# to be reviewed\n* flames and smoke\n")
    normal, abnormal = tmp_path / "normal.txt", tmp_path / "abnormal.txt"
    rules = read_sources([normal, abnormal], name="gate")
    assert [rule.text for rule in rules.normal] == ["a person walking", "a truck"]
    assert [rule.text for rule in rules.abnormal] == ["flames and smoke"]
    with pytest.raises(RulesError, match="Swap the two files"):
        read_sources([abnormal, normal], name="gate")
    abnormal.write_text("\na truck\n")
    with pytest.raises(RulesError, match=r"abnormal\.txt, line 2: 'a truck' stands in the normal list too"):
        read_sources([normal, abnormal], name="gate")
    abnormal.write_text("# nothing yet\n")
    with pytest.raises(RulesError, match=r"abnormal\.txt: this list has no abnormal sentence"):
        read_sources([normal, abnormal], name="gate")


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("a.txt", "a person\nnormal:\n", r"a\.txt, line 1: 'a person' stands on no side"),
        ("a.txt", "normal:\na person\n\nA person.\nabnormal:\nfire\n", r"a\.txt, line 4: .*twice"),
        ("a.txt", "normal:\na person\n", r"a\.txt: the abnormal list has no sentence"),
        ("a.csv", "text,kind\na,b\n", r"a\.csv, line 1: the first line names the columns side,text,category"),
        ("a.csv", "side,text\nnormal,a person\nbad,fire\n", r"a\.csv, line 3: the side is 'bad'"),
        ("a.csv", "side,text\nnormal,a truck, parked\n", r"a\.csv, line 2: 3 cells under 2 columns"),
        ("a.csv", 'side,text\nnormal,"a\n', r"a\.csv, line 2: this is no CSV"),
        ("a.csv", 'side,text\nnormal,"a\nb"\nabnormal,\n', r"a\.csv, line 4: .*at least 1 character"),
        ("a.json", '{\n "normal": [\n  "a"\n ]', r"a\.json, line 4: this is no JSON"),
        ("a.json", '{\n "normal": ["a"],\n "abnormal": ["b"],\n "colour": 1}', r"a\.json, line 4: unknown key 'col"),
        ("a.json", '{\n "normal": ["a"],\n "normal": ["b"]}', r"a\.json, line 3: the key 'normal' stands twice"),
        ("a.json", '{"normal": ["a"],\n "abnormal": ["\\ud83d"]}', r"a\.json, line 2: an escape is half a character"),
        ("a.json", "[1, 2]", r"a\.json, line 1: a rule file holds the keys"),
        ("a.json", "[" * 100_000, r"a\.json: "),
        ("a.json", '{"smooth_s": ' + "9" * 5000 + "}", r"a\.json: "),
        ("a.yaml", "normal: [a]\n", r"a\.yaml, line 1: the key 'version' is missing"),
        ("a.doc", "normal:\n", r"a\.doc: the form of a file is told by its end"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_and_line(file: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(RulesError, match=message):
        read_sources([tmp_path / file], name="a")


def test_what_is_no_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"side,text\nnormal,caf\xe9\n")
    with pytest.raises(RulesError, match=r"a\.csv: the file cannot be read as UTF-8"):
        read_sources([tmp_path / "a.csv"], name="a")
    with pytest.raises(RulesError, match=r"There is no file .*b\.csv"):
        read_sources([tmp_path / "b.csv"], name="a")


def test_sentences_that_a_list_would_change_are_refused() -> None:
    for text in ("# a number sign", "- a dash", "normal:", "two\nlines"):
        rules = replace(LISTS, normal=(Rule(text=text),))
        with pytest.raises(RulesError, match="cannot hold the normal sentence"):
            write_as(rules, ".txt", target="gate.txt")
        assert write_as(rules, ".csv", target="gate.csv")[1] == ()
    bound = replace(FULL, abnormal=(FULL.abnormal[0], Rule(text="a person", dwell_s=5.0)))
    with pytest.raises(RulesError, match=r"gate\.csv, line 5: 'a person' stands twice.*choose \.yaml or \.json"):
        write_as(bound, ".csv", target="gate.csv")


def test_convert_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gate.csv").write_text(CSV)
    assert call("rules", "convert", "gate.csv", "--out", "gate.yaml") == 0
    assert "2 normal, 2 abnormal sentences" in capsys.readouterr().err
    assert load_rules("gate.yaml") == LISTS
    assert call("rules", "convert", "gate.yaml", "--out", "gate.csv") == 2
    assert "gate.csv is there already" in capsys.readouterr().err
    assert Path("gate.csv").read_text() == CSV
    assert call("rules", "convert", "gate.yaml", "--out", "gate.txt", "--force") == 0
    assert "cannot hold it: category of 1 sentence" in capsys.readouterr().err
    assert Path("gate.txt").read_text() == TXT
    assert call("rules", "convert", "street", "--out", "street.json") == 0
    assert json.loads(Path("street.json").read_text())["name"] == "street"
    capsys.readouterr()
    assert call("rules", "convert", "gate.yaml", "--out", "gate.doc") == 2
    assert "Choose one of these ends" in capsys.readouterr().err
    assert call("rules", "convert", "a", "b", "c", "--out", "gate.yaml") == 2


def test_a_new_file_is_valid_commented_and_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("rules", "new", "Warehouse  gate: north", "--place", "A gate: lorries come and go") == 0
    text = Path("warehouse-gate-north.yaml").read_text(encoding="utf-8")
    rules = parse_rules(text, source="new")
    assert (rules.name, rules.title) == ("warehouse-gate-north", "Warehouse gate: north")
    assert rules.place == "A gate: lorries come and go"
    assert text.count("#") > 10
    assert call("rules", "new", "Warehouse gate north") == 2
    assert "--force" in capsys.readouterr().err
    assert Path("warehouse-gate-north.yaml").read_text(encoding="utf-8") == text
    assert call("rules", "new", "Our street", "--from", "street", "--out", "warehouse-gate-north.yaml", "--force") == 0
    street = load_rules("street")
    assert load_rules("warehouse-gate-north.yaml") == replace(street, name="our-street", title="Our street")
    assert call("rules", "new", "!?") == 2
    assert "Warehouse gate" in capsys.readouterr().err


def test_the_starter_has_nothing_to_remark() -> None:
    rules = starter_rules("Straße 7", place="A street")
    assert rules.name == "strasse-7"
    remarks = lint(rules, encoder=load_encoder("bundled", device="cpu"))
    assert [remark for remark in remarks if remark.severity != "hint"] == []


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rule_sets())
def test_comments_change_nothing(rules: RuleSet) -> None:
    assert parse_rules(commented(rules), source="new") == rules


def test_the_commented_examples_work_when_uncommented() -> None:
    text = commented(starter_rules("Gate"))
    of_the_set = text.split("# smooth_s", 1)[1].split("# and of a sentence", 1)[0]
    lines = ("# smooth_s" + of_the_set).splitlines()
    rules = parse_rules(text + "\n".join(line.removeprefix("# ") for line in lines) + "\n", source="new")
    assert rules.smooth_s == 1.5
    assert [zone.name for zone in rules.zones] == ["bay"]
