"""Rule sets: sentences that say what is normal and what is not, as files and as a library."""

from clipvad.rules.library import library_dir, list_presets, load_rules, read_rules
from clipvad.rules.schema import dump_rules, parse_rules, rules_json_schema
from clipvad.ruleset import Hours, Rule, RuleSet, Zone

__all__ = [
    "Hours",
    "Rule",
    "RuleSet",
    "Zone",
    "dump_rules",
    "library_dir",
    "list_presets",
    "load_rules",
    "parse_rules",
    "read_rules",
    "rules_json_schema",
]
