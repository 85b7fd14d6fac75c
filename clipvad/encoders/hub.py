"""Where open_clip's published weights come from: the hub's cache on this machine, or a download that was asked for.

Importing this module imports neither torch nor open_clip, so `auto` can decide in milliseconds.
"""

from __future__ import annotations

import os
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clipvad.errors import EncoderError

Progress = Callable[[str, float], None]  # a sentence, and the part done in [0, 1]
REACH_S = 3.0  # a network that has not answered by then counts as none


def hub_files(model: str, tag: str) -> tuple[str, tuple[str, ...]]:
    """Repository and candidate file names, best first, of open_clip's weights `model`/`tag` on the hub.

    Raises `EncoderError` if open_clip does not know them, or publishes them elsewhere than on the hub.
    """
    import open_clip

    if model not in open_clip.list_models():
        raise EncoderError(
            f"open_clip has no model {model!r}. Examples: ViT-B-32-quickgelu, ViT-L-14, RN50; "
            "`python -c 'import open_clip; print(open_clip.list_models())'` prints all of them."
        )
    tags = open_clip.list_pretrained_tags_by_model(model)
    if tag not in tags:
        raise EncoderError(f"open_clip has no weights {tag!r} for {model}. Allowed: {', '.join(tags) or 'none'}.")
    repo, _, file = str(open_clip.get_pretrained_cfg(model, tag).get("hf_hub", "")).rpartition("/")
    if not repo:
        raise EncoderError(
            f"The weights {model}/{tag} are not published on the hub. "
            "Save the model to a folder and load it by 'open_clip:<folder>'."
        )
    if not file:
        return repo, ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
    stem, dot, ending = file.rpartition(".")
    return repo, (f"{stem}.safetensors", file) if ending in ("bin", "pth") else (f"{stem}{dot}{ending}",)


def find_weights(repo: str, files: tuple[str, ...], models_dir: Path | None = None) -> Path | None:
    """The first of `files` that is in the hub's cache or in `models_dir`, else None; uses no network."""
    from huggingface_hub import try_to_load_from_cache

    for folder in (models_dir, None):
        for name in files:
            found = try_to_load_from_cache(repo, name, cache_dir=folder)
            if isinstance(found, str):
                return Path(found)
    return None


def download_weights(
    repo: str, files: tuple[str, ...], models_dir: Path | None = None, progress: Progress | None = None
) -> Path:
    """Fetch the first of `files` that `repo` has. Raises `EncoderError` without a network, or if none exists."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    reason = why_no_download()
    if reason:
        raise EncoderError(
            f"The weights of {repo} are not on this machine, and {reason}. Use the encoder 'bundled', "
            "or a folder with a saved open_clip model ('open_clip:<folder>')."
        )
    for name in files:
        try:
            bar = _bar(repo, progress)
            return Path(hf_hub_download(repo, name, cache_dir=models_dir, endpoint=endpoint(), tqdm_class=bar))
        except EntryNotFoundError:
            continue
        except Exception as error:  # the hub raises errors of several libraries, all meaning: not fetched
            raise EncoderError(
                f"Could not download {repo}: {error}. Try again, or use the encoder 'bundled'."
            ) from error
    raise EncoderError(f"{repo} on the hub has none of {', '.join(files)}.")


def endpoint() -> str:
    """Address of the hub: `HF_ENDPOINT` from the environment, or the public one."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def why_no_download() -> str | None:
    """None if the hub answers within three seconds, else the reason why nothing can be downloaded."""
    for variable in ("CLIPVAD_OFFLINE", "HF_HUB_OFFLINE"):
        if os.environ.get(variable, "").strip().lower() in {"1", "true", "yes", "on"}:
            return f"{variable} is set, so nothing is downloaded"
    answer: list[bool] = []

    def ask() -> None:
        try:
            request = urllib.request.Request(endpoint(), method="HEAD")
            urllib.request.urlopen(request, timeout=REACH_S).close()
            answer.append(True)
        except (OSError, ValueError):
            pass

    # A thread, because the time limit of a socket does not cover the look-up of the host's name.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(REACH_S)
    return None if answer else f"{endpoint()} did not answer within three seconds"


def _bar(repo: str, progress: Progress | None) -> Any:
    """A tqdm class that tells `progress` of a download; silent if there is none."""
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)  # the hub's own bar takes it, tqdm does not
            super().__init__(*args, **{**kwargs, "file": open(os.devnull, "w"), "disable": False})  # noqa: SIM115

        def update(self, n: float | None = 1) -> Any:
            shown = super().update(n)
            if progress is not None and self.total:
                progress(f"Downloading {repo}", min(1.0, self.n / self.total))
            return shown

    return Bar
