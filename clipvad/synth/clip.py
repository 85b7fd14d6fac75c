"""A scene as a file: an H.264 clip that plays in a browser, and its ground truth as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from clipvad.synth.render import Box, Renderer, Scene

_VISIBLE = 0.35  # an event lasts while at least this part of its actor is in the picture


@dataclass(frozen=True)
class Label:
    """What a stretch of the clip shows: for events, `kinds` are the actors whose presence makes it."""

    label: str
    caption: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Interval:
    """Seconds `start_s` <= t < `end_s`, what happens and who does it (track ids)."""

    start_s: float
    end_s: float
    label: str
    caption: str
    tracks: tuple[int, ...]


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
    quiet: Label = Label("normal", "", ()),
    crf: int = 22,
) -> Truth:
    """Render `scene` to `path` (H.264, yuv420p, index in front) and return its truth.

    An event of `events` lasts while an actor of its kinds is in the picture; `quiet` captions the rest.
    """
    renderer, path = Renderer(scene, seed=seed), Path(path)
    rate = Fraction(scene.fps).limit_denominator(1001)
    boxes: list[tuple[Box, ...]] = []
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as out:
        stream = out.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": "slow", "threads": "1"})
        stream.width, stream.height, stream.pix_fmt = scene.camera.width, scene.camera.height, "yuv420p"
        for _, image, seen in renderer.frames():
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
            boxes.append(tuple(seen))
        out.mux(stream.encode())
    spans = tuple(i for e in events for i in _spans(boxes, e, scene.fps))
    spans = tuple(sorted(spans, key=lambda i: i.start_s))
    captions = _fill(spans, quiet, len(boxes) / scene.fps)
    return Truth(path.name, scene.camera.width, scene.camera.height, scene.fps, seed, tuple(boxes), spans, captions)


def _spans(boxes: Sequence[Sequence[Box]], label: Label, fps: float) -> list[Interval]:
    """The stretches of frames in which an actor of the label's kinds is in the picture."""
    who = [{b.track for b in seen if b.kind in label.kinds and b.inside >= _VISIBLE} for seen in boxes]
    spans: list[Interval] = []
    start = None
    for k, tracks in enumerate([*who, set()]):
        if tracks and start is None:
            start = k
        elif not tracks and start is not None:
            ids = tuple(sorted(set().union(*who[start:k])))
            spans.append(Interval(round(start / fps, 3), round(k / fps, 3), label.label, label.caption, ids))
            start = None
    return spans


def _fill(events: Sequence[Interval], quiet: Label, duration_s: float) -> tuple[Interval, ...]:
    """Events, and the quiet between them, from 0 to the end."""
    captions, at = [], 0.0
    for event in events:
        if event.start_s > at:
            captions.append(Interval(at, event.start_s, quiet.label, quiet.caption, ()))
        captions.append(event)
        at = max(at, event.end_s)
    if at < duration_s:
        captions.append(Interval(at, round(duration_s, 3), quiet.label, quiet.caption, ()))
    return tuple(captions)
