"""Image-text encoders by name: `load_encoder("bundled")`, `"open_clip:ViT-B-32-quickgelu/openai"` or `"auto"`.

A new encoder is one file with a factory, and one line in `ENCODERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from clipvad.encoders.base import Encoder, EncoderCard, check_same_encoder
from clipvad.encoders.hub import Progress, download_weights, find_weights, hub_files, why_no_download
from clipvad.errors import EncoderError

__all__ = ["DEFAULT", "ENCODERS", "Encoder", "EncoderCard", "check_same_encoder", "load_encoder"]

DEFAULT = "ViT-B-32-quickgelu/openai"
BUNDLED = Path(__file__).parent / "bundled"
Factory = Callable[..., Encoder]  # (argument, *, device, precision, models_dir, progress)


def _bundled(argument: str, *, device: str, precision: str, **_: Any) -> Encoder:
    from clipvad.encoders.openclip import open_folder

    if argument:
        raise EncoderError(f"The bundled encoder takes no argument, got {argument!r}. Write just 'bundled'.")
    return open_folder(BUNDLED, device=device, precision=precision)


def _open_clip(
    argument: str, *, device: str, precision: str, models_dir: Path | None, progress: Progress | None
) -> Encoder:
    from clipvad.encoders.openclip import open_folder, open_published

    argument = argument or DEFAULT
    folder = Path(argument).expanduser()
    if folder.is_dir():
        return open_folder(folder.resolve(), device=device, precision=precision)
    model, _, tag = argument.partition("/")
    if not model or not tag:
        raise EncoderError(
            f"There is no folder {argument!r}, and it is no <model>/<pretrained> either. Example: open_clip:{DEFAULT}."
        )
    repo, files = hub_files(model, tag)
    weights = find_weights(repo, files, models_dir) or download_weights(repo, files, models_dir, progress)
    return open_published(model, tag, weights, device=device, precision=precision)


def _auto(argument: str, *, models_dir: Path | None, **kwargs: Any) -> Encoder:
    """The default CLIP if its weights are at hand or can be fetched, else the bundled encoder, which says why."""
    if argument:
        raise EncoderError(f"'auto' takes no argument, got {argument!r}.")
    reason = None if find_weights(*hub_files(*DEFAULT.split("/")), models_dir) else why_no_download()
    if reason is None:
        try:
            return _open_clip(DEFAULT, models_dir=models_dir, **kwargs)
        except EncoderError as error:  # a hub that answers and then fails, or a broken file, is no reason to stop
            reason = str(error).rstrip(".")
    encoder: Any = _bundled("", **kwargs)
    encoder.card = replace(encoder.card, limits=f"{encoder.card.limits} CLIP was not used: {reason}.")
    return encoder  # type: ignore[no-any-return]


ENCODERS: dict[str, Factory] = {"bundled": _bundled, "open_clip": _open_clip, "auto": _auto}


def load_encoder(
    spec: str = "auto",
    *,
    device: str = "auto",
    precision: str = "auto",
    models_dir: Path | str | None = None,
    progress: Progress | None = None,
) -> Encoder:
    """Load the encoder `spec`, `<kind>` or `<kind>:<argument>`.

    `bundled`: the small model of this project, no download. `open_clip:<model>/<pretrained>`: any open_clip model, from
    the hub's cache or the hub. `open_clip:<folder>`: a saved model. `auto`: CLIP if it is at hand or can be fetched,
    else bundled. `device`: auto, cpu, cuda, mps. `precision`: auto, fp32, bf16, fp16. `models_dir`: a further hub
    cache, downloads go there. `progress(sentence, part)` hears of downloads. Raises `EncoderError` for anything else.
    """
    kind, _, argument = spec.strip().partition(":")
    if kind not in ENCODERS:
        raise EncoderError(
            f"There is no encoder {spec!r}. Allowed: bundled, open_clip:<model>/<pretrained> "
            f"(such as open_clip:{DEFAULT}), open_clip:<folder>, auto."
        )
    return ENCODERS[kind](
        argument,
        device=device,
        precision=precision,
        models_dir=Path(models_dir) if models_dir else None,
        progress=progress,
    )
