"""A trained checkpoint as a scorer of the product: class probabilities of every frame, or of every tracked object."""

from __future__ import annotations

import hashlib
import json
import math
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from clipvad.core import Embeddings, Features, Mode, ModelUse, Rule, RuleSet, Scores
from clipvad.errors import EncoderMismatchError, ModelError, SettingsError
from clipvad.events import median_smooth, window_of
from clipvad.nn.checkpoint import EMBEDDINGS, Checkpoint
from clipvad.nn.inference import class_probabilities, object_probabilities
from clipvad.scoring.similarity import abnormal_mass, of_winners, strongest, top_sentence

MAX_CLASSES, MAX_NAME = 200, 100


class VideoScorer:
    """Scores with a video-level model (Dong 2024, section 3.2): its own classes stand in place of the user's rules.

    A score is what the normal class leaves, in [0, 1]. A head for whole frames sees the clip as one sequence; one for
    objects sees every track as a sequence, and an object without a track by itself. Safe to share between threads.
    Raises `ModelError` for a checkpoint whose classes or weights cannot be used.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self._model = checkpoint.model()
        self._classes = checkpoint.embeddings
        self._last: dict[Mode, tuple[weakref.ref[Embeddings], NDArray[np.float32]]] = {}
        _check_classes(checkpoint)
        self._digest = _digest(checkpoint)

    @classmethod
    def load(cls, path: Path) -> VideoScorer:
        """From the file that training wrote. Raises `ModelError`."""
        return cls(Checkpoint.load(path))

    @property
    def name(self) -> str:
        return self.checkpoint.name

    @property
    def use(self) -> ModelUse:
        return ModelUse(
            id=f"video:{self.name}@{self._digest}",
            label=f"head {self.name}",
            limits=self.checkpoint.limits,
            device="cpu",
        )

    @property
    def modes(self) -> tuple[Mode, ...]:
        return (self.checkpoint.spec.picture,)

    @property
    def reads_sentences(self) -> bool:
        return False

    @property
    def nbytes(self) -> int:
        """Memory that it holds, in bytes."""
        return sum(tensor.nbytes for tensor in self.checkpoint.state.values())

    def at(self, temperature: float) -> VideoScorer:
        return self  # its temperature was learned with

    def check(self, *, encoder_id: str, fps: float) -> None:
        spec = self.checkpoint.spec
        if spec.encoder_id != encoder_id:
            raise EncoderMismatchError(
                f"The head {self.name!r} was trained on features of the encoder {spec.encoder_id}, but {encoder_id} "
                "runs. Choose that encoder, a head for this one, or zero-shot scoring."
            )
        if spec.sampling != "fps" or not spec.normalised:
            raise SettingsError(
                f"The head {self.name!r} was trained on features that clips are not analysed with: {spec.label}. "
                "It needs single frames, so many a second, as unit vectors."
            )
        if not math.isclose(spec.step, fps):
            raise SettingsError(
                f"The head {self.name!r} was trained on {spec.step:g} sampled frames a second, but {fps:g} are sampled "
                f"here. Set the sampled frames a second to {spec.step:g}."
            )

    def rules_for(self, rules: RuleSet) -> RuleSet:
        """Its classes; of the user's rules, only how much they smooth."""
        normal, *abnormal = (Rule(text=name, category=name) for name in self.checkpoint.classes)
        return RuleSet(
            name=self.name,
            title=f"classes of the head {self.name}",
            normal=(normal,),
            abnormal=tuple(abnormal),
            smooth_s=rules.smooth_s,
        )

    def texts_for(self, texts: Embeddings, rules: RuleSet) -> Embeddings:
        return texts  # it reads none

    def remarks(self, features: Features, rules: RuleSet) -> tuple[str, ...]:
        """What differs from its training: a clip of fewer frames a second, objects that another detector found."""
        spec, found, said = self.checkpoint.spec, features.detections, []
        if 0 < features.video.fps < 0.95 * spec.step:
            said.append(
                f"The head {self.name!r} was trained on {spec.step:g} frames a second; this clip has "
                f"{features.video.fps:.3g}, so everything moves faster than it learned."
            )
        if spec.detector_id and found is not None and found.detector_id != spec.detector_id:
            said.append(
                f"The head {self.name!r} was trained on objects that {spec.detector_id} found; here they are "
                f"{found.detector_id}'s."
            )
        return tuple(said)

    def score(
        self,
        features: Features,
        texts: Embeddings,
        rules: RuleSet,
        *,
        mode: Mode,
        smooth_s: float | None = None,
        clock_start_s: float | None = None,
    ) -> Scores:
        """Score every frame; `cosines` are NaN. Raises `ValueError` for a mode that it or the features lack."""
        if mode not in self.modes:
            raise ValueError(f"this head was trained for {self.modes}, not {mode!r}")
        winner, per_object, per_class = np.full(len(features), -1, np.int32), None, None
        frames, detections, objects = features.frames, features.detections, features.objects
        if mode == "frame" and frames is not None:
            probabilities = self._remembered(
                mode, frames, lambda: class_probabilities(self._model, frames.vectors[None], self._classes)
            )
            score, cosines = abnormal_mass(probabilities, rules), np.full_like(probabilities, np.nan)
        elif mode == "object" and detections is not None and objects is not None:
            per_class = self._remembered(
                mode,
                objects,
                lambda: object_probabilities(self._model, objects.vectors, detections.track, self._classes),
            )
            per_object = abnormal_mass(per_class, rules)
            winner = strongest(detections, per_object, len(features))
            score, probabilities, cosines = of_winners(winner, per_object, per_class, np.full_like(per_class, np.nan))
        else:
            raise ValueError(f"these features hold {features.modes}, not {mode!r}")
        return Scores(
            mode=mode,
            pts_s=features.pts_s,
            score=score,
            smooth=median_smooth(score, window_of(smooth_s, features.pts_s)),
            probabilities=probabilities,
            cosines=cosines,
            winner=winner,
            object_score=per_object,
            object_top=None if per_class is None else top_sentence(per_class),
        )

    def _remembered(self, mode: Mode, seen: Embeddings, work: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
        """What it made of these vectors the last time: a threshold that is dragged must not run the model."""
        known = self._last.get(mode)
        if known is not None and known[0]() is seen:
            return known[1]
        found = work()
        self._last[mode] = (weakref.ref(seen), found)
        return found


def _digest(checkpoint: Checkpoint) -> str:
    made = hashlib.sha256(json.dumps(checkpoint.card, sort_keys=True).encode())
    tensors = dict(checkpoint.state)
    if checkpoint.embeddings is not None:
        tensors[EMBEDDINGS] = checkpoint.embeddings
    for name, tensor in sorted(tensors.items()):
        made.update(name.encode() + tensor.float().numpy().tobytes())
    return made.hexdigest()[:12]


def _check_classes(checkpoint: Checkpoint) -> None:
    classes, two = checkpoint.classes, checkpoint.config.branch == "classifier"
    named = all(isinstance(name, str) and name.strip() and len(name) <= MAX_NAME for name in classes)
    if not named or not 2 <= len(set(classes)) == len(classes) <= MAX_CLASSES or (two and len(classes) != 2):
        raise ModelError(
            f"The classes of the head {checkpoint.name!r} cannot be used: it needs 2 to {MAX_CLASSES} different names "
            f"of at most {MAX_NAME} letters, normal first, and a classifier exactly 2."
        )
    if not all(torch.isfinite(tensor).all() for tensor in checkpoint.state.values()):
        raise ModelError(f"The weights of the head {checkpoint.name!r} are not finite.")
