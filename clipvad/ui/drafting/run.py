"""One draft under way for an open page."""

from __future__ import annotations

import threading
from collections.abc import Generator

from clipvad.errors import LLMCancelledError
from clipvad.llm import Draft, DraftJob
from clipvad.llm.client import STOPPED

TICK_S = 0.1


class DraftRun:
    """A draft on its way, from the first picture to the last word; `cancel` may be called from another thread."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._job: DraftJob | None = None

    @property
    def ended(self) -> bool:
        """Does nothing of it go on?"""
        return self._stop.is_set() if self._job is None else self._job.done

    def cancel(self) -> None:
        self._stop.set()
        if self._job is not None:
            self._job.cancel()

    def check(self) -> None:
        """Raise `LLMCancelledError` once it is cancelled."""
        if self._stop.is_set():
            raise LLMCancelledError(STOPPED)

    def follow(self, job: DraftJob) -> Generator[str, None, Draft]:
        """Yield what `job` waits for, whenever that changes, and return its draft; `close` cancels it."""
        self._job = job
        if self._stop.is_set():
            job.cancel()
        told = ""
        try:
            while not job.wait(TICK_S):
                if job.note != told:
                    told = job.note
                    yield told
        finally:
            job.cancel()
        return job.result()
