"""Runs the lab: every clip once per encoder and detector, then a row per set, scorer, encoder, detector and mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from clipvad.cache import Cache
from clipvad.core import MODES, Analysis, Mode, ScoreSettings
from clipvad.errors import ClipvadError, EncoderMismatchError
from clipvad.evaluation.evaluate import align
from clipvad.extraction import combine
from clipvad.lab.costs import Cost, Costs
from clipvad.lab.figures import Figures, Spread, measure, spread
from clipvad.lab.fingerprint import fingerprint
from clipvad.lab.scorers import CHANCE_SEEDS, chance, class_list, named_classes
from clipvad.lab.tracks import LabClip, LabMode, Track, track_of
from clipvad.pipeline import Analyzer
from clipvad.progress import Progress
from clipvad.scorers import load_scorer
from clipvad.scoring import Scorer

Reporter = Callable[[str], AbstractContextManager[Callable[[Progress], None]]]


@dataclass(frozen=True, kw_only=True)
class EncoderChoice:
    """One line of encoders in the table: `specs` are the same model trained with several seeds, mostly one."""

    name: str
    specs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to compare. `detectors` may be empty in frame mode alone. `fps`: sampled frames per second.

    `heads`: trained ones beside zero-shot, by name or file; each counts for its own encoder and modes.
    """

    encoders: tuple[EncoderChoice, ...]
    detectors: tuple[str, ...]
    modes: tuple[LabMode, ...]
    settings: ScoreSettings = field(default_factory=ScoreSettings)
    fps: float = 8.0
    heads: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[Mode, ...]:
        """The product's modes that the lab's modes are made of."""
        return tuple(mode for mode in MODES if mode in self.modes or "both" in self.modes)


@dataclass(frozen=True)
class Key:
    """What a row compares. Empty: does not count there (a detector in frame mode)."""

    scorer: str
    encoder: str
    detector: str
    mode: LabMode | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Row:
    """One line of the table: a set under a key. `runs`: the tracks of each repetition; `figures` one per run."""

    set: str
    key: Key
    runs: tuple[tuple[Track, ...], ...]
    figures: tuple[Figures, ...]
    ran: Mapping[str, Any]

    @property
    def spread(self) -> dict[str, Spread | None]:
        return spread(self.figures)


def short_name(spec: str) -> str:
    """An encoder or detector as the table calls it: of a file or folder, the name alone."""
    kind, colon, where = spec.rpartition(":")
    return f"{kind}{colon}{Path(where).stem}" if len(Path(where).parts) > 1 and Path(where).exists() else spec


class Lab:
    """Loads each model once and keeps only curves, so that hundreds of clips fit in memory."""

    def __init__(
        self,
        plan: Plan,
        *,
        cache: Cache | None,
        device: str = "auto",
        models_dir: Path | None = None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.plan = plan
        self.failed: list[tuple[str, str]] = []
        self._cache = cache
        self._costs = Costs(cache, fps=plan.fps)
        self._options = {"device": device, "models_dir": models_dir}
        self._say = say
        self._heads: dict[str, Scorer] = {}
        self._analyzers: dict[tuple[str, str], Analyzer] = {}
        self._tracks: dict[tuple[Key, int], list[Track]] = {}
        self._ids: dict[tuple[Key, int], dict[str, str]] = {}

    def run(self, clips: Sequence[LabClip], report: Reporter) -> list[Row]:
        """Analyse every clip and return all rows, set by set. A clip that fails is in `failed`, the others go on.

        `report(title)` shows the progress of one clip. Raises `ClipvadError` for what concerns all of them.
        """
        for encoder in self.plan.encoders:
            for seed, spec in enumerate(encoder.specs):
                for detector in self.plan.detectors or ("",):
                    analyzer = self.analyzer(spec, detector)
                    self.heads(analyzer)  # a wrong one ends the call before the first clip
                    for number, clip in enumerate(clips, start=1):
                        title = f"[{number}/{len(clips)}] {clip.entry.video.name}"
                        self._one(clip, analyzer, encoder.name, short_name(detector), seed, title, report)
        scored = {key.scorer for key, _ in self._tracks}
        for head in self._heads.values():
            if head.use.label not in scored:
                self._say(f"{head.use.label}: no row, since its encoder or its mode is not among those of this table")
        return list(self._rows(clips))

    def analyzer(self, encoder: str, detector: str) -> Analyzer:
        """The product's own, with these models loaded. Raises `EncoderError`, `DetectorError`."""
        if (encoder, detector) not in self._analyzers:
            known = self._analyzers.items()
            encoders = [one.encoder for (name, _), one in known if name == encoder]
            detectors = [one.detector for (_, name), one in known if name == detector and name]
            analyzer = Analyzer(
                encoder=encoders[0] if encoders else encoder,
                detector=detectors[0] if detectors else detector or "auto",
                fps=self.plan.fps,
                cache=self._cache,
                **self._options,  # type: ignore[arg-type]
            )
            if not encoders:
                use = analyzer.encoder.use
                self._say(f"encoder {short_name(encoder)}: {use.label} ({use.device}, {use.precision})")
            if detector and not detectors:
                self._say(f"detector {short_name(detector)}: {analyzer.detector.use.label}")
            self._analyzers[encoder, detector] = analyzer
        return self._analyzers[encoder, detector]

    def heads(self, analyzer: Analyzer) -> dict[str, Scorer]:
        """Those of the plan's heads that were trained on this analyser's encoder, by name.

        Raises `ModelError` for a file that is no head, `SettingsError` for one of another sampling.
        """
        fitting = {}
        for spec in self.plan.heads:
            if spec not in self._heads:
                self._heads[spec] = load_scorer(spec, encoder=analyzer.encoder)
            head = self._heads[spec]
            try:
                head.check(encoder_id=analyzer.encoder.id, fps=analyzer.fps)
            except EncoderMismatchError:  # it counts for its own encoder
                continue
            name = head.use.label
            fitting[name if name not in fitting else f"{name} ({Path(spec).stem})"] = head
        return fitting

    def analyse(
        self, clip: LabClip, analyzer: Analyzer, on_progress: Callable[[Progress], None] | None = None
    ) -> tuple[Analysis, dict[Mode, Cost | None]]:
        """One clip in all modes that are needed, and what each would cost by itself without a cache."""
        parts: dict[Mode, Analysis] = {}
        for mode in self.plan.needed:
            parts[mode] = analyzer.run(
                clip.entry.video, clip.rules, modes=(mode,), settings=self.plan.settings, on_progress=on_progress
            )
        features = combine([part.features for part in parts.values()])
        whole = analyzer.rescore(features, clip.rules, settings=self.plan.settings)
        return whole, {mode: self._costs.of(part, mode) for mode, part in parts.items()}

    def scored_again(self, row: Row, track: Track) -> Analysis:
        """The analysis behind the first run of a row, for a figure of it; nothing is computed if the cache is on."""
        encoders = {one.name: one.specs[0] for one in reversed(self.plan.encoders)}
        detectors = {short_name(spec): spec for spec in reversed(self.plan.detectors)}
        analyzer = self.analyzer(
            encoders.get(row.key.encoder, self.plan.encoders[0].specs[0]),
            detectors.get(row.key.detector, next(iter(self.plan.detectors), "")),
        )
        analysis, _ = self.analyse(track.clip, analyzer)
        if row.key.scorer == "class list":
            return class_list(analysis)
        if row.key.scorer == "chance":
            return chance(analysis, seed=CHANCE_SEEDS[0])
        if (head := self.heads(analyzer).get(row.key.scorer)) is not None:
            trained = analyzer.with_scorer(head)
            return trained.rescore(analysis.features, track.clip.rules, settings=self.plan.settings)
        shown = [mode for mode in analysis.scores if row.key.mode in (mode, "both")]
        return replace(
            analysis,
            scores={mode: analysis.scores[mode] for mode in shown},
            events=tuple(event for event in analysis.events if event.mode in shown),
        )

    def _one(
        self, clip: LabClip, analyzer: Analyzer, encoder: str, detector: str, seed: int, title: str, report: Reporter
    ) -> None:
        try:
            with report(title) as on_progress:
                analysis, costs = self.analyse(clip, analyzer, on_progress)
            heads = self.heads(analyzer)
            found = [*self._tracks_of(clip, analysis, costs, encoder, detector, seed)]
            found += self._tracks_of_heads(clip, analysis, analyzer, costs, encoder, detector, seed)
            for key, run, track in found:
                self._tracks.setdefault((key, run), []).append(track)
                self._ids[key, run] = {
                    "encoder": analysis.encoder.id if key.encoder else "",
                    "precision": analysis.encoder.precision if key.encoder else "",
                    "detector": analysis.detector.id if key.detector and analysis.detector else "",
                    **({"head": heads[key.scorer].use.id} if key.scorer in heads else {}),
                }
        except ClipvadError as error:
            self.failed.append((str(clip.entry.video), str(error)))

    def _tracks_of(
        self,
        clip: LabClip,
        analysis: Analysis,
        costs: Mapping[Mode, Cost | None],
        encoder: str,
        detector: str,
        seed: int,
    ) -> Iterator[tuple[Key, int, Track]]:
        """Every new track that one analysis gives: what needs no encoder or no detector is taken once."""
        sha256 = analysis.video.sha256
        aligned = align(clip.entry, analysis)
        for mode in self.plan.modes:
            key = Key("zero-shot", encoder, "" if mode == "frame" else detector, mode)
            if not self._known(key, seed, clip):
                parts = [costs[one] for one in self.plan.needed if mode in (one, "both")]
                spent = [cost.total_s for cost in parts if cost is not None]
                cost_s = sum(spent) if len(spent) == len(parts) else None
                yield key, seed, track_of(clip, aligned, mode, sha256=sha256, cost_s=cost_s)
        key = Key("class list", "", detector, None)
        found = analysis.features.detections
        if found is not None and not self._known(key, 0, clip) and self._nameable(clip, found.names):
            cost = costs["object"]
            cost_s = cost.total_s - cost.encode_s if cost is not None else None
            yield (
                key,
                0,
                track_of(clip, align(clip.entry, class_list(analysis)), "object", sha256=sha256, cost_s=cost_s),
            )
        key = Key("chance", "", "", None)
        for run in CHANCE_SEEDS:
            if not self._known(key, run, clip):
                yield key, run, track_of(clip, align(clip.entry, chance(analysis, seed=run)), "frame", sha256=sha256)

    def _tracks_of_heads(
        self,
        clip: LabClip,
        analysis: Analysis,
        analyzer: Analyzer,
        costs: Mapping[Mode, Cost | None],
        encoder: str,
        detector: str,
        seed: int,
    ) -> Iterator[tuple[Key, int, Track]]:
        """As `_tracks_of`, for each head in each of its modes. It costs what the features cost."""
        for name, head in self.heads(analyzer).items():
            keys = {mode: Key(name, encoder, "" if mode == "frame" else detector, mode) for mode in head.modes}
            for mode, key in keys.items():
                if mode not in self.plan.modes or self._known(key, seed, clip):
                    continue
                trained = analyzer.with_scorer(head).rescore(analysis.features, clip.rules, settings=self.plan.settings)
                aligned, cost = align(clip.entry, trained), costs[mode]
                cost_s = cost.total_s if cost is not None else None
                yield key, seed, track_of(clip, aligned, mode, sha256=analysis.video.sha256, cost_s=cost_s)

    def _known(self, key: Key, run: int, clip: LabClip) -> bool:
        return any(track.clip is clip for track in self._tracks.get((key, run), ()))

    def _nameable(self, clip: LabClip, names: Sequence[str]) -> bool:
        """Whether the detector's classes are of the kind that sentences name: those of `motion` are not."""
        return len(names) > 1 or bool(named_classes(clip.rules, names))

    def _rows(self, clips: Sequence[LabClip]) -> Iterator[Row]:
        groups = list(dict.fromkeys(group for clip in clips for group in clip.groups))
        order: dict[str, int] = {"chance": 0, "class list": 1, "zero-shot": 2}
        keys = sorted(dict.fromkeys(key for key, _ in self._tracks), key=lambda key: order.get(key.scorer, len(order)))
        for group in groups:
            for key in keys:
                numbers = [run for one, run in self._tracks if one == key]
                runs = tuple(
                    tuple(track for track in self._tracks[key, run] if group in track.clip.groups) for run in numbers
                )
                if runs[0]:
                    yield Row(
                        set=group,
                        key=key,
                        runs=runs,
                        figures=tuple(measure(tracks) for tracks in runs),
                        ran=fingerprint(
                            runs[0],
                            scorer=key.scorer,
                            mode=key.mode,
                            models=[self._ids[key, run] for run in numbers],
                            fps=self.plan.fps,
                            settings=asdict(self.plan.settings),
                        ),
                    )
