"""A small renderer of surveillance scenes: footage that may be published, with ground truth known exactly."""

from clipvad.synth.actors import Actor, Car, Cyclist, Walker
from clipvad.synth.bodies import Outfit
from clipvad.synth.camera import Camera
from clipvad.synth.clip import Interval, Label, Truth, render_clip
from clipvad.synth.parts import Light
from clipvad.synth.paths import Path
from clipvad.synth.render import Box, Renderer, Scene
from clipvad.synth.walkway import walkway

__all__ = [
    "Actor",
    "Box",
    "Camera",
    "Car",
    "Cyclist",
    "Interval",
    "Label",
    "Light",
    "Outfit",
    "Path",
    "Renderer",
    "Scene",
    "Truth",
    "Walker",
    "render_clip",
    "walkway",
]
