"""Word-level tokenizer of the bundled encoder: its vocabulary is a plain list of words, one a line.

Layout of a row: start, words, end, padding. The end token has the highest id, so that `argmax` over the ids
finds it, as in CLIP's own byte-pair vocabulary (Radford et al. 2021).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

PADDING, START, UNKNOWN = 0, 1, 2
FIRST_WORD = 3
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")


def split_words(text: str) -> list[str]:
    """Lower-case words of a sentence; punctuation separates, a possessive or contracted ending is cut off."""
    return [word.split("'")[0] for word in _WORD.findall(text.lower().replace("\u2019", "'"))]


class WordTokenizer:
    """Sentences to rows of word ids.

    `words` are distinct lower-case words; `context_length` is the row's length, start and end included.
    """

    def __init__(self, words: Sequence[str], *, context_length: int) -> None:
        if context_length < 3:
            raise ValueError(f"context_length must be at least 3, got {context_length}")
        self.context_length = context_length
        self._ids = {word: FIRST_WORD + i for i, word in enumerate(words)}
        if len(self._ids) != len(words):
            raise ValueError("the vocabulary lists a word twice")
        self.end = FIRST_WORD + len(words)

    @classmethod
    def from_file(cls, path: Path, *, context_length: int) -> WordTokenizer:
        """Read a vocabulary file, one word a line."""
        return cls(path.read_text(encoding="utf-8").split(), context_length=context_length)

    @property
    def vocab_size(self) -> int:
        """Number of ids: padding, start, unknown, the words, end."""
        return self.end + 1

    def unknown_words(self, text: str) -> list[str]:
        """Words of `text` outside the vocabulary, in order, each once."""
        return list(dict.fromkeys(word for word in split_words(text) if word not in self._ids))

    def count_tokens(self, text: str) -> int:
        """Length of the row that `text` needs, start and end included, before any cutting."""
        return len(split_words(text)) + 2

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Ids of the sentences, int64 [N, context_length]; a sentence that is too long loses its last words."""
        rows = np.full((len(texts), self.context_length), PADDING, np.int64)
        for row, text in zip(rows, texts, strict=True):
            ids = [self._ids.get(word, UNKNOWN) for word in split_words(text)][: self.context_length - 2]
            row[: len(ids) + 2] = [START, *ids, self.end]
        return rows
