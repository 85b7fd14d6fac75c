"""What every scorer offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from clipvad.core import Embeddings, Features, Mode, ModelUse, RuleSet, Scores
from clipvad.errors import SettingsError


class Scorer(Protocol):
    """Scores every sampled frame of a clip in one mode; `score` in [0, 1], larger is more abnormal."""

    @property
    def use(self) -> ModelUse:
        """What it is, for the result and the screen."""
        ...

    @property
    def modes(self) -> tuple[Mode, ...]:
        """What it can look at."""
        ...

    @property
    def reads_sentences(self) -> bool:
        """Whether sentences decide the score: only then `texts` are given to `score`, and there is what to explain."""
        ...

    @property
    def nbytes(self) -> int:
        """Memory that it holds, in bytes."""
        ...

    def at(self, temperature: float) -> Scorer:
        """The same with another softmax temperature; itself where there is none."""
        ...

    def check(self, *, encoder_id: str, fps: float) -> None:
        """Raise `EncoderMismatchError` or `SettingsError` unless it can score features of this encoder and sampling."""
        ...

    def rules_for(self, rules: RuleSet) -> RuleSet:
        """What is scored where the user's rules are `rules`: they themselves, or the scorer's own classes."""
        ...

    def texts_for(self, texts: Embeddings, rules: RuleSet) -> Embeddings:
        """What it compares with: `texts` as for `score`, with what it was taught about them."""
        ...

    def remarks(self, features: Features, rules: RuleSet) -> tuple[str, ...]:
        """What the user should know about scoring these features by these rules with it."""
        ...

    def score(
        self,
        features: Features,
        texts: Embeddings,
        rules: RuleSet,
        *,
        mode: Mode,
        smooth_s: float | None = None,
        clock_start_s: float | None = None,
    ) -> Scores:
        """Return the curve with its explanation; `rules` are those of `rules_for`.

        `texts` are the vectors of `rules.sentences`, row for row, then those of `neutral_sentences(rules)`; none at
        all for a scorer that reads no sentences.
        """
        ...


def check_modes(scorer: Scorer, modes: Sequence[Mode]) -> None:
    """Raise `SettingsError` if the scorer lacks one of `modes`."""
    if lacking := [mode for mode in modes if mode not in scorer.modes]:
        raise SettingsError(
            f"The {scorer.use.label} was not trained for mode {lacking[0]}. Analyse in mode "
            f"{' or '.join(scorer.modes)}, or score zero-shot."
        )


def check_explained(scorer: Scorer, what: str) -> None:
    """Raise `SettingsError` unless sentences decide the score, so that `what` can be said."""
    if not scorer.reads_sentences:
        raise SettingsError(
            f"{what} is not defined for the {scorer.use.label}: it learned its classes and compares no sentences. "
            "Score zero-shot for that."
        )
