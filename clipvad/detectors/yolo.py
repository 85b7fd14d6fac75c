"""YOLO (ultralytics): boxes of the classes it was trained on, with identities over time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from clipvad.core import Detections, FrameBatch, ModelUse
from clipvad.detectors._ultralytics import ultralytics
from clipvad.detectors.base import MAX_OBJECTS, Boxes, to_detections
from clipvad.detectors.weights import sha256_of
from clipvad.errors import DetectorError

if TYPE_CHECKING:
    import torch

# What surveillance sentences are about: people, what they ride, drive, carry and lead, and what a far person
# on wheels is mistaken for. Furniture and food would only use up the twenty places of a frame.
SURVEILLANCE_CLASSES = (
    "person bicycle car motorcycle bus train truck boat skateboard skis snowboard surfboard "
    "dog horse cat backpack handbag suitcase umbrella sports-ball baseball-bat knife"
)
DEFAULT_CLASSES = tuple(name.replace("-", " ") for name in SURVEILLANCE_CLASSES.split())
TRACKERS = ("bytetrack", "botsort", "none")
_STRIDE = 32
_TASKS = ("detect", "segment")
_GREY = 114  # the padding YOLO was trained with


class YoloDetector:
    """A YOLO checkpoint, ready for any number of clips.

    `weights`: a .pt file with a detection or segmentation model. `classes`: names or ids, "all", or None for
    `DEFAULT_CLASSES` (those of them that the checkpoint has; all of its classes if it has none of them).
    `confidence` in (0, 1): lower finds more small and far things. `imgsz`: longer side at which the network
    sees a frame, a multiple of 32; None chooses from the frame's size (`input_size`). `tracker`: one of
    `TRACKERS`; identities are -1 with "none". `half`: float16, default on CUDA. `device`: a torch device.

    Raises `DetectorError` for a file that is no such checkpoint and for options out of range. Checkpoints
    are read by ultralytics with its restricted unpickler, which builds known layers and runs no code.
    """

    def __init__(
        self,
        weights: Path,
        *,
        device: str = "auto",
        classes: Sequence[str | int] | str | None = None,
        confidence: float = 0.15,
        iou: float = 0.7,
        imgsz: int | None = None,
        tracker: str = "bytetrack",
        half: bool | None = None,
        max_objects: int = MAX_OBJECTS,
    ) -> None:
        _check_options(confidence=confidence, iou=iou, imgsz=imgsz, tracker=tracker, max_objects=max_objects)
        import torch

        self.device = _device(device)
        self.half = self.device.type == "cuda" if half is None else half
        model, self.names = _load_model(weights)
        self._lock = threading.Lock()
        dtype = torch.float16 if self.half else torch.float32
        self.model = model.to(self.device, dtype).to(memory_format=torch.channels_last)
        self.classes = _class_ids(classes, self.names)
        self.confidence, self.iou, self.imgsz = confidence, iou, imgsz
        self.tracker, self.max_objects = tracker, max_objects
        chosen = "all" if len(self.classes) == len(self.names) else ",".join(map(str, self.classes))
        self.id = (
            f"yolo:{weights.stem}@{sha256_of(weights)[:16]}"
            f"|conf={confidence:g}|iou={iou:g}|imgsz={imgsz or 'auto'}|classes={chosen}"
            f"|tracker={tracker}|max={max_objects}|{'fp16' if self.half else 'fp32'}"
        )

    @property
    def use(self) -> ModelUse:
        """What runs, for people."""
        kinds = [self.names[i] for i in self.classes]
        shown = ", ".join(kinds[:8]) + (f" and {len(kinds) - 8} more" if len(kinds) > 8 else "")
        return ModelUse(
            id=self.id,
            label=f"YOLO ({self.id.partition('@')[0].removeprefix('yolo:')})",
            limits=f"Finds only {shown}. Smoke, fire, damage and anything else without a class gets no box.",
            device=str(self.device),
            precision="fp16" if self.half else "fp32",
        )

    def open(self, *, scale: float = 1.0) -> YoloSession:
        """Start a clip with a tracker of its own."""
        return YoloSession(self, scale)

    def find(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Raw detections of frames [T, H, W, 3] RGB: per frame float32 [K, 6] of x1 y1 x2 y2 confidence class."""
        height, width = pixels.shape[1:3]
        gain, tall, wide = _fit(height, width, self.imgsz or input_size(height, width))
        canvas = np.full((len(pixels), tall, wide, 3), _GREY, np.uint8)
        fitted = (max(1, round(width * gain)), max(1, round(height * gain)))
        for frame, target in zip(pixels, canvas, strict=True):
            target[: fitted[1], : fitted[0]] = cv2.resize(frame, fitted, interpolation=cv2.INTER_LINEAR)
        # One by one a CPU is faster, since the activations stay in its cache, and batches change no bit.
        step = 1 if self.device.type == "cpu" else max(1, len(canvas))
        found = [rows for at in range(0, len(canvas), step) for rows in self._infer(canvas[at : at + step])]
        for rows in found:
            rows[:, :4] /= gain
        return found

    def _infer(self, canvas: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        import torch

        with self._lock, torch.inference_mode():  # the network's head keeps the anchors of the last size it saw
            images = torch.from_numpy(canvas).to(self.device).permute(0, 3, 1, 2)  # channels last, as it lies
            rows = ultralytics().nms(
                self.model(images.to(torch.float16 if self.half else torch.float32) / 255),
                conf_thres=self.confidence,
                iou_thres=self.iou,
                classes=list(self.classes),
                max_det=self.max_objects,
                nc=len(self.names),
                max_time_img=1e9,  # its time limit would make the result depend on the machine's load
                end2end=bool(getattr(self.model, "end2end", False)),
            )
        return [row[:, :6].float().cpu().numpy() for row in rows]


class YoloSession:
    """One clip: the frames one after the other through the detector and a tracker."""

    def __init__(self, detector: YoloDetector, scale: float) -> None:
        self._detector = detector
        self._scale = scale
        self._tracker = _new_tracker(detector.tracker, detector.confidence)
        self._ids: dict[int, int] = {}  # the tracker's ids, renumbered in order of appearance

    def detect(self, batch: FrameBatch, first_frame: int) -> Detections:
        """See `DetectorSession.detect`."""
        found = self._detector.find(batch.pixels) if len(batch) else []
        frames = [
            Boxes(
                xyxy=rows[:, :4],
                confidence=rows[:, 4],
                label=rows[:, 5].astype(np.int16),
                track=self._identities(rows, picture),
            )
            for rows, picture in zip(found, batch.pixels, strict=True)
        ]
        return to_detections(
            frames,
            first_frame=first_frame,
            scale=self._scale,
            width=batch.pixels.shape[2],
            height=batch.pixels.shape[1],
            names=self._detector.names,
            detector_id=self._detector.id,
            max_objects=self._detector.max_objects,
        )

    def _identities(self, rows: NDArray[np.float32], picture: NDArray[np.uint8]) -> NDArray[np.int32]:
        track = np.full(len(rows), -1, np.int32)
        if self._tracker is not None:
            found = self._tracker.update(_TrackerInput(rows), np.ascontiguousarray(picture[..., ::-1]))
            for *_, identity, _score, _label, row in found:
                track[int(row)] = self._ids.setdefault(int(identity), len(self._ids))
        return track


class _TrackerInput:
    """The part of ultralytics' `Boxes` that its trackers read: conf, cls, xywh (centre), and a boolean index."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self._rows = rows
        self.conf, self.cls = rows[:, 4], rows[:, 5]
        self.xyxy = rows[:, :4]
        self.xywh = np.concatenate([(rows[:, :2] + rows[:, 2:4]) / 2, rows[:, 2:4] - rows[:, :2]], axis=1)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, keep: Any) -> _TrackerInput:
        return _TrackerInput(self._rows[keep])


def input_size(height: int, width: int) -> int:
    """Longer side at which the network sees a frame: three quarters of its own, from 640 to 960, in steps of 32.

    Small frames are enlarged: on UCSD Ped2 (360 x 240) 640 finds 92 % of the anomalies and 480 finds 83 %,
    while 800 and 960 find no more and take up to 2.7 times as long.
    """
    return min(960, max(640, -(-max(height, width) * 3 // (4 * _STRIDE)) * _STRIDE))


def _fit(height: int, width: int, longest: int) -> tuple[float, int, int]:
    """Scale factor, and the padded height and width: the smallest multiples of the stride that hold the frame."""
    gain = longest / max(height, width)
    tall, wide = (max(1, -(-round(side * gain) // _STRIDE)) * _STRIDE for side in (height, width))
    return gain, tall, wide


def _new_tracker(name: str, confidence: float) -> Any:
    if name == "none":
        return None
    library = ultralytics()
    settings = library.tracker_settings(name)
    # At a few frames a second a box moves far between two frames: overlap must not also be multiplied by
    # the confidence, and faint boxes are worth an identity once the threshold let them in.
    settings |= {"fuse_score": False, "track_low_thresh": confidence, "device": "cpu"}
    settings |= {"track_high_thresh": max(0.25, confidence), "new_track_thresh": max(0.25, confidence)}
    return library.trackers[name](args=SimpleNamespace(**settings))


def _load_model(weights: Path) -> tuple[torch.nn.Module, tuple[str, ...]]:
    """The network, its layers fused, and the names of its classes."""
    wrong = f"{weights} is no YOLO detection checkpoint"
    hint = "Give a .pt file with a model that finds boxes, such as yolo11n.pt."
    try:
        checkpoint = ultralytics().load(weights)
        model: Any = checkpoint.get("ema") or checkpoint.get("model")
        task = getattr(model, "task", None)
        if task in _TASKS:
            names = model.names.items() if isinstance(model.names, dict) else enumerate(model.names)
            return model.float().fuse(verbose=False).eval(), tuple(str(name) for _, name in sorted(names))
    except ImportError as error:
        raise DetectorError(f"{error}. Install what is missing with: pip install {error.name}") from error
    except Exception as error:  # whatever a damaged or hostile file makes an unpickler raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DetectorError(f"{wrong}: it cannot be read ({reason}). {hint}") from error
    made_for = f"it was made for the task {task!r}" if task else "it holds no model"
    raise DetectorError(f"{wrong}: {made_for}. {hint}")


def _class_ids(classes: Sequence[str | int] | str | None, names: tuple[str, ...]) -> tuple[int, ...]:
    everything = tuple(range(len(names)))
    if classes is None:
        return tuple(names.index(name) for name in DEFAULT_CLASSES if name in names) or everything
    if isinstance(classes, str):
        classes = [part.strip() for part in classes.split(",")]
    if list(classes) == ["all"]:
        return everything
    chosen = set()
    for item in classes:
        if str(item).isdigit() and int(item) < len(names):
            chosen.add(int(item))
        elif item in names:
            chosen.add(names.index(str(item)))
        else:
            raise DetectorError(
                f"The detector has no class {item!r}. Allowed: all, an id below {len(names)}, {', '.join(names)}."
            )
    if not chosen:
        raise DetectorError("The list of classes is empty: leave it out for the default, or give 'all'.")
    return tuple(sorted(chosen))


def _check_options(*, confidence: float, iou: float, imgsz: int | None, tracker: str, max_objects: int) -> None:
    if not 0 < confidence < 1 or not 0 < iou < 1:
        raise DetectorError(f"confidence and iou must lie between 0 and 1, got {confidence} and {iou}.")
    if imgsz is not None and (imgsz < _STRIDE or imgsz > 4096 or imgsz % _STRIDE):
        raise DetectorError(f"imgsz must be a multiple of {_STRIDE} from {_STRIDE} to 4096, got {imgsz}.")
    if tracker not in TRACKERS:
        raise DetectorError(f"There is no tracker {tracker!r}. Allowed: {', '.join(TRACKERS)}.")
    if max_objects < 1:
        raise DetectorError(f"max_objects must be at least 1, got {max_objects}.")


def _device(name: str) -> torch.device:
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except Exception as error:  # torch raises several kinds
        raise DetectorError(f"The device {name!r} cannot be used here. Try auto or cpu.") from error
    return device
