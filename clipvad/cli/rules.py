"""`clipvad rules`: the library of rule sets, and what is wrong with the sentences of one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clipvad.cli.console import say, table_lines
from clipvad.cli.draft import draft
from clipvad.cli.rule_files import convert, new

if TYPE_CHECKING:
    from clipvad.rules.lint import Remark
    from clipvad.rules.marks import Document

rules_app = typer.Typer(no_args_is_help=True, help="The library of rule sets.")
rules_app.command("draft")(draft)
rules_app.command("new")(new)
rules_app.command("convert")(convert)
NameArgument = Annotated[str, typer.Argument(metavar="NAME|FILE")]


@rules_app.command("list")
def list_rules() -> None:
    """Name, size and title of each preset."""
    from clipvad.rules import list_presets, load_rules

    presets = [load_rules(name) for name in list_presets()]
    rows = [[rules.name, str(len(rules.normal)), str(len(rules.abnormal)), rules.title] for rules in presets]
    for line in table_lines(["name", "normal", "abnormal", "title"], rows, right=(1, 2)):
        typer.echo(line)


@rules_app.command("show")
def show_rules(name: NameArgument) -> None:
    """One rule set as YAML, to copy and edit."""
    from clipvad.rules import dump_rules, load_rules

    typer.echo(dump_rules(load_rules(name)), nl=False)


@rules_app.command("lint")
def lint_rules(
    name: NameArgument,
    encoder: Annotated[
        str, typer.Option("--encoder", help="Whose words and similarities count, as for `score`.")
    ] = "bundled",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON list of remarks instead of lines.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 for warnings too.")] = False,
) -> None:
    """Remarks on the sentences that are on: repeated, ambiguous, negated, abstract, too long, unknown words.

    Exit code 0 if nothing is worse than a hint (or, without --strict, a warning), 1 otherwise, 2 if the file cannot be
    read.
    """
    from clipvad.encoders import load_encoder
    from clipvad.rules import parse_rules, read_rules
    from clipvad.rules.lint import lint
    from clipvad.rules.marks import parse_yaml

    text = read_rules(name)
    document = parse_yaml(text, source=name)
    remarks = lint(parse_rules(text, source=name), encoder=load_encoder(encoder, device="cpu"))
    if as_json:
        typer.echo(json.dumps([_as_dict(remark, name, document) for remark in remarks], ensure_ascii=False, indent=2))
    else:
        for remark in remarks:
            typer.echo(_as_line(remark, name, document))
        say(_summary(remarks))
    if any(remark.severity == "error" or (strict and remark.severity == "warning") for remark in remarks):
        raise typer.Exit(1)


def _line_of(remark: Remark, document: Document) -> int:
    return document.line((remark.side,) if remark.index is None else (remark.side, remark.index))


def _as_line(remark: Remark, source: str, document: Document) -> str:
    mend = f" Mend: {remark.mend}." if remark.mend else ""
    return (
        f"{source}:{_line_of(remark, document)}: {remark.severity}: {remark.kind}: "
        f"“{' '.join(remark.sentence.split())}” ({remark.side}): {remark.reason}{mend}"
    )


def _as_dict(remark: Remark, source: str, document: Document) -> dict[str, Any]:
    return {
        "file": source,
        "line": _line_of(remark, document),
        "side": remark.side,
        "index": remark.index,
        "sentence": remark.sentence,
        "kind": remark.kind,
        "severity": remark.severity,
        "reason": remark.reason,
        "mend": {"action": remark.mend.action, "text": remark.mend.text} if remark.mend else None,
    }


def _summary(remarks: tuple[Remark, ...]) -> str:
    counts = [(kind, sum(remark.severity == kind for remark in remarks)) for kind in ("error", "warning", "hint")]
    return ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts)
