"""A small renderer of surveillance scenes: footage that may be published, with ground truth known exactly."""

from clipvad.synth.actors import Actor, Walker
from clipvad.synth.animals import Dog, DogWalker
from clipvad.synth.bodies import Outfit
from clipvad.synth.camera import Camera
from clipvad.synth.clip import Truth, render_clip
from clipvad.synth.drivers import Car, Van
from clipvad.synth.gestures import GESTURES, Act
from clipvad.synth.parts import Light
from clipvad.synth.paths import Path
from clipvad.synth.place import Place, Target
from clipvad.synth.render import Box, Renderer, Scene
from clipvad.synth.riders import Cyclist, Motorcyclist, ScooterRider, Skateboarder, WheelchairUser
from clipvad.synth.spans import Interval, Label
from clipvad.synth.street import ClipSpec, abnormal, sample_spec, street_scene
from clipvad.synth.things import Thing
from clipvad.synth.vehicles import CarShape
from clipvad.synth.walkway import walkway
from clipvad.synth.wardrobe import (
    random_car_colour,
    random_car_shape,
    random_outfit,
    random_rider_outfit,
    random_worker_outfit,
)
from clipvad.synth.weather import Weather, day, dusk, indoor, night, overcast
from clipvad.synth.world import PLACES

__all__ = [
    "GESTURES",
    "PLACES",
    "Act",
    "Actor",
    "Box",
    "Camera",
    "Car",
    "CarShape",
    "ClipSpec",
    "Cyclist",
    "Dog",
    "DogWalker",
    "Interval",
    "Label",
    "Light",
    "Motorcyclist",
    "Outfit",
    "Path",
    "Place",
    "Renderer",
    "Scene",
    "ScooterRider",
    "Skateboarder",
    "Target",
    "Thing",
    "Truth",
    "Van",
    "Walker",
    "Weather",
    "WheelchairUser",
    "abnormal",
    "day",
    "dusk",
    "indoor",
    "night",
    "overcast",
    "random_car_colour",
    "random_car_shape",
    "random_outfit",
    "random_rider_outfit",
    "random_worker_outfit",
    "render_clip",
    "sample_spec",
    "street_scene",
    "walkway",
]
