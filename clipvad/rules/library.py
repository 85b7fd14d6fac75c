"""The prompt library: rule sets that come with the program, and files of the user's own."""

from __future__ import annotations

from pathlib import Path

from clipvad.core import RuleSet
from clipvad.errors import RulesError
from clipvad.rules.schema import parse_rules
from clipvad.settings import data_dir


def library_dir() -> Path:
    """The folder of presets."""
    return data_dir("prompt_library")


def list_presets() -> tuple[str, ...]:
    """Names of the presets, sorted."""
    return tuple(sorted(path.stem for path in library_dir().glob("*.yaml")))


def load_rules(name_or_path: str | Path) -> RuleSet:
    """A preset by name or a rule file by path. Raises `RulesError` if there is neither, or it cannot be read."""
    return parse_rules(read_rules(name_or_path), source=str(name_or_path))


def read_rules(name_or_path: str | Path) -> str:
    """The text of a preset or a rule file, as it stands. Raises `RulesError` if there is neither, or it is no text."""
    given = str(name_or_path)
    path = library_dir() / f"{given}.yaml" if given in list_presets() else Path(given).expanduser()
    if not path.is_file():
        raise RulesError(f"No rule file or preset {given!r}. Presets: {', '.join(list_presets())}.")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(f"{given}: the rule file cannot be read as UTF-8 text ({error.__class__.__name__}).") from None
