"""Stories: what the ground truth says can be seen when it says so, everyday life is quiet, captions are English."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from clipvad.synth.captions import at_time, crop_caption, event_captions, expand, say
from clipvad.synth.places.world import PLACES
from clipvad.synth.rendering import weather
from clipvad.synth.rendering.render import Renderer
from clipvad.synth.stories import LABELS, TELLERS, everyday, suits, tell
from clipvad.synth.stories.stage import (
    Way,
    at_metre,
    in_view,
    length,
    metres_in_view,
    places_in_view,
    section,
    shifted,
    spot,
)
from clipvad.synth.street import NORMAL, ClipSpec, abnormal, sample_spec, street_scene
from clipvad.synth.wording import DOES, EVENTS, WHEN, WHO

VOCABULARY = (
    "cycling skateboarding scooter motorcycling driving no-entry fight fall chase panic loitering abandoned_bag theft "
    "break-in vandalism fire smoke explosion collision"
)
PAIRS = [(label, name) for label in LABELS for name, place in PLACES.items() if suits(label, place)]
DURATION_S, START_S = 12.0, 2.5
PLAZA = PLACES["plaza"]


def told(label, name, seed=0, duration_s=DURATION_S, start_s=START_S):
    return tell(label, PLACES[name], np.random.default_rng(seed), duration_s=duration_s, start_s=start_s)


def seen_s(actor, camera, start_s, end_s):
    times = np.arange(max(start_s, actor.path.start_s), min(end_s, actor.path.end_s), 0.1)
    places = np.array([actor.path.position(t) for t in times.tolist()]).reshape(-1, 2)
    return 0.1 * int(places_in_view(camera, places).sum())


def test_vocabulary_is_the_issue_s():
    assert {label.replace(" ", "_") for label in LABELS} == set(VOCABULARY.split())
    assert len(LABELS) == len(TELLERS) == 19


def test_every_event_suits_some_place_and_every_place_has_events():
    assert {label for label, _ in PAIRS} == set(LABELS)
    assert {name for _, name in PAIRS} == set(PLACES)


def test_a_car_beside_a_pavement_is_no_event():
    assert not suits("driving", PLACES["shop front"])
    assert suits("cycling", PLACES["shop front"])


@pytest.mark.parametrize("label", ["cycling", "driving", "motorcycling"])
@pytest.mark.parametrize("name", ["crossing", "car park", "loading bay", "shop inside"])
def test_wheels_are_no_event_where_vehicles_belong_or_cannot_be(label, name):
    assert not suits(label, PLACES[name])
    with pytest.raises(ValueError, match="does not suit"):
        told(label, name)


def test_unknown_event_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"unknown event 'dancing'; known: .*cycling"):
        suits("dancing", PLAZA)


@pytest.mark.parametrize(("label", "name"), PAIRS)
def test_what_is_told_is_in_view_inside_the_clip(label, name):
    camera = PLACES[name].camera
    for seed, (duration_s, start_s) in enumerate(((DURATION_S, START_S), (6.0, 1.0))):
        story = told(label, name, seed, duration_s, start_s)
        (happening,) = story.happenings
        assert happening.label == label
        assert len(set(happening.captions)) >= 4
        start = happening.start_s if happening.start_s is not None else 0.0
        end = happening.end_s if happening.end_s is not None else duration_s
        assert 0 <= start < end <= duration_s
        longest = max((seen_s(story.actors[k], camera, start, end) for k in happening.actors), default=0.0)
        for k in happening.effects:
            effect = story.effects[k]
            if in_view(camera, effect.at):
                longest = max(longest, min(end, effect.span_s[1]) - max(start, effect.span_s[0]))
        assert longest >= 1.3, (seed, duration_s, longest)


@pytest.mark.parametrize(("label", "name"), PAIRS[::3])
def test_same_seed_tells_the_same_story(label, name):
    one, two, other = told(label, name, 1), told(label, name, 1), told(label, name, 2)
    times = np.linspace(0, DURATION_S, 7)
    where = [[a.path.position(t).tolist() for a in s.actors for t in times] for s in (one, two, other)]
    assert where[0] == where[1]
    assert where[0] != where[2]
    assert one.happenings == two.happenings
    assert one.effects == two.effects


@pytest.mark.parametrize(("label", "name"), PAIRS)
def test_nobody_stands_in_another_one(label, name):
    story = told(label, name, 3)
    for a, b in combinations(story.actors, 2):
        t = max(a.path.start_s, b.path.start_s, 0.0)
        if t < min(a.path.end_s, b.path.end_s, DURATION_S):
            assert np.hypot(*(a.path.position(t) - b.path.position(t))) > 0.25


def test_who_falls_lies_at_the_end():
    for seed in range(5):
        story = told("fall", "plaza", seed)
        fallen = story.actors[0]
        actions = [fallen.action(t) for t in (START_S - 0.5, START_S + 0.4, START_S + 2.0, DURATION_S - 0.1)]
        assert actions == ["walking", "falling", "lying", "lying"]


def test_fighters_face_each_other_within_reach():
    story = told("fight", "plaza", 0)
    (happening,) = story.happenings
    a, b = story.actors[:2]
    for t in np.arange(happening.start_s + 0.1, happening.start_s + 3.0, 0.3):
        assert 0.5 < np.hypot(*(a.path.position(t) - b.path.position(t))) < 1.3
        assert {a.action(t), b.action(t)} == {"fighting"}


@pytest.mark.parametrize("name", ["plaza", "walkway", "shop inside", "car park"])
def test_thief_gets_away(name):
    for seed in range(4):
        story = told("theft", name, seed)
        thief = story.actors[0]
        end = thief.path.position(DURATION_S)
        scene_of_crime = thief.path.position(START_S + 0.3)
        assert not in_view(PLACES[name].camera, end) or np.hypot(*(end - scene_of_crime)) > 6


def test_pursuer_stays_behind_the_one_who_flees():
    story = told("chase", "plaza", 4)
    (happening,) = story.happenings
    lead, behind = story.actors[:2]
    for t in np.arange(happening.start_s + 1.5, happening.end_s - 1.0, 0.3):
        assert lead.path.travelled(t) - behind.path.travelled(t) + (behind.path.start_s - lead.path.start_s) != 0
        assert 0.8 < np.hypot(*(lead.path.position(t) - behind.path.position(t))) < 6.0


def test_trespasser_is_inside_the_closed_area_in_that_span_only():
    import cv2

    for seed in range(3):
        story = told("no-entry", "plaza", seed)
        (happening,) = story.happenings
        outline = np.array(PLAZA.no_entry, np.float32)

        def inside(t, actor=story.actors[0], outline=outline):
            x, y = actor.path.position(t)
            return cv2.pointPolygonTest(outline, (float(x), float(y)), False) >= 0

        assert inside(happening.start_s + 0.05)
        assert not inside(happening.start_s - 0.3)


def test_bag_stays_where_it_was_left():
    story = told("abandoned bag", "platform", 0)
    owner, bag = story.actors
    assert bag.kind == "bag"
    np.testing.assert_array_equal(bag.path.position(START_S), bag.path.position(DURATION_S))
    assert np.hypot(*(owner.path.position(START_S) - bag.path.position(START_S))) < 0.7
    assert np.hypot(*(owner.path.position(DURATION_S) - bag.path.position(DURATION_S))) > 3


def test_cyclist_hit_by_a_car_ends_lying():
    story = next(s for s in (told("collision", "crossing", k) for k in range(20)) if s.actors[1].kind == "cyclist")
    car, cyclist = story.actors[:2]
    assert cyclist.action(START_S - 0.5) == "riding a bicycle"
    assert cyclist.action(START_S + 3.0) == "lying"
    assert car.action(START_S + 3.0) == "stopped"
    gap = np.hypot(*(car.path.position(START_S) - cyclist.path.position(START_S)))
    assert 2.0 < gap < 3.6  # bumper at the rear wheel


@pytest.mark.parametrize("name", list(PLACES))
def test_everyday_life_keeps_apart_and_fills_the_picture(name):
    place = PLACES[name]
    story = everyday(place, np.random.default_rng(0), duration_s=10.0, density=4.0)
    assert story.happenings == ()
    seen = sum(seen_s(a, place.camera, 0.0, 10.0) for a in story.actors) / 10.0
    assert 3.0 < seen < 8.0
    for a, b in combinations(story.actors, 2):
        for t in np.arange(0.0, 10.0, 0.5):
            if all(x.path.start_s <= t <= x.path.end_s for x in (a, b)):
                assert np.hypot(*(a.path.position(t) - b.path.position(t))) >= 0.55


def test_everyday_life_keeps_away_from_the_event():
    story = told("fall", "plaza", 0)
    others = everyday(PLAZA, np.random.default_rng(1), duration_s=DURATION_S, density=5.0, avoid=story.actors)
    lying = story.actors[0].path.position(DURATION_S)
    for a in others.actors:
        for t in np.arange(0.0, DURATION_S, 0.25):
            if a.path.start_s <= t <= a.path.end_s:
                assert np.hypot(*(a.path.position(t) - lying)) > 1.0 or t < START_S - 2


def test_vehicles_are_everyday_only_where_they_have_a_way():
    for name, place in PLACES.items():
        kinds = {
            a.kind
            for k in range(3)
            for a in everyday(place, np.random.default_rng(k), duration_s=5.0, density=4.0).actors
        }
        assert bool(kinds & {"car", "van"}) == bool(place.drive), name
        assert not ("cyclist" in kinds and suits("cycling", place)), name


def test_way_arrives_when_told_and_stays():
    way = Way.arriving([(0, 0), (3, 4), (3, 9)], speed_mps=2.0, at_s=10.0).stay(2.0).walk([(3, 5)], speed_mps=1.0)
    path = way.path
    assert path.start_s == pytest.approx(5.0)
    for t, at in ((10.0, (3, 9)), (11.0, (3, 9)), (12.0, (3, 9)), (16.0, (3, 5))):
        np.testing.assert_allclose(path.position(t), at, atol=1e-6)


def test_polyline_arithmetic():
    route = ((0.0, 0.0), (3.0, 0.0), (3.0, 4.0))
    assert length(route) == 7.0
    assert at_metre(route, 5.0) == (3.0, 2.0)
    assert section(route, 1.0, 6.0) == [(1.0, 0.0), (3.0, 0.0), (3.0, 3.0)]
    np.testing.assert_allclose(shifted(((0.0, 0.0), (5.0, 0.0)), 0.5), [(0.0, 0.5), (5.0, 0.5)])


def test_spot_lies_inside_its_area():
    rng = np.random.default_rng(0)
    area = ((0.0, 0.0), (6.0, 0.0), (6.0, 4.0), (0.0, 4.0))
    for _ in range(50):
        x, y = spot(area, rng, spread=0.6)
        assert 1.2 - 1e-9 <= x <= 4.8 + 1e-9
        assert 0.8 - 1e-9 <= y <= 3.2 + 1e-9


def test_metres_in_view_are_the_seen_part_of_a_route():
    route = PLAZA.walk[0]
    first, last = metres_in_view(route, PLAZA.camera)
    assert in_view(PLAZA.camera, at_metre(route, (first + last) / 2))
    assert not in_view(PLAZA.camera, route[0])
    assert 0 < first < last < length(route)


def test_patterns_expand_to_all_their_wordings():
    assert expand("a {man|dog} {runs|sits} here") == (
        "a man runs here", "a man sits here", "a dog runs here", "a dog sits here"
    )  # fmt: skip
    assert say("a {man|dog} runs", np.random.default_rng(0)) in expand("a {man|dog} runs")


@pytest.mark.parametrize("key", list(EVENTS))
def test_event_captions_vary_and_leave_no_blank(key):
    assert len(EVENTS[key]) >= (2 if key.partition("/")[2] in PLACES else 6)
    words = {"vehicle": "van", "target": "information board"}
    captions = event_captions(key, np.random.default_rng(0), place="plaza", words=words, count=8)
    assert len(set(captions)) == 8
    for caption in (*captions, *(s for p in EVENTS[key] for s in expand(p))):
        assert not re.search(r"[{}|_]|  |^ | $", caption)
    for caption in captions:
        assert "<" not in caption
        assert not re.search(r"\ba [aeio]", caption), caption


def test_captions_of_a_time_keep_the_sentence():
    rng = np.random.default_rng(0)
    said = at_time(("a car burns",) * 40, "night", rng)
    assert "a car burns" in said
    assert all(s.startswith("a car burns") for s in said)
    assert {s.removeprefix("a car burns").strip() for s in said} == {"", *WHEN["night"]}


def test_crop_captions_for_all_kinds_and_actions_that_occur():
    rng = np.random.default_rng(0)
    for kind in WHO:
        for action in (*DOES, "riding a wheelchair", ""):
            caption = crop_caption(kind, action, rng)
            assert re.fullmatch(r"[a-z][a-z' -]+[a-z]", caption), caption
    rides = {crop_caption("cyclist", "riding a bicycle", rng) for _ in range(60)}
    assert {"a man riding a bike", "a person riding a bicycle"} <= rides
    with pytest.raises(ValueError, match="unknown kind 'ghost'"):
        crop_caption("ghost", "walking", rng)


def test_sampled_clips_are_valid_varied_and_hold_out_what_is_asked():
    rng = np.random.default_rng(0)
    specs = [sample_spec(rng, places=["plaza", "walkway"], labels=["fire", "cycling"]) for _ in range(80)]
    assert {s.place for s in specs} == {"plaza", "walkway"}
    assert {s.label for s in specs} == {"fire", "cycling", NORMAL}
    assert 20 < sum(s.label == NORMAL for s in specs) < 60
    assert len({s.light for s in specs}) >= 5
    assert {s.light for s in (sample_spec(rng, places=["shop inside"]) for _ in range(20))} <= {"indoor", "infrared"}
    with pytest.raises(ValueError, match="suits none"):
        sample_spec(rng, label="collision", places=["plaza"])


def test_scene_of_a_spec_is_complete_and_repeats():
    spec = ClipSpec(seed=5, place="plaza", label="fire", light="night", duration_s=8.0, start_s=1.0)
    (scene, (happening,), quiet), (again, _, _) = street_scene(spec), street_scene(spec)
    assert len(scene.actors) == len(again.actors)
    assert scene.light == again.light == weather.night(PLAZA.lamps)
    assert {scene.effects[k].kind for k in happening.effects} == {"fire", "smoke"}
    assert quiet
    assert not any(q.endswith(".") for q in quiet)
    images = [Renderer(s, seed=5).frame(4.0)[0] for s in (scene, again)]
    np.testing.assert_array_equal(*images)


def test_normal_clip_has_people_but_no_event():
    scene, happenings, _ = street_scene(ClipSpec(seed=1, place="crossing", density=4.0))
    assert happenings == ()
    assert scene.effects == ()
    assert len(scene.actors) >= 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"place": "moon"}, "unknown place 'moon'"),
        ({"place": "plaza", "light": "indoor"}, "no light 'indoor'"),
        ({"place": "shop inside", "light": "rain"}, "no light 'rain'"),
        ({"place": "plaza", "label": "collision"}, "does not suit"),
        ({"place": "plaza", "duration_s": 4.0, "start_s": 2.5}, "an event needs"),
    ],
)
def test_impossible_spec_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ClipSpec(seed=0, **options)


def test_rules_of_a_domain_decide_what_is_abnormal():
    assert abnormal("cycling", "pedestrian")
    assert not abnormal("cycling", "shared")
    assert abnormal("motorcycling", "shared")
    assert not abnormal(NORMAL)
    with pytest.raises(ValueError, match="unknown domain 'sea'"):
        abnormal("cycling", "sea")
    with pytest.raises(ValueError, match="unknown event 'dancing'"):
        abnormal("dancing")
