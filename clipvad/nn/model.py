"""The video-level model: temporal module over frozen features, then classes by their sentences or a classifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from clipvad.errors import ModelError
from clipvad.nn.alignment import TAU, alignment_map
from clipvad.nn.graph import PaperGraph, TwoLayerGraph
from clipvad.nn.local import LocalTransformer

Branch = Literal["text", "classifier"]
Temporal = Literal["none", "local", "local+global"]
Graph = Literal["paper", "residual", "two-layer"]
MAX_WINDOW, MAX_PARTS, MAX_FACTOR = (
    2048,
    64,
    1_000_000,
)  # a file from elsewhere must not ask for more than a machine has


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """What a video-level model is made of; the defaults are the paper's choice, but for `graph` (see `PaperGraph`).

    `branch`: classes by text (an alignment map) or a binary classifier. `width`: features are brought to this many
    numbers first; None keeps them, and text needs that, since it compares with the text tower's vectors. `adapter`:
    hidden width of a residual bottleneck before the temporal module, 0 for none. `scale`: multiplies features, so that
    unit vectors meet layers made for entries of about 1 (sqrt(D) does that). `standardise`: before all else the mean of
    the training rows is taken off and their spread divided out; a classifier's only, since it moves vectors out of the
    space of the sentences. `hidden`: width of a layer in the classifier, 0 for a linear one. `tau`: softmax temperature
    of the alignment (Eq. 10). Raises `ModelError`.
    """

    branch: Branch = "text"
    temporal: Temporal = "local+global"
    graph: Graph = "residual"
    window: int = 16
    depth: int = 1
    heads: int = 8
    dropout: float = 0.1
    width: int | None = None
    adapter: int = 0
    scale: float = 1.0
    standardise: bool = False
    hidden: int = 0
    tau: float = TAU

    __pydantic_config__ = {"extra": "forbid"}  # noqa: RUF012  (a key that is none is an error where a file is read)

    def __post_init__(self) -> None:
        allowed = {
            "branch": ("text", "classifier"),
            "temporal": ("none", "local", "local+global"),
            "graph": ("paper", "residual", "two-layer"),
        }
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                raise ModelError(f"{name} is one of {', '.join(values)}; got {getattr(self, name)!r}.")
        if self.branch == "text" and (self.width is not None or self.standardise):
            raise ModelError(
                "width and standardise are for branch classifier: text is compared in the encoder's own space."
            )
        if min(self.window, self.depth, self.heads) < 1:
            raise ModelError("window, depth and heads must be above 0.")
        if not all(0 < value <= MAX_FACTOR for value in (self.tau, self.scale)):  # NaN neither
            raise ModelError(f"tau and scale lie above 0 and are at most {MAX_FACTOR:,}.")
        if self.window > MAX_WINDOW or max(self.depth, self.heads) > MAX_PARTS:
            raise ModelError(f"window is at most {MAX_WINDOW}; depth and heads are at most {MAX_PARTS}.")
        if not 0 <= self.dropout < 1 or min(self.adapter, self.hidden) < 0:
            raise ModelError("dropout lies in [0, 1); adapter and hidden are not negative.")


class VideoModel(nn.Module):
    """Frozen features of whole videos to a logit a frame and class (Dong 2024, Fig. 2).

    `dim`: D of the features. The class embeddings are an argument of `forward`, not a part: learnable prompts make them
    in training, a checkpoint holds them ready. `normal_bias` is added to the logit of the normal class: 0 in training,
    what calibration found afterwards. Raises `ModelError` if the heads do not divide the width.
    """

    normal_bias = 0.0

    def __init__(self, config: ModelConfig, *, dim: int) -> None:
        super().__init__()
        self.config, self.dim = config, dim
        width = config.width or dim
        if width % config.heads:
            raise ModelError(f"{config.heads} heads do not divide a width of {width}. Choose a divisor of it.")
        self.standard = Standard(dim) if config.standardise else nn.Identity()
        self.enter = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(dim, width)) if config.width else nn.Identity()
        self.adapter = Adapter(width, config.adapter, dropout=config.dropout) if config.adapter else nn.Identity()
        self.local = None
        self.graph = None
        if config.temporal != "none":
            self.local = LocalTransformer(
                width, window=config.window, heads=config.heads, depth=config.depth, dropout=config.dropout
            )
        if config.temporal == "local+global":
            self.graph = (
                TwoLayerGraph(width)
                if config.graph == "two-layer"
                else PaperGraph(width, residual=config.graph == "residual")
            )
        self.head = _classifier(width, config) if config.branch == "classifier" else None

    def visual(self, x: Tensor, mask: Tensor) -> Tensor:
        """Features [B, T, D] and mask bool [B, T] -> what the classes are compared with, [B, T, width]."""
        x = self.adapter(self.enter(self.standard(x) * self.config.scale)) * mask[..., None]
        if self.local is not None:
            x = self.local(x, mask)
        if self.graph is not None:
            x = self.graph(x, mask)
        return x

    def forward(self, x: Tensor, mask: Tensor, classes: Tensor | None = None) -> Tensor:
        """A logit a frame and class, [B, T, C]: cosine / tau with the `classes` [C, D] (Eq. 6), normal first.

        The classifier has two: 0 for normal, and its own for abnormal, so that their softmax is its sigmoid.
        """
        seen = self.visual(x, mask)
        if self.head is not None:
            found: Tensor = self.head(seen)
            logits = torch.cat([torch.zeros_like(found), found], -1)
        elif classes is None:
            raise ModelError("a model of branch text needs the embeddings of its classes")
        else:
            logits = alignment_map(seen, classes) / self.config.tau
        return torch.cat([logits[..., :1] + self.normal_bias, logits[..., 1:]], -1) if self.normal_bias else logits


class Standard(nn.Module):
    """`(x - centre) / spread` with what `fit` found in the training rows: [..., D] -> [..., D]."""

    centre: Tensor
    spread: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(dim))
        self.register_buffer("spread", torch.ones(()))

    def fit(self, rows: Tensor) -> None:
        """Mean of `rows` [M, D], a number a column, and one spread for all, so that directions keep their weight; 1
        where all rows are the same.
        """
        self.centre.copy_(rows.mean(0))
        spread = (rows - self.centre).square().mean().sqrt()
        self.spread.copy_(torch.where(spread > 0, spread, 1.0))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.centre) / self.spread


class Adapter(nn.Module):
    """A residual bottleneck that begins as the identity: [..., D] -> [..., D]."""

    def __init__(self, dim: int, hidden: int, *, dropout: float) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(dim, hidden), nn.Linear(hidden, dim)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.up(self.dropout(F.gelu(self.down(x))))
        return x + change


def _classifier(width: int, config: ModelConfig) -> nn.Module:
    if not config.hidden:
        return nn.Linear(width, 1)
    return nn.Sequential(
        nn.Linear(width, config.hidden), nn.ReLU(), nn.Dropout(config.dropout), nn.Linear(config.hidden, 1)
    )
