"""The page as a Hugging Face Space or by hand: `python app.py`. Settings come from the environment."""

from __future__ import annotations

from clipvad.settings import Settings
from clipvad.ui.app import build_demo, launch_options

settings = Settings.from_env()
demo = build_demo(settings)

if __name__ == "__main__":
    demo.launch(**launch_options(settings))
