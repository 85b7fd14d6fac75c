"""What a visitor does on the page in a real browser, and what is read off it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.ui.serving import ROOT

EXAMPLE = ROOT / "assets" / "walkway.mp4"
SLOW_MS = 240_000  # a busy machine is slow, not wrong


def opened(browser: Any, url: str, **options: Any) -> Iterator[Any]:
    """A page of a new visitor, once it shows the example; fails on errors in the browser's console."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
    tab = context.new_page()
    problems: list[str] = []
    strangers: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.on("request", lambda request: strangers.append(request.url) if is_foreign(request.url, url) else None)
    tab.set_default_timeout(SLOW_MS)
    try:
        tab.goto(url)
        wait_for_status(tab, "of video")
        yield tab
    finally:
        context.close()
    assert not problems
    assert not strangers, "the page must work with no network"


def is_foreign(requested: str, url: str) -> bool:
    return not requested.startswith((url, "data:", "blob:"))


def wait_for_status(tab: Any, text: str) -> None:
    tab.locator("#pg-status", has_text=text).wait_for(timeout=SLOW_MS)


def timeline(tab: Any, name: str) -> str:
    return tab.get_by_test_id("timeline").get_attribute(f"data-{name}") or ""


def events(tab: Any) -> int:
    return int(tab.get_by_test_id("event-count").inner_text())


def curve(tab: Any) -> str:
    """The drawn curve, as the bytes of its picture."""
    return str(tab.get_by_test_id("curve").evaluate("canvas => canvas.toDataURL()"))


def video_time(tab: Any) -> float:
    return float(tab.get_by_test_id("video").evaluate("video => video.currentTime"))


def until(tab: Any, happens: Any, what: str) -> None:
    for _ in range(SLOW_MS // 200):
        if happens():
            return
        tab.wait_for_timeout(200)
    raise AssertionError(what)


def upload(tab: Any, path: Path) -> None:
    tab.locator("#pg-upload input[type=file]").set_input_files(str(path))


def open_example(tab: Any, name: str) -> None:
    tab.locator(f"#pg-examples button[data-name={name}]").click()


WATCH_STATUS = """() => {
  const read = () => document.querySelector('#pg-status [data-running]')?.dataset.running ?? 'idle';
  window.statusSeen = [];
  window.statusWatch?.disconnect();
  window.statusWatch = new MutationObserver(() => window.statusSeen.push(read()));
  window.statusWatch.observe(document.querySelector('#pg-status').parentElement,
    { subtree: true, childList: true, characterData: true, attributes: true });
}"""


def analyze(tab: Any) -> list[int]:
    """Press Analyze and wait for the end; the percentages that were shown on the way.

    An observer sees every change: looking now and then would miss a run from stored features, which takes a moment.
    """
    tab.evaluate(WATCH_STATUS)
    tab.locator("#pg-analyze").click()
    for _ in range(SLOW_MS // 50):
        seen = tab.evaluate("window.statusSeen")
        shown = [int(percent) for percent in seen if percent != "idle"]
        if shown and seen[-1] == "idle" and "of video" in tab.locator("#pg-status").inner_text():
            tab.locator("#pg-analyze").wait_for(state="visible")
            return shown
        tab.wait_for_timeout(50)
    raise AssertionError(f"the analysis did not end: {tab.locator('#pg-status').inner_text()}")


def set_number(tab: Any, name: str, value: float) -> None:
    field = tab.locator(f"{name} input[type=number]")
    field.fill(str(value))
    field.press("Enter")


def download(tab: Any, kind: str, folder: Path) -> Path:
    with tab.expect_download(timeout=SLOW_MS) as started:
        tab.locator(f"#pg-downloads button[data-kind={kind}]").click()
    path = folder / started.value.suggested_filename
    started.value.save_as(path)
    return path


def seek_to(tab: Any, t_s: float, duration_s: float) -> None:
    """Click the curve at a time."""
    x, y = tab.evaluate(
        """([t, d]) => { const root = document.querySelector('[data-testid=timeline]');
        const css = (name) => parseFloat(getComputedStyle(root).getPropertyValue(name)), left = css('--cv-gutter');
        const plot = root.querySelector('[data-testid=plot]').getBoundingClientRect();
        const curve = root.querySelector('[data-testid=curve]'); curve.scrollIntoView({ block: 'center' });
        const r = curve.getBoundingClientRect();
        return [plot.left + left + t / d * (plot.width - left - css('--cv-rail')), r.top + r.height / 2]; }""",
        [t_s, duration_s],
    )
    tab.mouse.click(x, y)
    tab.wait_for_function("!document.querySelector('[data-testid=video]').seeking")
    tab.wait_for_timeout(150)


def begin_zone(tab: Any) -> None:
    tab.wait_for_function("document.querySelector('[data-testid=video]').videoWidth > 0")
    tab.get_by_test_id("zones").get_by_role("button", name="Draw a zone").click()
    tab.get_by_test_id("zone-stage").wait_for()


def at(tab: Any, x: float, y: float) -> tuple[float, float]:
    """Where a point of the picture lies on the page."""
    area = tab.get_by_test_id("zone-stage").bounding_box()
    return area["x"] + x * area["width"], area["y"] + y * area["height"]


def draw_zone(tab: Any, name: str, points: list[tuple[float, float]]) -> None:
    begin_zone(tab)
    for x, y in points:
        tab.mouse.click(*at(tab, x, y))
    tab.get_by_test_id("zone-drawing").get_by_label("Name").fill(name)
    tab.keyboard.press("Enter")
    tab.get_by_test_id("zone-drawing").wait_for(state="hidden")


def row(tab: Any, index: int, side: str = "abnormal") -> Any:
    return tab.locator(f".re-{side} li").nth(index)


def unfold(tab: Any, index: int, side: str = "abnormal") -> Any:
    """A sentence with its conditions shown."""
    one = row(tab, index, side)
    if not one.locator(".re-detail").count():
        one.get_by_role("button", name="Conditions").click()
    return one


def chips(tab: Any, index: int, side: str = "abnormal") -> list[str]:
    return [str(text) for text in row(tab, index, side).locator(".re-chip").all_text_contents()]


def zones(tab: Any) -> list[str]:
    return [field.input_value() for field in tab.get_by_test_id("zones").locator("li input").all()]
