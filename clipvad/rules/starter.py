"""A rule file to begin with: a few sentences, and comments that say what else it can hold."""

from __future__ import annotations

import re
from dataclasses import replace

from clipvad.errors import RulesError
from clipvad.rules.schema import dump_rules
from clipvad.ruleset import Rule, RuleSet

_NORMAL = (("a person walking", "walking"), ("people standing and talking", "standing"))
_ABNORMAL = (
    ("a person running", "running"),
    ("a person lying on the ground", "lying"),
    ("two people fighting", "fighting"),
    ("flames and smoke", "fire"),
)
_COMMENTS = {
    "name": "A short name, for tables and file names; the title is what people read.",
    "templates": "Each sentence is put in place of {}; the results are averaged.",
    "normal": "What belongs here. One sentence a line: what a passer-by would say. Say what is seen, never what is\n"
    "not (“no helmet” reads like “helmet”). Name everything that is normal: whatever is missing here raises the curve.",
    "abnormal": "What should raise the curve. The category groups sentences of one kind.",
}
_MORE = """
# What else a rule file can say (docs/rule_files.md); remove the "# " to use it.
# smooth_s: 1.5                    # width of the sliding median, in seconds
# zones:                           # corners in shares of the picture: x to the right, y down
#   - name: bay
#     points: [[0.10, 0.55], [0.62, 0.55], [0.62, 0.98], [0.10, 0.98]]
# and of a sentence, beside text and category:
#   zones: bay                     # counts only for who stands in there
#   hours: 20:00-06:00             # counts only then
#   dwell_s: 30                    # counts after so many seconds
#   threshold: 0.7                 # its own threshold (abnormal only)
#   enabled: false                 # switched off
"""


def starter_rules(title: str, *, place: str = "", base: RuleSet | None = None) -> RuleSet:
    """A rule set called `title` for `place`: the sentences of `base`, or a few that fit most places.

    Raises `RulesError` for a title without a letter or a digit.
    """
    title = " ".join(title.split())
    name = re.sub(r"[\W_]+", "-", title.casefold()).strip("-")
    if not name:
        raise RulesError('The title names the place: write a few words, such as "Warehouse gate".')
    if base is not None:
        return replace(base, name=name, title=title, place=place or base.place)
    return RuleSet(
        name=name,
        title=title,
        place=place,
        normal=tuple(Rule(text=text, category=category) for text, category in _NORMAL),
        abnormal=tuple(Rule(text=text, category=category) for text, category in _ABNORMAL),
    )


def commented(rules: RuleSet) -> str:
    """Its rule file with comments on what each part is for; `parse_rules` gives the set back exactly."""
    lines = []
    for line in dump_rules(rules).removesuffix("\n").split("\n"):
        key = line.partition(":")[0]  # only the keys of the whole file begin a line
        lines += [f"# {comment}" for comment in _COMMENTS.get(key, "").splitlines()]
        lines.append(line)
    return "\n".join(lines) + "\n" + _MORE
