"""Who may compute now: first come, first served."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Line:
    """At most `size` at work, the others wait in the order in which they came; safe between threads."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._tickets: list[object] = []
        self._lock = threading.Lock()

    @contextmanager
    def join(self) -> Iterator[Callable[[], int]]:
        """Stand in line until the block ends; gives `ahead()`: how many must finish before it is one's turn."""
        ticket = object()
        with self._lock:
            self._tickets.append(ticket)

        def ahead() -> int:
            with self._lock:
                return max(0, self._tickets.index(ticket) - self.size + 1)

        try:
            yield ahead
        finally:
            with self._lock:
                self._tickets.remove(ticket)
