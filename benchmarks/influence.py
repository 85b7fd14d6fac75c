"""How long "What does each sentence do?" and a map of "Explain this frame" take in the server.

    python -m benchmarks.influence --encoder bundled --detector motion

The example's features are repeated to `--minutes` and its rule set is filled up to `--sentences`. Then the influence of
every sentence (similarity matrix, wins, the curve without each) and the message for the browser are made `--times`
times in each mode. At last one frame of the example is looked at part by part, three times. Processor time is printed
too: it does not grow when other programs run.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import math
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import machine
from clipvad.cache import Cache
from clipvad.core import Features, Mode, Rule, RuleSet, VideoInfo
from clipvad.extraction import join
from clipvad.pipeline import Analyzer
from clipvad.ui.examples import FIRST
from clipvad.ui.sentences import shown

LIMIT_MS = 200.0
ACTORS = ("a person", "two people", "a man", "a woman", "a child")
ACTIONS = (
    "walking", "running", "riding a bicycle", "pushing a cart", "lying on the ground", "carrying a box",
    "climbing a fence", "waiting at a wall", "riding a scooter", "falling down", "kicking a ball", "driving a car",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--sentences", type=int, default=60, help="at most 60")
    parser.add_argument("--objects", type=int, default=24_000, help="boxes in the whole clip, about")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--clip", type=Path, default=FIRST.video)
    parser.add_argument("--encoder", default="bundled")
    parser.add_argument("--detector", default="motion")
    options = parser.parse_args()
    print(f"`python -m benchmarks.influence {' '.join(sys.argv[1:])}`\n\n{machine()}\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        analyzer = Analyzer(encoder=options.encoder, detector=options.detector, cache=Cache(Path(folder)))
        analysis = analyzer.run(options.clip, FIRST.rules)
    features = crowded(analysis.features, options.objects / (options.minutes * 60))
    features = repeated(features, options.minutes * 60)
    rules = with_sentences(FIRST.rules, options.sentences)
    print(f"{len(features)} samples, {len(features.detections or ())} boxes, {len(rules.sentences)} sentences\n")
    print("| mode | median ms | 95th percentile ms | median ms of processor time | message KB |\n|---|---|---|---|---|")
    slow = [mode for mode in features.modes if not timed(analyzer, features, rules, mode, options.times)]
    print_map_cost(analyzer, analysis.video)
    sys.exit(f"over {LIMIT_MS:.0f} ms: {', '.join(slow)}" if slow else 0)


def crowded(features: Features, per_s: float) -> Features:
    """The same clip with each object repeated so often that there are about `per_s` boxes a second."""
    found, objects = features.detections, features.objects
    assert found is not None
    assert objects is not None
    times = max(1, round(per_s * features.video.duration_s / max(len(found), 1)))
    columns: dict[str, Any] = {name: np.repeat(getattr(found, name), times, axis=0) for name in
               ("frame", "xyxy", "confidence", "label", "track")}  # fmt: skip
    return dataclasses.replace(
        features,
        detections=dataclasses.replace(found, **columns),
        objects=dataclasses.replace(objects, vectors=np.repeat(objects.vectors, times, axis=0)),
    )


def repeated(features: Features, seconds: float) -> Features:
    """The clip again and again until it lasts `seconds`."""
    period = features.video.duration_s
    video = dataclasses.replace(features.video, duration_s=seconds)
    copies = range(math.ceil(seconds / period))
    whole = join(video, [dataclasses.replace(features, pts_s=features.pts_s + n * period) for n in copies])
    assert len(whole) > 0.9 * seconds * len(features) / period
    return whole


def with_sentences(rules: RuleSet, count: int) -> RuleSet:
    """`rules` filled up with sentences of two small lists, half of them abnormal, to `count`."""
    more = [Rule(text=f"{who} {what}") for who, what in itertools.product(ACTORS, ACTIONS)]
    more = more[: max(0, count - len(rules.sentences))]
    return dataclasses.replace(
        rules, normal=(*rules.normal, *more[::2]), abnormal=(*rules.abnormal, *more[1::2])
    ).check()


def timed(analyzer: Analyzer, features: Features, rules: RuleSet, mode: Mode, times: int) -> bool:
    """Print the row of one mode; whether its median keeps the limit."""
    analysis = analyzer.rescore(features, rules)
    spent, worked, size = [], [], 0
    for _ in range(times):
        began, work_began = time.perf_counter(), time.process_time()
        size = len(json.dumps(shown(analysis, analyzer.influence(analysis, mode=mode), mode=mode)))
        spent.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - work_began) * 1000)
    median, high = statistics.median(spent), statistics.quantiles(spent, n=20)[-1]
    processor = statistics.median(worked)
    print(f"| {mode} | {median:.0f} | {high:.0f} | {processor:.0f} | {size / 1024:.0f} |", flush=True)
    return median < LIMIT_MS


def print_map_cost(analyzer: Analyzer, video: VideoInfo) -> None:
    """One line: what looking at the middle frame part by part costs."""
    spent, worked, crops = [], [], 0
    for _ in range(3):
        began, work_began = time.perf_counter(), time.process_time()
        crops = len(analyzer.look(video, video.duration_s / 2).parts)
        spent.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - work_began) * 1000)
    print(
        f"\na map of a {video.width} x {video.height} frame: {crops} crops, {statistics.median(spent):.0f} ms, "
        f"{statistics.median(worked):.0f} ms of processor time, {statistics.median(worked) / crops:.1f} ms a crop"
    )


if __name__ == "__main__":
    main()
