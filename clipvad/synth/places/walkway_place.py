"""The campus walkway as a `Place`: where its people walk and wait."""

from __future__ import annotations

from clipvad.synth.places.place import Place
from clipvad.synth.places.walkway import FACADE_M, walkway
from clipvad.synth.rendering.camera import Camera

WALKWAY = Place(
    name="walkway",
    painter=walkway,
    camera=Camera(width=320, height=240, height_m=3.9, pitch_deg=17.0, fov_deg=60.0),
    quiet=(
        "People walk along a paved path.",
        "Pedestrians on a campus walkway.",
        "A footpath between lawns with a few people walking.",
        "Students stroll past a brick building.",
        "An ordinary day on a pedestrian path.",
        "Some people walk by and others stand and talk on a walkway.",
    ),
    walk=(
        ((-9.6, 10.4), (0.4, 10.2), (9.4, 10.8)),
        ((9.6, 13.2), (1.2, 12.8), (-10.4, 13.4)),
        ((-0.9, 26.9), (-0.6, 15.0), (-3.2, 9.6), (-8.0, 8.2)),
        ((9.2, 11.8), (3.0, 11.4), (0.2, 14.0), (-0.4, 26.9)),
        ((-7.4, 7.4), (-1.4, 7.6), (2.4, 8.4), (8.4, 8.8)),
        ((6.8, 7.4), (1.6, 7.4), (-2.4, 9.6), (-10.0, 12.2)),
        ((-0.1, 26.9), (0.2, 14.8), (3.8, 10.6), (8.6, 9.6)),
        ((0.8, 1.0), (0.6, 6.0), (0.3, 12.0), (-0.2, 20.0), (-0.6, 26.9)),
    ),
    stand=((2.9, 14.9), (-3.4, 13.9), (1.0, 9.4), (-1.8, 11.4), (4.6, 12.2), (-4.4, 10.4)),
    clear=((-3.2, 7.6), (3.2, 7.6), (3.2, 11.8), (-3.2, 11.8)),
    no_entry=((-8.4, 15.8), (-3.0, 15.8), (-3.0, 21.0), (-8.4, 21.0)),
    doors=((-0.4, FACADE_M),),
    lamps=((-3.5, 15.0, 4.3), (6.2, 15.0, 4.3), (-1.95, 22.8, 4.3), (0.5, 3.0, 5.5)),  # the last above the camera
)
