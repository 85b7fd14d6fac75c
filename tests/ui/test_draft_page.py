"""Drafting rules in a real browser, with a language model server on this machine and without one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from clipvad.rules import parse_rules
from tests.llm_server import KEY, FakeLLM, fails, llm, says, stays_silent
from tests.ui.conftest import HOSTILE
from tests.ui.driving import download, opened, until, wait_for_status
from tests.ui.serving import served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]  # a busy machine is slow, not wrong
REPLY = {
    "normal": [{"category": "walking", "sentences": ["a person walking", "a person pushing a bicycle", HOSTILE]}],
    "abnormal": [
        {"category": "cycling", "sentences": ["a cyclist riding fast between people", "a person without a helmet"]},
        {"category": "night", "sentences": ["a person"], "hours": "20:00-06:00", "dwell_s": 5, "zone": "loading bay"},
        {"category": "odd", "sentences": ["a dog in the yard"], "hours": "sometimes"},
    ],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeLLM]:
    with llm(says(REPLY)) as server:
        yield server


@pytest.fixture(scope="module")
def server(folder: Path, fake: FakeLLM) -> Iterator[str]:
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": fake.url, "CLIPVAD_LLM_MODEL": "tiny-model"}
    with served(folder, NO_PROXY="127.0.0.1", **environment) as url:
        yield url


def the_form(tab: Any, place: str = "a yard behind a supermarket") -> Any:
    form = tab.get_by_test_id("draft")
    form.locator("summary").click()
    form.locator("[name=place]").fill(place)
    return form


def draft(form: Any) -> None:
    form.get_by_role("button", name="Draft", exact=True).click()


def sentences(tab: Any, side: str) -> list[str]:
    return [field.input_value() for field in tab.locator(f".re-{side} li textarea").all()]


def row(form: Any, text: str) -> Any:
    return form.locator(".dr-side li", has_text=text)


def shot(tab: Any, name: str) -> None:
    if where := os.environ.get("CLIPVAD_SCREENSHOTS"):
        tab.screenshot(path=Path(where) / f"draft-{name}.png")


def test_draft_review_add_undo_and_no_key_anywhere(
    browser: Any, server: str, fake: FakeLLM, folder: Path, tmp_path: Path
) -> None:
    visitor = opened(browser, server)
    tab = next(visitor)
    heard: list[str] = []
    tab.on("response", lambda response: heard.append(told(response)))
    before = sentences(tab, "abnormal"), sentences(tab, "normal")
    form = the_form(tab)
    form.locator("[name=forbidden]").fill("cycling\n- dogs")
    form.locator("[name=policy]").fill("nobody in the loading bay after 20:00")
    assert not form.locator("[name=pictures]").is_checked()
    assert fake.server().host in form.locator(".dr-tick").inner_text()
    form.locator("[name=pictures]").check()
    shot(tab, "form")
    fake.answers[:] = [fails(500), says(REPLY)]
    fake.requests.clear()
    draft(form)
    form.locator(".dr-review").wait_for()
    asked = fake.requests[-1].body["messages"][1]["content"]
    assert asked[0]["text"].splitlines() == [
        "Place: a yard behind a supermarket", "Forbidden there:", "- cycling", "- dogs",
        "Policy, to be covered sentence by sentence:", "nobody in the loading bay after 20:00",
        "The pictures show the place on an ordinary day: take from them what belongs there.",
    ]  # fmt: skip
    assert len(asked) == 1 + 4
    assert "4 pictures were sent to" in form.locator(".dr-source").inner_text()
    assert (sentences(tab, "abnormal"), sentences(tab, "normal")) == before, "nothing enters unreviewed"

    assert form.locator(".dr-chip").all_inner_texts()[:3] == ["20:00-06:00", "after 5 s", "zone: loading bay"]
    assert row(form, "a dog in the yard").locator("input").is_disabled()
    assert "leaves it out" in row(form, "a person walking").inner_text()
    helmet = row(form, "helmet")
    assert not helmet.locator("input").is_checked()
    assert "without" in helmet.locator(".dr-reason").inner_text()
    helmet.locator(".dr-mend").click()
    assert row(form, "a bare-headed person").locator("input").is_checked()
    row(form, "pushing a bicycle").locator("input").uncheck()
    add = form.locator("[data-take=add]")
    assert add.inner_text() == "Add 4 ticked to my rules"
    shot(tab, "review")
    add.click()
    wait_for_status(tab, "Draw the zone “loading bay”")
    until(tab, lambda: len(sentences(tab, "abnormal")) == len(before[0]) + 3, "three abnormal sentences more")
    assert sentences(tab, "abnormal")[-3:] == [
        "a cyclist riding fast between people",
        "a bare-headed person",
        "a person",
    ]
    assert sentences(tab, "normal") == [*before[1], HOSTILE]
    assert tab.evaluate("window.hacked") is None
    rules = parse_rules(download(tab, "rules", tmp_path).read_text(), source="rules")
    assert str(rules.abnormal[-1].hours[0]) == "20:00-06:00"
    tab.locator("[data-act=undo]").click()
    assert (sentences(tab, "abnormal"), sentences(tab, "normal")) == before

    files = [download(tab, kind, tmp_path).read_bytes() for kind in ("analysis", "rules")]
    everything = tab.content() + "".join(heard) + (folder / "server.log").read_text()
    assert "tiny-model" in everything
    assert KEY not in everything
    assert not any(KEY.encode() in file for file in files)
    next(visitor, None)


def told(response: Any) -> str:
    kind = response.headers.get("content-type", "")
    return response.text() if kind.startswith(("application/json", "text/event-stream", "text/html")) else ""


def test_failures_and_cancel_leave_the_text_and_say_what_to_do(browser: Any, server: str, fake: FakeLLM) -> None:
    visitor = opened(browser, server)
    tab = next(visitor)
    form = the_form(tab, place="")
    error = form.locator(".dr-form .dr-error")
    draft(form)
    tab.get_by_text("Describe the place in a few words").wait_for()
    form.locator("[name=place]").fill("my yard")
    fake.requests.clear()
    fake.answers[:] = [fails(401, KEY)]
    draft(form)
    until(tab, lambda: "does not accept the key" in error.inner_text(), "a wrong key has its own message")
    fake.requests.clear()
    fake.answers[:] = [stays_silent]
    draft(form)
    news = form.locator(".dr-news")
    until(tab, lambda: "waiting for tiny-model" in news.inner_text(), "it says what it waits for")
    until(tab, lambda: int(news.inner_text().split(" · ")[1].split()[0]) >= 1, "and for how long")
    shot(tab, "running")
    fake.gone.clear()
    form.get_by_role("button", name="Cancel").click()
    until(tab, lambda: "stopped" in form.locator(".dr-note").inner_text(), "it says that it was stopped")
    assert fake.gone.wait(60), "the request is given up"
    assert form.locator("[name=place]").input_value() == "my yard"

    fake.answers[:] = [stays_silent]
    fake.gone.clear()
    draft(form)
    until(tab, lambda: "waiting for tiny-model" in news.inner_text(), "a draft is under way")
    next(visitor, None)  # closes the page
    assert fake.gone.wait(60), "a closed page waits for nothing"


@pytest.mark.parametrize("look", ["dark", "phone"])
def test_the_review_fits(browser: Any, server: str, fake: FakeLLM, look: str) -> None:
    size = {"width": 390, "height": 844} if look == "phone" else {"width": 1280, "height": 800}
    visitor = opened(browser, server, viewport=size, color_scheme="dark" if look == "dark" else "light")
    tab = next(visitor)
    fake.requests.clear()
    fake.answers[:] = [says(REPLY)]
    form = the_form(tab)
    form.evaluate("node => node.scrollIntoView()")
    shot(tab, f"form-{look}")
    draft(form)
    form.locator(".dr-review").wait_for()
    form.evaluate("node => node.scrollIntoView()")
    shot(tab, f"review-{look}")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    form.get_by_role("button", name="Discard").click()
    form.locator(".dr-form").wait_for()
    assert form.locator("[name=place]").input_value() == "a yard behind a supermarket"
    next(visitor, None)


def test_a_program_drafts_too(server: str, fake: FakeLLM, tmp_path: Path) -> None:
    client = Client(server, verbose=False, download_files=str(tmp_path))
    fake.requests.clear()
    fake.answers[:] = [says(REPLY), fails(401, KEY)]
    made = client.predict("a yard", "cycling\ndogs", "no bikes", api_name="/draft_rules")
    assert "- cycling\n- dogs" in fake.requests[-1].body["messages"][1]["content"]
    assert [one["text"] for one in made["suggestions"] if not one["kept"]] == [
        "a person without a helmet",
        "a dog in the yard",
    ]
    assert made["suggestions"][5]["hours"] == ["20:00-06:00"]
    rules = parse_rules(made["rules"], source="draft")
    assert [rule.text for rule in rules.normal] == ["a person walking", "a person pushing a bicycle", HOSTILE]
    assert [zone.name for zone in rules.zones] == ["loading bay"]
    with pytest.raises(AppError, match="does not accept the key") as refused:
        client.predict("a yard", "", "", api_name="/draft_rules")
    assert KEY not in str(made) + str(refused.value)


def test_without_a_key_the_library_drafts_and_the_page_says_so(
    browser: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with served(tmp_path_factory.mktemp("library"), OPENAI_API_KEY="") as url:
        visitor = opened(browser, url)
        tab = next(visitor)
        form = the_form(tab, place="zzz")
        assert "No language model is configured" in form.locator(".dr-who").inner_text()
        assert form.locator("[name=policy]").is_disabled()
        assert not form.locator(".dr-tick").is_visible()
        form.evaluate("node => node.scrollIntoView()")
        shot(tab, "library")
        draft(form)
        tab.get_by_text("No preset of the library fits").wait_for()
        form.locator("[name=place]").fill("a car park")
        draft(form)
        form.locator(".dr-review").wait_for()
        assert "'car-park'; no language model was asked" in form.locator(".dr-source").inner_text()
        ticked = form.locator(".dr-normal input:checked")
        count = ticked.count()
        while ticked.count():
            ticked.first.click()
        form.locator("[data-take=instead]").click()
        until(tab, lambda: "on each" in form.locator(".dr-review .dr-error").inner_text(), "one side is not enough")
        assert (ticked.count(), form.locator(".dr-abnormal input:checked").count() > 0) == (0, True), "ticks stay"
        assert "a person riding a bicycle" in sentences(tab, "abnormal")
        for box in form.locator(".dr-normal input").all()[:count]:
            box.click()
        form.locator("[data-take=instead]").click()
        wait_for_status(tab, "Your rules are now")
        until(tab, lambda: "a person riding a bicycle" not in sentences(tab, "abnormal"), "the old rules are gone")
        next(visitor, None)
