"""Looking at a frame part by part for an open page: in line with the analyses, newest wish first, remembered."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from weakref import WeakKeyDictionary

from clipvad.explain import Look, shown_time
from clipvad.ui.controller import TICK_S, Controller, fractions
from clipvad.ui.session import Session

State = tuple[str, float]  # what is done, and its fraction in [0, 1]


class Looking:
    """The looks of all pages; safe to share between threads."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self._wishes: WeakKeyDictionary[Session, object] = WeakKeyDictionary()
        self._last: WeakKeyDictionary[Session, tuple[object, Look]] = WeakKeyDictionary()

    def look(self, key: str, t_s: float) -> Generator[State, None, Look | None]:
        """See the sampled frame at `t_s` seconds of the session's clip: yield how far it is, return the `Look`.

        The same frame again is answered from memory. Returns None where `cancel` or a later call came in between.
        Raises `ClipvadError` where nothing was analysed, `VideoError` where the clip is gone.
        """
        session = self.controller.store.get(key)
        wish = self._wishes[session] = object()
        analysis, analyzer = self.controller.explained(key)
        features = analysis.features
        shown_s = shown_time(features.pts_s, t_s)
        name = (features.video.sha256, features.encoder_id, shown_s)
        if session in self._last and self._last[session][0] == name:
            return self._last[session][1]
        state = ["waiting for the analyses before it"]

        def work(on_fraction: Callable[[float], None]) -> Look:
            def told(done: int, total: int) -> None:
                state[0] = f"{done} of {total} crops"
                on_fraction(done / total)

            state[0] = "cutting the frame into crops"
            return analyzer.look(features.video, shown_s, on_crops=told)

        with self.controller.line.join() as ahead:
            while ahead():
                if self._wishes.get(session) is not wish:
                    return None
                yield state[0], 0.0
                time.sleep(TICK_S)
            with closing(fractions(work)) as steps:
                while True:
                    try:
                        fraction = next(steps)
                    except StopIteration as done:
                        self._last[session] = (name, done.value)
                        return self._last[session][1] if self._wishes.get(session) is wish else None
                    if self._wishes.get(session) is not wish:
                        return None
                    yield state[0], fraction

    def cancel(self, key: str) -> None:
        """The page no longer wants what it asked for last."""
        self._wishes.pop(self.controller.store.get(key), None)
