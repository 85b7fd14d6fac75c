"""The look: one palette for Gradio's widgets and for our own components, light and dark, no remote fonts.

Our components read the `--cv-*` variables of page.css; Gradio's theme is set from the same variables, so a
colour is changed in one place.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr

_HERE = Path(__file__).parent
PAGE_CSS = _HERE / "page.css"
FAVICON = _HERE / "favicon.svg"
SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace")

# Before the first paint: the reader's own choice of light or dark, if there is one.
HEAD = """
<meta name="referrer" content="no-referrer">
<script>
  addEventListener('DOMContentLoaded', () => {
    const chosen = localStorage.getItem('clipvad-theme');
    if (chosen) document.body.classList.toggle('dark', chosen === 'dark');
  });
</script>
"""


def theme() -> gr.themes.Base:
    """Gradio's theme in the palette of page.css."""
    return gr.themes.Base(
        font=list(SANS),
        font_mono=list(MONO),
        text_size=gr.themes.sizes.text_sm,
        spacing_size=gr.themes.sizes.spacing_sm,
        radius_size=gr.themes.sizes.radius_sm,
    ).set(**_tokens())


def _tokens() -> dict[str, str]:
    both = {
        "body_background_fill": "var(--cv-ground)",
        "body_text_color": "var(--cv-ink)",
        "body_text_color_subdued": "var(--cv-muted)",
        "background_fill_primary": "var(--cv-panel)",
        "background_fill_secondary": "var(--cv-sunken)",
        "border_color_primary": "var(--cv-line)",
        "border_color_accent": "var(--cv-accent)",
        "color_accent_soft": "var(--cv-sunken)",
        "block_background_fill": "var(--cv-panel)",
        "block_border_color": "var(--cv-line)",
        "block_label_background_fill": "transparent",
        "block_label_text_color": "var(--cv-muted)",
        "block_title_text_color": "var(--cv-ink)",
        "block_info_text_color": "var(--cv-muted)",
        "input_background_fill": "var(--cv-panel)",
        "input_border_color": "var(--cv-line)",
        "input_border_color_focus": "var(--cv-accent)",
        "input_placeholder_color": "var(--cv-muted)",
        "button_primary_background_fill": "var(--cv-accent)",
        "button_primary_background_fill_hover": "var(--cv-accent-strong)",
        "button_primary_text_color": "var(--cv-on-accent)",
        "button_primary_border_color": "transparent",
        "button_secondary_background_fill": "var(--cv-panel)",
        "button_secondary_background_fill_hover": "var(--cv-sunken)",
        "button_secondary_text_color": "var(--cv-ink)",
        "button_secondary_border_color": "var(--cv-line)",
        "button_cancel_background_fill": "var(--cv-panel)",
        "button_cancel_background_fill_hover": "var(--cv-sunken)",
        "button_cancel_text_color": "var(--cv-alert)",
        "button_cancel_border_color": "var(--cv-alert)",
        "checkbox_background_color_selected": "var(--cv-accent)",
        "checkbox_border_color_selected": "var(--cv-accent)",
        "checkbox_label_background_fill": "var(--cv-panel)",
        "checkbox_label_background_fill_hover": "var(--cv-sunken)",
        "checkbox_label_background_fill_selected": "var(--cv-sunken)",
        "checkbox_label_border_color_selected": "var(--cv-accent)",
        "checkbox_label_text_color_selected": "var(--cv-ink)",
        "slider_color": "var(--cv-accent)",
        "link_text_color": "var(--cv-accent)",
        "link_text_color_hover": "var(--cv-accent-strong)",
        "table_border_color": "var(--cv-line)",
    }
    once = {
        "block_shadow": "none",
        "block_label_shadow": "none",
        "block_border_width": "1px",
        "block_label_border_width": "0px",
        "button_primary_shadow": "none",
        "button_secondary_shadow": "none",
        "input_shadow": "none",
        "button_border_width": "1px",
        "section_header_text_weight": "500",
        "block_title_text_weight": "500",
        "layout_gap": "10px",
        "block_radius": "8px",
        "button_large_radius": "7px",
    }
    return {**both, **{f"{name}_dark": value for name, value in both.items()}, **once}
