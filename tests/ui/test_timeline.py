"""The timeline component in a real browser, over an analysis whose every number is known."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest

from clipvad.core import Analysis, Scores, Zone
from clipvad.progress import Progress
from clipvad.ui.timeline import Timeline, partial, patch, payload
from tests.ui.conftest import HEIGHT, HOSTILE, RATE, WIDTH, make_analysis, square_at

pytestmark = pytest.mark.browser


@dataclass
class Demo:
    """A tiny app around the component; `heard` is what its events told Python."""

    url: str
    video_url: str
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: tuple[Any, ...] = ()
    work_s: float = 0.0


@pytest.fixture(scope="module")
def demo(clip: Path, analysis: Analysis) -> Iterator[Demo]:
    state = Demo(url="", video_url=f"/gradio_api/file={clip}")

    def listen(name: str) -> Any:
        def heard(event: gr.EventData) -> None:
            state.heard.append((name, dict(event._data or {})))
            time.sleep(state.work_s)

        return heard

    def answers() -> Iterator[Any]:
        yield from state.answers

    with gr.Blocks(analytics_enabled=False) as blocks:
        timeline = Timeline(payload(analysis, video_url=state.video_url, mode="object", truth=[(4.2, 5.8, "bicycle")]))
        update = gr.Button("update", elem_id="update")
        update.click(answers, outputs=timeline, show_progress="hidden")
        for name in ("seek", "select", "mode"):
            getattr(timeline, name)(listen(name), show_progress="hidden", trigger_mode="multiple")
        timeline.threshold(listen("threshold"), show_progress="hidden", trigger_mode="always_last")
    _, url, _ = blocks.launch(
        prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", allowed_paths=[str(clip.parent)], ssr_mode=False
    )
    state.url = url
    yield state
    blocks.close()


@pytest.fixture
def page(browser: Any, demo: Demo) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    open_page(tab, demo)
    yield tab
    context.close()


def open_page(tab: Any, demo: Demo) -> None:
    demo.heard.clear()
    tab.goto(demo.url)
    tab.wait_for_selector('[data-testid="timeline"][data-ready="1"]')
    tab.wait_for_function("document.querySelector('[data-testid=video]').readyState >= 2")


def attribute(tab: Any, name: str) -> str:
    return tab.get_by_test_id("timeline").get_attribute(f"data-{name}") or ""


def send(tab: Any, demo: Demo, *answers: Any) -> None:
    """Let Python set the component's value, one answer right after the other, and wait until all are drawn."""
    demo.answers, before = answers, int(attribute(tab, "ready"))
    tab.locator("#update").click()
    tab.wait_for_selector(f'[data-testid="timeline"][data-ready="{before + len(answers)}"]')


def video_time(tab: Any) -> float:
    return float(tab.evaluate("document.querySelector('[data-testid=video]').currentTime"))


def hear(tab: Any, demo: Demo, name: str) -> dict[str, Any]:
    """The first event of that name that reaches Python within ten seconds."""
    for _ in range(100):
        for kind, data in list(demo.heard):
            if kind == name:
                return data
        tab.wait_for_timeout(100)
    raise AssertionError(f"no {name!r} reached Python, only {demo.heard}")


def plot_x(tab: Any, t_s: float, duration_s: float = 10) -> float:
    """Page x of a time on the fitted time axis."""
    return float(
        tab.evaluate(
            """([t, d]) => { const root = document.querySelector('[data-testid=timeline]');
            const css = (name) => parseFloat(getComputedStyle(root).getPropertyValue(name)), left = css('--cv-gutter');
            const r = root.querySelector('[data-testid=plot]').getBoundingClientRect();
            return r.left + left + t / d * (r.width - left - css('--cv-rail')); }""",
            [t_s, duration_s],
        )
    )


def plot_y(tab: Any, value: float) -> float:
    """Page y of a score on the curve."""
    box = tab.get_by_test_id("curve").bounding_box()
    height = float(
        tab.evaluate(
            "parseFloat(getComputedStyle(document.querySelector('.cv')).getPropertyValue('--cv-curve-height'))"
        )
    )
    return float(box["y"] + 8 + (1 - value) * height)


def seek(tab: Any, t_s: float) -> None:
    tab.mouse.click(plot_x(tab, t_s), plot_y(tab, 0.3))
    tab.wait_for_function("!document.querySelector('[data-testid=video]').seeking")
    tab.wait_for_timeout(100)


def white_square(tab: Any) -> list[float]:
    """Where the picture that is shown has its white square: x1 y1 x2 y2 in source pixels."""
    return tab.evaluate(
        """() => { const v = document.querySelector('[data-testid=video]'), c = document.createElement('canvas');
        c.width = v.videoWidth; c.height = v.videoHeight; const p = c.getContext('2d'); p.drawImage(v, 0, 0);
        const d = p.getImageData(0, 0, c.width, c.height).data; let b = [1e9, 1e9, -1, -1];
        for (let y = 0; y < c.height; y++) for (let x = 0; x < c.width; x++) if (d[(y * c.width + x) * 4] > 128)
          b = [Math.min(b[0], x), Math.min(b[1], y), Math.max(b[2], x + 1), Math.max(b[3], y + 1)];
        return b; }"""
    )


def painted(tab: Any, x: float, y: float) -> list[int]:
    """Red, green, blue and alpha of the overlay at a point of the stage."""
    return tab.evaluate(
        """([x, y]) => { const c = document.querySelector('[data-testid=overlay]');
        return Array.from(c.getContext('2d').getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data); }""",
        [x, y],
    )


def test_click_on_the_curve_seeks_and_boxes_match_the_shown_picture(page: Any, demo: Demo) -> None:
    seek(page, 5.0)
    assert video_time(page) == pytest.approx(5.0, abs=0.06)
    assert hear(page, demo, "seek")["t_s"] == pytest.approx(5.0, abs=0.06)
    boxes = json.loads(attribute(page, "boxes"))
    winner = next(box for box in boxes if box["winner"])
    sample = int(attribute(page, "sample"))
    expected = square_at(sample / RATE)
    got = np.array(winner["box"]) * [WIDTH, HEIGHT, WIDTH, HEIGHT]
    np.testing.assert_allclose(got, expected, atol=0.02)
    # One sample lasts 0.2 s: the square has moved by at most 4.8 pixels from where the box says.
    np.testing.assert_allclose(white_square(page), expected, atol=6)
    assert winner["abnormal"]
    assert winner["sentence"] == "riding a bicycle"
    assert [box["abnormal"] for box in boxes if not box["winner"]] == [False]


def test_box_is_painted_where_the_letterboxed_picture_is(page: Any) -> None:
    seek(page, 5.0)
    winner = next(box for box in json.loads(attribute(page, "boxes")) if box["winner"])
    stage = page.get_by_test_id("stage").bounding_box()
    scale = min(stage["width"] / WIDTH, stage["height"] / HEIGHT)
    x1, y1, x2, _ = square_at(int(attribute(page, "sample")) / RATE)
    assert winner["x"] == pytest.approx((stage["width"] - WIDTH * scale) / 2 + x1 * scale, abs=1)
    assert winner["y"] == pytest.approx((stage["height"] - HEIGHT * scale) / 2 + y1 * scale, abs=1)
    assert winner["w"] == pytest.approx((x2 - x1) * scale, abs=1)
    red, green, blue, alpha = painted(page, winner["x"], winner["y"] + winner["h"] / 2)
    assert alpha > 200
    assert red > 200 > green > blue


def test_boxes_keep_step_with_the_playing_video(page: Any) -> None:
    page.get_by_test_id("play").click()
    page.wait_for_function("Number(document.querySelector('[data-testid=timeline]').dataset.time) > 1")
    for _ in range(3):
        page.wait_for_timeout(200)
        time_s, sample, boxes = page.evaluate(
            """() => { const now = document.querySelector('[data-testid=timeline]').dataset;
            return [now.time, now.sample, now.boxes]; }"""
        )
        assert int(sample) == int(float(time_s) * RATE + 0.01)
        winner = next(box for box in json.loads(boxes) if box["winner"])
        np.testing.assert_allclose(winner["box"][0] * WIDTH, square_at(int(sample) / RATE)[0], atol=0.02)


def test_dragging_the_threshold_reaches_python_and_recolours_at_once(page: Any, demo: Demo) -> None:
    seek(page, 5.0)
    handle = page.get_by_test_id("threshold").bounding_box()
    page.mouse.move(handle["x"] + 10, handle["y"] + 10)
    page.mouse.down()
    page.mouse.move(handle["x"] + 10, plot_y(page, 0.95), steps=6)
    page.mouse.up()
    final = hear(page, demo, "threshold")
    assert final["value"] == pytest.approx(0.95, abs=0.02)
    assert not any(box["abnormal"] for box in json.loads(attribute(page, "boxes")))


def test_threshold_by_keyboard(page: Any, demo: Demo) -> None:
    slider = page.get_by_test_id("threshold")
    slider.focus()
    page.keyboard.press("ArrowUp")
    assert hear(page, demo, "threshold") == {"value": 0.51}
    page.keyboard.press("PageDown")
    assert slider.get_attribute("aria-valuenow") == "0.41"
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuenow") == "1.00"


def test_python_ends_with_the_last_threshold_however_slow_it_is(page: Any, demo: Demo) -> None:
    demo.work_s = 1.0
    page.get_by_test_id("threshold").focus()
    for _ in range(4):
        page.keyboard.press("ArrowUp")
        page.wait_for_timeout(300)
    page.wait_for_timeout(4000)
    demo.work_s = 0.0
    values = [data["value"] for kind, data in demo.heard if kind == "threshold"]
    assert values[-1] == 0.54


def test_keys_step_jump_and_play(page: Any, demo: Demo) -> None:
    page.get_by_test_id("timeline").focus()
    page.keyboard.press("n")
    page.wait_for_function("document.querySelector('[data-testid=timeline]').dataset.sample === '20'")
    page.keyboard.press("n")
    page.wait_for_function("document.querySelector('[data-testid=timeline]').dataset.sample === '40'")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("document.querySelector('[data-testid=timeline]').dataset.sample === '39'")
    page.keyboard.press("p")
    page.wait_for_function("document.querySelector('[data-testid=timeline]').dataset.sample === '20'")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('[data-testid=timeline]').dataset.sample === '21'")
    assert video_time(page) == pytest.approx(4.2, abs=0.01)
    page.keyboard.press(" ")
    page.wait_for_function("!document.querySelector('[data-testid=video]').paused")
    page.keyboard.press(" ")
    page.wait_for_function("document.querySelector('[data-testid=video]').paused")


def test_marks_and_drag_select_a_span(page: Any, demo: Demo) -> None:
    page.get_by_test_id("timeline").focus()
    page.keyboard.press("n")
    page.keyboard.press("[")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("]")
    span = hear(page, demo, "select")
    assert (span["start_s"], span["end_s"]) == (pytest.approx(4, abs=0.01), pytest.approx(5, abs=0.01))
    demo.heard.clear()
    page.mouse.move(plot_x(page, 2), plot_y(page, 0.8))
    page.mouse.down()
    page.mouse.move(plot_x(page, 7), plot_y(page, 0.8), steps=5)
    page.mouse.up()
    span = hear(page, demo, "select")
    assert (span["start_s"], span["end_s"]) == (pytest.approx(2, abs=0.05), pytest.approx(7, abs=0.05))
    demo.heard.clear()
    page.keyboard.press("Escape")
    assert hear(page, demo, "select") == {}


def test_why_lists_sentences_by_probability_and_marks_unknown_words(page: Any) -> None:
    seek(page, 5.0)
    items = page.get_by_test_id("why-list").locator("li")
    assert items.nth(0).locator(".cv-sentence").inner_text() == "riding a bicycle"
    assert items.nth(0).locator(".cv-share").inner_text() == "75%"
    assert items.nth(0).locator(".cv-cos").inner_text() == "0.225"
    assert page.locator(".cv-unknown").all_inner_texts() == ["zorbing"]
    assert page.get_by_test_id("why-score").inner_text().endswith("0.90")
    assert "bicycle 0.80, track 7" in page.get_by_test_id("why-box").inner_text()
    seek(page, 1.0)
    assert items.nth(0).locator(".cv-sentence").inner_text() == "a person walking"


def test_a_hostile_sentence_stays_text(page: Any) -> None:
    seek(page, 5.0)
    assert HOSTILE in page.get_by_test_id("why-list").inner_text()
    assert HOSTILE in page.get_by_test_id("heat-labels").inner_text()
    page.mouse.move(plot_x(page, 1.0), plot_y(page, 0.3))
    assert HOSTILE in page.get_by_test_id("hover").inner_text()
    assert page.evaluate("window.hacked") is None
    assert page.locator(".cv img").count() == 0


def test_hover_tells_time_score_and_sentences_with_a_thumbnail(page: Any) -> None:
    page.mouse.move(plot_x(page, 8.5), plot_y(page, 0.3))
    card = page.get_by_test_id("hover")
    assert "score 0.90" in card.inner_text()
    assert "riding a bicycle" in card.inner_text()
    page.wait_for_function(
        """() => { const c = document.querySelector('[data-testid=hover] canvas');
        const { data } = c.getContext('2d').getImageData(0, 0, c.width, c.height);
        return data.some((value, i) => i % 4 === 0 && value > 200); }"""
    )


def test_events_table_plays_from_the_start_of_the_event(page: Any) -> None:
    rows = page.get_by_test_id("event")
    assert rows.count() == 2
    assert "0:04.0 – 0:06.0" in rows.nth(0).inner_text()
    rows.nth(1).click()
    page.wait_for_function("!document.querySelector('[data-testid=video]').paused")
    assert 8 <= video_time(page) < 9


def edge_is_drawn(tab: Any) -> bool:
    """Is the frame that marks an abnormal picture painted half way up its left side?"""
    return bool(
        tab.evaluate(
            """([w, h]) => { const c = document.querySelector('[data-testid=overlay]');
            const scale = Math.min(c.clientWidth / w, c.clientHeight / h), left = (c.clientWidth - w * scale) / 2;
            const at = [(left + 2) * devicePixelRatio, (c.clientHeight / 2) * devicePixelRatio, 1, 1];
            return c.getContext('2d').getImageData(...at).data[3] > 200; }""",
            [WIDTH, HEIGHT],
        )
    )


def test_mode_switch_changes_events_and_boxes_and_tells_python(page: Any, demo: Demo) -> None:
    seek(page, 5.0)
    page.get_by_role("button", name="Whole frame").click()
    assert hear(page, demo, "mode") == {"mode": "frame"}
    assert page.get_by_test_id("event").count() == 1
    assert json.loads(attribute(page, "boxes")) == []
    assert page.get_by_test_id("why-score").inner_text().endswith("0.70")
    assert edge_is_drawn(page)  # 0.7 is over the threshold of 0.5
    seek(page, 1.0)
    assert not edge_is_drawn(page)


def test_patch_keeps_the_video_and_changes_curve_and_events(page: Any, demo: Demo, analysis: Analysis) -> None:
    seek(page, 5.0)
    before = video_time(page)
    page.evaluate("document.querySelector('[data-testid=video]').dataset.same = 'yes'")
    scores = analysis.scores["object"]
    low = np.full_like(scores.score, 0.2)
    assert scores.object_score is not None
    changed: Scores = replace(scores, score=low, smooth=low, object_score=scores.object_score * 0.2)
    quiet = replace(analysis, scores={**analysis.scores, "object": changed}, events=())
    send(page, demo, patch(quiet, mode="object"))
    assert video_time(page) == before
    assert page.get_by_test_id("video").get_attribute("data-same") == "yes"
    assert page.get_by_test_id("event").count() == 0
    assert "Nothing reached the threshold" in page.get_by_test_id("events").inner_text()
    boxes = json.loads(attribute(page, "boxes"))
    assert len(boxes) == 2
    assert not any(box["abnormal"] for box in boxes)
    assert page.get_by_test_id("why-score").inner_text() == "0.20"
    send(page, demo, patch(analysis, mode="object", curves=False))
    assert page.get_by_test_id("event").count() == 2
    assert page.get_by_test_id("why-score").inner_text() == "0.20"


def test_a_patch_for_another_analysis_is_ignored(page: Any, demo: Demo, analysis: Analysis) -> None:
    other = replace(analysis, features=replace(analysis.features, encoder_id="test", frames=None))
    other = replace(other, features=replace(other.features, video=replace(other.video, sha256="1" * 64)), events=())
    demo.answers = (patch(other, mode="object"),)
    page.locator("#update").click()
    page.wait_for_timeout(600)
    assert page.get_by_test_id("event").count() == 2


def test_partial_grows_while_the_video_is_there_then_the_whole_follows(
    page: Any, demo: Demo, analysis: Analysis
) -> None:
    send(page, demo, None)
    assert page.get_by_test_id("empty").is_visible()
    scores = analysis.scores["object"]
    head = {
        name: getattr(scores, name)[:20] for name in ("pts_s", "score", "smooth", "probabilities", "cosines", "winner")
    }
    progress = Progress(
        stage="detect", done_s=4, total_s=10, frames=20, frames_per_s=9, partial={"object": replace(scores, **head)}
    )
    bay = Zone(name="bay", points=((0.4, 0.5), (0.9, 0.5), (0.9, 0.9)))
    abnormal = (replace(analysis.rules.abnormal[0], zones=(bay.name,)), *analysis.rules.abnormal[1:])
    rules = replace(analysis.rules, zones=(bay,), abnormal=abnormal)
    waiting: Any = {"video": analysis.video, "video_url": demo.video_url, "mode": "frame", "rules": rules}
    message = partial(progress, **waiting)
    assert message["mode"] == "object"
    send(page, demo, message)
    assert attribute(page, "state") == "running"
    assert page.get_by_test_id("empty").is_hidden()
    page.wait_for_function("document.querySelector('[data-testid=video]').readyState >= 2")
    seek(page, 3.0)
    stage = page.get_by_test_id("stage").bounding_box()
    middle = (stage["width"] / 2, stage["height"] / 2)  # on the zone's upper edge
    red, _, blue, alpha = painted(page, *middle)
    assert alpha > 200 < blue > red, "the zone stays while the curve grows"
    whole = payload(analysis, video_url=demo.video_url, mode="object", start_s=5.0)
    send(page, demo, whole)
    assert painted(page, *middle)[3] == 0, "these rules have no zone"
    assert video_time(page) == pytest.approx(3.0, abs=0.06), "the reader's own place"
    assert page.get_by_test_id("event").count() == 2
    for answer in (None, partial(replace(progress, stage="", partial={}), **waiting), whole):
        send(page, demo, answer)
    page.wait_for_function("document.querySelector('[data-testid=video]').currentTime > 4.9")
    assert page.get_by_test_id("why-score").inner_text() == "0.90", "who has not moved is led to the strongest event"


def test_updates_in_a_burst_all_count(page: Any, demo: Demo, analysis: Analysis) -> None:
    scores = analysis.scores["object"]
    low = replace(scores, score=scores.score * 0.5, smooth=scores.smooth * 0.5)
    softer = replace(analysis, scores={**analysis.scores, "object": low})
    send(page, demo, patch(softer, mode="object"), patch(replace(softer, events=()), mode="object", curves=False))
    seek(page, 5.0)
    assert page.get_by_test_id("why-score").inner_text() == "0.45"
    assert page.get_by_test_id("event").count() == 0


def test_a_clip_that_cannot_be_played_still_has_its_timeline(page: Any, demo: Demo, analysis: Analysis) -> None:
    send(page, demo, payload(analysis, video_url="/no-such-clip.mp4", mode="object"))
    page.wait_for_selector('[data-testid="note"]:not([hidden])')
    assert "cannot play" in page.get_by_test_id("note").inner_text()
    page.mouse.click(plot_x(page, 5.0), plot_y(page, 0.3))
    assert page.get_by_test_id("why-score").inner_text().endswith("0.90")
    assert len(json.loads(attribute(page, "boxes"))) == 2


def test_a_new_clip_may_start_at_its_first_event(page: Any, demo: Demo, analysis: Analysis) -> None:
    send(page, demo, None, payload(analysis, video_url=demo.video_url, mode="object", start_s=8.2))
    page.wait_for_function("document.querySelector('[data-testid=video]').currentTime > 8.1")
    page.wait_for_function("document.querySelector('[data-testid=timeline]').dataset.sample === '41'")
    assert demo.heard == []


def test_dark_mode_redraws_with_other_colours(page: Any) -> None:
    def picture() -> str:
        return str(page.evaluate("document.querySelector('[data-testid=curve]').toDataURL()"))

    light = picture()
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_timeout(100)
    assert picture() != light


def test_phone_width_has_no_sideways_scroll_and_the_curve_still_seeks(browser: Any, demo: Demo) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 780}, has_touch=True, device_scale_factor=2)
    tab = context.new_page()
    open_page(tab, demo)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    why, player = tab.get_by_test_id("why").bounding_box(), tab.get_by_test_id("stage").bounding_box()
    assert why["y"] > player["y"] + player["height"]
    tab.get_by_test_id("curve").scroll_into_view_if_needed()
    tab.touchscreen.tap(plot_x(tab, 5.0), plot_y(tab, 0.3))
    tab.wait_for_function("Number(document.querySelector('[data-testid=timeline]').dataset.time) > 4.5")
    context.close()


def test_five_thousand_samples_redraw_fast(page: Any, demo: Demo, clip: Path) -> None:
    long = make_analysis(clip, frames=5000, rate=8)
    send(page, demo, payload(long, video_url=demo.video_url, mode="object"))
    slowest = page.evaluate(
        """() => { const slider = document.querySelector('[data-testid=threshold]'), times = [];
        for (let i = 0; i < 10; i++) { const start = performance.now();
          slider.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }));
          times.push(performance.now() - start); }
        return times.sort((a, b) => a - b)[5]; }"""
    )
    assert slowest < 100


def test_payload_of_ten_minutes_is_small(clip: Path) -> None:
    long = make_analysis(clip, frames=4800, rate=8)
    assert len(json.dumps(payload(long, video_url="x", mode="object"))) < 1_500_000
    small = json.dumps(patch(long, mode="object", curves=False))
    assert len(small) < 2_000


def test_payload_refuses_a_mode_that_was_not_computed(analysis: Analysis) -> None:
    only = replace(analysis, scores={"object": analysis.scores["object"]})
    with pytest.raises(ValueError, match="frame"):
        payload(only, video_url="x", mode="frame")
