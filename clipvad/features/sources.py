"""One way to open features, whatever their layout."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from clipvad.core import check_same_encoder
from clipvad.errors import FeaturesError
from clipvad.features.base import FeatureSource, FeatureSpec, ObjectFeatures, VideoFeatures

LAYOUTS = "a feature store's folder, a .csv or .list of .npy files, or an .npz archive"


def open_features(
    path: str | Path | Sequence[str | Path],
    *,
    root: str | Path | None = None,
    encoder_id: str | None = None,
    stride: int | None = None,
    frames: Mapping[str, int] | None = None,
) -> FeatureSource:
    """The features at `path`: a store's folder, a `.csv`, `.list` or `.txt` of `.npy` files, or an `.npz` archive.

    Several paths (lists of training and of test videos) are one source; they must have been made alike. The options
    are for the public layouts, which don't say it themselves: `root`, the folder of the listed files; `encoder_id`,
    what made them (an archive needs it; a store must have been made by it); `stride`, source frames a row (lists: 16;
    an archive without it has equal parts of a video); `frames`, number of source frames by name. Raises
    `FeaturesError`, and `EncoderMismatchError` for a store or several paths of different encoders.
    """
    if not isinstance(path, str | Path):
        opened = [open_features(one, root=root, encoder_id=encoder_id, stride=stride, frames=frames) for one in path]
        return opened[0] if len(opened) == 1 else JoinedSource(opened)
    path = Path(path)
    if path.is_dir():
        return _store(path, encoder_id, given={"root": root, "stride": stride, "frames": frames})
    if not path.exists():
        raise FeaturesError(f"{path} does not exist. Features are {LAYOUTS}.")
    from clipvad.features.public import STRIDE, ArchiveSource, ListSource

    suffix = path.suffix.lower()
    if suffix in (".csv", ".list", ".txt"):
        return ListSource(path, root=root, encoder_id=encoder_id, stride=stride or STRIDE, frames=frames)
    if suffix == ".npz":
        if encoder_id is None:
            raise FeaturesError(
                f"{path} does not say what made its features. Name it, such as I3D: --encoder-id, in a training file "
                "features_options: {encoder_id: NAME}."
            )
        return ArchiveSource(path, encoder_id=encoder_id, stride=stride, frames=frames)
    raise FeaturesError(f"{path} is not a layout that can be read: {LAYOUTS}.")


class JoinedSource:
    """Several sources as one; `spec.crops` is the most that any has.

    Raises `FeaturesError` if a video is in two of them or they were made differently.
    """

    def __init__(self, sources: Sequence[FeatureSource]) -> None:
        if not sources:
            raise FeaturesError(f"No features were given. They are {LAYOUTS}.")
        self._of: dict[str, FeatureSource] = {}
        for source in sources:
            _check_alike(sources[0].spec, source.spec)
            for name in source.names:
                if name in self._of:
                    raise FeaturesError(f"The video {name!r} is in two of the features' files. Take it out of one.")
                self._of[name] = source
        self.spec = max((source.spec for source in sources), key=lambda spec: spec.crops)
        self.names: Sequence[str] = tuple(self._of)

    def read(self, name: str) -> VideoFeatures:
        """The rows of one video. Raises `FeaturesError`."""
        if name not in self._of:
            raise FeaturesError(f"There are no features of {name!r}.")
        return self._of[name].read(name)

    def read_objects(self, name: str) -> ObjectFeatures:
        """The objects of one video. Raises `FeaturesError`."""
        if name not in self._of:
            raise FeaturesError(f"There are no features of {name!r}.")
        return read_objects(self._of[name], name)


def read_objects(source: FeatureSource, name: str) -> ObjectFeatures:
    """The objects of one video. Raises `FeaturesError` for a layout that holds none."""
    read: Callable[[str], ObjectFeatures] | None = getattr(source, "read_objects", None)
    if read is None:
        raise FeaturesError(f"{name}: objects are read from a feature store of clipvad (`clipvad extract`).")
    return read(name)


def _check_alike(first: FeatureSpec, other: FeatureSpec) -> None:
    check_same_encoder(first.encoder_id, other.encoder_id)
    try:
        first.check(other)
    except FeaturesError:
        raise FeaturesError(
            f"These features were not made alike and can't be one source: {first.label}; {other.label}."
        ) from None


def _store(path: Path, encoder_id: str | None, *, given: Mapping[str, object]) -> FeatureSource:
    from clipvad.features.store import FeatureStore

    store = FeatureStore.open(path)
    if superfluous := [name for name, value in given.items() if value is not None]:
        raise FeaturesError(f"{path} is a feature store, which says itself what {superfluous[0]} would. Leave it out.")
    if encoder_id is not None:
        check_same_encoder(encoder_id, store.spec.encoder_id)
    return store
