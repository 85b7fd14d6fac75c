"""The training file: what it may say, where its paths begin, and how it is told what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipvad.errors import SettingsError
from clipvad.nn import ModelConfig
from clipvad.training import PromptConfig, TrainConfig, load_config
from clipvad.training.classes import descriptions_of

WHOLE = """
name: ucf-text
data:
  kind: ucf_crime
  root: lists
  features: features/train.csv
  features_options: {encoder_id: ViT-B-16/openai, root: features}
model:
  branch: text
  window: 8
prompts:
  kind: description
  length: 8
  rules: street
classes: {road accidents: collision}
loss: {contrast: 0.5}
loop:
  lr: 1e-4
  epochs: 3
  rows: null
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "train.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, WHOLE))
    assert config.model == ModelConfig(window=8)
    assert (config.loop.lr, config.loop.epochs, config.loop.rows, config.loop.batch) == (1e-4, 3, None, 64)
    assert (config.prompts.length, config.prompts.position, config.loss.contrast) == (8, "end", 0.5)
    assert config.data is not None
    assert config.data.root == tmp_path / "lists"  # relative to the file, wherever the command runs
    assert config.data.features == [tmp_path / "features/train.csv"]
    assert config.data.features_options.root == tmp_path / "features"


def test_folders_among_the_options_are_relative_to_the_file_too(tmp_path: Path) -> None:
    text = "name: a\ndata: {kind: street, root: s, features: f, options: {domain: shared, more: %s, videos: v}}\n"
    data = load_config(written(tmp_path, text % "t")).data
    assert data is not None
    assert data.options == {"domain": "shared", "more": str(tmp_path / "t"), "videos": str(tmp_path / "v")}
    data = load_config(written(tmp_path, text % "/elsewhere")).data
    assert data is not None
    assert data.options["more"] == "/elsewhere"


def test_defaults_are_what_the_paper_prints(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, "name: plain"))
    assert (config.loop.lr, config.loop.batch, config.model.window, config.model.depth) == (1e-5, 64, 16, 1)
    assert (config.prompts.length, config.prompts.kind, config.model.tau, config.loss.contrast) == (
        16,
        "description",
        0.07,
        0.1,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: a\nloop:\n  epoch: 3", r"train.yaml, line 3: unknown key 'loop > epoch'"),
        ("name: a\nmodel:\n  widow: 8", r"train.yaml, line 3: unknown key 'model > widow'"),
        ("name: a\nloop:\n  lr: fast", r"train.yaml, line 3: loop > lr: Input should be a valid number"),
        ("name: a\nloop:\n  lr: -1", r"line 3: loop > lr: Input should be greater than 0"),
        ("name: a\nloop: {val_share: 0.9}", r"loop > val_share: Input should be less than or equal to 0.5"),
        ("name: a\nmodel:\n  branch: words", r"line 3: model > branch: Input should be 'text' or 'classifier'"),
        ("name: a\nmodel:\n  width: 64", r"line 2: model: width and standardise are for branch classifier"),
        ("name: a\nprompts: {kind: category, rules: street}", r"line 2: prompts: .*names alone"),
        ("name: a\nprompts: {template: a photo}", r"prompts: .*slot"),
        ("name: ../a", r"line 1: name: "),
        ("name: last", r"line 1: name: .*state to go on from"),
        ("name: a\nloop:\n  lr: .inf", r"line 3: loop > lr: Input should be a finite number"),
        ("name: a\nloop:\n  lr: 11", r"line 3: loop > lr: Input should be less than or equal to 10"),
        ("name: a\nloss: {contrast: .nan}", r"line 2: loss > contrast: Input should be"),
        ("name: a\nmodel:\n  tau: .nan", r"line 2: model: tau and scale lie above 0"),
        ("name: a\nmodel:\n  scale: .inf", r"line 2: model: tau and scale lie above 0"),
        ("name: a\ndata: {kind: street, root: x, features: f, options: {root: y}}", r"line 2: data > options: .*root"),
        (
            "name: a\ndata: {kind: street, root: x, features: f, options: {domain: [y]}}",
            r"line 2: data > options: .*domain",
        ),
        (
            "name: a\ndata: {kind: street, root: x, features: f, options: {frame_counts: 5}}",
            r"data > options: .*frame_c",
        ),
        ("name: a\ndata: {kind: street, root: x, features: f, options: {frame_counts: {a: b}}}", r"options: .*frame_c"),
        ("loop: {}", r"name: Field required"),
        ("- 1", r"train.yaml, line 1: a training file holds keys"),
        ("", r"a training file holds keys"),
        ("name: [a", r"train.yaml, line 1"),
        ("name: a\nname: b", r"line 2: the key 'name' stands twice"),
        ("name: a\ndata: {kind: ucf_crime, root: x, features: []}", r"data > features: Value should have at least 1"),
    ],
)
def test_what_is_wrong_is_named_with_file_line_and_field(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        load_config(written(tmp_path, text))


def test_the_slot_of_a_template_is_filled_and_other_braces_stay() -> None:
    for template, wanted in (
        ("a photo of {}", "a photo of road accident"),
        ("{} in {x}, {0} }", "road accident in {x}, {0} }"),
    ):
        prompts = PromptConfig(kind="fixed", template=template)
        assert descriptions_of(["road-accident"], prompts) == {"road-accident": (wanted,)}


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nothing\.yaml can't be read"):
        load_config(tmp_path / "nothing.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match=r"bytes\.yaml"):
        load_config(tmp_path / "bytes.yaml")


def test_a_changed_copy_is_checked_too() -> None:
    config = TrainConfig(name="a")
    assert config.changed(name="b", loop={"seed": 3}).loop.seed == 3
    assert config.loop.seed == 0
    assert config.changed(model={"window": 4}).model.window == 4
    with pytest.raises(SettingsError, match="a: unknown key 'loop > sed'"):
        config.changed(loop={"sed": 3})
