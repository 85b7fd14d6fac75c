"""Errors meant for people: each message says what is wrong and what to do about it.

The command line prints `str(error)` and exits; the page shows it in place. Nothing else of an error
reaches a user, so a message must stand alone: name the file, the allowed values, the next step.
"""

from __future__ import annotations


class ClipvadError(Exception):
    """Base of every error that a user can mend."""


class VideoError(ClipvadError):
    """The input is no video, or holds too little of one to analyse."""


class RulesError(ClipvadError):
    """A rule set cannot be read, or has nothing to compare (an empty side)."""


class EncoderError(ClipvadError):
    """An encoder is unknown, or its weights cannot be found or loaded."""


class EncoderMismatchError(EncoderError):
    """Features and text, or features and a checkpoint, come from two different encoders."""


class ModelError(ClipvadError):
    """A trained model or its settings do not fit what they are used with."""


class FeaturesError(ClipvadError):
    """Features of videos are missing, broken, or made in another way than what they are used with."""


class DataSetError(ClipvadError):
    """A data set's lists or ground-truth files are missing or contradict each other."""


class DetectorError(ClipvadError):
    """A detector is unknown, or its weights cannot be found or loaded."""


class ManifestError(ClipvadError):
    """An evaluation manifest or annotation file cannot be read."""


class SettingsError(ClipvadError):
    """An option or environment variable has a value outside its range."""


class LLMError(ClipvadError):
    """A language model could not be asked, or its answer cannot be used. Never holds the key."""


class LLMCancelledError(LLMError):
    """The user stopped a draft while the language model was being asked."""
