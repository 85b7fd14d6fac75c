"""What is the same between two ways to write a sentence: case, punctuation, articles, plurals, plain synonyms."""

from __future__ import annotations

import re
import unicodedata

ARTICLES = frozenset({"a", "an", "the"})
# They link the words of a caption and show nothing themselves; no word of place is among them ("on", "under").
LIGHT = ARTICLES | {"is", "are", "who", "that", "which", "being", "some", "his", "her", "its", "their", "of"}

# One word per line of thought, for the words of surveillance captions; British before American, plain before fancy.
_SYNONYMS = {
    "person": "somebody someone anybody",
    "people": "persons",
    "man": "guy gentleman",
    "woman": "lady",
    "child": "kid",
    "children": "kids",
    "bicycle": "bike pushbike",
    "cyclist": "bicyclist",
    "motorcycle": "motorbike",
    "car": "automobile",
    "truck": "lorry",
    "sidewalk": "pavement",
    "stroller": "pram pushchair",
    "picture": "photo photograph",
    "gun": "handgun firearm",
    "trash": "rubbish garbage",
    "policeman": "cop",
    "smashing": "shattering",
    "seated": "sitting",
    "gray": "grey",
}
_CANONICAL = {other: word for word, others in _SYNONYMS.items() for other in others.split()}
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_MARKS = dict.fromkeys(range(0x300, 0x370))  # accents of Latin letters; those of other scripts carry meaning


def split_words(text: str) -> list[str]:
    """Words in lower case without accents; a hyphen separates, an apostrophe inside a word does not."""
    plain = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).translate(_MARKS)
    return _WORD.findall(plain.casefold())


def normalise(text: str) -> str:
    """A sentence without case, spaces, punctuation, articles and plural s: equal for duplicates.

    A text without a word (signs, pictographs) is its own normal form.
    """
    words = [singular(word) for word in split_words(text) if word not in ARTICLES]
    return " ".join(words) or " ".join(text.casefold().split())


def canonical(text: str) -> tuple[str, ...]:
    """Normalised words in order, plain synonyms unified, linking words left out."""
    words = (_CANONICAL.get(word, word) for word in split_words(text) if word not in LIGHT)
    return tuple(_CANONICAL.get(word, word) for word in map(singular, words))


def singular(word: str) -> str:
    """Without the regular English plural; other words come back as they are."""
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is", "'s")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("xes", "ches", "shes", "sses", "buses")):
        return word[:-2]
    return word[:-1]


def with_article(noun: str) -> str:
    """`a` or `an` before it, by its first letter."""
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
