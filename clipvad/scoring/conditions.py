"""When and where a sentence counts: inside its zones, its hours, and after its dwell time.

An object is where its foot point is (the bottom centre of its box): what stands behind a line with only the upper
body across it has not crossed it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Detections, Features, Mode, RuleSet, VideoInfo
from clipvad.events import sample_period

STAY_GAP_S = 1.0  # a detector that loses a person for less than this does not end the stay
MOTION = "motion:"  # what the ids of that detector begin with
_ROUNDING_S = 1e-6


def foot_points(detections: Detections, video: VideoInfo) -> NDArray[np.float64]:
    """Bottom centre of every box, float64 [M, 2], as shares of the picture's width and height."""
    x1, _, x2, y2 = detections.xyxy.astype(np.float64).T
    return np.stack([(x1 + x2) / 2 / video.width, y2 / video.height], axis=1)


def in_hours(pts_s: NDArray[np.float64], rules: RuleSet, clock_start_s: float | None) -> NDArray[np.bool_]:
    """bool [T, N]: is the clock inside one of the sentence's hours? True throughout where it has none.

    `clock_start_s`: time of day at second 0, in seconds since midnight; None: not known, hours limit nothing.
    """
    inside = np.ones((len(pts_s), len(rules.rules)), bool)
    for column, rule in enumerate(rules.rules):
        if rule.hours and clock_start_s is not None:
            inside[:, column] = np.any([hours.contain(pts_s + clock_start_s) for hours in rule.hours], axis=0)
    return inside


def stay_s(detections: Detections, pts_s: NDArray[np.float64], here: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Seconds that the track of each object has been `here` [M] without a gap of more than a second, float64 [M].

    NaN for an object that is not here, or that has no track. Where samples are further apart than the gap, the
    gap is one and a half samples.
    """
    gap_s = max(STAY_GAP_S, 1.5 * sample_period(pts_s)) + _ROUNDING_S
    rows = np.flatnonzero(here & (detections.track >= 0))
    rows = rows[np.lexsort((detections.frame[rows], detections.track[rows]))]
    time_s, track = pts_s[detections.frame[rows]], detections.track[rows]
    begins = np.ones(len(rows), bool)
    begins[1:] = (np.diff(track) != 0) | (np.diff(time_s) > gap_s)
    first = np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0))
    stayed = np.full(len(detections), np.nan)
    stayed[rows] = time_s - time_s[first]
    return stayed


def stayed_enough(stayed: NDArray[np.float64], rules: RuleSet) -> NDArray[np.bool_]:
    """bool [M, N]: has the object stayed for the sentence's dwell time? An object without a track never has."""
    dwell_s = np.array([rule.dwell_s for rule in rules.rules])
    return np.asarray((dwell_s == 0) | (stayed[:, None] >= dwell_s - _ROUNDING_S))


def limits(features: Features, rules: RuleSet, *, modes: tuple[Mode, ...], clock_start_s: float | None) -> list[str]:
    """What of the rule set could not be applied to these features: sentences for the user."""
    found = []
    if clock_start_s is None and any(rule.hours for rule in rules.rules):
        found.append("The time of day of this clip is not known: hours limit nothing. Give the time at its start.")
    timed = max((rule.dwell_s for rule in rules.rules), default=0)
    if timed and "frame" in modes:
        found.append("A whole frame has no track to time: sentences with a dwell time count in object mode only.")
    objects = features.detections
    if timed and objects is not None and len(objects) and (objects.track < 0).all():
        found.append("This detector follows nobody over time: sentences with a dwell time never count.")
    elif objects is not None and len(objects) and objects.detector_id.startswith(MOTION):
        longest_s = np.nanmax(stay_s(objects, features.pts_s, np.ones(len(objects), bool)))
        if timed > longest_s + _ROUNDING_S:
            found.append(
                f"The motion detector loses who stands still, and here it followed nobody for longer than "
                f"{np.floor(10 * longest_s + _ROUNDING_S) / 10:.1f} s: sentences with a longer dwell time never count. "
                "Choose another detector, or a shorter time."
            )
    unseen = [zone.name for zone in rules.zones_used if zone.box not in features.zones]
    if "frame" in modes and unseen:
        found.append(
            f"Frame mode has not yet looked at the zone {', '.join(unseen)} by itself: its sentences do not count. "
            "Analyse the clip again."
        )
    return found
