"""The heads in the package: each fits the bundled encoder, and finds on the example clip what it was trained for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from clipvad.cache import Cache
from clipvad.encoders import load_encoder
from clipvad.evaluation.metrics import frame_auc, inside
from clipvad.nn import Checkpoint
from clipvad.pipeline import Analyzer
from clipvad.rules import load_rules
from clipvad.scorers import shipped_heads
from clipvad.settings import Settings, data_dir

HEADS = shipped_heads()


def test_there_is_a_head_for_objects() -> None:
    assert "street-objects" in HEADS


@pytest.mark.parametrize("name", HEADS)
def test_a_shipped_head_fits_the_bundled_encoder_and_says_what_it_cannot_do(name: str) -> None:
    found = Checkpoint.load(HEADS[name])
    assert found.name == name
    assert found.spec.encoder_id == load_encoder("bundled", device="cpu").id
    assert (found.spec.sampling, found.spec.step) == ("fps", Settings().fps)
    assert found.classes[0] == "normal"
    assert found.limits
    assert HEADS[name].stat().st_size < 10_000_000  # a Space refuses larger files without LFS
    assert json.loads(HEADS[name].with_suffix(".json").read_text("utf-8")) == json.loads(json.dumps(found.card))


def test_the_head_for_objects_ranks_the_events_of_the_example_above_the_rest(tmp_path: Path) -> None:
    truth = json.loads((data_dir("assets") / "walkway.truth.json").read_text("utf-8"))["events"]
    cache = Cache.of(Settings(cache_dir=tmp_path))
    analyzer = Analyzer(encoder="bundled", detector="motion", device="cpu", cache=cache, scorer="street-objects")
    found = analyzer.run(data_dir("assets") / "walkway.mp4", load_rules("campus-walkway"), modes=["object"])
    scores = found.scores["object"]
    labels = inside(scores.pts_s, [(event["start_s"], event["end_s"]) for event in truth])
    auc = frame_auc(labels, scores.smooth)
    assert auc is not None
    assert auc > 0.8
    assert np.all((scores.score >= 0) & (scores.score <= 1))
    # Calibrated: both events are found at the default threshold, by name, and most of the rest is quiet.
    assert (scores.smooth[~labels] > 0.5).mean() < 0.2
    for event in truth:
        seen = {one.sentence for one in found.events if one.start_s < event["end_s"] and one.end_s > event["start_s"]}
        assert {"cycling": "cycling", "car": "driving"}[event["label"]] in seen
    assert found.rules.sentences[0] == "normal"
