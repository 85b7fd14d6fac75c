"""`clipvad rules new` and `clipvad rules convert`: rule files from scratch, and from and to other lists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clipvad.cli.console import say
from clipvad.errors import SettingsError

if TYPE_CHECKING:
    from clipvad.ruleset import RuleSet

ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite the file if it is there.")]


def new(
    title: Annotated[str, typer.Argument(help='What people call it, such as "Warehouse gate".')],
    place: Annotated[str, typer.Option("--place", metavar="TEXT", help="The place in plain words.")] = "",
    base: Annotated[
        str | None, typer.Option("--from", metavar="NAME|FILE", help="Begin with the sentences of a preset or file.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="(default: the title, .yaml)")] = None,
    force: ForceOption = False,
) -> None:
    """A commented rule file to begin with."""
    from clipvad.rules import load_rules
    from clipvad.rules.starter import commented, starter_rules

    rules = starter_rules(title, place=place, base=load_rules(base) if base is not None else None)
    path = out or Path(f"{rules.name}.yaml")
    _write(path, commented(rules.check()), force=force)
    say(f"{path}: {_counts(rules)}. Edit them, then: clipvad rules lint {path}")


def convert(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...", help="One .yaml, .json, .csv or .txt file or a preset; or two lists: normal, abnormal."
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="Its end tells the form: .yaml, .json, .csv or .txt.")
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the set, where the source has none. (default: that of --out)")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Rule files from other lists, and the other way; says what the new file cannot hold.

    YAML and JSON hold everything. CSV has the columns side,text,category. Plain text has a sentence a line under the
    headings "normal:" and "abnormal:"; two text files, normal and then abnormal, need none.
    """
    from clipvad.rules import library_dir, list_presets
    from clipvad.rules.convert import read_sources, write_as

    if len(sources) > 2:
        raise SettingsError(f"{len(sources)} sources: give one file, or two lists (normal, then abnormal).")
    paths = [library_dir() / f"{one}.yaml" if one in list_presets() else Path(one).expanduser() for one in sources]
    rules = read_sources(paths, name=name or out.stem)
    text, lost = write_as(rules, out.suffix.lower(), target=str(out))
    _write(out, text, force=force)
    say(f"{out}: {_counts(rules)}")
    if lost:
        say(f"  not in {out.name}, which cannot hold it: {', '.join(lost)}")


def _counts(rules: RuleSet) -> str:
    normal, abnormal = (sum(rule.enabled for rule in side) for side in (rules.normal, rules.abnormal))
    return f"{normal} normal, {abnormal} abnormal sentences that are on"


def _write(path: Path, text: str, *, force: bool) -> None:
    from clipvad.files import write_atomic

    if path.exists() and not force:
        raise SettingsError(f"{path} is there already. Choose another name with --out, or overwrite it with --force.")
    try:
        write_atomic(path, text)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written: {error.strerror or error}. Choose another with --out."
        ) from None
