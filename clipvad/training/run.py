"""One training while it goes on: weights, Adam's moments, the best so far, and how all of it goes to disk and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from clipvad.errors import ModelError
from clipvad.evaluation.metrics import frame_auc
from clipvad.features import FeatureSpec
from clipvad.nn import VideoModel, alignment_loss, class_contrast, top_k_mean
from clipvad.training import state
from clipvad.training.batches import Bag, Batch, by_video, collate, count_batches, epoch_batches
from clipvad.training.config import TrainConfig
from clipvad.training.progress import EpochLog


@dataclass(frozen=True, kw_only=True)
class Best:
    """The epoch that was chosen so far, and its weights on the CPU: `model.*`, `prompts.*` and `classes`."""

    epoch: int
    rank: tuple[float, float]
    tensors: dict[str, Tensor]


@dataclass
class Sums:
    """Running means of an epoch's losses."""

    count: int = 0
    totals: dict[str, float] = field(default_factory=lambda: {"loss": 0.0, "align": 0.0, "contrast": 0.0})

    def add(self, losses: Mapping[str, float]) -> None:
        """One step."""
        self.count += 1
        for name, value in losses.items():
            self.totals[name] += value

    def means(self) -> dict[str, float]:
        """Means of all steps."""
        return {name: total / self.count for name, total in self.totals.items()}


class Run:
    """A training under way. `classes`: the module that gives the class embeddings, None for a classifier."""

    def __init__(
        self,
        config: TrainConfig,
        spec: FeatureSpec,
        model: VideoModel,
        classes: nn.Module | None,
        *,
        train: Sequence[Bag],
        val: Sequence[Bag],
        device: str,
    ) -> None:
        self.config, self.train, self.val = config, train, val
        self.device = torch.device(device)
        self.model = model.to(self.device)
        self.classes = None if classes is None else classes.to(self.device)
        learned = [*model.parameters(), *(classes.parameters() if classes is not None else ())]
        self.learns = bool(learned)
        group = [{"params": learned}]  # a bare list must not be empty
        self.optimizer = torch.optim.AdamW(group, lr=config.loop.lr, weight_decay=config.loop.weight_decay)
        self.steps_an_epoch = count_batches(train, config.loop)
        self.history: list[EpochLog] = []
        self.best: Best | None = None
        self.identity = state.identity(config, [*train, *val], spec)

    def steps(self, epoch: int) -> Iterator[dict[str, float]]:
        """Train one epoch, from 1: yields the losses of every step. Raises `ModelError` for one that is not finite."""
        torch.manual_seed(seed_of(self.config.loop.seed, epoch))
        self.model.train()
        for step, batch in enumerate(epoch_batches(self.train, self.config.loop, epoch=epoch)):
            self._set_rate((epoch - 1 + step / self.steps_an_epoch) / self.config.loop.epochs)
            with self._casting():
                embeddings = None if self.classes is None else self.classes()
                align, _ = self._alignment(batch.to(self.device), embeddings)
                contrast = align.new_zeros(()) if embeddings is None else class_contrast(embeddings)
                loss = align + self.config.loss.contrast * contrast
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            found = {"loss": loss.item(), "align": align.item(), "contrast": contrast.item()}
            self._check_finite(torch.tensor(found["loss"]))
            yield found

    def finish_epoch(self, losses: dict[str, float], *, seconds: float) -> EpochLog:
        """Measure the weights on the validation split and keep them if they are the best so far. Raises `ModelError`
        if they, or what they give, are not finite.
        """
        self._check_finite(*self._weights().values())
        self.model.eval()
        with torch.inference_mode():
            embeddings = None if self.classes is None else self.classes()
            val_auc, val_loss = self._validate(embeddings) if self.val else (None, None)
        epoch = len(self.history) + 1
        better = self.best is None or not self.val or _rank(val_auc, val_loss) > self.best.rank
        log = EpochLog(epoch=epoch, **losses, val_auc=val_auc, val_loss=val_loss, seconds=seconds, best=better)
        if better:
            self.best = Best(epoch=epoch, rank=_rank(val_auc, val_loss), tensors=self._kept(embeddings))
        self.history.append(log)
        return log

    def keep_untrained(self) -> None:
        """Keep the weights as they are, as epoch 0: all there is to do where nothing can be learnt."""
        with torch.inference_mode():
            embeddings = None if self.classes is None else self.classes()
        self.best = Best(epoch=0, rank=(0.0, 0.0), tensors=self._kept(embeddings))

    @property
    def is_over(self) -> bool:
        """Are all epochs done, or has none been better for too long?"""
        loop = self.config.loop
        waited = len(self.history) - (self.best.epoch if self.best else 0)
        return len(self.history) >= loop.epochs or bool(self.val and loop.patience and waited >= loop.patience)

    def save(self, path: Path) -> None:
        """Everything that it takes to go on, as of the last finished epoch."""
        meta = {
            "run": self.identity,
            "history": [asdict(log) for log in self.history],
            "best": self.best.epoch if self.best else 0,
        }
        best = self.best.tensors if self.best else {}
        adam = state.adam_tensors(self.optimizer)
        state.save_state(
            path, meta, {**self._weights(), **state.put_under("adam.", adam), **state.put_under("best.", best)}
        )

    def resume(self, path: Path) -> None:
        """Go on from what `save` wrote. Raises `ModelError` if it does not fit."""
        meta, tensors = state.load_state(path, self.identity)
        try:
            self._restore(meta, tensors)
        except state.UNREADABLE as error:
            raise state.unreadable(path, error) from None

    def _restore(self, meta: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        self.model.load_state_dict(state.under("model.", tensors))
        if self.classes is not None:
            self.classes.load_state_dict(state.under("prompts.", tensors))
        state.put_adam_tensors(self.optimizer, state.under("adam.", tensors))
        self.history = [EpochLog(**log) for log in meta["history"]]
        if meta["best"]:
            log = self.history[meta["best"] - 1]
            rank = _rank(log.val_auc, log.val_loss)
            self.best = Best(epoch=log.epoch, rank=rank, tensors=state.under("best.", tensors))

    def _check_finite(self, *values: Tensor) -> None:
        if not all(torch.isfinite(value).all() for value in values):
            raise ModelError(
                f"In epoch {len(self.history) + 1} the numbers of this training are not finite any more: it has "
                "diverged. Lower loop.lr, or model.scale if it is large, and begin anew in another --out."
            )

    def _weights(self) -> dict[str, Tensor]:
        prompts = {} if self.classes is None else self.classes.state_dict()
        return {**state.put_under("model.", self.model.state_dict()), **state.put_under("prompts.", prompts)}

    def _kept(self, embeddings: Tensor | None) -> dict[str, Tensor]:
        extra = {} if embeddings is None else {"classes": embeddings}
        whole = {**self._weights(), **extra}
        return {name: value.detach().cpu().clone() for name, value in whole.items()}

    def _set_rate(self, done: float) -> None:
        """The learning rate where the share `done` of all steps is behind: a function of that alone, for `resume`."""
        loop = self.config.loop
        factor = (1 + np.cos(np.pi * done)) / 2 if loop.schedule == "cosine" else 1.0
        for group in self.optimizer.param_groups:
            group["lr"] = loop.lr * factor

    def _alignment(self, batch: Batch, embeddings: Tensor | None) -> tuple[Tensor, Tensor]:
        """L_ali, which for a classifier is MIL's binary cross entropy, and the logits of the videos [B, C]."""
        logits, mask = by_video(self.model(batch.x, batch.mask, embeddings), batch)
        video = top_k_mean(logits.float(), mask, top=self.config.loss.top)
        return alignment_loss(video, batch.labels, tau=1.0), video  # the model's logits hold tau already

    def _validate(self, embeddings: Tensor | None) -> tuple[float | None, float]:
        size = self.config.loop.batch
        losses, videos = [], []
        for start in range(0, len(self.val), size):
            batch = collate(self.val[start : start + size]).to(self.device)
            align, video = self._alignment(batch, embeddings)  # in full precision, as a checkpoint is applied
            losses.append(align.item() * len(batch.labels))
            videos.append(video.cpu())
        logits = torch.cat(videos)
        odds = logits[:, 1:].logsumexp(-1) - logits[:, 0]  # ranks as the score does, which rounds to 1 where it is sure
        self._check_finite(odds)
        abnormal = np.array([bag.label > 0 for bag in self.val])
        return frame_auc(abnormal, odds.numpy()), sum(losses) / len(self.val)

    def _casting(self) -> Any:
        wanted = self.config.loop.precision
        mixed = wanted == "bf16" or (wanted == "auto" and self.device.type == "cuda")
        return torch.autocast(self.device.type, torch.bfloat16, enabled=mixed)


def seed_of(seed: int, epoch: int) -> int:
    """The seed of torch's random numbers in one epoch; 0 is for the first weights."""
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)[0])


def _rank(val_auc: float | None, val_loss: float | None) -> tuple[float, float]:
    """Greater is better: AUC first, then the loss."""
    return val_auc or 0.0, -(val_loss or 0.0)
