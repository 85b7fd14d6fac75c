"""Rule sets: sentences that say what is normal and what is not, as files and as a library."""

from clipvad.core import Rule, RuleSet
from clipvad.rules.library import library_dir, list_presets, load_rules
from clipvad.rules.schema import dump_rules, parse_rules

__all__ = ["Rule", "RuleSet", "dump_rules", "library_dir", "list_presets", "load_rules", "parse_rules"]
