"""Drafts for open pages: one at a time for each session, counted, stopped when its page wants or closes."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clipvad.core import RuleSet, VideoInfo
from clipvad.errors import ClipvadError, LLMError
from clipvad.llm import MAX_FRAMES, Accepted, Draft, DraftJob, DraftLimit, Wish
from clipvad.llm.pictures import MAX_SIDE
from clipvad.ui.drafting.offer import Offer
from clipvad.ui.drafting.run import DraftRun
from clipvad.ui.engine import Engine
from clipvad.ui.rules_editor import new_value, read_rules
from clipvad.ui.session import Session, SessionStore


class DraftDesk:
    """Drafts for the sessions of `store`. Raises `ClipvadError` with a message for the user."""

    def __init__(self, engine: Engine, store: SessionStore) -> None:
        self.engine = engine
        self.store = store
        self.offer = Offer.from_env()
        self.limit = DraftLimit(engine.settings.llm_per_hour)
        self._lock = threading.Lock()

    def draft(
        self, key: str, wish: Wish, *, beside: RuleSet | None = None, pictures: bool = False
    ) -> Generator[str | Draft, None, None]:
        """Draft `wish`: yield what it waits for, then the draft, which the session keeps until it is taken.

        `beside`: the rules that it may join. `pictures`: send up to `MAX_FRAMES` frames of the session's clip too.
        Closing the generator gives the request up, and so does `cancel`, which raises `LLMCancelledError`.
        """
        wish.check()
        session = self.store.get(key)
        server = self.offer.server
        if pictures and server is not None and session.clip is None:
            raise LLMError("There is no clip to take pictures from. Open one, or do not send any.")
        run = self._begin(session)
        try:
            encoder = None
            if server is not None:
                yield self.engine.loading
                encoder = self.engine.analyzer(encoder=session.choice.encoder).encoder
                if pictures and session.clip is not None:
                    yield "taking pictures from the clip"
                    wish = replace(wish, frames=_pictures(session.clip.info, run))
            run.check()
            job = DraftJob(wish, server=server, beside=beside, encoder=encoder, limit=self.limit, user=key)
            session.draft = yield from run.follow(job)
            yield session.draft
        finally:
            run.cancel()

    def cancel(self, key: str) -> bool:
        """Give up the session's draft under way; was there one?"""
        run = self.store.get(key).drafting
        if run is None or run.ended:
            return False
        run.cancel()
        return True

    def discard(self, key: str) -> None:
        """Forget the session's draft."""
        self.store.get(key).draft = None

    def take(
        self, key: str, rules: RuleSet, *, ticked: object, mended: object = (), instead: bool = False
    ) -> tuple[RuleSet, Accepted]:
        """`rules` with the suggestions at `ticked`, or only those, and what was taken; then the draft is forgotten.

        `mended`: those whose new wording was chosen. `instead`: in place of `rules`, of which the zones stay. Of what
        `rules` have already nothing is added. The indices may come from a browser.
        """
        draft = self.store.get(key).draft
        if draft is None:
            raise LLMError("This draft is no longer held on the server. Discard it and draft again.")
        draft = draft.mended(_indices(mended, draft))
        chosen = [i for i in _indices(ticked, draft) if instead or not draft.suggestions[i].beside]
        accepted = draft.accept(chosen, drawn=rules.zones)
        if instead and not (accepted.normal and accepted.abnormal):
            raise LLMError("A score compares both sides: tick a sentence on each, or add to your rules instead.")
        alone = draft.rule_set(accepted, name="draft", drawn=rules.zones)
        taken = alone if instead else _joined(rules, accepted)
        read_rules(new_value(taken), taken)  # more than the lists can hold is refused while the review still stands
        self.discard(key)
        return taken, accepted

    def _begin(self, session: Session) -> DraftRun:
        with self._lock:
            if session.drafting is not None and not session.drafting.ended:
                raise ClipvadError("A draft for this window is under way. Wait for it, or cancel it.")
            session.drafting = DraftRun()
            return session.drafting


def _indices(given: object, draft: Draft) -> set[int]:
    count = len(draft.suggestions)
    if not isinstance(given, list | tuple) or not all(type(i) is int and 0 <= i < count for i in given):
        raise LLMError("What was ticked could not be read. Reload the page.")
    return set(given)


def _pictures(clip: VideoInfo, run: DraftRun) -> list[NDArray[np.uint8]]:
    """`MAX_FRAMES` frames spread evenly over the clip, RGB uint8 [H, W, 3], no larger than they are sent."""
    from clipvad.video import read_frame

    frames = []
    for i in range(MAX_FRAMES):
        run.check()
        frames.append(read_frame(clip, clip.duration_s * (i + 0.5) / MAX_FRAMES, max_side=MAX_SIDE))
    return frames


def _joined(rules: RuleSet, accepted: Accepted) -> RuleSet:
    return replace(
        rules,
        normal=(*rules.normal, *accepted.normal),
        abnormal=(*rules.abnormal, *accepted.abnormal),
        zones=(*rules.zones, *accepted.zones),
    )
