"""The word-level tokenizer: ids worked out by hand, limits, hostile text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipvad.encoders.tokenizer import WordTokenizer, split_words

WORDS = ["a", "person", "walking", "dog"]  # ids 3, 4, 5, 6; the end token is 7


@pytest.fixture
def tokenizer() -> WordTokenizer:
    return WordTokenizer(WORDS, context_length=6)


def test_ids_are_start_words_end_padding(tokenizer: WordTokenizer) -> None:
    assert tokenizer(["A person, walking!"]).tolist() == [[1, 3, 4, 5, 7, 0]]


def test_unseen_words_become_unknown_and_are_reported_once(tokenizer: WordTokenizer) -> None:
    assert tokenizer(["a robbery"]).tolist() == [[1, 3, 2, 7, 0, 0]]
    assert tokenizer.unknown_words("Robbery: a masked robbery") == ["robbery", "masked"]


def test_a_long_sentence_keeps_its_end_token(tokenizer: WordTokenizer) -> None:
    assert tokenizer(["a a a a a a a"]).tolist() == [[1, 3, 3, 3, 3, 7]]
    assert tokenizer.count_tokens("a a a a a a a") == 9


def test_the_end_token_has_the_highest_id(tokenizer: WordTokenizer) -> None:
    assert tokenizer.vocab_size == 8
    assert tokenizer.end == 7


def test_possessives_and_typographic_apostrophes_are_cut() -> None:
    assert split_words("The dog\u2019s man's BIKE-lane") == ["the", "dog", "man", "bike", "lane"]


def test_a_vocabulary_with_a_double_word_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        WordTokenizer(["a", "a"], context_length=6)


@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_text_gives_one_end_token_a_row(texts: list[str]) -> None:
    tokenizer = WordTokenizer(WORDS, context_length=6)
    rows = tokenizer(texts)
    assert rows.shape == (len(texts), 6)
    assert ((rows == tokenizer.end).sum(axis=1) == 1).all()
    # Pooling takes the largest id of a row, so it must be the end token wherever that stands.
    assert (rows.max(axis=1) == tokenizer.end).all() if len(texts) else rows.dtype == np.int64
