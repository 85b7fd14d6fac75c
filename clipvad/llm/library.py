"""Drafting without a language model: the preset of the prompt library whose words fit the place best."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from clipvad.errors import LLMError
from clipvad.llm.prompt import Wish
from clipvad.llm.suggestions import Draft, Suggestion, sift
from clipvad.rules import RuleSet, list_presets, load_rules
from clipvad.ruleset import Rule

NAMING, DESCRIBING, SENTENCE = 3.0, 1.0, 0.3  # what a shared word weighs by where the preset has it
STOP_WORDS = (
    "a an and are as at be best but by for from has in inside into is it its may no nobody not of on one only onto or "
    "our outside people person seen that the their them there they this to use very we where which who with"
)


def draft_from_library(wish: Wish, *, beside: RuleSet | None = None) -> Draft:
    """The preset that fits `wish.place` best, and what other presets say of the forbidden things.

    A word counts by where the preset has it and by how few presets share it. The same words give the same draft.
    Presets were tried as a whole: the filter looks at their language and at `beside`, not at what is alike in them.
    Raises `LLMError` if no preset shares a word with the place.
    """
    presets = [load_rules(name) for name in list_presets()]
    best = _best(presets, wish.place)
    library = [rule for preset in (best, *presets) for rule in preset.abnormal]
    about = {thing: [rule for rule in library if _speaks_of(rule, thing)] for thing in wish.forbidden}
    suggestions = [Suggestion(rule=rule, side="normal", reason=_against(rule, about)) for rule in best.normal]
    suggestions += [Suggestion(rule=rule, side="abnormal") for rule in best.abnormal]
    own = {rule.text for rule in best.abnormal}
    added = {rule.text: rule for rules in about.values() for rule in rules if rule.text not in own}
    suggestions += [Suggestion(rule=rule, side="abnormal") for rule in added.values()]
    source = f"From the library preset {best.name!r}; no language model was asked and nothing was sent."
    if missing := [thing for thing in about if not about[thing]]:
        source += f" The library has nothing about: {', '.join(missing)}."
    suggested = sift(map(_switched_on, suggestions), beside=beside)
    return Draft(source=source, suggestions=suggested, place=wish.place.strip())


def _best(presets: list[RuleSet], place: str) -> RuleSet:
    weights = {preset.name: _weights(preset) for preset in presets}
    spread = Counter(word for weight in weights.values() for word in weight)
    scores = {
        preset.name: sum(weights[preset.name].get(word, 0.0) / spread[word] for word in _words(place) if spread[word])
        for preset in presets
    }
    best = max(presets, key=lambda preset: scores[preset.name])  # the first by name among equals
    if scores[best.name] == 0:
        raise LLMError(
            f"No preset of the library fits {place!r}. Name the kind of place (there are: "
            f"{', '.join(preset.title for preset in presets)}), or set OPENAI_API_KEY to have rules written for it."
        )
    return best


def _weights(preset: RuleSet) -> dict[str, float]:
    sentences = (rule.text for rule in (*preset.normal, *preset.abnormal))
    parts = (
        (sentences, SENTENCE),
        ([preset.description], DESCRIBING),
        ([preset.name, preset.title, preset.place], NAMING),
    )
    return {word: weight for texts, weight in parts for word in _words(" ".join(texts))}


def _against(rule: Rule, about: Mapping[str, Iterable[Rule]]) -> str:
    """Why a normal sentence cannot stay: it speaks of a forbidden thing, or says what an abnormal one about it says."""
    for thing, rules in about.items():
        if _speaks_of(rule, thing) or any(_words(one.text) <= _words(rule.text) for one in rules):
            return f"You forbid {thing!r}."
    return ""


def _switched_on(one: Suggestion) -> Suggestion:
    reason = one.reason or ("" if one.rule.enabled else "The preset has it switched off.")
    return replace(one, rule=replace(one.rule, enabled=True), reason=reason)


def _speaks_of(rule: Rule, thing: str) -> bool:
    words = _words(thing)
    return bool(words) and words <= _words(f"{rule.text} {rule.category}")


def _words(text: str) -> set[str]:
    """The words that carry meaning, without the endings of number and form: "parking" and "parked" meet in "park"."""
    found = set(re.findall(r"[^\W\d_]+", text.casefold())) - set(STOP_WORDS.split())
    return {re.sub(r"(?<=\w{3})(ings?|ed|es|e|s)$", "", word) for word in found}
