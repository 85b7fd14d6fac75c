"""A trained head on the page: uploaded, scored with, left again; and files that are refused."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clipvad.encoders import load_encoder
from tests.heads import make_head
from tests.ui.driving import analyze, curve, events, opened, set_number, timeline, until, wait_for_status

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]  # a busy machine is slow, not wrong
SENTENCES = ("a person walking", "a person riding a bicycle", "a person on a skateboard", "a car")
CLASSES = ("people walking", "cycling", "skateboarding", "<b>vehicle</b>")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Heads for the bundled encoder, one for objects and one for frames; one for another; and a pickle."""
    folder, encoder = tmp_path_factory.mktemp("heads"), load_encoder("bundled")
    classes = encoder.encode_texts(SENTENCES)
    for name, picture in (("things", "object"), ("scenes", "frame")):
        head = make_head(encoder.id, classes, name=name, classes=CLASSES, picture=picture)
        head.save(folder / f"{name}.safetensors")
    make_head("open_clip:elsewhere@1", classes, name="foreign").save(folder / "foreign.safetensors")
    (folder / "pickled.safetensors").write_bytes(pickle.dumps({"weights": [1.0]}))
    return folder


@pytest.fixture
def page(browser: Any, server: str) -> Iterator[Any]:
    yield from opened(browser, server)


def give(page: Any, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.locator("#pg-head-file").click()
    chooser.value.set_files(str(path))


def chosen(page: Any) -> str:
    return str(page.locator("#pg-scorer input").input_value())


def choose(page: Any, name: str) -> None:
    page.locator("#pg-scorer input").click()
    page.get_by_role("option", name=name).click()


def rows(page: Any) -> list[str]:
    return [str(text) for text in page.get_by_test_id("heat-labels").locator("> *").all_text_contents()]


def modes(page: Any) -> list[str]:
    return [str(text).strip() for text in page.locator("#pg-mode label").all_text_contents()]


def sentences(page: Any) -> list[str]:
    return [field.input_value() for field in page.locator(".re-root li textarea").all()]


def test_a_head_scores_the_example_and_the_sentences_come_back(page: Any, files: Path) -> None:
    typed, before, named = sentences(page), curve(page), rows(page)
    give(page, files / "things.safetensors")
    page.get_by_test_id("head-card").wait_for()
    until(page, lambda: curve(page) != before, "another scorer, another curve")
    wait_for_status(page, "from stored features")
    assert chosen(page) == "Head things (yours)"
    assert all(any(name in row for row in rows(page)) for name in CLASSES), rows(page)
    assert "cycling" in page.get_by_test_id("why-list").inner_text()
    assert "cycling" in page.get_by_test_id("rules-kept").inner_text()
    assert "head things" in page.get_by_test_id("models").first.inner_text()
    assert page.get_by_test_id("unexplained").is_visible()
    assert not page.get_by_test_id("sentences").is_visible()
    assert modes(page) == ["Objects"]
    assert page.locator("b", has_text="vehicle").count() == 0, "text is text"
    set_number(page, "#pg-threshold", 0.02)
    until(page, lambda: events(page) > 0, "a low threshold gives events")
    set_number(page, "#pg-threshold", 0.5)

    choose(page, "Zero-shot")
    until(page, lambda: curve(page) == before, "the sentences' curve is back")
    assert rows(page) == named
    assert sentences(page) == typed
    assert page.get_by_test_id("sentences").is_visible()
    assert page.get_by_test_id("head-card").count() == page.get_by_test_id("rules-kept").count() == 0
    assert len(modes(page)) == 3
    choose(page, "things")  # still there to be chosen
    until(page, lambda: curve(page) != before, "the head again")


def test_a_head_for_frames_asks_for_them_and_then_runs(page: Any, files: Path) -> None:
    give(page, files / "scenes.safetensors")
    wait_for_status(page, "Press Analyze")
    assert modes(page) == ["Whole frame"]
    analyze(page)
    assert timeline(page, "mode") == "frame"
    assert any("cycling" in row for row in rows(page))
    page.locator("#pg-examples button[data-name=plaza-fight]").click()
    page.locator("#pg-clip", has_text="plaza-fight.mp4").wait_for()
    until(page, lambda: "Zero-shot" in chosen(page), "an example comes with its own sentences")
    assert page.get_by_test_id("head-card").count() == 0


def test_what_does_not_fit_is_refused_and_nothing_changes(page: Any, files: Path) -> None:
    before = curve(page)
    give(page, files / "pickled.safetensors")
    wait_for_status(page, "can't be read as a checkpoint")
    assert "/" not in page.locator("#pg-status").inner_text().split("can't")[0], "no folder of the server"
    give(page, files / "foreign.safetensors")
    wait_for_status(page, "open_clip:elsewhere@1")
    assert "Zero-shot" in chosen(page)
    assert page.get_by_test_id("head-card").count() == 0
    assert curve(page) == before
