"""The manifest of a feature store: how its features were made, and in which shard each video's are.

`manifest.json` is strict JSON, checked field by field on reading. `SCHEMA_VERSION` rises when a field changes its
meaning or goes away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from clipvad.errors import FeaturesError
from clipvad.features.base import FeatureSpec, Unit
from clipvad.files import write_atomic

MANIFEST = "manifest.json"
SCHEMA: Literal["clipvad.features"] = "clipvad.features"
SCHEMA_VERSION: Literal[1] = 1
SHARD_PATTERN = r"^(\d{6,})-(\d{6,})\.safetensors$"


class Entry(BaseModel):
    """One video. `shard`: the file that holds its arrays; `length`: T; `objects`: M, None for whole frames.

    `unit`, `end` as in `VideoFeatures`. `sha256`: of the source video's content, "" if unknown. `bytes`: of its arrays.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)

    name: Annotated[str, Field(min_length=1)]
    shard: Annotated[str, Field(pattern=SHARD_PATTERN)]  # a plain file name: nothing outside the folder is opened
    length: Annotated[int, Field(ge=1)]
    objects: Annotated[int, Field(ge=0)] | None = None
    unit: Unit = "s"
    end: float | None = None
    sha256: str = ""
    bytes: Annotated[int, Field(ge=0)]


class _Contents(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    schema_id: Annotated[Literal["clipvad.features"], Field(alias="schema")] = SCHEMA
    schema_version: Literal[1] = SCHEMA_VERSION
    spec: FeatureSpec
    videos: tuple[Entry, ...]


def read_store_manifest(folder: Path) -> tuple[FeatureSpec, dict[str, Entry]]:
    """How the features of a store were made, and its videos by name in order. Raises `FeaturesError`."""
    path = folder / MANIFEST
    try:
        raw = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise FeaturesError(
            f"{folder} is no feature store: it has no {MANIFEST}. Make one with: clipvad extract VIDEOS --out {folder}"
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        raise FeaturesError(f"{path} can't be read: {error}. {_MEND}") from None
    _check_version(path, raw)
    try:
        contents = _Contents.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FeaturesError(f"{path} is damaged at {where}: {first['msg']}. {_MEND}") from None
    except FeaturesError as error:
        raise FeaturesError(f"{path} is damaged at spec: {error} {_MEND}") from None
    videos = {entry.name: entry for entry in contents.videos}
    if len(videos) < len(contents.videos):
        raise FeaturesError(f"{path} is damaged: it lists a video twice. {_MEND}")
    return contents.spec, videos


def write_store_manifest(folder: Path, spec: FeatureSpec, videos: Iterable[Entry]) -> None:
    """Replace the manifest in one step. Raises `OSError`."""
    contents = _Contents(spec=spec, videos=tuple(videos))
    write_atomic(folder / MANIFEST, contents.model_dump_json(by_alias=True, indent=1) + "\n")


_MEND = "Restore it from a copy, or extract the features again into another folder."


def _check_version(path: Path, raw: Any) -> None:
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        raise FeaturesError(
            f'{path} is not the manifest of a feature store: it lacks "schema": "{SCHEMA}". Choose another folder.'
        )
    version = raw.get("schema_version")
    if version != SCHEMA_VERSION:
        raise FeaturesError(
            f"{path} has schema version {version!r}; this clipvad reads {SCHEMA_VERSION}. Update clipvad, or extract "
            "the features again into another folder."
        )
