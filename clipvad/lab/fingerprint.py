"""What exactly ran, as a short hash: two rows with the same hash must have the same figures, times apart."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import clipvad
from clipvad.core import RuleSet
from clipvad.lab.tracks import Track
from clipvad.rules.schema import dump_rules

_NOT_MEASURED = ("ui", "cli", "synth")  # sub-packages that change no figure


def digest(what: Any) -> str:
    """The first 12 hex digits of the SHA-256 of plain data, whatever the order of its keys."""
    text = json.dumps(what, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@functools.cache
def code_hash() -> str:
    """Hash of this package's source as far as a figure depends on it: also right in a checkout with local changes."""
    root = Path(clipvad.__file__).parent
    files = sorted(path for path in root.rglob("*.py") if path.relative_to(root).parts[0] not in _NOT_MEASURED)
    return digest({path.relative_to(root).as_posix(): path.read_text("utf-8") for path in files})


def rules_hash(rules: Iterable[RuleSet]) -> str:
    """Hash of every sentence, category and template of the rule sets, as a set."""
    return digest(sorted({dump_rules(one) for one in rules}))


def data_hash(tracks: Iterable[Track]) -> str:
    """Hash of the videos' content and their labelled intervals; names and folders do not count."""
    return digest(sorted([track.sha256, *map(list, track.clip.entry.intervals)] for track in tracks))


def fingerprint(tracks: Iterable[Track], **more: Any) -> Mapping[str, Any]:
    """Everything that decides the figures of a row, JSON-ready; `hash` is that of all the rest."""
    tracks = list(tracks)
    ran = {
        **more,
        "version": clipvad.__version__,
        "code": code_hash(),
        "rules": rules_hash(track.clip.rules for track in tracks),
        "data": data_hash(tracks),
    }
    return {"hash": digest(ran), **ran}
