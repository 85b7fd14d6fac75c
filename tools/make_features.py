"""Store the examples' features and analyses beside them: `python tools/make_features.py`.

The page opens with an analysis at once, and with the features it can score again as soon as models have loaded.

Run it again after the bundled encoder, the motion detector, a preset or an example changed: the tests of the examples
and of the page's sessions tell.
"""

from __future__ import annotations

import json

from clipvad.cache import Cache
from clipvad.files import write_atomic
from clipvad.pipeline import Analyzer
from clipvad.schema import analysis_to_dict
from clipvad.settings import data_dir
from clipvad.ui.examples import EXAMPLES


def main() -> None:
    """Replace `assets/features` by what the bundled encoder and the motion detector make of the examples."""
    cache = Cache(data_dir("assets") / "features")
    cache.clear()
    analyzer = Analyzer(encoder="bundled", detector="motion", device="cpu", cache=cache)
    for example in EXAMPLES:
        analyzer.run(example.video, example.rules)  # both modes are kept, so that a switch of modes needs no model
        analysis = analyzer.run(example.video, example.rules, modes=example.modes)
        write_atomic(example.analysis, json.dumps(analysis_to_dict(analysis), separators=(",", ":")) + "\n")
        print(f"{example.name}: {analysis!r}")
        for event in analysis.events:
            print(f"  {event.start_s:6.2f} - {event.end_s:6.2f} s  {event.mode}  {event.peak:.2f}  {event.sentence}")
    count, size = cache.size()
    print(f"{cache.folder}: {count} entries, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
