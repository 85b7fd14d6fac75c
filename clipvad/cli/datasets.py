"""`clipvad datasets`: which data sets can be read, and what of one's files is missing or contradicts itself."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clipvad.cli import console

if TYPE_CHECKING:
    from clipvad.datasets import DataSet, VideoTimes

DomainOption = Annotated[str | None, typer.Option("--domain", help="Street benchmark: whose labels.")]
VideosOption = Annotated[
    Path | None, typer.Option("--videos", metavar="DIR", help="Take frame times from the videos found here.")
]
FeaturesRootOption = Annotated[
    Path | None, typer.Option("--features-root", metavar="DIR", help="Where the files of a list of features lie.")
]
EncoderIdOption = Annotated[
    str | None, typer.Option("--encoder-id", metavar="NAME", help="What made the features, where they don't say it.")
]

datasets_app = typer.Typer(no_args_is_help=True, help="Data sets for video-level models, as their own files have them.")


@datasets_app.command("list")
def list_datasets() -> None:
    """The kinds of data set, and what of each is read."""
    import inspect

    from clipvad.datasets import DATASETS

    rows = [[kind, str(inspect.getdoc(inspect.getmodule(reader))).splitlines()[0]] for kind, reader in DATASETS.items()]
    for line in console.table_lines(["kind", "what it is"], rows):
        typer.echo(line)


@datasets_app.command("check")
def check(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="One of `clipvad datasets list`.")],
    root: Annotated[Path, typer.Argument(metavar="DIR", help="Holds its files (of a manifest: the file itself).")],
    domain: DomainOption = None,
    videos: VideosOption = None,
    features: Annotated[
        list[Path] | None,
        typer.Option("--features", metavar="STORE", help="Also check that these features fit; may be repeated."),
    ] = None,
    features_root: FeaturesRootOption = None,
    encoder_id: EncoderIdOption = None,
) -> None:
    """Counts per split and class, and what is missing or inconsistent. Exit code 1 if something is inconsistent."""
    from clipvad.datasets import load_dataset
    from clipvad.datasets.fit import check_features, load_for
    from clipvad.features import open_features

    source = open_features(features, root=features_root, encoder_id=encoder_id) if features else None
    with reader_options(domain, videos) as options:
        data = load_dataset(kind, root, **options) if source is None else load_for(source, kind, root, **options)
    if source is not None:
        data = check_features(data, source)
    _print(data)
    if data.contradictions:
        raise typer.Exit(1)


@contextlib.contextmanager
def reader_options(domain: str | None, videos: Path | None) -> Iterator[dict[str, Any]]:
    """The options of `load_dataset` that were given; says how far the videos are read."""
    with _times_of(videos) as times:
        yield {name: value for name, value in (("domain", domain), ("videos", times)) if value is not None}


@contextlib.contextmanager
def _times_of(videos: Path | None) -> Iterator[VideoTimes | None]:
    """The videos under a folder, saying how far they are read."""
    from clipvad.datasets import VideoTimes
    from clipvad.progress import Progress

    if videos is None:
        yield None
        return
    with console.progress_of(f"frame times of {videos.name}") as report:
        yield VideoTimes(
            videos,
            on_video=lambda done, total: report(
                Progress(stage=f"{done}/{total} videos", done_s=done, total_s=total, frames=0, frames_per_s=0)
            ),
        )


def _print(data: DataSet) -> None:
    counts = {split: Counter(video.label for video in data.of(split)) for split in ("train", "test")}
    classes = sorted(counts["train"] | counts["test"], key=lambda label: (label != "normal", label))
    rows = [[label, str(counts["train"][label]), str(counts["test"][label])] for label in classes]
    rows.append(["all", str(counts["train"].total()), str(counts["test"].total())])
    for line in console.table_lines(["class", "train", "test"], rows, right=(1, 2)):
        typer.echo(line)
    truths = [video.truth for video in data.of("test") if video.truth is not None]
    frames, abnormal = sum(len(truth.labels) for truth in truths), sum(int(truth.labels.sum()) for truth in truths)
    share = f"{abnormal:,} abnormal ({100 * abnormal / frames:.2f} %)" if frames else "none"
    typer.echo(f"\nFrames of {len(truths)} of {counts['test'].total()} test videos: {frames:,}, {share}")
    for remark in data.remarks:
        typer.echo(f"{'inconsistent' if remark in data.contradictions else 'missing'}: {remark}")
