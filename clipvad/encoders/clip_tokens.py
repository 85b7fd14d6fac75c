"""Length of a sentence in the byte pairs of CLIP, without loading a model."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)
def count_clip_tokens(text: str) -> int:
    """Tokens of `text`, start and end included, before any cutting (Radford et al. 2021; open_clip's tokenizer)."""
    return len(_tokenizer().encode(text)) + 2


@lru_cache(maxsize=1)
def _tokenizer():  # type: ignore[no-untyped-def]  # open_clip has no types
    from open_clip.tokenizer import SimpleTokenizer

    return SimpleTokenizer()
