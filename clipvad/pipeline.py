"""The only place where the stages meet: a clip and a rule set in, progress out, an `Analysis` at the end.

    analyzer = Analyzer(encoder="auto", detector="auto", cache=Cache("..."))
    analysis = analyzer.run("clip.mp4", load_rules("campus-walkway"))
    again = analyzer.rescore(analysis.features, other_rules)      # no decoder, no image encoder

Sentences, thresholds and smoothing only ever touch `rescore`.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clipvad.cache import Cache
from clipvad.core import (
    MODES,
    ZERO_SHOT,
    Analysis,
    Embeddings,
    Features,
    Mode,
    ModelUse,
    RuleSet,
    Scores,
    ScoreSettings,
    VideoInfo,
    check_same_encoder,
)
from clipvad.errors import SettingsError
from clipvad.events import find_events
from clipvad.explain import Look, ObjectsAt, look, objects_at, sample_at
from clipvad.growing import GrowingCurves
from clipvad.progress import Progress
from clipvad.scorers import load_scorer
from clipvad.scoring import Scorer, check_explained, check_modes
from clipvad.scoring.conditions import limits
from clipvad.scoring.contexts import neutral_sentences
from clipvad.scoring.influence import Influence, influence
from clipvad.scoring.prompts import TextMemo, embed_sentences

if TYPE_CHECKING:
    from clipvad.detectors.base import Detector
    from clipvad.encoders.base import Encoder


class Analyzer:
    """Analyses clips with one encoder, one detector and one sampling; safe to share between threads.

    `encoder`, `detector`: specs as `load_encoder` and `load_detector` take them (models then load on first
    use), or loaded models. `scorer`: "zero-shot", the name of a shipped head, a checkpoint's file, or a loaded one.
    `fps`: sampled frames per second of video, never more than the source has. `max_side`: larger pictures
    are scaled down to this many pixels. `cache=None` stores nothing. `progress(text, fraction)` hears of
    downloads.
    """

    def __init__(
        self,
        *,
        encoder: str | Encoder = "auto",
        detector: str | Detector = "auto",
        scorer: str | Path | Scorer = ZERO_SHOT.id,
        fps: float = 8.0,
        device: str = "auto",
        precision: str = "auto",
        max_side: int = 1280,
        cache: Cache | None = None,
        models_dir: Path | None = None,
        detector_options: Mapping[str, object] | None = None,
        progress: Callable[[str, float], None] | None = None,
    ) -> None:
        if not 0 < fps <= 120:
            raise SettingsError(f"The sampling rate must lie above 0 and at most at 120 frames a second, got {fps}.")
        self.fps = fps
        self.max_side = max_side
        self.cache = cache
        self._device = device
        self._precision = precision
        self._models_dir = models_dir
        self._detector_options = dict(detector_options or {})
        self._progress = progress
        self._lock = threading.RLock()
        self._encoder = encoder
        self._detector = detector
        self._scorer = scorer
        self._texts: TextMemo = {}

    @property
    def encoder(self) -> Encoder:
        """The image-text model, loaded on first use. Raises `EncoderError` if it cannot be had."""
        with self._lock:
            if isinstance(self._encoder, str):
                from clipvad.encoders import load_encoder

                self._encoder = load_encoder(
                    self._encoder,
                    device=self._device,
                    precision=self._precision,
                    models_dir=self._models_dir,
                    progress=self._progress,
                )
            return self._encoder

    @property
    def detector(self) -> Detector:
        """The object detector, loaded on first use. Raises `DetectorError` if it cannot be had."""
        with self._lock:
            if isinstance(self._detector, str):
                from clipvad.detectors import load_detector

                self._detector = load_detector(
                    self._detector,
                    device=self._device,
                    models_dir=self._models_dir,
                    progress=self._progress,
                    **self._detector_options,
                )
            return self._detector

    @property
    def scorer(self) -> Scorer:
        """What turns features into curves, loaded on first use.

        Raises `ModelError` for a file that is no checkpoint, `EncoderMismatchError` or `SettingsError` for one that
        was trained on features of another encoder or sampling.
        """
        with self._lock:
            if isinstance(self._scorer, str | Path):
                self._scorer = load_scorer(self._scorer, encoder=self.encoder)
            self._scorer.check(encoder_id=self.encoder.id, fps=self.fps)
            return self._scorer

    def with_scorer(self, scorer: str | Path | Scorer) -> Analyzer:
        """The same models and cache with another scorer; this analyser stays as it is."""
        other = copy.copy(self)
        other._encoder, other._scorer = self.encoder, scorer
        return other

    def run(
        self,
        path: Path | str,
        rules: RuleSet,
        *,
        modes: Sequence[Mode] = MODES,
        settings: ScoreSettings = ScoreSettings(),  # noqa: B008 (frozen)
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Analysis:
        """Analyse one clip. Raises `VideoError`, `RulesError` and the loaders' errors."""
        for item in self.stream(path, rules, modes=modes, settings=settings):
            if isinstance(item, Analysis):
                return item
            if on_progress is not None:
                on_progress(item)
        raise AssertionError("a stream ends with its analysis")

    def stream(
        self,
        path: Path | str,
        rules: RuleSet,
        *,
        modes: Sequence[Mode] = MODES,
        settings: ScoreSettings = ScoreSettings(),  # noqa: B008 (frozen)
    ) -> Iterator[Progress | Analysis]:
        """Yield `Progress` about four times a second, with the curves so far, then the `Analysis`.

        Closing the iterator cancels the work. Raises as `run` does.
        """
        from clipvad.extraction import Extractor
        from clipvad.video import probe

        if not modes or any(mode not in MODES for mode in modes):
            raise SettingsError(f"Modes are {' and '.join(MODES)}, got {list(modes)}.")
        began = time.perf_counter()
        yield Progress(stage="opening the clip", done_s=0, total_s=0, frames=0, frames_per_s=0)
        video = probe(path)
        yield Progress(stage="loading models", done_s=0, total_s=video.duration_s, frames=0, frames_per_s=0)
        check_modes(self.scorer, modes)
        scored = self.scorer.rules_for(rules).check()
        extractor = Extractor(
            encoder=self.encoder,
            detector=self.detector if "object" in modes else None,
            cache=self.cache,
            fps=self.fps,
            max_side=self.max_side,
        )
        loaded = time.perf_counter()
        resolved = settings.resolved(scored)
        growing = GrowingCurves(lambda part: self._score(part, scored, resolved), resolved, video.duration_s)
        regions = [zone.box for zone in scored.zones_used] if "frame" in modes else []
        features, from_cache = yield from growing.follow(extractor.run(video, modes, tuple(dict.fromkeys(regions))))
        extracted = time.perf_counter()
        analysis = self.rescore(features, rules, settings=settings, from_cache=from_cache)
        yield analysis.with_timings(
            load=loaded - began,
            **growing.timings_s,
            extract=extracted - loaded,
            total=time.perf_counter() - began,
        )

    def rescore(
        self,
        features: Features,
        rules: RuleSet,
        *,
        settings: ScoreSettings = ScoreSettings(),  # noqa: B008 (frozen)
        from_cache: bool = True,
    ) -> Analysis:
        """Score features again: other sentences, threshold or smoothing. Touches no decoder, no image encoder.

        Raises `RulesError` for an empty side, `EncoderMismatchError` for another encoder's features, `SettingsError`
        where the scorer has none of the modes that the features hold.
        """
        began = time.perf_counter()
        scorer = self.scorer
        check_same_encoder(self.encoder.id, features.encoder_id)
        rules = scorer.rules_for(rules).check()
        settings = settings.resolved(rules)
        scores = self._score(features, rules, settings)
        events = [event for mode in scores for event in find_events(scores[mode], rules, settings, features.detections)]
        return Analysis(
            features=features,
            rules=rules,
            settings=settings,
            encoder=self.encoder.use,
            detector=self._detector_use(features),
            scores=scores,
            events=tuple(sorted(events, key=lambda event: (event.start_s, event.mode))),
            scorer=scorer.use,
            unknown_words={
                text: tuple(words)
                for text in (rules.sentences if scorer.reads_sentences else ())
                if (words := self.encoder.unknown_words(text))
            },
            remarks=self._remarks(features, rules, settings),
            timings_s={"score": time.perf_counter() - began},
            from_cache=from_cache,
        )

    def influence(self, analysis: Analysis, *, mode: Mode) -> Influence:
        """What each sentence does to the curve of `mode`; touches no decoder, no image encoder.

        Raises `SettingsError` for a mode that was not scored, `EncoderMismatchError` for another encoder's features.
        """
        check_explained(self.scorer, "What each sentence does")
        if mode not in analysis.scores or mode not in analysis.features.modes:
            raise SettingsError(f"This analysis has no {mode} curve to explain. Analyse the clip in that mode.")
        settings = analysis.settings
        return influence(
            analysis.features,
            self._embed(analysis.rules),
            analysis.rules,
            analysis.scores[mode],
            temperature=self._temperature(settings),
            smooth_s=settings.smooth_s or 0.0,
            clock_start_s=settings.clock_start_s,
        )

    def look(self, video: VideoInfo, t_s: float, *, on_crops: Callable[[int, int], None] | None = None) -> Look:
        """See the frame at `t_s` seconds part by part, for `maps`: one frame is decoded, some 200 crops are encoded.

        `on_crops` as for `clipvad.explain.look`. Raises `VideoError` if the clip is gone.
        """
        from clipvad.video import read_frame

        return look(read_frame(video, t_s, max_side=self.max_side), self.encoder, on_crops=on_crops)

    def maps(
        self, seen: Look, rules: RuleSet, *, settings: ScoreSettings, size: tuple[int, int]
    ) -> NDArray[np.float32]:
        """Where each of the N sentences fits, float32 [N, h, w] in [0, 1] for `size` (w, h); see `Look.maps`."""
        check_explained(self.scorer, "A map of the sentences")
        texts = self.scorer.texts_for(embed_sentences(self.encoder, rules, memo=self._texts), rules)
        return seen.maps(texts, temperature=self._temperature(settings.resolved(rules)), size=size)

    def objects_at(self, analysis: Analysis, t_s: float) -> ObjectsAt:
        """What each object of the sampled frame at `t_s` seconds was taken for; no image model runs.

        Raises `SettingsError` for an analysis without objects.
        """
        check_explained(self.scorer, "What each object was taken for")
        features, rules, settings = analysis.features, analysis.rules, analysis.settings
        if "object" not in features.modes:
            raise SettingsError("This analysis has no objects to explain. Analyse the clip in object mode.")
        return objects_at(
            features,
            self._embed(rules),
            rules,
            sample_at(features.pts_s, t_s),
            temperature=self._temperature(settings),
            clock_start_s=settings.clock_start_s,
        )

    def _embed(self, rules: RuleSet) -> Embeddings:
        texts = embed_sentences(self.encoder, rules, memo=self._texts, extra=neutral_sentences(rules))
        return self.scorer.texts_for(texts, rules)

    def _temperature(self, settings: ScoreSettings) -> float:
        return settings.temperature or 1.0 / self.encoder.logit_scale

    def _scorer_at(self, settings: ScoreSettings) -> Scorer:
        return self.scorer if settings.temperature is None else self.scorer.at(settings.temperature)

    def _score(self, features: Features, rules: RuleSet, settings: ScoreSettings) -> dict[Mode, Scores]:
        scorer = self._scorer_at(settings)
        modes = [mode for mode in features.modes if mode in scorer.modes]
        check_modes(scorer, modes or features.modes)
        texts = self._embed(rules) if scorer.reads_sentences else Embeddings(np.zeros((0, 0)), self.encoder.id)
        return {
            mode: scorer.score(
                features, texts, rules, mode=mode, smooth_s=settings.smooth_s, clock_start_s=settings.clock_start_s
            )
            for mode in modes
        }

    def _remarks(self, features: Features, rules: RuleSet, settings: ScoreSettings) -> tuple[str, ...]:
        warning = rules.encoder_warning(self.encoder.id)
        left_out = limits(features, rules, modes=features.modes, clock_start_s=settings.clock_start_s)
        return (*([warning] if warning else []), *left_out, *self._scorer_at(settings).remarks(features, rules))

    def _detector_use(self, features: Features) -> ModelUse | None:
        if features.detections is None:
            return None
        detector = self._detector
        if not isinstance(detector, str) and detector.id == features.detections.detector_id:
            return detector.use
        return ModelUse(id=features.detections.detector_id, label=features.detections.detector_id)
