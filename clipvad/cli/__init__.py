"""The command line: `clipvad score | compare | explain | evaluate | lab | synth | extract | train | test | reproduce |
manifest | datasets | rules | cache | models | serve`.

This module only names the commands and turns errors into one line and an exit code: 0 all went well, 1 a clip
failed (or a fault of the program), 2 the call or the configuration is wrong, 130 stopped by Ctrl-C. Whatever is
heavy is imported inside the commands, so `clipvad --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from clipvad.cli import (
    compare,
    datasets,
    evaluate,
    explain,
    extract,
    extras,
    lab,
    reproduce,
    rules,
    score,
    synth,
    train,
)
from clipvad.cli.console import print_error, unexpected
from clipvad.errors import ClipvadError

app = typer.Typer(
    name="clipvad",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # rich's own markup takes what stands in brackets out of a help text
    help="Describe what is normal and what is not; get an explained anomaly timeline of a surveillance clip.",
)
app.command("score")(score.score)
app.command("compare")(compare.compare)
app.command("explain")(explain.explain)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(evaluate.manifest_app, name="manifest")
app.add_typer(datasets.datasets_app, name="datasets")
app.add_typer(rules.rules_app, name="rules")
app.add_typer(extras.cache_app, name="cache")
app.command("lab")(lab.lab)
app.command("synth")(synth.synth)
app.command("extract")(extract.extract)
app.command("train")(train.train)
app.command("test")(train.measure)
app.command("reproduce")(reproduce.reproduce)
app.command("models")(extras.models)
app.command("serve")(extras.serve)


def main(argv: Sequence[str] | None = None) -> None:
    """Run `clipvad` with `argv` (default: the process's arguments) and exit."""
    command = typer.main.get_command(app)
    try:
        command.main(args=None if argv is None else list(argv), prog_name="clipvad")
    except ClipvadError as error:
        print_error(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        print_error(unexpected(error))
        sys.exit(1)


def _print_version(wanted: bool) -> None:
    if wanted:
        from clipvad import __version__

        typer.echo(f"clipvad {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass
