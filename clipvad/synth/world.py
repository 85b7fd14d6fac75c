"""The kinds of place of the street world, by name."""

from __future__ import annotations

from clipvad.synth.car_park import CAR_PARK
from clipvad.synth.crossing import CROSSING
from clipvad.synth.loading_bay import LOADING_BAY
from clipvad.synth.place import Place
from clipvad.synth.plaza import PLAZA
from clipvad.synth.railway_platform import PLATFORM
from clipvad.synth.shop_front import SHOP_FRONT
from clipvad.synth.shop_inside import SHOP_INSIDE
from clipvad.synth.walkway_place import WALKWAY

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
