"""What can be done on the page, without the page: open, take a clip, analyse, rescore, export.

Every call names the session it is for and sees that session alone. Raises `ClipvadError` with a message for
the user. Knows no widgets: the tab and the public endpoints both call this.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar, cast

from clipvad.core import Analysis, RuleSet, ScoreSettings
from clipvad.errors import ClipvadError, SettingsError, VideoError
from clipvad.pipeline import Analyzer
from clipvad.progress import Progress
from clipvad.scoring import Scorer
from clipvad.ui.downloads import ARTEFACTS
from clipvad.ui.drafting.desk import DraftDesk
from clipvad.ui.engine import Engine
from clipvad.ui.examples import Example
from clipvad.ui.line import Line
from clipvad.ui.session import Choice, Clip, Session, SessionStore

T = TypeVar("T")
N = TypeVar("N")

STOP_WAIT_S = 5.0  # a stopped run needs a moment to let go
TICK_S = 0.2
GONE = "The clip of this page is no longer held on the server. Upload it again, or open an example."


class Controller:
    """The page's actions on one engine and one store of sessions; safe to call from several threads."""

    def __init__(self, engine: Engine, store: SessionStore) -> None:
        self.engine = engine
        self.store = store
        self.line = Line(engine.settings.concurrency)
        self.desk = DraftDesk(engine, store)

    def open_example(self, key: str, which: Example) -> Iterator[Analysis | Progress | Session]:
        """Show an example in this session: yield the progress of loading, then the session that holds it.

        Before models have loaded, the first item is the stored analysis, if there is one: to look at only.
        """
        if (stored := self.engine.stored_example(which)) is not None:
            yield stored
        example = yield from _meanwhile(lambda: self.engine.example(which), self._loading)
        session = self.stop(key)
        session.clip, session.analysis, session.rules = which.clip(example.video), example, example.rules
        session.head = None  # an example comes with its own sentences
        session.choice = Choice(modes=which.modes)
        yield session

    def take_clip(self, key: str, upload: Path) -> Iterator[Progress | Clip]:
        """Take an uploaded file as the session's clip: yield the progress of slow steps, then the clip."""
        from clipvad.video import probe
        from clipvad.video.preview import browser_preview

        settings = self.engine.settings
        megabytes = upload.stat().st_size / 2**20
        if megabytes > settings.max_upload_mb:
            raise VideoError(
                f"The clip has {megabytes:.0f} MB; this server takes at most {settings.max_upload_mb} MB. "
                "Cut or compress it, or run clipvad on your own machine."
            )
        session = self.stop(key)
        path = session.adopt(upload, name=upload.name)
        yield Progress(stage="reading the clip", done_s=0, total_s=0, frames=0, frames_per_s=0)
        info = probe(path)
        if info.duration_s > settings.max_minutes * 60:
            path.unlink(missing_ok=True)
            raise VideoError(
                f"The clip is {info.duration_s / 60:.0f} minutes long; this server takes at most "
                f"{settings.max_minutes:g} minutes. Cut it, or run clipvad on your own machine."
            )
        player = path
        if not info.browser_playable:
            player = session.path(f"preview-{path.stem}.mp4")
            for fraction in fractions(lambda on_fraction: browser_preview(info, player, progress=on_fraction)):
                yield Progress(
                    stage="making a copy that a browser can play",
                    done_s=fraction * info.duration_s,
                    total_s=info.duration_s,
                    frames=0,
                    frames_per_s=0,
                )
        session.clip, session.analysis = Clip(info=info, player=player), None
        yield session.clip

    def analyze(
        self, key: str, rules: RuleSet, choice: Choice, settings: ScoreSettings
    ) -> Generator[Progress | Analysis, None, None]:
        """Analyse the session's clip; yields as `Analyzer.stream`, and while others come first, how many.

        Closing the generator stops the work, and so does `stop`, after which it ends without an `Analysis`.
        One at a time for a session: raises `ClipvadError` while another analysis of this session runs.
        """
        session = self.store.get(key)
        clip = session.clip
        if clip is None:
            raise VideoError("There is no clip yet. Upload one, or choose the example.")
        if not session.busy.acquire(timeout=STOP_WAIT_S if session.stopping.is_set() else 0):
            raise ClipvadError("An analysis is already running in this window. Stop it before starting another.")
        session.stopping.clear()
        head = session.head
        try:
            if head is None:
                rules.check()
            with self.line.join() as ahead:
                yield from self._waiting(ahead, session)
                if session.stopping.is_set():
                    return
                analyzer = yield from _meanwhile(
                    lambda: self.engine.analyzer(
                        choice.modes, encoder=choice.encoder, detector=choice.detector, fps=choice.fps
                    ),
                    self._loading,
                )
                if head is not None:
                    analyzer = analyzer.with_scorer(head)
                stream = analyzer.stream(clip.info.path, rules, modes=choice.modes, settings=settings)
                with closing(cast("Generator[Progress | Analysis, None, None]", stream)):
                    for item in stream:
                        if session.stopping.is_set():
                            return
                        if isinstance(item, Analysis):
                            session.analysis, session.rules, session.choice = item, rules, choice
                        yield item
        finally:
            session.busy.release()

    def stop(self, key: str) -> Session:
        """Stop the session's analysis, if one runs or waits, and return the session once it has let go."""
        session = self.store.get(key)
        session.stopping.set()
        if session.busy.acquire(timeout=STOP_WAIT_S):
            session.busy.release()
        return session

    def rescore(self, key: str, rules: RuleSet, settings: ScoreSettings) -> Analysis:
        """Score the session's features again with other rules or settings. No decoder, no image encoder."""
        session = self.store.get(key)
        again = self._again(session, self.analyzer(session, head=session.head), rules, settings)
        session.analysis, session.rules = again, rules
        return again

    def score(self, key: str, rules: RuleSet, settings: ScoreSettings) -> Analysis:
        """Zero-shot, for a look beside the analysis that the session holds and keeps."""
        session = self.store.get(key)
        return self._again(session, self.analyzer(session), rules, settings)

    def analyzer(self, session: Session, *, head: Scorer | None = None) -> Analyzer:
        """The one with the encoder and sampling of the session's analysis, scoring with `head`, else zero-shot."""
        choice = session.choice
        analyzer = self.engine.analyzer(encoder=choice.encoder, detector=choice.detector, fps=choice.fps)
        return analyzer if head is None else analyzer.with_scorer(head)

    def _again(self, session: Session, analyzer: Analyzer, rules: RuleSet, settings: ScoreSettings) -> Analysis:
        before = session.analysis
        if before is None:
            raise ClipvadError("There is nothing to score yet. Press Analyze first." if session.clip else GONE)
        again = analyzer.rescore(before.features, rules, settings=settings)
        return replace(again, detector=before.detector, timings_s={**before.timings_s, **again.timings_s})

    def explained(self, key: str) -> tuple[Analysis, Analyzer]:
        """The session's analysis, to be explained, and the analyser with the encoder that made it."""
        session = self.store.get(key)
        if session.analysis is None:
            raise ClipvadError(
                "There is nothing to explain yet. Press Analyze first."
                if session.clip
                else "There is nothing to explain yet: the models are still loading, or the clip is no longer held on "
                "the server. Wait a moment, or open an example."
            )
        return session.analysis, self.analyzer(session, head=session.head)

    def unknown_words(self, key: str, rules: RuleSet) -> dict[str, tuple[str, ...]]:
        """Per sentence that is on, the words that the session's encoder has never seen."""
        encoder = self.engine.analyzer(encoder=self.store.get(key).choice.encoder).encoder
        return {text: tuple(words) for text in rules.sentences if (words := encoder.unknown_words(text))}

    def export(self, key: str, kind: str) -> Generator[float | Path, None, None]:
        """Write one artefact into the session's folder: yield fractions in [0, 1], then the path.

        `kind` is a key of `ARTEFACTS`. Closing the generator stops the writing.
        """
        if kind not in ARTEFACTS:
            raise SettingsError(f"There is no artefact {kind!r}. Choose one of: {', '.join(ARTEFACTS)}.")
        session = self.store.get(key)
        analysis = session.analysis
        if analysis is None:
            raise ClipvadError("There is no analysis to take away yet. Press Analyze first.")
        if kind == "rules" and session.rules is not None:  # the user's own, also where a head scored
            analysis = replace(analysis, rules=session.rules)
        artefact = ARTEFACTS[kind]
        path = session.path(Path(analysis.video.name).stem + artefact.suffix)
        yield from fractions(lambda on_fraction: artefact.write(analysis, path, on_fraction))
        yield path

    def _waiting(self, ahead: Callable[[], int], session: Session) -> Iterator[Progress]:
        while (others := ahead()) and not session.stopping.is_set():
            text = f"waiting for {others} other {'analysis' if others == 1 else 'analyses'} to end"
            yield Progress(stage=text, done_s=0, total_s=0, frames=0, frames_per_s=0)
            time.sleep(TICK_S)

    def _loading(self) -> Progress:
        return Progress(stage=self.engine.loading, done_s=0, total_s=0, frames=0, frames_per_s=0)


class _CancelledError(Exception):
    """Thrown inside a worker whose reader has left."""


def _meanwhile(work: Callable[[], T], news: Callable[[], N]) -> Generator[N, None, T]:
    """Run `work` in a thread, yield `news()` a few times a second until it ends, and return its result."""
    done = threading.Event()
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # raised again where the reader is
            failures.append(error)
        finally:
            done.set()

    threading.Thread(target=run, name="clipvad-work", daemon=True).start()
    while not done.wait(TICK_S):
        yield news()
    if failures:
        raise failures[0]
    return results[0]


def fractions(work: Callable[[Callable[[float], None]], T]) -> Generator[float, None, T]:
    """Run `work(on_fraction)` in a thread, yield its newest fraction, and return its result.

    Closing the generator stops the work where it next reports.
    """
    newest = 0.0
    left = False

    def on_fraction(fraction: float) -> None:
        nonlocal newest
        if left:
            raise _CancelledError
        newest = fraction

    try:
        return (yield from _meanwhile(lambda: work(on_fraction), lambda: newest))
    finally:
        left = True
