"""Teaching the similarity from labels of whole videos: the paper's row "Ours-Frame" (Dong 2024, section 3.3).

A normal video's rows (frames, or objects) are all normal. Which rows of an abnormal video are abnormal is not known,
so every epoch those that fit its label best are taken for it (multiple-instance learning): `T // 16 + 1` of T, as in
Eq. 10.
"""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clipvad.core import Embeddings, RuleSet, check_same_encoder
from clipvad.datasets import DataSet
from clipvad.errors import DataSetError
from clipvad.evaluation.metrics import Quality, quality
from clipvad.events import median_smooth
from clipvad.features import FeatureSource
from clipvad.features.sources import read_objects
from clipvad.nn.alignment import TOP
from clipvad.scoring.logits import logits_of
from clipvad.scoring.similarity import abnormal_mass, softmax
from clipvad.scoring.taught import Lesson
from clipvad.training.batches import check_present
from clipvad.training.evaluate import Rows, frame_curve
from clipvad.training.teach import Sentences, Similarity, TeachOptions, fit, log_share

CHUNK = 65536  # rows that are judged at once
OPTIONS = TeachOptions()
WINDOW = 9  # rows of the majority vote; about a second at 8 a second


def teach_from_videos(
    dataset: DataSet,
    source: FeatureSource,
    texts: Embeddings,
    rules: RuleSet,
    *,
    temperature: float,
    options: TeachOptions = OPTIONS,
    name: str = "taught",
) -> Lesson:
    """A lesson from the labels of the training videos; `texts`: unit vectors of `rules.sentences`, row for row.

    A label that is a category of the rules stands for their sentences, any other for the whole abnormal side. Every
    video weighs the same, whatever its length. Raises `EncoderMismatchError`, `FeaturesError`, and `DataSetError` if
    the training videos, or the objects in them, are all of one side.
    """
    check_same_encoder(texts.encoder_id, source.spec.encoder_id)
    videos = dataset.of("train")
    if len({bool(video.labels) for video in videos}) < 2:
        raise DataSetError(f"{dataset.name}: teaching needs normal and abnormal training videos.")
    check_present(videos, source)
    parts = [torch.from_numpy(_pictures(source, video.name)[0]) for video in videos]
    lengths = [len(part) for part in parts]
    x, video_of = torch.cat(parts), torch.arange(len(videos)).repeat_interleave(torch.tensor(lengths))
    sentences = Sentences.of(rules)
    own, other = (side[video_of] for side in sentences.sides([video.label for video in videos]))
    model = Similarity(sentences.vectors(texts), temperature=temperature)

    bags = list(zip(torch.split(torch.arange(len(x)), lengths), videos, strict=True))
    normal = torch.cat([bag for bag, video in bags if not video.labels])
    abnormal = [bag for bag, video in bags if video.labels and len(bag)]  # objects: there may be none
    if not len(normal) or not abnormal:
        side = "abnormal" if len(normal) else "normal"
        raise DataSetError(
            f"{dataset.name}: no {side} training video shows an object, so one side would be taught alone. Teach on "
            "whole frames, or extract objects with another detector."
        )

    def choose() -> Tensor:
        fits = _judged(model, x, own, other)
        return torch.cat([normal, *(bag[fits[bag].topk(len(bag) // TOP + 1).indices] for bag in abnormal)])

    taken = torch.tensor([len(bag) // TOP + 1 if video.labels else len(bag) for bag, video in bags])[video_of]
    weights = 1 / taken
    weights /= weights[choose()].mean()
    loss = fit(model, x, own, other, weights, choose=choose, options=options)
    training = {"data_set": dataset.name, "videos": len(videos), "rows": len(x), "loss": loss, **asdict(options)}
    return sentences.lesson(
        model, encoder_id=texts.encoder_id, picture=source.spec.picture, training=training, name=name
    )


def frame_row(
    dataset: DataSet,
    source: FeatureSource,
    texts: Embeddings,
    rules: RuleSet,
    *,
    temperature: float,
    seed: int | None = None,
    options: TeachOptions = OPTIONS,
    window: int = WINDOW,
) -> Quality:
    """Figures over all frames of the test videos laid end to end, after teaching with this seed; None: zero-shot.

    A frame's score is Eq. 14 of its row, or of the strongest of its objects, by a majority vote over `window` rows. The
    rules' zones, hours and dwell times are not looked at: features know no clock. Arguments and errors as for
    `teach_from_videos`; `DataSetError` also if a test video has no frame labels.
    """
    if seed is not None:
        seeded = replace(options, seed=seed)
        lesson = teach_from_videos(dataset, source, texts, rules, temperature=temperature, options=seeded)
        texts = lesson.applied(texts, rules)
    videos = dataset.of("test")
    check_present(videos, source)
    labels, scores = [], []
    for video in videos:
        if video.truth is None:
            raise DataSetError(f"{dataset.name}: the test video {video.name} has no frame labels.")
        rows, frame, found = _pictures(source, video.name)
        logits = logits_of(Embeddings(rows, source.spec.encoder_id), texts, temperature=temperature)[1]
        strongest = np.zeros(len(found.starts), np.float32)
        np.maximum.at(strongest, frame, abnormal_mass(softmax(logits[:, : len(rules.sentences)]), rules))
        labels.append(video.truth.labels)
        scores.append(frame_curve(median_smooth(strongest, window), found, video.truth))
    return quality(labels, scores)


def _pictures(source: FeatureSource, name: str) -> tuple[NDArray[np.float32], NDArray[np.int32], Rows]:
    """A video's M unit vectors [M, D], the mean over crops; the sampled frame of each; where those frames lie."""
    if source.spec.picture == "object":
        objects = read_objects(source, name)
        rows, frame = objects.rows.astype(np.float32), objects.frame
        places = Rows(name=name, starts=objects.pts_s, unit="s")
    else:
        seen = source.read(name)
        rows, frame = seen.rows.astype(np.float32).mean(axis=0), np.arange(len(seen), dtype=np.int32)
        places = Rows(name=name, starts=seen.starts, unit=seen.unit)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), frame, places


@torch.no_grad()
def _judged(model: Similarity, x: Tensor, own: Tensor, other: Tensor) -> Tensor:
    parts = zip(*(torch.split(whole, CHUNK) for whole in (x, own, other)), strict=True)
    return torch.cat([log_share(model(a), b, c) for a, b, c in parts])
