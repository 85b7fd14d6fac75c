"""A scene as a file: an H.264 clip that plays in a browser, and its ground truth as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from clipvad.synth.rendering.render import Box, Renderer, Scene
from clipvad.synth.spans import Interval, Label, happening_spans, label_spans, with_quiet
from clipvad.synth.story import Happening

_NORMAL = Label("normal", "", ())


@dataclass(frozen=True)
class Truth:
    """All that is known about a rendered clip. `boxes[k]` belongs to the frame at `k / fps` seconds."""

    clip: str
    width: int
    height: int
    fps: float
    seed: int
    boxes: tuple[tuple[Box, ...], ...]
    events: tuple[Interval, ...]
    captions: tuple[Interval, ...]

    @property
    def duration_s(self) -> float:
        """Length of the clip in seconds."""
        return len(self.boxes) / self.fps

    def as_dict(self) -> dict[str, Any]:
        """Plain data: floats rounded (seconds to 1/1000, pixels to 1/10), so that equal scenes give equal bytes."""
        frames = [
            {
                "t_s": round(k / self.fps, 3),
                "boxes": [
                    {
                        "id": b.track,
                        "class": b.kind,
                        "action": b.action,
                        "xyxy": [round(v, 1) for v in b.xyxy],
                        "inside": round(b.inside, 2),
                        "visible": round(b.visible, 2),
                    }
                    for b in boxes
                ],
            }
            for k, boxes in enumerate(self.boxes)
        ]
        head = {"version": 1, "clip": self.clip, "width": self.width, "height": self.height, "fps": self.fps}
        head |= {"duration_s": round(self.duration_s, 3), "seed": self.seed}
        spans = {k: [asdict(i) for i in v] for k, v in (("events", self.events), ("captions", self.captions))}
        return {**head, **spans, "frames": frames}

    def to_json(self) -> str:
        """One line a frame: readable, and small differences stay small in version control."""
        data = self.as_dict()
        frames = data.pop("frames")
        head = json.dumps(data, indent=1)[:-2]
        lines = ",\n  ".join(json.dumps(f, separators=(",", ":")) for f in frames)
        return f'{head},\n "frames": [\n  {lines}\n ]\n}}\n'


def render_clip(
    scene: Scene,
    path: str | Path,
    *,
    seed: int = 0,
    events: Sequence[Label] = (),
    happenings: Sequence[Happening] = (),
    quiet: Label = _NORMAL,
    crf: int = 22,
    preset: str = "slow",
) -> Truth:
    """Render `scene` to `path` (H.264, yuv420p, index in front) and return its truth.

    An event of `events` lasts while an actor of its kinds is in the picture, one of `happenings` when it says or while
    its actors and effects (indices into the scene's) are; `quiet` captions the rest. `crf` from 18 (good) to 40
    (blocks and smears) is H.264's quality, `preset` its effort: neither changes the truth.
    """
    renderer, path = Renderer(scene, seed=seed), Path(path)
    boxes: list[tuple[Box, ...]] = []
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as out:
        rate = Fraction(scene.fps).limit_denominator(1001)
        stream = out.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": preset, "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = scene.camera.width, scene.camera.height, "yuv420p"
        for _, image, seen in renderer.frames():
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            boxes.append(tuple(seen))
        out.mux(stream.encode())
    spans = [i for e in events for i in label_spans(boxes, e, fps=scene.fps)]
    rng = np.random.default_rng([seed, 5])
    for happening in happenings:
        spans += happening_spans(boxes, happening, actors=len(scene.actors), fps=scene.fps, rng=rng)
    spans.sort(key=lambda i: i.start_s)
    captions = with_quiet(spans, quiet, duration_s=len(boxes) / scene.fps)
    size = (scene.camera.width, scene.camera.height)
    return Truth(path.name, *size, scene.fps, seed, tuple(boxes), tuple(spans), captions)
