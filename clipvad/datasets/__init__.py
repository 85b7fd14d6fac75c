"""Data sets of videos with labels, read from their own list and ground-truth files. NumPy only.

A new one is a file with a reader and a line in `DATASETS`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from clipvad.datasets.assembly import with_untaught
from clipvad.datasets.base import NORMAL, DataSet, LabelledVideo, Split, Truth
from clipvad.datasets.manifest import read_manifest
from clipvad.datasets.shanghaitech import read_shanghaitech
from clipvad.datasets.street import read_street
from clipvad.datasets.times import VideoTimes
from clipvad.datasets.ucf_crime import read_ucf_crime
from clipvad.datasets.ucsd_ped2 import read_ucsd_ped2
from clipvad.datasets.xd_violence import read_xd_violence
from clipvad.errors import DataSetError, ManifestError

__all__ = [
    "DATASETS",
    "NORMAL",
    "DataSet",
    "LabelledVideo",
    "Split",
    "Truth",
    "VideoTimes",
    "load_dataset",
    "options_of",
]

DATASETS: Mapping[str, Callable[..., DataSet]] = {
    "ucf_crime": read_ucf_crime,
    "shanghaitech": read_shanghaitech,
    "xd_violence": read_xd_violence,
    "ucsd_ped2": read_ucsd_ped2,
    "street": read_street,
    "manifest": read_manifest,
}


def load_dataset(kind: str, root: str | Path, **options: Any) -> DataSet:
    """The data set of a `kind` in `DATASETS` whose files are in the folder `root` (a manifest: the file or its folder).

    `options` are those of its reader: `frame_counts` (source frames by name of a test video) and `videos` (a folder or
    `VideoTimes`: frame labels in seconds at the videos' own timestamps) for the public sets, `domain` for the street
    benchmark. Raises `DataSetError` for an unknown kind or option and for files that are missing or can't be read as
    they should be; what they leave open or contradict is in `DataSet.remarks`.
    """
    allowed = options_of(kind)
    for name in options.keys() - set(allowed):
        raise DataSetError(f"{kind} has no option {name!r}. Allowed: {', '.join(allowed) or 'none'}.")
    root = Path(root)
    if not root.exists():
        raise DataSetError(f"{root} does not exist.")
    if kind != "manifest" and not root.is_dir():
        raise DataSetError(f"{root} is a file; {kind} wants the folder that holds its files.")
    if isinstance(options.get("videos"), str | Path):
        options["videos"] = VideoTimes(options["videos"])
    try:
        return with_untaught(DATASETS[kind](root, **options))
    except ManifestError as error:  # the files are read by what the evaluation reads them with
        raise DataSetError(str(error)) from error


def options_of(kind: str) -> tuple[str, ...]:
    """The names of the options of a kind of data set. Raises `DataSetError` if there is no such kind."""
    if kind not in DATASETS:
        raise DataSetError(f"There is no kind of data set {kind!r}. Allowed: {', '.join(DATASETS)}.")
    parameters = inspect.signature(DATASETS[kind]).parameters.values()
    return tuple(parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY)
