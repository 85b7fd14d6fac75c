"""Which language model is asked, from the environment alone: no page, file or option can set any of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from clipvad.errors import LLMError
from clipvad.settings import Settings

OPENAI_URL = "https://api.openai.com/v1"
MASK_FROM = 8  # shorter keys are dummies for local servers ("none"): masking such a word would spoil other text


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that speaks the chat completions API. `timeout_s` bounds one draft, retries and waiting included."""

    key: SecretStr
    model: str
    base_url: str = OPENAI_URL
    timeout_s: float = 120.0

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Server | None:
        """Read `OPENAI_API_KEY`, `OPENAI_BASE_URL` and `CLIPVAD_LLM_*`; None without a key.

        Raises `LLMError` if a key is given but cannot be used, or the model is not named.
        """
        key = env.get("OPENAI_API_KEY", "").strip()
        if not key:
            return None
        if not (key.isascii() and key.isprintable()):
            raise LLMError("OPENAI_API_KEY holds characters that no key has. Copy it again, without quotes or spaces.")
        settings = Settings.from_env(env)
        if not settings.llm_model:
            raise LLMError("OPENAI_API_KEY is set, but no model: name one of the server's in CLIPVAD_LLM_MODEL.")
        base_url = env.get("OPENAI_BASE_URL", "").strip() or OPENAI_URL
        _check_url(base_url)
        return cls(key=SecretStr(key), model=settings.llm_model, base_url=base_url, timeout_s=settings.llm_timeout_s)

    @property
    def host(self) -> str:
        """Where requests go, for people: host and port alone."""
        return urlsplit(self.base_url).netloc

    def mask(self, text: str) -> str:
        """`text` with the key blotted out, should a server send it back."""
        key = self.key.get_secret_value()
        return text.replace(key, "[key]") if len(key) >= MASK_FROM else text


def _check_url(base_url: str) -> None:
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        usable = False
    if not usable or base_url != base_url.encode("ascii", "ignore").decode():
        raise LLMError("OPENAI_BASE_URL is no web address. It looks like http://127.0.0.1:11434/v1.")
    if parts.username is not None or parts.password is not None:  # addresses get into logs
        raise LLMError("OPENAI_BASE_URL holds a user name or password. Take it out; the key goes into OPENAI_API_KEY.")
