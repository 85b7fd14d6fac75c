"""Store the example's features and analysis beside it: `python tools/make_features.py`.

The page opens with the analysis at once, and with the features it can score again as soon as models have loaded.

Run it again after the bundled encoder, the motion detector or the example changed: `tests/unit/test_example.py` tells.
"""

from __future__ import annotations

import json
from dataclasses import replace

from clipvad.cache import Cache
from clipvad.files import write_atomic
from clipvad.pipeline import Analyzer
from clipvad.rules import load_rules
from clipvad.schema import analysis_to_dict
from clipvad.settings import data_dir


def main() -> None:
    """Replace `assets/features` by what the bundled encoder and the motion detector make of the example."""
    cache = Cache(data_dir("assets") / "features")
    cache.clear()
    analyzer = Analyzer(encoder="bundled", detector="motion", device="cpu", cache=cache)
    analysis = analyzer.run(data_dir("assets") / "walkway.mp4", load_rules("campus-walkway"))
    shown = analyzer.rescore(replace(analysis.features, frames=None), analysis.rules)
    document = analysis_to_dict(shown)
    document["video"]["path"] = "walkway.mp4"  # as it ships, not where it lay
    write_atomic(data_dir("assets") / "walkway.analysis.json", json.dumps(document, separators=(",", ":")) + "\n")
    count, size = cache.size()
    print(f"{cache.folder}: {count} entries, {size / 1e6:.2f} MB, {analysis!r}")


if __name__ == "__main__":
    main()
