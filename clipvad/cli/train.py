"""`clipvad train` and `clipvad test`: a training file to a checkpoint, and a checkpoint to the figures of papers."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clipvad.cli import console
from clipvad.cli.datasets import DomainOption, EncoderIdOption, FeaturesRootOption, VideosOption, reader_options
from clipvad.cli.options import DeviceOption
from clipvad.errors import SettingsError

if TYPE_CHECKING:
    from clipvad.evaluation.metrics import Quality
    from clipvad.training import Evaluation, TrainConfig, TrainProgress

LIVE_S = 0.2  # a terminal's line is written anew this often

FeaturesOption = Annotated[
    list[Path] | None,
    typer.Option("--features", metavar="STORE", help="Features in place of the file's; may be repeated."),
]
RootOption = Annotated[Path | None, typer.Option("--root", metavar="DIR", help="The data set's folder, likewise.")]


def train(
    file: Annotated[Path, typer.Argument(metavar="CONFIG.yaml", help="A training file, see docs/training.md.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Checkpoint, curves and state of the training go here.")
    ],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the training in --out that was cut off, if there is one.")
    ] = False,
    seed: Annotated[int | None, typer.Option("--seed", min=0, help="In place of the file's.")] = None,
    features: FeaturesOption = None,
    root: RootOption = None,
    device: DeviceOption = None,
) -> None:
    """Train a video-level model from labels of whole videos; afterwards test it once."""
    from clipvad.training import evaluate
    from clipvad.training import train as train_model

    config = _config(file, seed=seed, features=features, root=root, device=device)
    if config.data is None:
        raise SettingsError(f"{file}: the key data is missing. It says which data set and features to train on.")
    dataset, source = config.data.open()
    console.say(f"{dataset.name}: {len(dataset.of('train'))} videos to train on; {source.spec.label}")
    try:
        checkpoint = train_model(config, dataset, source, out=out, resume=resume, on_progress=EpochLines())
    except KeyboardInterrupt:
        console.say(f"\nstopped; the best so far, if an epoch was done, is in {out}. Go on with --resume.")
        raise
    chosen = checkpoint.training
    figure = "" if chosen["val_auc"] is None else f", validation AUC {100 * chosen['val_auc']:.1f}"
    epoch = f"epoch {chosen['epoch']} of {chosen['epochs']} ({chosen['chosen_by']}{figure})"
    console.say(f"chosen: {epoch} -> {out}/{config.name}.safetensors")
    if any(video.truth is not None for video in dataset.of("test")):
        console.say("test videos, looked at only now that the choice is made:")
        _print(evaluate(checkpoint, dataset, source, device=config.loop.device))


def measure(
    file: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="NAME.safetensors as `clipvad train` writes it.")],
    data: Annotated[str, typer.Option("--data", metavar="KIND", help="One of `clipvad datasets list`.")],
    root: Annotated[Path, typer.Option("--root", metavar="DIR", help="The data set's folder.")],
    features: Annotated[list[Path], typer.Option("--features", metavar="STORE", help="May be repeated.")],
    features_root: FeaturesRootOption = None,
    encoder_id: EncoderIdOption = None,
    domain: DomainOption = None,
    videos: VideosOption = None,
    device: DeviceOption = None,
) -> None:
    """Frame AUC and AP of a checkpoint on the test videos of a data set."""
    from clipvad.datasets.fit import load_for
    from clipvad.features import open_features
    from clipvad.nn import Checkpoint
    from clipvad.training import evaluate

    source = open_features(features, root=features_root, encoder_id=encoder_id)
    with reader_options(domain, videos) as options:
        dataset = load_for(source, data, root, **options)
    _print(evaluate(Checkpoint.load(file), dataset, source, device=device or "auto"))


def _config(
    file: Path, *, seed: int | None, features: list[Path] | None, root: Path | None, device: str | None
) -> TrainConfig:
    from clipvad.training import load_config

    config = load_config(file)
    data = {"features": features, "root": root}
    loop = {"seed": seed, "device": device}
    changes: dict[str, Any] = {
        key: {name: value for name, value in part.items() if value is not None}
        for key, part in (("data", data), ("loop", loop))
    }
    return config.changed(**{key: part for key, part in changes.items() if part})


class EpochLines:
    """A live line on a terminal, elsewhere a line an epoch."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._told = 0.0

    def __call__(self, now: TrainProgress) -> None:
        text = f"epoch {now.epoch}/{now.epochs}, step {now.step}/{now.steps}, loss {now.loss:.4f}"
        left = f", at most {span(now.left_s)} left"
        if now.done is not None:
            if now.done.val_auc is not None:
                text += f", validation AUC {100 * now.done.val_auc:.1f}{' (best)' if now.done.best else ''}"
            console.say(f"\r{text}{left}  " if self._live else f"{text}{left}")
        elif self._live and time.monotonic() - self._told >= LIVE_S:
            self._told = time.monotonic()
            print(f"\r{text}{left}  ", end="", file=sys.stderr, flush=True)


def span(seconds: float) -> str:
    """3725.2 -> "1:02:05"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _print(found: Evaluation) -> None:
    rows = [_row("all", found.whole), _row("abnormal videos", found.abnormal)]
    if len(found.classes) > 1:
        rows += [_row(f"{kind}, and normal videos", figures) for kind, figures in found.classes.items()]
    for line in console.table_lines(["videos", "frames", "abnormal", "AUC %", "AP %"], rows, right=range(1, 5)):
        typer.echo(line)


def _row(name: str, figures: Quality) -> list[str]:
    shown = ["-" if value is None else f"{100 * value:.2f}" for value in (figures.auc, figures.ap)]
    return [name, str(figures.frames), str(figures.abnormal), *shown]
