"""What is compared: the product's scorer, the plain class list that it must beat, and chance.

Each is an `Analysis`, so that labels, events and figures are made of all of them in one way.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Analysis, Mode, ModelUse, RuleSet, Scores
from clipvad.events import find_events, median_smooth, window_of

CHANCE_SEEDS = range(5)
# What people write in a rule for a class that detectors know by another name (COCO's).
OTHER_NAMES = {
    "bicycle": ("bike", "cyclist"),
    "motorcycle": ("motorbike", "motor scooter"),
    "truck": ("van", "lorry"),
    "person": ("people", "pedestrian", "man", "men", "woman", "women", "child", "children", "worker", "customer"),
}


def named_classes(rules: RuleSet, names: Sequence[str]) -> tuple[str, ...]:
    """Those of `names` that an abnormal sentence names and no normal one does: what a plain detector could alarm on."""
    sides = tuple(
        " . ".join(text.lower() for text, bad in zip(rules.sentences, rules.is_abnormal, strict=True) if bad is side)
        for side in (np.True_, np.False_)
    )
    abnormal, normal = sides
    return tuple(name for name in names if _named(name, abnormal) and not _named(name, normal))


def class_list(analysis: Analysis) -> Analysis:
    """The yardstick: per frame the detector's highest confidence of a class that the rules name; no encoder.

    Needs detections. Where no class is named, the curve is 0.
    """
    found = analysis.features.detections
    if found is None:
        raise ValueError("the class list needs detections")
    wanted = named_classes(analysis.rules, found.names)
    hit = np.isin(found.label, [found.names.index(name) for name in wanted])
    curve = np.zeros(len(analysis.features), np.float32)
    np.maximum.at(curve, found.frame[hit], found.confidence[hit])
    label = f"class list: {', '.join(wanted) or 'no class named'}"
    return _with_curve(analysis, "object", curve, use=ModelUse(id="class list", label=label))


def chance(analysis: Analysis, *, seed: int) -> Analysis:
    """Uniform noise a sample, drawn by the clip's name and `seed`: where every figure starts."""
    rng = np.random.default_rng([seed, zlib.crc32(analysis.video.name.encode())])
    curve = rng.random(len(analysis.features), np.float32)
    return _with_curve(analysis, "frame", curve, use=ModelUse(id="chance", label=f"chance, seed {seed}"))


def _with_curve(analysis: Analysis, mode: Mode, curve: NDArray[np.float32], *, use: ModelUse) -> Analysis:
    """The analysis with this curve alone, smoothed and cut into events as the product does it."""
    rules, settings, pts_s = analysis.rules, analysis.settings, analysis.features.pts_s
    zeros = np.zeros((len(curve), len(rules.sentences)), np.float32)
    scores = Scores(
        mode=mode,
        pts_s=pts_s,
        score=curve,
        smooth=median_smooth(curve, window_of(settings.smooth_s, pts_s)),
        probabilities=zeros,
        cosines=zeros,
        winner=np.full(len(curve), -1, np.int32),
    )
    return replace(analysis, encoder=use, scores={mode: scores}, events=find_events(scores, rules, settings))


def _named(name: str, text: str) -> bool:
    words = "|".join(re.escape(word) for word in (name.lower(), *OTHER_NAMES.get(name.lower(), ())))
    return re.search(rf"\b({words})(s|es)?\b", text) is not None
