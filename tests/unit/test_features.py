"""What features are, which refuse each other, and the public layouts read as they are."""

from __future__ import annotations

import os
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from clipvad.errors import EncoderMismatchError, FeaturesError
from clipvad.features import FeatureSpec, ObjectFeatures, VideoFeatures, open_features
from clipvad.features.store import StoreWriter

SPEC = FeatureSpec(encoder_id="tiny/1", dim=8, sampling="fps", step=4)


def rows(*shape: int, seed: int = 0, unit: bool = False) -> NDArray[np.float32]:
    values = np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)
    return values / np.linalg.norm(values, axis=-1, keepdims=True) if unit else values


def save(path: Path, array: NDArray[Any]) -> NDArray[Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
    return array


# -- what they are -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"encoder_id": "tiny/2"}, EncoderMismatchError),
        ({"dim": 9}, FeaturesError),
        ({"sampling": "stride"}, FeaturesError),
        ({"step": 8}, FeaturesError),
        ({"normalised": False}, FeaturesError),
        ({"picture": "object"}, FeaturesError),
        ({"crops": 10}, None),
    ],
)
def test_features_that_were_made_otherwise_are_refused(changed: dict[str, Any], error: type[Exception] | None) -> None:
    if error is None:
        SPEC.check(replace(SPEC, **changed))
    else:
        with pytest.raises(error):
            SPEC.check(replace(SPEC, **changed))


def test_objects_of_another_detector_are_accepted_and_named_where_something_else_differs() -> None:
    mine = replace(SPEC, picture="object", detector_id="motion/1")
    theirs = replace(mine, detector_id="yolo11n/2")
    mine.check(theirs)
    with pytest.raises(FeaturesError, match=r"objects found by motion/1 in 4 frames.*objects found by yolo11n/2"):
        mine.check(replace(theirs, step=8))


@pytest.mark.parametrize(
    "changed",
    [{"encoder_id": ""}, {"dim": 0}, {"crops": 0}, {"step": 0}, {"step": float("nan")}, {"step": float("inf")}]
    + [{"sampling": "frames"}, {"picture": "crop"}, {"detector_id": "motion/1"}],
)
def test_a_spec_that_nothing_can_have_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(FeaturesError):
        replace(SPEC, **changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"frame": np.array([1, 0], np.int32)},
        {"frame": np.array([0, 3], np.int32)},
        {"frame": np.array([-1, 0], np.int32)},
        {"frame": np.array([0], np.int32)},
        {"track": np.zeros(3, np.int32)},
        {"rows": np.zeros((2, 8, 1), np.float32)},
        {"pts_s": np.array([0.0, 0.0, 1.0])},
        {"pts_s": np.zeros(0)},
    ],
)
def test_objects_that_do_not_fit_their_frames_are_refused(changed: dict[str, Any]) -> None:
    good = ObjectFeatures(
        name="x",
        rows=rows(2, 8),
        frame=np.array([0, 2], np.int32),
        track=np.array([-1, 4], np.int32),
        pts_s=np.array([0.0, 0.25, 0.5]),
    )
    assert len(good) == 2
    with pytest.raises(FeaturesError, match="x: "):
        replace(good, **changed)


# -- VadCLIP's lists -----------------------------------------------------------------------------------


@pytest.fixture
def vadclip(tmp_path: Path) -> dict[str, NDArray[Any]]:
    """Ten crops of a training video, one of a test video, and one of XD-Violence, below folders of this machine."""
    features = tmp_path / "disk" / "UCFClipFeatures"
    arrays = {
        f"Abuse001_x264__{k}": save(features / "Abuse" / f"Abuse001_x264__{k}.npy", rows(5, 512, seed=k))
        for k in range(10)
    }
    arrays["Abuse028_x264__5"] = save(features / "Abuse" / "Abuse028_x264__5.npy", rows(3, 512).astype(np.float16))
    xd = "Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6__0"
    arrays[xd] = save(tmp_path / "disk" / "XD" / f"{xd}.npy", rows(4, 512))
    lines = {
        "train.csv": [f"/home/a/b/UCFClipFeatures/Abuse/Abuse001_x264__{k}.npy,Abuse" for k in range(10)],
        "test.csv": ["/home/a/b/UCFClipFeatures/Abuse/Abuse028_x264__5.npy,Abuse"],
        "xd.csv": [f"/home/a/XDTestClipFeatures/{xd}.npy,G-B2-B6"],
    }
    for name, listed in lines.items():
        (tmp_path / name).write_text("\r\n".join(["path,label", *listed, ""]))
    return arrays


@pytest.mark.usefixtures("vadclip")
def test_vadclips_training_list_is_read_with_its_ten_crops(tmp_path: Path, vadclip: dict[str, NDArray[Any]]) -> None:
    found = open_features(tmp_path / "train.csv", root=tmp_path / "disk")
    assert (found.spec.sampling, found.spec.step, found.spec.crops, found.spec.dim) == ("stride", 16, 10, 512)
    assert not found.spec.normalised
    assert list(found.names) == ["Abuse001_x264"]
    video = found.read("Abuse001_x264")
    for k in range(10):
        np.testing.assert_array_equal(video.rows[k], vadclip[f"Abuse001_x264__{k}"])
    np.testing.assert_array_equal(video.starts, [0, 16, 32, 48, 64])
    assert (video.unit, video.end) == ("frames", None)


@pytest.mark.parametrize("root", ["disk", "disk/UCFClipFeatures", "disk/UCFClipFeatures/Abuse"])
def test_a_list_is_found_from_any_folder_above_its_files(
    tmp_path: Path, vadclip: dict[str, NDArray[Any]], root: str
) -> None:
    found = open_features(tmp_path / "test.csv", root=tmp_path / root, frames={"Abuse028_x264": 41}, encoder_id="mine")
    video = found.read("Abuse028_x264")
    np.testing.assert_array_equal(video.rows, vadclip["Abuse028_x264__5"][None])
    assert (video.rows.dtype, video.end, found.spec.encoder_id) == (np.float16, 41, "mine")


def test_xd_violences_names_keep_their_dots_and_labels(tmp_path: Path, vadclip: dict[str, NDArray[Any]]) -> None:
    found = open_features(tmp_path / "xd.csv", root=tmp_path / "disk" / "XD")
    (name,) = found.names
    assert name == "Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6"
    np.testing.assert_array_equal(found.read(name).rows[0], vadclip[f"{name}__0"])


@pytest.mark.usefixtures("vadclip")
def test_training_and_test_lists_are_one_source_and_a_video_in_both_is_told(tmp_path: Path) -> None:
    lists = [tmp_path / "train.csv", tmp_path / "test.csv"]
    found = open_features(lists, root=tmp_path / "disk")
    assert list(found.names) == ["Abuse001_x264", "Abuse028_x264"]
    assert found.spec.crops == 10
    assert [len(found.read(name).rows) for name in found.names] == [10, 1]
    with pytest.raises(FeaturesError, match="'gone'"):
        found.read("gone")
    with pytest.raises(FeaturesError, match="Abuse001_x264' is in two"):
        open_features([*lists, lists[0]], root=tmp_path / "disk")
    with pytest.raises(EncoderMismatchError):
        open_features([lists[0], write_rtfm(tmp_path)], root=tmp_path / "disk")
    np.savez(tmp_path / "i3d.npz", other=rows(5, 2048, unit=True))
    with pytest.raises(FeaturesError, match=r"not made alike.*10 crops.*equal parts"):
        open_features([write_rtfm(tmp_path), tmp_path / "i3d.npz"], root=tmp_path / "disk", encoder_id="I3D")
    with pytest.raises(FeaturesError, match="No features"):
        open_features([])


# -- RTFM's lists --------------------------------------------------------------------------------------


def write_rtfm(folder: Path) -> Path:
    save(folder / "disk" / "SH_Train" / "01_0014_i3d.npy", rows(6, 10, 2048))
    path = folder / "train.list"
    path.write_text("/home/yu/ssd/SH_Train/01_0014_i3d.npy\n/home/yu/ssd/SH_Train/01_0016_i3d.npy\n")
    return path


def test_rtfms_list_has_its_crops_first_and_names_what_is_missing_with_its_line(tmp_path: Path) -> None:
    path = write_rtfm(tmp_path)
    found = open_features(path, root=tmp_path / "disk")
    assert list(found.names) == ["01_0014", "01_0016"]
    assert (found.spec.crops, found.spec.dim, found.spec.step, found.spec.encoder_id) == (10, 2048, 16, "I3D")
    video = found.read("01_0014")
    array = rows(6, 10, 2048)
    assert video.rows.shape == (10, 6, 2048)
    for crop in range(10):
        np.testing.assert_array_equal(video.rows[crop], array[:, crop])
    with pytest.raises(FeaturesError, match=r"train\.list, line 2: there is no .*01_0016_i3d\.npy under"):
        found.read("01_0016")
    with pytest.raises(FeaturesError, match="does not list '01_0099'"):
        found.read("01_0099")
    with pytest.raises(FeaturesError, match=r"None of the 2 videos.*root"):
        open_features(path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.csv", "path,label\n", r"x\.csv lists no \.npy"),
        ("x.csv", "path,label\n/a/b.npy,Abuse\n/a/c.mp4,Abuse\n", r"x\.csv, line 3: '/a/c.mp4'"),
        ("x.list", "/a/b_i3d.npy\n\n/a/b_i3d.npy\n", r"x\.list, line 3: b is listed twice"),
        ("x.list", "/a/.npy\n", r"x\.list, line 1.*names no video"),
        ("x.list", "/a/b\0.npy\n", "None of the 1 videos"),
        ("x.txt", "", r"x\.txt lists no"),
    ],
)
def test_a_bad_list_is_named_with_its_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(FeaturesError, match=message):
        open_features(tmp_path / name)


def test_a_list_in_bytes_that_are_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.list").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(FeaturesError, match="can't be read"):
        open_features(tmp_path / "x.list")


class Trap:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_hostile_arrays_are_refused_and_nothing_is_unpickled(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    save(tmp_path / "good.npy", rows(3, 8))
    np.save(tmp_path / "object.npy", np.array([Trap(sprung)], dtype=object), allow_pickle=True)
    (tmp_path / "pickle.npy").write_bytes(pickle.dumps(Trap(sprung)))
    whole = (tmp_path / "good.npy").read_bytes()
    (tmp_path / "cut.npy").write_bytes(whole[:-1])
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "huge.npy").write_bytes(whole.replace(b"(3, 8)", b"(3000000000000, 8)"))
    (tmp_path / "header.npy").write_bytes(whole.replace(b"(3, 8)", b"(3, 8'"))
    save(tmp_path / "flat.npy", rows(8))
    save(tmp_path / "none.npy", rows(0, 8))
    save(tmp_path / "whole_numbers.npy", np.zeros((3, 8), np.int64))
    save(tmp_path / "nan.npy", np.full((3, 8), np.nan, np.float32))
    save(tmp_path / "wide.npy", rows(3, 9))
    save(tmp_path / "crops__0.npy", rows(3, 8))
    save(tmp_path / "crops__1.npy", rows(4, 8))
    bad = sorted(path.name for path in tmp_path.glob("*.npy") if path.name not in ("good.npy", "crops__1.npy"))
    (tmp_path / "x.list").write_text("\n".join(["good.npy", *bad, "crops__1.npy"]))
    found = open_features(tmp_path / "x.list")
    assert len(found.read("good")) == 3
    for name in bad:
        stem = name.removesuffix(".npy").removesuffix("__0")
        with pytest.raises(FeaturesError, match=stem):
            found.read(stem)
    assert not sprung.exists()


# -- archives ------------------------------------------------------------------------------------------


def test_an_archive_of_equal_parts_tells_time_in_shares_or_in_frames_where_these_are_known(tmp_path: Path) -> None:
    arrays = {"01_002": rows(4, 6, unit=True).astype(np.float16), "01_003": rows(4, 6, seed=1, unit=True)}
    np.savez_compressed(tmp_path / "train.npz", **arrays)
    found = open_features(tmp_path / "train.npz", encoder_id="I3D", frames={"01_003": 130})
    assert found.spec == FeatureSpec(encoder_id="I3D", dim=6, sampling="segments", step=4, normalised=True)
    assert list(found.names) == ["01_002", "01_003"]
    shares, frames = (found.read(name) for name in found.names)
    np.testing.assert_array_equal(shares.rows[0], arrays["01_002"])
    np.testing.assert_array_equal(shares.starts, [0, 0.25, 0.5, 0.75])
    assert (shares.unit, shares.end) == ("part", 1.0)
    np.testing.assert_array_equal(frames.starts, [0, 32.5, 65, 97.5])
    assert (frames.unit, frames.end) == ("frames", 130)


def test_an_archive_with_a_stride_may_hold_videos_of_any_length(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=rows(4, 6), b=rows(7, 6))
    with pytest.raises(FeaturesError, match=r"b has 7 rows and others 4.*stride"):
        open_features(tmp_path / "x.npz", encoder_id="I3D").read("b")
    video = open_features(tmp_path / "x.npz", encoder_id="I3D", stride=8).read("b")
    assert (video.unit, list(video.starts)) == ("frames", [0, 8, 16, 24, 32, 40, 48])


def test_a_bad_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, a=rows(4, 6), trap=np.array([Trap(tmp_path / "sprung")], dtype=object))
    found = open_features(path, encoder_id="I3D")
    with pytest.raises(FeaturesError, match=r"x\.npz: trap is broken"):
        found.read("trap")
    with pytest.raises(FeaturesError, match="no features of 'b'"):
        found.read("b")
    assert not (tmp_path / "sprung").exists()
    whole = path.read_bytes()
    for raw in (b"", whole[: len(whole) // 2], b"PK\x03\x04"):
        path.write_bytes(raw)
        with pytest.raises(FeaturesError, match=r"x\.npz"):
            open_features(path, encoder_id="I3D")
    np.savez(path)
    with pytest.raises(FeaturesError, match="holds no array"):
        open_features(path, encoder_id="I3D")
    with path.open("wb") as file:
        np.save(file, rows(4, 6))
    with pytest.raises(FeaturesError, match="single array"):
        open_features(path, encoder_id="I3D")
    with pytest.raises(FeaturesError, match="encoder_id"):
        open_features(path)


# -- which layout --------------------------------------------------------------------------------------


def test_a_store_is_opened_by_its_folder_and_refuses_what_it_says_itself(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "store", SPEC) as writer:
        writer.add(VideoFeatures(name="a", rows=rows(1, 3, 8), starts=np.arange(3.0), unit="s"))
    assert list(open_features(tmp_path / "store", encoder_id="tiny/1").names) == ["a"]
    with pytest.raises(EncoderMismatchError):
        open_features(tmp_path / "store", encoder_id="tiny/2")
    with pytest.raises(FeaturesError, match="stride"):
        open_features(tmp_path / "store", stride=8)


def test_what_is_no_layout_says_what_would_be(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").touch()
    for path in ("x.mp4", "gone.npz"):
        with pytest.raises(FeaturesError, match=r"\.csv or \.list"):
            open_features(tmp_path / path)
    with pytest.raises(FeaturesError, match="clipvad extract"):
        open_features(tmp_path)


@pytest.mark.skipif("CLIPVAD_DATA" not in os.environ, reason="CLIPVAD_DATA names no folder of real data")
def test_the_real_lists_and_the_real_archive_are_read(tmp_path: Path) -> None:
    data = Path(os.environ["CLIPVAD_DATA"])
    found = open_features([data / "shanghaitech_i3d" / f"{split}.npz" for split in ("train", "test")], encoder_id="I3D")
    assert (len(found.names), found.spec.step, found.spec.dim) == (238 + 199, 32, 2048)
    assert found.read("01_0015").rows.shape == (1, 32, 2048)
    for name, videos, crops in [("ucf_CLIP_rgb", 1610, 10), ("ucf_CLIP_rgbtest", 290, 1), ("xd_CLIP_rgbtest", 800, 1)]:
        folder = {"ucf": "ucf_crime", "xd": "xd_violence"}[name.partition("_")[0]]
        path = data / "annotations" / folder / f"vadclip_{name}.csv"
        for k in range(crops):  # features of one video, so that there is something to open
            first = Path(path.read_text().splitlines()[1 + k].rpartition(",")[0])
            save(tmp_path / name / first.name, rows(2, 512))
        source = open_features(path, root=tmp_path / name)
        assert (len(source.names), source.spec.crops) == (videos, crops)
