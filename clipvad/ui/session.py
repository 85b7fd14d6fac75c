"""What the server holds for each open page: its clip, its analysis and a folder for its files.

Nothing heavy travels through the browser; a page is known by Gradio's session hash, and its files lie in a
folder whose name nobody can guess. Sessions end when the page is closed, after a time unused, or when the
store outgrows its cap (least recently used first). Knows nothing of models or widgets.
"""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from clipvad.core import Analysis, Features, Mode, RuleSet, VideoInfo

if TYPE_CHECKING:
    from clipvad.llm import Draft
    from clipvad.scoring import Scorer
    from clipvad.ui.drafting.run import DraftRun

NEVER = float("-inf")


@dataclass(frozen=True)
class Clip:
    """A clip of one session. `player`: the file that a browser can play, the clip itself where it can.

    `truth`: what is known to happen in it, as (start_s, end_s, label).
    """

    info: VideoInfo
    player: Path
    truth: tuple[tuple[float, float, str], ...] = ()


@dataclass(frozen=True)
class Choice:
    """What the user chose to run. None is the operator's default."""

    modes: tuple[Mode, ...] = ("object",)
    encoder: str | None = None
    detector: str | None = None
    fps: float | None = None


@dataclass(eq=False)
class Session:
    """One open page. `folder` holds its files and no one else's. `busy` is held while an analysis runs.

    `head`: the trained one that scores in place of the sentences, None for zero-shot; `own_head`: one that the user
    uploaded. `stopping` asks it to end. `refused_at`: when the page was last told that something could not be done.
    `drafting` is the latest draft asked for, `draft` the one that lies there for review.
    """

    folder: Path
    clip: Clip | None = None
    analysis: Analysis | None = None
    rules: RuleSet | None = None
    choice: Choice = Choice()
    head: Scorer | None = None
    own_head: Scorer | None = None
    drafting: DraftRun | None = None
    draft: Draft | None = None
    last_used: float = 0.0
    refused_at: float = NEVER
    busy: threading.Lock = field(default_factory=threading.Lock, repr=False)
    stopping: threading.Event = field(default_factory=threading.Event, repr=False)

    def adopt(self, path: Path, *, name: str) -> Path:
        """Take an uploaded file into the session's folder (a hard link where possible) and return its new path."""
        target = self.path(name)
        target.unlink(missing_ok=True)
        try:
            os.link(path, target)
        except OSError:  # another file system
            shutil.copyfile(path, target)
        return target

    def path(self, name: str) -> Path:
        """A path in the session's folder for a file called `name`; any folder in `name` is dropped."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / (Path(name.replace("\\", "/")).name.lstrip(".") or "clip")

    def scored(self, rules: RuleSet) -> RuleSet:
        """What an analysis scores of the user's rules: a head its own classes, bound to no zone."""
        return rules if self.head is None else self.head.rules_for(rules)

    @property
    def nbytes(self) -> int:
        """Memory that the analysis and the user's own head hold, in bytes."""
        head = self.own_head.nbytes if self.own_head is not None else 0
        return head + (_nbytes(self.analysis.features) if self.analysis else 0)


class SessionStore:
    """Sessions by Gradio session hash.

    `root`: folder that holds the sessions' folders. `max_sessions`, `max_bytes` (of features in memory) and
    `max_idle_s` bound what is kept; a session with a running analysis is never dropped.
    """

    def __init__(
        self,
        root: Path,
        *,
        max_sessions: int = 200,
        max_bytes: int = 2 << 30,
        max_idle_s: float = 6 * 3600,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.root = root
        self.max_sessions = max_sessions
        self.max_bytes = max_bytes
        self.max_idle_s = max_idle_s
        self._clock = clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._lock = threading.Lock()
        self._remove_leftovers()

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, key: str) -> bool:
        return key in self._sessions

    def get(self, key: str) -> Session:
        """The session of `key`, begun if there is none; it becomes the most recently used."""
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                session = self._sessions[key] = Session(folder=self.root / secrets.token_urlsafe(24))
            session.last_used = self._clock()
            self._sessions.move_to_end(key)
            self._evict(keep=session)
            return session

    def end(self, key: str) -> None:
        """Forget a session and delete its files; an unknown key is nothing to forget."""
        with self._lock:
            session = self._sessions.pop(key, None)
        if session is not None:
            shutil.rmtree(session.folder, ignore_errors=True)

    def close(self, key: str, *, after_s: float = 600.0) -> None:
        """The page was closed or lost its line: end the session unless it is used again within `after_s`."""
        session = self._sessions.get(key)
        if session is None:
            return
        used = session.last_used

        def end_unless_used() -> None:
            if session.last_used == used:
                self.end(key)

        timer = threading.Timer(after_s, end_unless_used)
        timer.daemon = True
        timer.start()

    def _evict(self, *, keep: Session) -> None:
        now = self._clock()
        total = sum(session.nbytes for session in self._sessions.values())
        for key, session in list(self._sessions.items()):  # least recently used first
            expired = now - session.last_used > self.max_idle_s
            crowded = len(self._sessions) > self.max_sessions or total > self.max_bytes
            if session is keep or session.busy.locked() or not (expired or crowded):
                continue
            total -= session.nbytes
            del self._sessions[key]
            shutil.rmtree(session.folder, ignore_errors=True)

    def _remove_leftovers(self) -> None:
        """Delete what a server that was killed left behind; another server's live folders are younger."""
        if not self.root.is_dir():
            return
        for folder in self.root.iterdir():
            if time.time() - folder.stat().st_mtime > self.max_idle_s:
                shutil.rmtree(folder, ignore_errors=True)


def _nbytes(features: Features) -> int:
    parts = (features.frames, features.objects)
    return features.pts_s.nbytes + sum(part.vectors.nbytes for part in parts if part is not None)
