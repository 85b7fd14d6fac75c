"""ShanghaiTech with I3D features: settings chosen within the training half by cross-validation, then tested once.

    python -m benchmarks.shanghaitech FOLDER --masks test_frame_mask.npz --out chosen

`FOLDER` holds `split.json`, `train.npz`, `test.npz` and `test_frame_gt.npz`. Nothing is chosen by hand or by a test
figure: `--draws` settings are drawn at random from `SPACE` (and `--also FILE` joins them), each is measured by
five-fold cross-validation, the best six by two more foldings of the same videos, and the winner by the mean of the
three is trained on the whole training half with `--seeds`, which no fold has seen. Only then are the test features
opened. The measure is the frame AUC of held-out training videos: the abnormal ones come from the original test half, so
that `--masks` knows their frames; a normal one counts as many frames as the median abnormal one. A second call goes on
where the first was stopped.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.model_selection import StratifiedKFold

from benchmarks.common import machine
from clipvad.datasets import DataSet, LabelledVideo, Truth, load_dataset
from clipvad.evaluation.annotations import read_masks
from clipvad.features import FeatureSource, open_features
from clipvad.files import write_atomic
from clipvad.training import evaluate, train
from clipvad.training.config import TrainConfig, load_config

FOLDS, FINALISTS, FOLDINGS = 5, 6, 3
SPACE: dict[str, dict[str, list[Any]]] = {
    "model": {
        "width": [64, 128, 256],
        "temporal": ["local", "local+global"],
        "graph": ["residual", "two-layer", "paper"],
        "window": [4, 8, 16, 32],
        "dropout": [0.3, 0.5, 0.6],
        "hidden": [0, 64, 256],
    },
    "loop": {
        "epochs": [8, 12, 16, 24],
        "lr": [3e-4, 5e-4, 1e-3],
        "schedule": ["constant", "cosine"],
        "weight_decay": [1e-3, 1e-2, 1e-1],
    },
    "loss": {"top": [6, 16]},
}
Settings = Mapping[str, Mapping[str, Any]]


def drawn(count: int) -> Iterator[Settings]:
    """Settings drawn evenly from `SPACE`, always the same ones."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        yield {
            part: {key: values[rng.integers(len(values))] for key, values in keys.items()}
            for part, keys in SPACE.items()
        }


def configured(settings: Settings, *, seed: int) -> TrainConfig:
    """A classifier on standardised features with these settings; the last epoch is kept."""
    model = {"branch": "classifier", "standardise": True, "heads": 4, **settings["model"]}
    loop = {"batch": 60, "val_share": 0, "patience": 0, "seed": seed, "save_s": 1e9, **settings["loop"]}
    return TrainConfig.model_validate({"name": "shanghaitech", **settings, "model": model, "loop": loop})


def folded(dataset: DataSet, masks: Mapping[str, Any], *, folding: int) -> Iterator[DataSet]:
    """The training half five times, a fifth of it as the test half in turn, with frame labels."""
    videos = dataset.of("train")
    usual = int(np.median([len(masks[video.name]) for video in videos if video.labels]))

    def truth(video: LabelledVideo) -> Truth:
        labels = np.asarray(masks[video.name], bool) if video.labels else np.zeros(usual, bool)
        return Truth(positions=np.arange(len(labels), dtype=float), labels=labels, unit="frames")

    cut = StratifiedKFold(FOLDS, shuffle=True, random_state=folding)
    for _, kept in cut.split(videos, [bool(video.labels) for video in videos]):
        part = set(kept.tolist())
        yield DataSet(
            name=dataset.name,
            videos=tuple(
                replace(video, split="test" if i in part else "train", truth=truth(video))
                for i, video in enumerate(videos)
            ),
        )


def cross_validated(
    settings: Settings, dataset: DataSet, masks: Mapping[str, Any], source: FeatureSource, *, folding: int
) -> float:
    """Mean frame AUC in per cent over the five held-out parts of one folding."""
    found = []
    for part in folded(dataset, masks, folding=folding):
        with tempfile.TemporaryDirectory() as folder:
            made = train(configured(settings, seed=folding), part, source, out=Path(folder))
        found.append(evaluate(made, part, source).whole.auc)
    return 100 * float(np.mean([auc for auc in found if auc is not None]))


class Results:
    """Figures by what was measured, kept on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, float] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def keep(self, key: str, value: float) -> float:
        self.known[key] = value
        write_atomic(self.path, json.dumps(self.known, indent=1) + "\n")
        return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--masks", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=24)
    parser.add_argument("--also", type=Path, help="a training file that joins the draws")
    parser.add_argument("--seeds", type=int, nargs="+", default=[10, 11, 12])
    asked = parser.parse_args()
    print(machine(), flush=True)
    dataset = load_dataset("shanghaitech", asked.folder)
    masks = read_masks(asked.masks)
    source = open_features(asked.folder / "train.npz", encoder_id="I3D")
    results = Results(asked.out / "folds.json")
    candidates: list[Settings] = list(drawn(asked.draws))
    if asked.also:
        said = load_config(asked.also).model_dump()
        candidates.append({part: {key: said[part][key] for key in keys} for part, keys in SPACE.items()})

    def measured(settings: Settings, folding: int) -> float:
        key = json.dumps([folding, settings], sort_keys=True)
        auc = results.known.get(key)
        if auc is None:
            auc = results.keep(key, cross_validated(settings, dataset, masks, source, folding=folding))
        print(f"folding {folding}: {auc:.2f}  {json.dumps(settings)}", flush=True)
        return auc

    first = [measured(settings, 0) for settings in candidates]
    finalists = [candidates[i] for i in np.argsort(first)[::-1][:FINALISTS]]
    means = [float(np.mean([measured(one, folding) for folding in range(FOLDINGS)])) for one in finalists]
    chosen = finalists[int(np.argmax(means))]
    print(
        f"\nchosen at {max(means):.2f}: {json.dumps(chosen)}\nfinalists: {', '.join(f'{mean:.2f}' for mean in means)}"
    )
    whole = open_features([asked.folder / "train.npz", asked.folder / "test.npz"], encoder_id="I3D")
    tested = []
    for seed in asked.seeds:
        config = configured(chosen, seed=seed)
        made = train(config, dataset, whole, out=asked.out / f"seed{seed}", resume=True)
        write_atomic(asked.out / f"seed{seed}" / "config.yaml", yaml.safe_dump(config.model_dump(mode="json")))
        found = evaluate(made, dataset, whole).whole
        assert found.auc is not None
        assert found.ap is not None
        tested.append(100 * found.auc)
        print(f"test, seed {seed}: frame AUC {100 * found.auc:.2f}, AP {100 * found.ap:.2f}", flush=True)
    print(f"test: {np.mean(tested):.2f} ±{np.std(tested, ddof=1):.2f}")


if __name__ == "__main__":
    main()
