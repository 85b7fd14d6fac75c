"""The whole page: header, tabs, endpoints; and how it is served."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from clipvad.settings import Settings
from clipvad.ui import views
from clipvad.ui.controller import Controller
from clipvad.ui.endpoints import add_endpoints
from clipvad.ui.engine import EXAMPLE, Engine
from clipvad.ui.session import SessionStore
from clipvad.ui.tabs.about import about_html
from clipvad.ui.tabs.analyze import AnalyzeTab
from clipvad.ui.theme import HEAD, PAGE_CSS, theme

QUEUE_PLACES = 40
UPLOAD_SWEEP_S, UPLOAD_AGE_S = 900, 7200

log = logging.getLogger(__name__)


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
                analyze = AnalyzeTab(controller, models=models)
            with gr.Tab("About"):
                about = gr.HTML(about_html(None, settings), apply_default_css=False)
        analyze.wire(demo)
        demo.load(
            lambda: about_html(engine.example, settings),
            outputs=about, show_progress="hidden", api_visibility="private", concurrency_limit=None,
        )  # fmt: skip
        add_endpoints(controller)
    demo.queue(max_size=QUEUE_PLACES)
    engine.warm_up()
    return demo


def launch_options(settings: Settings) -> dict[str, Any]:
    """How `gr.Blocks.launch` serves the page: our look, no tracking, no files but the example and the session's."""
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "theme": theme(),
        "css_paths": [PAGE_CSS],
        "head": HEAD,
        "allowed_paths": [str(EXAMPLE)],
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


def serve(settings: Settings, *, host: str | None = None, port: int | None = None) -> None:
    """Serve the page until interrupted. `host` and `port` override the settings'."""
    options = launch_options(settings)
    options["server_name"] = host or options["server_name"]
    options["server_port"] = port or options["server_port"]
    logging.getLogger("httpx").setLevel(logging.WARNING)  # Gradio asks itself whether it is up
    build_demo(settings).launch(**options)
