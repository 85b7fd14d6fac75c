"""What comes back: a chat completion that holds a JSON object, checked twice, or one clear error."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from clipvad.errors import LLMError

# Objects are closed and every key is required in the schema that is sent (strict servers ask for that); what a
# looser server adds or leaves out is no reason to refuse its reply.
_Closed = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": False})


class Group(BaseModel):
    """Captions of one category, and when and where they count."""

    model_config = _Closed
    category: str
    sentences: list[str]
    hours: str | None
    dwell_s: float | None
    zone: str | None

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, data: Any) -> Any:
        return (
            {"category": "", "hours": None, "dwell_s": None, "zone": None, **data} if isinstance(data, dict) else data
        )


class Reply(BaseModel):
    """Both sides."""

    model_config = _Closed
    normal: list[Group]
    abnormal: list[Group]


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)


def reply_schema() -> dict[str, Any]:
    """JSON schema of `Reply`, in the subset that strict structured output takes."""
    return Reply.model_json_schema()


def read_reply(body: str) -> Reply:
    """The reply inside the body of a chat completion. Raises `LLMError` for a refusal and for anything unusable."""
    try:
        choice = _Completion.model_validate_json(body).choices[0]
    except ValidationError:
        raise LLMError(
            "The server answered, but not as a chat completions API does. Check OPENAI_BASE_URL (most end in /v1)."
        ) from None
    text = choice.message.content or ""
    if choice.message.refusal or choice.finish_reason == "content_filter":
        why = " ".join((choice.message.refusal or "its content filter stopped the reply").split())[:200]
        raise LLMError(f"The language model refused to draft: {why}. Describe the place in other words.")
    if choice.finish_reason == "length":
        raise LLMError(
            "The language model's reply was cut off at its length limit. Ask for less, or use a model or server "
            "with a longer limit."
        )
    if not text.strip():
        raise LLMError("The language model's reply is empty. Try again, or use another model.")
    try:
        return Reply.model_validate(_json_object(text))
    except ValidationError as error:
        where = " > ".join(str(part) for part in error.errors()[0]["loc"])
        raise LLMError(
            f"The language model's reply does not have the form that was asked for (at {where or 'its top'!r}). "
            "Try again, or use a model that supports structured output."
        ) from None


def _json_object(text: str) -> Any:
    """The JSON object in `text`; fences, talk and thoughts around it are skipped."""
    start = text.find("{", text.rfind("</think>") + 1)
    try:
        return json.JSONDecoder().raw_decode(text, start)[0] if start >= 0 else None
    except (ValueError, RecursionError) as error:
        what = "ends in the middle" if _is_cut_off(error, text) else "is no valid JSON"
        raise LLMError(f"The language model's reply {what}. Try again, or use another model.") from None


def _is_cut_off(error: Exception, text: str) -> bool:
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or not text[error.pos :].strip("`\n ")
