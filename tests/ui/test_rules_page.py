"""Whole rules in a real browser: zones drawn on the picture, what a sentence is bound to, one-click mends, the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ui.conftest import HOSTILE
from tests.ui.driving import (
    SLOW_MS,
    analyze,
    at,
    begin_zone,
    chips,
    curve,
    download,
    draw_zone,
    opened,
    row,
    unfold,
    until,
    upload,
    wait_for_status,
    zones,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]  # a busy machine is slow, not wrong
CORNER = [(0.02, 0.02), (0.12, 0.02), (0.12, 0.1), (0.02, 0.1)]  # of the example: nobody ever stands there


DRAWN = """([right, down]) => { const canvas = document.querySelector('[data-testid=overlay]');
  const ratio = canvas.width / canvas.clientWidth;
  const video = document.querySelector('[data-testid=video]'), aspect = video.videoWidth / video.videoHeight;
  const w = Math.min(canvas.clientWidth, canvas.clientHeight * aspect), h = w / aspect;
  const x = (canvas.clientWidth - w) / 2 + right * w, y = (canvas.clientHeight - h) / 2 + down * h;
  const pixels = canvas.getContext('2d').getImageData((x - 3) * ratio, (y - 4) * ratio, 6 * ratio, 8 * ratio).data;
  return pixels.some((value, i) => i % 4 === 3 && value > 100); }"""  # around a point of the picture


def corners(tab: Any) -> list[tuple[float, float]]:
    """The points in the drawing, as shares of the picture."""
    styles = tab.locator(".zn-point").evaluate_all("points => points.map((one) => [one.style.left, one.style.top])")
    return [(float(x[:-1]) / 100, float(y[:-1]) / 100) for x, y in styles]


def status(tab: Any) -> str:
    return str(tab.locator("#pg-status").inner_text())


def test_a_zone_is_drawn_bound_to_a_sentence_shown_and_undone(page: Any) -> None:
    before = curve(page)
    draw_zone(page, HOSTILE, CORNER)
    assert zones(page) == [HOSTILE]
    assert "not used yet" in page.get_by_test_id("zones").inner_text()
    page.wait_for_function(DRAWN, arg=[0.12, 0.08])  # its right edge lies over the player
    until(page, lambda: "of video" in status(page), "an unused zone changes nothing")
    assert curve(page) == before

    unfold(page, 0).get_by_label(HOSTILE).check()
    until(page, lambda: curve(page) != before, "where it is bound to a corner, the sentence no longer fires")
    row(page, 0).get_by_role("button", name="Conditions").click()
    assert HOSTILE in chips(page, 0)
    assert "1 sentence" in page.get_by_test_id("zones").inner_text()
    page.locator("[data-act=undo]").click()
    assert HOSTILE not in chips(page, 0)
    until(page, lambda: curve(page) == before, "undo brings the curve back")
    page.locator("[data-act=undo]").click()
    assert zones(page) == []
    page.locator("[data-act=redo]").click()
    page.locator("[data-act=redo]").click()
    assert HOSTILE in chips(page, 0)

    name = page.get_by_test_id("zones").locator("li input")
    name.fill("corner")
    name.press("Enter")
    assert "corner" in chips(page, 0), "sentences follow a new name"
    until(page, lambda: curve(page) != before, "it is bound again")
    page.get_by_role("button", name="Remove corner").click()
    assert "corner" not in chips(page, 0), "removing a zone unbinds its sentences"
    until(page, lambda: curve(page) == before, "and they count everywhere again")
    assert not page.evaluate("window.hacked")


def test_points_are_added_dragged_and_deleted_by_mouse_and_by_keyboard(page: Any) -> None:
    begin_zone(page)
    page.keyboard.press("Enter")
    assert zones(page) == [], "nothing was drawn"
    begin_zone(page)
    for x, y in ((0.2, 0.2), (0.8, 0.2)):
        page.mouse.click(*at(page, x, y))
    page.keyboard.press("Enter")
    assert "add 1 more" in page.locator(".zn-say").inner_text()
    page.mouse.click(*at(page, 0.8, 0.8))
    page.mouse.click(*at(page, 0.2, 0.8))
    page.mouse.move(*at(page, 0.8, 0.8))
    page.mouse.down()
    page.mouse.move(*at(page, 0.9, 0.9), steps=3)
    page.mouse.move(*at(page, 1.4, 0.95), steps=3)  # out of the picture
    page.mouse.up()
    assert corners(page)[2] == pytest.approx((1.0, 0.95), abs=0.005)
    page.wait_for_timeout(700)  # a double click on a point that was just added is meant for the picture
    page.mouse.dblclick(*at(page, 0.2, 0.8))
    assert len(corners(page)) == 3
    page.get_by_role("button", name="Add point").click()
    assert len(corners(page)) == 4
    page.keyboard.press("ArrowUp")
    moved = corners(page)
    page.keyboard.press("Shift+ArrowLeft")
    assert sum(abs(a[0] - b[0]) for a, b in zip(moved, corners(page), strict=True)) == pytest.approx(0.05, abs=1e-3)
    page.keyboard.press("Delete")
    assert len(corners(page)) == 3
    page.keyboard.press("Enter")
    assert zones(page) == ["zone 1"]

    page.get_by_role("button", name="Change the outline of zone 1").click()
    page.mouse.click(*at(page, 0.5, 0.205))
    assert corners(page)[1] == pytest.approx((0.5, 0.205), abs=0.01), "a closed outline bends where it is clicked"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Change the outline of zone 1").click()
    assert len(corners(page)) == 3, "Esc gives up the changes"
    page.get_by_role("button", name="+ New zone").click()
    for _ in range(3):
        page.get_by_role("button", name="Add point").click()
    page.get_by_test_id("zone-drawing").get_by_label("Name").fill("zone 1")
    page.keyboard.press("Enter")
    assert "Two zones" in page.locator(".zn-say").inner_text()
    page.get_by_test_id("zone-drawing").get_by_label("Name").fill("by keyboard")
    page.get_by_role("button", name="Done").click()
    assert zones(page) == ["zone 1", "by keyboard"]
    other = page.get_by_test_id("zones").locator("li input").nth(1)
    other.fill("zone 1")
    other.blur()
    assert "Another zone" in page.get_by_test_id("zones").inner_text()
    assert other.input_value() == "zone 1", "what was typed stays"


def test_a_sentence_keeps_what_it_is_bound_to_when_edited_moved_saved_and_reopened(page: Any, tmp_path: Path) -> None:
    draw_zone(page, "path", [(0.01, 0.3), (0.99, 0.3), (0.99, 0.99), (0.01, 0.99)])
    one = unfold(page, 0)
    one.get_by_label("path").check()
    one = unfold(page, 0)
    one.get_by_label("Hours").fill("20:00-06:00, 12:00-13:00")
    one.get_by_label("Stays (s)").fill("1.5")
    one.get_by_label("Threshold").fill("0.7")
    one.get_by_label("Threshold").press("Tab")
    bound = ["path", "20:00-06:00", "12:00-13:00", "≥ 1.5 s", "threshold 0.7", "cycling"]
    until(page, lambda: "hours limit nothing" in status(page), "the page says that the time of day is not known")
    row(page, 0).get_by_role("button", name="Conditions").click()
    assert chips(page, 0) == bound
    row(page, 0).locator("textarea").fill("a person on a bicycle")
    row(page, 0).locator("textarea").press("Alt+ArrowDown")
    assert chips(page, 1) == bound
    row(page, 1).hover()
    row(page, 1).get_by_role("button", name="Move to the other list").click()
    last = page.locator(".re-normal li").count() - 1
    assert chips(page, last, "normal") == bound[:4], "a normal sentence raises no event, so it has no threshold"
    page.locator("[data-act=undo]").click()
    assert chips(page, 1) == bound
    page.wait_for_timeout(2500)
    wait_for_status(page, "of video")

    saved = download(page, "rules", tmp_path)
    file = yaml.safe_load(saved.read_text())
    assert file["zones"][0]["name"] == "path"
    assert file["zones"][0]["points"][0] == pytest.approx([0.01, 0.3], abs=0.005)
    assert file["abnormal"][1] == {
        "text": "a person on a bicycle",
        "category": "cycling",
        "zones": ["path"],
        "hours": ["20:00-06:00", "12:00-13:00"],
        "dwell_s": 1.5,
        "threshold": 0.7,
    }
    before = curve(page)
    page.locator("#pg-place input").click()
    page.get_by_role("option", name="Public square").click()
    until(page, lambda: curve(page) != before, "another place")
    assert zones(page) == []
    page.locator("#pg-rules input[type=file]").set_input_files(str(saved))
    until(page, lambda: zones(page) == ["path"], "the file brings its zone back")
    assert chips(page, 1) == bound
    until(page, lambda: curve(page) == before, "and the same curve")
    assert yaml.safe_load(download(page, "rules", tmp_path).read_text()) == file


def test_what_is_unfinished_is_said_and_stays(page: Any) -> None:
    before = curve(page)
    hours = unfold(page, 0).get_by_label("Hours")
    hours.fill("20:00-")
    hours.blur()
    page.locator("#pg-status .pg-error", has_text="'20:00-' is no span of the clock").wait_for(timeout=SLOW_MS)
    assert hours.input_value() == "20:00-"
    assert "Write it like 20:00-06:00" in row(page, 0).inner_text()
    assert curve(page) == before
    threshold = unfold(page, 0).get_by_label("Threshold")
    hours.fill("")
    threshold.fill("high")
    threshold.blur()
    page.locator("#pg-status .pg-error", has_text="“high” in the threshold").wait_for(timeout=SLOW_MS)
    assert threshold.input_value() == "high"
    threshold.fill("0,9")
    threshold.blur()
    wait_for_status(page, "of video")  # mended, the complaint goes at once
    assert "threshold 0.9" in chips(page, 0)

    unfold(page, 0).get_by_label("Hours").fill("08:00-09:00")
    wait_for_status(page, "hours limit nothing")
    page.get_by_text("Advanced", exact=True).click()
    clock = page.locator("#pg-clock input, #pg-clock textarea").first
    clock.fill("25:00")
    clock.press("Enter")
    wait_for_status(page, "“25:00” is no time of day")
    clock.fill("20:00")
    clock.press("Enter")
    until(page, lambda: curve(page) != before, "outside its hours, the sentence counts no more")
    assert "hours limit nothing" not in status(page)


def test_remarks_are_mended_with_one_click(page: Any) -> None:
    adder = page.locator(".re-abnormal [data-add]")
    for text in ("a man not wearing a helmet", "a car"):
        adder.fill(text)
        adder.press("Enter")
    count = page.locator(".re-abnormal li").count()
    page.get_by_role("button", name="Use “a bare-headed man”").click()
    assert row(page, count - 2).locator("textarea").input_value() == "a bare-headed man"
    row(page, count - 1).get_by_role("button", name="Remove", exact=True).first.wait_for()
    row(page, count - 1).locator(".re-mend").click()
    assert page.locator(".re-abnormal li").count() == count - 1
    until(page, lambda: page.locator(".re-mend").count() == 0, "nothing is left to mend")
    page.locator("[data-act=undo]").click()
    assert row(page, count - 1).locator("textarea").input_value() == "a car"


def test_a_remark_stands_at_its_own_sentence_of_several_with_one_text(page: Any) -> None:
    draw_zone(page, "corner", CORNER)
    adder = page.get_by_label("New abnormal sentence")
    for _ in range(3):
        adder.fill("a green van")
        adder.press("Enter")
    last = page.locator(".re-abnormal li").count() - 1
    unfold(page, last).get_by_label("corner").check()
    notes = [row(page, last - back).locator(".re-notes") for back in (2, 1, 0)]
    until(page, lambda: not notes[2].inner_text(), "bound to a zone, it is compared with neither of the others")
    assert all("counts double" in note.inner_text() for note in notes[:2])
    notes[1].get_by_role("button", name="Remove").click()
    until(page, lambda: page.locator(".re-mend").count() == 0, "what is left counts once")
    assert chips(page, last - 1) == ["corner"]


def test_frame_mode_looks_at_a_new_zone_when_analysed_again(page: Any, clip: Path) -> None:
    upload(page, clip)
    wait_for_status(page, "Press Analyze")
    page.get_by_label("Whole frame").check()
    draw_zone(page, "corner", CORNER)
    page.wait_for_function(DRAWN, arg=[0.12, 0.08])  # before there is a curve, too
    analyze(page)
    draw_zone(page, "left", [(0.0, 0.2), (0.5, 0.2), (0.5, 0.8), (0.0, 0.8)])
    unfold(page, 0).get_by_label("left").check()
    wait_for_status(page, "not yet looked at the zone left")
    page.locator("#pg-analyze").click()
    until(page, lambda: "of video" in status(page) and "not yet" not in status(page), "its own picture was encoded")


def covered(one: Any) -> bool:
    """Whether the buttons that move or remove a sentence lie over its text."""
    acts, text = one.locator(".re-acts").bounding_box(), one.locator("textarea").bounding_box()
    return bool(acts["x"] < text["x"] + text["width"])


def test_a_long_sentence_is_read_to_its_end_while_it_is_typed(page: Any) -> None:
    text = row(page, 0).locator("textarea")
    text.fill("a person who climbs over the low wall beside the entrance and runs away from the cameras")
    assert not covered(row(page, 0))
    assert text.evaluate("one => one.scrollHeight <= one.clientHeight"), "all of its lines are shown"


def test_drawing_by_touch_on_a_phone_in_the_dark(browser: Any, server: str, tmp_path: Path) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}
    visitor = opened(browser, server, **phone)
    tab = next(visitor)
    begin_zone(tab)
    for x, y in CORNER:
        tab.touchscreen.tap(*at(tab, 5 * x, 5 * y))
    assert json.dumps(corners(tab)) != "[]"
    assert [len(point) for point in corners(tab)] == [2] * 4
    fits = "document.querySelector('.zn').getBoundingClientRect().right <= innerWidth"
    assert tab.evaluate(fits)
    tab.get_by_role("button", name="Done").tap()
    assert zones(tab) == ["zone 1"]
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    unfold(tab, 0)
    assert not covered(row(tab, 0)), "what moves or removes the sentence stands beside it"
    titles = tab.locator("#pg-place input, #pg-scorer input").evaluate_all(
        "inputs => inputs.map((one) => [one.value, one.scrollWidth <= one.clientWidth])"
    )
    assert titles == [["Campus walkway", True], ["Zero-shot (your sentences)", True]], "no choice is cut off"
    next(visitor, None)
