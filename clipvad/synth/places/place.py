"""A kind of place as its fixed camera sees it: how it is painted, and where in it what may happen.

Coordinates are metres on the ground plane, see `clipvad.synth.rendering.camera`.
"""

from __future__ import annotations

from dataclasses import dataclass

from clipvad.synth.rendering.backdrop import Painter
from clipvad.synth.rendering.camera import Camera

Point = tuple[float, float]
Route = tuple[Point, ...]  # a polyline along which something moves, or the outline of an area


@dataclass(frozen=True, kw_only=True)
class Target:
    """What can be broken: `surface` is its four corners (x, y, z), `reach` where a person stands to hit it."""

    name: str
    surface: tuple[tuple[float, float, float], ...]
    reach: Point


@dataclass(frozen=True, kw_only=True)
class Place:
    """A place and its layout.

    `walk`: routes of people, each leading from outside the picture (or a door) to outside; `drive`: the same for
    vehicles, empty where none belongs; `stand`: where people wait or look; `clear`: an area in plain view of the
    camera, free of props, at least 4 by 3 m, where a fight, a fall or a fire can be seen; `no_entry`: an area where
    nobody may be (tracks, staff area, dock); `shelves`: where goods can be taken from; `targets`: what can be broken;
    `doors`: where people come in and go out; `lamps`: lights at night (x, y, height). `quiet`: captions of the place
    when nothing happens, in varied wording.
    """

    name: str
    painter: Painter
    camera: Camera
    quiet: tuple[str, ...]
    walk: tuple[Route, ...]
    stand: tuple[Point, ...]
    clear: Route
    no_entry: Route
    drive: tuple[Route, ...] = ()
    shelves: tuple[Point, ...] = ()
    targets: tuple[Target, ...] = ()
    doors: tuple[Point, ...] = ()
    lamps: tuple[tuple[float, float, float], ...] = ()
    indoor: bool = False
