"""Training the image tower from random initialisation by dense and relational distillation.

A batch of views is shown to the student degraded and small, while every target was computed on the clean view:
- dense: the teacher's stride-16 and stride-32 maps, each channel standardised, predicted by 1x1 convolutions that are
  thrown away afterwards (squared error at every location);
- joint: the cosine to the teacher's image vector;
- relational: cross entropy of the student's softmax over a bank of captions to the teacher's, mixed with the view's own
  captions where it has any (this part is CLIP's image-to-text loss); what a camera took is compared with captions of
  photographs only, what was rendered with both;
- group: for object crops, a weak cross entropy over sentences of each object group.
"""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from tools.bundled.data import Image
from tools.bundled.views import View, cut, degrade


@dataclass(frozen=True)
class Targets:
    """What the teacher says of every view of the pool, and of the captions.

    `middle`, `last`: float16 maps [n, h, w, C] (on disk); `image`: unit vectors [n, D]; `text`: unit vectors [m, D];
    `owner[j]`: the photograph of caption j; `scale`: the teacher's logit scale; `groups`: unit vectors [G, D];
    `group_of[v]`: index of the view's group, or -1; `rendered` [n], `rendered_text` [m]: what belongs to the street
    world.
    """

    middle: np.ndarray
    last: np.ndarray
    image: Tensor
    text: Tensor
    owner: np.ndarray
    scale: float
    groups: Tensor
    group_of: np.ndarray
    rendered: np.ndarray
    rendered_text: np.ndarray


@dataclass(frozen=True)
class Plan:
    """How long and how: `sides` maps a part of the run (0 to 1, ascending ends) to the input size in pixels.

    In the first `dense_part` of the run only the maps are learned, and the trunk is kept as it is where `frozen_first`
    (it was trained before). `rendered_share` is the part of each batch and of the caption bank that is rendered.
    """

    steps: int
    batch: int = 256
    rate: float = 2e-3
    weight_decay: float = 0.05
    bank: int = 4096
    strength: float = 0.5
    sides: tuple[tuple[float, int], ...] = ((0.4, 96), (1.0, 128))
    dense_part: float = 0.03
    frozen_first: bool = False
    rendered_share: float = 0.2
    group_weight: float = 0.2
    seed: int = 0


class Distiller(nn.Module):
    """The image tower with the 1x1 projections that predict the teacher's maps."""

    def __init__(self, visual: Any, targets: Targets) -> None:
        super().__init__()
        self.visual = visual
        channels = {f["reduction"]: f["num_chs"] for f in visual.trunk.feature_info}
        self.taps = [i for i, f in enumerate(visual.trunk.feature_info) if f["reduction"] in (16, 32)]
        self.to_middle = nn.Conv2d(channels[16], targets.middle.shape[-1], 1)
        self.to_last = nn.Conv2d(channels[32], targets.last.shape[-1], 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Normalised images [B, 3, S, S] -> the two predicted maps and the unit image vectors [B, D]."""
        final, maps = self.visual.trunk.forward_intermediates(images, indices=self.taps)
        vectors = self.visual.head(self.visual.trunk.forward_head(final))
        return self.to_middle(maps[0]), self.to_last(maps[-1]), F.normalize(vectors.float(), dim=-1)


class ViewLoader:
    """Cuts, flips and degrades random views; random numbers come from one seeded generator."""

    def __init__(self, pictures: list[Image], views: list[View], targets: Targets, plan: Plan) -> None:
        self.pictures, self.views, self.targets, self.plan = pictures, views, targets, plan
        self.rng = np.random.default_rng(plan.seed)
        self.orders = [np.empty(0, np.int64)] * 2

    def next_rows(self) -> np.ndarray:
        """The next batch of row numbers, sorted for the disk: endless, reshuffled passes over what a camera took and
        over what was rendered."""
        rendered = round(self.plan.batch * self.plan.rendered_share)
        taken = []
        for part, count in enumerate((self.plan.batch - rendered, rendered)):
            if len(self.orders[part]) < count:
                self.orders[part] = self.rng.permutation(np.flatnonzero(self.targets.rendered == part))
            taken.append(self.orders[part][:count])
            self.orders[part] = self.orders[part][count:]
        return np.sort(np.concatenate(taken))

    def next_bank(self) -> np.ndarray:
        """Row numbers of captions to compare with: of photographs first, then rendered ones."""
        rendered = round(self.plan.bank * self.plan.rendered_share)
        drawn = []
        for part, count in enumerate((self.plan.bank - rendered, rendered)):
            rows = np.flatnonzero(self.targets.rendered_text == part)
            drawn.append(self.rng.choice(rows, min(count, len(rows)), replace=False))
        return np.concatenate(drawn)

    def images(self, rows: np.ndarray, flip: np.ndarray, side: int) -> Tensor:
        """Degraded views as uint8 [B, 3, side, side]."""
        batch = np.empty((len(rows), side, side, 3), np.uint8)
        for place, (row, mirrored) in enumerate(zip(rows, flip, strict=True)):
            image = degrade(cut(self.pictures, self.views[row], side), self.rng, strength=self.plan.strength)
            batch[place] = image[:, ::-1] if mirrored else image
        return torch.from_numpy(batch).permute(0, 3, 1, 2)

    def maps(self, source: np.ndarray, rows: np.ndarray, flip: np.ndarray, side: int) -> Tensor:
        """Teacher maps of the rows, flipped as the views are and averaged to `side` x `side`: [B, C, side, side]."""
        maps = torch.from_numpy(source[rows]).float().permute(0, 3, 1, 2)
        mirrored = torch.from_numpy(flip)
        maps[mirrored] = maps[mirrored].flip(3)
        return maps if maps.shape[-1] == side else F.interpolate(maps, (side, side), mode="area")


def channel_statistics(maps: np.ndarray, rows: np.ndarray) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of every channel over the given rows, each [1, C, 1, 1]."""
    sample = torch.from_numpy(maps[np.sort(rows)].astype(np.float32)).flatten(0, 2)
    return sample.mean(0)[None, :, None, None], sample.std(0).clamp_min(1e-3)[None, :, None, None]


def relational_loss(vectors: Tensor, rows: np.ndarray, views: list[View], t: Targets, bank: np.ndarray) -> Tensor:
    """Cross entropy over the caption bank to the teacher's softmax, mixed half with the view's own captions."""
    text = t.text[bank]
    foreign = torch.from_numpy(t.rendered_text[bank][None] & ~t.rendered[rows][:, None])
    wanted = (t.scale * t.image[rows] @ text.T).masked_fill(foreign, -1e4).softmax(1)
    photo = np.array([views[r].photo for r in rows])
    own = torch.from_numpy((photo[:, None] == t.owner[bank][None]) & (photo[:, None] >= 0)).float()
    count = own.sum(1, keepdim=True)
    wanted = torch.where(count > 0, 0.6 * wanted + 0.4 * own / count.clamp_min(1), wanted)
    found = (t.scale * vectors @ text.T).masked_fill(foreign, -1e4).log_softmax(1)
    return -(wanted * found).sum(1).mean()


def group_loss(vectors: Tensor, rows: np.ndarray, t: Targets) -> Tensor:
    """Smoothed cross entropy over the object groups' sentences, at half the logit scale; 0 without object views."""
    group_of = torch.from_numpy(t.group_of[rows])
    grouped = group_of >= 0
    if not grouped.any():
        return vectors.new_zeros(())
    logits = 0.5 * t.scale * vectors[grouped] @ t.groups.T
    return F.cross_entropy(logits, group_of[grouped], label_smoothing=0.1)


def average_into(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Exponential moving average of all floating-point tensors, buffers included."""
    with torch.no_grad():
        for kept, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)


class Run:
    """One training run: model, weight average, optimiser, loader and position; what a checkpoint holds."""

    def __init__(
        self, visual: Any, pictures: list[Image], views: list[View], targets: Targets, plan: Plan, file: Path
    ) -> None:
        torch.manual_seed(plan.seed)
        self.plan, self.views, self.targets, self.file = plan, views, targets, file
        self.loader = ViewLoader(pictures, views, targets, plan)
        self.model = Distiller(visual, targets).to(memory_format=torch.channels_last).train()
        self.average = copy.deepcopy(self.model)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=plan.rate, weight_decay=plan.weight_decay)
        sample = self.loader.rng.choice(len(views), min(1000, len(views)), replace=False)
        self.statistics = [channel_statistics(maps, sample) for maps in (targets.middle, targets.last)]
        self.step = 0
        if file.exists():
            self.load()

    def save(self) -> None:
        """Write the checkpoint; a run cut off while writing keeps the one before."""
        state: dict[str, Any] = {"model": self.model.state_dict(), "average": self.average.state_dict()}
        state |= {"optimiser": self.optimiser.state_dict(), "step": self.step, "plan": asdict(self.plan)}
        state |= {"rng": self.loader.rng.bit_generator.state, "orders": self.loader.orders}
        part = self.file.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.file)

    def load(self) -> None:
        """Go on where the checkpoint stopped. Raises `ValueError` if it was made with another plan."""
        state = torch.load(self.file, weights_only=False)
        if state["plan"] != asdict(self.plan):
            raise ValueError(f"{self.file} belongs to another plan ({state['plan']}): remove it, or use its options")
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        self.loader.rng.bit_generator.state, self.loader.orders = state["rng"], state["orders"]

    def advance(self, normalise: Callable[[Tensor], Tensor]) -> list[float]:
        """One step; returns its losses: dense, joint, relational, group."""
        plan, targets, part = self.plan, self.targets, self.step / self.plan.steps
        warm = min(1.0, (self.step + 1) / 200)
        for group in self.optimiser.param_groups:
            group["lr"] = plan.rate * warm * (0.5 * (1 + math.cos(math.pi * part)) + 0.005)
        side = self.side
        rows = self.loader.next_rows()
        flip = self.loader.rng.random(len(rows)) < 0.5
        images = normalise(self.loader.images(rows, flip, side)).contiguous(memory_format=torch.channels_last)
        self.model.visual.requires_grad_(not plan.frozen_first or part >= plan.dense_part)
        with torch.autocast("cpu", torch.bfloat16):
            *predicted, vectors = self.model(images)
        dense = vectors.new_zeros(())
        for guess, source, (mean, std) in zip(predicted, (targets.middle, targets.last), self.statistics, strict=True):
            wanted = (self.loader.maps(source, rows, flip, guess.shape[-1]) - mean) / std
            dense = dense + F.mse_loss(guess.float(), wanted)
        loss, parts = dense, [dense.item(), 0.0, 0.0, 0.0]
        if part >= plan.dense_part:
            joint = 1 - (vectors * targets.image[rows]).sum(1).mean()
            relation = relational_loss(vectors, rows, self.views, targets, self.loader.next_bank())
            named = group_loss(vectors, rows, targets)
            loss = dense + 4 * joint + 0.4 * relation + plan.group_weight * named
            parts = [dense.item(), joint.item(), relation.item(), named.item()]
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimiser.step()
        self.step += 1
        average_into(self.average, self.model, min(0.9985, (1 + self.step) / (10 + self.step)))
        return parts

    @property
    def side(self) -> int:
        """The input size in pixels at this step."""
        return next(side for end, side in self.plan.sides if self.step / self.plan.steps <= end)


def train_image_tower(
    run: Run,
    normalise: Callable[[Tensor], Tensor],
    *,
    log: Path,
    measure: Callable[[Any], dict[str, float]],
    checkpoint_every: int = 250,
    line_every: int = 50,
) -> Any:
    """Train to the end of the plan, from wherever `run` stands; returns the image tower's weight average, in eval mode.

    Every `checkpoint_every` steps the run is saved, and what `measure(visual)` returns for the average so far is added
    to the line that goes to the `log` (JSON lines).
    """
    sums, counted, started = np.zeros(4), 0, time.time()
    while run.step < run.plan.steps:
        sums += run.advance(normalise)
        counted += 1
        if run.step % line_every and run.step < run.plan.steps:
            continue
        line: dict[str, float] = {"step": run.step, "views": run.step * run.plan.batch, "side": run.side}
        line |= dict(zip(("dense", "joint", "relational", "group"), (sums / counted).round(4).tolist(), strict=True))
        line["seconds"] = round(time.time() - started)
        if run.step % checkpoint_every == 0 or run.step == run.plan.steps:
            run.save()
            line |= measure(run.average.visual.eval())
        with log.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)
        sums[:], counted = 0, 0
    return run.average.visual.eval()
