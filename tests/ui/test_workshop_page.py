"""The whole way of a rule set in a real browser: drafted, reviewed, edited, bound to a zone, compared, and saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.llm_server import KEY, llm, says
from tests.ui.driving import SLOW_MS, chips, curve, download, draw_zone, row, unfold, until, wait_for_status, zones
from tests.ui.serving import served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]  # a busy machine is slow, not wrong
PATH = [(0.3, 0.5), (0.9, 0.5), (0.9, 0.98), (0.3, 0.98)]  # where the example's cyclist rides
REPLY = {
    "normal": [{"category": "walking", "sentences": ["a person walking", "a person pushing a bicycle"]}],
    "abnormal": [{"category": "cycling", "sentences": ["a person riding a bicycle", "a van driving"]}],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with llm(says(REPLY)) as fake:
        environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": fake.url, "CLIPVAD_LLM_MODEL": "tiny-model"}
        with served(tmp_path_factory.mktemp("server"), NO_PROXY="127.0.0.1", **environment) as url:
            yield url


def test_from_a_draft_to_a_file_that_gives_the_same_curve(page: Any, tmp_path: Path) -> None:
    first = curve(page)
    form = page.get_by_test_id("draft")
    form.locator("summary").click()
    form.locator("[name=place]").fill("a paved path where people walk")
    form.get_by_role("button", name="Draft", exact=True).click()
    form.locator(".dr-review").wait_for()
    form.locator(".dr-side li", has_text="a van driving").locator("input").uncheck()
    form.get_by_role("button", name="Replace my rules").click()
    until(page, lambda: page.locator(".re-abnormal li").count() == 1, "only what was ticked")
    until(page, lambda: curve(page) != first, "the new rules are scored")
    wait_for_status(page, "Your rules are now")

    drafted = curve(page)
    text = row(page, 0).locator("textarea")
    text.fill("a cyclist")
    text.blur()
    until(page, lambda: curve(page) != drafted, "an edited sentence")
    page.locator("[data-act=undo]").click()
    until(page, lambda: curve(page) == drafted, "undo")
    assert row(page, 0).locator("textarea").input_value() == "a person riding a bicycle"

    draw_zone(page, "path", PATH)
    unfold(page, 0).get_by_label("path").check()
    row(page, 0).get_by_role("button", name="Conditions").click()
    until(page, lambda: chips(page, 0).count("path") == 1, "bound to the zone")
    until(page, lambda: curve(page) != drafted, "and scored in it")
    bound = curve(page)

    page.get_by_role("tab", name="Compare").click()
    page.locator("[data-testid=compare][data-state=shown]").wait_for(timeout=SLOW_MS)
    page.locator("#pg-rules-b input").click()
    page.get_by_role("option", name="Campus walkway").click()
    page.locator("#pg-compare .co-legend", has_text="Campus walkway").wait_for(timeout=SLOW_MS)
    assert page.locator("#pg-compare section[data-where=b] .co-row").count() > 0, (
        "the car is in the preset's events only"
    )
    page.get_by_role("tab", name="Analyze").click()
    assert curve(page) == bound

    saved = download(page, "rules", tmp_path)
    (sentence,) = yaml.safe_load(saved.read_text())["abnormal"]
    assert sentence["zones"] in ("path", ["path"])
    page.locator("#pg-place input").click()
    page.get_by_role("option", name="Public square").click()
    until(page, lambda: curve(page) != bound, "another place")
    page.locator("#pg-rules input[type=file]").set_input_files(str(saved))
    until(page, lambda: zones(page) == ["path"], "the file brings the zone back")
    until(page, lambda: curve(page) == bound, "and the same curve")
    assert chips(page, 0).count("path") == 1
