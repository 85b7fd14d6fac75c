"""The Compare tab in a real browser: another preset for B, its numbers, files, refusals, Analyze unharmed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clipvad.cache import Cache
from clipvad.comparison import Comparison, compare, comparison_csv
from clipvad.pipeline import Analyzer
from clipvad.rules import dump_rules, load_rules
from clipvad.settings import Settings
from tests.ui.conftest import HOSTILE
from tests.ui.driving import (
    EXAMPLE,
    SLOW_MS,
    events,
    open_example,
    opened,
    until,
    upload,
    wait_for_status,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]  # a busy machine is slow, not wrong


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """The example under its own rules and under those of a car park, by the product's own functions."""
    cache = Cache.of(Settings(cache_dir=tmp_path_factory.mktemp("cache")))
    analyzer = Analyzer(encoder="bundled", detector="motion", device="cpu", cache=cache)
    a = analyzer.run(EXAMPLE, load_rules("campus-walkway"), modes=("object",))
    return compare(a, analyzer.rescore(a.features, load_rules("car-park"), settings=a.settings))


def open_compare(tab: Any) -> None:
    tab.get_by_role("tab", name="Compare").click()


def choose_file(tab: Any, path: Path) -> None:
    """A rule file for B, through the button: the bare input takes no second file of the same name."""
    with tab.expect_file_chooser() as chooser:
        tab.locator("#pg-file-b").click()
    chooser.value.set_files(str(path))


def view(tab: Any) -> Any:
    return tab.get_by_test_id("compare")


def wait_for_verdict(tab: Any, text: str) -> None:
    tab.get_by_test_id("compare-verdict").filter(has_text=text).wait_for(timeout=SLOW_MS)


def choose(tab: Any, side: str, title: str) -> None:
    tab.locator(f"#pg-rules-{side} input").click()
    tab.get_by_role("option", name=title).click()


def rows(tab: Any, where: str) -> list[list[str]]:
    """Start, peak and sentence of each row of one table."""
    cells = tab.locator(f"#pg-compare section[data-where={where}] .co-row").evaluate_all(
        """list => list.map((row) => ['times', 'peak', 'sentence'].map(
        (name) => row.querySelector('.co-' + name).innerText))"""
    )
    return [[times.split(" ")[0], peak, sentence] for times, peak, sentence in cells]


def shown(comparison: Comparison, *, only: str) -> list[list[str]]:
    alone = comparison.only_a if only == "a" else comparison.only_b
    return [[f"0:{int(10 * e.start_s + 1e-3) / 10:04.1f}", f"{e.peak:.2f}", e.sentence] for e in alone]


def test_another_preset_for_b_shows_the_numbers_of_the_comparison(
    page: Any, expected: Comparison, tmp_path: Path
) -> None:
    before = events(page)
    open_compare(page)
    jump, now = page.locator("#pg-compare .co-jump"), page.locator("#pg-compare .co-when")
    until(page, lambda: jump.inner_text() == now.inner_text() != "0:00.00", "it opens at the largest difference")
    choose(page, "b", "Car park")
    _, difference = expected.largest
    wait_for_verdict(page, f"Largest difference {abs(difference):.2f} at ")
    assert f"mean {expected.mean_difference:.2f}" in page.get_by_test_id("compare-verdict").inner_text()
    assert rows(page, "a") == shown(expected, only="a") != []
    assert rows(page, "b") == shown(expected, only="b")

    first = expected.only_a[0]
    page.locator("#pg-compare section[data-where=a] .co-row").first.click()
    video = page.get_by_test_id("compare-video")
    until(page, lambda: abs(video.evaluate("video => video.currentTime") - first.peak_s) < 0.05, "the peak is shown")
    assert page.locator("#pg-compare .co-says").inner_text() == f"A: {first.sentence}"
    assert page.locator("#pg-compare .co-box").is_visible()

    page.locator("#pg-compare .co-plot").hover(position={"x": 300, "y": 80})
    card = page.locator("#pg-compare .co-card").inner_text()
    assert {"A", "B", "B − A"} <= {part.rsplit(" ", 1)[0] for part in card.split("\n") if " " in part}, card

    for kind in ("csv", "png"):
        with page.expect_download(timeout=SLOW_MS) as started:
            page.locator(f"#pg-compare-files button[data-kind={kind}]").click()
        path = tmp_path / started.value.suggested_filename
        started.value.save_as(path)
        assert path.name == f"walkway.comparison.{kind}"
        until(page, page.locator(f"#pg-compare-files button[data-kind={kind}]").is_enabled, "ready for the next file")
    assert (tmp_path / "walkway.comparison.csv").read_text() == comparison_csv(expected)
    assert (tmp_path / "walkway.comparison.png").read_bytes().startswith(b"\x89PNG")

    page.get_by_role("tab", name="Analyze").click()
    assert events(page) == before, "the Analyze tab keeps what it shows"
    assert page.locator("#pg-place input").input_value() == load_rules("campus-walkway").title


def test_files_modes_and_other_clips(page: Any, clip: Path, tmp_path: Path) -> None:
    rules = load_rules("campus-walkway")
    path = tmp_path / "hostile.yaml"
    text = dump_rules(rules).replace("title: Campus walkway", f"title: '{HOSTILE}'")
    path.write_text(text, encoding="utf-8")
    open_compare(page)
    view(page).and_(page.locator("[data-state=shown]")).wait_for(timeout=SLOW_MS)
    choose_file(page, path)
    wait_for_verdict(page, "The two curves are the same.")
    assert HOSTILE in page.locator("#pg-compare .co-legend").inner_text()
    assert page.evaluate("window.hacked") is None

    path.write_text("colour: red\n" + text, encoding="utf-8")
    choose_file(page, path)
    note = page.get_by_test_id("compare-note")
    note.filter(has_text="hostile.yaml, line 1: unknown key 'colour'").wait_for(timeout=SLOW_MS)

    page.locator("#pg-mode-a label", has_text="Whole frame").click()
    note.filter(has_text="has not been computed").wait_for(timeout=SLOW_MS)
    assert page.locator("#pg-compare-files button[data-kind=csv]").is_disabled()

    page.get_by_role("tab", name="Analyze").click()
    open_example(page, "car-park-fire")
    page.locator("#pg-clip", has_text="car-park-fire.mp4").wait_for(timeout=SLOW_MS)
    wait_for_status(page, "from stored features")
    open_compare(page)
    page.locator("#pg-compare .co-legend", has_text="whole frame").wait_for(timeout=SLOW_MS)

    page.get_by_role("tab", name="Analyze").click()
    upload(page, clip)
    wait_for_status(page, "Press Analyze")
    open_compare(page)
    note.filter(has_text="Nothing to compare yet").wait_for(timeout=SLOW_MS)


@pytest.mark.parametrize("look", ["dark", "phone"])
def test_nothing_sticks_out(browser: Any, server: str, look: str) -> None:
    size = {"width": 390, "height": 844} if look == "phone" else {"width": 1280, "height": 800}
    visitor = opened(browser, server, viewport=size, color_scheme="dark" if look == "dark" else "light")
    tab = next(visitor)
    open_compare(tab)
    view(tab).and_(tab.locator("[data-state=shown]")).wait_for(timeout=SLOW_MS)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    titles = tab.locator("#pg-sides .pg-boxed input").evaluate_all(
        "inputs => inputs.map((one) => [one.value, one.scrollWidth <= one.clientWidth])"
    )
    assert titles == [["Rules on the Analyze tab", True], ["Street and public space", True]], "no title is cut off"
    next(visitor, None)
