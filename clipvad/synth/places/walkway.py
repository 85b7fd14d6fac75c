"""A campus walkway: paved, between lawns, in front of a brick building with trees, lamp posts and a bench."""

from __future__ import annotations

import numpy as np

from clipvad.synth.places.furniture import bench, hedge, lamp, litter_bin, tree
from clipvad.synth.places.surfaces import Brush, Patch, bays, bricks, grass, lay, plain, rectangle, sky, slabs, windows
from clipvad.synth.rendering.backdrop import SUPERSAMPLE, FloatImage, Painted, Prop
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Light
from clipvad.synth.rendering.planes import View

FACADE_M = 27.0  # the building's distance
_FACADE_X = (-30.0, 11.0)
_PAVED_Y = (5.0, 14.6)
_BRANCH_X = (-2.2, 1.4)  # the path to the entrance


def walkway(camera: Camera, light: Light, rng: np.random.Generator) -> Painted:
    """Painter of the place (see `places.paint`)."""
    brush = Brush(camera, rng)
    view = View(camera, background=sky(camera.rays(supersample=SUPERSAMPLE), brush.noise[3]))
    view.level(brush(_ground))
    view.facing(brush(_facade), y=FACADE_M, x=_FACADE_X, z=(0.0, 30.0))
    return view.painted(_props(rng))


def _ground(p: Patch) -> FloatImage:
    out = grass(p)
    edge = np.minimum(p.v - _PAVED_Y[0], _PAVED_Y[1] - p.v)
    branch = np.where(p.v > 10, np.minimum(p.u - _BRANCH_X[0], _BRANCH_X[1] - p.u), -9.0)
    inside = np.maximum(edge, branch)
    lay(out, 0.72 * out, p, inside + 0.03 * p.grain(1, 0.5) + 0.26)  # the dark gap between kerb and turf
    lay(out, plain(p, (168.0, 165.0, 158.0), rough=0.03, cell_m=0.2), p, inside + 0.16)
    lay(out, slabs(p), p, inside)
    return out


def _facade(p: Patch) -> FloatImage:
    out = bricks(p)
    lay(out, plain(p, (128.0, 126.0, 122.0), rough=0.05, cell_m=0.9), p, 0.55 - p.v)
    bay = bays(p, 3.2, start=-1.9)
    for up in ((1.0, 2.55), (4.1, 5.7)):
        windows(out, bay, across=(0.5, 2.7), up=up)
    lay(out, plain(p, (186.0, 180.0, 168.0), rough=0.05, cell_m=0.9), p, np.minimum(p.v - 3.25, 3.55 - p.v))
    entrance = plain(p, (70.0, 72.0, 74.0))
    door = bays(p, 1.07, start=-2.5)
    for up in ((0.12, 2.25), (2.35, 2.9)):
        windows(entrance, door, across=(0.06, 1.01), up=up, mullion=False)
    lay(out, entrance, p, rectangle(p, (-2.6, 1.8), (0.0, 3.0)))
    lay(out, (205.0, 203.0, 198.0), p, rectangle(p, (-3.0, 2.2), (2.95, 3.2)))
    return out


def _props(rng: np.random.Generator) -> list[Prop]:
    props = [tree(rng, at, size) for at, size in (((-9.5, 19.5), 1.0), ((6.8, 20.5), 1.1), ((13.5, 24.0), 1.25))]
    props += [tree(rng, (-15.5, 23.0), 1.15), tree(rng, (20.0, 33.0), 1.6), tree(rng, (15.0, 38.0), 1.5)]
    props += [hedge(rng, (x, 25.4)) for x in (*np.arange(-14.0, -3.0, 1.3), *np.arange(3.2, 10.5, 1.3))]
    props += [lamp(at) for at in ((-4.3, 15.2), (5.4, 15.2), (-2.75, 23.0))]
    props += [bench((2.9, 15.9)), litter_bin((4.35, 15.6))]
    return props
