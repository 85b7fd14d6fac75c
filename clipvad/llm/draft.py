"""From a user's words to suggested sentences, by the operator's language model or, without one, by the library."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clipvad.errors import LLMError
from clipvad.llm.client import Report, ask
from clipvad.llm.library import draft_from_library
from clipvad.llm.prompt import Wish
from clipvad.llm.reply import Group, Reply, read_reply, reply_schema
from clipvad.llm.server import Server
from clipvad.llm.suggestions import Draft, Suggestion, sift
from clipvad.rules.lint import Side
from clipvad.ruleset import Hours, Rule, RuleSet

if TYPE_CHECKING:
    from clipvad.encoders.base import Encoder

MAX_TEXT, MAX_NAME = 300, 60  # characters of a sentence, of a category or zone


def draft_rules(
    place: str,
    *,
    forbidden: Sequence[str] = (),
    frames: Sequence[NDArray[np.uint8]] = (),
    policy: str = "",
    server: Server | None = None,
    beside: RuleSet | None = None,
    encoder: Encoder | None = None,
    stop: threading.Event | None = None,
    report: Report = lambda note: None,
) -> Draft:
    """Suggested sentences for `place`, in plain words, on both sides and by category.

    `forbidden`: things that are not allowed there. `policy`: see `draft_policy`. `frames`: up to 4 RGB uint8
    [H, W, 3] pictures; they leave the machine. `server` is asked (None: the one of the environment); without any, the
    library preset that fits the place best is the draft, and its `source` says so. `beside`: the rule set that the
    draft is to join; `encoder` lets the filter find sentences of the model that are alike. `stop` ends the request
    soon from another thread; `report` is told what is waited for. Raises `LLMError`, which says what to do.
    """
    wish = Wish(place=place, forbidden=forbidden, frames=frames, policy=policy)
    return draft(wish, server=server or Server.from_env(), beside=beside, encoder=encoder, stop=stop, report=report)


def draft_policy(
    policy: str,
    *,
    server: Server | None = None,
    beside: RuleSet | None = None,
    encoder: Encoder | None = None,
    stop: threading.Event | None = None,
    report: Report = lambda note: None,
) -> Draft:
    """A policy in plain words as positive sentences on both sides, with hours, dwell times and zones to draw.

    Such as "nobody in the loading bay after 20:00" or "no cycling, pushing a bicycle is fine". The other arguments are
    those of `draft_rules`. Raises `LLMError`, also if there is no language model to ask.
    """
    return draft(
        Wish(policy=policy),
        server=server or Server.from_env(),
        beside=beside,
        encoder=encoder,
        stop=stop,
        report=report,
    )


def draft(
    wish: Wish,
    *,
    server: Server | None,
    beside: RuleSet | None = None,
    encoder: Encoder | None = None,
    stop: threading.Event | None = None,
    report: Report = lambda note: None,
) -> Draft:
    """What `wish` asks for, from `server`, or from the library if that is None."""
    wish.check()
    if server is None:
        if wish.policy.strip():
            raise LLMError(
                "Only a language model can read a policy: set OPENAI_API_KEY and CLIPVAD_LLM_MODEL, or leave the "
                "policy out and draft from the library."
            )
        return draft_from_library(wish, beside=beside)
    messages = wish.messages(zones=[zone.name for zone in beside.zones] if beside is not None else ())
    reply = read_reply(ask(server, messages, schema=reply_schema(), stop=stop, report=report))
    pictures = f" and {len(wish.frames)} picture{'s'[: len(wish.frames) > 1]}" if wish.frames else ", no picture,"
    return Draft(
        source=f"Written by {server.model}. Your words{pictures} were sent to {server.host}.",
        suggestions=sift(_suggestions(reply), beside=beside, encoder=encoder),
        place=wish.place.strip(),
    )


def _suggestions(reply: Reply) -> Iterator[Suggestion]:
    sides: tuple[tuple[Side, list[Group]], ...] = (("normal", reply.normal), ("abnormal", reply.abnormal))
    for side, groups in sides:
        for group in groups:
            for sentence in group.sentences:
                text = _tidy(sentence)
                reason = f"It is longer than {MAX_TEXT} characters." if len(text) > MAX_TEXT else ""
                yield Suggestion(rule=_rule(text[:MAX_TEXT], group), side=side, reason=reason)


def _rule(text: str, group: Group) -> Rule:
    zone = _tidy(group.zone or "")[:MAX_NAME]
    return Rule(
        text=text,
        category=_tidy(group.category)[:MAX_NAME],
        zones=(zone,) if zone else (),
        hours=(_hours(group.hours),) if group.hours and group.hours.strip() else (),
        dwell_s=group.dwell_s or 0.0,
    )


def _hours(text: str) -> Hours:
    """`Hours` of "20:00-06:00", also written with other dashes or as "8:00 to 17:00"; checked with the rule set."""
    times = re.findall(r"\d{1,2}:\d\d", text)
    return Hours(start=times[0].zfill(5), end=times[1].zfill(5)) if len(times) == 2 else Hours.parse(_tidy(text)[:40])


def _tidy(text: str) -> str:
    """One printable line without quotes around it or a full stop behind it."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split()).strip("\"'“”").rstrip(".").strip()
