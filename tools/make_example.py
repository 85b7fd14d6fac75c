"""Render the example clip: `python tools/make_example.py [--out assets] [--seed 7]`.

Writes `walkway.mp4` and `walkway.truth.json`. The same seed gives the same bytes of ground truth and the same pixels
before compression.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from clipvad.synth import Label, render_clip
from clipvad.synth.examples import walkway_scene

EVENTS = (
    Label("cycling", "A person rides a bicycle across the campus walkway.", ("cyclist",)),
    Label("car", "A red car drives over the walkway, where no car belongs.", ("car",)),
)
QUIET = Label("normal", "People walk over the paved walkway in front of a brick building.", ("person",))


def main() -> None:
    """Parse the options and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "assets")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    clip = options.out / "walkway.mp4"
    truth = render_clip(walkway_scene(seed=options.seed), clip, seed=options.seed, events=EVENTS, quiet=QUIET)
    (options.out / "walkway.truth.json").write_text(truth.to_json(), encoding="utf-8")
    print(f"{clip}: {truth.duration_s:.1f} s, {clip.stat().st_size / 1e6:.2f} MB")
    for event in truth.events:
        print(f"  {event.start_s:6.2f} - {event.end_s:6.2f} s  {event.label}")


if __name__ == "__main__":
    main()
