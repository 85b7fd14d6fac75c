"""Detectors by name: `load_detector("yolo:yolo11n")`, `"motion"` or `"auto"`.

A new detector is one file with a factory, and one line in `DETECTORS`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from clipvad.detectors.base import Detector, DetectorSession, check_options
from clipvad.detectors.weights import Progress, obtain_weights
from clipvad.errors import DetectorError

__all__ = ["DETECTORS", "Detector", "DetectorSession", "load_detector"]

Factory = Callable[..., Detector]  # (argument, *, device, models_dir, progress, **options)


def _yolo(
    argument: str, *, device: str, models_dir: str | Path | None, progress: Progress | None, **options: Any
) -> Detector:
    from clipvad.detectors.yolo import YoloDetector

    check_options("yolo", options, YoloDetector)
    return YoloDetector(obtain_weights(argument or "yolo11n", models_dir, progress), device=device, **options)


def _motion(argument: str, *, device: str, models_dir: object, progress: object, **options: Any) -> Detector:
    from clipvad.detectors.motion import MotionDetector

    if argument:
        raise DetectorError(f"The detector 'motion' takes nothing after a colon, got {argument!r}.")
    check_options("motion", options, MotionDetector)
    return MotionDetector(**options)


def _auto(argument: str, **kwargs: Any) -> Detector:
    from clipvad.detectors.auto import open_auto

    return open_auto(argument, **kwargs)


DETECTORS: dict[str, Factory] = {"yolo": _yolo, "motion": _motion, "auto": _auto}


def load_detector(
    spec: str,
    *,
    device: str = "auto",
    models_dir: str | Path | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Detector:
    """Load the detector `spec`, `<kind>` or `<kind>:<argument>`.

    `yolo:<name or file>` (`yolo` is `yolo:yolo11n`), `motion`, or `auto`: YOLO if its weights are here or can
    be fetched, else motion. `models_dir`: where weights are looked for and downloaded to. `progress`: called
    with a sentence and the part done in [0, 1] during a download. Options are those of `YoloDetector` and
    `MotionDetector`. Raises `DetectorError` for anything that is not as described there.
    """
    kind, _, argument = spec.strip().partition(":")
    if kind not in DETECTORS:
        raise DetectorError(
            f"There is no detector {spec!r}. Allowed: auto, motion, yolo, or yolo:<name or file>, such as yolo:yolo11n."
        )
    return DETECTORS[kind](argument, device=device, models_dir=models_dir, progress=progress, **options)
