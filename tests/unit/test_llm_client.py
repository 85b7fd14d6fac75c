"""Asking a language model over real HTTP, through the real client: what is sent, what comes back, what goes wrong."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import re
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from clipvad.errors import LLMCancelledError, LLMError
from clipvad.llm import DraftJob, DraftLimit, Server, Wish, draft_policy, draft_rules
from clipvad.llm.client import ask
from clipvad.llm.reply import reply_schema
from tests import llm_server
from tests.llm_server import GOOD, KEY, Answer, fails, llm, says

pytest.importorskip("openai")  # so that its import, which takes seconds, is in no test's time


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clipvad.llm.client.FIRST_PAUSE_S", 0.02)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(autouse=True)
def _no_key_anywhere(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Whatever a test of this file does, at the most talkative log level, the key is in no stream and no log."""
    monkeypatch.setenv("OPENAI_LOG", "debug")
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "httpx", "httpx2", "httpcore", "httpcore2", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    yield
    streams = capfd.readouterr()
    for text in (streams.out, streams.err, caplog.text, *(repr(vars(record)) for record in caplog.records)):
        assert KEY not in text


def message_of(call: Callable[[], object]) -> str:
    """The `LLMError` of `call`, after a look at all that hangs on it."""
    with pytest.raises(LLMError) as caught:
        call()
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    while error is not None:
        assert KEY not in f"{error} {error!r} {error.args} {vars(error)}"
        error = error.__context__  # type: ignore[assignment]
    assert KEY not in shown
    return str(caught.value)


def failure(*answers: Answer, timeout_s: float = 30.0) -> tuple[str, int]:
    """The message to the user, and how many requests there were."""
    with llm(*answers) as fake:
        server = fake.server(timeout_s=timeout_s)
        return message_of(lambda: draft_rules("a yard", server=server)), len(fake.requests)


def test_a_good_reply_becomes_suggestions_on_both_sides() -> None:
    with llm(says()) as fake:
        draft = draft_rules("the gate of a campus", forbidden=["cycling"], server=fake.server())
    assert [(one.side, one.rule.text, one.rule.category) for one in draft.suggestions] == [
        ("normal", "a person walking", "walking"),
        ("normal", "a person pushing a bicycle", "walking"),
        ("abnormal", "a person riding a bicycle", "cycling"),
        ("abnormal", "a person", "night"),
    ]
    night = draft.suggestions[3].rule
    assert (str(night.hours[0]), night.dwell_s, night.zones) == ("20:00-06:00", 5.0, ("loading bay",))
    assert all(one.kept and not one.reason for one in draft.suggestions)
    assert draft.source.startswith("Written by tiny-model. Your words, no picture, were sent to 127.0.0.1:")


def test_what_is_sent_is_the_model_the_words_and_a_strict_schema_and_nothing_else() -> None:
    with llm(says()) as fake:
        draft_rules("the gate of a campus", forbidden=["cycling", " "], policy="quiet at night", server=fake.server())
    (request,) = fake.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in request.raw
    assert set(request.body) == {"model", "messages", "response_format"}
    assert request.body["model"] == "tiny-model"
    assert request.body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "rules", "strict": True, "schema": reply_schema()},
    }
    system, user = request.body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert user["content"] == (
        "Place: the gate of a campus\nForbidden there:\n- cycling\n"
        "Policy, to be covered sentence by sentence:\nquiet at night"
    )
    assert "image" not in request.raw.replace("image-text model", "")


def test_the_schema_is_one_that_strict_servers_take() -> None:
    schema = reply_schema()
    objects = [schema, *schema["$defs"].values()]
    assert len(objects) == 2
    for each in objects:
        assert each["additionalProperties"] is False
        assert sorted(each["required"]) == sorted(each["properties"])
        assert not any("default" in field for field in each["properties"].values())


def test_frames_are_sent_small_and_only_if_given() -> None:
    frames = [np.full((720, 1280, 3), (200, 30, 30), np.uint8), np.zeros((100, 60, 3), np.uint8)]
    with llm(says()) as fake:
        draft = draft_rules("a yard", frames=frames, server=fake.server())
    text, *pictures = fake.requests[0].body["messages"][1]["content"]
    assert text["text"].startswith("Place: a yard")
    assert [part["type"] for part in pictures] == ["image_url", "image_url"]
    sent = []
    for part in pictures:
        kind, _, data = part["image_url"]["url"].partition(",")
        assert kind == "data:image/jpeg;base64"
        sent.append(cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR))
    assert [picture.shape for picture in sent] == [(288, 512, 3), (100, 60, 3)]  # 720 * 512 / 1280; small ones stay
    np.testing.assert_allclose(sent[0][100, 100], (30, 30, 200), atol=6)  # OpenCV reads blue first: red stayed red
    assert "Your words and 2 pictures were sent to" in draft.source


def test_a_server_without_structured_output_is_asked_again_in_plain_words() -> None:
    talk = f"<think>a yard {{or so}}</think>Here you are:\n```json\n{json.dumps(GOOD)}\n```\nGood luck!"
    with llm(fails(400, "response_format json_schema is not supported"), says(talk)) as fake:
        draft = draft_rules("a yard", server=fake.server())
    assert "response_format" in fake.requests[0].body
    assert "response_format" not in fake.requests[1].body
    assert len(draft.suggestions) == 4


def test_a_busy_server_is_asked_again_after_the_time_it_names() -> None:
    notes: list[str] = []
    with llm(fails(429, Retry_After="0.3"), says()) as fake:
        began = time.monotonic()
        draft = draft_rules("a yard", server=fake.server(), report=notes.append)
        assert time.monotonic() - began >= 0.3
    assert (len(fake.requests), len(draft.suggestions)) == (2, 4)
    assert [note.split(" ")[0] for note in notes] == ["waiting", fake.server().host, "waiting"]


@pytest.mark.parametrize("bad", [fails(500), fails(503), llm_server.hangs_up], ids=["500", "503", "hangs up"])
def test_a_fault_that_passes_is_not_noticed(bad: Answer) -> None:
    with llm(bad, says()) as fake:
        assert len(draft_rules("a yard", server=fake.server()).suggestions) == 4


@pytest.mark.parametrize(
    ("answer", "says_so", "requests"),
    [
        (fails(500), r"has a fault of its own \(status 500\). Try again later. It was tried 3 times", 3),
        (fails(429), r"too many requests.*It was tried 3 times", 3),
        (fails(429, Retry_After="3600"), r"too many requests.*too late, in 3600 s", 1),
        (fails(429, Retry_After="Sat, 01 Jan 2101 00:00:00 GMT"), r"too many requests.*too late, in \d{9,} s", 1),
        (fails(429, code="insufficient_quota"), r"has no quota left. Check its plan", 1),
        (fails(402), r"has no quota left", 1),
        (fails(401, f"Incorrect API key provided: {KEY}"), r"does not accept the key. Check OPENAI_API_KEY.$", 1),
        (fails(403), r"does not let this key use the model 'tiny-model'", 1),
        (fails(404), r"knows no model 'tiny-model'.*Check CLIPVAD_LLM_MODEL", 1),
        (fails(400, "too many pictures"), r"refused the request \(status 400\): too many pictures\.$", 2),
        (fails(418, f"I hold {KEY}!"), r"refused the request \(status 418\): I hold \[key\]!\.$", 1),
        (fails(307, Location="http://127.0.0.1:9/"), r"refused the request \(status 307\)", 1),
        (llm_server.hangs_up, r"closed the connection in the middle of its reply.*tried 3 times", 3),
        (llm_server.floods, r"sent far more than a draft needs and was cut off", 1),
        (says(None, refusal="I cannot help with that."), r"refused to draft: I cannot help with that\.", 1),
        (says(None, finish_reason="content_filter"), r"refused to draft: its content filter", 1),
        (says('{"normal": [{"cat', finish_reason="length"), r"cut off at its length limit", 1),
        (says('{"normal": [{"cat'), r"reply ends in the middle", 1),
        (says('{"normal": [}'), r"reply is no valid JSON", 1),
        (says("[" * 100_000 + "{" + '"a":{' * 100_000), r"reply is no valid JSON", 1),
        (says("I would rather not."), r"does not have the form that was asked for \(at 'its top'\)", 1),
        (says({"normal": [], "rules": []}), r"form that was asked for \(at 'abnormal'\)", 1),
        (says({"normal": [{"sentences": "all"}], "abnormal": []}), r"\(at 'normal > 0 > sentences'\)", 1),
        (says(""), r"reply is empty", 1),
        (lambda it: it.send(200, b"<html>hello</html>", Content_Type="text/html"), r"not as a chat completions API", 1),
        (lambda it: it.send(200, b'{"choices": []}'), r"not as a chat completions API", 1),
        (lambda it: it.send(200, b"\xff\xfe"), r"not as a chat completions API", 1),
    ],
)
def test_each_failure_has_its_own_message(answer: Answer, says_so: str, requests: int) -> None:
    message, sent = failure(answer)
    assert re.search(says_so, message), message
    assert sent == requests


@pytest.mark.parametrize("slow", [llm_server.stays_silent, llm_server.drips])
def test_the_time_for_a_draft_is_bounded_even_if_the_server_keeps_sending(slow: Answer) -> None:
    began = time.monotonic()
    message, _ = failure(slow, timeout_s=0.4)
    assert "gave no full reply within 0.4 s" in message
    assert time.monotonic() - began < 5


def test_a_server_that_does_not_run_is_named() -> None:
    with llm(says()) as fake:
        server = fake.server()
    message = message_of(lambda: draft_rules("a yard", server=server))
    assert f"{server.host} cannot be reached. Check OPENAI_BASE_URL" in message


@pytest.mark.parametrize("slow", [llm_server.stays_silent, llm_server.drips, fails(429, Retry_After="20")])
def test_cancelling_ends_the_request_at_once(slow: Answer) -> None:
    with llm(slow) as fake:
        job = DraftJob(Wish(place="a yard"), server=fake.server())
        while not fake.requests:
            time.sleep(0.005)
        assert not job.done
        with pytest.raises(LLMError, match="not finished"):
            job.result()
        assert "tiny-model" in job.note or "next try" in job.note
        job.cancel()
        assert job.wait(5.0)
        with pytest.raises(LLMCancelledError, match="stopped"):
            job.result()
        if slow in (llm_server.stays_silent, llm_server.drips):
            assert fake.gone.wait(5.0)  # the server saw the connection close: nothing goes on behind the user's back
        assert len(fake.requests) == 1


def test_a_stop_before_the_start_sends_nothing() -> None:
    stop = threading.Event()
    stop.set()
    with llm(says()) as fake:
        server = fake.server()
        with pytest.raises(LLMCancelledError):
            ask(server, [], schema={}, stop=stop)
    assert not fake.requests


def test_only_drafts_that_ask_the_model_count_towards_the_limit() -> None:
    now = [0.0]
    limit = DraftLimit(2, clock=lambda: now[0])
    with llm(says()) as fake:
        for now[0] in (0.0, 600.0):
            job = DraftJob(Wish(policy="no dogs"), server=fake.server(), limit=limit, user="a")
            assert job.wait(30)
            assert len(job.result().suggestions) == 4
        server = fake.server()
        with pytest.raises(LLMError, match=r"2 drafts within an hour.*Try again in 50 min"):
            DraftJob(Wish(place="a yard"), server=server, limit=limit, user="a")
        with pytest.raises(LLMError, match="Describe the place"):  # no wish, nothing counted
            DraftJob(Wish(), server=server, limit=limit, user="b")
    for _ in range(3):
        assert DraftJob(Wish(place="a car park"), server=None, limit=limit, user="b").wait(30)
    limit.take("b"), limit.take("b")
    now[0] = 3600.0  # the first of user a's drafts is an hour old, the second is not
    limit.take("a")
    with pytest.raises(LLMError, match="Try again in 10 min"):
        limit.take("a")


def test_a_policy_is_sent_by_itself() -> None:
    with llm(says()) as fake:
        draft = draft_policy("nobody in the loading bay after 20:00", server=fake.server())
    content = fake.requests[0].body["messages"][1]["content"]
    assert content == "Policy, to be covered sentence by sentence:\nnobody in the loading bay after 20:00"
    assert draft.zones == ("loading bay",)


def test_a_dummy_key_is_enough_for_a_local_server() -> None:
    with llm(says()) as fake:
        env = {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": fake.url, "CLIPVAD_LLM_MODEL": "tiny-model"}
        server = Server.from_env(env)
        assert draft_rules("none of your business", server=server).suggestions
    assert fake.requests[0].headers["Authorization"] == "Bearer none"


def test_a_notebook_whose_loop_runs_can_ask_too() -> None:
    async def cell() -> str:
        return ask(server, [], schema=reply_schema())

    with llm(says()) as fake:
        server = fake.server()
        with ThreadPoolExecutor(1) as notebook:
            told = notebook.submit(lambda: asyncio.run(cell())).result()
        assert told == ask(server, [], schema=reply_schema())
