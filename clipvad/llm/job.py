"""A draft that runs beside a page: start it, ask how it goes, stop it, take the result."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from clipvad.errors import LLMError
from clipvad.llm.draft import draft
from clipvad.llm.limit import DraftLimit
from clipvad.llm.prompt import Wish
from clipvad.llm.server import Server
from clipvad.llm.suggestions import Draft
from clipvad.ruleset import RuleSet

if TYPE_CHECKING:
    from clipvad.encoders.base import Encoder


class DraftJob:
    """Drafts `wish` in a thread of its own, beginning at once.

    `server`, `beside`, `encoder` as in `draft`: without a server the library drafts, which no `limit` counts. `user`:
    whom `limit` counts it for.
    Raises `LLMError` if the wish is no usable one or the limit is reached.
    """

    def __init__(
        self,
        wish: Wish,
        *,
        server: Server | None,
        beside: RuleSet | None = None,
        encoder: Encoder | None = None,
        limit: DraftLimit | None = None,
        user: str = "",
    ) -> None:
        wish.check()
        if server is not None and limit is not None:
            limit.take(user)
        self.note = ""  # what it waits for, in a few words
        self._stop, self._ended = threading.Event(), threading.Event()
        self._result: Draft | Exception = LLMError("The draft is not finished yet.")
        thread = threading.Thread(target=self._run, args=(wish, server, beside, encoder), name="draft", daemon=True)
        thread.start()

    @property
    def done(self) -> bool:
        """Has it ended, in whatever way?"""
        return self._ended.is_set()

    def cancel(self) -> None:
        """Give the request up; `wait` returns soon after, `result` then raises `LLMCancelledError`."""
        self._stop.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end, at most `timeout_s` seconds; `done`."""
        return self._ended.wait(timeout_s)

    def result(self) -> Draft:
        """The draft; raises the error that ended it, or `LLMError` while it runs."""
        if isinstance(self._result, Exception):
            raise self._result
        return self._result

    def _run(self, wish: Wish, server: Server | None, beside: RuleSet | None, encoder: Encoder | None) -> None:
        try:
            self._result = draft(
                wish, server=server, beside=beside, encoder=encoder, stop=self._stop, report=self._report
            )
        except Exception as error:  # raised again by `result`
            self._result = error
        finally:
            self._ended.set()

    def _report(self, note: str) -> None:
        self.note = note
