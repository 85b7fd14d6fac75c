"""The whole page: header, tabs, endpoints; and how it is served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from clipvad.errors import ClipvadError, SettingsError
from clipvad.settings import Settings
from clipvad.ui import views
from clipvad.ui.controller import Controller
from clipvad.ui.endpoints import add_endpoints
from clipvad.ui.engine import Engine
from clipvad.ui.examples import EXAMPLES
from clipvad.ui.session import SessionStore
from clipvad.ui.tabs.about import about_html
from clipvad.ui.tabs.compare import CompareTab
from clipvad.ui.tabs.scorer import AnalyzeScorerTab
from clipvad.ui.tabs.sentences import Explanations
from clipvad.ui.theme import FAVICON, HEAD, PAGE_CSS, theme

QUEUE_PLACES = 40
UPLOAD_SWEEP_S, UPLOAD_AGE_S = 900, 7200


def build_demo(settings: Settings) -> gr.Blocks:
    """The page for `settings`. Models load in the background; the first page shows the example when they have."""
    engine = Engine(settings)
    # Gradio serves files under its upload folder; a session's folder there has a name that nobody can guess.
    store = SessionStore(Path(get_upload_folder()) / "clipvad")
    controller = Controller(engine, store)
    with gr.Blocks(
        title="clipvad", analytics_enabled=False, fill_width=True, delete_cache=(UPLOAD_SWEEP_S, UPLOAD_AGE_S)
    ) as demo:
        gr.HTML(views.HEADER, js_on_load=views.HEADER_JS, apply_default_css=False)
        models = gr.HTML(views.models_line(None, None), apply_default_css=False, elem_id="pg-models")
        with gr.Tabs(elem_id="pg-tabs"):
            with gr.Tab("Analyze"):
                analyze = AnalyzeScorerTab(controller, models=models)
            with gr.Tab("Compare") as compare_tab:
                compare = CompareTab(controller)
            with gr.Tab("About"):
                about = gr.HTML(about_html(None, settings), apply_default_css=False)
        analyze.wire(demo)
        Explanations(analyze).wire()
        compare.wire(compare_tab)

        def tell_about() -> str:
            try:
                return about_html(engine.example(), settings)
            except ClipvadError:  # the Analyze tab says why
                return about_html(None, settings)

        demo.load(tell_about, outputs=about, show_progress="hidden", api_visibility="private", concurrency_limit=None)
        add_endpoints(controller)
    demo.queue(max_size=QUEUE_PLACES)
    engine.warm_up()
    return demo


def launch_options(settings: Settings) -> dict[str, Any]:
    """How `gr.Blocks.launch` serves the page: our look, no tracking, no files but the examples and the session's."""
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "theme": theme(),
        "css_paths": [PAGE_CSS],
        "head": HEAD,
        "favicon_path": str(FAVICON),
        "allowed_paths": [str(example.video) for example in EXAMPLES],
        "max_file_size": settings.max_upload_mb << 20,
        "show_error": False,
        "run_history": False,
        "enable_monitoring": False,
        "footer_links": ["api"],
        "ssr_mode": False,
        "share": False,
        "pwa": False,
        "mcp_server": False,
    }


def launch(demo: gr.Blocks, settings: Settings) -> None:
    """Serve the page until interrupted. Raises `SettingsError` where the address cannot be had."""
    try:
        demo.launch(**launch_options(settings))
    except OSError as error:
        raise SettingsError(
            f"The page cannot be served on {settings.host}:{settings.port} ({error}). "
            "Another program may hold the port: set GRADIO_SERVER_PORT or --port to another."
        ) from None


def serve(settings: Settings) -> None:
    """Build the page and serve it until interrupted. Raises `SettingsError` where the address cannot be had."""
    launch(build_demo(settings), settings)
