"""Which head scores a session's clip: those that are shipped for the running encoder, and one of the user's own.

A head that was uploaded is read as tensors and a card, nothing in it runs, and it is kept for its session alone.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from clipvad.core import ZERO_SHOT
from clipvad.errors import EncoderMismatchError, ModelError, SettingsError
from clipvad.nn.scorer import VideoScorer
from clipvad.scorers import load_scorer, shipped_heads
from clipvad.scoring import Scorer
from clipvad.ui.controller import Controller
from clipvad.ui.session import Session
from clipvad.ui.tabs.widgets import ZERO_SHOT_LABEL

MAX_MB = 64
OWN = "own"  # the choice that stands for the head that this session uploaded
ROWS, CHARS = 10, 160  # of what a card tells about the training
LABELS = {
    "data_set": "Trained on",
    "seed": "Random seed",
    "epochs": "Epochs run",
    "epoch": "Epoch kept",
    "chosen_by": "Epoch chosen by",
    "val_auc": "AUC on validation videos",
    "val_loss": "Loss on validation videos",
    "train_videos": "Training videos",
    "seconds": "Training time, s",
    "date": "Trained on the day",
}
NAMED = 6  # classes named in the line above the editor


class Heads:
    """The heads that sessions can choose from; safe to share between threads."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self._lock = threading.Lock()
        self._shipped: dict[str, Scorer] = {}

    def choices(self, key: str) -> list[tuple[str, str]]:
        """What the session can choose, as (label, name): zero-shot, the shipped ones that fit, its own."""
        session = self.controller.store.get(key)
        fitting = []
        for name in shipped_heads():
            with contextlib.suppress(EncoderMismatchError, SettingsError):
                fitting.append((_label(self._fitting(self._load(name, session), session)), name))
        own = [(f"{_label(session.own_head)} (yours)", OWN)] if session.own_head is not None else []
        return [(ZERO_SHOT_LABEL, ZERO_SHOT.id), *fitting, *own]

    def chosen(self, key: str) -> str:
        """The name of the session's present choice."""
        session = self.controller.store.get(key)
        if session.head is None:
            return ZERO_SHOT.id
        named = (name for name, scorer in self._shipped.items() if scorer is session.head)
        return next(named, OWN)

    def choose(self, key: str, name: str) -> Session:
        """Make `name` the session's choice; it takes effect when the clip is scored next.

        Raises `SettingsError` for a name that is none of its choices, `EncoderMismatchError` or `SettingsError` for a
        head that was trained on other features than are held of the clip.
        """
        session = self.controller.store.get(key)
        if name == ZERO_SHOT.id:
            session.head = None
        elif name == OWN and session.own_head is not None:
            session.head = self._fitting(session.own_head, session)
        elif name in shipped_heads():
            session.head = self._fitting(self._load(name, session), session)
        else:
            raise SettingsError(f"There is no head {name!r}. Heads: {', '.join((ZERO_SHOT.id, *shipped_heads()))}.")
        return session

    def take(self, key: str, upload: Path) -> Session:
        """Read an uploaded checkpoint and choose it. Raises as `choose` does, and `ModelError` for any other file."""
        if (size_mb := upload.stat().st_size / 2**20) > MAX_MB:
            raise ModelError(f"{upload.name} has {size_mb:.0f} MB; a head has at most {MAX_MB} MB here.")
        session = self.controller.store.get(key)
        scorer = load_scorer(upload, encoder=self.controller.analyzer(session).encoder)
        head = self._fitting(scorer, session)
        session.own_head = session.head = head
        return session

    def _fitting(self, scorer: Scorer, session: Session) -> Scorer:
        analyzer = self.controller.analyzer(session)
        scorer.check(encoder_id=analyzer.encoder.id, fps=analyzer.fps)
        return scorer

    def _load(self, name: str, session: Session) -> Scorer:
        with self._lock:
            if name not in self._shipped:
                encoder = self.controller.analyzer(session).encoder
                self._shipped[name] = load_scorer(shipped_heads()[name], encoder=encoder)
            return self._shipped[name]


def card_html(scorer: Scorer | None) -> str:
    """What the card of a head or lesson says; "" for zero-shot."""
    if scorer is None:
        return ""
    if not isinstance(scorer, VideoScorer):  # a lesson: it scores the user's own sentences
        said = f'<p class="pg-head-limits">{escape(scorer.use.limits)}</p>' if scorer.use.limits else ""
        return f'<div class="pg-head" data-testid="head-card"><div><b>{escape(_label(scorer))}</b></div>{said}</div>'
    head = scorer.checkpoint
    facts = {
        "Looks at": {"frame": "whole frames", "object": "objects, track by track"}[scorer.modes[0]],
        "Encoder": head.spec.encoder_id,
        "Features": head.spec.label,
        **_told(head.training),
    }
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts.items())
    normal, *abnormal = (f"<span>{escape(name)}</span>" for name in head.classes)
    limits = f'<p class="pg-head-limits">{escape(head.limits)}</p>' if head.limits else ""
    return (
        f'<div class="pg-head" data-testid="head-card"><div>Head <b>{escape(head.name)}</b></div>{limits}'
        f'<div class="pg-classes" aria-label="Its classes">{normal}{"".join(abnormal)}</div>'
        f"<details><summary>What it is and how it was trained</summary><dl>{rows}</dl></details></div>"
    )


def kept_html(scorer: Scorer | None) -> str:
    """The line above the rules editor while a head that reads no sentences is chosen."""
    if scorer is None or scorer.reads_sentences:
        return ""
    named = f": {_listed(scorer.checkpoint.classes)}" if isinstance(scorer, VideoScorer) else ""
    return (
        f'<p class="pg-kept" data-testid="rules-kept">This head knows its own classes{escape(named)}. Your sentences '
        "are kept and count again with zero-shot.</p>"
    )


def unexplained_html(scorer: Scorer | None) -> str:
    """The line in place of the panels that explain sentences."""
    if scorer is None or scorer.reads_sentences:
        return ""
    return (
        '<p class="pg-unexplained" data-testid="unexplained">A head learned its classes and compares no sentences, so '
        "there is no map of a sentence and no “What does each sentence do?” for it.</p>"
    )


def _label(scorer: Scorer) -> str:
    return scorer.use.label[:1].upper() + scorer.use.label[1:]


def _listed(classes: Sequence[str]) -> str:
    more = len(classes) - NAMED
    return ", ".join(classes[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _told(training: Mapping[str, Any]) -> dict[str, str]:
    """What a card says about the training: the plain entries, those not known by their own names, cut."""
    plain = {
        str(name): f"{value:.4g}" if isinstance(value, float) else str(value)
        for name, value in training.items()
        if isinstance(value, str | int | float)
    }
    return {
        LABELS.get(name, name[:40].replace("_", " ").capitalize()): text[:CHARS]
        for name, text in list(plain.items())[:ROWS]
    }
