"""What each sentence does to the curve, as one collapsed panel: a table, the curve without a sentence, the likeness.

Its value is a dict made by `shown` or `note`; it goes to the browser alone and is never read back. The panel asks when
it is opened, and again when the timeline on the page has new scores or another mode, which it reads off the timeline's
data attributes: closed, it costs nothing. Events: `wanted` {mode}, `dropped` {text, abnormal}.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from clipvad.core import Analysis, Mode
from clipvad.scoring.influence import Influence
from clipvad.ui.component import parts
from clipvad.ui.packing import pack, unit

_HERE = Path(__file__).parent
MAX_COLUMNS = 2048  # twice as many as a plot has pixels


def sentences_panel(**options: Any) -> gr.HTML:
    """The panel, closed. `options` as for `gr.HTML`."""
    return gr.HTML(
        **parts(_HERE, "../timeline/data.js", "../timeline/draw.js", "plot.js", "matrix.js", "panel.js"),
        **options,
    )


def note(text: str) -> dict[str, Any]:
    """A sentence in place of the table."""
    return {"kind": "note", "text": text}


def shown(analysis: Analysis, found: Influence, *, mode: Mode) -> dict[str, Any]:
    """`found` for the curve of `mode`.

    Curves of more than `MAX_COLUMNS` samples travel as the maxima of that many equal stretches.
    """
    rules, scores = analysis.rules, analysis.scores[mode]
    starts = np.unique(np.linspace(0, len(scores), MAX_COLUMNS, endpoint=False).astype(np.int64))
    columns = zip(rules.sentences, rules.is_abnormal, found.wins, found.change, found.idle, strict=True)
    return {
        "kind": "shown",
        "mode": mode,
        "duration_s": analysis.video.duration_s,
        "pts": pack(scores.pts_s[starts], "<f4"),
        "smooth": unit(_maxima(scores.smooth, starts)),
        "without": unit(_maxima(found.without, starts)),
        "alike": pack(np.round(np.clip(found.alike, -1, 1) * 32767), "<i2"),
        "closest": _closest(found.alike, rules.is_abnormal),
        "sentences": [
            {
                "text": text,
                "abnormal": bool(abnormal),
                "wins": round(float(wins), 4),
                "change": None if np.isnan(change) else round(float(change), 4),
                "idle": bool(idle),
            }
            for text, abnormal, wins, change, idle in columns
        ],
    }


def _maxima(curves: NDArray[np.float32], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.maximum.reduceat(curves, starts, axis=-1) if len(starts) else curves


def _closest(alike: NDArray[np.float32], abnormal: NDArray[np.bool_]) -> dict[str, Any]:
    """The normal and the abnormal sentence that are most alike, as indices, with their cosine."""
    across = np.where(abnormal[:, None] & ~abnormal[None, :], alike, -np.inf)
    bad, good = np.unravel_index(int(across.argmax()), across.shape)
    return {"abnormal": int(bad), "normal": int(good), "cosine": round(float(across[bad, good]), 3)}
