"""The clip again with what was found drawn on it: zones, boxes, sentences, and a strip with the running curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from clipvad.core import MODES, Analysis, Mode, Zone
from clipvad.errors import SettingsError
from clipvad.video.drawing import (
    ALERT,
    CALM,
    GROUND,
    PLACE,
    Canvas,
    Colour,
    outline,
    polygon,
    shorten,
    tag,
    tag_size,
)
from clipvad.video.picture import fit, to_rgb
from clipvad.video.preview import Report
from clipvad.video.probe import open_reader
from clipvad.video.strip import Strip
from clipvad.video.writer import H264Writer, even

MAX_SIDE = 1920
LEGIBLE_SIDE = 480  # a picture whose longer side is shorter is enlarged, or no label would fit it
MAX_ENLARGEMENT = 4
MIN_TEXT = 9
TAG_WORDS = 18  # widest label on a box, in letters' heights


def write_annotated(
    analysis: Analysis, out_path: str | Path, *, mode: Mode | None = None, progress: Report | None = None
) -> Path:
    """Write the analysed clip with zones, boxes and curve to `out_path` (H.264 MP4); returns that path.

    `mode`: whose scores to show, default objects where they were scored, else frames. Frames keep the
    source's times; a box stays where its last sampled frame had it. The clip is decoded again, so it must
    still be where it was; memory does not grow with it. Raises `VideoError`, or `SettingsError` for a mode
    that was not scored.
    """
    if mode is None:
        mode = "object" if "object" in analysis.scores else "frame"
    if mode not in analysis.scores:
        scored = ", ".join(name for name in MODES if name in analysis.scores)
        raise SettingsError(f"Mode {mode!r} was not scored for {analysis.video.name!r}, only: {scored}.")
    info = analysis.video
    size = _picture_size(info.width, info.height)
    text_size = max(MIN_TEXT, round(13 * (max(size) / 640) ** 0.7))
    duration_s = max(info.duration_s, float(analysis.features.pts_s[-1]) if len(analysis.features) else 0.0)
    strip = Strip(analysis, mode, width=size[0], size=text_size, duration_s=duration_s)
    zones = Zones(analysis.rules.zones_used, size=size, text_size=text_size)
    boxes = Boxes(analysis, mode, size=size, text_size=text_size)
    canvas = np.empty((size[1] + strip.height, size[0], 3), np.uint8)
    with (
        open_reader(info) as reader,
        H264Writer(out_path, size=(size[0], size[1] + strip.height), fps=info.fps) as writer,
    ):
        for timed in reader.frames():
            picture = canvas[: size[1]]
            picture[:] = to_rgb(timed.frame, size=size, rotation=info.rotation)
            sample = sample_at(analysis, timed.pts_s)
            zones.draw(picture)
            boxes.draw(picture, sample)
            if strip.in_event(timed.pts_s):
                outline(picture, 0, 0, size[0] - 1, size[1] - 1, ALERT, width=max(2, text_size // 4))
            strip.draw(canvas[size[1] :], timed.pts_s, sample)
            writer.write(canvas, timed.pts_s)
            if progress is not None:
                progress(min(1.0, timed.pts_s / duration_s) if duration_s > 0 else 0.0)
    return Path(out_path)


def sample_at(analysis: Analysis, t_s: float) -> int:
    """Index of the newest sampled frame at `t_s` seconds."""
    return max(0, int(np.searchsorted(analysis.features.pts_s, t_s + 1e-6, side="right")) - 1)


class Zones:
    """The zones that sentences are bound to, outlined under the boxes, in the pixels of the output."""

    def __init__(self, zones: Sequence[Zone], *, size: tuple[int, int], text_size: int) -> None:
        last = np.array(size) - 1
        self._zones = [(zone.name, (np.array(zone.points) * last).round().astype(np.int32)) for zone in zones]
        self._text_size = text_size

    def draw(self, picture: Canvas) -> None:
        """Outline each zone, its name at the highest corner, inside the picture."""
        size = self._text_size
        for name, corners in self._zones:
            polygon(picture, corners, PLACE, width=max(1, round(size / 10)))
            shown = shorten(name, width=min(TAG_WORDS * size, picture.shape[1] - 2 * size), size=size, bold=True)
            width, height = tag_size(shown, size=size)
            x, y = corners[corners[:, 1].argmin()]
            x, y = min(int(x), picture.shape[1] - width), int(y) - height
            tag(picture, shown, max(0, x), y if y >= 0 else y + height, size=size, ground=GROUND, colour=PLACE)


class Boxes:
    """The detected objects of a mode's scores, drawn in the pixels of the output (`size` = width, height)."""

    def __init__(self, analysis: Analysis, mode: Mode, *, size: tuple[int, int], text_size: int) -> None:
        self.detections = analysis.features.detections if mode == "object" else None
        self.scores = analysis.scores[mode]
        self.sentences = analysis.rules.sentences
        self.threshold = analysis.settings.threshold
        self.text_size = text_size
        self.thin = max(1, round(text_size / 10))
        self._scale = np.array([size[0] / analysis.video.width, size[1] / analysis.video.height] * 2, np.float32)

    def draw(self, picture: Canvas, sample: int) -> None:
        """Draw the boxes of sampled frame `sample`: the one that gave the score last, on top and labelled."""
        if self.detections is None or not len(self.scores):
            return
        first, last = np.searchsorted(self.detections.frame, [sample, sample + 1])
        winner = int(self.scores.winner[sample])
        hot = bool(self.scores.smooth[sample] >= self.threshold)
        for row in range(first, last):
            if row != winner:
                self._box(picture, row, self._colour(row), self.thin)
        if first <= winner < last:
            colour = ALERT if hot else self._colour(winner)
            self._box(picture, winner, colour, 2 * self.thin if hot else self.thin)
            self._label(picture, winner, colour)

    def _colour(self, row: int) -> Colour:
        score = self.scores.object_score
        return ALERT if score is not None and score[row] >= self.threshold else CALM

    def _corners(self, picture: Canvas, row: int) -> tuple[int, int, int, int]:
        assert self.detections is not None
        height, width = picture.shape[:2]
        x1, y1, x2, y2 = (self.detections.xyxy[row] * self._scale).round().astype(int)
        return max(0, x1), max(0, y1), min(width - 1, x2), min(height - 1, y2)

    def _box(self, picture: Canvas, row: int, colour: Colour, width: int) -> None:
        outline(picture, *self._corners(picture, row), colour, width=width)

    def _label(self, picture: Canvas, row: int, colour: Colour) -> None:
        """Above the box where there is room, else inside it; never beyond the picture's edge."""
        if self.scores.object_top is None or self.scores.object_score is None:
            return
        x1, y1, _, _ = self._corners(picture, row)
        size = self.text_size
        limit = min(TAG_WORDS * size, picture.shape[1] - 4 * size)
        sentence = shorten(self.sentences[int(self.scores.object_top[row])], width=limit, size=size, bold=True)
        text = f"{sentence} {self.scores.object_score[row]:.2f}"
        width, height = tag_size(text, size=size)
        x = max(0, min(x1 - self.thin, picture.shape[1] - width))
        y = y1 - height - self.thin if y1 - height - self.thin >= 0 else y1 + self.thin
        plate, ink = (ALERT, GROUND) if colour == ALERT else (GROUND, colour)
        tag(picture, text, x, y, size=size, ground=plate, colour=ink)


def _picture_size(width: int, height: int) -> tuple[int, int]:
    factor = min(MAX_ENLARGEMENT, math.ceil(LEGIBLE_SIDE / max(width, height)))
    return even(fit(factor * width, factor * height, MAX_SIDE))
