"""The page's engine over stand-ins for the models."""

from __future__ import annotations

from clipvad.pipeline import Analyzer
from clipvad.settings import Settings
from clipvad.ui.engine import Engine
from tests.fakes import ColourEncoder, SquareDetector


class ColourEngine(Engine):
    """Analyses by colour; the example is not asked for."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.images = ColourEncoder()
        self.the_analyzer = Analyzer(encoder=self.images, detector=SquareDetector(), cache=self.cache)

    def analyzer(self, modes: object = (), **_: object) -> Analyzer:
        return self.the_analyzer
