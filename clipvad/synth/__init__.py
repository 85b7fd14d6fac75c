"""A small renderer of surveillance scenes: footage that may be published, with ground truth known exactly."""

from clipvad.synth.actors.animals import Dog, DogWalker
from clipvad.synth.actors.bodies import Outfit
from clipvad.synth.actors.drivers import Car, Van
from clipvad.synth.actors.gestures import GESTURES, Act
from clipvad.synth.actors.paths import Path
from clipvad.synth.actors.people import Actor, Walker
from clipvad.synth.actors.riders import Cyclist, Motorcyclist, ScooterRider, Skateboarder, WheelchairUser
from clipvad.synth.actors.things import Thing
from clipvad.synth.actors.vehicles import CarShape
from clipvad.synth.actors.wardrobe import (
    random_car_colour,
    random_car_shape,
    random_outfit,
    random_rider_outfit,
    random_worker_outfit,
)
from clipvad.synth.clip import Truth, render_clip
from clipvad.synth.places.place import Place, Target
from clipvad.synth.places.walkway import walkway
from clipvad.synth.places.world import PLACES
from clipvad.synth.rendering.camera import Camera
from clipvad.synth.rendering.parts import Light
from clipvad.synth.rendering.render import Box, Renderer, Scene
from clipvad.synth.rendering.weather import Weather, day, dusk, indoor, night, overcast
from clipvad.synth.spans import Interval, Label
from clipvad.synth.street import ClipSpec, abnormal, sample_spec, street_scene

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
