"""The training file: YAML at the edge, a `TrainConfig` inside. An unknown key is an error that names file and line.

Defaults are the settings that Dong 2024 prints (section 4.2); what the paper leaves open is marked in docs/training.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from clipvad.datasets import DataSet
from clipvad.datasets.fit import load_for
from clipvad.errors import ModelError, RulesError, SettingsError
from clipvad.features import FeatureSource, open_features
from clipvad.nn.model import ModelConfig
from clipvad.nn.prompts import Position
from clipvad.rules.marks import parse_yaml
from clipvad.ruleset import FieldPath

PromptKind = Literal["fixed", "category", "description"]
PATH_OPTIONS = ("videos", "more")  # those of `load_dataset` that are folders
STATE = "last"  # beside the checkpoint lies a file of this name, see `clipvad.training.state`

# Numbers are taken from words too: YAML reads 1e-5, without a dot, as a word.
_Settings = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


class FeaturesOptions(BaseModel):
    """What a public layout does not say of itself, see `clipvad.features.open_features`."""

    model_config = _Settings
    encoder_id: str | None = None
    root: Path | None = None
    stride: int | None = Field(default=None, ge=1)


class DataConfig(BaseModel):
    """Where labels and features lie: `kind`, `root` and `options` as `load_dataset` takes them, `features` (one path or
    several) and `features_options` as `open_features` does. Paths are relative to the training file, those among the
    options too.
    """

    model_config = _Settings
    kind: str
    root: Path
    options: dict[str, Any] = {}
    features: Annotated[list[Path], BeforeValidator(_as_list), Field(min_length=1)]
    features_options: FeaturesOptions = FeaturesOptions()

    @field_validator("options")
    @classmethod
    def _of_reader(cls, options: dict[str, Any]) -> dict[str, Any]:
        """A file can say so much; objects that a reader takes besides are for `load_dataset`."""
        for name, value in options.items():
            if name in ("kind", "root", "source"):
                raise ValueError(f"{name} is no option of the data set's reader")
            counts = isinstance(value, dict) and all(isinstance(count, int) for count in value.values())
            if not (counts if name == "frame_counts" else isinstance(value, str)):
                raise ValueError(f"{name} is {'a number of frames by video' if name == 'frame_counts' else 'a word'}")
        return options

    def open(self) -> tuple[DataSet, FeatureSource]:
        """Labels and features. Raises `DataSetError` and `FeaturesError`."""
        source = open_features(self.features, **self.features_options.model_dump(exclude_none=True))
        return load_for(source, self.kind, self.root, **self.options), source

    def placed(self, folder: Path) -> DataConfig:
        """The same with paths that are relative to `folder`, those among the options too."""
        features = self.features_options
        if features.root is not None:
            features = features.model_copy(update={"root": folder / features.root})
        paths = {name: str(folder / self.options[name]) for name in PATH_OPTIONS if self.options.get(name)}
        changed = {
            "root": folder / self.root,
            "options": {**self.options, **paths},
            "features": [folder / path for path in self.features],
            "features_options": features,
        }
        return self.model_copy(update=changed)


class PromptConfig(BaseModel):
    """Sentences of the classes (branch text). `fixed`: the class's name in `template`, or its descriptions as they
    stand; nothing is learned. `category`: `length` learned vectors and the name. `description`: the same and its
    descriptions. `descriptions`: sentences by class; `rules`: those of a rule set's categories, its normal side for the
    class normal.
    """

    model_config = _Settings
    kind: PromptKind = "description"
    template: str = "a photo of {}"
    length: int = Field(default=16, ge=1, le=70)
    position: Position = "end"
    descriptions: dict[str, Annotated[list[str], Field(min_length=1)]] = {}
    rules: str | None = None

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.template.count("{}") != 1:
            raise ValueError("template needs the slot {} exactly once")
        if self.kind == "category" and (self.descriptions or self.rules):
            raise ValueError("kind category knows the names alone; write kind: description to use sentences")
        return self


class LossConfig(BaseModel):
    """`contrast`: weight lambda of L_cts beside L_ali (Eq. 12). `top`: one row in so many, and one more, speaks for its
    video; fewer where events last long.
    """

    model_config = _Settings
    contrast: float = Field(default=0.1, ge=0)
    top: int = Field(default=16, ge=1)


class LoopConfig(BaseModel):
    """How it is trained. `val_share`: of the training videos, kept aside to choose the epoch; 0 keeps the last epoch.
    `schedule`: of the learning rate; cosine lets it fall to 0 at the last of `epochs`.
    `patience`: epochs without a better one before it stops; 0 never stops. `rows`: at most so many of a video, longer
    ones are averaged down; None takes all. `balance`: half of every batch normal, half abnormal. `drop_rows`: share of
    rows left out at random. `precision`: auto is bf16 on CUDA, fp32 elsewhere. `save_s`: seconds between two saves of
    the state to resume from.
    """

    model_config = _Settings
    epochs: int = Field(default=50, ge=1)
    batch: int = Field(default=64, ge=2)
    lr: float = Field(default=1e-5, gt=0, le=10)
    schedule: Literal["constant", "cosine"] = "constant"
    weight_decay: float = Field(default=0.0, ge=0)
    seed: int = Field(default=0, ge=0)
    val_share: float = Field(default=0.2, ge=0, le=0.5)
    patience: int = Field(default=10, ge=0)
    rows: int | None = Field(default=256, ge=1)
    balance: bool = True
    drop_rows: float = Field(default=0.0, ge=0, lt=1)
    device: str = "auto"
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    save_s: float = Field(default=10.0, ge=0)


class TrainConfig(BaseModel):
    """A whole training. `name`: of the checkpoint's files. `encoder`: whose text tower makes the classes, as
    `load_encoder` takes it; None is the one that made the features. `classes`: other names for labels, to merge some.
    `limits`: one line for the checkpoint's card on what it can't do.
    """

    model_config = _Settings
    name: str = Field(pattern=r"^[\w.+-]+$")
    data: DataConfig | None = None
    encoder: str | None = None
    model: ModelConfig = ModelConfig()
    prompts: PromptConfig = PromptConfig()
    classes: dict[str, str] = {}
    loss: LossConfig = LossConfig()
    loop: LoopConfig = LoopConfig()
    limits: str = ""

    @field_validator("name")
    @classmethod
    def _free(cls, name: str) -> str:
        if name == STATE:
            raise ValueError(f"{name!r} is the file of the state to go on from; choose another")
        return name

    def placed(self, folder: Path) -> TrainConfig:
        """The same with the paths of `data` relative to `folder`."""
        return self if self.data is None else self.model_copy(update={"data": self.data.placed(folder)})

    def changed(self, **parts: Mapping[str, Any] | str) -> TrainConfig:
        """A copy with other values: `changed(name="b", loop={"seed": 1})`. Raises `SettingsError`."""
        data = self.model_dump()
        for key, value in parts.items():
            data[key] = {**(data.get(key) or {}), **value} if isinstance(value, Mapping) else value
        return _built(data, where=lambda _: self.name)


def load_config(path: Path) -> TrainConfig:
    """Read a training file. Raises `SettingsError` that names file, line and field."""
    try:
        document = parse_yaml(path.read_text(encoding="utf-8"), source=str(path), hint="See docs/training.md.")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The training file {path} can't be read: {error}.") from None
    except RulesError as error:
        raise SettingsError(str(error)) from None
    config = _built(document.data, where=lambda field: f"{path}, line {document.line(field)}")
    return config.placed(path.parent)


def _built(data: object, *, where: Callable[[FieldPath], str]) -> TrainConfig:
    if not isinstance(data, dict):
        raise SettingsError(f"{where(())}: a training file holds keys such as name, data and model. Add them.")
    try:
        return TrainConfig.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        field = " > ".join(str(part) for part in first["loc"])
        unknown = first["type"] in ("extra_forbidden", "unexpected_keyword_argument")
        problem = f"unknown key {field!r}. See docs/training.md for those that there are." if unknown else first["msg"]
        raise SettingsError(f"{where(first['loc'])}: {'' if unknown or not field else f'{field}: '}{problem}") from None
    except ModelError as error:
        raise SettingsError(f"{where(('model',))}: model: {error}") from None
