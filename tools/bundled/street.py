"""Pictures of the street world to learn from: whole frames and cut-out actors, with their captions.

Places and events that the street benchmark holds out are never rendered here, and no clip of the benchmark is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from clipvad.synth import Box, Renderer
from clipvad.synth.benchmark import HELDOUT_EVENTS, HELDOUT_PLACES
from clipvad.synth.captions import crop_caption, event_captions
from clipvad.synth.places.world import PLACES
from clipvad.synth.stories import LABELS
from clipvad.synth.story import Happening
from clipvad.synth.street import NORMAL, sample_spec, street_scene
from tools.bundled.data import Image, Photograph

FRAMES = 4  # of a scene
CAPTIONS = 5  # of a picture, as many as a photograph has
COMMON = 250  # a group seen so often is taken with half the chance
MIN_SIDE_PX = 14
CUT_OUT = "cut-out: "  # begins the group of a single actor


def street_photographs(scenes: int, *, seed: int) -> list[Photograph]:
    """Render `FRAMES` instants of each of `scenes` random scenes; frames and their cut-out actors as photographs."""
    rng = np.random.default_rng([seed, 31])
    labels = [label for label in LABELS if label not in HELDOUT_EVENTS]
    places = [name for name in PLACES if name not in HELDOUT_PLACES]
    taken: list[Photograph] = []
    seen: Counter[str] = Counter()
    for number in range(scenes):
        spec = sample_spec(rng, labels=labels, places=places, normal_share=0.25)
        scene, happenings, quiet = street_scene(spec)
        renderer = Renderer(scene, seed=spec.seed)
        for t_s in rng.uniform(spec.start_s if spec.label != NORMAL else 0, spec.duration_s, FRAMES):
            image, boxes = renderer.frame(float(t_s))
            active = [h for h in happenings if happens(h, boxes, float(t_s), actors=len(scene.actors))]
            said = active[0].captions if active else quiet
            group = active[0].label if active else f"nothing at a {spec.place}"
            chosen = tuple(str(c) for c in rng.choice(said, min(CAPTIONS, len(said)), replace=False))
            taken.append(Photograph(f"street {number} {t_s:.2f}", "train", image, chosen, group))
            taken += cut_outs(image, boxes, place=spec.place, rng=rng, seen=seen)
    return taken


def happens(happening: Happening, boxes: Sequence[Box], t_s: float, *, actors: int) -> bool:
    """Whether it is time, and somebody who makes it (in a scene of that many `actors`) is in the picture."""
    tracks = {1 + k for k in happening.actors} | {1 + actors + k for k in happening.effects}
    on_time = (happening.start_s or 0.0) <= t_s < (happening.end_s or np.inf)
    return on_time and (not tracks or any(box.track in tracks and box.inside > 0.5 for box in boxes))


def cut_outs(
    image: Image, boxes: Sequence[Box], *, place: str, rng: np.random.Generator, seen: Counter[str]
) -> list[Photograph]:
    """Squares around the actors of a frame, 1.1 to 1.5 of the longer side; `seen` counts groups over all frames."""
    found: list[Photograph] = []
    for box in boxes:
        x0, y0, x1, y1 = box.xyxy
        group = f"{CUT_OUT}{box.kind}, {box.action}"
        if min(x1 - x0, y1 - y0) < MIN_SIDE_PX or box.inside < 0.6:
            continue
        if rng.random() > 1 / (1 + seen[group] / COMMON):
            continue
        seen[group] += 1
        half = max(x1 - x0, y1 - y0) * rng.uniform(1.1, 1.5) / 2
        cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
        low = np.maximum(np.array([cx - half, cy - half]).round().astype(int), 0)
        high = np.minimum(np.array([cx + half, cy + half]).round().astype(int), image.shape[1::-1])
        pixels = np.ascontiguousarray(image[low[1] : high[1], low[0] : high[0]])
        found.append(Photograph(group, "train", pixels, said_of(box, place, rng), group))
    return found


def said_of(box: Box, place: str, rng: np.random.Generator) -> tuple[str, ...]:
    """Different captions of a single actor or effect."""
    if box.kind in LABELS:  # fire and smoke are events themselves
        return event_captions(box.kind, rng, place=place, count=CAPTIONS)
    return tuple(dict.fromkeys(crop_caption(box.kind, box.action, rng) for _ in range(CAPTIONS)))


def is_cut_out(photograph: Photograph) -> bool:
    """Whether it shows a single actor."""
    return photograph.group.startswith(CUT_OUT)
