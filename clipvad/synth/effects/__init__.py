"""What has no body: fire, smoke, an explosion, broken glass. Each can draw any instant alone, from its seed."""

from clipvad.synth.effects.explosion import Explosion
from clipvad.synth.effects.fire import Fire
from clipvad.synth.effects.glass import BrokenGlass
from clipvad.synth.effects.smoke import Smoke

__all__ = ["BrokenGlass", "Explosion", "Fire", "Smoke"]
