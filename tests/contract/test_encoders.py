"""What every encoder keeps to, through one suite over `ENCODERS`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import clipvad.encoders
from clipvad.encoders import ENCODERS, Encoder, load_encoder
from tests.encoding import pictures, save_tiny


@pytest.fixture(scope="module", params=list(ENCODERS))
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLIPVAD_OFFLINE", "1")  # `auto` must not reach for the network in a test
        folder = save_tiny(tmp_path_factory.mktemp("encoders") / "tiny")
        return load_encoder(f"open_clip:{folder}" if request.param == "open_clip" else request.param, device="cpu")


def test_vectors_are_unit_float32_rows(encoder: Encoder) -> None:
    for vectors in (encoder.encode_images(pictures(3)), encoder.encode_texts(["a car", "x", ""])):
        assert vectors.shape == (3, encoder.dim)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_nothing_gives_no_rows(encoder: Encoder) -> None:
    assert encoder.encode_images([]).shape == (0, encoder.dim)
    assert encoder.encode_texts([]).shape == (0, encoder.dim)


def test_batching_changes_nothing(encoder: Encoder) -> None:
    many = pictures(40)
    alone = np.concatenate([encoder.encode_images([picture]) for picture in many])
    np.testing.assert_allclose(encoder.encode_images(many), alone, atol=1e-5)
    texts = [f"a person number {i} walking" + " far" * (i % 7) for i in range(9)]
    np.testing.assert_allclose(
        encoder.encode_texts(texts), np.concatenate([encoder.encode_texts([t]) for t in texts]), atol=1e-5
    )


def test_an_array_of_frames_is_as_good_as_a_list(encoder: Encoder) -> None:
    frames = np.stack([pictures(1, seed=seed)[0] for seed in range(3)])
    np.testing.assert_array_equal(encoder.encode_images(frames), encoder.encode_images(list(frames)))


def test_pictures_are_only_read(encoder: Encoder) -> None:
    picture = pictures(1)[0]
    before = picture.copy()
    picture.setflags(write=False)
    encoder.encode_images([picture, picture[::2, ::-1]])
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((8, 8, 3), np.float32),
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((0, 8, 3), np.uint8),
    ],
    ids=["floats", "grey", "with alpha", "empty"],
)
def test_what_is_no_picture_is_refused(encoder: Encoder, bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        encoder.encode_images([bad])


def test_it_says_what_it_is(encoder: Encoder) -> None:
    assert encoder.use.id == encoder.id
    assert encoder.use.label == encoder.card.name
    assert encoder.use.device == encoder.device == "cpu"
    assert encoder.use.precision == encoder.precision == "fp32"
    assert 1 < encoder.logit_scale <= 100.1
    assert encoder.image_size <= 224


def test_tokens_are_counted_with_start_and_end(encoder: Encoder) -> None:
    assert encoder.count_tokens("a car") == 4
    assert encoder.count_tokens("a car " * 200) > encoder.context_length


def test_threads_may_share_it(encoder: Encoder) -> None:
    sets = [pictures(4, seed=seed) for seed in range(4)]
    expected = [encoder.encode_images(s) for s in sets]
    with ThreadPoolExecutor(4) as threads:
        for found, wanted in zip(threads.map(encoder.encode_images, sets), expected, strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_the_bundled_encoder_names_the_words_it_never_saw() -> None:
    bundled = load_encoder("bundled")
    assert bundled.unknown_words("a person riding a bicycle") == []
    assert bundled.unknown_words("A zyxgor near the QUUX, zyxgor") == ["zyxgor", "quux"]
    assert bundled.card.limits


def test_the_bundled_encoder_fits_a_space() -> None:
    sizes = [path.stat().st_size for path in clipvad.encoders.BUNDLED.iterdir() if path.is_file()]
    assert max(sizes) < 10_000_000
    assert sum(sizes) < 16_000_000


def test_the_bundled_encoder_tells_plain_colours_of_things_apart(tmp_path: Path) -> None:
    """A picture drawn here, not a photograph: green ground under blue sky is nearer to a field than to a road."""
    bundled = load_encoder("bundled")
    picture = np.full((120, 160, 3), (90, 150, 230), np.uint8)
    picture[60:] = np.random.default_rng(0).integers(0, 60, (60, 160, 3)) + np.array([30, 120, 20])
    cosines = bundled.encode_images([picture]) @ bundled.encode_texts(["a green field of grass", "a dark room"]).T
    assert cosines[0, 0] > cosines[0, 1]
