"""Bodies obey anatomy and gravity in every gesture, wheels roll, and actors speak the ground truth's words."""

from __future__ import annotations

import numpy as np
import pytest

from clipvad.synth import (
    GESTURES,
    Act,
    Camera,
    Car,
    Cyclist,
    Dog,
    DogWalker,
    Motorcyclist,
    Path,
    ScooterRider,
    Skateboarder,
    Thing,
    Van,
    Walker,
    WheelchairUser,
    random_car_colour,
    random_outfit,
    random_worker_outfit,
)
from clipvad.synth.actors import cycles, gait
from clipvad.synth.actors.gestures import FALLS
from clipvad.synth.actors.skeleton import POINT, SOLE, measures, stand_up
from clipvad.synth.actors.vans import van_model
from clipvad.synth.actors.vehicles import CAR_SHAPES, CAR_WHEEL_M, car_model
from clipvad.synth.rendering.parts import Blob, Face
from clipvad.synth.rendering.rigid import rolled
from clipvad.synth.rendering.shape import Shapes

KINDS = {"person", "child", "worker", "wheelchair user", "dog walker", "cyclist", "skateboarder", "scooter rider"}
KINDS |= {"motorcyclist", "car", "van", "bag", "dog"}
ACTIONS = {"walking", "standing", "running", "driving", "stopped", "falling", "lying", "fighting", "crouching"}
ACTIONS |= {"throwing", "hitting", "reaching", "carrying", "fleeing", "waiting"}
BONES = {"thigh": ("hip", "knee"), "shank": ("knee", "ankle"), "heel": ("ankle", "heel"), "toe": ("ankle", "toe")}
BONES |= {"upper_arm": ("shoulder", "elbow"), "forearm": ("elbow", "wrist")}


def standing(*acts, end_s=9.0, facing=(1.0, 0.0), **options):
    return Walker(Path.still((0.0, 10.0), start_s=0.0, end_s=end_s, facing=facing), acts=acts, **options)


def passing(speed, *, at=(0.0, 10.0), along=(1.0, 0.0), span_s=4.0):
    """A straight path at `speed` that passes `at` in the middle of its time."""
    reach = speed * span_s / 2 * np.array(along)
    return Path([(0.0, *(at - reach)), (span_s, *(at + reach))])


def assert_bones(pose, stature_m):
    joints, lengths = pose.joints, measures(stature_m)
    for bone, (upper, lower) in BONES.items():
        for side in "lr":
            length = np.linalg.norm(joints[f"{upper}_{side}"] - joints[f"{lower}_{side}"])
            assert length == pytest.approx(lengths[bone], rel=1e-6), (bone, side)


@pytest.mark.parametrize("falls", FALLS)
@pytest.mark.parametrize("name", GESTURES)
def test_bones_stay_rigid_and_above_the_ground_in_every_gesture(name, falls):
    for stature in (1.08, 1.75):
        walker = standing(Act(name, 1.0, 3.2), falls=falls, stature_m=stature)
        for t in np.arange(0.9, 4.0, 0.07):
            pose = walker.pose(t)
            assert_bones(pose, stature)
            assert min(joint[2] for joint in pose.joints.values()) > 0


def test_bones_stay_rigid_while_walking_and_running():
    for speed in (0.4, 1.3, 2.0, 2.3, 4.0):
        walker = Walker(passing(speed))
        for t in np.arange(0.5, 3.5, 0.1):
            assert_bones(walker.pose(t), 1.72)


@pytest.mark.parametrize("stature", [1.58, 1.74, 1.92])
@pytest.mark.parametrize("rider", [Cyclist, Motorcyclist, ScooterRider, WheelchairUser, Skateboarder])
def test_riders_are_whole_and_hold_on(rider, stature):
    actor = rider(passing(2.0), stature_m=stature)
    vehicle = {
        Cyclist: cycles.bicycle((9, 9, 9), float(cycles.saddle(stature)[2])),
        Motorcyclist: cycles.motorcycle((9, 9, 9)),
        ScooterRider: cycles.scooter((9, 9, 9)),
        WheelchairUser: cycles.wheelchair((9, 9, 9)),
    }.get(rider)
    solid = np.concatenate([sampled(p) for p in vehicle.parts()]) if vehicle else None
    for t in np.arange(0.3, 3.7, 0.09):
        pose = actor.pose(t)
        assert_bones(pose, stature)
        if solid is not None:
            for side in "lr":
                assert np.linalg.norm(solid - pose.joints[f"wrist_{side}"], axis=1).min() < 0.12


def test_a_cyclists_feet_go_round_with_the_pedals():
    cyclist = Cyclist(passing(3.0))
    for t in (0.7, 1.1, 1.9):
        pedals = cycles.pedals(cyclist.path.travelled(t) / cycles.METRES_PER_CRANK)
        joints = cyclist.pose(t).joints
        for side in "lr":
            assert np.linalg.norm(joints[f"toe_{side}"] - pedals[side]) < 0.12


@pytest.mark.parametrize("falls", FALLS)
def test_a_fall_is_continuous_and_ends_lying_low_and_still(falls):
    walker = standing(Act("fall", 1.0, 1.8, towards=(4.0, 12.0)), Act("lie", 1.8, 5.0), falls=falls)
    poses = np.array([list(walker.pose(t).joints.values()) for t in np.arange(0.8, 5.0, 0.04)])
    jumps = np.linalg.norm(np.diff(poses, axis=0), axis=2)
    assert jumps.max() < 0.25
    lying = np.array([list(walker.pose(t).joints.values()) for t in np.arange(2.2, 5.0, 0.2)])
    assert lying[..., 2].max() < 0.6
    np.testing.assert_allclose(lying, lying[:1].repeat(len(lying), axis=0), atol=1e-9)
    # The pelvis goes down and stays down: no gait shows through between falling and lying.
    pelvis = poses[:, :2, 2].mean(axis=1)
    assert np.diff(pelvis).max() < 0.02
    # It lies as it fell: the body does not turn on the ground once `fall` with its `towards` is over.
    assert walker.parts(1.9)[0].centres == pytest.approx(walker.parts(4.0)[0].centres, abs=0.05)


def test_a_person_that_fell_lies_until_told_to_get_up():
    walker = standing(Act("fall", 1.0, 1.8), end_s=30.0)
    assert walker.action(1.3) == "falling"
    assert walker.action(20.0) == "lying"
    assert walker.pose(20.0).joints["skull"][2] < 0.4
    rises = standing(Act("fall", 1.0, 1.8), Act("lie", 1.8, 4.0), Act("get up", 4.0, 5.6))
    heads = [rises.pose(t).joints["skull"][2] for t in (3.9, 4.9, 6.5)]
    assert heads[0] < 0.4 < heads[1] < 1.5 < heads[2]


def test_running_has_a_flight_phase_and_walking_has_none():
    def clearance(speed):
        soles = ("heel_l", "heel_r", "toe_l", "toe_r")
        poses = [gait.gait(speed=speed, phase=p, stature_m=1.72) for p in np.linspace(0, 1, 60, endpoint=False)]
        return [min(stand_up(s, stature_m=1.72).joints[k][2] for k in soles) - SOLE * 1.72 for s in poses]

    np.testing.assert_allclose(clearance(1.6), 0, atol=1e-9)
    airborne = np.array(clearance(3.5))
    assert airborne.max() == pytest.approx(0.026 * 1.72, rel=0.2)
    # Twice a cycle, between the steps; most of the time a foot is down.
    assert 0.15 < (airborne > 1e-3).mean() < 0.5
    assert np.count_nonzero(np.diff((airborne > 1e-3).astype(int)) == 1) == 2


def test_a_runner_leans_bends_the_elbows_and_strides_farther():
    def frames(speed):
        walker = Walker(passing(speed))
        return [walker.pose(t).joints for t in np.arange(1.0, 3.0, 0.03)]

    def elbow(j):
        a, b = j["shoulder_l"] - j["elbow_l"], j["wrist_l"] - j["elbow_l"]
        return np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))

    def lean(j):
        trunk = j["shoulder_l"] + j["shoulder_r"] - j["hip_l"] - j["hip_r"]
        return np.degrees(np.arctan2(trunk[0], trunk[2]))

    walks, runs = frames(1.3), frames(3.6)
    assert np.mean([elbow(j) for j in walks]) > 150
    assert 75 < np.mean([elbow(j) for j in runs]) < 105
    assert np.mean([lean(j) for j in runs]) > np.mean([lean(j) for j in walks]) + 5
    spread = [max(abs(j["ankle_l"][0] - j["ankle_r"][0]) for j in js) for js in (walks, runs)]
    assert spread[1] > 1.2 * spread[0]


def test_a_child_is_not_a_small_adult():
    child, adult = standing(stature_m=1.1), standing(stature_m=1.75)
    ratios = []
    for walker, h in ((child, 1.1), (adult, 1.75)):
        blobs = walker.parts(1.0)
        low = min((b.centres[:, 2] - b.radii).min() for b in blobs)
        high = max((b.centres[:, 2] + b.radii).max() for b in blobs)
        assert high - low == pytest.approx(h, rel=0.06)
        ratios.append(walker.pose(1.0).joints["hip_l"][2] / h)
    assert ratios[0] < ratios[1] - 0.03


def test_an_act_is_faced_and_then_forgotten():
    walker = standing(Act("punch", 2.0, 4.0, towards=(0.0, 20.0)), facing=(1.0, 0.0))

    def front(t):
        hips = [b.centres[0] for b in walker.parts(t)[:12:6]]  # the thighs, left then right
        across = hips[0] - hips[1]
        return np.array([across[1], -across[0]]) / np.hypot(*across[:2])

    np.testing.assert_allclose(front(1.5), [1, 0], atol=1e-6)
    np.testing.assert_allclose(front(3.0), [0, 1], atol=1e-6)
    np.testing.assert_allclose(front(4.5), [1, 0], atol=1e-6)


def test_a_punch_reaches_farther_than_a_walkers_hand():
    reach = max(standing(Act("punch", 1.0, 3.0)).pose(t).joints["wrist_r"][0] for t in np.arange(1.3, 3.0, 0.04))
    assert reach > 0.5


def test_a_person_that_stands_looks_about_on_feet_that_stay():
    walker = standing(end_s=20.0)
    poses = [walker.pose(t) for t in np.arange(0.0, 18.0, 0.2)]
    face = np.array([p.points[POINT["face"]] for p in poses]) / 1.72
    turned = np.degrees(np.arctan2(face[:, 1], face[:, 0]))
    assert turned.max() > 25
    assert turned.min() < -25
    for joint in ("toe_l", "heel_r", "skull", "wrist_l"):
        places = np.array([p.joints[joint] for p in poses])
        np.testing.assert_allclose(places, places[:1].repeat(len(places), axis=0), atol=1e-9)


def test_legs_walk_on_while_hands_are_busy():
    busy = Walker(passing(1.3), acts=(Act("phone", 0.5, 3.5),))
    free = Walker(passing(1.3))
    for t in (1.0, 1.7, 2.2):
        for joint in ("knee_l", "ankle_r", "toe_l"):
            np.testing.assert_allclose(busy.pose(t).joints[joint], free.pose(t).joints[joint], atol=1e-9)
        assert busy.pose(t).joints["wrist_r"][2] > free.pose(t).joints["wrist_r"][2] + 0.3


@pytest.mark.parametrize(
    "act",
    [("dance", 0, 1, None), ("punch", 2, 1, None), ("punch", 2, 2, None), ("carry", 0, 1, "piano")],
    ids=["name", "backwards", "empty", "item"],
)
def test_act_refuses_what_cannot_be_played(act):
    with pytest.raises(ValueError, match=r"unknown|after its start"):
        Act(act[0], act[1], act[2], item=act[3])


def test_walker_refuses_an_unknown_way_to_fall():
    with pytest.raises(ValueError, match="way to fall"):
        standing(falls="upward")


def test_wheels_roll_without_slipping():
    vehicles = [car_model((9, 9, 9), shape) for shape in CAR_SHAPES] + [
        van_model((9, 9, 9)),
        cycles.wheelchair((9, 9, 9)),
    ]
    vehicles += [cycles.motorcycle((9, 9, 9)), cycles.scooter((9, 9, 9)), cycles.skateboard((9, 9, 9))]
    for vehicle in vehicles:
        assert len(vehicle.spinners) >= 2
        for wheel in vehicle.spinners:
            # The lowest point of a rolling wheel stands still: forward motion and spin cancel there.
            step = 1e-5
            bottom = np.array([0.0, 0.0, -wheel.at[2]])
            moved = bottom @ rolled(step / wheel.metres) + [step, 0, 0]
            assert np.linalg.norm(moved - bottom) < 1e-8
    assert car_model((9, 9, 9), CAR_SHAPES[0]).spinners[0].at[2] == CAR_WHEEL_M


def test_wheels_turn_with_the_way_and_stand_when_parked():
    car = Car(passing(3.0))
    still = Car(Path.still((0, 10), start_s=0, end_s=4))
    rims = [f for f in car.parts(1.0) if isinstance(f, Face) and f.layer == 8]
    later = [f for f in car.parts(1.1) if isinstance(f, Face) and f.layer == 8]
    assert len(rims) == 4
    for a, b in zip(rims, later, strict=True):
        shape_a, shape_b = (f.contours[0] - np.mean(np.concatenate(f.contours), axis=0) for f in (a, b))
        assert np.abs(shape_a - shape_b).max() > 0.05
    for a, b in zip(still.parts(1.0), still.parts(3.0), strict=True):
        if isinstance(a, Face):
            np.testing.assert_allclose(a.contours[0], b.contours[0], atol=1e-12)


def everyone():
    """One actor of every kind, and how high and long (side on) it should look, in metres."""
    rng = np.random.default_rng(2)
    slow, fast = passing(1.2), passing(4.0)
    return {
        "person": (Walker(slow, random_outfit(rng)), 1.72, (0.3, 1.1)),
        "runner": (Walker(fast), 1.66, (0.5, 1.5)),
        "child": (Walker(slow, stature_m=1.15, kind="child"), 1.15, (0.2, 0.8)),
        "worker": (Walker(slow, random_worker_outfit(rng), kind="worker"), 1.75, (0.3, 1.1)),
        "wheelchair user": (WheelchairUser(slow), 1.33, (0.8, 1.3)),
        "dog walker": (DogWalker(slow), 1.70, (1.0, 2.0)),
        "dog": (Dog(slow), 0.62, (0.6, 1.1)),
        "cyclist": (Cyclist(fast), 1.76, (1.6, 1.9)),
        "skateboarder": (Skateboarder(fast), 1.75, (0.7, 1.6)),
        "scooter rider": (ScooterRider(fast), 1.86, (1.0, 1.4)),
        "motorcyclist": (Motorcyclist(fast), 1.65, (1.9, 2.2)),
        "car": (Car(fast), 1.47, (4.1, 4.6)),
        "van": (Van(fast), 2.22, (4.9, 5.5)),
        "bag": (Thing(slow), 0.42, (0.2, 0.8)),
    }


@pytest.mark.parametrize("name", everyone())
def test_box_at_ten_metres_has_the_actors_size(name):
    actor, height, (short, long) = everyone()[name]
    camera = Camera(width=1280, height=720, height_m=1.0, pitch_deg=0.0, fov_deg=90)  # 64 px a metre at 10 m
    shapes = Shapes([actor.parts(2.0)], camera)
    low, high = shapes.low[0], shapes.high[0]
    width_m, height_m = (high - low) / 64
    assert height_m == pytest.approx(height, rel=0.12)
    assert short < width_m < long * 1.15
    # It stands on the ground, which lies a metre under the camera, and around its place.
    assert high[1] == pytest.approx(360 + 64, abs=9)
    assert low[0] < 640 < high[0]


@pytest.mark.parametrize("name", everyone())
def test_an_actor_turns_with_its_path_and_repeats_itself(name):
    actor = everyone()[name][0]
    extents = {}
    for heading in (0.0, 0.9, 2.2, 4.0):
        turned = type(actor)(passing(1.5, along=(np.cos(heading), np.sin(heading))))
        points = np.concatenate([centres(p) for p in turned.parts(2.0)])
        back = points[:, :2] - turned.path.position(2.0)
        c, s = np.cos(heading), np.sin(heading)
        extents[heading] = (back @ np.array([[c, -s], [s, c]])).min(axis=0)
        again = np.concatenate([centres(p) for p in turned.parts(2.0)])
        np.testing.assert_array_equal(points, again)
    for extent in extents.values():
        np.testing.assert_allclose(extent, extents[0.0], atol=1e-6)


def test_kinds_and_actions_are_words_of_the_ground_truth():
    for actor, _, _ in everyone().values():
        assert actor.kind in KINDS
        for t in (0.0, 2.0, 4.0):
            assert actor.action(t) in ACTIONS or actor.action(t).startswith("riding a ")
    said = {standing(Act(name, 1.0, 2.0)).action(1.2) for name in GESTURES}
    assert said <= ACTIONS
    assert {"falling", "lying", "fighting", "crouching", "throwing", "hitting", "reaching", "carrying"} <= said


def test_walking_becomes_running_at_a_speed_that_grows_with_stature():
    assert Walker(passing(1.4)).action(2.0) == "walking"
    assert Walker(passing(2.0)).action(2.0) == "walking"
    assert Walker(passing(2.6)).action(2.0) == "running"
    assert Walker(passing(2.0), stature_m=1.1).action(2.0) == "running"


def test_dogs_paws_stay_on_the_ground():
    for speed in (0.0, 0.6, 1.5, 4.0):
        path = passing(speed) if speed else Path.still((0, 10), start_s=0, end_s=4)
        for t in np.arange(0.5, 3.5, 0.05):
            lowest = min((p.centres[:, 2] - p.radii).min() for p in Dog(path).parts(t))
            assert -0.02 < lowest < 0.05


def test_a_body_turns_around_without_a_flip():
    path = Path([(0, 0, 10), (2, 3, 10), (4, 3, 10), (6, 0, 10)])
    bearings = np.array([path.bearing(t) for t in np.arange(0, 6, 0.02)])
    assert np.abs(np.diff(bearings)).max() < 0.11
    np.testing.assert_allclose(path.heading(1.0), [1, 0], atol=1e-6)
    np.testing.assert_allclose(path.heading(4.2), [-1, 0], atol=1e-6)


def test_outfits_follow_the_generator_and_differ():
    first = [random_outfit(np.random.default_rng([7, k])) for k in range(40)]
    again = [random_outfit(np.random.default_rng([7, k])) for k in range(40)]
    assert first == again
    assert len(set(first)) == 40
    rng = np.random.default_rng(0)
    many = [random_outfit(rng) for _ in range(600)]
    # Skin says nothing about clothes: of light and of dark skin, about equally many wear a backpack or a hat.
    light, dark = ([o for o in many if (sum(o.skin) > 420) is is_light] for is_light in (True, False))
    for worn in ("backpack", "hat"):
        shares = [np.mean([getattr(o, worn) is not None for o in group]) for group in (light, dark)]
        assert abs(shares[0] - shares[1]) < 0.1
    colours = {random_car_colour(rng) for _ in range(50)}
    assert len(colours) > 20
    assert all(0 <= c <= 255 for colour in colours for c in colour)


def centres(part):
    return part.centres if isinstance(part, Blob) else np.concatenate(part.contours)


def sampled(part):
    """Points on a part: along a tube, or its corners."""
    if isinstance(part, Blob) and len(part.centres) == 2:
        return part.centres[0] + np.linspace(0, 1, 8)[:, None] * (part.centres[1] - part.centres[0])
    return centres(part)
