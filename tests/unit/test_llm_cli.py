"""`clipvad rules draft` as a user meets it: what it says, what it writes, what leaves the machine."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from clipvad.cli import main
from clipvad.rules import Hours, Rule, load_rules, parse_rules
from tests.fakes import ColourEncoder
from tests.llm_server import GOOD, KEY, fails, llm, says, stays_silent


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "CLIPVAD_LLM_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("clipvad.encoders.load_encoder", lambda *_, **__: ColourEncoder())


def call(*args: str | Path) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["rules", "draft", *map(str, args)])
    return int(stop.value.code or 0)


def use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("CLIPVAD_LLM_MODEL", "tiny-model")


def test_the_command_shows_what_it_kept_and_writes_a_file_that_reads_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(tmp_path / "yard.png"), np.zeros((600, 1024, 3), np.uint8))
    reply = {**GOOD, "normal": [*GOOD["normal"], {"category": "", "sentences": ["no people"]}]}
    out = tmp_path / "gate.yaml"
    with llm(says(reply)) as fake:
        use(monkeypatch, fake.url)
        code = call(
            "the campus gate", "--forbid", "cycling", "--forbid", "fire", "--policy", "nobody in the bay after 20:00",
            "--frame", tmp_path / "yard.png", "--out", out, "--all",
        )  # fmt: skip
        host = fake.server().host
    shown = capsys.readouterr()
    assert code == 0
    user = fake.requests[0].body["messages"][1]["content"]
    assert user[0]["text"].splitlines()[:4] == ["Place: the campus gate", "Forbidden there:", "- cycling", "- fire"]
    assert len(user) == 2
    assert f"sending your words and 1 picture to {host}" in shown.err
    assert "Written by tiny-model. Your words and 1 picture were sent to" in shown.out
    assert "20:00-06:00, after 5 s, in loading bay" in shown.out
    assert "zones to draw: loading bay" in shown.out
    assert "dropped (1)" in shown.out
    text = out.read_text()
    rules = parse_rules(text, source="gate.yaml")
    assert (rules.name, rules.place) == ("gate", "the campus gate")
    assert [rule.text for rule in rules.normal] == ["a person walking", "a person pushing a bicycle"]
    assert rules.abnormal[1] == Rule(
        text="a person", category="night", zones=("loading bay",), hours=(Hours.parse("20:00-06:00"),), dwell_s=5.0
    )
    assert "# dropped, normal: no people - " in text
    assert KEY not in text + shown.out + shown.err


def test_without_a_key_the_command_sends_nothing_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("a car park", "--out", tmp_path / "a.yaml") == 0
    shown = capsys.readouterr()
    assert "OPENAI_API_KEY is not set: drafting from the library, nothing leaves this machine" in shown.err
    assert "From the library preset 'car-park'" in shown.out
    assert "#" not in (tmp_path / "a.yaml").read_text()
    assert load_rules(tmp_path / "a.yaml").normal == load_rules("car-park").normal


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "Describe the place"),
        (("a yard", "--frame", "missing.png"), "missing.png cannot be read as a picture"),
        (("a car park", "--out", "there.yaml"), "there.yaml is there already. Choose another name"),
        (("a car park", "--out", "no/such/folder.yaml"), "cannot be written"),
    ],
)
def test_a_call_that_cannot_work_says_why(
    args: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.yaml").write_text("mine")
    assert call(*args) == 2
    assert message in capsys.readouterr().err
    assert (tmp_path / "there.yaml").read_text() == "mine"


def test_a_refused_key_is_one_line_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with llm(fails(401, f"bad key {KEY}")) as fake:
        use(monkeypatch, fake.url)
        assert call("a yard") == 2
    shown = capsys.readouterr()
    assert shown.err.splitlines()[-1].startswith("error: The language model server 127.0.0.1:")
    assert KEY not in shown.out + shown.err


def test_ctrl_c_hangs_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt() -> None:
        while not fake.requests:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    # A shell that starts the tests in the background has them ignore the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    with llm(stays_silent) as fake:
        use(monkeypatch, fake.url)
        threading.Thread(target=interrupt, daemon=True).start()
        try:
            assert call("a yard") == 130
        finally:
            signal.signal(signal.SIGINT, before)
        assert fake.gone.wait(5)
    assert "Written by" not in capsys.readouterr().out
