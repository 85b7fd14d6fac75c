"""The clips that the page offers: what is in them, by which rules they are judged, and what to try with them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from clipvad.core import Mode, RuleSet, VideoInfo
from clipvad.rules import load_rules
from clipvad.settings import data_dir
from clipvad.ui.session import Clip


@dataclass(frozen=True)
class Example:
    """`name`: stem of its files among the assets; `preset`: its rules; `hint`: one or two sentences on what to try."""

    name: str
    title: str
    preset: str
    hint: str
    modes: tuple[Mode, ...] = ("object",)

    @property
    def video(self) -> Path:
        """The clip; its features lie in the folder `features` beside it, so that no model has to look at it."""
        return data_dir("assets") / f"{self.name}.mp4"

    @property
    def analysis(self) -> Path:
        """What the models that need no download found, to be looked at before models have loaded."""
        return self.video.with_suffix(".analysis.json")

    @property
    def rules(self) -> RuleSet:
        return load_rules(self.preset)

    @cached_property
    def truth(self) -> tuple[tuple[float, float, str], ...]:
        """What happens in it, known because it was rendered: (start_s, end_s, label)."""
        events = json.loads(self.video.with_suffix(".truth.json").read_text(encoding="utf-8"))["events"]
        return tuple((event["start_s"], event["end_s"], event["label"]) for event in events)

    @cached_property
    def poster(self) -> str:
        """A small picture of it, as a data URL."""
        return "data:image/jpeg;base64," + base64.b64encode(self.video.with_suffix(".jpg").read_bytes()).decode("ascii")

    def clip(self, info: VideoInfo) -> Clip:
        """It as the clip of a session."""
        return Clip(info=info, player=self.video, truth=self.truth)


EXAMPLES: tuple[Example, ...] = (
    Example(
        "walkway",
        "Cyclist on a walkway",
        "campus-walkway",
        "Only walking is allowed here. Move the two sentences about cycling to the normal list: the cyclist's event "
        "disappears, the car's stays.",
    ),
    Example(
        "loading-bay",
        "On foot in a no-entry zone",
        "no-entry",
        "Vehicles are normal in this yard, people on foot are not. The first alarm is a mistake, the van comes too "
        "close: drag the threshold to 0.85 and it goes, the person stays.",
    ),
    Example(
        "plaza-fight",
        "Fight on a plaza",
        "public-square",
        "The small model shipped here sees who lies on the ground, not the blows before: look for “two people "
        "fighting” in the heat strip, then try words of your own for it, or real CLIP.",
    ),
    Example(
        "car-park-fire",
        "Fire in a car park",
        "car-park",
        "The first, short alarm is false: drag the threshold to 0.65 and it goes. Compare “Whole frame” with "
        "“Objects”: fire fills little of the picture.",
        modes=("frame", "object"),
    ),
)
FIRST = EXAMPLES[0]


def example(name: str) -> Example:
    """The example of that name. Raises `KeyError` for any other."""
    return {one.name: one for one in EXAMPLES}[name]
