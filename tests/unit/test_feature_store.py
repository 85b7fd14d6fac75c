"""The feature store: what goes in comes out, through crashes at any moment, beside readers, and from hostile files."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clipvad.errors import EncoderMismatchError, FeaturesError
from clipvad.features import FeatureSpec, ObjectFeatures, VideoFeatures, open_features, store
from clipvad.features.manifest import read_store_manifest
from clipvad.features.sources import read_objects
from clipvad.features.store import FeatureStore, StoreWriter

SPEC = FeatureSpec(encoder_id="tiny/1", dim=8, sampling="fps", step=4)
OBJECTS = replace(SPEC, picture="object", detector_id="squares/1")


def video(name: str, *, length: int, seed: int = 0) -> VideoFeatures:
    rows = np.random.default_rng([seed, length]).normal(size=(1, length, 8)).astype(np.float16)
    starts = np.arange(length) / 4 + 0.1
    return VideoFeatures(name=name, rows=rows, starts=starts, unit="s", end=float(starts[-1] + 0.25))


# 168, 240, 24, 240, 960, 96, 48 bytes: with shards of 400 bytes some are packed, one is a shard by itself.
VIDEOS = [video(f"vidéo/{i}", length=n, seed=i) for i, n in enumerate([7, 10, 1, 10, 40, 4, 2])]


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SHARD_BYTES", 400)


def fill(folder: Path) -> None:
    with StoreWriter(folder, SPEC) as writer:
        for features in VIDEOS:
            if features.name not in writer:
                writer.add(features, sha256=f"hash of {features.name}")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def assert_same(got: VideoFeatures, expected: VideoFeatures) -> None:
    np.testing.assert_array_equal(got.rows, expected.rows)
    np.testing.assert_array_equal(got.starts, expected.starts)
    assert (got.name, got.unit, got.end, got.rows.dtype) == (expected.name, expected.unit, expected.end, np.float16)


def shards(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.safetensors"))


def test_what_goes_in_comes_out_in_order_from_few_files(tmp_path: Path) -> None:
    fill(tmp_path)
    found = FeatureStore.open(tmp_path)
    assert found.spec == SPEC
    assert list(found.names) == [features.name for features in VIDEOS]
    for features in reversed(VIDEOS):
        assert_same(found.read(features.name), features)
        assert found.sha256(features.name) == f"hash of {features.name}"
    # 7 and 10 rows of 24 bytes make 408, 40 make 960: both full. What is between and behind is packed as well.
    names = ["000000-000002", "000002-000004", "000004-000005", "000005-000007"]
    assert shards(tmp_path) == [f"{name}.safetensors" for name in names]


def test_frames_parts_crops_and_unknown_ends_are_kept(tmp_path: Path) -> None:
    spec = replace(SPEC, sampling="segments", step=4, crops=3)
    rows = np.random.default_rng(0).normal(size=(3, 4, 8)).astype(np.float32)
    starts = np.arange(4, dtype=np.float64)
    given = [
        VideoFeatures(name="frames", rows=rows, starts=starts * 7.5, unit="frames", end=30),
        VideoFeatures(name="parts", rows=rows[:1], starts=starts / 4, unit="part"),
    ]
    with StoreWriter(tmp_path, spec) as writer:
        for features in given:
            writer.add(features)
    found = FeatureStore.open(tmp_path)
    for features in given:
        assert_same(found.read(features.name), replace(features, rows=features.rows.astype(np.float16)))


def test_objects_come_back_and_are_no_frames(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    some = ObjectFeatures(
        name="some",
        rows=rng.normal(size=(5, 8)).astype(np.float16),
        frame=np.array([0, 0, 2, 2, 3], np.int32),
        track=np.array([1, -1, 1, 2, 1], np.int32),
        pts_s=np.arange(5) / 4,
        end=1.25,
    )
    nothing = ObjectFeatures(
        name="nothing",
        rows=np.zeros((0, 8), np.float16),
        frame=np.zeros(0, np.int32),
        track=np.zeros(0, np.int32),
        pts_s=np.array([0.0, 0.25]),
    )
    with StoreWriter(tmp_path / "objects", OBJECTS) as writer:
        writer.add(some)
        writer.add(nothing)
        with pytest.raises(FeaturesError, match=r"VideoFeatures.*objects found by squares/1"):
            writer.add(VIDEOS[0])
    found = FeatureStore.open(tmp_path / "objects")
    for given in (some, nothing):
        got = found.read_objects(given.name)
        for column in ("rows", "frame", "track", "pts_s"):
            np.testing.assert_array_equal(getattr(got, column), getattr(given, column))
            assert getattr(got, column).dtype == getattr(given, column).dtype
        assert got.end == given.end
    with pytest.raises(FeaturesError, match="holds detected objects"):
        found.read("some")
    fill(tmp_path / "frames")
    with pytest.raises(FeaturesError, match="holds whole frames"):
        FeatureStore.open(tmp_path / "frames").read_objects(VIDEOS[0].name)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_stores_of_objects_are_one_source(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with StoreWriter(tmp_path / name, OBJECTS) as writer:
            writer.add(
                ObjectFeatures(
                    name=name,
                    rows=np.ones((1, 8), np.float16),
                    frame=np.zeros(1, np.int32),
                    track=np.zeros(1, np.int32),
                    pts_s=np.array([0.0, 0.25]),
                )
            )
    both = open_features([tmp_path / "a", tmp_path / "b"])
    assert [read_objects(both, name).name for name in both.names] == ["a", "b"]
    with pytest.raises(FeaturesError, match="no features of 'c'"):
        read_objects(both, "c")


def test_killed_at_any_moment_and_resumed_it_is_the_same_store_to_the_byte(tmp_path: Path) -> None:
    """SIGKILL before each change to the file system, one after the other."""
    fill(tmp_path / "whole")
    reference = contents(tmp_path / "whole")
    for step in count():
        folder, log = tmp_path / str(step), tmp_path / f"{step}.log"
        if not _killed(folder, log, step):
            assert contents(folder) == reference
            break
        added = len(log.read_bytes()) if log.exists() else 0
        if (folder / "manifest.json").exists():
            found = FeatureStore.open(folder)
            assert len(found.names) >= added
            for features, name in zip(VIDEOS, found.names, strict=False):
                assert_same(found.read(name), features)
        else:
            assert added == 0
        fill(folder)
        assert contents(folder) == reference
    assert step > 3 * len(VIDEOS)


def _killed(folder: Path, log: Path, step: int) -> bool:
    """Fill `folder` in a process that dies just before its change number `step`; False if it got to the end."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        return os.WIFSIGNALED(status)
    changes = iter(range(10**6))

    def dying(change: Any) -> Any:
        def wrapped(*args: Any, **how: Any) -> Any:
            if next(changes) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*args, **how)

        return wrapped

    os.replace, os.unlink = dying(os.replace), dying(os.unlink)
    add = StoreWriter.add

    def logged(self: StoreWriter, *args: Any, **how: Any) -> None:
        add(self, *args, **how)
        with log.open("ab") as file:
            file.write(b".")

    StoreWriter.add = logged  # type: ignore[method-assign]
    try:
        fill(folder)
    finally:
        os._exit(0)


def test_a_reader_never_meets_half_a_store(tmp_path: Path) -> None:
    StoreWriter(tmp_path, SPEC).close()
    early = FeatureStore.open(tmp_path)
    writing = threading.Thread(target=lambda: [fill(tmp_path)])
    writing.start()
    by_name = {features.name: features for features in VIDEOS}
    seen: set[int] = set()
    while writing.is_alive() or len(VIDEOS) not in seen:
        found = FeatureStore.open(tmp_path)
        seen.add(len(found.names))
        for name in found.names:
            assert_same(found.read(name), by_name[name])
    writing.join()
    assert early.names == ()


def test_a_store_opened_before_packing_is_read_after_it(tmp_path: Path) -> None:
    with StoreWriter(tmp_path, SPEC) as writer:
        writer.add(VIDEOS[0])
        before = FeatureStore.open(tmp_path)
        for features in VIDEOS[1:3]:
            writer.add(features)
        assert shards(tmp_path) == ["000000-000002.safetensors", "000002-000003.safetensors"]
        assert_same(before.read(VIDEOS[0].name), VIDEOS[0])
    assert before.names == (VIDEOS[0].name,)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"encoder_id": "tiny/2"}, EncoderMismatchError, "tiny/2"),
        ({"step": 8}, FeaturesError, r"4 frames a second.*8 frames a second"),
        ({"dim": 16}, FeaturesError, r"8 numbers.*16 numbers"),
        ({"normalised": False}, FeaturesError, r"unit vectors.*not normalised"),
        ({"crops": 10}, FeaturesError, "10 crops"),
        ({"picture": "object"}, FeaturesError, "objects in 4 frames"),
    ],
)
def test_features_made_otherwise_are_refused_and_nothing_changes(
    tmp_path: Path, changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    fill(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(error, match=message):
        StoreWriter(tmp_path, replace(SPEC, **changed))
    assert contents(tmp_path) == before
    StoreWriter(tmp_path, SPEC).close()  # and the refusal left it free to write


def test_objects_of_another_detector_are_not_mixed_in(tmp_path: Path) -> None:
    StoreWriter(tmp_path, OBJECTS).close()
    with pytest.raises(FeaturesError, match=r"squares/1.*squares/2"):
        StoreWriter(tmp_path, replace(OBJECTS, detector_id="squares/2"))


def test_bad_features_are_refused_one_by_one(tmp_path: Path) -> None:
    with StoreWriter(tmp_path, SPEC) as writer:
        writer.add(VIDEOS[0])
        with pytest.raises(FeaturesError, match="already"):
            writer.add(VIDEOS[0])
        large = np.full((1, 3, 8), 1e6, np.float32)
        with pytest.raises(FeaturesError, match="not finite in half precision"):
            writer.add(VideoFeatures(name="large", rows=large, starts=np.arange(3.0), unit="s"))
        with pytest.raises(FeaturesError, match="does not fit"):
            writer.add(VideoFeatures(name="wide", rows=np.zeros((1, 3, 9)), starts=np.arange(3.0), unit="s"))
        with pytest.raises(FeaturesError, match="2 crops"):
            writer.add(VideoFeatures(name="crops", rows=np.zeros((2, 3, 8)), starts=np.arange(3.0), unit="s"))
    assert FeatureStore.open(tmp_path).names == (VIDEOS[0].name,)


def test_only_one_process_writes(tmp_path: Path) -> None:
    with StoreWriter(tmp_path, SPEC), pytest.raises(FeaturesError, match="Another process"):
        StoreWriter(tmp_path, SPEC)
    StoreWriter(tmp_path, SPEC).close()


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_a_truncated_shard_is_named_and_mended_by_deleting_it(tmp_path: Path, keep: int) -> None:
    fill(tmp_path)
    broken = tmp_path / "000002-000004.safetensors"
    broken.write_bytes(broken.read_bytes()[:keep])
    found = FeatureStore.open(tmp_path)
    assert_same(found.read(VIDEOS[0].name), VIDEOS[0])
    with pytest.raises(FeaturesError, match=broken.name):
        found.read(VIDEOS[3].name)
    broken.unlink()
    with pytest.raises(FeaturesError, match=f"{broken.name} is missing"):
        found.read(VIDEOS[3].name)
    with StoreWriter(tmp_path, SPEC) as writer:
        assert writer.lost == (VIDEOS[2].name, VIDEOS[3].name)
    fill(tmp_path)  # as the message says
    again = FeatureStore.open(tmp_path)
    assert sorted(again.names) == sorted(features.name for features in VIDEOS)
    for features in VIDEOS:
        assert_same(again.read(features.name), features)


def test_a_shard_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    fill(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    manifest["videos"][0]["length"] = 8
    manifest["videos"][1]["shard"] = manifest["videos"][-1]["shard"]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    found = FeatureStore.open(tmp_path)
    with pytest.raises(FeaturesError, match=r"000000-000002.*does not hold what the manifest says"):
        found.read(VIDEOS[0].name)
    with pytest.raises(FeaturesError, match=r"000005-000007.*broken"):
        found.read(VIDEOS[1].name)


def _with(**changes: Any) -> Any:
    return lambda manifest: {**manifest, **changes}


def _with_video(**changes: Any) -> Any:
    return lambda manifest: {**manifest, "videos": [{**manifest["videos"][0], **changes}]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda manifest: [], "not the manifest"),
        (_with(schema="other"), "not the manifest"),
        (_with(schema_version=2), r"version 2.*Update clipvad"),
        (_with(spec={"encoder_id": "x"}), "spec"),
        (_with(spec={**vars(SPEC), "dim": -1}), "No features can be like this"),
        (_with(videos=None), "videos"),
        (_with_video(shard="../../etc/000000-000001.safetensors"), "shard"),
        (_with_video(shard="/etc/passwd"), "shard"),
        (_with_video(length=0), "length"),
        (_with_video(end="NaN"), "end"),
        (_with_video(unit="hours"), "unit"),
        (lambda manifest: {**manifest, "videos": manifest["videos"] * 2}, "twice"),
    ],
)
def test_a_damaged_manifest_is_named_with_the_field_and_never_overwritten(
    tmp_path: Path, change: Any, message: str
) -> None:
    fill(tmp_path)
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    before = contents(tmp_path)
    with pytest.raises(FeaturesError, match=message) as caught:
        FeatureStore.open(tmp_path)
    assert str(path) in str(caught.value)
    with pytest.raises(FeaturesError):
        StoreWriter(tmp_path, SPEC)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_no_json_is_named(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(raw)
    with pytest.raises(FeaturesError, match=r"manifest\.json can't be read"):
        FeatureStore.open(tmp_path)


def test_shards_without_a_manifest_are_left_alone(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "manifest.json").unlink()
    before = contents(tmp_path)
    with pytest.raises(FeaturesError, match=r"no manifest\.json"):
        StoreWriter(tmp_path, SPEC)
    assert contents(tmp_path) == before


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    for name in ("notes.txt", "model.safetensors", ".hidden.part"):
        (tmp_path / name).write_text("mine")
    fill(tmp_path)
    fill(tmp_path)
    assert {"notes.txt", "model.safetensors", ".hidden.part"} <= set(contents(tmp_path))
    assert len(read_store_manifest(tmp_path)[1]) == len(VIDEOS)


def test_no_store_and_no_such_video_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FeaturesError, match="clipvad extract"):
        FeatureStore.open(tmp_path / "nowhere")
    fill(tmp_path)
    with pytest.raises(FeaturesError, match="no features of 'gone'"):
        FeatureStore.open(tmp_path).read("gone")
