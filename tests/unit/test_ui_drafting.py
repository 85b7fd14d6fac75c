"""Drafts for open pages, without a browser: who is asked, what is taken over, what ends a request."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from clipvad.core import Hours, Rule, RuleSet, Zone
from clipvad.errors import ClipvadError, LLMCancelledError, LLMError, RulesError
from clipvad.llm import Draft, Suggestion, Wish
from clipvad.rules.lint import Mend
from clipvad.settings import Settings
from clipvad.ui.drafting import draft_panel, plain, review, things
from clipvad.ui.drafting.desk import DraftDesk
from clipvad.ui.session import Clip, SessionStore
from clipvad.ui.tabs.about import about_html
from clipvad.video import probe
from tests.clips import write_half_red
from tests.engines import ColourEngine
from tests.llm_server import KEY, FakeLLM, fails, llm, says, stays_silent

HAVE = RuleSet(name="mine", normal=(Rule(text="green"),), abnormal=(Rule(text="red"),))
BAY = Zone(name="bay", points=((0.0, 0.0), (0.5, 0.0), (0.5, 1.0)))
REPLY = {
    "normal": [{"category": "walking", "sentences": ["green", "a person walking", "no people in the yard"]}],
    "abnormal": [
        {"category": "night", "sentences": ["a person"], "hours": "20:00-06:00", "dwell_s": 5, "zone": "gate"},
        {"category": "odd", "sentences": ["a dog"], "hours": "sometimes"},
    ],
}  # indices: 0 green, 1 walking, 2 no people, 3 a person, 4 a dog


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLLM]:
    with llm(says(REPLY)) as server:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("CLIPVAD_LLM_MODEL", "tiny-model")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield server


def desk(folder: Path, **settings: int) -> DraftDesk:
    return DraftDesk(ColourEngine(Settings(cache_dir=folder, **settings)), SessionStore(folder / "sessions"))


def drafted(at: DraftDesk, key: str = "a", place: str = "a yard", **options: object) -> Draft:
    *_, draft = at.draft(key, Wish(place=place), **options)  # type: ignore[arg-type]
    assert isinstance(draft, Draft)
    return draft


def texts(rules: RuleSet) -> tuple[list[str], list[str]]:
    return [rule.text for rule in rules.normal], [rule.text for rule in rules.abnormal]


def test_add_takes_what_is_ticked_but_not_what_the_rules_have(tmp_path: Path, fake: FakeLLM) -> None:
    at = desk(tmp_path)
    draft = drafted(at, beside=HAVE)
    assert [(one.kept, one.beside, one.usable) for one in draft.suggestions] == [
        (False, True, True),
        (True, False, True),
        (False, False, True),
        (True, False, True),
        (False, False, False),
    ]
    rules, accepted = at.take("a", HAVE, ticked=[0, 1, 2, 3], mended=[2])
    assert texts(rules) == (["green", "a person walking", "an empty yard"], ["red", "a person"])
    assert rules.abnormal[1] == Rule(
        text="a person", category="night", zones=("gate",), hours=(Hours.parse("20:00-06:00"),), dwell_s=5.0
    )
    assert [(zone.name, zone.area) for zone in rules.zones] == [("gate", 1.0)]
    assert accepted.zones == rules.zones
    assert rules.name == "mine"
    with pytest.raises(LLMError, match="draft again"):  # a second click adds nothing twice
        at.take("a", rules, ticked=[1])


def test_instead_leaves_nothing_of_the_old_rules_but_the_zones_drawn(tmp_path: Path, fake: FakeLLM) -> None:
    at = desk(tmp_path)
    drafted(at, beside=HAVE)
    with pytest.raises(LLMError, match="on each"):
        at.take("a", HAVE, ticked=[0, 1], instead=True)
    old = RuleSet(name="old", normal=HAVE.normal, abnormal=HAVE.abnormal, zones=(BAY,))
    rules, _ = at.take("a", old, ticked=[0, 3], instead=True)
    assert texts(rules) == (["green"], ["a person"])
    assert [zone.name for zone in rules.zones] == ["bay", "gate"]
    assert (rules.name, rules.place) == ("draft", "a yard")
    assert "tiny-model" in rules.description
    rules.check()


@pytest.mark.parametrize("ticked", [[5], [-1], [True], ["1"], [1.0], "01", None, {"0": 1}, [[0]]])
def test_ticks_that_no_page_sends_are_refused_and_the_draft_stays(
    tmp_path: Path, fake: FakeLLM, ticked: object
) -> None:
    at = desk(tmp_path)
    drafted(at)
    for choice in ({"ticked": ticked}, {"ticked": [1], "mended": ticked}):
        with pytest.raises(LLMError, match="could not be read"):
            at.take("a", HAVE, **choice)
    with pytest.raises(LLMError, match=r"a dog.*cannot be taken over"):  # hours that are none: its box is disabled
        at.take("a", HAVE, ticked=[4])
    assert texts(at.take("a", HAVE, ticked=[1])[0])[0] == ["green", "a person walking"]


def test_more_than_the_lists_hold_is_refused_and_the_draft_stays(tmp_path: Path, fake: FakeLLM) -> None:
    at = desk(tmp_path)
    drafted(at)
    full = RuleSet(name="full", normal=tuple(Rule(text=f"sight {i}") for i in range(200)), abnormal=HAVE.abnormal)
    with pytest.raises(RulesError, match="at most 200"):
        at.take("a", full, ticked=[1])
    assert len(at.take("a", full, ticked=[3])[0].abnormal) == 2


def test_one_session_never_sees_another_ones_draft(tmp_path: Path, fake: FakeLLM) -> None:
    at = desk(tmp_path)
    drafted(at, "a")
    with pytest.raises(LLMError, match="no longer held"):
        at.take("b", HAVE, ticked=[1])


def test_pictures_are_sent_only_when_wanted_four_of_them_and_small(tmp_path: Path, fake: FakeLLM) -> None:
    at = desk(tmp_path)
    with pytest.raises(LLMError, match="no clip"):
        drafted(at, pictures=True)
    path = write_half_red(tmp_path / "clip.mp4")
    at.store.get("a").clip = Clip(info=probe(path), player=path)
    drafted(at)
    assert isinstance(fake.requests[-1].body["messages"][1]["content"], str), "none without being asked for"
    assert "4 pictures were sent" in drafted(at, pictures=True).source
    content = fake.requests[-1].body["messages"][1]["content"]
    pictures = [base64.b64decode(part["image_url"]["url"].split(",")[1]) for part in content[1:]]
    shown = [cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR)[24, 32] for one in pictures]
    assert ["green" if bgr[1] > bgr[2] else "red" for bgr in shown] == ["green", "green", "red", "red"]
    assert path.name not in fake.requests[-1].raw


def test_cancel_ends_a_silent_request_and_a_second_draft_waits_for_that(tmp_path: Path, fake: FakeLLM) -> None:
    fake.answers[:] = [stays_silent]
    at = desk(tmp_path)
    heard: list[str] = []
    ends: list[BaseException] = []

    def work() -> None:
        try:
            for note in at.draft("a", Wish(place="a yard")):
                heard.append(str(note))
        except LLMError as error:
            ends.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 120
    waiting = f"waiting for tiny-model at {fake.server().host}"
    while waiting not in heard and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(ClipvadError, match="under way"):
        drafted(at)
    assert at.cancel("a")
    thread.join(30)
    assert isinstance(ends[0], LLMCancelledError)
    assert fake.gone.wait(30), "the connection is closed"
    assert waiting in heard
    assert not at.cancel("a")
    fake.answers[:] = [says(REPLY)]
    drafted(at)


def test_a_page_that_leaves_before_the_first_word_asks_nobody(tmp_path: Path, fake: FakeLLM) -> None:
    at = desk(tmp_path)
    steps = at.draft("a", Wish(place="a yard"))
    next(steps)
    assert at.cancel("a")
    with pytest.raises(LLMCancelledError):
        list(steps)
    assert not fake.requests


def test_each_session_has_its_own_limit_and_a_refused_wish_costs_nothing(tmp_path: Path, fake: FakeLLM) -> None:
    at = desk(tmp_path, llm_per_hour=1)
    with pytest.raises(LLMError, match="Describe the place"):
        drafted(at, place=" ")
    drafted(at)
    with pytest.raises(LLMError, match="limit"):
        drafted(at)
    drafted(at, "b")
    assert len(fake.requests) == 2


def test_without_a_usable_server_the_library_drafts_and_the_page_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert "nothing was sent" in drafted(desk(tmp_path), place="a car park").source
    assert draft_panel().props["offer"]["host"] == ""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("CLIPVAD_LLM_MODEL", raising=False)
    shown = draft_panel().props["offer"]
    assert "CLIPVAD_LLM_MODEL" in shown["fault"]
    assert KEY not in json.dumps(shown)
    assert "nothing was sent" in drafted(desk(tmp_path), place="a car park").source


def test_no_failure_lets_the_key_out(tmp_path: Path, fake: FakeLLM, caplog: pytest.LogCaptureFixture) -> None:
    at = desk(tmp_path)
    panel = draft_panel()
    told = json.dumps([panel.props, panel.value, panel.get_config()], default=str)
    with caplog.at_level(logging.DEBUG):
        for answer in (fails(401, f"Incorrect key {KEY}"), fails(400, f"you sent {KEY}"), says(f"no JSON but {KEY}")):
            fake.answers[:] = [answer]
            with pytest.raises(LLMError) as error:
                drafted(at)
            told += repr(error.value) + repr(error.value.__context__) + repr(error.value.__cause__)
        fake.answers[:] = [says(REPLY)]
        told += json.dumps(review(drafted(at))) + repr(at.offer) + repr(vars(at.store.get("a")))
    assert KEY not in told + caplog.text
    assert f"Bearer {KEY}" in fake.requests[-1].headers["Authorization"]


def test_the_privacy_text_names_where_drafts_go_and_only_then(fake: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fake.server().host in about_html(None, Settings())
    monkeypatch.delenv("OPENAI_API_KEY")
    text = about_html(None, Settings())
    assert fake.server().host not in text
    assert "no picture, sentence or result is sent anywhere" in text


def test_a_mend_that_is_no_other_wording_is_not_offered() -> None:
    twice = Suggestion(rule=Rule(text="green"), side="normal", reason="Twice.", mend=Mend(action="remove"))
    assert plain(twice)["mend"] == ""
    draft = Draft(source="", suggestions=(twice,))
    assert draft.mended([0]) == draft


def test_forbidden_things_are_read_one_a_line_without_the_marks_of_a_list() -> None:
    assert things("- cycling\n\n  * climbing the fence \r\n•dogs\n") == ("cycling", "climbing the fence", "dogs")
