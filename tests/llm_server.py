"""A server on this machine that speaks the chat completions API, well or badly, and remembers what it was sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import SecretStr

from clipvad.llm import Server

KEY = "sk-test-0123456789-never-to-be-seen"

GOOD = {
    "normal": [
        {
            "category": "walking",
            "sentences": ["a person walking", "a person pushing a bicycle"],
            "hours": None,
            "dwell_s": None,
            "zone": None,
        }
    ],
    "abnormal": [
        {
            "category": "cycling",
            "sentences": ["a person riding a bicycle"],
            "hours": None,
            "dwell_s": None,
            "zone": None,
        },
        {"category": "night", "sentences": ["a person"], "hours": "20:00-06:00", "dwell_s": 5, "zone": "loading bay"},
    ],
}


@dataclass
class Request:
    """What one request held."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    raw: str


Answer = Callable[["Handler"], None]


@dataclass
class FakeLLM:
    """`answers` are given in turn, the last one for ever."""

    answers: list[Answer]
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    gone: threading.Event = field(default_factory=threading.Event)  # a client hung up on a reply still being written

    def server(self, *, timeout_s: float = 30.0, key: str = KEY) -> Server:
        return Server(key=SecretStr(key), model="tiny-model", base_url=self.url, timeout_s=timeout_s)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    fake: FakeLLM

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.fake.requests.append(
            Request(self.path, {name.title(): value for name, value in self.headers.items()}, json.loads(raw), raw)
        )
        answers = self.fake.answers
        try:
            answers[min(len(self.fake.requests), len(answers)) - 1](self)
        except (BrokenPipeError, ConnectionResetError):
            self.fake.gone.set()

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def send(self, status: int, body: bytes, *, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def llm(*answers: Answer) -> Iterator[FakeLLM]:
    fake = FakeLLM(list(answers))
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"fake": fake}))
    http.daemon_threads = True
    fake.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        http.shutdown()
        http.server_close()


def completion(content: object, *, finish_reason: str = "stop", refusal: str | None = None) -> bytes:
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    message = {"role": "assistant", "content": text, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return json.dumps(
        {"id": "x", "object": "chat.completion", "created": 1, "model": "tiny-model", "choices": [choice]}
    ).encode()


def says(content: object = GOOD, *, finish_reason: str = "stop", refusal: str | None = None) -> Answer:
    return lambda handler: handler.send(200, completion(content, finish_reason=finish_reason, refusal=refusal))


def fails(status: int, message: str = "no", *, code: str | None = None, **headers: str) -> Answer:
    body = json.dumps({"error": {"message": message, "type": code, "code": code, "param": None}}).encode()
    return lambda handler: handler.send(status, body, **headers)


def hangs_up(handler: Handler) -> None:
    """Half of a reply, then nothing."""
    body = completion(GOOD)
    handler.send(200, body[: len(body) // 2], length=len(body))


def drips(handler: Handler) -> None:
    """A reply that keeps coming, a little at a time, for as long as the client listens."""
    handler.send(200, b"{", length=10**6)
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)


def floods(handler: Handler) -> None:
    """Far more than any draft."""
    handler.send(200, b'{"choices": "', length=10**9)
    while True:
        handler.wfile.write(b"x" * 65536)


def stays_silent(handler: Handler) -> None:
    """Reads the request, then waits until the client hangs up."""
    if not handler.connection.recv(1):
        handler.fake.gone.set()
