"""The two panels under the timeline in a real browser: what each sentence does, and one frame explained."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.ui.conftest import HOSTILE
from tests.ui.driving import (
    events,
    open_example,
    opened,
    set_number,
    timeline,
    until,
    wait_for_status,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]  # a busy machine is slow, not wrong


def open_sentences(tab: Any) -> Any:
    panel = tab.get_by_test_id("sentences")
    panel.locator("summary").click()
    tab.locator("[data-testid=sentences][data-state=shown]").wait_for()
    return panel


def rows(tab: Any) -> list[list[str]]:
    """Sentence, wins, change of every row, as they stand."""
    cells = tab.get_by_test_id("sentence-row").evaluate_all(
        "rows => rows.map(row => [...row.children].slice(0, 3).map(cell => cell.textContent))"
    )
    return [list(row) for row in cells]


def drawn(tab: Any) -> str:
    return str(tab.get_by_test_id("sentence-plot").locator("path.sn-without").get_attribute("d"))


def test_the_table_the_curve_without_and_the_likeness(page: Any) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "queue/join" in request.url else None)
    set_number(page, "#pg-smooth", 0.5)
    until(page, lambda: page.locator("#pg-smooth input[type=number]").input_value() == "0.5", "it is set")
    page.wait_for_timeout(1500)
    before = len(asked)
    panel = open_sentences(page)
    until(page, lambda: len(asked) == before + 1, "asked once, when it was opened")

    table = rows(page)
    assert len(table) == 17
    assert sum(float(wins.rstrip(" %")) for _, wins, _ in table) == pytest.approx(100, abs=2)  # each is rounded
    changes = [float(change.lstrip("<")) for _, _, change in table]
    assert changes == sorted(changes, reverse=True)
    assert any("never matters" in text for text, *_ in table)

    first = drawn(page)
    page.get_by_test_id("sentence-row").nth(2).click()
    chosen = page.get_by_test_id("sentence-row").nth(2).locator(".sn-text").inner_text()
    assert page.get_by_test_id("sentence-chosen").inner_text() == chosen.strip()
    assert drawn(page) != first
    labels = page.get_by_test_id("sentence-plot").locator("text").all_text_contents()
    assert {"score", "time (s)", "0.0", "1.0", "threshold 0.50"} <= set(labels)
    page.get_by_test_id("sentence-plot").hover(position={"x": 300, "y": 60})
    assert "without it" in page.get_by_test_id("sentence-reading").inner_text()

    page.get_by_test_id("sentence-matrix").scroll_into_view_if_needed()
    page.get_by_test_id("sentence-matrix").hover(position={"x": 3, "y": 3})
    assert page.get_by_test_id("sentence-pair").inner_text().endswith("1.00")
    assert "people fighting" in page.get_by_test_id("sentence-closest").inner_text()
    panel.locator("[data-order=wins]").click()
    wins = [float(row[1].rstrip(" %")) for row in rows(page)]
    assert wins == sorted(wins, reverse=True)


def test_an_open_panel_follows_the_rules_and_a_closed_one_asks_nobody(page: Any) -> None:
    open_sentences(page)
    count = len(rows(page))
    page.locator(".re-abnormal [data-add]").fill(HOSTILE)
    page.locator(".re-abnormal [data-add]").press("Enter")
    until(page, lambda: len(rows(page)) == count + 1, "the new sentence stands in the table")
    assert any(HOSTILE in text for text, *_ in rows(page))
    assert not page.evaluate("'hacked' in window")

    page.get_by_test_id("sentence-row").filter(has_text="never matters").first.click()
    idle = page.get_by_test_id("sentence-chosen").inner_text()
    page.get_by_test_id("sentence-off").click()
    until(page, lambda: len(rows(page)) == count, "switched off, it leaves the table")
    box = page.locator(f'input[type=checkbox][aria-label="Use “{idle}”"]')
    until(page, lambda: not box.is_checked(), "and is off in the rules")
    page.locator("[data-act=undo]").click()
    until(page, lambda: len(rows(page)) == count + 1, "undo brings it back")

    asked: list[str] = []
    page.get_by_test_id("sentences").locator("summary").click()
    page.on("request", lambda request: asked.append(request.url) if "queue/join" in request.url else None)
    set_number(page, "#pg-threshold", 0.02)
    until(page, lambda: events(page) > 2, "the curve is rescored")
    page.wait_for_timeout(800)
    assert len(asked) == 1


def test_the_panel_shows_the_curve_that_the_timeline_shows(page: Any) -> None:
    open_example(page, "car-park-fire")
    page.locator("#pg-clip", has_text="car-park-fire.mp4").wait_for()
    wait_for_status(page, "from stored features")
    open_sentences(page)
    about = page.get_by_test_id("sentences-about")
    assert timeline(page, "mode") == "object"
    until(page, lambda: about.inner_text().startswith("Objects"), "the objects' curve")
    before = drawn(page)
    page.locator("[data-testid=mode] button[data-mode=frame]").click()
    until(page, lambda: about.inner_text().startswith("Whole frame"), "the other curve")
    assert drawn(page) != before


def test_a_frame_explained_by_its_boxes_and_by_a_map(page: Any, tmp_path: Path) -> None:
    until(page, lambda: float(timeline(page, "time")) > 20, "the player stands at the car")
    panel = page.get_by_test_id("explain")
    panel.locator("summary").click()
    page.get_by_test_id("explain-go").click()  # object mode: the boxes
    page.locator("[data-testid=explain][data-shows=boxes]").wait_for()
    shown = page.get_by_test_id("explain-boxes").locator("rect").count()
    assert shown == page.get_by_test_id("explain-objects").locator("li").count() > 0
    first = page.get_by_test_id("explain-objects").locator("li").first
    assert "a car" in first.inner_text()
    assert first.locator(".ex-guess").count() == 3

    panel.locator("[data-what=map]").click()
    page.get_by_test_id("explain-cancel").wait_for()
    page.get_by_test_id("explain-cancel").click()
    until(page, lambda: "Cancelled" in page.get_by_test_id("explain-status").inner_text(), "it can be cancelled")
    assert panel.get_attribute("data-shows") == "boxes", "what was there stays"

    page.get_by_test_id("explain-go").click()
    page.locator("[data-testid=explain][data-shows=map][data-state=shown]").wait_for()
    select = page.get_by_test_id("explain-sentence")
    assert "a car" in select.locator("option:checked").inner_text()
    assert float(panel.get_attribute("data-largest")) > 0.3
    assert "left" in page.get_by_test_id("explain-reading").inner_text(), "the car is at the left border"
    before = page.get_by_test_id("explain-heat").evaluate("canvas => canvas.toDataURL()")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "queue/join" in request.url else None)
    select.select_option(index=1)
    assert page.get_by_test_id("explain-heat").evaluate("canvas => canvas.toDataURL()") != before
    assert not asked, "every sentence's map is there already"
    page.get_by_test_id("explain-heat").hover(position={"x": 30, "y": 30})
    assert page.get_by_test_id("explain-reading").inner_text().startswith("Here 0.")
    panel.screenshot(path=Path(os.environ.get("CLIPVAD_SCREENSHOTS", tmp_path)) / "explain-map.png")


@pytest.mark.parametrize("look", ["dark", "phone"])
def test_nothing_sticks_out(browser: Any, server: str, tmp_path: Path, look: str) -> None:
    size = {"width": 390, "height": 844} if look == "phone" else {"width": 1280, "height": 800}
    visitor = opened(browser, server, viewport=size, color_scheme="dark" if look == "dark" else "light")
    tab = next(visitor)
    open_sentences(tab)
    tab.get_by_test_id("explain").locator("summary").click()
    tab.get_by_test_id("explain").locator("[data-what=boxes]").click()
    tab.locator("[data-testid=explain][data-shows=boxes]").wait_for()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    tab.screenshot(path=Path(os.environ.get("CLIPVAD_SCREENSHOTS", tmp_path)) / f"sentences-{look}.png", full_page=True)
    next(visitor, None)
