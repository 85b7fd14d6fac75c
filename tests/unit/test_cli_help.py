"""`--help` of every command: whatever a help text says is printed, and one default at most."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from clipvad.cli import app


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


EVERY = dict(commands(typer.main.get_command(app)))


def words(text: str | None) -> str:
    return " ".join((text or "").replace("`", "").split())  # what is code is told by its colour


@pytest.mark.parametrize("path", EVERY, ids=lambda path: " ".join(path) or "clipvad")
def test_every_text_is_printed_as_it_was_written(path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "400"})
    assert shown.exit_code == 0
    printed = words(re.sub("[│╭╮╰╯─]", " ", shown.output))
    command = EVERY[path]
    below = [one.get_short_help_str(limit=400) for one in getattr(command, "commands", {}).values()]
    texts = [command.help, *(getattr(one, "help", "") for one in command.params), *below]
    assert [text for text in texts if words(text) not in printed] == []
    assert words(command.help)


@pytest.mark.parametrize("path", EVERY, ids=lambda path: " ".join(path) or "clipvad")
def test_a_default_is_told_once(path: tuple[str, ...]) -> None:
    for option in EVERY[path].params:
        if "[default:" in (getattr(option, "help", "") or ""):
            assert option.default is None or not option.show_default, option.name


def test_a_command_with_another_default_tells_that_one() -> None:
    shown = CliRunner().invoke(app, ["extract", "--help"], env={"COLUMNS": "400"}).output
    told = shown[shown.index("--detector") : shown.index("--fps")]
    assert re.findall(r"\[default: (.*?)\]", told) == ["motion"]
