"""The command line, called within the test's own process."""

from __future__ import annotations

from pathlib import Path

import pytest

from clipvad.cli import main


def call(*args: str | Path) -> int:
    """The exit code of `clipvad ARGS`."""
    with pytest.raises(SystemExit) as stop:
        main([str(arg) for arg in args])
    return int(stop.value.code or 0)
