"""One writer at a time for a folder."""

from __future__ import annotations

import os
from pathlib import Path

from clipvad.errors import FeaturesError


class FolderLock:
    """Keeps a second writer out of `folder` until it is released or this process ends, however it ends.

    Raises `FeaturesError` if another has it. Does nothing where the system can't lock folders (Windows).
    """

    def __init__(self, folder: Path) -> None:
        self._handle: int | None = None
        try:
            import fcntl
        except ImportError:
            return
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise FeaturesError(f"Another process is writing to {folder}. Wait for it, or choose another.") from None
        self._handle = handle

    def release(self) -> None:
        """Let others write; may be called twice."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
