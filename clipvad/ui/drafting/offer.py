"""Who drafts for the users of this page: the operator's language model, or the prompt library."""

from __future__ import annotations

from dataclasses import dataclass

from clipvad.errors import LLMError
from clipvad.llm import Server


@dataclass(frozen=True)
class Offer:
    """`server`: the language model to ask, None for the library. `fault`: why one that was set up cannot be asked."""

    server: Server | None
    fault: str = ""

    @classmethod
    def from_env(cls) -> Offer:
        """What the operator's environment offers."""
        try:
            return cls(Server.from_env())
        except LLMError as error:  # the page is of use without it
            return cls(None, fault=str(error))
