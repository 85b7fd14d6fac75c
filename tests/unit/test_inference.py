"""A trained model over tracks and long videos: batched, padded and cut it gives what each gives by itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clipvad.nn import ModelConfig, VideoModel, class_probabilities, inference, object_probabilities

DIM = 8
GRAPHS = ("paper", "residual", "two-layer")


def made(graph: str) -> tuple[VideoModel, torch.Tensor]:
    torch.manual_seed(0)
    config = ModelConfig(graph=graph, window=4, heads=2, tau=0.3)
    return VideoModel(config, dim=DIM).eval(), torch.randn(3, DIM)


@pytest.mark.parametrize("graph", GRAPHS)
@settings(max_examples=25, deadline=None)
@given(track=st.lists(st.integers(-1, 5), max_size=40), span=st.sampled_from([4, 9, 64]), seed=st.integers(0, 9))
def test_tracks_together_are_tracks_one_by_one(graph: str, track: list[int], span: int, seed: int) -> None:
    model, classes = made(graph)
    rows = np.random.default_rng(seed).standard_normal((len(track), DIM)).astype(np.float16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inference, "ROWS", 12)  # several batches, though there are few rows
        together = object_probabilities(model, rows, np.array(track, int), classes, span=span)
    assert together.shape == (len(track), 3)
    for index, number in enumerate(track):
        mine = [index] if number < 0 else [i for i, other in enumerate(track) if other == number]
        alone = class_probabilities(model, rows[None, mine], classes, span=span)
        np.testing.assert_allclose(together[mine], alone, atol=1e-6)


def test_parts_of_a_long_video_do_not_see_each_other_and_crops_are_averaged() -> None:
    model, classes = made("residual")
    rows = np.random.default_rng(1).standard_normal((2, 21, DIM)).astype(np.float32)
    found = class_probabilities(model, rows, classes, span=12)  # two parts of 11, in whole windows of 4: 12 and 9
    parts = [
        np.mean([class_probabilities(model, crop[None, part], classes) for crop in rows], axis=0)
        for part in (slice(0, 12), slice(12, 21))
    ]
    np.testing.assert_allclose(found, np.concatenate(parts), atol=1e-6)


def test_nothing_has_no_scores_and_nothing_is_no_error() -> None:
    model, classes = made("residual")
    assert class_probabilities(model, np.zeros((2, 0, DIM), np.float32), classes).shape == (0, 3)
    assert object_probabilities(model, np.zeros((0, DIM), np.float32), np.zeros(0, int), classes).shape == (0, 3)


def test_no_batch_holds_more_rows_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    model, classes = made("residual")
    seen: list[tuple[int, int]] = []
    model.register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape[:2])))
    monkeypatch.setattr(inference, "ROWS", 64)
    track = np.concatenate([np.full(100, -1), np.repeat([1, 2, 3], [1, 30, 200])])
    object_probabilities(model, np.ones((len(track), DIM), np.float32), track, classes, span=50)
    assert max(count * length for count, length in seen) <= 64
    assert sum(count for count, _ in seen) == 100 + 1 + 1 + 4
    assert len(seen) < 10  # and not one by one
