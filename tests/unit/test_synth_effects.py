"""Fire, smoke, explosion and broken glass: any instant draws alone, inside its box and span, in its own colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from clipvad.synth.effects import BrokenGlass, Explosion, Fire, Smoke
from clipvad.synth.places.place import Target
from clipvad.synth.rendering.camera import Camera

CAMERA = Camera(width=320, height=240, height_m=3.9, pitch_deg=15.5)
EFFECTS = [
    Fire(at=(0.5, 9.0), span_s=(1.0, 9.0), seed=4),
    Smoke(at=(0.5, 9.0), span_s=(1.0, 9.0), tone=(60.0, 60.0, 60.0), seed=4),
    Explosion(at=(0.5, 9.0), span_s=(1.0, 9.0), seed=4),
    BrokenGlass(
        target=Target(name="window", surface=((-1, 9, 0.5), (1, 9, 0.5), (1, 9, 2.0), (-1, 9, 2.0)), reach=(0, 8)),
        span_s=(1.0, 9.0),
        seed=4,
    ),
]


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda e: e.kind)
def test_effect_draws_the_same_instant_alike_inside_its_box_and_span(effect):
    grey = np.full((240, 320, 3), 110, np.uint8)
    first, second = grey.copy(), grey.copy()
    for t in (1.0, 1.4, 2.9):
        effect.draw(second.copy(), t, CAMERA)
    box, again = (effect.draw(c, 3.0, CAMERA) for c in (first, second))
    np.testing.assert_array_equal(first, second)
    assert box == again
    x0, y0, x1, y1 = box
    assert 0 <= x0 < x1 <= 320
    assert 0 <= y0 < y1 <= 240
    changed = np.abs(first.astype(int) - grey).max(axis=2) > 30
    assert changed[int(y0) : int(y1) + 1, int(x0) : int(x1) + 1].mean() > 0.08
    later = grey.copy()
    effect.draw(later, 4.0, CAMERA)
    if effect.kind != "broken glass":
        assert (later != first).any()
    for outside in (0.9, 9.1):
        canvas = grey.copy()
        assert effect.draw(canvas, outside, CAMERA) is None
        np.testing.assert_array_equal(canvas, grey)


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda e: e.kind)
def test_effect_beside_or_behind_the_camera_draws_nothing_and_does_not_fail(effect):
    canvas = np.full((240, 320, 3), 110, np.uint8)
    away = replace(CAMERA, yaw_deg=180.0)
    assert effect.draw(canvas, 5.0, away) is None


def test_fire_is_the_colour_of_fire_and_smoke_is_grey():
    canvas = np.full((240, 320, 3), 110, np.uint8)
    box = EFFECTS[0].draw(canvas, 8.0, CAMERA)
    x0, y0, x1, y1 = (int(v) for v in box)
    flame = canvas[y0:y1, x0:x1].reshape(-1, 3).astype(int)
    hot = flame[(flame[:, 0] > 200) & (flame[:, 2] < 120)]
    assert len(hot) > 0.1 * len(flame)
    canvas = np.full((240, 320, 3), 110, np.uint8)
    EFFECTS[1].draw(canvas, 8.0, CAMERA)
    assert np.abs(canvas.astype(int) - canvas.mean(axis=2, keepdims=True)).max() <= 6


def test_explosion_flashes_and_the_flash_is_short():
    levels = []
    for t in (1.02, 1.5):
        canvas = np.full((240, 320, 3), 110, np.uint8)
        EFFECTS[2].draw(canvas, t, CAMERA)
        levels.append(canvas[200:, :40].mean())  # a far corner: only the flash reaches it
    assert levels[0] > 125
    assert levels[1] == 110
