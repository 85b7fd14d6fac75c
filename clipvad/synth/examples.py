"""The films that the project shows: a cyclist on a walkway, somebody on foot in a loading bay, a fight, a fire."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from clipvad.synth.actors.bodies import Outfit
from clipvad.synth.actors.drivers import Car
from clipvad.synth.actors.paths import Path
from clipvad.synth.actors.people import Actor, Walker
from clipvad.synth.actors.riders import Cyclist
from clipvad.synth.clip import Truth, render_clip
from clipvad.synth.places.walkway import walkway
from clipvad.synth.places.world import PLACES
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.render import Scene
from clipvad.synth.spans import Label
from clipvad.synth.stories.cast import vehicle
from clipvad.synth.stories.riding import trespass
from clipvad.synth.stories.stage import Way
from clipvad.synth.story import Happening
from clipvad.synth.street import ClipSpec, street_scene


@dataclass(frozen=True, kw_only=True)
class Film:
    """A scene with the names of what happens in it: `events` while actors of a kind are in view, `happenings` by time.

    `name` is the stem of its files, `quiet` captions the time when nothing happens.
    """

    name: str
    seed: int
    scene: Scene
    quiet: Label
    events: tuple[Label, ...] = ()
    happenings: tuple[Happening, ...] = ()

    def render(self, path: FilePath) -> Truth:
        """Write the clip to `path` and return its ground truth."""
        return render_clip(
            self.scene, path, seed=self.seed, events=self.events, happenings=self.happenings, quiet=self.quiet
        )


def films() -> tuple[Film, ...]:
    """The four example films, 640x360 at 25 frames a second; the same every time."""
    return (
        Film(
            name="walkway",
            seed=7,
            scene=walkway_scene(seed=7),
            events=(
                Label("cycling", "A person rides a bicycle across the campus walkway.", ("cyclist",)),
                Label("car", "A red car drives over the walkway, where no car belongs.", ("car",)),
            ),
            quiet=Label("normal", "People walk over the paved walkway in front of a brick building.", ("person",)),
        ),
        Film(
            name="loading-bay",
            seed=12,
            scene=loading_bay_scene(seed=12),
            events=(
                Label("no entry", "Somebody on foot is in the loading bay, where only vehicles may be.", ("person",)),
            ),
            quiet=Label("normal", "Vans and cars drive through the yard of a warehouse; nobody is on foot.", ()),
        ),
        _street_film("plaza-fight", ClipSpec(seed=1, place="plaza", label="fight", density=3.5, **_LOOK)),
        _street_film("car-park-fire", ClipSpec(seed=2, place="car park", light="overcast", label="fire", **_LOOK)),
    )


def _street_film(name: str, spec: ClipSpec) -> Film:
    scene, happenings, quiet = street_scene(spec)
    return Film(
        name=name, seed=spec.seed, scene=scene, happenings=happenings, quiet=Label("normal", quiet[0] + ".", ())
    )


_LOOK: dict[str, Any] = {"duration_s": 24.0, "start_s": 9.0, "width": 640, "height": 360}
_OUTFITS = (
    Outfit(top=(52, 74, 122), bottom=(54, 56, 66), hair=(48, 34, 26), backpack=(58, 52, 48)),
    Outfit(top=(158, 52, 48), bottom=(56, 70, 104), hair=(30, 24, 22), long_hair=True, build=0.92),
    Outfit(top=(206, 202, 192), bottom=(52, 60, 88), skin=(150, 106, 80), hair=(24, 20, 18), sleeve=(206, 202, 192)),
    Outfit(top=(66, 66, 70), bottom=(42, 42, 48), coat=True, hair=(92, 68, 44), long_hair=True, build=0.95),
    Outfit(top=(96, 124, 88), bottom=(120, 104, 82), hair=(120, 92, 60), sleeve=(96, 124, 88), backpack=(150, 70, 40)),
    Outfit(top=(206, 168, 66), bottom=(46, 50, 60), skin=(120, 84, 64), hair=(20, 18, 18), build=1.05),
    Outfit(top=(120, 96, 140), bottom=(70, 72, 80), hair=(66, 44, 30), long_hair=True, build=0.93),
    Outfit(top=(52, 92, 96), bottom=(62, 66, 80), hair=(60, 42, 30), backpack=(44, 46, 58)),
    Outfit(top=(150, 146, 140), bottom=(48, 58, 92), skin=(176, 130, 102), long_hair=True, build=0.94),
    Outfit(
        top=(44, 50, 60), bottom=(66, 62, 58), shoes=(70, 58, 48), skin=(150, 106, 80), hair=(24, 20, 18), build=1.04
    ),
)


def walkway_scene(*, width: int = 640, height: int = 360, seed: int = 7) -> Scene:
    """38 s: people walk all the time; a cyclist passes at about 9-16 s and a car at about 23-31 s."""
    rng = np.random.default_rng(seed)
    routes = [
        [(-3.0, -9.5, 10.6), (5.0, 0.4, 10.2), (12.5, 9.2, 10.8)],
        [(-6.0, 9.5, 13.2), (2.0, 1.2, 12.9), (12.0, -10.4, 13.2)],
        [(1.5, -1.0, 24.5), (10.0, -0.6, 14.2), (15.0, -3.6, 9.2), (19.5, -8.6, 8.2)],
        [(11.5, 10.2, 12.6), (17.0, 3.4, 11.8), (21.5, -0.8, 13.6), (30.5, -0.5, 24.8)],
        [(15.6, -8.4, 7.5), (20.6, -2.4, 7.4), (27.6, 6.4, 7.6)],
        [(27.0, 0.5, 24.6), (35.0, 0.2, 14.6), (41.0, 5.8, 11.0)],
        [(29.0, -9.8, 9.6), (37.0, 0.2, 9.2), (41.0, 5.2, 9.0)],
        [(-4.0, 5.6, 7.6), (-1.0, 2.2, 7.4), (2.2, -1.6, 7.5), (7.5, -8.0, 7.4)],
        [(16.4, 10.4, 12.6), (22.0, 3.6, 13.4), (25.4, 3.1, 14.9), (30.0, 3.1, 14.9), (43.0, -9.0, 11.6)],
        [(-4.6, 9.8, 12.4), (3.4, 0.6, 12.1), (13.4, -10.6, 12.2)],
    ]
    actors: list[Actor] = [
        Walker(Path(route), outfit, stature_m=float(rng.uniform(1.62, 1.84)), phase=float(rng.uniform()))
        for route, outfit in zip(routes, _OUTFITS, strict=True)
    ]
    helmet_free = Outfit(top=(222, 222, 216), bottom=(40, 44, 56), hair=(44, 32, 24), sleeve=(222, 222, 216))
    actors.append(Cyclist(Path([(8.6, 10.0, 14.2), (12.5, 1.4, 10.2), (16.5, -7.6, 8.8)]), helmet_free))
    actors.append(Car(Path([(22.4, 10.6, 12.6), (26.9, 0.4, 11.4), (31.6, -10.2, 11.8)])))
    camera = Camera(width=width, height=height, height_m=3.9, pitch_deg=15.5, fov_deg=60)
    return Scene(camera=camera, place=walkway, actors=tuple(actors), duration_s=38.0)


def loading_bay_scene(*, width: int = 640, height: int = 360, seed: int = 12) -> Scene:
    """26 s of a yard for vehicles: a van and a car pass; at about 7 s somebody on foot walks in, up to the docks."""
    rng = np.random.default_rng(seed)
    place = PLACES["loading bay"]
    camera = replace(place.camera, width=width, height=height)
    duration_s = 26.0
    story = trespass(replace(place, camera=camera), rng, duration_s=duration_s, start_s=12.5)
    traffic = [
        vehicle(kind, Way(place.drive[way][0], t_s=at_s).walk(place.drive[way][1:], speed_mps=3.2), rng)
        for kind, way, at_s in (("van", 0, -0.5), ("car", 1, 17.5))
    ]
    return Scene(camera=camera, place=place.painter, actors=(*story.actors, *traffic), duration_s=duration_s, noise=2.0)
