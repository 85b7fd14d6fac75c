"""Zones and dwell times on the street world, where the ground truth knows who stands where in metres."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from clipvad.core import Detections, Embeddings, Features, Rule, RuleSet, VideoInfo, Zone
from clipvad.scoring import SimilarityScorer
from clipvad.scoring.contexts import NEUTRAL
from clipvad.synth import Path, Renderer, Scene, Walker
from clipvad.synth.places.world import PLACES

FPS, SECONDS = 4, 9
INTRUDER, PASSER_BY, IN_FRONT = 1, 2, 3  # tracks
EACH = pytest.mark.parametrize("name", ["plaza", "car park"])


@cache
def seen(name: str) -> tuple[Features, Zone, float]:
    """True boxes as detections, the no-entry area as a zone, and when the intruder's body crosses its line.

    One walks in and stays; one walks past beside it; one stands before it, the upper body across the line.
    """
    place = PLACES[name]
    area = np.array(place.no_entry)
    (left, near), (right, far) = area.min(axis=0), area.max(axis=0)
    middle = ((left + right) / 2, (near + far) / 2)
    start_x = right + 2.4
    enters_s = 1.0 + 2.4 / 1.2
    ways = (
        [(0, start_x, middle[1]), (1, start_x, middle[1]), (1 + (start_x - middle[0]) / 1.2, *middle), (20, *middle)],
        [(0, right + 0.9, far), (SECONDS, right + 0.9, near - 1)],
        [(0, middle[0] - 0.1, near - 0.6), (20, middle[0], near - 0.6)],
    )
    camera = place.camera
    people = tuple(Walker(path=Path(way)) for way in ways)
    renderer = Renderer(Scene(camera=camera, place=place.painter, actors=people, duration_s=SECONDS, fps=FPS))
    boxes = [(k, box) for k in range(SECONDS * FPS) for box in renderer.frame(k / FPS)[1]]
    corners, _ = camera.project(np.array([[*point, 0.0] for point in place.no_entry]))
    shares = np.clip(corners / (camera.width, camera.height), 0, 1)
    n = len(boxes)
    features = Features(
        video=VideoInfo(
            path="x", name="x", width=camera.width, height=camera.height, fps=FPS, duration_s=SECONDS, codec="h264"
        ),
        pts_s=np.arange(SECONDS * FPS) / FPS,
        encoder_id="e",
        detections=Detections(
            frame=np.array([k for k, _ in boxes], np.int32),
            xyxy=np.array([box.xyxy for _, box in boxes], np.float32),
            confidence=np.ones(n, np.float32),
            label=np.zeros(n, np.int16),
            track=np.array([box.track for _, box in boxes], np.int32),
            names=("person",),
            detector_id="truth",
        ),
        objects=Embeddings(np.tile(np.float32([1, 0]), (n, 1)), "e"),
    )
    return features, Zone(name="no entry", points=tuple((float(x), float(y)) for x, y in shares)), enters_s


def alarms(name: str, track: int, *, dwell_s: float = 0.0) -> np.ndarray:
    """Seconds at which the track alarms under "no entry": a zone and "a person"."""
    features, zone, _ = seen(name)
    rules = RuleSet(
        name="r",
        normal=(Rule(text="a person walking"),),
        abnormal=(Rule(text="a person", zones=(zone.name,), dwell_s=dwell_s),),
        zones=(zone,),
    ).check()
    texts = Embeddings(np.array([[1, 0]] * 2 + [[0, 1]] * len(NEUTRAL), np.float32), "e")
    scores = SimilarityScorer(temperature=0.1).score(features, texts, rules, mode="object")
    assert features.detections is not None
    assert scores.object_score is not None
    rows = (features.detections.track == track) & (scores.object_score > 0.5)
    return features.pts_s[features.detections.frame[rows]]


@EACH
def test_a_person_inside_alarms_from_the_moment_of_entering_on(name: str) -> None:
    enters_s, found = seen(name)[2], alarms(name, INTRUDER)
    assert found[0] == pytest.approx(enters_s, abs=0.5)
    assert len(found) == (SECONDS - found[0]) * FPS  # without a gap to the end


@EACH
def test_neither_one_beside_it_nor_one_whose_upper_body_covers_it_alarms(name: str) -> None:
    features, zone, _ = seen(name)
    assert features.detections is not None
    in_front = features.detections.track == IN_FRONT
    head = features.detections.xyxy[in_front][:, 1] / features.video.height
    assert (head < max(y for _, y in zone.points)).all()  # the body does reach over the line
    assert set(features.detections.track) == {INTRUDER, PASSER_BY, IN_FRONT}
    assert len(alarms(name, PASSER_BY)) == len(alarms(name, IN_FRONT)) == 0


@EACH
def test_dwell_alarms_after_the_set_time_and_not_before(name: str) -> None:
    assert alarms(name, INTRUDER, dwell_s=2.0)[0] == pytest.approx(seen(name)[2] + 2.0, abs=0.5)
    assert len(alarms(name, INTRUDER, dwell_s=SECONDS)) == 0
