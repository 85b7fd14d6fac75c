"""The kinds of place of the street world, by name."""

from __future__ import annotations

from clipvad.synth.places.car_park import CAR_PARK
from clipvad.synth.places.crossing import CROSSING
from clipvad.synth.places.loading_bay import LOADING_BAY
from clipvad.synth.places.place import Place
from clipvad.synth.places.plaza import PLAZA
from clipvad.synth.places.railway_platform import PLATFORM
from clipvad.synth.places.shop_front import SHOP_FRONT
from clipvad.synth.places.shop_inside import SHOP_INSIDE
from clipvad.synth.places.walkway_place import WALKWAY

PLACES: dict[str, Place] = {
    place.name: place
    for place in (
        WALKWAY,
        CROSSING,
        PLAZA,
        SHOP_FRONT,
        SHOP_INSIDE,
        CAR_PARK,
        PLATFORM,
        LOADING_BAY,
    )
}
