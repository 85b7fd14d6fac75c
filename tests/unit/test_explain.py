"""A frame explained: the map's maximum lies on the object and moves with it; objects are told as the score has them."""

from __future__ import annotations

import numpy as np
import pytest

from clipvad.core import Embeddings, Rule, RuleSet, Zone
from clipvad.errors import EncoderMismatchError
from clipvad.explain import BATCH, Look, crop_grids, look, objects_at, sample_at, shares_of
from clipvad.scoring import SimilarityScorer
from clipvad.scoring.contexts import neutral_sentences
from tests.fakes import ColourEncoder
from tests.random_clips import BOUND, PLAIN, random_clip
from tests.unit.test_influence import TEMPERATURE, texts_of

WIDTH, HEIGHT = 320, 180
SENTENCES = ("a red thing", "a grey wall")


def picture(left: int, top: int, side: int = 40) -> np.ndarray:
    """A red square on a grey wall."""
    pixels = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    pixels[top : top + side, left : left + side] = (255, 0, 0)
    return pixels


def red_map(pixels: np.ndarray, *, size: tuple[int, int] = (WIDTH, HEIGHT)) -> np.ndarray:
    encoder = ColourEncoder()
    texts = Embeddings(encoder.encode_texts(SENTENCES), encoder.id)
    maps = look(pixels, encoder).maps(texts, temperature=0.05, size=size)
    np.testing.assert_allclose(maps.sum(axis=0), 1, atol=1e-5)
    return maps[0]


@pytest.mark.parametrize(("left", "top"), [(40, 30), (200, 30), (40, 110), (240, 120), (0, 0), (280, 140)])
def test_the_maximum_lies_on_the_object_wherever_it_is(left: int, top: int) -> None:
    heat = red_map(picture(left, top))
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    assert left <= x < left + 40
    assert top <= y < top + 40
    assert heat.max() > 0.2
    far = np.ones_like(heat, bool)
    far[max(top - 90, 0) : top + 130, max(left - 90, 0) : left + 130] = False
    assert heat[far].max() < 0.1 * heat.max()


def test_a_picture_without_the_object_has_an_even_map() -> None:
    heat = red_map(np.full((HEIGHT, WIDTH, 3), 128, np.uint8))
    assert np.ptp(heat) < 1e-6
    assert heat.max() < 0.01


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = red_map(picture(100, 60))
    for batch in (1, 7, 10_000):
        monkeypatch.setattr("clipvad.explain.BATCH", batch)
        np.testing.assert_array_equal(red_map(picture(100, 60)), whole)


def test_every_crop_is_encoded_once_and_progress_counts_them() -> None:
    encoder, told = ColourEncoder(), []
    seen = look(picture(0, 0), encoder, on_crops=lambda done, total: told.append((done, total)))
    total = 1 + sum(len(grid) for grid in seen.grids)
    assert encoder.images == total == 1 + len(seen.parts)
    assert told[-1] == (total, total)
    assert [done for done, _ in told[:-1]] == list(range(BATCH, total, BATCH))


def test_what_the_listener_raises_ends_the_work() -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    encoder = ColourEncoder()
    with pytest.raises(KeyboardInterrupt):
        look(picture(0, 0), encoder, on_crops=stop)
    assert encoder.images == BATCH


@pytest.mark.parametrize("size", [(320, 180), (180, 320), (64, 64), (9, 300), (1, 1), (1280, 720)])
def test_crops_cover_the_picture_and_overlap_by_half(size: tuple[int, int]) -> None:
    for grid in crop_grids(*size):
        for edges, length in ((grid.x, size[0]), (grid.y, size[1])):
            assert edges[0] == 0
            assert edges[-1] + grid.side == length
            assert (np.diff(edges) <= np.ceil(grid.side / 2)).all()


def test_a_small_map_is_the_large_one_seen_from_afar() -> None:
    large, small = red_map(picture(200, 100)), red_map(picture(200, 100), size=(32, 18))
    means = large.reshape(18, 10, 32, 10).mean(axis=(1, 3))
    np.testing.assert_allclose(small, means, atol=0.03)


def test_a_value_between_two_crops_is_interpolated() -> None:
    """Two crops side by side, one all red, one all grey: by hand."""
    encoder = ColourEncoder()
    vectors = encoder.encode_texts(["red", "grey"])
    from clipvad.explain import Grid

    grid = Grid(10, np.array([0, 10]), np.array([0]))
    seen = Look(20, 10, (grid,), Embeddings(vectors, encoder.id), Embeddings(vectors[:1], encoder.id))
    texts = Embeddings(vectors, encoder.id)
    high, low = shares_of(seen.parts, texts, temperature=0.1)[:, 0]
    heat = seen.maps(texts, temperature=0.1, size=(20, 1))[0, 0]
    expected = np.interp(np.arange(20) + 0.5, [5, 15], [high, low])
    np.testing.assert_allclose(heat, expected, atol=1e-6)


def test_another_encoders_sentences_are_refused() -> None:
    seen = look(picture(0, 0), ColourEncoder())
    with pytest.raises(EncoderMismatchError):
        seen.maps(Embeddings(np.eye(3, dtype=np.float32), "other/1"), temperature=0.1, size=(4, 4))


@pytest.mark.parametrize("rules", [PLAIN, BOUND], ids=["plain", "bound"])
def test_objects_are_told_as_the_score_has_them(rules: RuleSet) -> None:
    features = random_clip(5)
    texts = texts_of(rules)
    scores = SimilarityScorer(temperature=TEMPERATURE).score(features, texts, rules, mode="object", clock_start_s=55.0)
    for sample in range(len(features)):
        told = objects_at(features, texts, rules, sample, temperature=TEMPERATURE, clock_start_s=55.0)
        rows = np.flatnonzero(features.detections.frame == sample)
        assert sorted(told.rows) == rows.tolist()
        np.testing.assert_allclose(told.score, scores.object_score[told.rows], atol=1e-6)
        assert (np.diff(told.score) <= 0).all()
        if len(rows):
            assert told.rows[0] == scores.winner[sample]
            np.testing.assert_allclose(told.probabilities[0], scores.probabilities[sample], atol=1e-6)
            assert told.top(0)[0] == told.probabilities[0].argmax()


def test_sentences_that_were_not_compared_are_not_among_the_top_three() -> None:
    zone = Zone(name="nowhere", points=((0.99, 0.0), (1.0, 0.0), (1.0, 0.01)))
    rules = RuleSet(
        name="r", zones=(zone,), normal=(Rule(text="n"),), abnormal=(Rule(text="a", zones=("nowhere",)), Rule(text="b"))
    )
    assert neutral_sentences(rules)
    features = random_clip(6)
    sample = int(features.detections.frame[0])
    told = objects_at(features, texts_of(rules), rules, sample, temperature=TEMPERATURE)
    assert 1 not in told.top(0)
    assert len(told.top(0)) == 2


def test_the_sample_shown_at_a_time() -> None:
    pts_s = np.array([0.0, 0.5, 1.0])
    assert [sample_at(pts_s, t) for t in (-1, 0, 0.4, 0.4985, 0.5, 99)] == [0, 0, 0, 1, 1, 2]
