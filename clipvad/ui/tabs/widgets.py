"""The Analyze tab's widgets: clip, rules and settings on the left; player, timeline and files on the right."""

from __future__ import annotations

from typing import Any

import gradio as gr

from clipvad.core import DEFAULT_SMOOTH_S, ZERO_SHOT, ScoreSettings
from clipvad.rules import list_presets, load_rules
from clipvad.settings import Settings
from clipvad.ui import views
from clipvad.ui.downloads import downloads_row
from clipvad.ui.drafting import draft_panel
from clipvad.ui.explain import explain_panel
from clipvad.ui.gallery import gallery
from clipvad.ui.rules_editor import rules_editor
from clipvad.ui.sentences import sentences_panel
from clipvad.ui.timeline import Timeline

MODE_LABELS = [("Whole frame", "frame"), ("Objects", "object"), ("Both", "both")]
ZERO_SHOT_LABEL = "Zero-shot (your sentences)"
ENCODERS = ["auto", "bundled", "open_clip:ViT-B-32-quickgelu/openai", "open_clip:ViT-B-16/laion2b_s34b_b88k"]
DETECTORS = ["auto", "yolo:yolo11n", "yolo:yolo11s", "motion"]


class ModeChoice(gr.Radio):  # type: ignore[misc]  # gradio is untyped here
    """A radio whose value is taken as it comes: handlers check it.

    A browser may ask twice at once (a dropdown's `input` does), and the first answer may take a choice away: a plain
    radio answers the second with an error that the user can do nothing about.
    """

    is_template = True  # drawn as its parent

    def preprocess(self, payload: Any) -> Any:
        return payload


class AnalyzeWidgets:
    """The tab's widgets, laid out. Build inside a `gr.Blocks`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        with gr.Row(elem_id="pg-columns"):
            with gr.Column(scale=37, min_width=330, elem_id="pg-left"):
                self._clip_card()
                self._rules_card()
                self._scoring_card()
                self._run_card()
            with gr.Column(scale=63, min_width=330, elem_id="pg-right"):
                self.timeline = Timeline(elem_id="pg-timeline")
                self.unexplained = gr.HTML("", apply_default_css=False)
                self.explain = explain_panel(elem_id="pg-explain")
                self.sentences = sentences_panel(elem_id="pg-sentences")
                self.downloads = downloads_row(elem_id="pg-downloads")

    @property
    def knobs(self) -> list[Any]:
        """The widgets whose values are the score's settings, in the order of `score_settings`."""
        return [self.threshold, self.smooth, self.merge, self.shortest, self.clock]

    @property
    def scorer_widgets(self) -> list[Any]:
        """What shows which scorer is chosen."""
        return [self.scorer, self.head_card, self.kept, self.unexplained]

    def _clip_card(self) -> None:
        with gr.Column(elem_classes="pg-card", elem_id="pg-clip"):
            gr.HTML("<h2>Clip</h2>", apply_default_css=False)
            self.upload = gr.File(
                label="Drop a video here, or click to choose one",
                file_count="single",
                height=46,
                show_label=False,
                elem_id="pg-upload",
            )
            self.clip = gr.HTML(views.clip_line(None), apply_default_css=False)
            self.examples = gallery(elem_id="pg-examples")

    def _rules_card(self) -> None:
        places = [(load_rules(name).title or name, name) for name in list_presets()]
        with gr.Column(elem_classes="pg-card", elem_id="pg-rules"):
            gr.HTML("<h2>Place and rules</h2>", apply_default_css=False)
            with gr.Row(elem_classes="pg-row"):
                self.place = gr.Dropdown(
                    places, value=None, show_label=False, container=False, scale=3, min_width=160,
                    elem_id="pg-place", elem_classes="pg-boxed",
                )  # fmt: skip
                self.rule_file = gr.UploadButton(
                    "Open rule file", file_types=[".yaml", ".yml"], size="sm", scale=1, min_width=110
                )
            self.kept = gr.HTML("", apply_default_css=False)
            self.draft = draft_panel(elem_id="pg-draft")
            self.editor = rules_editor(elem_id="pg-editor")

    def _scoring_card(self) -> None:
        default = ScoreSettings()
        with gr.Column(elem_classes="pg-card", elem_id="pg-scoring"):
            with gr.Row(elem_classes="pg-row"):
                self.scorer = gr.Dropdown(
                    [(ZERO_SHOT_LABEL, ZERO_SHOT.id)], value=ZERO_SHOT.id, label="Score with", scale=3, min_width=160,
                    elem_id="pg-scorer", elem_classes="pg-boxed",
                )  # fmt: skip
                self.head_file = gr.UploadButton(
                    "Upload a checkpoint", file_types=[".safetensors"], size="sm", scale=1, min_width=110,
                    elem_id="pg-head-file",
                )  # fmt: skip
            self.head_card = gr.HTML("", apply_default_css=False)
            self.mode = ModeChoice(MODE_LABELS, value="object", label="Look at", elem_id="pg-mode")
            self.threshold = gr.Slider(0.01, 1, default.threshold, step=0.01, label="Threshold", elem_id="pg-threshold")
            self.smooth = gr.Slider(
                0, 5, DEFAULT_SMOOTH_S, step=0.1, label="Smoothing (s, sliding median)", elem_id="pg-smooth"
            )
            with gr.Accordion("Advanced", open=False, elem_id="pg-advanced"):
                self.merge = gr.Slider(0, 10, default.merge_s, step=0.25, label="Close gaps shorter than (s)")
                self.shortest = gr.Slider(0, 10, default.min_s, step=0.25, label="Drop events shorter than (s)")
                self.clock = gr.Textbox(
                    label="Clip starts at (HH:MM)", placeholder="not known: hours limit nothing", max_length=20,
                    elem_id="pg-clock",
                )  # fmt: skip
                self.fps = gr.Slider(1, 30, self.settings.fps, step=1, label="Sampled frames per second of video")
                self.encoder = gr.Dropdown(
                    list(dict.fromkeys([self.settings.encoder, *ENCODERS])), value=self.settings.encoder,
                    label="Encoder", elem_classes="pg-boxed",
                )  # fmt: skip
                self.detector = gr.Dropdown(
                    list(dict.fromkeys([self.settings.detector, *DETECTORS])), value=self.settings.detector,
                    label="Detector", elem_classes="pg-boxed",
                )  # fmt: skip

    def _run_card(self) -> None:
        with gr.Column(elem_classes="pg-card", elem_id="pg-run"):
            self.analyze = gr.Button("Analyze", variant="primary", elem_id="pg-analyze")
            self.stop = gr.Button("Stop", variant="stop", visible=False, elem_id="pg-stop")
            self.status = gr.HTML(views.note("Loading."), apply_default_css=False, elem_id="pg-status")
