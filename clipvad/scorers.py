"""Scorers by name: "zero-shot", a trained head that comes with this package, or a checkpoint's file.

One file and one line a scorer: `LOADERS` has those that come from a file, by the kind on its card.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clipvad.checkpoints import read_card
from clipvad.core import ZERO_SHOT
from clipvad.errors import ModelError, SettingsError
from clipvad.scoring import Scorer, SimilarityScorer

if TYPE_CHECKING:
    from clipvad.encoders.base import Encoder

HEADS = Path(__file__).parent / "heads"


def _video(path: Path) -> Scorer:
    from clipvad.nn.scorer import VideoScorer

    return VideoScorer.load(path)


def _taught(path: Path) -> Scorer:
    from clipvad.scoring.taught import TaughtScorer

    return TaughtScorer.load(path)


LOADERS: Mapping[str, Callable[[Path], Scorer]] = {"video": _video, "taught": _taught}


def shipped_heads() -> dict[str, Path]:
    """The trained heads that come with this package, by name."""
    return {path.stem: path for path in sorted(HEADS.glob("*.safetensors"))}


def load_scorer(spec: str | Path, *, encoder: Encoder) -> Scorer:
    """ "zero-shot", the name of a shipped head, or a checkpoint's file.

    `encoder` decides the temperature of the sentences' softmax; whether a checkpoint fits it is for `Scorer.check` to
    say. Raises `SettingsError` for an unknown name, `ModelError` for a file that is no checkpoint.
    """
    if spec == ZERO_SHOT.id:
        return SimilarityScorer(temperature=1.0 / encoder.logit_scale)
    heads = shipped_heads()
    path = heads.get(str(spec), Path(spec))
    if not os.path.isfile(path):  # False too for a name that no file system takes
        names = ", ".join((ZERO_SHOT.id, *heads))
        raise SettingsError(f"There is no scorer {str(spec)!r}. Choose one of {names}, or a .safetensors file.")
    card = read_card(path)
    kind = str(card.get("kind"))
    if kind not in LOADERS:
        raise ModelError(f"{path.name} is a checkpoint of kind {kind!r}; known kinds: {', '.join(LOADERS)}.")
    return LOADERS[kind](path).at(1.0 / encoder.logit_scale)
