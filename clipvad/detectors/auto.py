"""`auto`: YOLO where its weights are, or can be fetched; else motion, which says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clipvad.detectors.base import Detector, check_options, options_of
from clipvad.detectors.motion import MotionDetector
from clipvad.detectors.weights import Progress, download, find_weights, why_no_download
from clipvad.detectors.yolo import YoloDetector
from clipvad.errors import DetectorError

DEFAULT_NAME = "yolo11n"


def open_auto(
    argument: str, *, device: str, models_dir: str | Path | None, progress: Progress | None, **options: Any
) -> Detector:
    """Factory of `auto` and `auto:<name or file>`. Each of the two detectors takes the options it knows.

    A checkpoint that is here but cannot be read is an error, not a reason for motion.
    """
    check_options("auto", options, YoloDetector, MotionDetector)
    name = argument or DEFAULT_NAME
    weights, reason = find_weights(name, models_dir), ""
    if weights is None:
        reason = why_no_download() or ""
        try:
            weights = None if reason else download(name, models_dir, progress)
        except DetectorError as error:
            reason = str(error)
    if weights is not None:
        return YoloDetector(weights, device=device, **_known(YoloDetector, options))
    chosen = f"Chosen because the weights of {name} are not on this machine, and {reason.rstrip('.')}."
    return MotionDetector(chosen=chosen, **_known(MotionDetector, options))


def _known(detector: type, options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in options_of(detector)}
