"""How many drafts one user may ask for: each costs the operator money."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable

from clipvad.errors import LLMError

HOUR_S = 3600.0


class DraftLimit:
    """At most `per_hour` drafts by one user in any 3600 s; safe to share between threads."""

    def __init__(self, per_hour: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_hour = per_hour
        self._clock = clock
        self._begun: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def take(self, user: str) -> None:
        """Count a draft for `user`, or raise `LLMError` that says when the next one is free."""
        with self._lock:
            now = self._clock()
            for known, times in list(self._begun.items()):  # who has long gone is forgotten
                while times and times[0] <= now - HOUR_S:
                    times.popleft()
                if not times:
                    del self._begun[known]
            times = self._begun.setdefault(user, deque())
            if len(times) >= self.per_hour:
                minutes = math.ceil((times[0] + HOUR_S - now) / 60)
                raise LLMError(
                    f"You have asked for {len(times)} drafts within an hour, which is the limit here. "
                    f"Try again in {minutes} min; rules can be written by hand meanwhile."
                )
            times.append(now)
