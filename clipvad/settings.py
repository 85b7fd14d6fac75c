"""What an operator sets from outside: environment variables, read once, checked, with defaults."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_cache_path

from clipvad.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The operator's choices. Each field is `CLIPVAD_<NAME>` in the environment (see docs/settings.md)."""

    cache_dir: Path = field(default_factory=lambda: user_cache_path("clipvad"))
    cache_mb: int = 2048
    models_dir: Path = field(default_factory=lambda: user_cache_path("clipvad") / "models")
    encoder: str = "auto"
    detector: str = "auto"
    device: str = "auto"
    fps: float = 8.0
    offline: bool = False
    max_upload_mb: int = 500
    max_minutes: float = 60.0
    concurrency: int = 1
    llm_model: str = ""
    llm_timeout_s: float = 120.0
    llm_per_hour: int = 20
    host: str = "127.0.0.1"
    port: int = 7860

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read `CLIPVAD_*`, `HF_HUB_OFFLINE`, `GRADIO_SERVER_NAME` and `_PORT`; raise `SettingsError` if one is bad."""
        aliases = {"offline": "HF_HUB_OFFLINE", "host": "GRADIO_SERVER_NAME", "port": "GRADIO_SERVER_PORT"}
        given: dict[str, object] = {}
        for name, default in vars(cls()).items():
            variable = f"CLIPVAD_{name.upper()}"
            raw = env.get(variable) or env.get(aliases.get(name, ""), "")
            if raw:
                given[name] = _parse(variable, raw, type(default))
        if "host" not in given and env.get("SPACE_ID"):
            given["host"] = "0.0.0.0"  # a Space's proxy reaches the container from outside
        return cls(**given)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        for name in ("cache_mb", "fps", "max_upload_mb", "max_minutes", "concurrency", "llm_timeout_s", "llm_per_hour"):
            if not getattr(self, name) > 0:
                raise SettingsError(f"CLIPVAD_{name.upper()} must be above 0, got {getattr(self, name)}.")


def data_dir(name: str) -> Path:
    """A folder that comes with the program: beside the package in a checkout, under `share/clipvad` when installed."""
    checkout = Path(__file__).resolve().parents[1] / name
    return checkout if checkout.is_dir() else Path(sys.prefix) / "share" / "clipvad" / name


def _parse(variable: str, raw: str, kind: type) -> object:
    if kind is bool:
        return raw.strip().lower() not in ("0", "false", "no", "off")
    if issubclass(kind, Path):
        return Path(raw).expanduser()
    try:
        return {"int": int, "float": float, "str": str}[kind.__name__](raw)
    except ValueError:
        raise SettingsError(f"{variable}={raw!r} is not a valid {kind.__name__}.") from None
