"""One frame explained: where in the picture a sentence fits, and what each object of the frame was taken for.

The map needs nothing of the model but its image encoder. Square crops of three sizes are laid over the picture, each
overlapping half of its neighbour, and every crop is judged as if it were the whole picture. A crop's value stands at
its centre; between centres it is interpolated, and the map is the mean over the sizes (sliding windows and image
pyramids, as in detectors before region proposals). It says what the encoder makes of the parts, not which pixels
moved its judgement of the whole: see docs/explaining.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipvad.core import Embeddings, Features, RuleSet
from clipvad.encoders.base import Encoder
from clipvad.scoring.contexts import object_contexts
from clipvad.scoring.logits import logits_of
from clipvad.scoring.similarity import abnormal_mass, compare, softmax

SIDES = (1 / 2, 1 / 3, 1 / 5)  # of the crops, as parts of the picture's shorter side
BATCH = 32  # crops between two reports: a stop is heard this often
MIN_PX = 8


@dataclass(frozen=True, repr=False)
class Grid:
    """Square crops of one size: `side` pixels, the left edges `x` and the top edges `y` of its columns and rows."""

    side: int
    x: NDArray[np.int64]
    y: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.x) * len(self.y)

    def cut(self, picture: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """The crops, row by row: views of `picture`."""
        return [picture[top : top + self.side, left : left + self.side] for top in self.y for left in self.x]


@dataclass(frozen=True, repr=False)
class Look:
    """A picture of `width` x `height` pixels, seen part by part.

    `parts`: vectors of the crops of all `grids`, grid by grid; `whole`: that of the whole picture, [1, D].
    """

    width: int
    height: int
    grids: tuple[Grid, ...]
    parts: Embeddings
    whole: Embeddings

    def maps(self, texts: Embeddings, *, temperature: float, size: tuple[int, int]) -> NDArray[np.float32]:
        """Share of every sentence over the picture, float32 [N, h, w] in [0, 1]; they sum to 1 everywhere.

        `texts`: unit vectors of the N sentences, all compared with each other. `size`: (w, h) of the map. Raises
        `EncoderMismatchError` for another encoder's texts.
        """
        shares = shares_of(self.parts, texts, temperature=temperature)
        x, y = (_middles(length, count) for length, count in zip((self.width, self.height), size, strict=True))
        total = np.zeros((len(texts), size[1], size[0]), np.float32)
        first = 0
        for grid in self.grids:
            here = shares[first : first + len(grid)].T.reshape(len(texts), len(grid.y), len(grid.x))
            total += _between(y, grid.y + grid.side / 2) @ here @ _between(x, grid.x + grid.side / 2).T
            first += len(grid)
        return total / np.float32(len(self.grids))


def shares_of(pictures: Embeddings, texts: Embeddings, *, temperature: float) -> NDArray[np.float32]:
    """Softmax over all sentences for every picture, float32 [M, N]."""
    return softmax(logits_of(pictures, texts, temperature=temperature)[1])


def crop_grids(width: int, height: int) -> tuple[Grid, ...]:
    """The crops of a picture: squares of `SIDES`, neighbours overlapping by half or more, from border to border."""
    sides = {max(round(part * min(width, height)), min(MIN_PX, width, height)) for part in SIDES}
    return tuple(Grid(side, _edges(width, side), _edges(height, side)) for side in sorted(sides, reverse=True))


def look(picture: NDArray[np.uint8], encoder: Encoder, *, on_crops: Callable[[int, int], None] | None = None) -> Look:
    """Encode a picture, RGB uint8 [H, W, 3], part by part; the costly half of a map, whatever the sentences.

    `on_crops(done, all)` hears after every `BATCH` crops; what it raises ends the work.
    """
    height, width = picture.shape[:2]
    grids = crop_grids(width, height)
    crops = [picture, *(crop for grid in grids for crop in grid.cut(picture))]
    vectors = []
    for start in range(0, len(crops), BATCH):
        vectors.append(encoder.encode_images(crops[start : start + BATCH]))
        if on_crops is not None:
            on_crops(min(start + BATCH, len(crops)), len(crops))
    joined = np.concatenate(vectors)
    return Look(width, height, grids, Embeddings(joined[1:], encoder.id), Embeddings(joined[:1], encoder.id))


@dataclass(frozen=True, repr=False)
class ObjectsAt:
    """The M objects of one frame, strongest first: their `rows` in `Detections`, what each was taken for.

    `score` float32 [M]; `probabilities`, `cosines` float32 [M, N] of the N sentences, as in `Scores`.
    """

    rows: NDArray[np.int64]
    score: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    cosines: NDArray[np.float32]

    def top(self, index: int, count: int = 3) -> list[int]:
        """The most probable sentences of one object, without those that were not compared."""
        shares = self.probabilities[index]
        return [int(n) for n in np.argsort(-shares, kind="stable")[:count] if shares[n] > 0]


def objects_at(
    features: Features,
    texts: Embeddings,
    rules: RuleSet,
    sample: int,
    *,
    temperature: float,
    clock_start_s: float | None = None,
) -> ObjectsAt:
    """What the objects of sampled frame `sample` were taken for; `texts` as for the scorer.

    Raises `ValueError` for features without objects.
    """
    found, objects = features.detections, features.objects
    if found is None or objects is None:
        raise ValueError("these features hold no objects")
    rows = np.arange(*np.searchsorted(found.frame, (sample, sample + 1)))
    # How long an object has stayed is known from the whole clip alone, so all objects are compared.
    contexts = object_contexts(features, found, objects, texts, rules, clock_start_s, temperature=temperature)
    probabilities, cosines = compare((context.of(rows) for context in contexts), rules)
    score = abnormal_mass(probabilities, rules)
    order = np.argsort(-score, kind="stable")
    return ObjectsAt(rows[order], score[order], probabilities[order], cosines[order])


def sample_at(pts_s: NDArray[np.float64], t_s: float) -> int:
    """The sampled frame shown at `t_s`: the last at or before it (2 ms of slack for rounding), else the first."""
    return max(int(np.searchsorted(pts_s, t_s + 0.002, side="right")) - 1, 0)


def shown_time(pts_s: NDArray[np.float64], t_s: float) -> float:
    """Seconds of the sampled frame shown at `t_s`."""
    return float(pts_s[sample_at(pts_s, t_s)])


def _edges(length: int, side: int) -> NDArray[np.int64]:
    """Evenly spread starts of windows of `side` from 0 to `length - side`, at most half a side apart."""
    steps = math.ceil((length - side) / max(side // 2, 1))
    return np.rint(np.linspace(0, length - side, steps + 1)).astype(np.int64)


def _middles(length: int, count: int) -> NDArray[np.float64]:
    """Centres of `count` equal cells over `length` pixels."""
    return (np.arange(count) + 0.5) * length / count


def _between(places: NDArray[np.floating], centres: NDArray[np.floating]) -> NDArray[np.float32]:
    """Weights [places, centres] of linear interpolation; beyond the outermost centre its value holds."""
    columns = [np.interp(places, centres, one) for one in np.eye(len(centres))]
    return np.stack(columns, axis=1).astype(np.float32)
