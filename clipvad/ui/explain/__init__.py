""" "Explain this frame" as one collapsed panel: where a sentence fits in the picture, or what each box was taken for.

Its value is a dict made by `map_shown`, `boxes_shown`, `working` or `note`; it goes to the browser alone and is never
read back. The map of every sentence travels at once, so choosing another one asks nobody. Events: `explain` {what, t_s}
with what "map" or "boxes", `cancel`.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import cv2
import gradio as gr
import numpy as np
from numpy.typing import NDArray

from clipvad.core import Analysis, Detections, VideoInfo
from clipvad.explain import Look, ObjectsAt
from clipvad.ui.component import parts
from clipvad.ui.packing import unit

_HERE = Path(__file__).parent
PICTURE_PX = 720  # longer side of the picture that is sent
MAP_CELLS = 64  # along the longer side: finer than the crops tell apart


def explain_panel(**options: Any) -> gr.HTML:
    """The panel, closed. `options` as for `gr.HTML`."""
    return gr.HTML(
        **parts(_HERE, "../timeline/data.js", "overlay.js", "panel.js"),
        **options,
    )


def note(text: str) -> dict[str, Any]:
    """A sentence in place of the picture."""
    return {"kind": "note", "text": text}


def working(text: str, fraction: float) -> dict[str, Any]:
    """It is being computed; `fraction` in [0, 1]."""
    return {"kind": "working", "text": text, "fraction": fraction}


def map_size(video: VideoInfo) -> tuple[int, int]:
    """Columns and rows of the map of a clip's picture."""
    scale = MAP_CELLS / max(video.width, video.height, 1)
    return max(1, round(video.width * scale)), max(1, round(video.height * scale))


def map_shown(
    analysis: Analysis, t_s: float, picture: NDArray[np.uint8], seen: Look, maps: NDArray[np.float32], *, chosen: str
) -> dict[str, Any]:
    """`maps` [N, h, w] of the frame at `t_s` seconds, on its `picture`; `chosen`: the sentence to begin with."""
    return {
        "kind": "map",
        "columns": maps.shape[2],
        "rows": maps.shape[1],
        "maps": unit(maps),
        "crops": len(seen.parts),
        "chosen": chosen,
        **_frame(analysis, t_s, picture),
    }


def boxes_shown(analysis: Analysis, t_s: float, picture: NDArray[np.uint8], found: ObjectsAt) -> dict[str, Any]:
    """The objects of the frame at `t_s` seconds with their three most probable sentences, on its `picture`."""
    detections = analysis.features.detections
    assert detections is not None
    return {
        "kind": "boxes",
        "threshold": analysis.settings.threshold,
        "boxes": [_box(detections, found, index, analysis.video) for index in range(len(found.rows))],
        **_frame(analysis, t_s, picture),
    }


def _frame(analysis: Analysis, t_s: float, picture: NDArray[np.uint8]) -> dict[str, Any]:
    rules = analysis.rules
    sides = zip(rules.sentences, rules.is_abnormal, strict=True)
    return {
        "t_s": t_s,
        "picture": _jpeg(picture),
        "width": picture.shape[1],
        "height": picture.shape[0],
        "sentences": [{"text": text, "abnormal": bool(abnormal)} for text, abnormal in sides],
    }


def _box(detections: Detections, found: ObjectsAt, index: int, video: VideoInfo) -> dict[str, Any]:
    row = int(found.rows[index])
    size = np.array([video.width, video.height] * 2)
    return {
        "box": [round(float(v), 5) for v in detections.xyxy[row] / size],
        "name": detections.names[detections.label[row]],
        "confidence": round(float(detections.confidence[row]), 3),
        "track": int(detections.track[row]),
        "score": round(float(found.score[index]), 4),
        "top": [
            {
                "sentence": n,
                "share": round(float(found.probabilities[index, n]), 4),
                "cosine": round(float(found.cosines[index, n]), 4),
            }
            for n in found.top(index)
        ],
    }


def _jpeg(picture: NDArray[np.uint8]) -> str:
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
