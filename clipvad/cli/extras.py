"""The small commands: what models and cached features there are, and the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from clipvad.cli.console import say
from clipvad.cli.options import CacheDirOption, ModelsDirOption, open_cache

if TYPE_CHECKING:
    from clipvad.detectors import Detector
    from clipvad.encoders.base import Encoder

cache_app = typer.Typer(no_args_is_help=True, help="The stored embeddings and detections.")


@cache_app.command("info")
def cache_info(cache_dir: CacheDirOption = None) -> None:
    """Where it is and how full."""
    cache = open_cache(cache_dir)
    entries, used = cache.size()
    typer.echo(f"{cache.folder}: {entries} entries, {used / 2**20:.1f} of {cache.max_bytes / 2**20:.0f} MB")


@cache_app.command("clear")
def cache_clear(cache_dir: CacheDirOption = None) -> None:
    """Delete every entry; the next analysis of a clip computes it again."""
    cache = open_cache(cache_dir)
    typer.echo(f"{cache.folder}: {cache.clear()} entries deleted")


def models(
    models_dir: ModelsDirOption = None,
) -> None:
    """The encoder and detector that `auto` picks here and now, the trained heads, and what is in the models folder."""
    from clipvad.detectors import load_detector
    from clipvad.encoders import load_encoder
    from clipvad.errors import ClipvadError
    from clipvad.settings import Settings

    settings = Settings.from_env()
    folder = models_dir or settings.models_dir
    loaders: tuple[tuple[str, Callable[[], Encoder | Detector]], ...] = (
        ("encoder", lambda: load_encoder("auto", device=settings.device, models_dir=folder)),
        ("detector", lambda: load_detector("auto", device=settings.device, models_dir=folder)),
    )
    for kind, load in loaders:
        try:
            use = load().use
        except ClipvadError as error:
            typer.echo(f"{kind}: none ({error})")
            continue
        typer.echo(f"{kind}: {use.label} ({use.device or settings.device})\n  id: {use.id}")
        if use.limits:
            typer.echo(f"  note: {use.limits}")
    _list_heads()
    found = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
    typer.echo(f"models folder: {folder}" + ("" if found else " (empty)"))
    for path in found:
        typer.echo(f"  {path.relative_to(folder)}  {path.stat().st_size / 2**20:.1f} MB")


def _list_heads() -> None:
    from clipvad.checkpoints import read_card
    from clipvad.scorers import shipped_heads

    for name, path in shipped_heads().items():
        card = read_card(path)
        typer.echo(f"head: {name} ({', '.join(card.get('classes', ()))})\n  for: {card['features']['encoder_id']}")
        if card.get("limits"):
            typer.echo(f"  note: {card['limits']}")


def serve(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="[default: 7860]")] = None,
) -> None:
    """Open the page; stop it with Ctrl-C."""
    from dataclasses import replace

    from clipvad.settings import Settings
    from clipvad.ui.app import serve as serve_page

    settings = Settings.from_env()
    settings = replace(settings, host=host or settings.host, port=port or settings.port)
    say(f"clipvad on http://{settings.host}:{settings.port}")
    serve_page(settings)
