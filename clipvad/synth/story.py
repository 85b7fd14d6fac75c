"""What happens in a scene: who takes part, which effects are seen, and the spans that the ground truth names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from clipvad.synth.actors.people import Actor
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Image


class Effect(Protocol):
    """Something without a body: fire, smoke, an explosion, broken glass. `kind` is its class in the ground truth."""

    @property
    def kind(self) -> str: ...

    @property
    def at(self) -> tuple[float, float]:
        """Its place on the ground in metres: nearer actors hide it."""
        ...

    @property
    def span_s(self) -> tuple[float, float]:
        """From when to when it can be seen."""
        ...

    def draw(self, canvas: Image, t_s: float, camera: Camera) -> tuple[float, float, float, float] | None:
        """Draw it into `canvas` [H, W, 3] and return its box in pixels (x0, y0, x1, y1), None if nothing is seen."""
        ...


@dataclass(frozen=True, kw_only=True)
class Happening:
    """A named span. `actors`, `effects`: indices into the story's. Without times: while one of them is in view.

    `label` is a word of the vocabulary (`cycling`, `fight`, ...); `captions` say it in varied wording.
    """

    label: str
    captions: tuple[str, ...]
    actors: tuple[int, ...] = ()
    effects: tuple[int, ...] = ()
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Story:
    """Actors and effects of one kind of event (or of everyday life, then without happenings)."""

    actors: tuple[Actor, ...]
    effects: tuple[Effect, ...] = ()
    happenings: tuple[Happening, ...] = ()
