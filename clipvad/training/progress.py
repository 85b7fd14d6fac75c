"""Where a training stands, and the curves that it leaves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class EpochLog:
    """One finished epoch, a row of curves.csv. Losses are means over its batches; `val_auc` in [0, 1] is of whole
    videos of the validation split (None without one), `seconds` what the epoch took. `best`: chosen so far.
    """

    epoch: int
    loss: float
    align: float
    contrast: float
    val_auc: float | None
    val_loss: float | None
    seconds: float
    best: bool


@dataclass(frozen=True, kw_only=True)
class TrainProgress:
    """After every step. `epoch` of `epochs` and `step` of `steps` in it, from 1; `loss` of the step; `left_s`: wall
    seconds to the last epoch, less if it stops early; `done`: the epoch's row, after its last step only.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float
    left_s: float
    done: EpochLog | None = None
