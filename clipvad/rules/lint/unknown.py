"""Words that the encoder has never seen, and sentences of which it therefore sees nothing."""

from __future__ import annotations

from collections.abc import Sequence

from clipvad.rules.lint.remarks import Finding
from clipvad.rules.lint.words import LIGHT, split_words

_LINKS = LIGHT | {"in", "on", "at", "to", "with", "by", "from", "and", "or"}


def find_unknown(text: str, words: Sequence[str]) -> Finding | None:
    """What to say of `text`, of which the encoder ignores `words`; an error if nothing else in it shows anything.

    Letters of another script than English captions are written in count as unknown without being asked for.
    """
    content = [word for word in split_words(text) if word not in _LINKS]
    if not words and content and not any(character < "\u0250" for word in content for character in word):
        reason = "Not in Latin letters. The model has learnt from English captions: write the sentence in English."
        return Finding(kind="unknown words", severity="warning", reason=reason, words=tuple(content))
    if not words:
        return None
    quoted = ", ".join(f"“{word}”" for word in words)
    nothing_left = not set(content) - set(words)
    return Finding(
        kind="unknown words",
        severity="error" if nothing_left else "warning",
        reason=f"The model has never seen {quoted}"
        + (", and nothing else is left to see." if nothing_left else ": it may ignore it.")
        + " Check the spelling, or use a plainer word.",
        words=tuple(words),
    )
