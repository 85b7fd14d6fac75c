"""What our own components have in common: template, styles and scripts beside their Python, handed to `gr.HTML`."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def parts(folder: Path, *scripts: str, styles: tuple[str, ...] = ("style.css",)) -> dict[str, Any]:
    """The arguments of `gr.HTML` for the component in `folder`: its template.html, `styles` and `scripts`.

    Names are relative to the folder, so scripts are shared as "../dom.js". Order matters: the files of a component
    share one function scope, and each uses only what stands above it.
    """
    return {
        "html_template": (folder / "template.html").read_text("utf-8"),
        "css_template": "\n".join((folder / name).read_text("utf-8") for name in styles),
        "js_on_load": "\n".join((folder / name).read_text("utf-8") for name in scripts),
        "apply_default_css": False,
    }
