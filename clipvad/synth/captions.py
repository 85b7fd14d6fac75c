"""What people would write under a picture of a scene: sentences for events, quiet places and cut-out actors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from clipvad.synth.wording import BLANKS, DOES, EVENTS, WHEN, WHERE, WHO

_CHOICE = re.compile(r"\{([^{}]*)\}")


def expand(pattern: str) -> tuple[str, ...]:
    """All sentences of a pattern, in order: `a {man|person} runs` -> `a man runs`, `a person runs`."""
    pieces = _CHOICE.split(pattern)
    options = [piece.split("|") if k % 2 else [piece] for k, piece in enumerate(pieces)]
    return tuple("".join(chosen) for chosen in product(*options))


def say(pattern: str, rng: np.random.Generator) -> str:
    """One sentence of a pattern."""
    return _CHOICE.sub(lambda m: str(rng.choice(m.group(1).split("|"))), pattern)


def event_captions(
    label: str, rng: np.random.Generator, *, place: str, count: int = 6, words: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """`count` different sentences for an event `label` (or `label/variant`) at a place of that name.

    About half of them say where it is. `words` fills blanks such as `<vehicle>`, else `BLANKS`. KeyError for a label
    without captions.
    """
    if label not in EVENTS:
        raise KeyError(f"no captions for {label!r}; known: {', '.join(EVENTS)}")
    patterns = (*EVENTS.get(f"{label}/{place}", ()), *EVENTS[label])
    sentences: dict[str, None] = {}  # a set that keeps its order
    blanks = {**BLANKS, **(words or {})}
    for turn in range(20 * count):
        sentence = say(patterns[int(rng.permutation(len(patterns))[0])] if turn else patterns[0], rng)
        for blank, word in blanks.items():
            sentence = sentence.replace(f"a <{blank}>", _article(word)).replace(f"<{blank}>", word)
        if rng.random() < 0.5:
            sentence = f"{sentence} {rng.choice(WHERE[place])}"
        sentences[sentence] = None
        if len(sentences) == count:
            break
    return tuple(sentences)


def at_time(captions: Sequence[str], light: str, rng: np.random.Generator, *, share: float = 0.4) -> tuple[str, ...]:
    """The same captions, a `share` of which says what time or weather it is (`at night`); `light` as in `WHEN`."""
    return tuple(f"{c} {rng.choice(WHEN[light])}" if rng.random() < share else c for c in captions)


def crop_caption(kind: str, action: str, rng: np.random.Generator) -> str:
    """What a picture of one actor alone shows, from its kind and action in the ground truth (effects have none).

    ValueError for an unknown kind; an unknown action is said as it is.
    """
    if kind not in WHO:
        raise ValueError(f"unknown kind {kind!r}; known: {', '.join(WHO)}")
    does = "{on the ground|left on the floor|that stands alone}" if kind == "bag" else DOES.get(action, action)
    return f"{say(WHO[kind], rng)} {say(does, rng)}".rstrip()


def _article(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
