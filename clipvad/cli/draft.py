"""`clipvad rules draft`: suggested sentences for a place, from a language model or from the prompt library."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clipvad.cli.console import say, table_lines
from clipvad.errors import SettingsError

if TYPE_CHECKING:
    from clipvad.llm import Draft, DraftJob, Server, Suggestion, Wish
    from clipvad.ruleset import Rule

LOOK_S = 0.1  # how often the note of a running draft is looked at


def draft(
    place: Annotated[str, typer.Argument(help="The place in plain words.")] = "",
    forbid: Annotated[
        list[str] | None, typer.Option(metavar="TEXT", help="What is not allowed there; repeat it.")
    ] = None,
    policy: Annotated[str, typer.Option(metavar="TEXT", help='Such as "nobody in the loading bay after 20:00".')] = "",
    frame: Annotated[
        list[Path] | None, typer.Option(metavar="PICTURE", help="A picture of the place, to be sent too; up to 4.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write what is kept as a new rule file.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="In the file, list what was dropped as comments.")] = False,
    encoder: Annotated[
        str, typer.Option("--encoder", help="Whose words and similarities the filter goes by, as for `score`.")
    ] = "bundled",
) -> None:
    """Suggest normal and abnormal sentences; review them before use.

    The words, and the pictures if any are given, go to the server that OPENAI_API_KEY, OPENAI_BASE_URL and
    CLIPVAD_LLM_MODEL name. Without a key nothing leaves the machine, and the library preset that fits best is shown.
    """
    from clipvad.encoders import load_encoder
    from clipvad.llm import DraftJob, Server, Wish, read_picture

    if out is not None and out.exists():
        raise SettingsError(f"--out {out} is there already. Choose another name: a reviewed file is not overwritten.")
    server = Server.from_env()
    pictures = [read_picture(path) for path in frame or ()]
    wish = Wish(place=place, forbidden=tuple(forbid or ()), policy=policy, frames=pictures).check()
    say(_where_it_goes(wish, server))
    judge = load_encoder(encoder, device="cpu") if server is not None else None  # a preset is taken as it is
    made = _finished(DraftJob(wish, server=server, encoder=judge))
    _print(made)
    if out is not None:
        _write(out, made, dropped=everything)


def _where_it_goes(wish: Wish, server: Server | None) -> str:
    if server is None:
        return "OPENAI_API_KEY is not set: drafting from the library, nothing leaves this machine"
    count = len(wish.frames)
    pictures = f"{count} picture{'s' if count > 1 else ''}" if count else "no picture"
    return f"sending your words and {pictures} to {server.host}"


def _finished(job: DraftJob) -> Draft:
    """The job's draft; tells what it waits for, and hangs up on Ctrl-C."""
    told = ""
    try:
        while not job.wait(LOOK_S):
            if job.note != told:
                told = job.note
                say(told)
    finally:
        job.cancel()
        job.wait()
    return job.result()


def _print(made: Draft) -> None:
    typer.echo(made.source)
    for side in ("normal", "abnormal"):
        kept = [one.rule for one in made.suggestions if one.kept and one.side == side]
        rows = [[rule.text, rule.category, _conditions(rule)] for rule in kept]
        typer.echo("")
        for line in table_lines([f"{side} ({len(kept)})", "category", "counts only"], rows):
            typer.echo(line)
    dropped = [[one.rule.text, one.side, _why(one)] for one in made.suggestions if not one.kept]
    if dropped:
        typer.echo("")
        for line in table_lines([f"dropped ({len(dropped)})", "side", "reason"], dropped):
            typer.echo(line)
    if made.zones:
        typer.echo(f"\nzones to draw: {', '.join(made.zones)} (each is the whole picture until then)")


def _conditions(rule: Rule) -> str:
    parts = [str(hours) for hours in rule.hours]
    parts += [f"after {rule.dwell_s:g} s"] if rule.dwell_s else []
    return ", ".join([*parts, *(f"in {zone}" for zone in rule.zones)])


def _why(one: Suggestion) -> str:
    return f"{one.reason} ({one.mend})" if one.mend else one.reason


def _write(out: Path, made: Draft, *, dropped: bool) -> None:
    from clipvad.rules import dump_rules

    rules = made.rule_set(made.accept(), name=out.stem).check()
    comments = [f"# dropped, {one.side}: {one.rule.text} - {_why(one)}\n" for one in made.suggestions if not one.kept]
    try:
        out.write_text(dump_rules(rules) + "".join(comments if dropped else ()), encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"--out {out} cannot be written: {error.strerror or error}. Choose another.") from None
    say(
        f"{out}: {len(rules.normal)} normal, {len(rules.abnormal)} abnormal sentences. Read them before you trust them."
    )
