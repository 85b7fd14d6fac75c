"""The HTTP client under the `openai` client, with a bound: no reply, not even an error's, fills the memory."""

from __future__ import annotations

from typing import Any

from openai import DefaultAsyncHttpxClient, OpenAIError

RECODED = ("content-encoding", "content-length", "transfer-encoding")  # no longer true of a body that has been read


class ReplyTooLongError(OpenAIError):
    """The server sent more than `max_bytes`."""


class BoundedClient(DefaultAsyncHttpxClient):
    """Reads at most `max_bytes` of any reply, then hangs up with `ReplyTooLongError`. Follows no redirect."""

    def __init__(self, *, max_bytes: int) -> None:
        super().__init__(follow_redirects=False)  # the words and pictures go to the operator's server, nowhere else
        self.max_bytes = max_bytes

    async def send(self, request: Any, *, stream: bool = False, **options: Any) -> Any:
        """The reply to `request`, read to its end."""
        response = await super().send(request, stream=True, **options)
        body = bytearray()
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > self.max_bytes:
                    raise ReplyTooLongError
        finally:
            await response.aclose()
        headers = [(name, value) for name, value in response.headers.multi_items() if name.lower() not in RECODED]
        return type(response)(response.status_code, headers=headers, content=bytes(body), request=request)
