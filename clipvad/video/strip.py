"""The strip under an annotated video: state, sentence, score, and the curve with a playhead.

Everything that does not move is drawn once, in two versions: bright for what has been played, dim for what is
to come. A frame then costs two copies, a line and some text.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.core import Analysis, Mode
from clipvad.video.drawing import (
    ALERT,
    AMBER,
    CALM,
    GROUND,
    INK,
    MUTED,
    RULE,
    Canvas,
    Colour,
    clock_tenths,
    draw_text,
    line_height,
    shorten,
    tag,
    text_width,
    tint,
)

SUBPIXEL = 4  # fractional bits of OpenCV's coordinates


class Strip:
    """`width`: of the video, in pixels. `size`: of the text, in pixels. `height` follows from it."""

    def __init__(self, analysis: Analysis, mode: Mode, *, width: int, size: int, duration_s: float) -> None:
        self.scores = analysis.scores[mode]
        self.sentences = analysis.rules.sentences
        self.is_abnormal = analysis.rules.is_abnormal
        self.threshold = analysis.settings.threshold
        self.duration_s = max(duration_s, 1e-3)
        self.mode = mode
        self.size = size
        self.small = max(9, round(size * 0.75))
        self.pad = max(6, round(size * 0.7))
        self.width = width
        self._left, self._right = self.pad, width - self.pad
        self._top = self.pad + line_height(size) + self.pad
        self._bottom = self._top + round(3.2 * size)
        self.height = (self._bottom + line_height(self.small) + self.pad + 1) // 2 * 2
        self._spans = [(event.start_s, event.end_s) for event in analysis.events_of(mode)]
        self._bright = self._background(analysis, played=True)
        self._dim = self._background(analysis, played=False)

    def in_event(self, t_s: float) -> bool:
        """Whether an event is going on at `t_s` seconds."""
        return any(start <= t_s < end for start, end in self._spans)

    def draw(self, canvas: Canvas, t_s: float, sample: int) -> None:
        """Fill `canvas` [height, width, 3] for the moment `t_s`, whose newest sampled frame is `sample`."""
        x = self._x(t_s)
        canvas[:, :x] = self._bright[:, :x]
        canvas[:, x:] = self._dim[:, x:]
        thick = max(1, round(self.size / 9))
        cv2.line(canvas, (x, self._top - 2), (x, self._bottom + 2), INK, thick, cv2.LINE_AA)
        y = self._y(float(np.interp(t_s, self.scores.pts_s, self.scores.smooth)))  # on the line between two samples
        cv2.circle(canvas, (x, y), max(3, self.size // 3), GROUND, -1, cv2.LINE_AA)
        cv2.circle(canvas, (x, y), max(2, self.size // 4), self._colour(sample), -1, cv2.LINE_AA)
        self._header(canvas, t_s, sample)

    def sentence(self, sample: int) -> tuple[str, bool]:
        """The likeliest sentence of a sampled frame and whether it is an abnormal one; empty if nothing was seen."""
        if self.mode == "object" and self.scores.winner[sample] < 0:
            return "", False
        top = int(np.argmax(self.scores.probabilities[sample]))
        return self.sentences[top], bool(self.is_abnormal[top])

    def _header(self, canvas: Canvas, t_s: float, sample: int) -> None:
        size, pad, y = self.size, self.pad, self.pad
        alert = self.in_event(t_s)
        plate, ink = (ALERT, GROUND) if alert else (RULE, INK)
        x = pad + tag(canvas, "ALERT" if alert else "normal", pad, y - 1, size=size, ground=plate, colour=ink) + pad
        score = f"{self.scores.smooth[sample]:.2f}"
        clock = f"{clock_tenths(t_s)} / {clock_tenths(self.duration_s)}"
        right = self._right
        if self.width >= 30 * size:
            right -= text_width(clock, size=size)
            draw_text(canvas, clock, right, y, size=size, colour=MUTED)
            right -= pad
        right -= text_width(score, size=size, bold=True)
        draw_text(canvas, score, right, y, size=size, colour=self._colour(sample), bold=True)
        text, abnormal = self.sentence(sample)
        fitted = shorten(text or "nothing detected", width=right - pad - x, size=size)
        draw_text(canvas, fitted, x, y, size=size, colour=(ALERT if abnormal else INK) if text else MUTED)

    def _colour(self, sample: int) -> Colour:
        return ALERT if self.scores.smooth[sample] >= self.threshold else CALM

    def _background(self, analysis: Analysis, *, played: bool) -> Canvas:
        canvas = np.full((self.height, self.width, 3), GROUND, np.uint8)
        strength = 1.0 if played else 0.42
        tint(canvas, self._left, self._top, self._right, self._bottom, RULE, 0.45)
        for start, end in self._spans:
            left, right = self._x(start), max(self._x(start) + 2, self._x(end))
            tint(canvas, left, self._top, right, self._bottom, ALERT, 0.30 * strength)
        self._curve(canvas, self.scores.score, _mix(MUTED, 0.6 * strength), fill=0.0)
        self._curve(canvas, self.scores.smooth, _mix(CALM, strength), fill=0.22 * strength)
        self._threshold_line(canvas, _mix(AMBER, strength))
        footer = " · ".join(part for part in self._what_ran(analysis) if part)
        y = self._bottom + self.pad // 2
        draw_text(
            canvas,
            shorten(footer, width=self._right - self._left, size=self.small),
            self._left,
            y,
            size=self.small,
            colour=MUTED,
        )
        return canvas

    def _what_ran(self, analysis: Analysis) -> tuple[str, ...]:
        detector = analysis.detector.label if analysis.detector and self.mode == "object" else ""
        rules = analysis.rules.title or analysis.rules.name
        mode = "whole frame" if self.mode == "frame" else "objects"
        return (mode, analysis.encoder.label, detector, rules)

    def _curve(self, canvas: Canvas, values: NDArray[np.float32], colour: Colour, *, fill: float) -> None:
        if not len(values):
            return
        share = np.append(np.clip(self.scores.pts_s / self.duration_s, 0, 1), 1)  # the last score holds to the end
        level = np.clip(np.nan_to_num(np.append(values, values[-1])), 0, 1)
        x = self._left + (self._right - 1 - self._left) * share
        y = self._bottom - 1 - (self._bottom - 1 - self._top) * level
        if fill:
            area = np.concatenate([[[x[0], self._bottom]], np.stack([x, y], -1), [[x[-1], self._bottom]]])
            layer = canvas.copy()
            cv2.fillPoly(layer, [_fixed(area)], colour, cv2.LINE_AA, SUBPIXEL)
            canvas[:] = cv2.addWeighted(layer, fill, canvas, 1 - fill, 0)
        line = _fixed(np.stack([x, y], -1))
        thick = max(1, round(self.size / 9)) if fill else 1
        cv2.polylines(canvas, [line], False, colour, thick, cv2.LINE_AA, SUBPIXEL)

    def _threshold_line(self, canvas: Canvas, colour: Colour) -> None:
        y, dash = self._y(self.threshold), max(3, self.size // 3)
        for x in range(self._left, self._right, 2 * dash):
            cv2.line(canvas, (x, y), (min(x + dash, self._right) - 1, y), colour, 1)
        label = f"{self.threshold:.2f}"
        above = y - line_height(self.small) - 1
        draw_text(
            canvas,
            label,
            self._right - text_width(label, size=self.small) - 2,
            above if above >= self._top else y + 1,
            size=self.small,
            colour=AMBER,
        )

    def _x(self, t_s: float) -> int:
        share = min(1.0, max(0.0, t_s / self.duration_s))
        return round(self._left + (self._right - 1 - self._left) * share)

    def _y(self, score: float) -> int:
        share = min(1.0, max(0.0, float(np.nan_to_num(score))))
        return round(self._bottom - 1 - (self._bottom - 1 - self._top) * share)


def _mix(colour: Colour, strength: float) -> Colour:
    """A colour as strong as asked on the strip's ground, 1 unchanged."""
    red, green, blue = (round(g + (c - g) * strength) for c, g in zip(colour, GROUND, strict=True))
    return red, green, blue


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    return np.round(points * (1 << SUBPIXEL)).astype(np.int32)
