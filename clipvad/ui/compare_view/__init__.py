"""Two curves over one clip, their difference and the events that only one of them has, as one component.

Its value is a dict made by `shown`, `note` or `BUSY`; it goes to the browser alone and is never read back.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.comparison import Comparison, Side
from clipvad.core import Event, VideoInfo
from clipvad.ui.component import parts
from clipvad.ui.packing import pack, unit

_HERE = Path(__file__).parent
BUSY = {"kind": "busy"}


def compare_view(value: dict[str, Any], **options: Any) -> gr.HTML:
    """The component that shows `value`; `options` as for `gr.HTML`."""
    return gr.HTML(
        value,
        **parts(_HERE, "../timeline/data.js", "../timeline/draw.js", "chart.js", "view.js"),
        **options,
    )


def note(text: str, *, error: bool = False) -> dict[str, Any]:
    """A sentence in place of the curves."""
    return {"kind": "note", "text": text, "error": error}


def shown(comparison: Comparison, *, video_url: str) -> dict[str, Any]:
    """The comparison. `video_url`: where the browser gets the clip.

    An event's `where` is "a" or "b" where it is only on its own side, else "both".
    """
    video = comparison.a.analysis.video
    at_s, difference = comparison.largest
    return {
        "kind": "shown",
        "video": {"url": video_url, "width": video.width, "height": video.height, "duration_s": video.duration_s},
        "pts": pack(comparison.pts_s, "<f4"),
        "a": {**_side(comparison.a), "score": unit(comparison.score_a)},
        "b": {**_side(comparison.b), "score": unit(comparison.score_b)},
        "threshold": comparison.a.analysis.settings.threshold,
        "largest": {"t_s": at_s, "difference": difference},
        "mean": comparison.mean_difference,
        "events": [
            *_events(comparison.a, comparison.only_a, "a", video),
            *_events(comparison.b, comparison.only_b, "b", video),
        ],
    }


def _side(side: Side) -> dict[str, Any]:
    return {"label": side.label, "count": len(side.events), "remarks": list(side.analysis.remarks)}


def _events(side: Side, alone: tuple[Event, ...], name: str, video: VideoInfo) -> list[dict[str, Any]]:
    return [
        {**asdict(event), "box": _shares(event, video), "side": name, "where": name if event in alone else "both"}
        for event in side.events
    ]


def _shares(event: Event, video: VideoInfo) -> list[float] | None:
    """The event's box in shares of the picture."""
    sides = (video.width, video.height, video.width, video.height)
    return None if event.box is None else [value / side for value, side in zip(event.box, sides, strict=True)]
