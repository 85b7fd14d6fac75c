"""The page as a Hugging Face Space or by hand: `python app.py`. Settings come from the environment."""

from __future__ import annotations

import sys

from clipvad.errors import ClipvadError
from clipvad.settings import Settings
from clipvad.ui.app import build_demo, launch

try:
    settings = Settings.from_env()
    demo = build_demo(settings)
    if __name__ == "__main__":
        launch(demo, settings)
except ClipvadError as error:
    sys.exit(str(error))
