"""The public endpoints, as a program calls them with gradio_client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.ui.serving import served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("server")) as url:
        yield url


def connect(url: str, folder: Path) -> Client:
    return Client(url, verbose=False, download_files=str(folder))


def analyze(client: Client, clip: Path, rules: str = "campus-walkway", mode: str = "object") -> dict[str, Any]:
    return client.predict(handle_file(str(clip)), rules, mode, 0.5, 1.0, api_name="/analyze")  # type: ignore[no-any-return]


def test_analyze_rescore_export(server: str, clip: Path, tmp_path: Path) -> None:
    client = connect(server, tmp_path)
    result = analyze(client, clip, mode="both")
    assert result["video"]["name"] == clip.name
    assert set(result["modes"]) == {"frame", "object"}
    again = client.predict("campus-walkway", 0.01, 0.0, api_name="/rescore")
    assert again["pts_s"] == result["pts_s"]
    assert again["settings"]["threshold"] == pytest.approx(0.01)
    assert len(again["events"]) > 0
    rules = "version: 1\nname: mine\nnormal: [a white square]\nabnormal: [a black circle]\n"
    assert client.predict(rules, 0.5, 1.0, api_name="/rescore")["rules"]["name"] == "mine"
    path = Path(client.predict("events", api_name="/export"))
    assert path.name == f"{clip.stem}.events.csv"
    assert path.read_text().startswith("mode,start_s")


def test_a_stranger_gets_nothing_of_it(server: str, clip: Path, tmp_path: Path) -> None:
    analyze(connect(server, tmp_path), clip)
    stranger = connect(server, tmp_path)
    for arguments, name in ((("campus-walkway", 0.5, 1.0), "/rescore"), (("analysis",), "/export")):
        with pytest.raises(AppError) as told:
            stranger.predict(*arguments, api_name=name)
        assert "Traceback" not in str(told.value)


@pytest.mark.parametrize(
    ("rules", "mode", "says"),
    [
        ("no-such-place", "object", "campus-walkway"),
        ("/etc/passwd", "object", "No preset"),
        ("version: 1\nname: x\nnormal: []\nabnormal: [a]\n", "object", "normal"),
        ("campus-walkway", "sideways", "frame, object, both"),
    ],
)
def test_bad_input_is_answered_with_what_to_do(
    server: str, clip: Path, tmp_path: Path, rules: str, mode: str, says: str
) -> None:
    with pytest.raises(AppError, match=says):
        analyze(connect(server, tmp_path), clip, rules, mode)


def test_only_the_four_endpoints_are_offered(server: str, tmp_path: Path) -> None:
    offered = connect(server, tmp_path).view_api(return_format="dict")["named_endpoints"]
    assert set(offered) == {"/analyze", "/rescore", "/export", "/draft_rules"}
