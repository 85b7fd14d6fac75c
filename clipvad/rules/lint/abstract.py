"""Sentences about what people think of a scene instead of what a picture of it shows."""

from __future__ import annotations

import re
from itertools import pairwise

from clipvad.rules.lint.remarks import Finding, replace_with
from clipvad.rules.lint.words import singular, split_words, with_article


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Nouns that no picture shows. A few stand in the name of a thing: a crime scene, a danger sign, hazard lights.
_NOUNS = _words(
    """
    behaviour behavior activity event anomaly situation incident crime offence offense violation misconduct threat
    danger risk hazard emergency intent intention conduct circumstance occurrence irregularity disorder wrongdoing
    breach problem trouble condition access entry misbehaviour misbehavior criminal violence policy
    """
)
_MAKES_A_THING = _words(
    """
    scene sign light tape exit vehicle door button tent hall stage car van truck room stairs staircase shirt lane
    phone brake telephone ward gate system point road card record ticket board poster court ramp hammer
    """
)
# Judgements: they say how somebody finds it.
_JUDGEMENTS = _words(
    """
    suspicious suspiciously abnormal abnormally anomalous unusual unusually strange strangely weird dangerous
    dangerously unsafe illegal illegally unlawful criminal unauthorised unauthorized inappropriate inappropriately
    improper prohibited forbidden permitted antisocial malicious hazardous irregular unexpected normal normally
    ordinary typical usual regular potential restricted
    """
)
# Words that leave nothing to see once the judgement is gone.
_GENERAL = _words(
    """
    a an the of in on at to by with and or is are be being going happening there something anything everything someone
    somebody person people man woman human individual group crowd act action acting behave behaving do doing look
    looking moving thing life everyday public safety security progress violating breaking rule law bad place area
    scene picture frame video camera street park lot shop store station platform building walkway crossing entrance
    counter night day
    """
)


_PLACE = re.compile(r"\b(?:car park|car parks|parking lot|parking garage)\b")  # one word each, and no car to be seen
_PREPOSITION = re.compile(
    r"\b(?:in|into|on|at|near|beside|behind|between|around|inside|outside|during|by|with|from|across)\b"
)


def find_abstract(text: str) -> Finding | None:
    """What to say of a sentence that holds an opinion and nothing, or little, to see; None if it holds none.

    What an abstract noun heads ("suspicious behaviour beside a car") shows nothing, whatever stands around it.
    """
    plain = _PLACE.sub("place", text.lower())
    nouns, judged, seen = _sorted_out(plain)
    if not nouns | judged:
        return None
    head_nouns, _, head_seen = _sorted_out(_PREPOSITION.split(plain)[0])
    named = next(word for word in map(singular, split_words(plain)) if word in nouns | judged)
    if seen and not (head_nouns and not head_seen):
        return _needless(text, named) if not nouns else None
    return Finding(
        kind="abstract",
        severity="warning",
        reason=f"No picture shows “{named}”: it is what people make of a scene. Say who does what, and where.",
        words=(named,),
    )


def _sorted_out(text: str) -> tuple[set[str], set[str], set[str]]:
    """Abstract nouns, judgements, and what a picture can show, each in the singular."""
    words = [singular(word) for word in split_words(text)]
    pairs = list(pairwise([*words, ""]))
    nouns = {word for word, after in pairs if word in _NOUNS and after not in _MAKES_A_THING}
    judged = {word for word in words if word in _JUDGEMENTS}
    return nouns, judged, set(words) - _NOUNS - _JUDGEMENTS - _GENERAL


def _needless(text: str, word: str) -> Finding:
    """A judgement beside something visible: the sentence works, better without it."""
    rest = re.sub(rf"\b(?:(an?)\s+)?{re.escape(word)}\b\s*(\w*)", _without, text, count=1, flags=re.IGNORECASE)
    rest = " ".join(rest.split())
    return Finding(
        kind="abstract",
        severity="hint",
        reason=f"“{word}” cannot be seen and does nothing.",
        mend=replace_with(rest) if rest and rest != text else None,
        words=(word,),
    )


def _without(match: re.Match[str]) -> str:
    return with_article(match[2]) if match[1] and match[2] else match[2]
