"""The cache: what goes in comes out, half an entry never does, and it stays under its cap."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from clipvad.cache import Cache

KEY = {"video": "abc", "fps": 8.0}


def test_round_trip_keeps_values_types_and_notes(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    arrays = {"v": np.arange(6, dtype=np.float16).reshape(2, 3), "t": np.array([0.1, 0.2]), "none": np.zeros((0, 4))}
    cache.put(KEY, arrays, {"name": "Überwachung"})
    got = cache.get(dict(reversed(KEY.items())))  # the order of a key's parts does not matter
    assert got is not None
    for name, array in arrays.items():
        assert got[0][name].dtype == array.dtype
        np.testing.assert_array_equal(got[0][name], array)
    assert got[1] == {"name": "Überwachung"}


@pytest.mark.parametrize("other", [{"video": "abd", "fps": 8.0}, {"video": "abc", "fps": 4.0}, {"video": "abc"}])
def test_another_key_is_a_miss(tmp_path: Path, other: dict[str, object]) -> None:
    cache = Cache(tmp_path)
    cache.put(KEY, {"v": np.ones(1)})
    assert cache.get(other) is None


def test_a_damaged_entry_is_a_miss_and_can_be_written_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    path = cache.put(KEY, {"v": np.ones(1000)})
    path.write_bytes(path.read_bytes()[:100])
    assert cache.get(KEY) is None
    cache.put(KEY, {"v": np.ones(3)})
    got = cache.get(KEY)
    assert got is not None
    assert len(got[0]["v"]) == 3


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with pytest.raises(Exception, match=r".+"):
        cache.put(KEY, {"v": np.array([object()])})
    assert cache.get(KEY) is None
    assert list(tmp_path.iterdir()) == []


def test_the_least_recently_used_entries_go_first_and_the_newest_stays(tmp_path: Path) -> None:
    cache = Cache(tmp_path, max_bytes=20_000)
    for i in range(3):
        path = cache.put({"i": i}, {"v": np.zeros(1000)})  # 8 kB each: two fit
        os.utime(path, ns=(i * 10**9, i * 10**9))
        if i == 1:
            cache.get({"i": 0})  # now 1 is the oldest
    assert [cache.get({"i": i}) is not None for i in range(3)] == [True, False, True]
    assert cache.size()[1] <= 20_000


def test_seeds_are_read_and_never_written_or_evicted(tmp_path: Path) -> None:
    Cache(tmp_path / "seed").put(KEY, {"v": np.ones(2)})
    cache = Cache(tmp_path / "own", seeds=[tmp_path / "seed"], max_bytes=1)
    assert cache.get(KEY) is not None
    cache.clear()
    assert cache.get(KEY) is not None
    assert cache.size() == (0, 0)
