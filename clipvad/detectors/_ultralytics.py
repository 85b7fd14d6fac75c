"""The one door to ultralytics: it is let in without its side effects.

On import the library asks the DNS whether there is a network, may report usage, prints banners, writes a
settings file, installs missing packages by pip, sets OpenCV, OpenMP and NumPy options of the whole process, and
puts its own function in place of Pillow's `Image.open`, which installs a package when it meets a broken picture.
Here it is told that it is offline and may not install, and what it set for everybody is put back.
"""

from __future__ import annotations

import logging
import os
import threading
from types import SimpleNamespace

import numpy as np
import platformdirs

_lock = threading.Lock()
_QUIET = {
    "YOLO_OFFLINE": "1",
    "YOLO_AUTOINSTALL": "0",
    "YOLO_VERBOSE": "0",
    "ULTRALYTICS_SAFE_LOAD": "1",
}
_loaded: SimpleNamespace | None = None


def ultralytics() -> SimpleNamespace:
    """The functions this package uses: `load`, `nms`, `trackers` (name to class) and `tracker_settings`."""
    global _loaded
    with _lock:
        if _loaded is None:
            _loaded = _import()
        return _loaded


def _import() -> SimpleNamespace:
    import cv2
    import torch  # before ultralytics, which would hold the whole process to one OpenMP thread
    from PIL import Image

    open_picture = Image.open
    settings = {"YOLO_CONFIG_DIR": str(platformdirs.user_cache_path("clipvad") / "ultralytics")}
    before, threads, printing = dict(os.environ), cv2.getNumThreads(), np.get_printoptions()
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    os.environ.update(settings | {k: v for k, v in before.items() if k in settings} | _QUIET)
    try:
        import torchvision  # noqa: F401  (ultralytics' NMS uses it if somebody imported it, and orders ties otherwise)
        from ultralytics.nn.tasks import torch_safe_load
        from ultralytics.trackers.track import TRACKER_MAP
        from ultralytics.utils import ROOT, YAML
        from ultralytics.utils.nms import non_max_suppression
    finally:
        os.environ.clear()
        os.environ.update(before)
        Image.open = open_picture
        cv2.setNumThreads(threads)
        np.set_printoptions(**printing)
        torch.set_printoptions(profile="default")  # type: ignore[no-untyped-call]
    logging.getLogger("ultralytics").setLevel(logging.ERROR)
    return SimpleNamespace(
        load=lambda path: torch_safe_load(str(path), safe_only=True)[0],
        nms=non_max_suppression,
        trackers=TRACKER_MAP,
        tracker_settings=lambda name: YAML.load(ROOT / "cfg" / "trackers" / f"{name}.yaml"),
    )
