"""Batches: what is in them, in which order, and what padding, order and tracks must not change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from clipvad.nn import top_k_mean, tracks
from clipvad.training import LoopConfig
from clipvad.training.batches import Bag, by_video, collate, count_batches, epoch_batches, shortened
from clipvad.training.split import validation_part

RNG = np.random.default_rng(0)


def bag(number: int, label: int, *lengths: int, crops: int = 1) -> Bag:
    """Every row holds its video's number first, so that a batch tells whose it is."""
    parts = [RNG.standard_normal((crops, length, 3)).astype(np.float16) for length in lengths]
    for part in parts:
        part[..., 0] = number
    return Bag(name=str(number), label=label, sequences=tuple(parts))


def seen(bags: list[Bag], **loop: Any) -> list[list[int]]:
    """The numbers of the videos of every batch of epoch 3."""
    return [batch.x[:, 0, 0].int().tolist() for batch in epoch_batches(bags, LoopConfig(**loop), epoch=3)]


BAGS = [bag(i, 0, 5) for i in range(20)] + [bag(i, 1 + i % 2, 4) for i in range(20, 27)]


def test_an_epoch_shows_the_larger_side_once_and_repeats_the_smaller() -> None:
    batches = seen(BAGS, batch=8)
    assert len(batches) == count_batches(BAGS, LoopConfig(batch=8)) == 5
    for numbers in batches:
        assert sum(number < 20 for number in numbers) == sum(number >= 20 for number in numbers) == 4
    shown = sorted([number for numbers in batches for number in numbers])
    assert shown[:20] == list(range(20))
    counts = np.bincount(shown[20:], minlength=27)[20:]
    assert set(counts) == {2, 3}


def test_without_balance_every_video_is_shown_once() -> None:
    batches = seen(BAGS, batch=8, balance=False)
    assert sorted([number for numbers in batches for number in numbers]) == list(range(27))
    assert {len(numbers) for numbers in batches} == {6, 7}  # four batches of much the same size, no rest of 3


def test_seed_and_epoch_fix_the_order() -> None:
    assert seen(BAGS, batch=8) == seen(BAGS, batch=8)
    assert seen(BAGS, batch=8, seed=1) != seen(BAGS, batch=8)
    other = [batch.x[:, 0, 0].int().tolist() for batch in epoch_batches(BAGS, LoopConfig(batch=8), epoch=4)]
    assert other != seen(BAGS, batch=8)


@settings(max_examples=40, deadline=None)
@given(length=st.integers(1, 40), most=st.integers(1, 45))
def test_shortened_rows_are_means_of_equal_stretches(length: int, most: int) -> None:
    rows = np.random.default_rng(length).standard_normal((2, length, 3)).astype(np.float32)
    found = shortened(rows, most)
    if length <= most:
        np.testing.assert_array_equal(found, rows.astype(np.float16))
        return
    cuts = [i * length // most for i in range(most + 1)]
    wanted = np.stack([rows[:, cuts[i] : cuts[i + 1]].mean(1) for i in range(most)], axis=1)
    np.testing.assert_allclose(found, wanted, atol=2e-3)
    assert set(np.diff(cuts)) <= {length // most, length // most + 1}


def test_crops_are_drawn_in_training_and_averaged_elsewhere() -> None:
    one = bag(1, 0, 6, crops=10)
    drawn = collate([one], rng=np.random.default_rng(4)).x[0].numpy()
    assert sum(np.array_equal(drawn, crop) for crop in one.sequences[0].astype(np.float32)) == 1
    mean = one.sequences[0].astype(np.float32).mean(0)
    np.testing.assert_allclose(collate([one]).x[0].numpy(), mean, atol=1e-6)


def test_dropped_rows_leave_the_others_in_order() -> None:
    rows = np.arange(20, dtype=np.float16).reshape(1, 20, 1)
    one = Bag(name="a", label=0, sequences=(rows,))
    kept = collate([one], rng=np.random.default_rng(0), drop=0.25).x[0, :, 0].tolist()
    assert len(kept) == 15
    assert kept == sorted(set(kept))
    assert collate(
        [Bag(name="b", label=0, sequences=(rows[:, :1],))], rng=np.random.default_rng(0), drop=0.9
    ).mask.all()


@pytest.mark.parametrize("lengths", [[(3,), (5,), (1,)], [(3, 1), (5,), (2, 2, 4)], [(1, 17), (1,)]])
def test_rows_of_all_tracks_speak_for_their_video(lengths: list[tuple[int, ...]]) -> None:
    bags = [bag(i, 0, *each) for i, each in enumerate(lengths)]
    batch = collate(bags)
    values, mask = by_video(batch.x, batch)
    found = top_k_mean(values, mask)
    for row, one in enumerate(bags):
        whole = np.concatenate([part[0] for part in one.sequences]).astype(np.float32)
        k = len(whole) // 16 + 1
        wanted = np.sort(whole, axis=0)[::-1][:k].mean(0)
        np.testing.assert_allclose(found[row].numpy(), wanted, rtol=1e-5)
        assert int(mask[row].sum()) == len(whole)


def test_gradients_reach_every_row_of_every_track() -> None:
    batch = collate([bag(0, 0, 3, 2), bag(1, 1, 4)])
    x = batch.x.requires_grad_()
    values, mask = by_video(x, batch)
    values[mask].sum().backward()
    assert torch.equal(x.grad, batch.mask[..., None].expand_as(x).float())


def test_objects_are_grouped_by_track_and_those_without_one_stay_alone() -> None:
    found = [part.tolist() for part in tracks(np.array([7, -1, 2, 7, -1, 2, 7]))]
    assert sorted(found) == [[0, 3, 6], [1], [2, 5], [4]]
    assert tracks(np.array([], np.int32)) == []


@settings(max_examples=60, deadline=None)
@given(
    labels=st.lists(st.integers(0, 5), min_size=4, max_size=80).filter(
        lambda found: found.count(0) > 1 and any(label and found.count(label) > 1 for label in found)
    ),
    share=st.sampled_from([0.1, 0.2, 0.34, 0.5]),
    seed=st.integers(0, 3),
)
def test_the_validation_split_has_both_sides_in_proportion(labels: list[int], share: float, seed: int) -> None:
    kept = validation_part(labels, share, seed=seed)
    assert kept == sorted(set(kept)) == validation_part(labels, share, seed=seed)
    there, left = np.array(labels)[kept], np.delete(labels, kept)
    assert (there == 0).any()
    assert (there > 0).any()
    assert set(left) == set(labels)  # no class is lost to training
    for label in set(labels):
        count = labels.count(label)
        if count > 1:
            assert abs((there == label).sum() - share * count) < 2


@pytest.mark.parametrize("labels", [[0] * 10 + [1, 2, 3], [0] + [1] * 10, [0, 1], [0, 0, 0, 1]])
def test_a_split_that_would_have_one_side_alone_is_none(labels: list[int]) -> None:
    """Which epoch is best can't be told by normal videos alone: one that calls everything normal."""
    assert validation_part(labels, 0.2, seed=0) == []


def test_no_share_is_no_split() -> None:
    assert validation_part([0, 1, 0, 1], 0.0, seed=0) == []
