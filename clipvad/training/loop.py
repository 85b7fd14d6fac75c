"""Training a video-level model from labels of whole videos (Dong 2024, section 3.2): a plain loop around `Run`."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

import clipvad
from clipvad.datasets import NORMAL, DataSet
from clipvad.encoders import Encoder
from clipvad.encoders.openclip import choose_device
from clipvad.errors import DataSetError, SettingsError
from clipvad.features import FeatureSource
from clipvad.nn import Checkpoint, VideoModel
from clipvad.nn.model import Standard
from clipvad.training import classes as naming
from clipvad.training import state
from clipvad.training.batches import all_rows, load_bags
from clipvad.training.calibration import calibrated
from clipvad.training.config import TrainConfig
from clipvad.training.curves import Curves
from clipvad.training.progress import EpochLog, TrainProgress
from clipvad.training.run import Run, Sums, seed_of
from clipvad.training.split import validation_part

Report = Callable[[TrainProgress], None]


def train(
    config: TrainConfig,
    dataset: DataSet,
    source: FeatureSource,
    *,
    out: Path,
    encoder: Encoder | None = None,
    resume: bool = False,
    on_progress: Report | None = None,
) -> Checkpoint:
    """Train on the training videos of `dataset` and return the best epoch's checkpoint; test videos are not touched.

    At last its scores are calibrated on the normal videos of the validation split (`calibrated`).

    Writes to the folder `out`: NAME.safetensors with NAME.json (the best so far, from the first epoch on), curves.csv,
    TensorBoard's event files, and the state to go on from (`resume`; where there is none it begins anew). On a CPU a
    run that was killed and resumed ends with the same bits as one that was not. Ctrl-C leaves the best so far and is
    raised on; so is the error of a training that diverges. Where nothing can be learnt (sentences as they stand, no
    temporal module, no adapter) the checkpoint is zero-shot, returned at once. `encoder`: the text tower, loaded by the
    id of the features if None; a classifier needs none. Raises `ClipvadError` for what does not fit, and where `out`
    can't be written.
    """
    path = out / state.FILE
    begun = os.path.exists(path)  # False too for a name that no file system takes
    if not resume and (begun or os.path.exists(out / f"{config.name}.safetensors")):
        raise SettingsError(f"{out} holds a training already. Go on with it (--resume), or choose another --out.")
    device = choose_device(config.loop.device)
    with torch.random.fork_rng():
        run, card = _prepare(config, dataset, source, encoder, device)
        if begun:
            run.resume(path)
        try:
            return _trained(run, card, source, out, on_progress)
        except OSError as error:
            raise SettingsError(
                f"{out} can't be written: {error.strerror or error}. Make room and go on, or choose another --out."
            ) from None


def _prepare(
    config: TrainConfig, dataset: DataSet, source: FeatureSource, encoder: Encoder | None, device: str
) -> tuple[Run, dict[str, Any]]:
    """The run before its first step, and what its checkpoint says of it."""
    videos = dataset.of("train")
    names = naming.classes_of(videos, config)
    found = [naming.class_of(video, config) for video in videos]
    is_text = config.model.branch == "text"
    labels = [names.index(name) if is_text else int(name != NORMAL) for name in found]
    if len({label > 0 for label in labels}) < 2:
        raise DataSetError(f"The training half of {dataset.name} needs both normal and abnormal videos.")
    bags = load_bags(videos, labels, source, rows=config.loop.rows)
    kept = set(validation_part(labels, config.loop.val_share, seed=config.loop.seed))
    descriptions = naming.descriptions_of(names, config.prompts) if is_text else {}
    if is_text:  # before the seed: loading a model draws random numbers, one that is given draws none
        encoder = naming.text_encoder(encoder, config, source.spec, device=device)
    torch.manual_seed(seed_of(config.loop.seed, 0))
    model = VideoModel(config.model, dim=source.spec.dim)
    module = naming.make_classes(encoder, descriptions, config.prompts) if is_text and encoder else None
    training = [bag for i, bag in enumerate(bags) if i not in kept]
    if isinstance(model.standard, Standard):
        model.standard.fit(torch.from_numpy(all_rows(training)))
    run = Run(
        config,
        source.spec,
        model,
        module,
        train=training,
        val=[bag for i, bag in enumerate(bags) if i in kept],
        device=device,
    )
    card = {
        "model": {"classes": names, "descriptions": descriptions, "spec": source.spec},
        "training": {"data_set": dataset.name, "stretched_places": getattr(module, "stretched", None)},
    }
    return run, card


def _trained(
    run: Run, card: dict[str, Any], source: FeatureSource, out: Path, on_progress: Report | None
) -> Checkpoint:
    try:
        if run.learns:
            _loop(run, card, out, on_progress)
        else:
            run.keep_untrained()
    finally:  # Ctrl-C too leaves the best so far
        if run.best is not None:
            normal = [bag.name for bag in run.val if not bag.label]
            made = calibrated(_checkpoint(run, card), normal, source)
            made.save(out / f"{run.config.name}.safetensors")
    return made


def _loop(run: Run, card: dict[str, Any], out: Path, on_progress: Report | None) -> None:
    saved = time.monotonic()
    left_s = _clock(run)
    with Curves(out, run.history) as curves:
        while not run.is_over:
            began = time.monotonic()
            sums = Sums()
            for losses in run.steps(len(run.history) + 1):
                sums.add(losses)
                if on_progress is not None:
                    on_progress(_progress(run, sums.count, losses["loss"], left_s(sums.count)))
            log = run.finish_epoch(sums.means(), seconds=time.monotonic() - began)
            curves.write(run.history)
            if run.is_over or time.monotonic() - saved >= run.config.loop.save_s:
                run.save(out / state.FILE)
                _checkpoint(run, card).save(out / f"{run.config.name}.safetensors")
                saved = time.monotonic()
            if on_progress is not None:
                on_progress(_progress(run, run.steps_an_epoch, log.loss, left_s(0), done=log))


def _progress(run: Run, step: int, loss: float, left_s: float, *, done: EpochLog | None = None) -> TrainProgress:
    return TrainProgress(
        epoch=len(run.history) + (done is None),
        epochs=run.config.loop.epochs,
        step=step,
        steps=run.steps_an_epoch,
        loss=loss,
        left_s=left_s,
        done=done,
    )


def _clock(run: Run) -> Callable[[int], float]:
    """Wall seconds to the last epoch, by the steps since now; asked with the steps done of the epoch under way."""
    began, before = time.monotonic(), len(run.history) * run.steps_an_epoch

    def left_s(step: int) -> float:
        done = len(run.history) * run.steps_an_epoch + step
        return (time.monotonic() - began) / (done - before) * (run.config.loop.epochs * run.steps_an_epoch - done)

    return left_s


def _checkpoint(run: Run, card: Mapping[str, Any]) -> Checkpoint:
    """The best so far, with its card."""
    assert run.best is not None
    config, chosen = run.config, run.history[run.best.epoch - 1] if run.best.epoch else None
    by = "validation split of the training videos" if run.val else "the last epoch"
    return Checkpoint(
        name=config.name,
        config=config.model,
        **card["model"],
        state=state.under("model.", run.best.tensors),
        prompts=state.under("prompts.", run.best.tensors),
        embeddings=run.best.tensors.get("classes"),
        limits=config.limits,
        training={
            **card["training"],
            "config": config.model_dump(mode="json", exclude={"data", "name", "limits", "model"}),
            "seed": config.loop.seed,
            "epochs": len(run.history),
            "epoch": run.best.epoch,
            "chosen_by": by if chosen else "nothing to learn",
            "val_auc": chosen and chosen.val_auc,
            "val_loss": chosen and chosen.val_loss,
            "train_videos": len(run.train),
            "val_videos": [bag.name for bag in run.val],
            "seconds": round(sum(log.seconds for log in run.history), 1),
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "versions": {"clipvad": clipvad.__version__, "torch": torch.__version__},
        },
    )
