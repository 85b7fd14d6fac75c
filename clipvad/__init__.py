"""clipvad: say what is normal and what is not in a place; get an explained anomaly timeline of a clip."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clipvad.cache import Cache
    from clipvad.core import Analysis, Event, Features, Rule, RuleSet, Scores, ScoreSettings
    from clipvad.errors import ClipvadError
    from clipvad.pipeline import Analyzer
    from clipvad.progress import Progress
    from clipvad.rules import load_rules

__version__ = "0.1.0"
__all__ = [
    "Analysis",
    "Analyzer",
    "Cache",
    "ClipvadError",
    "Event",
    "Features",
    "Progress",
    "Rule",
    "RuleSet",
    "ScoreSettings",
    "Scores",
    "__version__",
    "load_rules",
]
_HOMES = {
    "Analyzer": "pipeline",
    "Cache": "cache",
    "ClipvadError": "errors",
    "Progress": "progress",
    "load_rules": "rules",
}


def __getattr__(name: str) -> object:
    """Public names load on first use (PEP 562), so that `clipvad --help` need not import NumPy."""
    if name not in __all__:
        raise AttributeError(f"module 'clipvad' has no attribute {name!r}")
    return getattr(import_module(f"clipvad.{_HOMES.get(name, 'core')}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
