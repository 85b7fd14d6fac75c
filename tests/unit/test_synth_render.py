"""Light, weather, effects, happenings: what is drawn where, what the ground truth says of it, and that it repeats."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest

from clipvad.synth import Camera, Label, Outfit, Path, Renderer, Scene, Walker, Weather, render_clip
from clipvad.synth.rendering.backdrop import SUPERSAMPLE, Painted, Texture
from clipvad.synth.rendering.parts import Light
from clipvad.synth.rendering.render import Box
from clipvad.synth.rendering.weather import day, dusk, indoor, night, overcast
from clipvad.synth.spans import happening_spans, with_quiet
from clipvad.synth.story import Happening

LAMP = (2.5, 9.0, 4.0)
CAMERA = Camera(width=128, height=96, height_m=3.5, pitch_deg=18)
WHITE = Outfit(top=(250, 250, 250), bottom=(250, 250, 250), skin=(250, 250, 250), hair=(250, 250, 250))
LIGHTS = {
    "day": day(),
    "overcast": overcast(),
    "dusk": dusk(lamps=[LAMP]),
    "night": night([LAMP]),
    "infrared": night([LAMP], infrared=True),
    "indoor": indoor(),
}


def yard(camera: Camera, light: Light, rng: np.random.Generator) -> Painted:
    """Bare ground under a horizon, with texture that shows where the picture is."""
    rays = camera.rays(supersample=SUPERSAMPLE)
    ground = rays[..., 2] < -0.02
    reach = camera.height_m / np.maximum(-rays[..., 2], 0.02)
    stains = Texture(rng).at(rays[..., 0] * reach, rays[..., 1] * reach, cell_m=0.4)
    floor = 140 + 25 * stains[..., None] + np.zeros(3)
    image = np.where(ground[..., None], floor, [190.0, 205.0, 220.0]).astype(np.float32)
    return Painted(image=image, ground=ground, reach=np.where(ground, reach, np.inf).astype(np.float32), props=())


def scene(*actors, **options) -> Scene:
    options = {"noise": 0.0, "blur_px": 0.0, "vignette": 0.0, **options}
    return Scene(camera=CAMERA, place=yard, actors=actors, duration_s=2.0, fps=10, **options)


def person(x: float, y: float, **options) -> Walker:
    """Standing, facing the camera."""
    return Walker(Path.still((x, y), start_s=0.0, end_s=2.0, facing=(0.0, -1.0)), **options)


def frame(film: Scene, t_s: float = 1.0, *, seed: int = 3):
    return Renderer(film, seed=seed).frame(t_s)


@dataclass(frozen=True)
class Panel:
    """An effect that is easy to find: a red rectangle."""

    at: tuple[float, float]
    box: tuple[float, float, float, float]
    span_s: tuple[float, float] = (0.5, 1.5)
    kind: str = "fire"
    calls: list[float] = field(default_factory=list)

    def draw(self, canvas, t_s, camera):
        self.calls.append(t_s)
        x0, y0, x1, y1 = (int(v) for v in self.box)
        canvas[y0:y1, x0:x1] = (255, 0, 0)
        return self.box


def share_of_red(image, box: Box) -> float:
    x0, y0, x1, y1 = (round(v) for v in box.xyxy)
    region = image[y0:y1, x0:x1].astype(int)
    return float(((region[..., 0] > 200) & (region[..., 1] < 30)).mean())


def test_effect_is_hidden_by_a_nearer_actor_and_hides_a_farther_one():
    _, (walker,) = frame(scene(person(0, 8)))
    behind, before = (Panel(at=(0, y), box=walker.xyxy) for y in (12.0, 5.0))
    image, _ = frame(scene(person(0, 8), effects=(behind,)))
    assert 0.1 < share_of_red(image, walker) < 0.8
    image, _ = frame(scene(person(0, 8), effects=(before,)))
    assert share_of_red(image, walker) > 0.8


def test_effects_have_boxes_after_the_actors_while_they_are_seen():
    panel = Panel(at=(0, 12), box=(60.0, 20.0, 80.0, 50.0))
    film = scene(person(-1, 8), person(1, 8), effects=(panel,))
    renderer = Renderer(film, seed=3)
    assert [b.track for b in renderer.frame(0.2)[1]] == [1, 2]
    assert panel.calls == []
    _, boxes = renderer.frame(1.0)
    assert [(b.track, b.kind, b.action) for b in boxes][2:] == [(3, "fire", "")]
    assert boxes[2].xyxy == panel.box


def test_night_is_darker_everywhere_and_noisier_than_day():
    film = scene(person(0, 8, outfit=WHITE))
    by_day, (box,) = frame(film)
    for light, darker in ((night([LAMP]), 0.55), (dusk(), 0.75)):
        dark, _ = frame(replace(film, light=light))
        assert (dark.astype(int) <= by_day).mean() > 0.995
        assert dark.mean() < darker * by_day.mean()
    x, y = round((box.xyxy[0] + box.xyxy[2]) / 2), round(0.6 * box.xyxy[1] + 0.4 * box.xyxy[3])
    far_from_lamps, _ = frame(replace(film, light=night([(40.0, 9.0, 4.0)])))
    assert by_day[y, x].min() > 150
    assert far_from_lamps[y, x].max() < 70

    def noise_of(light: Light) -> float:
        clean, _ = frame(replace(film, light=light))
        noisy, _ = frame(replace(film, light=light, noise=2.0))
        middle = (clean > 20) & (clean < 230)
        return float((noisy.astype(int) - clean)[middle].std())

    assert noise_of(night([LAMP])) > 1.7 * noise_of(day())


def test_lamp_makes_a_warm_pool_on_the_ground_and_on_who_stands_in_it():
    lit, far = person(2.5, 9.0, outfit=WHITE), person(-3.5, 9.0, outfit=WHITE)
    image, boxes = frame(scene(lit, far, light=night([LAMP])))
    in_pool, in_dark = (
        image[round(b.xyxy[1]) : round(b.xyxy[3]), round(b.xyxy[0]) : round(b.xyxy[2])].mean(axis=(0, 1)) for b in boxes
    )
    assert in_pool.mean() > 1.8 * in_dark.mean()
    assert in_pool[0] > in_pool[2]
    px, _ = CAMERA.project(np.array([[2.5, 8.0, 0.0], [-3.0, 7.0, 0.0]]))
    pool, dark = (image[int(v) - 3 : int(v) + 3, int(u) - 3 : int(u) + 3].mean() for u, v in px)
    assert pool > 1.8 * dark


def test_many_lamps_do_not_blind_the_camera():
    by_day, _ = frame(scene())
    many, _ = frame(scene(light=night([LAMP] * 12)))
    assert (many[50:] == 255).mean() < 0.02
    assert many[50:].mean() < 1.2 * by_day[50:].mean()


def test_infrared_sees_no_colour():
    image, _ = frame(scene(person(0, 7), light=night([LAMP], infrared=True), noise=2.0))
    np.testing.assert_array_equal(image[..., 0], image[..., 1])
    np.testing.assert_array_equal(image[..., 0], image[..., 2])
    assert image.std() > 5


def test_closed_sky_casts_no_hard_shadow():
    def loss(light: Light) -> float:
        empty, _ = frame(scene(light=light))
        image, (box,) = frame(scene(person(0, 8), light=light))
        # To the right of the person, where by day the sun from the left lays the shadow.
        region = np.s_[round(box.xyxy[3]) - 8 : round(box.xyxy[3]), round(box.xyxy[2]) + 1 : round(box.xyxy[2]) + 8]
        return float((empty[region].astype(int) - image[region]).max())

    assert loss(day()) > 25
    assert loss(overcast()) < 12
    assert loss(indoor()) < 12


def test_shake_moves_boxes_with_the_pixels():
    film = scene(person(0, 8))
    shaken = Renderer(replace(film, weather=Weather(shake_px=2.0)), seed=3)
    moves = []
    for t_s in (0.3, 1.0, 1.7):
        (image, (moved,)), (still, (box,)) = shaken.frame(t_s), frame(film, t_s)
        move = np.array(moved.xyxy) - box.xyxy
        np.testing.assert_allclose(move[:2], move[2:], atol=1e-9)
        rest = []
        for sign in (1, 0, -1):
            shift = np.array([[1.0, 0.0, sign * move[0]], [0.0, 1.0, sign * move[1]]])
            guess = cv2.warpAffine(still, shift, (CAMERA.width, CAMERA.height))
            rest.append(np.abs(guess[8:-8, 8:-8].astype(int) - image[8:-8, 8:-8]).mean())
        assert rest[0] < 0.3 * min(rest[1:])
        moves.append(move)
    assert np.ptp(moves, axis=0).max() > 0.5


def test_shake_is_smooth_and_as_strong_as_asked():
    renderer = Renderer(scene(weather=Weather(shake_px=1.5)), seed=8)
    way = np.array([renderer._sensor.offset(t) for t in np.arange(0, 60, 0.04)])
    assert way.std() == pytest.approx(1.5, rel=0.2)
    assert np.abs(np.diff(way, axis=0)).max() < 1.5


def test_rain_wets_the_ground_and_falls_anew_in_each_frame():
    film = scene(light=overcast(), weather=Weather(rain=0.8))
    renderer = Renderer(film, seed=3)
    dry = Renderer(scene(light=overcast()), seed=3).backdrop.image
    assert renderer.backdrop.image[60:].mean() < 0.95 * dry[60:].mean()
    first, again, later = renderer.frame(1.0)[0], renderer.frame(1.0)[0], renderer.frame(1.1)[0]
    np.testing.assert_array_equal(first, again)
    drops = (first.astype(int) - renderer.backdrop.image).max(axis=2) > 8
    assert 0.003 < drops.mean() < 0.3
    later_drops = (later.astype(int) - renderer.backdrop.image).max(axis=2) > 8
    assert (drops & later_drops).sum() < 0.5 * drops.sum()


def test_haze_takes_contrast_from_what_is_far():
    def contrast(weather: Weather, y: float) -> float:
        image, (box,) = frame(scene(person(0, y), light=overcast(), weather=weather))
        x0, y0, x1, y1 = (round(v) for v in box.xyxy)
        return float(image[y0:y1, x0:x1].std())

    near, far = (contrast(Weather(haze=0.7), y) / contrast(Weather(), y) for y in (6.0, 24.0))
    assert far < 0.75 * near < 0.95


@pytest.mark.parametrize("light", LIGHTS.values(), ids=LIGHTS)
@pytest.mark.parametrize("weather", [Weather(), Weather(rain=0.5, haze=0.3, shake_px=1.0)], ids=["calm", "storm"])
def test_same_seed_repeats_every_pixel_in_any_weather(light, weather):
    film = scene(person(0, 8), light=light, weather=weather, noise=2.0)
    first, boxes = frame(film, seed=5)
    second, again = frame(film, seed=5)
    other, _ = frame(film, seed=6)
    np.testing.assert_array_equal(first, second)
    assert boxes == again
    assert (first != other).any()


@pytest.mark.parametrize("bad", [{"rain": 1.2}, {"haze": -0.1}, {"shake_px": 20.0}])
def test_weather_refuses_what_cannot_be(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        Weather(**bad)


def test_visible_is_what_a_nearer_actor_leaves():
    _, (far, near) = frame(scene(person(0, 8.5), person(0.05, 7.5)))
    assert 0.02 < far.visible < 0.5
    assert near.visible == 1.0
    _, (far, near) = frame(scene(person(-1.5, 8.5), person(1.0, 7.5)))
    assert (far.visible, near.visible) == (1.0, 1.0)
    assert far.xyxy[3] < near.xyxy[3]


def test_actor_beside_the_picture_has_no_box():
    _, boxes = frame(scene(person(-30, 8), person(30, 8), person(0, 8)))
    assert [b.track for b in boxes] == [3]


def boxes_of(present: str, track: int = 1, inside: float = 1.0) -> list[list[Box]]:
    """A frame a character: `x` where the track is seen."""
    return [[Box(track, "person", "walking", (0, 0, 9, 9), inside)] if c == "x" else [] for c in present]


def spans(frames, happening, *, actors=1, fps=10.0):
    found = happening_spans(frames, happening, actors=actors, fps=fps, rng=np.random.default_rng(0))
    return [(i.start_s, i.end_s) for i in found]


def happening(**options) -> Happening:
    return Happening(**{"label": "fight", "captions": ("Two people fight.",), "actors": (0,), **options})


def test_happening_without_times_lasts_while_it_is_seen():
    # Frames 3 to 6 and 11 to 19 at ten a second; a gap of 4 frames is not yet half a second, one of 5 is.
    assert spans(boxes_of("...xxxx....xxxxxxxxx"), happening()) == [(0.3, 2.0)]
    assert spans(boxes_of("...xxxx.....xxxxxxxx"), happening()) == [(0.3, 0.7), (1.2, 2.0)]
    assert spans(boxes_of("...................."), happening()) == []


def test_happening_with_times_is_cut_to_the_clip_and_to_the_view():
    frames = boxes_of("....xxxxxxxxxxxx....")
    assert spans(frames, happening(start_s=0.75, end_s=1.23)) == [(0.75, 1.23)]
    assert spans(frames, happening(start_s=-1.0, end_s=9.0)) == [(0.4, 1.6)]
    assert spans(boxes_of("x" * 20), happening(start_s=-1.0, end_s=9.0)) == [(0.0, 2.0)]
    assert spans(frames, happening(start_s=1.7, end_s=3.0)) == []
    assert spans(boxes_of("x" * 20, inside=0.2), happening()) == []


def test_happening_of_an_effect_counts_tracks_after_the_actors():
    frames = boxes_of("..xx......", track=4)
    assert spans(frames, happening(actors=(), effects=(0,)), actors=3) == [(0.2, 0.4)]
    assert spans(frames, happening(actors=(), effects=(1,)), actors=3) == []
    assert spans(frames, happening(actors=(), start_s=0.25, end_s=0.8), actors=3) == [(0.25, 0.8)]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"actors": ()}, "needs times"),
        ({"captions": ()}, "needs a caption"),
        ({"start_s": 2.0, "end_s": 1.0}, "before it starts"),
    ],
)
def test_happening_that_says_nothing_is_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        spans(boxes_of("xxxx"), happening(**bad))


def test_quiet_fills_what_events_leave():
    first, second = (happening_spans(boxes_of(s), happening(), actors=1, fps=10, rng=np.random.default_rng(0))[0]
                     for s in ("..xxxxx...", "....xxxx.."))  # fmt: skip
    filled = with_quiet([first, second], Label("normal", "Quiet.", ()), duration_s=1.0)
    assert [(c.label, c.start_s, c.end_s) for c in filled] == [
        ("normal", 0.0, 0.2),
        ("fight", 0.2, 0.7),
        ("fight", 0.4, 0.8),
        ("normal", 0.8, 1.0),
    ]


def test_truth_depends_on_scene_and_seed_and_not_on_compression(tmp_path):
    panel = Panel(at=(0, 12), box=(60.0, 20.0, 80.0, 50.0))
    film = scene(person(0, 8), effects=(panel,))
    told = [happening(label="fire", captions=tuple("abcdefgh"), actors=(), effects=(0,))]

    def clip(**options):
        truth = render_clip(film, tmp_path / "clip.mp4", happenings=told, **options)
        return truth.to_json(), (tmp_path / "clip.mp4").stat().st_size

    good, size = clip(seed=1)
    poor, small = clip(seed=1, crf=40, preset="veryfast")
    assert good == poor
    assert small < 0.6 * size
    data = json.loads(good)
    (event,) = data["events"]
    assert (event["label"], event["start_s"], event["end_s"], event["tracks"]) == ("fire", 0.5, 1.6, [2])
    captions = {json.loads(clip(seed=seed)[0])["events"][0]["caption"] for seed in range(6)}
    assert len(captions) > 1
