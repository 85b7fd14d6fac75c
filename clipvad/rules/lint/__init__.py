"""The filter: what is wrong with the sentences of a rule set, and how to mend it (measured in docs/lint.md)."""

from clipvad.rules.lint.check import Filtered, filter_sentences, lint
from clipvad.rules.lint.remarks import DROPPED, Finding, Mend, Remark, Severity, Side

__all__ = ["DROPPED", "Filtered", "Finding", "Mend", "Remark", "Severity", "Side", "filter_sentences", "lint"]
