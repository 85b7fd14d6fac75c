"""The street world's sampler: a place, a light, a camera that never hangs quite the same, and what happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from clipvad.synth.captions import at_time
from clipvad.synth.effects import BrokenGlass, Explosion, Fire, Smoke
from clipvad.synth.places.place import Place
from clipvad.synth.places.world import PLACES
from clipvad.synth.rendering import weather
from clipvad.synth.rendering.parts import Light
from clipvad.synth.rendering.render import Scene
from clipvad.synth.rendering.weather import Weather
from clipvad.synth.stories import LABELS, everyday, suits, tell
from clipvad.synth.story import Effect, Happening, Story

NORMAL = "normal"
OUTDOOR_LIGHTS = ("day", "overcast", "dusk", "night", "infrared", "rain")
INDOOR_LIGHTS = ("indoor", "infrared")
DOMAINS: dict[str, frozenset[str]] = {"pedestrian": frozenset(), "shared": frozenset({"cycling"})}
_LIGHT_SHARES = {
    "day": 0.36,
    "overcast": 0.2,
    "dusk": 0.12,
    "night": 0.12,
    "infrared": 0.06,
    "rain": 0.14,
    "indoor": 0.8,
}
_EVENT_S = 3.0
_CLEARED = ("panic", "explosion")  # nobody strolls on through these


@dataclass(frozen=True, kw_only=True)
class ClipSpec:
    """All that decides a clip, so that the same one always gives the same scene.

    `light` is one of `OUTDOOR_LIGHTS` or `INDOOR_LIGHTS`, `label` an event of `LABELS` or `normal`; `start_s` is when
    the event begins, `density` how many others are in view on average. The camera hangs `raise_m` higher than the
    place's own, turned by `turn_deg` to the right and `tilt_deg` down, its field of view `zoom` times narrower.
    """

    seed: int
    place: str
    light: str = "day"
    label: str = NORMAL
    density: float = 3.0
    duration_s: float = 12.0
    start_s: float = 2.5
    width: int = 320
    height: int = 240
    fps: float = 25.0
    raise_m: float = 0.0
    turn_deg: float = 0.0
    tilt_deg: float = 0.0
    zoom: float = 1.0
    noise: float = 2.0
    blur_px: float = 0.45
    shake_px: float = 0.0
    crf: int = 23

    def __post_init__(self) -> None:
        if self.place not in PLACES:
            raise ValueError(f"unknown place {self.place!r}; known: {', '.join(PLACES)}")
        lights = INDOOR_LIGHTS if PLACES[self.place].indoor else OUTDOOR_LIGHTS
        if self.light not in lights:
            raise ValueError(f"{self.place!r} has no light {self.light!r}; it has {', '.join(lights)}")
        if self.label != NORMAL and not suits(self.label, PLACES[self.place]):
            raise ValueError(f"{self.label!r} does not suit the place {self.place!r}")
        if not 0 <= self.start_s <= self.duration_s - _EVENT_S:
            raise ValueError(
                f"an event needs {_EVENT_S} s of the clip, got {self.duration_s} s from {self.start_s} s on"
            )


def sample_spec(
    rng: np.random.Generator,
    *,
    label: str | None = None,
    places: Sequence[str] | None = None,
    labels: Sequence[str] = LABELS,
    lights: Sequence[str] | None = None,
    normal_share: float = 0.5,
    duration_s: float | None = None,
) -> ClipSpec:
    """A clip at random: an event of `labels` (or `label`, or nothing with the chance `normal_share`), one of the
    `places` that it suits, one of the `lights`, 10-14 s or `duration_s` long. ValueError if no place suits."""
    names = list(places or PLACES)
    if label is None:
        fitting = [k for k in labels if any(suits(k, PLACES[n]) for n in names)]
        label = NORMAL if not fitting or rng.random() < normal_share else str(rng.choice(fitting))
    elif label != NORMAL and not any(suits(label, PLACES[n]) for n in names):
        raise ValueError(f"{label!r} suits none of the places {', '.join(names)}")
    names = [n for n in names if label == NORMAL or suits(label, PLACES[n])]
    place = PLACES[str(rng.choice(names))]
    light = _sample_light(place, rng, lights)
    duration_s = round(float(rng.uniform(10.0, 14.0)), 1) if duration_s is None else duration_s
    crowded = 0.0 if label in _CLEARED else float(rng.uniform(0.5, 5.0 if label == NORMAL else 3.5))
    return ClipSpec(
        seed=int(rng.integers(1 << 31)),
        place=place.name,
        light=light,
        label=label,
        density=crowded,
        duration_s=duration_s,
        start_s=min(round(float(rng.uniform(0.12, 0.27)) * duration_s, 1), duration_s - _EVENT_S),
        raise_m=float(rng.uniform(-0.3, 0.6)),
        turn_deg=float(rng.normal(0, 1.5)),
        tilt_deg=float(rng.normal(0, 0.8)),
        zoom=float(rng.uniform(0.95, 1.08)),
        noise=float(rng.uniform(1.0, 4.0)),
        blur_px=float(rng.uniform(0.35, 0.9)),
        shake_px=float(rng.uniform(0.2, 1.0)) if rng.random() < 0.25 else 0.0,
        crf=int(rng.integers(20, 32)),
    )


def street_scene(spec: ClipSpec) -> tuple[Scene, tuple[Happening, ...], tuple[str, ...]]:
    """The scene of a clip, what happens in it (empty for `normal`), and captions for the time when nothing does.

    The story's actors and effects come first in the scene's, so the happenings' indices hold.
    """
    rng = np.random.default_rng(spec.seed)
    place = _hung(PLACES[spec.place], spec)
    light, air = _light(spec, place, rng)
    story = Story(actors=())
    if spec.label != NORMAL:
        story = tell(spec.label, place, rng, duration_s=spec.duration_s, start_s=spec.start_s)
    keep_out = [(*e.at, 2.5) for e in story.effects if not isinstance(e, BrokenGlass)]
    others = everyday(
        place, rng, duration_s=spec.duration_s, density=spec.density, avoid=story.actors, keep_out=keep_out
    )
    scene = Scene(
        camera=place.camera,
        place=place.painter,
        actors=(*story.actors, *others.actors),
        effects=tuple(_lit(e, light) for e in story.effects),
        duration_s=spec.duration_s,
        light=light,
        weather=air,
        fps=spec.fps,
        noise=spec.noise,
        blur_px=spec.blur_px,
    )
    happenings = tuple(replace(h, captions=at_time(h.captions, spec.light, rng)) for h in story.happenings)
    return scene, happenings, tuple(c.rstrip(".") for c in place.quiet)


def abnormal(label: str, domain: str = "pedestrian") -> bool:
    """Whether the event is against the rules of a domain: `pedestrian` (only walking) or `shared` (bicycles too).

    Stories say what happens; what of it is wrong is decided here. ValueError for a word that is not known.
    """
    if domain not in DOMAINS:
        raise ValueError(f"unknown domain {domain!r}; known: {', '.join(DOMAINS)}")
    if label not in (*LABELS, NORMAL):
        raise ValueError(f"unknown event {label!r}; known: {', '.join(LABELS)}")
    return label != NORMAL and label not in DOMAINS[domain]


def _sample_light(place: Place, rng: np.random.Generator, lights: Sequence[str] | None) -> str:
    own = INDOOR_LIGHTS if place.indoor else OUTDOOR_LIGHTS
    names = [n for n in own if lights is None or n in lights] or [own[0]]
    shares = np.array([_LIGHT_SHARES[n] for n in names])
    return str(rng.choice(names, p=shares / shares.sum()))


def _hung(place: Place, spec: ClipSpec) -> Place:
    """The place with the clip's own camera."""
    camera = replace(
        place.camera,
        width=spec.width,
        height=spec.height,
        height_m=place.camera.height_m + spec.raise_m,
        yaw_deg=place.camera.yaw_deg + spec.turn_deg,
        pitch_deg=place.camera.pitch_deg + spec.tilt_deg,
        fov_deg=place.camera.fov_deg / spec.zoom,
    )
    return replace(place, camera=camera)


def _light(spec: ClipSpec, place: Place, rng: np.random.Generator) -> tuple[Light, Weather]:
    east, south, up = rng.uniform(-0.8, 0.8), rng.uniform(-0.7, -0.1), rng.uniform(0.55, 0.95)
    wet = Weather(rain=float(rng.uniform(0.4, 1.0)), haze=float(rng.uniform(0.0, 0.3)), shake_px=spec.shake_px)
    dry = Weather(haze=float(rng.uniform(0.0, 0.25)) if spec.light == "overcast" else 0.0, shake_px=spec.shake_px)
    lights = {
        "day": lambda: weather.day(towards=(float(east), float(south), float(up))),
        "overcast": weather.overcast,
        "rain": weather.overcast,
        "dusk": lambda: weather.dusk(lamps=place.lamps),
        "night": lambda: weather.night(place.lamps),
        "infrared": lambda: weather.night(() if place.indoor else place.lamps, infrared=True),
        "indoor": weather.indoor,
    }
    return lights[spec.light](), wet if spec.light == "rain" else dry


def _lit(effect: Effect, light: Light) -> Effect:
    """What does not glow is as bright as the scene; what does lights up a dark one more."""
    dim = float(np.mean(light.tint)) + (0.3 if light.lamps else 0.0)
    dim = min(dim, 1.0)
    if isinstance(effect, Fire):
        return replace(effect, glow=min(0.35 / dim, 1.0))
    if isinstance(effect, Smoke):
        r, g, b = np.array(effect.tone) * light.tint / np.mean(light.tint)
        return replace(effect, dim=dim, tone=(float(r), float(g), float(b)))
    if isinstance(effect, Explosion | BrokenGlass):
        return replace(effect, dim=dim)
    return effect
