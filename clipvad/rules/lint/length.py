"""Sentences that are too long for the model, or too short to be a caption."""

from __future__ import annotations

from clipvad.encoders.clip_tokens import count_clip_tokens
from clipvad.rules.lint.remarks import REMOVE, Finding, replace_with
from clipvad.rules.lint.words import ARTICLES, singular, split_words, with_article
from clipvad.rules.schema import CLIP_TOKENS

MAX_WORDS = 20  # captions that CLIP was trained on are mostly shorter
_MASS = {
    "fire": "flames of a fire",
    "smoke": "smoke rising into the air",
    "graffiti": "graffiti on a wall",
    "water": "water on the ground",
    "people": "people in a public place",
    "traffic": "cars driving on a road",
}


def find_too_long(text: str) -> Finding | None:
    """An error past CLIP's context (what is longer is cut off), a warning past `MAX_WORDS`."""
    # A token stands for at least one byte: few sentences need the real count, which costs an import.
    if len(text.encode()) + 2 > CLIP_TOKENS and (tokens := count_clip_tokens(text)) > CLIP_TOKENS:
        reason = f"{tokens} tokens, and CLIP reads {CLIP_TOKENS}: the rest is cut off. Say one thing in a few words."
        return Finding(kind="too long", severity="error", reason=reason)
    if (count := len(split_words(text))) > MAX_WORDS:
        reason = f"{count} words: the more a sentence says, the less each part counts. Keep one thing, in a few words."
        return Finding(kind="too long", severity="warning", reason=reason)
    return None


def find_too_short(text: str) -> Finding | None:
    """A bare word is a hint; nothing that is a word, an error."""
    words = [word for word in split_words(text) if word not in ARTICLES]
    if not any(character.isalpha() for word in words for character in word):
        return Finding(kind="too short", severity="error", reason="There is no word in it.", mend=REMOVE)
    if len(split_words(text)) > 1 or not words[0].isascii():
        return None
    return Finding(
        kind="too short",
        severity="hint",
        reason="A bare word. The model has learnt from captions: a short phrase describes a picture better.",
        mend=replace_with(_phrase(words[0])),
    )


def _phrase(word: str) -> str:
    if word in _MASS:
        return _MASS[word]
    if word.endswith("ing"):
        return f"a person {word}"
    return with_article(word) if singular(word) == word else f"a few {word}"
