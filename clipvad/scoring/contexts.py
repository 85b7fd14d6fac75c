"""Comparisons: which sentences compete for an object, when some hold only in a zone, at an hour or after a while.

A softmax over all sentences would let "a person walking", normal outside, answer for a person in a no-entry zone. So
the sentences without a zone are compared with each other, for every object, and for each zone the sentences bound to
it, for objects inside. An object's score is its largest. Sentences that do not hold now are left out; where no normal
sentence is left, neutral ones that name what else may be there take its side, since a score needs two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Detections, Embeddings, Features, RuleSet
from clipvad.scoring.conditions import foot_points, in_hours, stay_s, stayed_enough
from clipvad.scoring.logits import logits_of

NEUTRAL = ("an empty place", "the ground", "a vehicle", "an animal")  # never shown; chosen in docs/LOG.md


@dataclass(frozen=True, repr=False)
class Context:
    """One comparison of M rows with N sentences and K neutral ones.

    `cosines` float32 [M, N]: for people. `logits` float32 [M, N + K]: what the softmax takes (Eq. 13), -inf for a
    neutral one that takes no part. `holds` bool [M, N].
    """

    cosines: NDArray[np.float32]
    logits: NDArray[np.float32]
    holds: NDArray[np.bool_]

    def of(self, rows: NDArray[np.int64]) -> Context:
        """The same comparison of some of the rows."""
        return Context(self.cosines[rows], self.logits[rows], self.holds[rows])


def neutral_sentences(rules: RuleSet) -> tuple[str, ...]:
    """What must be encoded besides `rules.sentences`: nothing, unless a sentence is bound to something."""
    return NEUTRAL if rules.is_conditional else ()


def object_contexts(
    features: Features,
    detections: Detections,
    objects: Embeddings,
    texts: Embeddings,
    rules: RuleSet,
    clock_start_s: float | None,
    *,
    temperature: float,
) -> Iterator[Context]:
    """The comparisons of M objects."""
    columns = len(rules.rules)
    cosines, logits = logits_of(objects, texts, temperature=temperature)
    now = in_hours(features.pts_s, rules, clock_start_s)[detections.frame]
    feet = foot_points(detections, features.video)
    everywhere = stay_s(detections, features.pts_s, np.ones(len(detections), bool))
    bound = _bound_to(None, rules)
    holds = now & bound & stayed_enough(everywhere, rules)
    yield Context(cosines[:, :columns], _unlike(bound, logits, texts, rules), holds)
    for zone in rules.zones_used:
        inside, bound = zone.contain(feet), _bound_to(zone.name, rules)
        holds = now & inside[:, None] & bound & stayed_enough(stay_s(detections, features.pts_s, inside), rules)
        yield Context(cosines[:, :columns], _unlike(bound, logits, texts, rules), holds)


def frame_contexts(
    features: Features,
    frames: Embeddings,
    texts: Embeddings,
    rules: RuleSet,
    clock_start_s: float | None,
    *,
    temperature: float,
) -> Iterator[Context]:
    """The comparisons of T frames; a zone's sentences see the part of the picture around it.

    A frame has no track, so sentences with a dwell time never hold. Zones that were not extracted are left out.
    """
    now = in_hours(features.pts_s, rules, clock_start_s) & np.array([rule.dwell_s == 0 for rule in rules.rules])
    pictures = {None: frames} | {zone.name: features.zones.get(zone.box) for zone in rules.zones_used}
    for zone_name, seen in pictures.items():
        if seen is not None:
            bound = _bound_to(zone_name, rules)
            cosines, logits = logits_of(seen, texts, temperature=temperature)
            yield Context(cosines[:, : len(rules.rules)], _unlike(bound, logits, texts, rules), now & bound)


def _bound_to(zone: str | None, rules: RuleSet) -> NDArray[np.bool_]:
    """bool [N]: the sentences of one context; None for those without a zone."""
    return np.array([zone in rule.zones if zone is not None else not rule.zones for rule in rules.rules], bool)


def _unlike(
    bound: NDArray[np.bool_], logits: NDArray[np.float32], texts: Embeddings, rules: RuleSet
) -> NDArray[np.float32]:
    """The logits without the neutral sentences that say the same as an abnormal one of the comparison.

    "A vehicle" must not answer for "a van". Encoders differ in how alike any two sentences are, so the same means more
    than half-way from the nearest other neutral sentence to the sentence itself.
    """
    columns = len(bound)
    if not (neutral := texts.vectors[columns:].astype(np.float32)).size:
        return logits
    among = neutral @ neutral.T
    np.fill_diagonal(among, -1)
    nearest = np.max(neutral @ texts.vectors[:columns][bound & rules.is_abnormal].T, axis=1, initial=-1)
    said = nearest > (1 + among.max(axis=1)) / 2
    if not said.any() or said.all():
        return logits
    logits = logits.copy()
    logits[:, columns:][:, said] = -np.inf
    return logits
