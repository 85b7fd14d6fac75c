"""The paper's tables: every row of ours with its printed figure, trained once, tested on frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml

from clipvad.encoders import Encoder, load_encoder
from clipvad.errors import EncoderError, ModelError
from clipvad.nn import Checkpoint, ModelConfig, VideoModel
from clipvad.rules import load_rules
from clipvad.training import TrainConfig, load_config, train
from clipvad.training import config as training_files
from clipvad.training.classes import text_encoder
from clipvad.training.latency import PUBLISHED, measure
from clipvad.training.tables import SHT, TABLES, UCF, Reproduction, Result, TableRow, cells, rules_of
from tests.calling import call
from tests.encoding import OWN_CFG, save_own
from tests.planted import MemorySource, planted

WORDS = {"normal": ["a person"], "fall": ["a car"], "fire": ["a dog"]}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return load_encoder(f"open_clip:{save_own(tmp_path_factory.mktemp('tower') / 'tiny')}", device="cpu")


def base(**model: object) -> TrainConfig:
    return TrainConfig.model_validate({
        "name": "tiny",
        "model": {"heads": 2, "window": 4, "dropout": 0.0, **model},
        "prompts": {"length": 2, "descriptions": WORDS},
        "loop": {"epochs": 3, "lr": 0.01, "batch": 8, "val_share": 0.0},
    })  # fmt: skip


def data(encoder: Encoder) -> tuple[object, MemorySource]:
    return planted(encoder_id=encoder.id, dim=encoder.dim, videos=8)


def test_every_row_of_the_paper_is_there_with_its_printed_figure() -> None:
    printed = {
        table: [tuple(row.published.get(name) for name in (UCF, SHT)) for row in rows if row.published]
        for table, rows in TABLES.items()
    }
    ours = [(73.17, 83.21), (86.17, 94.17), (86.62, 95.02), (88.13, 97.31), (88.52, 98.43)]
    assert printed["table4"] == printed["table5"] == ours
    assert printed["table6"] == [(87.43, 96.20), (87.66, 96.81), (88.19, 97.32)]
    assert len(printed["table8"]) == 12
    assert printed["table8"][2] == (86.00, 97.02)
    assert printed["table9"] == [(87.45, 96.26), (88.14, 97.39)]
    assert printed["table10"] == [(84.42, 92.24), (87.28, 96.45), (88.17, 97.33)]


@pytest.mark.parametrize(
    "row", {id(row): row for rows in TABLES.values() for row in rows}.values(), ids=lambda r: r.name
)
def test_every_row_changes_the_base_into_a_training_that_can_be_made(row: TableRow) -> None:
    config = base().changed(**row.changes)
    assert config.model == replace(base().model, **row.changes.get("model", {}))
    torch.manual_seed(0)
    VideoModel(replace(config.model, heads=4), dim=16)


def test_rows_are_trained_and_a_second_call_takes_them_from_disk(encoder: Encoder, tmp_path: Path) -> None:
    dataset, source = data(encoder)
    rows = [row for row in TABLES["table4"] if row.kind != "video"] + [TABLES["table4"][1], TABLES["table10"][2]]

    def results() -> list[Result]:
        run = Reproduction(base(), dataset, source, encoder, out=tmp_path)  # type: ignore[arg-type]
        return list(run.results(rows, seeds=2))

    first = results()
    assert [len(one.auc) for one in first] == [1, 2, 2, 2]  # nothing is drawn at random without training
    assert all(0 <= value <= 100 for one in first for value in (*one.auc, *one.ap))
    assert first[3].auc[0] != first[3].auc[1] or first[3].ap[0] != first[3].ap[1]
    runs = sorted(path.name for path in tmp_path.iterdir())
    source.asked.clear()
    assert results() == first
    assert not source.asked
    assert sorted(path.name for path in tmp_path.iterdir()) == runs


def test_the_file_beside_a_run_trains_the_same_weights(encoder: Encoder, tmp_path: Path) -> None:
    dataset, source = data(encoder)
    config = base().changed(data={"kind": "street", "root": "lists", "features": "store", "options": {"more": "b"}})
    run = Reproduction(config, dataset, source, encoder, out=tmp_path / "runs")  # type: ignore[arg-type]
    list(run.results([TABLES["table4"][1]], seeds=1))
    (folder,) = (tmp_path / "runs").iterdir()
    found = load_config(folder / "config.yaml")
    assert found.data == config.placed(Path.cwd()).data  # where the command ran, not where the file lies
    again = train(found, dataset, source, out=tmp_path / "again")  # type: ignore[arg-type]
    kept = Checkpoint.load(folder / "tiny.safetensors")
    assert again.state.keys() == kept.state.keys()
    assert all(torch.equal(again.state[name], kept.state[name]) for name in kept.state)


@pytest.fixture
def opened(encoder: Encoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What `tiny.yaml` opened: the planted data set, beside the tiny encoder."""
    opened: list[object] = []

    def open_planted(one: object) -> object:
        opened.append(one)
        return data(encoder)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("clipvad.training.config.DataConfig.open", open_planted)
    monkeypatch.setattr("clipvad.encoders.load_encoder", lambda *_, **__: encoder)
    shared = base().changed(data={"kind": "planted", "root": ".", "features": "."}, loop={"epochs": 1})
    Path("tiny.yaml").write_text(yaml.safe_dump(shared.model_dump(mode="json")))
    return opened


TINY = ("--config", "tiny.yaml", "--out", "out", "--seeds", "1")


def test_one_call_opens_the_data_set_once_says_which_run_it_is_at_and_prints_every_table(
    opened: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("reproduce", "table5", "table4", *TINY) == 0
    assert len(opened) == 1
    printed, told = capsys.readouterr()
    first, second = (printed.index(f"{name}\n") for name in ("table4", "table5"))
    assert first < second
    runs = [line for line in told.splitlines() if line.startswith("run ")]
    assert runs[0] == "run 1/6: zero-shot (not in the paper), seed 0"  # table 5 has the runs of table 4
    assert [line.partition(":")[0] for line in runs] == [f"run {i}/6" for i in range(1, 7)]
    assert all("left" in line for line in runs[1:])
    assert sorted(path.name for path in (tmp_path / "out").glob("table*")) == [
        f"{table}.{kind}" for table in ("table4", "table5") for kind in ("json", "md")
    ]


def test_names_of_tables_and_what_they_need_are_checked_before_anything_is_opened(
    opened: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("reproduce", "all", "table11", *TINY) == 2
    assert "'table11'. Allowed: table4, table5, " in capsys.readouterr().err
    classifier = base(branch="classifier").changed(prompts={"descriptions": {}})
    data = {"kind": "planted", "root": ".", "features": ["."]}
    Path("tiny.yaml").write_text(yaml.safe_dump(classifier.changed(data=data).model_dump(mode="json")))
    assert call("reproduce", "table4", *TINY) == 2  # a classifier's figures would stand in the rows of sentences
    assert "branch: text" in capsys.readouterr().err
    assert not opened


@pytest.mark.usefixtures("opened")
def test_latency_alone_needs_no_data_set(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It once rendered the whole street world first."""
    monkeypatch.setattr("clipvad.cli.synth.render", lambda *_, **__: pytest.fail("rendered"))
    assert call("reproduce", "table7", "--out", "out") == 0
    assert "similarity" in capsys.readouterr().out


@pytest.mark.usefixtures("opened")
def test_an_out_that_cannot_be_written_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("out").write_text("a file")
    assert call("reproduce", "table10", *TINY) == 2
    assert "can't be written: Not a directory. Make room and go on, or choose another" in capsys.readouterr().err


@pytest.mark.usefixtures("opened")
def test_ctrl_c_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("clipvad.training.tables.train", interrupt)
    assert call("reproduce", "table10", *TINY) == 130
    assert "is in out. Run the same command again to go on." in capsys.readouterr().err


def test_features_of_a_public_set_need_the_name_of_a_text_tower() -> None:
    spec = replace(planted()[1].spec, encoder_id="I3D")
    with pytest.raises(EncoderError, match=r"go by 'I3D'.*features_options > encoder_id.*branch: classifier"):
        text_encoder(None, base(), spec, device="cpu")


def test_a_row_that_does_not_fit_the_text_tower_says_so_and_the_others_go_on(encoder: Encoder, tmp_path: Path) -> None:
    dataset, source = data(encoder)
    room = 2 * OWN_CFG["text_cfg"]["context_length"]  # as far as its table of places is stretched
    rows = [
        TableRow(name="long", published={UCF: 84.31}, changes={"prompts": {"length": 2 * room}}),
        TableRow(name="short", published={}, changes={}),
    ]
    run = Reproduction(base(), dataset, source, encoder, out=tmp_path)  # type: ignore[arg-type]
    long, short = run.results(rows, seeds=1)
    assert "context" in long.problem
    assert not long.auc
    assert len(short.auc) == 1
    assert cells("table8", [long, short])[1][0][1:] == [long.problem, "", "84.31", "-", "0"]


def test_zero_shot_and_taught_rows_take_the_sentences_of_a_rule_set_too(encoder: Encoder, tmp_path: Path) -> None:
    """Once they took only those under `descriptions`: with `rules` nothing was abnormal, and zero-shot was chance."""
    dataset, source = data(encoder)
    abnormal = "".join(f"  - {{text: {WORDS[name][0]}, category: {name}}}\n" for name in ("fall", "fire"))
    (tmp_path / "r.yaml").write_text(f"version: 1\nname: r\nnormal: [{WORDS['normal'][0]}]\nabnormal:\n{abnormal}")
    prompts = {"rules": str(tmp_path / "r.yaml"), "descriptions": {}}
    rows = [row for row in TABLES["table4"] if row.kind != "video"]
    plain, from_rules = (
        [(one.auc, one.ap) for one in Reproduction(config, dataset, source, encoder, out=tmp_path / config.name)  # type: ignore[arg-type]
         .results(rows, seeds=1)]
        for config in (base(), base().changed(name="by-rules", prompts=prompts))
    )  # fmt: skip
    assert from_rules == plain
    assert plain[0][0] != (50.0,)


def test_zero_shot_without_sentences_takes_the_names_of_the_classes() -> None:
    rules = rules_of(base().changed(prompts={"kind": "category", "descriptions": {}}), ["normal", "a-fall", "fire"])
    assert [(rule.text, rule.category) for rule in rules.abnormal] == [("a fall", "a-fall"), ("fire", "fire")]


def test_cells_give_mean_and_sample_deviation() -> None:
    row = TableRow(name="a", published={UCF: 88.52, SHT: 98.43}, changes={})
    header, rows = cells("table5", [Result(row=row, auc=(50.0, 52.0, 54.0), ap=(30.0, 30.0, 30.0))])
    assert header == ["row", "AUC", "AP", "paper, ShanghaiTech", "seeds"]
    assert rows == [["a", "52.0 ±2.0", "30.0 ±0.0", "98.43", "3"]]


def test_the_shipped_file_has_sentences_for_every_event_of_the_street_world() -> None:
    from clipvad.synth.stories import LABELS

    shipped = load_config(Path(training_files.__file__).parent / "configs" / "street.yaml")
    assert set(shipped.prompts.descriptions) == {"normal", *LABELS}
    rules = rules_of(shipped).check()
    assert {rule.category for rule in rules.abnormal} == set(LABELS)


def test_sentences_of_a_rule_set_make_the_frame_rows_too() -> None:
    config = base().changed(prompts={"rules": "street", "descriptions": {"fire": ["flames of a fire"]}})
    rules = rules_of(config).check()
    named = load_rules("street")
    assert [rule.text for rule in rules.normal] == [rule.text for rule in named.normal if rule.enabled]
    texts = {rule.category: rule.text for rule in rules.abnormal}
    assert set(texts) == {rule.category for rule in named.abnormal if rule.enabled and rule.category} | {"fire"}
    assert texts["fire"] == "flames of a fire"


def test_latency_has_a_figure_for_each_that_the_paper_prints(encoder: Encoder) -> None:
    found = measure(encoder, frames=2)
    assert {(mode, step) for mode, steps in found.items() for step in steps} == set(PUBLISHED)
    for steps in found.values():
        assert steps["together"] == steps["features"] + steps["similarity"] > 0


def test_standardised_features_do_not_see_where_the_data_lie(tmp_path: Path) -> None:
    """Moved and stretched features give the same curve: what it takes to undo it is in the checkpoint."""
    dataset, source = planted(videos=8)
    moved = MemorySource(
        source.spec,
        [replace(one, rows=(one.rows.astype("f4") * 2 + 8).astype("f2")) for one in map(source.read, source.names)],
    )
    config = base(branch="classifier", standardise=True, width=8).changed(prompts={}, loop={"epochs": 2})
    for name, given in (("plain", source), ("moved", moved)):
        train(config, dataset, given, out=tmp_path / name)
    plain, other = (Checkpoint.load(tmp_path / name / "tiny.safetensors") for name in ("plain", "moved"))
    rows = torch.from_numpy(source.read("test 1").rows.astype("f4"))
    mask = torch.ones(rows.shape[:2], dtype=torch.bool)
    with torch.no_grad():
        here, there = plain.model()(rows, mask), other.model()(rows * 2 + 8, mask)
    torch.testing.assert_close(here, there, atol=0.02, rtol=0)  # half precision on the way


def test_text_refuses_to_leave_the_space_of_its_sentences() -> None:
    with pytest.raises(ModelError, match="standardise"):
        ModelConfig(standardise=True)
