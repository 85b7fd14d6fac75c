"""Whatever goes wrong between here and the server, as one sentence for the user and what to do about it."""

from __future__ import annotations

import email.utils
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import openai

from clipvad.llm.server import Server
from clipvad.llm.transport import ReplyTooLongError

RETRIED = (408, 409, 429, 500, 502, 503, 504, 529)
QUOTA = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")


@dataclass(frozen=True)
class Failure:
    """One failed try. `wait_s`: how long the server asks to be left alone, None if it does not say.

    `plain`: the server may have refused the JSON schema, so a request without it is worth a try.
    """

    message: str
    retry: bool = False
    wait_s: float | None = None
    plain: bool = False


def explain(error: Exception, server: Server) -> Failure:
    """What `error`, raised by the `openai` client, means to a user. Nothing of the error itself is kept."""
    host = f"The language model server {server.host}"
    if isinstance(error, openai.APIStatusError):
        return _status(error, server, host)
    if isinstance(error, ReplyTooLongError):
        return Failure(f"{host} sent far more than a draft needs and was cut off. Try again, or use another model.")
    if isinstance(error, openai.APIConnectionError):
        if type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout"):
            return Failure(
                f"{host} cannot be reached. Check OPENAI_BASE_URL, the network, and that the server runs.", retry=True
            )
        return Failure(f"{host} closed the connection in the middle of its reply. Try again.", retry=True)
    return Failure(f"{host} could not be asked ({type(error).__name__}). Check OPENAI_BASE_URL and OPENAI_API_KEY.")


def _status(error: openai.APIStatusError, server: Server, host: str) -> Failure:
    code, said = error.status_code, _excerpt(error, server)
    if code == 402 or error.code in QUOTA or error.type in QUOTA:
        return Failure(
            f"The account at {server.host} has no quota left. Check its plan and billing; waiting won't help."
        )
    if code == 401:  # what the server says here often holds a part of the key
        return Failure(f"{host} does not accept the key. Check OPENAI_API_KEY.")
    if code == 403:
        return Failure(f"{host} does not let this key use the model {server.model!r}. Check the account's rights.")
    if code == 404:
        return Failure(
            f"{host} knows no model {server.model!r}, or its API lies elsewhere. "
            "Check CLIPVAD_LLM_MODEL and OPENAI_BASE_URL (most end in /v1)."
        )
    if code == 429:
        wait = _retry_after(error.response.headers)
        return Failure(f"{host} has too many requests now. Try again in a minute.", retry=True, wait_s=wait)
    if code in RETRIED:
        wait = _retry_after(error.response.headers)
        return Failure(f"{host} has a fault of its own (status {code}). Try again later.", retry=True, wait_s=wait)
    return Failure(f"{host} refused the request (status {code}){said}.", plain=code in (400, 422))


def _excerpt(error: openai.APIStatusError, server: Server) -> str:
    """What the server says of it, at most 200 characters and never the key."""
    message = error.body.get("message") if isinstance(error.body, Mapping) else None
    text = " ".join(server.mask(str(message or "")).split())
    return f": {text[:200].rstrip('.')}" if text.isprintable() and text else ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date (RFC 9110, section 10.2.3)."""
    given = headers.get("retry-after", "")
    try:
        wait = float(given)
    except ValueError:
        date = email.utils.parsedate_tz(given)
        wait = email.utils.mktime_tz(date) - time.time() if date else math.nan
    return max(0.0, wait) if math.isfinite(wait) else None
