"""What all pages share: the operator's settings, the analysers with their loaded models, and the examples."""

from __future__ import annotations

import logging
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from clipvad.cache import Cache
from clipvad.core import Analysis, Mode
from clipvad.pipeline import Analyzer
from clipvad.schema import load_analysis
from clipvad.settings import Settings
from clipvad.ui.examples import FIRST, Example

if TYPE_CHECKING:
    from clipvad.detectors.base import Detector
    from clipvad.encoders.base import Encoder

T = TypeVar("T")
log = logging.getLogger(__name__)

MODELS_HELD = 2  # encoders, and as many detectors, in memory at once
ANALYZERS_HELD = 8  # cheap beside models: each remembers the sentences it has embedded


class Engine:
    """Analysers by what they run, with models loaded once for all pages; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.cache = Cache.of(settings)
        self._lock = threading.Lock()
        self._encoders: _Recent[Encoder] = _Recent(MODELS_HELD)
        self._detectors: _Recent[Detector] = _Recent(MODELS_HELD)
        self._analyzers: _Recent[Analyzer] = _Recent(ANALYZERS_HELD)
        self._example_lock = threading.Lock()
        self._examples: dict[str, Analysis] = {}
        self.loading = "loading models"  # what takes the time now, for whoever waits

    def analyzer(
        self,
        modes: tuple[Mode, ...] = (),
        *,
        encoder: str | None = None,
        detector: str | None = None,
        fps: float | None = None,
    ) -> Analyzer:
        """The analyser with its models loaded for `modes`; None takes the operator's choice.

        Raises `EncoderError` or `DetectorError` where a model cannot be had, `SettingsError` for a bad rate.
        """
        encoder = encoder or self.settings.encoder
        detector = detector or self.settings.detector
        fps = fps or self.settings.fps
        with self._lock:  # a second caller waits for the first one's loading instead of loading again
            image_text = self._encoders.get(encoder, lambda: self._new(encoder=encoder).encoder)
            objects = "object" in modes
            finder = self._detectors.get(detector, lambda: self._new(detector=detector).detector) if objects else None
            key = f"{encoder} {detector if objects else ''} {fps}"
            return self._analyzers.get(key, lambda: self._new(encoder=image_text, detector=finder or detector, fps=fps))

    def example(self, which: Example = FIRST) -> Analysis:
        """An example's analysis, made once and shared by all pages. The first caller waits for it."""
        with self._example_lock:
            if which.name not in self._examples:
                analyzer = self.analyzer(which.modes)
                self._examples[which.name] = analyzer.run(which.video, which.rules, modes=which.modes)
            return self._examples[which.name]

    def stored_example(self, which: Example = FIRST) -> Analysis | None:
        """The example as the bundled models analysed it, to look at while models load; None when they have.

        It holds no vectors and cannot be scored again. None too where the operator chose other models.
        """
        bundled = self.settings.encoder in ("auto", "bundled") and self.settings.detector in ("auto", "motion")
        if which.name in self._examples or not bundled or not which.analysis.is_file():
            return None
        return load_analysis(which.analysis)

    def warm_up(self) -> threading.Thread:
        """Load the models and analyse the first example in the background, so that the first page need not wait."""
        thread = threading.Thread(target=self._warm_up, name="clipvad-warm-up", daemon=True)
        thread.start()
        return thread

    def _warm_up(self) -> None:
        before = sys.getswitchinterval()
        sys.setswitchinterval(before / 10)  # importing torch takes seconds: let the server answer in between
        try:
            self.example()
        except Exception:  # the page that asks next meets the same error and shows it
            log.exception("the example could not be analysed")
        finally:
            sys.setswitchinterval(before)

    def _new(self, *, encoder: str | Encoder = "auto", detector: str | Detector = "auto", fps: float = 8.0) -> Analyzer:
        return Analyzer(
            encoder=encoder,
            detector=detector,
            fps=fps,
            device=self.settings.device,
            cache=self.cache,
            models_dir=self.settings.models_dir,
            progress=self._heard,
        )

    def _heard(self, text: str, fraction: float) -> None:
        self.loading = f"{text} ({fraction:.0%})"


class _Recent(Generic[T]):
    """The `size` most recently used values by name, made on demand."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: OrderedDict[str, T] = OrderedDict()

    def get(self, key: str, make: Callable[[], T]) -> T:
        value = self._held.pop(key) if key in self._held else make()
        self._held[key] = value
        while len(self._held) > self._size:
            self._held.popitem(last=False)
        return value
