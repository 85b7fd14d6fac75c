"""How many frames a second the street world renders and encodes on one core.

    python -m benchmarks.synth --seconds 4

A walkway by day; of eight actors six walk, one rides a bicycle and one drives a car, all in view all the time. Rates
are frames per second of processor time of the one thread that renders, and of the whole process where H.264 is
encoded too: they do not fall when other programs run on the machine, as those of the clock do.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path as File

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np

from benchmarks.common import machine
from clipvad.synth import (
    Actor,
    Camera,
    Car,
    Cyclist,
    Path,
    Renderer,
    Scene,
    Walker,
    Weather,
    day,
    night,
    random_outfit,
    render_clip,
    walkway,
)
from clipvad.synth.rendering.parts import Light

_LAMPS = ((-3.6, 15.0, 4.35), (6.1, 15.0, 4.35), (-7.0, 7.0, 4.4))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each clip")
    parser.add_argument("--actors", type=int, nargs="+", default=[0, 4, 8, 16])
    parser.add_argument("--sizes", nargs="+", default=["320x240", "640x360"])
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"`python -m benchmarks.synth {' '.join(sys.argv[1:])}`\n\n{machine()}\n")
    print("| size | actors | light | backdrop s | rendered frames/s | rendered and encoded frames/s |")
    print("|---|---|---|---|---|---|", flush=True)
    for size in options.sizes:
        width, height = (int(v) for v in size.split("x"))
        for count in options.actors:
            row(width, height, count, "day", day(), Weather(), options.seconds)
        row(width, height, 8, "night, rain, shake", night(_LAMPS), Weather(rain=0.6, shake_px=0.8), options.seconds)


def row(width: int, height: int, count: int, name: str, light: Light, weather: Weather, seconds: float) -> None:
    """Render one scene without and with a file, and print what it took."""
    camera = Camera(width=width, height=height, height_m=3.9, pitch_deg=17.0)
    film = Scene(camera=camera, place=walkway, actors=cast(count), duration_s=seconds, light=light, weather=weather)
    frames = round(seconds * film.fps)
    painting = taken(lambda: Renderer(film, seed=1))
    renderer = Renderer(film, seed=1)
    rendering = taken(lambda: [renderer.frame(k / film.fps) for k in range(frames)])
    with tempfile.TemporaryDirectory() as out:
        clip = File(out) / "clip.mp4"
        both = taken(lambda: render_clip(film, clip, seed=1, preset="veryfast")) - painting
    rates = [f"{frames / rendering:.0f}", f"{frames / both:.0f}"]
    cells = [f"{width}x{height}", str(count), name, f"{painting:.2f}", *rates]
    print(f"| {' | '.join(cells)} |", flush=True)


def cast(count: int) -> tuple[Actor, ...]:
    """Walkers, and in each eight of them a cyclist and a car instead, who stay in view for ten seconds."""
    rng = np.random.default_rng(4)
    actors: list[Actor] = []
    for k in range(count):
        y = 7.6 + (k * 1.1) % 7.0
        if k % 8 == 6:
            actors.append(Cyclist(Path([(0, -5, y), (10, 5, y)])))
        elif k % 8 == 7:
            actors.append(Car(Path([(0, -4, 12.3), (10, 4, 12.0)])))
        else:
            side = rng.uniform(-3.5, 3.5)
            actors.append(Walker(Path([(0, side, y), (10, -side + 0.5, y + 0.8)]), random_outfit(rng)))
    return tuple(actors)


def taken(work: Callable[[], object]) -> float:
    """Seconds of processor time of this process."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
