"""The tables of Dong 2024 with a row of ours for every row of the paper's own method: what is trained, beside what was
printed. Rows that two tables share are trained once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml

from clipvad.datasets import NORMAL, DataSet
from clipvad.encoders import Encoder
from clipvad.errors import DataSetError, ModelError
from clipvad.features import FeatureSource
from clipvad.files import write_atomic
from clipvad.ruleset import Rule, RuleSet
from clipvad.training.classes import class_of, descriptions_of, sentences_of
from clipvad.training.config import TrainConfig
from clipvad.training.evaluate import evaluate
from clipvad.training.loop import train
from clipvad.training.progress import TrainProgress

Kind = Literal["video", "frame", "zero-shot"]
UCF, SHT = "UCF-Crime", "ShanghaiTech"
DONE = "test.json"  # of a run's folder: its figures, written last
Changes = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """One row: its name, the frame AUC in per cent that the paper prints by data set, and what it changes of the base.

    `kind` "frame" is the taught similarity of Eq. 13-15, "zero-shot" no training at all (not in the paper).
    """

    name: str
    published: Mapping[str, float]
    changes: Changes
    kind: Kind = "video"


@dataclass(frozen=True, kw_only=True)
class Result:
    """A row over the seeds. `auc`, `ap`: per cent, one a seed; empty where it can't be run, and `problem` says why."""

    row: TableRow
    auc: tuple[float, ...] = ()
    ap: tuple[float, ...] = ()
    problem: str = ""


def _row(name: str, ucf: float, sht: float, *, kind: Kind = "video", **changes: Mapping[str, Any]) -> TableRow:
    return TableRow(name=name, published={UCF: ucf, SHT: sht}, changes=changes, kind=kind)


def _classifier(temporal: str) -> dict[str, Any]:
    return {"branch": "classifier", "temporal": temporal}


def _varied(context: int, depth: int, window: int, ucf: float, sht: float) -> TableRow:
    return _row(
        f"context {context}, depth {depth}, window {window}", ucf, sht,
        model={"temporal": "local", "depth": depth, "window": window}, prompts={"length": context},
    )  # fmt: skip


COMPARED = (
    TableRow(name="zero-shot (not in the paper)", published={}, changes={}, kind="zero-shot"),
    _row("CLIP + classifier", 73.17, 83.21, model=_classifier("none")),
    _row("CLIP + local + global + classifier", 86.17, 94.17, model=_classifier("local+global")),
    _row("ours, frame", 86.62, 95.02, kind="frame"),
    _row("ours, video (local)", 88.13, 97.31, model={"temporal": "local"}),
    _row("ours, video (local + global)", 88.52, 98.43, model={"temporal": "local+global"}),
)
LOCAL = {"temporal": "local"}
NAMES_ALONE: dict[str, Any] = {"descriptions": {}, "rules": None}
TABLES: dict[str, tuple[TableRow, ...]] = {
    "table4": COMPARED,
    "table5": COMPARED,
    "table6": (
        _row("a photo of [category]", 87.43, 96.20, model=LOCAL, prompts={"kind": "fixed", **NAMES_ALONE}),
        _row(
            "learnable prompt + [category]",
            87.66,
            96.81,
            model=LOCAL,
            prompts={"kind": "category", "length": 8, **NAMES_ALONE},
        ),
        _row("learnable prompt + [description]", 88.19, 97.32, model=LOCAL, prompts={"length": 8}),
    ),
    "table8": (
        _varied(4, 1, 16, 84.30, 94.00),
        _varied(8, 1, 16, 85.21, 95.20),
        _varied(16, 1, 16, 86.00, 97.02),
        _varied(20, 1, 16, 86.37, 97.00),
        _varied(24, 1, 16, 85.52, 96.12),
        _varied(32, 1, 16, 84.31, 95.21),
        _varied(16, 2, 16, 85.82, 95.52),
        _varied(16, 3, 16, 85.50, 95.34),
        _varied(16, 1, 8, 85.30, 95.90),
        _varied(16, 1, 32, 86.56, 97.00),
        _varied(16, 1, 64, 86.88, 97.22),
        _varied(16, 1, 128, 86.39, 96.80),
    ),
    "table9": (
        _row("middle, shared", 87.45, 96.26, prompts={"length": 16, "position": "middle"}),
        _row("end, class-specific", 88.14, 97.39, prompts={"length": 16, "position": "end"}),
    ),
    "table10": (
        _row("without temporal module", 84.42, 92.24, model={"temporal": "none"}),
        _row("without GCN", 87.28, 96.45, model={"temporal": "local"}),
        _row("with temporal module", 88.17, 97.33, model={"temporal": "local+global"}),
    ),
}
PRINTED = {"table4": (UCF,), "table5": (SHT,)}  # of the others both columns


class Reproduction:
    """Trains the rows of tables on one data set and keeps every run in `out`, so that nothing is trained twice.

    `base`: the training that rows change. `encoder`: whose text tower makes the classes. `on_run` hears of each row and
    seed that is not on disk yet, before it is run.
    """

    def __init__(
        self,
        base: TrainConfig,
        dataset: DataSet,
        source: FeatureSource,
        encoder: Encoder,
        *,
        out: Path,
        on_progress: Callable[[TrainProgress], None] | None = None,
        on_run: Callable[[TableRow, int], None] = lambda row, seed: None,
    ) -> None:
        self.base, self.dataset, self.source, self.encoder = base, dataset, source, encoder
        self.out = out
        self._on_progress, self._on_run = on_progress, on_run

    def missing(self, rows: Iterable[TableRow], *, seeds: int) -> int:
        """How many runs of these rows are not on disk yet."""
        folders = {self._place(row, seed)[1] for row in rows for seed in _seeds_of(row, seeds)}
        return sum(not (folder / DONE).exists() for folder in folders)

    def results(self, rows: Sequence[TableRow], *, seeds: int) -> Iterator[Result]:
        """Each row with seeds 0 to `seeds` - 1. Raises `ClipvadError` for what concerns all rows."""
        for row in rows:
            try:
                found = [self._run(row, seed) for seed in _seeds_of(row, seeds)]
            except ModelError as error:  # such as a context that the text tower has no room for
                yield Result(row=row, problem=str(error))
            else:
                yield Result(row=row, auc=tuple(one[0] for one in found), ap=tuple(one[1] for one in found))

    def _run(self, row: TableRow, seed: int) -> tuple[float, float]:
        """AUC and AP in per cent, from disk if this very run was done before."""
        config, folder = self._place(row, seed)
        done = folder / DONE
        if not done.exists():
            self._on_run(row, seed)
            figures = self._measured(config, row.kind, seed, folder)
            written = config.placed(Path.cwd()).model_dump(mode="json")  # a file's paths are relative to itself
            write_atomic(folder / "config.yaml", yaml.safe_dump(written, sort_keys=False))
            write_atomic(done, json.dumps(figures) + "\n")
        auc, ap = json.loads(done.read_text("utf-8"))
        return auc, ap

    def _place(self, row: TableRow, seed: int) -> tuple[TrainConfig, Path]:
        """The training of a row and the folder of this very run."""
        config = self._config(row, seed)
        identity = {"kind": row.kind, "config": config.model_dump(mode="json"), "spec": str(self.source.spec),
                    "videos": [video.name for video in self.dataset.videos]}  # fmt: skip
        digest = hashlib.blake2b(json.dumps(identity, sort_keys=True).encode(), digest_size=6).hexdigest()
        return config, self.out / digest

    def _config(self, row: TableRow, seed: int) -> TrainConfig:
        return self.base.changed(**row.changes, loop={"seed": seed})

    def _measured(self, config: TrainConfig, kind: Kind, seed: int, folder: Path) -> tuple[float, float]:
        if kind == "video":
            made = train(
                config, self.dataset, self.source, out=folder, encoder=self.encoder, resume=True,
                on_progress=self._on_progress,
            )  # fmt: skip
            found = evaluate(made, self.dataset, self.source, device=config.loop.device).whole
        else:
            from clipvad.scoring.prompts import embed_sentences
            from clipvad.training.teach_videos import frame_row

            rules = rules_of(config, [class_of(video, config) for video in self.dataset.of("train")])
            found = frame_row(
                self.dataset, self.source, embed_sentences(self.encoder, rules, memo={}), rules,
                temperature=1 / self.encoder.logit_scale, seed=None if kind == "zero-shot" else seed,
            )  # fmt: skip
        if found.auc is None or found.ap is None:
            raise DataSetError(f"{self.dataset.name}: its test frames are all normal or all abnormal: there is no AUC.")
        return 100 * found.auc, 100 * found.ap


def _seeds_of(row: TableRow, seeds: int) -> range:
    return range(1 if row.kind == "zero-shot" else seeds)  # nothing is drawn at random without training


def rules_of(config: TrainConfig, classes: Iterable[str] = ()) -> RuleSet:
    """The sentences of a training as a rule set, categories by class; for `classes` without any, their names.

    Raises `SettingsError` for classes that have no sentence where others have.
    """
    found = descriptions_of(list(dict.fromkeys([NORMAL, *sentences_of(config.prompts), *classes])), config.prompts)
    return RuleSet(
        name=config.name,
        normal=tuple(Rule(text=text, category=NORMAL) for text in found[NORMAL]),
        abnormal=tuple(
            Rule(text=text, category=name) for name, texts in found.items() if name != NORMAL for text in texts
        ),
    )


def cells(table: str, results: Sequence[Result]) -> tuple[list[str], list[list[str]]]:
    """Header and rows as text: mean and sd over the seeds in per cent, and the published figures."""
    columns = PRINTED.get(table, (UCF, SHT))
    header = ["row", "AUC", "AP", *(f"paper, {name}" for name in columns), "seeds"]
    rows = []
    for one in results:
        printed = [f"{one.row.published[name]:.2f}" if name in one.row.published else "-" for name in columns]
        figures = [one.problem, ""] if one.problem else [_spread(one.auc), _spread(one.ap)]
        rows.append([one.row.name, *figures, *printed, str(len(one.auc))])
    return header, rows


def _spread(values: Sequence[float]) -> str:
    sd = f" ±{np.std(values, ddof=1):.1f}" if len(values) > 1 else ""
    return f"{np.mean(values):.1f}{sd}"
