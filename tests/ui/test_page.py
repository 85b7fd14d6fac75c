"""The main job in a real browser: the example, a clip of one's own, sentences, threshold, files, two users."""

from __future__ import annotations

import csv
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ui.driving import (
    EXAMPLE,
    SLOW_MS,
    analyze,
    curve,
    download,
    events,
    open_example,
    opened,
    seek_to,
    set_number,
    timeline,
    until,
    upload,
    video_time,
    wait_for_status,
)
from tests.ui.serving import ROOT, served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]  # a busy machine is slow, not wrong


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("server"), CLIPVAD_MAX_UPLOAD_MB="20", CLIPVAD_MAX_MINUTES="2") as url:
        yield url


def test_the_example_is_shown_analysed_on_opening(page: Any) -> None:
    page.wait_for_function("document.querySelector('[data-testid=video]').videoWidth > 0")
    assert timeline(page, "state") == "shown"
    assert page.locator("#pg-clip").inner_text().count("walkway.mp4") == 1
    assert page.locator(".re-abnormal li").count() >= 8
    models = page.get_by_test_id("models").first.inner_text()
    assert "Encoder" in models
    assert "Detector" in models
    set_number(page, "#pg-threshold", 0.02)
    until(page, lambda: events(page) > 0, "a low threshold gives events")


@pytest.mark.parametrize("name", ["loading-bay", "plaza-fight", "car-park-fire"])
def test_every_other_example_is_a_click_away(page: Any, name: str) -> None:
    first = page.locator(".re-abnormal li textarea").first.input_value()
    assert "walkway.mp4" in page.locator("#pg-clip").inner_text()
    hint = page.locator("#pg-examples .ga-hint").inner_text()
    open_example(page, name)
    page.locator("#pg-clip", has_text=f"{name}.mp4").wait_for()
    wait_for_status(page, "from stored features")
    assert page.locator("#pg-examples button[aria-pressed=true]").get_attribute("data-name") == name
    assert page.locator("#pg-examples .ga-hint").inner_text() not in ("", hint)
    assert page.locator(".re-abnormal li textarea").first.input_value() != first, "it brings its own rules"
    assert events(page) > 0
    page.wait_for_function("document.querySelector('[data-testid=video]').videoWidth > 0")
    open_example(page, "walkway")
    page.locator("#pg-clip", has_text="walkway.mp4").wait_for()
    assert page.locator(".re-abnormal li textarea").first.input_value() == first


def test_a_clip_of_ones_own_from_upload_to_files(page: Any, clip: Path, tmp_path: Path) -> None:
    upload(page, clip)
    wait_for_status(page, "Press Analyze")
    assert timeline(page, "state") == "running"  # nothing computed: an empty curve, and files cannot be asked for
    assert page.locator("#pg-downloads button[data-kind=analysis]").is_disabled()
    analyze(page)
    assert timeline(page, "state") == "shown"

    result = json.loads(download(page, "analysis", tmp_path).read_text())
    assert result["video"]["name"] == clip.name
    assert len(result["pts_s"]) == pytest.approx(80, abs=2)  # 10 s at 8 frames a second
    seek_to(page, 5.0, 10.0)
    assert video_time(page) == pytest.approx(5.0, abs=0.1)
    sample = int(timeline(page, "sample"))
    assert result["pts_s"][sample] == pytest.approx(5.0, abs=0.13)
    assert_boxes_are_those_of(page, result, sample)


def assert_boxes_are_those_of(tab: Any, result: dict[str, Any], sample: int) -> None:
    boxes, size = result["boxes"], [result["video"]["width"], result["video"]["height"]] * 2
    saved = sorted(tuple(xyxy) for frame, xyxy in zip(boxes["frame"], boxes["xyxy"], strict=True) if frame == sample)
    shown = [one["box"] for one in json.loads(timeline(tab, "boxes"))]  # as parts of the picture
    drawn = sorted(tuple(part * side for part, side in zip(box, size, strict=True)) for box in shown)
    assert saved
    for mine, theirs in zip(drawn, saved, strict=True):
        assert mine == pytest.approx(theirs, abs=1.0)


def test_progress_is_shown_and_the_curve_grows(page: Any, tmp_path: Path) -> None:
    upload(page, repeated(EXAMPLE, tmp_path / "twice.mp4", times=2))  # once alone would come from stored features
    wait_for_status(page, "Press Analyze")
    page.get_by_label("Both").check()
    page.evaluate(
        """() => { window.lengths = []; new MutationObserver(() => {
        const root = document.querySelector('[data-testid=timeline]'); window.lengths.push(root.dataset.state); })
        .observe(document.querySelector('[data-testid=timeline]'), {attributes: true}); }"""
    )
    shown = analyze(page)
    assert len(set(shown)) >= 3, shown
    assert shown == sorted(shown)
    assert "running" in page.evaluate("window.lengths")
    assert page.locator("[data-testid=mode] button[data-mode=frame]").is_enabled()


def test_an_edited_sentence_changes_the_curve_and_undo_brings_it_back(page: Any) -> None:
    before = curve(page)
    sentence = page.locator(".re-abnormal li textarea").first
    original = sentence.input_value()
    sentence.fill("a person walking on a path")
    until(page, lambda: curve(page) != before, "another sentence, another curve")
    sentence.blur()
    page.locator("[data-act=undo]").click()
    assert page.locator(".re-abnormal li textarea").first.input_value() == original
    until(page, lambda: curve(page) == before, "undo brings the curve back")


def test_sentences_are_added_pasted_switched_moved_and_remarked(page: Any) -> None:
    page.locator(".re-abnormal [data-add]").fill("a person carrying a zxqvw")
    page.locator(".re-abnormal [data-add]").press("Enter")
    note = page.locator(".re-abnormal li").last.locator(".re-notes")
    until(page, lambda: "zxqvw" in note.inner_text(), "the word that the encoder has never seen is named")
    assert page.locator(".re-abnormal li").last.locator("mark").inner_text() == "zxqvw"

    count = page.locator(".re-normal li").count()
    page.locator(".re-normal header button").click()
    page.locator(".re-normal .re-paste textarea").fill("- one line\n\n  another line \nA PERSON CARRYING A ZXQVW")
    page.locator(".re-normal .re-paste .re-solid").click()
    assert page.locator(".re-normal li").count() == count + 3
    last = page.locator(".re-normal li").last
    until(page, lambda: "other list" in last.inner_text(), "the same sentence in both lists is remarked")
    last.locator("input[type=checkbox]").uncheck()
    until(page, lambda: "other list" not in page.locator(".re-normal li").last.inner_text(), "off, it is silent")

    for box in page.locator(".re-abnormal li input[type=checkbox]").all():
        box.uncheck()
    until(page, lambda: "No sentence is on" in page.locator(".re-abnormal").inner_text(), "an empty side is remarked")
    assert "Traceback" not in page.content()


def test_threshold_and_smoothing_redraw_without_a_model(page: Any) -> None:
    set_number(page, "#pg-threshold", 1.0)
    until(page, lambda: events(page) == 0, "nothing reaches 1")
    assert float(timeline(page, "threshold")) == pytest.approx(1.0)
    set_number(page, "#pg-threshold", 0.02)
    until(page, lambda: events(page) > 0, "a low threshold gives events")
    before = curve(page)
    set_number(page, "#pg-smooth", 4)
    until(page, lambda: curve(page) != before, "smoothing changes the curve")
    page.get_by_test_id("threshold").focus()
    for _ in range(5):
        page.keyboard.press("ArrowUp")
    until(
        page,
        lambda: float(page.locator("#pg-threshold input[type=number]").input_value()) > 0.02,
        "the handle on the curve moves the slider",
    )


def test_a_place_from_the_library_replaces_the_lists(page: Any) -> None:
    before = page.locator(".re-abnormal li textarea").first.input_value()
    page.locator("#pg-place input").click()
    page.get_by_role("option").nth(2).click()
    until(
        page,
        lambda: page.locator(".re-abnormal li textarea").first.input_value() != before,
        "another place, other sentences",
    )
    page.locator("[data-act=undo]").click()
    assert page.locator(".re-abnormal li textarea").first.input_value() == before


def test_a_late_answer_does_not_bring_replaced_sentences_back(page: Any) -> None:
    """A moved knob asks with the lists of that moment; its answer may come after another place was chosen."""
    held: list[Any] = []
    page.route("**/queue/join*", lambda route: route.continue_() if held else held.append(route))
    set_number(page, "#pg-threshold", 0.3)
    until(page, lambda: bool(held), "the knob asks the server")
    page.locator("#pg-place input").click()
    page.get_by_role("option", name="Public square").click()
    first = page.locator(".re-abnormal li textarea").first
    until(page, lambda: first.input_value() == "two people fighting", "the new place's sentences are shown")
    held[0].continue_()
    page.wait_for_timeout(3000)
    assert first.input_value() == "two people fighting"


def test_every_artefact_downloads_and_opens(page: Any, tmp_path: Path) -> None:
    import av

    assert set(json.loads(download(page, "analysis", tmp_path).read_text())) >= {"pts_s", "events", "boxes", "encoder"}
    rows = list(csv.DictReader(download(page, "scores", tmp_path).open()))
    assert float(rows[-1]["t_s"]) == pytest.approx(38, abs=1)
    assert "start_s" in download(page, "events", tmp_path).read_text()
    assert download(page, "subtitles", tmp_path).suffix == ".srt"
    assert yaml.safe_load(download(page, "rules", tmp_path).read_text())["name"] == "campus-walkway"
    assert download(page, "png", tmp_path).read_bytes().startswith(b"\x89PNG")
    assert download(page, "pdf", tmp_path).read_bytes().startswith(b"%PDF")
    assert "<svg" in download(page, "svg", tmp_path).read_text()
    video = download(page, "video", tmp_path)
    with av.open(str(video)) as opened_video:
        stream = opened_video.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert float(opened_video.duration / av.time_base) == pytest.approx(38, abs=0.2)


def test_stop_ends_the_run_and_the_page_goes_on(page: Any, tmp_path: Path) -> None:
    long = repeated(EXAMPLE, tmp_path / "long clip – ünï.mp4", times=3)
    upload(page, long)
    wait_for_status(page, "Press Analyze")
    page.locator("#pg-analyze").click()
    page.locator("#pg-status [data-running]").wait_for(timeout=SLOW_MS)
    page.locator("#pg-stop").click()
    wait_for_status(page, "Stopped")
    page.locator("#pg-analyze").wait_for(state="visible")
    page.wait_for_timeout(1500)
    assert "Stopped" in page.locator("#pg-status").inner_text(), "nothing of the stopped run arrives later"
    open_example(page, "walkway")
    wait_for_status(page, "of video")
    assert timeline(page, "state") == "shown"


def test_a_reload_in_mid_run_leaves_a_usable_page(page: Any, tmp_path: Path) -> None:
    upload(page, repeated(EXAMPLE, tmp_path / "long.mp4", times=3))
    wait_for_status(page, "Press Analyze")
    page.locator("#pg-analyze").click()
    page.locator("#pg-status [data-running]").wait_for(timeout=SLOW_MS)
    page.reload()
    wait_for_status(page, "of video")
    assert "walkway.mp4" in page.locator("#pg-clip").inner_text()
    analyze(page)  # the one place in the line is free again


def test_two_visitors_see_their_own_clips_only(browser: Any, page: Any, server: str, clip: Path) -> None:
    visitors = opened(browser, server)
    other = next(visitors)
    upload(other, clip)
    wait_for_status(other, "Press Analyze")
    open_example(page, "walkway")
    analyze(other)
    wait_for_status(page, "of video")
    assert clip.name in other.locator("#pg-clip").inner_text()
    assert clip.name not in page.content()
    set_number(page, "#pg-threshold", 0.02)  # the first visitor's session still holds the example
    until(page, lambda: events(page) > 0, "the example is rescored, not the other's clip")
    assert "walkway.mp4" in page.locator("#pg-clip").inner_text()

    address = other.get_by_test_id("video").evaluate("video => video.currentSrc")
    token = address.split("/clipvad/")[1].split("/")[0]
    assert len(token) >= 32
    root = address.split("/clipvad/")[0]
    for forbidden in (f"{root}/clipvad/", f"{root}/", f"{server}gradio_api/file={ROOT}/pyproject.toml"):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(forbidden)
    next(visitors, None)


def test_what_is_no_video_gets_one_line_and_loses_nothing(page: Any, tmp_path: Path) -> None:
    page.locator(".re-abnormal [data-add]").fill("a sentence of mine")
    page.locator(".re-abnormal [data-add]").press("Enter")
    fake = tmp_path / "holiday.mp4"
    fake.write_text("this is no video")
    upload(page, fake)
    page.locator("#pg-status .pg-error").wait_for(timeout=SLOW_MS)
    text = page.locator("#pg-status").inner_text()
    assert "holiday.mp4" in text
    assert "Traceback" not in page.content()
    assert page.locator(".re-abnormal li textarea").last.input_value() == "a sentence of mine"
    assert "walkway.mp4" in page.locator("#pg-clip").inner_text()
    before = events(page)
    set_number(page, "#pg-threshold", 0.02)
    until(page, lambda: events(page) != before, "the example is rescored")
    assert "holiday.mp4" in page.locator("#pg-status").inner_text(), "a rescored curve must not wipe the refusal away"


def test_a_clip_beyond_the_limit_gets_a_clear_line(page: Any, tmp_path: Path) -> None:
    upload(page, repeated(EXAMPLE, tmp_path / "too-long.mp4", times=4))  # 152 s; this server takes 2 minutes
    page.locator("#pg-status .pg-error").wait_for(timeout=SLOW_MS)
    assert "at most 2 minutes" in page.locator("#pg-status").inner_text()


@pytest.mark.skipif("CLIPVAD_DATA" not in os.environ, reason="CLIPVAD_DATA names no folder of real clips")
def test_a_real_clip(page: Any, tmp_path: Path) -> None:
    clips = sorted((Path(os.environ["CLIPVAD_DATA"])).rglob("*.mp4"), key=lambda path: path.stat().st_size)
    upload(page, clips[0])
    wait_for_status(page, "Press Analyze")
    analyze(page)
    result = json.loads(download(page, "analysis", tmp_path).read_text())
    duration = result["video"]["duration_s"]
    winner = max(range(len(result["pts_s"])), key=result["modes"]["object"]["score"].__getitem__)
    seek_to(page, result["pts_s"][winner], duration)
    assert_boxes_are_those_of(page, result, int(timeline(page, "sample")))


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_nothing_sticks_out_in_light_dark_and_on_a_phone(browser: Any, server: str, tmp_path: Path, look: str) -> None:
    size = {"width": 390, "height": 844} if look == "phone" else {"width": 1280, "height": 800}
    visitor = opened(browser, server, viewport=size, color_scheme="dark" if look == "dark" else "light")
    tab = next(visitor)
    tab.wait_for_function("document.querySelector('[data-testid=video]').videoWidth > 0")
    folder = Path(os.environ.get("CLIPVAD_SCREENSHOTS", tmp_path))
    tab.screenshot(path=folder / f"analyze-{look}.png")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no sideways scrolling"
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in ground[4:-1].split(",")) < 200) == (look == "dark")
    tab.get_by_role("tab", name="About").click()
    tab.get_by_text("Footage stays on the machine").wait_for()
    assert "GNU Affero" in tab.locator(".pg-about").inner_text()
    next(visitor, None)


def test_on_a_phone_the_upload_comes_first_and_analyze_stays_in_sight(browser: Any, server: str) -> None:
    screen = {"width": 390, "height": 844}
    visitor = opened(browser, server, viewport=screen, has_touch=True, is_mobile=True)
    tab = next(visitor)
    tops = [tab.locator(name).bounding_box()["y"] for name in ("#pg-upload", "#pg-timeline", "#pg-run", "#pg-rules")]
    assert tops == sorted(tops), "the upload and the beginning of the result above Analyze, the rules further down"
    for name in ("#pg-timeline", "#pg-downloads", "#pg-scoring"):
        tab.locator(name).evaluate("one => one.scrollIntoView({ block: 'end' })")
        bar = tab.locator("#pg-run").bounding_box()
        assert bar["y"] > 0
        assert bar["y"] + bar["height"] <= screen["height"] + 1, f"in sight while {name} is looked at"
    next(visitor, None)


def repeated(source: Path, target: Path, *, times: int) -> Path:
    """The clip several times in a row, without encoding it again."""
    import av

    with av.open(str(target), "w") as out:
        stream, offset = None, 0
        for _ in range(times):
            with av.open(str(source)) as clip:
                video = clip.streams.video[0]
                stream = stream or out.add_stream_from_template(video)
                for packet in clip.demux(video):
                    if packet.dts is None:
                        continue
                    packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                    out.mux(packet)
                offset += video.duration
    return target


def test_the_curve_stays_beside_the_threshold_that_moves_it(page: Any) -> None:
    page.locator("#pg-threshold").scroll_into_view_if_needed()
    for name in ("curve", "events"):
        area = page.get_by_test_id(name).bounding_box()
        assert 0 <= area["y"] <= 800 - area["height"], f"{name} is out of sight"
