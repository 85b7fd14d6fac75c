"""clipvad: say what is normal and what is not in a place; get an explained anomaly timeline of a clip."""

from clipvad.cache import Cache
from clipvad.core import Analysis, Event, Features, Progress, Rule, RuleSet, Scores, ScoreSettings
from clipvad.errors import ClipvadError
from clipvad.pipeline import Analyzer
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
