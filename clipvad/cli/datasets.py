"""`clipvad datasets`: which data sets can be read, and what of one's files is missing or contradicts itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clipvad.cli.console import table_lines

if TYPE_CHECKING:
    from clipvad.datasets import DataSet

datasets_app = typer.Typer(no_args_is_help=True, help="Data sets for video-level models, as their own files have them.")


@datasets_app.command("list")
def list_datasets() -> None:
    """The kinds of data set, and what of each is read."""
    import inspect

    from clipvad.datasets import DATASETS

    rows = [[kind, str(inspect.getdoc(inspect.getmodule(reader))).splitlines()[0]] for kind, reader in DATASETS.items()]
    for line in table_lines(["kind", "what it is"], rows):
        typer.echo(line)


@datasets_app.command("check")
def check(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="One of `clipvad datasets list`.")],
    root: Annotated[Path, typer.Argument(metavar="DIR", help="Holds its files (of a manifest: the file itself).")],
    domain: Annotated[str | None, typer.Option("--domain", help="Street benchmark: whose labels.")] = None,
    videos: Annotated[
        Path | None, typer.Option("--videos", metavar="DIR", help="Take frame times from the videos found here.")
    ] = None,
    features: Annotated[
        Path | None, typer.Option("--features", metavar="STORE", help="Also check that these features fit.")
    ] = None,
) -> None:
    """Counts per split and class, and what is missing or inconsistent. Exit code 1 if something is inconsistent."""
    from clipvad.datasets import load_dataset

    given = {"domain": domain, "videos": videos}
    options = {name: value for name, value in given.items() if value is not None}
    if features is None:
        data = load_dataset(kind, root, **options)
    else:
        from clipvad.datasets.fit import check_features, load_for
        from clipvad.features import open_features

        source = open_features(features)
        data = check_features(load_for(source, kind, root, **options), source)
    _print(data)
    if data.contradictions:
        raise typer.Exit(1)


def _print(data: DataSet) -> None:
    counts = {split: Counter(video.label for video in data.of(split)) for split in ("train", "test")}
    classes = sorted(counts["train"] | counts["test"], key=lambda label: (label != "normal", label))
    rows = [[label, str(counts["train"][label]), str(counts["test"][label])] for label in classes]
    rows.append(["all", str(counts["train"].total()), str(counts["test"].total())])
    for line in table_lines(["class", "train", "test"], rows, right=(1, 2)):
        typer.echo(line)
    truths = [video.truth for video in data.of("test") if video.truth is not None]
    frames, abnormal = sum(len(truth.labels) for truth in truths), sum(int(truth.labels.sum()) for truth in truths)
    share = f"{abnormal:,} abnormal ({100 * abnormal / frames:.2f} %)" if frames else "none"
    typer.echo(f"\nFrames of {len(truths)} of {counts['test'].total()} test videos: {frames:,}, {share}")
    for remark in data.remarks:
        typer.echo(f"{'inconsistent' if remark in data.contradictions else 'missing'}: {remark}")
