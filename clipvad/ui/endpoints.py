"""What a program can call on the page's server with `gradio_client`: analyse, rescore, export, draft rules.

    client = Client("http://127.0.0.1:7860")
    result = client.predict(handle_file("clip.mp4"), "campus-walkway", "object", 0.5, 1.0, api_name="/analyze")
    result = client.predict(rule_file_text, 0.4, 1.0, api_name="/rescore")
    path = client.predict("video", api_name="/export")
    draft = client.predict("a car park", "cycling", "", api_name="/draft_rules")

One client is one session, apart from every other and from every page. `result` is the dict of analysis.json,
without the place of the clip on the server; `draft` that of `draft_to_dict`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any

import gradio as gr

from clipvad.core import DEFAULT_SMOOTH_S, ZERO_SHOT, Analysis, RuleSet, ScoreSettings
from clipvad.errors import ClipvadError, SettingsError
from clipvad.exports import analysis_to_dict
from clipvad.llm import Draft, Wish
from clipvad.rules import dump_rules, list_presets, load_rules, parse_rules
from clipvad.ui.controller import Controller
from clipvad.ui.drafting import plain, things
from clipvad.ui.heads import Heads
from clipvad.ui.session import Choice
from clipvad.ui.tabs.values import MODES, UNEXPECTED, session_key

log = logging.getLogger(__name__)


def add_endpoints(controller: Controller) -> None:
    """Register the endpoints in the current `gr.Blocks`. Their widgets are never shown; they type the inputs."""
    heads = Heads(controller)

    @_plainly
    def analyze(
        clip: str, rules: str, mode: str, threshold: float, smooth_s: float, scorer: str, request: gr.Request
    ) -> dict[str, Any]:
        """Analyse a clip. `rules`: a preset's name or a rule file's text. `mode`: frame, object or both. `scorer`:
        zero-shot or the name of a shipped head, also for the rescoring that follows.
        """
        if mode not in MODES:
            raise SettingsError(f"mode must be one of {', '.join(MODES)}, got {mode!r}.")
        if not clip:
            raise SettingsError("clip is missing: pass gradio_client.handle_file(path).")
        key = session_key(request)
        rule_set = _rules(rules)
        for _ in controller.take_clip(key, Path(clip)):
            pass
        heads.choose(key, scorer)
        settings = ScoreSettings(threshold=threshold, smooth_s=smooth_s)
        with closing(controller.analyze(key, rule_set, Choice(modes=MODES[mode]), settings)) as steps:
            for step in steps:
                if isinstance(step, Analysis):
                    return _result(step)
        raise ClipvadError("The analysis was stopped.")

    @_plainly
    def rescore(rules: str, threshold: float, smooth_s: float, request: gr.Request) -> dict[str, Any]:
        """Score the clip of this session again with other rules or settings: no model runs on the pictures."""
        settings = ScoreSettings(threshold=threshold, smooth_s=smooth_s)
        return _result(controller.rescore(session_key(request), _rules(rules), settings))

    @_plainly
    def export(kind: str, request: gr.Request) -> str:
        """One file of the session's analysis: analysis, scores, events, subtitles, video, rules, png, pdf, svg."""
        *_, path = controller.export(session_key(request), kind)
        return str(path)

    @_plainly
    def draft_rules(place: str, forbidden: str, policy: str, request: gr.Request) -> dict[str, Any]:
        """Suggest rules for a place in plain words. `forbidden`: one thing a line. No picture is sent anywhere."""
        wish = Wish(place=place, forbidden=things(forbidden), policy=policy)
        with closing(controller.desk.draft(session_key(request), wish)) as steps:
            *_, draft = steps
        assert isinstance(draft, Draft)
        return draft_to_dict(draft)

    default = ScoreSettings()
    with gr.Group(visible=False):
        clip = gr.File(label="clip")
        rules = gr.Textbox("campus-walkway", label="rules")
        mode = gr.Textbox("object", label="mode")
        threshold = gr.Number(default.threshold, label="threshold", minimum=0.01, maximum=1)
        smooth_s = gr.Number(DEFAULT_SMOOTH_S, label="smooth_s", minimum=0, maximum=60)
        scorer = gr.Textbox(ZERO_SHOT.id, label="scorer")
        kind = gr.Textbox("analysis", label="kind")
        place, forbidden, policy = (gr.Textbox(label=name) for name in ("place", "forbidden", "policy"))
        result, file = gr.JSON(label="result"), gr.File(label="file")
    settings = controller.engine.settings
    called = gr.Button(visible=False).click
    called(
        analyze, [clip, rules, mode, threshold, smooth_s, scorer], result, api_name="analyze", concurrency_limit=None
    )
    called(rescore, [rules, threshold, smooth_s], result, api_name="rescore", concurrency_limit=None)
    called(export, [kind], file, api_name="export", concurrency_limit=settings.concurrency)
    called(draft_rules, [place, forbidden, policy], result, api_name="draft_rules", concurrency_limit=None)


def draft_to_dict(draft: Draft) -> dict[str, Any]:
    """`source`, `suggestions` (see `plain`) and `rules`: the text of a rule file with those that are kept.

    `rules` is "" where they are no rule set, because one side has none.
    """
    rules = draft.rule_set(draft.accept(), name="draft")
    return {
        "source": draft.source,
        "suggestions": [plain(one) for one in draft.suggestions],
        "rules": "" if any(rules.faults()) else dump_rules(rules),
    }


def _rules(text: str) -> RuleSet:
    """A preset's name or a rule file's text; never a path, which would read the server's disk."""
    name = text.strip()
    if name in list_presets():
        return load_rules(name)
    if "\n" not in name:
        raise SettingsError(f"No preset {name!r}. Presets: {', '.join(list_presets())}. Or pass a rule file's text.")
    return parse_rules(text, source="rules")


def _result(analysis: Analysis) -> dict[str, Any]:
    document = analysis_to_dict(analysis)
    del document["video"]["path"]  # gradio_client takes a dict with a path for a file and would fetch it
    return document


def _plainly(function: Callable[..., Any]) -> Callable[..., Any]:
    """Errors for callers: the message of a `ClipvadError`, one general line for anything else."""

    @wraps(function)
    def wrapped(*args: Any) -> Any:
        try:
            return function(*args)
        except ClipvadError as error:
            raise gr.Error(str(error), print_exception=False) from None
        except Exception:
            log.exception("a call of the API failed")
            raise gr.Error(UNEXPECTED, print_exception=False) from None

    return wrapped
