"""Render the example clips: `python tools/make_examples.py [--out assets] [NAME ...]`.

Writes `NAME.mp4`, `NAME.truth.json` and `NAME.jpg` (a small picture of its event) for all of them or those named. The
same code gives the same bytes of ground truth and the same pixels before compression. Afterwards run
`python tools/make_features.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2

from clipvad.synth.clip import Truth
from clipvad.synth.examples import Film, films
from clipvad.synth.rendering.render import Renderer

POSTER_PX = (208, 117)


def main() -> None:
    """Parse the options and write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "assets")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for film in films():
        if options.names and film.name not in options.names:
            continue
        clip = options.out / f"{film.name}.mp4"
        truth = film.render(clip)
        clip.with_suffix(".truth.json").write_text(truth.to_json(), encoding="utf-8")
        draw_poster(film, truth, clip.with_suffix(".jpg"))
        print(f"{clip}: {truth.duration_s:.1f} s, {clip.stat().st_size / 1e6:.2f} MB")
        for event in truth.events:
            print(f"  {event.start_s:6.2f} - {event.end_s:6.2f} s  {event.label}")


def draw_poster(film: Film, truth: Truth, path: Path) -> None:
    """The picture from the middle of the first event."""
    first = truth.events[0]
    pixels, _ = Renderer(film.scene, seed=film.seed).frame((first.start_s + first.end_s) / 2)
    small = cv2.resize(pixels, POSTER_PX, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(path), cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])


if __name__ == "__main__":
    main()
