"""The kinds of place of the street world, by name."""

from __future__ import annotations

from clipvad.synth.car_park import CAR_PARK
from clipvad.synth.crossing import CROSSING
from clipvad.synth.place import Place
from clipvad.synth.plaza import PLAZA
from clipvad.synth.shop_front import SHOP_FRONT

PLACES: dict[str, Place] = {
    place.name: place
    for place in (
        CROSSING,
        PLAZA,
        SHOP_FRONT,
        CAR_PARK,
    )
}
