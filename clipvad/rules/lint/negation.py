"""Sentences that say what is not there, and the positive wording where one is known.

An image-text model reads "a person without a helmet" much as "a person, a helmet": captions say what is in a picture.
"""

from __future__ import annotations

import re

from clipvad.rules.lint.remarks import Finding, replace_with
from clipvad.rules.lint.words import singular, with_article

# What is written on something in the picture denies nothing, nor does a number or a name.
_WRITTEN = re.compile(
    r"\"[^\"]*\"|“[^”]*”|(?<!\w)'[^']*'(?!\w)"
    r"|\b(?:says?|saying|reads?|reading|with the words?|called|named|titled)\b.*"
    r"|\b(?:no|not|do not|don't|never)\b(?:[ -]+\w+){1,2}[ -]+(?:sign|notice|poster|board|symbol|sticker|label)s?\b"
    r"|\bno\.? ?\d+"
    r"|\bmissing (?:a )?(?:person|child|dog|cat|tooth|teeth|leg|arm|finger)s?\b",
    re.IGNORECASE,
)
_CUE = re.compile(
    r"(?<![\w-])(?:no one|no|not|never|nobody(?:'s(?= \w+ing\b| (?:in|on|at|here|there)\b))?|none|nothing|nowhere"
    r"|neither|nor|without|cannot|\w+n't|isnt|arent|dont|doesnt|cant|lack of|lacks?|lacking|absence of|missing|except"
    r"|(?:other|rather) than|(?:anything|everything|all|nothing) but|instead of|free of|fail(?:s|ed|ing)? to"
    r"|unattended|unaccompanied|unsupervised|helmetless|maskless)(?![\w'-])"
    r"|\bno-\w+ (?:zone|area)\b",
)
_CONTRACTED = re.compile(r"\b(is|are|do|does|was|were|ca)n'?t\b")

# {} is who it is about. Keys are what is said to be missing.
_WORN = {
    "helmet": "bare-headed {}",
    "hard hat": "bare-headed {}",
    "safety helmet": "bare-headed {}",
    "mask": "{} with a bare face",
    "face mask": "{} with a bare face",
    "vest": "{} in a dark jacket",
    "safety vest": "{} in a dark jacket",
    "shirt": "shirtless {}",
    "shoe": "barefoot {}",
    "glove": "{} with bare hands",
}
_BARE = _WORN | {
    "leash": "{} running free",
    "light": "dark {}",
    "customer": "empty {}",
    "people": "empty {}",
    "passenger": "empty {}",
    "car": "empty {}",
}
_FORBIDDEN = {
    "entry": "a person standing in a closed area",
    "access": "a person standing in a closed area",
    "trespassing": "a person standing in a closed area",
    "parking": "a parked car",
    "smoking": "a person smoking a cigarette",
    "cycling": "a person riding a bicycle",
    "skating": "a person riding a skateboard",
    "photography": "a person taking a photo",
    "littering": "a person throwing litter on the ground",
}
_THINGS = "|".join(sorted(_BARE, key=len, reverse=True))
_WITHOUT = re.compile(
    r"(?:(?P<article>an?|the) )?(?P<who>(?!an?\b|the\b)\w+(?: \w+){0,2}?) (?:(?:who|that|which) )?"
    r"(?:is |are |does |do )?(?:without|with no|not wearing|not wear|wearing no|lacking|missing|has no|have no) "
    rf"(?:(?:an?|the|any|his|her|their) )?(?P<what>{_THINGS})s?\b(?: on(?= is| are|$))?"
    r"(?P<rest>(?: (?!and\b|or\b|but\b)\w+){0,8})"
)
_PLAINLY_WITHOUT = re.compile(
    rf"(?:(?:an? )?missing|no|without|lack of|not wearing) (?:an? )?(?P<what>{_THINGS})s?\b(?P<rest>(?: \w+){{0,8}})"
)
_EMPTY = re.compile(
    r"(?:there (?:is|are) )?(?:no one|nobody|nothing"
    r"|no (?:people|persons|pedestrians|customers|passengers|cars|vehicles))(?: is| are)? "
    r"(?:in|on|at|inside) (?:an?|the) (?P<place>\w+(?: \w+){0,2})"
)
_PROHIBITION = re.compile(r"no (?P<what>[a-z]+)(?: (?:allowed|permitted|for \w+))?(?P<rest>(?: \w+){0,5})")
_ALONE = re.compile(
    r"(?:(?P<article>an?|the) )?un(?:attended|accompanied|supervised) (?P<who>\w+)(?P<rest>(?: \w+){0,8})"
)


def find_negation(text: str) -> Finding | None:
    """What to say of a sentence that denies something; None if it does not."""
    said = _WRITTEN.sub(" ", text.replace("\u2019", "'")).lower()
    cue = _CUE.search(said)
    if cue is None:
        return None
    plain = _CONTRACTED.sub(r"\1 not", " ".join(re.findall(r"[\w'-]+", said)))
    better = positive_wording(plain)
    advice = "" if better else " Write what is there instead: what the place, the person or the thing looks like then."
    return Finding(
        kind="negation",
        severity="warning",
        reason=f"The model does not understand “{cue.group()}”: it looks for the very thing that is denied.{advice}",
        mend=replace_with(better) if better else None,
        words=(cue.group(),),
    )


def positive_wording(text: str) -> str:
    """A caption of what is there, for lower-case words with single spaces; "" where no table knows one."""
    text = re.sub(r"((?:an? )?)(helmet|mask)less (\w+)", r"\1\3 without \2", text)
    if match := _EMPTY.fullmatch(text):
        return f"an empty {match['place']}"
    if match := _PLAINLY_WITHOUT.fullmatch(text):
        return _bare(match["what"], "a", "person") + match["rest"] if match["what"] in _WORN else ""
    if match := _WITHOUT.fullmatch(text):
        return _bare(match["what"], match["article"] or "", match["who"]) + match["rest"]
    if match := _ALONE.fullmatch(text):
        article = f"{match['article']} " if match["article"] else ""
        article = "a " if article == "an " else article
        rest = match["rest"] or ("" if match["who"] in ("child", "children") else " on the ground")
        return f"{article}{match['who']} alone{rest}"
    if match := _PROHIBITION.fullmatch(text):
        return _forbidden(match["what"], match["rest"])
    return ""


def _forbidden(what: str, rest: str) -> str:
    if what in _FORBIDDEN:
        return _FORBIDDEN[what] + rest
    if what.endswith("ing"):
        return f"a person {what}{rest}"
    return with_article(singular(what)) if singular(what) != what and not rest else ""


def _bare(what: str, article: str, who: str) -> str:
    phrase = _BARE[what].format(who)
    if who == "people" or singular(who) != who:
        phrase = phrase.replace("a bare face", "bare faces").replace("a dark jacket", "dark jackets")
    return with_article(phrase) if article in ("a", "an") else f"{article} {phrase}".strip()
