"""The options that `score`, `compare` and `evaluate` share, and the analyzer and settings they describe."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_type_hints

import typer

if TYPE_CHECKING:
    from clipvad.cache import Cache
    from clipvad.core import Mode, RuleSet, ScoreSettings
    from clipvad.pipeline import Analyzer

DEFAULT_RULES = "street"


class ModeChoice(StrEnum):
    """`--mode`."""

    FRAME = "frame"
    OBJECT = "object"
    BOTH = "both"


RulesOption = Annotated[
    str, typer.Option("--rules", metavar="NAME|FILE", help="Preset (see `rules list`) or YAML file.")
]
ModeOption = Annotated[ModeChoice, typer.Option("--mode", help="Score whole frames, detected objects, or both.")]
EncoderOption = Annotated[
    str | None,
    typer.Option("--encoder", help="auto, bundled, open_clip:MODEL/PRETRAINED or open_clip:FOLDER. [default: auto]"),
]
DetectorOption = Annotated[
    str | None, typer.Option("--detector", help="auto, motion, yolo:NAME or yolo:FILE. [default: auto]")
]
ScorerOption = Annotated[
    str,
    typer.Option(
        "--scorer",
        metavar="zero-shot|NAME|FILE",
        help="By the rules' sentences, a trained head (see `models`), or a lesson.",
    ),
]
FpsOption = Annotated[
    float | None, typer.Option("--fps", help="Sampled frames per second of video. [default: 8]", show_default=False)
]
ThresholdOption = Annotated[float, typer.Option("--threshold", help="Score in (0, 1] at which an event begins.")]
SmoothOption = Annotated[
    float | None,
    typer.Option(
        "--smooth", help="Width of the sliding median (majority vote), seconds. [default: the rule set's, else 1]"
    ),
]
ClockOption = Annotated[
    str | None,
    typer.Option("--clock", metavar="HH:MM[:SS]", help="Time of day at the clip's start, for sentences with hours."),
]
DeviceOption = Annotated[str | None, typer.Option("--device", help="auto, cpu, cuda, cuda:1, mps. [default: auto]")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON summary on standard output, nothing else.")]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Neither read nor store embeddings and detections.")]
CacheDirOption = Annotated[Path | None, typer.Option("--cache-dir", help="Folder of stored embeddings.")]
ModelsDirOption = Annotated[Path | None, typer.Option("--models-dir", help="Folder of model weights.")]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """What to run, as given on the command line; None takes the operator's setting (`CLIPVAD_*`)."""

    rules: RulesOption = DEFAULT_RULES
    mode: ModeOption = ModeChoice.BOTH
    encoder: EncoderOption = None
    detector: DetectorOption = None
    scorer: ScorerOption = "zero-shot"
    fps: FpsOption = None
    threshold: ThresholdOption = 0.5
    smooth: SmoothOption = None
    clock: ClockOption = None
    device: DeviceOption = None
    no_cache: NoCacheOption = False
    cache_dir: CacheDirOption = None
    models_dir: ModelsDirOption = None

    @property
    def modes(self) -> tuple[Mode, ...]:
        choices: dict[ModeChoice, tuple[Mode, ...]] = {
            ModeChoice.FRAME: ("frame",),
            ModeChoice.OBJECT: ("object",),
            ModeChoice.BOTH: ("frame", "object"),
        }
        return choices[self.mode]

    def score_settings(self) -> ScoreSettings:
        """Raises `SettingsError` for a value out of range."""
        from clipvad.core import ScoreSettings
        from clipvad.errors import SettingsError

        if not 0 < self.threshold <= 1:
            raise SettingsError(f"--threshold must lie above 0 and at most at 1, got {self.threshold}.")
        if self.smooth is not None and not 0 <= self.smooth <= 3600:
            raise SettingsError(f"--smooth must lie between 0 and 3600 seconds, got {self.smooth}.")
        return ScoreSettings(
            threshold=self.threshold, smooth_s=self.smooth, clock_start_s=read_clock(self.clock) if self.clock else None
        )

    def load_rules(self) -> RuleSet:
        """Raises `RulesError`."""
        from clipvad.rules import load_rules

        return load_rules(self.rules).check()

    def analyzer(self, rules: RuleSet | None = None) -> Analyzer:
        """With its models loaded: a wrong name or missing weights end the call before the first clip.

        A mode that the scorer lacks ends it too, see `taken_by`. Says what runs, what it can't do, and which words of
        `rules` it does not know.
        """
        from clipvad.pipeline import Analyzer
        from clipvad.settings import Settings

        settings = Settings.from_env()
        analyzer = Analyzer(
            encoder=self.encoder or settings.encoder,
            detector=self.detector or settings.detector,
            scorer=self.scorer,
            fps=settings.fps if self.fps is None else self.fps,
            device=self.device or settings.device,
            cache=None if self.no_cache else open_cache(self.cache_dir),
            models_dir=self.models_dir or settings.models_dir,
            progress=_Downloads(),
        )
        self.taken_by(analyzer)._announce(analyzer, rules)
        return analyzer

    def taken_by(self, analyzer: Analyzer) -> RunOptions:
        """The same with both modes narrowed to those that the scorer has. Raises `SettingsError` where it has none."""
        from clipvad.scoring import check_modes

        modes = analyzer.scorer.modes
        if self.mode is ModeChoice.BOTH and len(modes) == 1:
            return replace(self, mode=ModeChoice(modes[0]))
        check_modes(analyzer.scorer, self.modes)
        return self

    def _announce(self, analyzer: Analyzer, rules: RuleSet | None) -> None:
        from clipvad.cli.console import say
        from clipvad.core import ZERO_SHOT

        used = [("encoder", analyzer.encoder.use)]
        if analyzer.scorer.use != ZERO_SHOT:
            used.insert(0, ("scorer", analyzer.scorer.use))
        if "object" in self.modes:
            used.append(("detector", analyzer.detector.use))
        for kind, use in used:
            where = ", ".join(part for part in (use.device, use.precision) if part)
            say(f"{kind}: {use.label}" + (f" ({where})" if where else ""))
            if use.limits:
                say(f"  note: {use.limits}")
        read = rules.sentences if rules is not None and analyzer.scorer.reads_sentences else ()
        words = sorted({word for text in read for word in analyzer.encoder.unknown_words(text)})
        if words:
            say(f"  note: words that this encoder does not know and ignores: {', '.join(words)}")


def with_run_options(*, without: tuple[str, ...] = (), **defaults: object) -> Callable[[Callable[..., None]], Any]:
    """The command with an option for each field of `RunOptions` in place of its parameter `run`.

    `without`: fields that this command does not offer; `defaults`: other defaults than those of `RunOptions`.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        hints = get_type_hints(RunOptions, include_extras=True)
        offered = [field for field in fields(RunOptions) if field.name not in without]
        options = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=defaults.get(field.name, field.default),
                annotation=_untold(hints[field.name]) if field.name in defaults else hints[field.name],
            )
            for field in offered
        ]
        own = [
            one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for one in inspect.signature(command, eval_str=True).parameters.values()
            if one.name != "run"
        ]
        needed = [one for one in own if one.default is one.empty]
        parameters = [*needed, *options, *(one for one in own if one not in needed)]

        @wraps(command)
        def wrapped(**given: Any) -> None:
            run = RunOptions(**{field.name: given.pop(field.name) for field in offered})
            command(run=run, **given)

        wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapped.__annotations__ = {one.name: one.annotation for one in parameters}
        del wrapped.__wrapped__  # type: ignore[attr-defined]
        return wrapped

    return decorate


def _untold(option: Any) -> Any:
    """The same option without the default that its help tells, since another one counts here and is shown."""
    kind, info = get_args(option)
    info = copy(info)
    info.help = info.help.partition(" [default: ")[0]
    return Annotated[kind, info]


def read_clock(text: str) -> float:
    """Seconds since midnight of "20:30" or "20:30:15". Raises `SettingsError` that names the option."""
    from clipvad import core
    from clipvad.errors import SettingsError

    try:
        return core.read_clock(text)
    except SettingsError as error:
        raise SettingsError(f"--clock: {error}") from None


def open_cache(cache_dir: Path | None) -> Cache:
    """The store that the page uses too, in the operator's cache folder or the given one."""
    from clipvad.cache import Cache
    from clipvad.settings import Settings

    settings = Settings.from_env()
    return Cache((cache_dir or settings.cache_dir) / "features", max_bytes=settings.cache_mb << 20)


class _Downloads:
    """Says what is fetched, once a tenth."""

    def __init__(self) -> None:
        self._last: tuple[str, int] | None = None

    def __call__(self, text: str, fraction: float) -> None:
        from clipvad.cli.console import say

        now = (text, int(fraction * 10))
        if now != self._last:
            self._last = now
            say(f"{text} {fraction:.0%}")
