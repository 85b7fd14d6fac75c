"""How long an edited sentence, a moved threshold and other smoothing take in the server, on a long clip.

    python -m benchmarks.rescore --encoder bundled --detector motion

The example is looped to `--minutes`, analysed once (that fills the cache) and held by a session as the page holds
it. Then each change is made `--times` times through the page's own controller, and the message for the browser is
built; every edited sentence is new, so that the text encoder works each time. Processor time is printed too: it
does not grow when other programs run.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import loop_clip, machine
from clipvad.core import Analysis, Rule, RuleSet, ScoreSettings
from clipvad.settings import Settings
from clipvad.ui.controller import Controller
from clipvad.ui.engine import Engine
from clipvad.ui.examples import FIRST
from clipvad.ui.session import Choice, Clip, SessionStore
from clipvad.ui.timeline.payload import patch
from clipvad.video import probe

LIMIT_MS = 100.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--clip", type=Path, default=FIRST.video)
    parser.add_argument("--encoder", default="bundled")
    parser.add_argument("--detector", default="motion")
    options = parser.parse_args()
    print(f"`python -m benchmarks.rescore {' '.join(sys.argv[1:])}`\n\n{machine()}\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        clip = loop_clip(options.clip, options.minutes * 60, Path(folder) / "long.mp4")
        settings = Settings(
            cache_dir=Path(folder) / "cache", encoder=options.encoder, detector=options.detector, max_minutes=1e9
        )
        controller = Controller(Engine(settings), SessionStore(Path(folder) / "sessions"))
        analysis = analysed(controller, clip)
        found = analysis.features.detections
        print(
            f"{analysis.video.duration_s / 60:.1f} minutes, {len(analysis.features)} samples, "
            f"{0 if found is None else len(found)} objects, {len(analysis.rules.sentences)} sentences, "
            f"modes {', '.join(analysis.scores)}; analysed in {analysis.timings_s['total']:.0f} s; "
            f"{analysis.encoder.label}\n"
        )
        print("| change | median ms | 95th percentile ms | median ms of processor time |\n|---|---|---|---|")
        slow = [
            name for name, change in changes(analysis.rules).items() if not timed(controller, name, change, options)
        ]
    sys.exit(f"over {LIMIT_MS:.0f} ms: {', '.join(slow)}" if slow else 0)


def analysed(controller: Controller, clip: Path) -> Analysis:
    """Analyse `clip` in both modes as the page does, for session "bench"."""
    session = controller.store.get("bench")
    session.clip = Clip(info=probe(clip), player=clip)
    choice = Choice(modes=("frame", "object"))
    for item in controller.analyze("bench", FIRST.rules, choice, ScoreSettings()):
        if isinstance(item, Analysis):
            return item
    raise AssertionError("an analysis ends with its result")


def changes(rules: RuleSet) -> dict[str, Callable[[int], tuple[RuleSet, ScoreSettings]]]:
    """What a user does, by number of the try: always something not done before."""

    def edited(i: int) -> tuple[RuleSet, ScoreSettings]:
        rule = Rule(text=f"a person riding bicycle number {i}")
        return dataclasses.replace(rules, abnormal=(rule, *rules.abnormal[1:])), ScoreSettings()

    return {
        "an edited sentence": edited,
        "a moved threshold": lambda i: (rules, ScoreSettings(threshold=0.3 + i / 1000)),
        "other smoothing": lambda i: (rules, ScoreSettings(smooth_s=0.5 + i / 10)),
    }


def timed(
    controller: Controller,
    name: str,
    change: Callable[[int], tuple[RuleSet, ScoreSettings]],
    options: argparse.Namespace,
) -> bool:
    """Print the row of one change; whether its median keeps the limit."""
    spent, worked = [], []
    for i in range(options.times):
        rules, settings = change(i)
        began, work_began = time.perf_counter(), time.process_time()
        analysis = controller.rescore("bench", rules, settings)
        json.dumps(patch(analysis, mode="object"))
        spent.append((time.perf_counter() - began) * 1000)
        worked.append((time.process_time() - work_began) * 1000)
    median, high = statistics.median(spent), statistics.quantiles(spent, n=20)[-1]
    print(f"| {name} | {median:.1f} | {high:.1f} | {statistics.median(worked):.1f} |", flush=True)
    return median < LIMIT_MS


if __name__ == "__main__":
    main()
