"""Asking the language model: one question, one answer, within a bounded time, and to be stopped at any moment.

The request runs on an event loop of its own, in the calling thread where that has none, because only there can it be
given up at once wherever it stands: looking up a name, waiting for a reply, or between two tries.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from clipvad.errors import LLMCancelledError, LLMError
from clipvad.llm.server import Server

if TYPE_CHECKING:
    from clipvad.llm.failures import Failure

Message = Mapping[str, Any]
Report = Callable[[str], None]

MAX_REPLY_BYTES = 2**20
MAX_TRIES = 3
FIRST_PAUSE_S = 0.5  # doubled after each try
LOOK_S = 0.05  # how often the stop event and the clock are looked at
STOPPED = "The draft was stopped."


def ask(
    server: Server,
    messages: Sequence[Message],
    *,
    schema: Mapping[str, Any],
    stop: threading.Event | None = None,
    report: Report = lambda note: None,
) -> str:
    """The body of the server's reply (a chat completion as JSON text), at most `MAX_REPLY_BYTES`.

    `schema`: the reply's JSON schema, sent as a strict response format, and left out for a server that refuses it.
    `report` is told in a few words what it waits for. Raises `LLMCancelledError` soon after `stop` is set, and
    `LLMError` for everything else, neither with the key nor with another exception attached.
    """
    if stop is not None and stop.is_set():  # nothing has been sent yet, and nothing is
        raise LLMCancelledError(STOPPED)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        answer = _run(server, messages, schema, stop, report)
    else:
        answer = _run_beside(server, messages, schema, stop or threading.Event(), report)
    if isinstance(answer, LLMError):  # raised here, out of every handler: a context would hold the request, and the key
        raise answer
    return answer


def _run(
    server: Server, messages: Sequence[Message], schema: Mapping[str, Any], stop: threading.Event | None, report: Report
) -> str | LLMError:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(_bounded(_tries(server, messages, schema, report), server, stop))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()  # asyncio.run would wait for a name look-up that hangs


def _run_beside(
    server: Server, messages: Sequence[Message], schema: Mapping[str, Any], stop: threading.Event, report: Report
) -> str | LLMError:
    """`_run` in a thread of its own, because another loop has this one, as in a notebook."""
    with ThreadPoolExecutor(1) as own:
        asked = own.submit(_run, server, messages, schema, stop, report)
        try:
            return asked.result()
        except BaseException:  # Ctrl-C: the executor waits for its thread
            stop.set()
            raise


async def _bounded(work: Any, server: Server, stop: threading.Event | None) -> str | LLMError:
    """The result of `work`, or an error once `stop` is set or the time is up."""
    task = asyncio.ensure_future(work)
    end = time.monotonic() + server.timeout_s
    while not task.done():
        await asyncio.wait({task}, timeout=LOOK_S)
        stopped = stop is not None and stop.is_set()
        if task.done() or not (stopped or time.monotonic() >= end):
            continue
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        if stopped:
            return LLMCancelledError(STOPPED)
        return LLMError(
            f"The language model server {server.host} gave no full reply within {server.timeout_s:g} s. Try again, "
            "use a faster model, or raise CLIPVAD_LLM_TIMEOUT_S."
        )
    result: str | LLMError = task.result()
    return result


async def _tries(
    server: Server, messages: Sequence[Message], schema: Mapping[str, Any], report: Report
) -> str | LLMError:
    """Up to `MAX_TRIES` tries with growing pauses; the schema is left out after a refusal that it may have caused."""
    end = time.monotonic() + server.timeout_s
    response_format: Mapping[str, Any] | None = {
        "type": "json_schema",
        "json_schema": {"name": "rules", "strict": True, "schema": schema},
    }
    failure = ""
    for number in range(MAX_TRIES):
        report(f"waiting for {server.model} at {server.host}")
        answer = await _once(server, messages, response_format)
        if isinstance(answer, str):
            return answer
        if answer.plain and response_format is not None:
            response_format = None
            continue
        if not answer.retry:
            return LLMError(answer.message)
        failure = answer.message
        if number == MAX_TRIES - 1:
            break
        pause = FIRST_PAUSE_S * 2**number if answer.wait_s is None else answer.wait_s
        if time.monotonic() + pause >= end:
            return LLMError(f"{failure} The next try would come too late, in {pause:.0f} s.")
        report(f"{server.host} is busy or at fault: next try in {pause:.0f} s")
        await asyncio.sleep(pause)
    return LLMError(f"{failure} It was tried {MAX_TRIES} times.")


async def _once(
    server: Server, messages: Sequence[Message], response_format: Mapping[str, Any] | None
) -> str | Failure:
    """One request. Any exception becomes a `Failure`: what the client raises may hold the request with its key."""
    import openai  # takes a second or more: only who drafts pays for it

    from clipvad.llm.failures import explain
    from clipvad.llm.transport import BoundedClient

    options: Any = {} if response_format is None else {"response_format": response_format}
    try:
        async with openai.AsyncOpenAI(
            api_key=server.key.get_secret_value(),
            base_url=server.base_url,
            timeout=server.timeout_s,
            max_retries=0,  # the client's own would also retry an empty account, and say nothing meanwhile
            http_client=BoundedClient(max_bytes=MAX_REPLY_BYTES),
        ) as client:
            chat: Any = client.chat.completions.with_raw_response
            reply = await chat.create(model=server.model, messages=messages, **options)
            return str(reply.text)
    except Exception as error:
        return explain(error, server)
