"""The curves of a training on disk: `curves.csv`, and event files for TensorBoard in the same folder."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from clipvad.files import write_atomic
from clipvad.training.progress import EpochLog

FILE = "curves.csv"


class Curves:
    """Writes `history` as it grows; use it in a `with` block. What was run and then lost to a kill is drawn anew."""

    def __init__(self, out: Path, history: Sequence[EpochLog]) -> None:
        from tensorboardX import SummaryWriter

        self.out = out
        out.mkdir(parents=True, exist_ok=True)  # the writer below leaves a thread behind where it can't
        self._events = SummaryWriter(str(out), purge_step=len(history) + 1)

    def __enter__(self) -> Curves:
        return self

    def __exit__(self, *_: object) -> None:
        self._events.close()

    def write(self, history: Sequence[EpochLog]) -> None:
        """`history` up to its last row, which TensorBoard has not seen yet."""
        table = io.StringIO()
        writer = csv.DictWriter(table, [field.name for field in fields(EpochLog)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in history)
        write_atomic(self.out / FILE, table.getvalue())
        last = asdict(history[-1])
        for name in ("loss", "align", "contrast", "val_auc", "val_loss"):
            if last[name] is not None:
                self._events.add_scalar(name, last[name], last["epoch"])
        self._events.flush()
