"""Write the recipe of the street benchmark, the hashes of its ground truth, from a complete rendering of it.

    clipvad synth --preset street-v1 --out DIR
    python tools/record_street.py DIR

To be done again after any change of the renderer or of the stories: `clipvad synth --verify` compares with it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from clipvad.files import write_atomic
from clipvad.synth.benchmark import PRESETS, plan, receipt
from clipvad.synth.recipe import recipe_of, recipe_path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", default="street-v1", choices=sorted(PRESETS))
    options = parser.parse_args()
    jobs = plan(PRESETS[options.preset])
    found = [receipt(job, options.folder) for job in jobs]
    done = [one for one in found if one is not None]
    if len(done) < len(jobs):
        sys.exit(
            f"{len(jobs) - len(done)} of {len(jobs)} clips are missing or of an older renderer; render them first."
        )
    recipe = recipe_of(PRESETS[options.preset], jobs, done)
    print(write_atomic(recipe_path(options.preset), json.dumps(recipe, indent=1) + "\n"))


if __name__ == "__main__":
    main()
