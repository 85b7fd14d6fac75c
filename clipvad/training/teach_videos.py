"""Teaching the similarity from labels of whole videos: the paper's row "Ours-Frame" (Dong 2024, section 3.3).

A normal video's frames are all normal. Which frames of an abnormal video are abnormal is not known, so every epoch
those that fit its label best are taken for it (multiple-instance learning): `T // 16 + 1` of T, as in Eq. 10.
"""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clipvad.core import Embeddings, RuleSet, check_same_encoder
from clipvad.datasets import DataSet, LabelledVideo
from clipvad.errors import DataSetError
from clipvad.evaluation.metrics import frame_auc, hold
from clipvad.events import median_smooth
from clipvad.features import FeatureSource, VideoFeatures
from clipvad.nn.alignment import TOP
from clipvad.scoring.logits import logits_of
from clipvad.scoring.similarity import abnormal_mass, softmax
from clipvad.scoring.taught import Lesson
from clipvad.training.teach import Sentences, Similarity, TeachOptions, fit, log_share

CHUNK = 65536  # rows that are judged at once
OPTIONS = TeachOptions(epochs=50)
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
    the training videos are all of one side.
    """
    check_same_encoder(texts.encoder_id, source.spec.encoder_id)
    videos = dataset.of("train")
    if len({bool(video.labels) for video in videos}) < 2:
        raise DataSetError(f"{dataset.name}: teaching needs normal and abnormal training videos.")
    parts = [torch.from_numpy(unit_rows(source.read(video.name))) for video in videos]
    lengths = torch.tensor([len(part) for part in parts])
    x, video_of = torch.cat(parts), torch.arange(len(parts)).repeat_interleave(lengths)
    sentences = Sentences.of(rules)
    own, other = (side[video_of] for side in sentences.sides([video.label for video in videos]))
    counted = torch.tensor(
        [len(part) if not video.labels else top(len(part)) for video, part in zip(videos, parts, strict=True)]
    )
    weights = (1 / counted)[video_of]
    model = Similarity(sentences.vectors(texts), temperature=temperature)
    normal = torch.tensor([not video.labels for video in videos])[video_of]

    def choose() -> Tensor:
        fits = _judged(model, x, own, other)
        chosen = [torch.nonzero(normal)[:, 0]]
        for start, length, count, video in zip(lengths.cumsum(0) - lengths, lengths, counted, videos, strict=True):
            if video.labels:
                chosen.append(start + fits[start : start + length].topk(int(count)).indices)
        return torch.cat(chosen)

    weights *= counted.sum() / len(videos)  # mean 1 over what is chosen
    loss = fit(model, x, own, other, weights, choose=choose, options=options)
    training = {"data_set": dataset.name, "videos": len(videos), "rows": len(x), "loss": loss, **asdict(options)}
    return sentences.lesson(model, encoder_id=texts.encoder_id, training=training, name=name)


def top(length: int) -> int:
    """How many of a video's rows speak for it."""
    return length // TOP + 1


def unit_rows(seen: VideoFeatures) -> NDArray[np.float32]:
    """The rows of a video as unit vectors, the mean over its crops: float32 [T, D]."""
    rows = seen.rows.astype(np.float32).mean(axis=0)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float32)


@torch.no_grad()
def _judged(model: Similarity, x: Tensor, own: Tensor, other: Tensor) -> Tensor:
    parts = zip(*(torch.split(whole, CHUNK) for whole in (x, own, other)), strict=True)
    return torch.cat([log_share(model(a), b, c) for a, b, c in parts])


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
) -> float | None:
    """Frame AUC over the test videos' frames, in [0, 1], after teaching with this seed; None: zero-shot.

    Arguments and errors as for `teach_from_videos` and `frame_scores`; None where one class of frames is missing.
    """
    if seed is not None:
        seeded = replace(options, seed=seed)
        lesson = teach_from_videos(dataset, source, texts, rules, temperature=temperature, options=seeded)
        texts = lesson.applied(texts, rules)
    found = [
        (video.truth.labels, frame_scores(video, source, texts, rules, temperature=temperature, window=window))
        for video in dataset.of("test")
        if video.truth is not None
    ]
    if not found:
        raise DataSetError(f"{dataset.name} has no frame labels of its test videos.")
    labels, scores = zip(*found, strict=True)
    return frame_auc(np.concatenate(labels), np.concatenate(scores))


def frame_scores(
    video: LabelledVideo,
    source: FeatureSource,
    texts: Embeddings,
    rules: RuleSet,
    *,
    temperature: float,
    window: int = WINDOW,
) -> NDArray[np.float32]:
    """The score of every labelled frame, float32 [N] in [0, 1] (Eq. 14), by a majority vote over `window` rows.

    Zones, hours and dwell times of the rules are not looked at: features have no place in the picture, no clock. Raises
    `DataSetError` if labels and features count time differently, `FeaturesError` for features that are missing.
    """
    seen = source.read(video.name)
    if video.truth is None or video.truth.unit != seen.unit:
        raise DataSetError(f"{video.name}: labels and features must both be in seconds, or both in frames.")
    pictures = Embeddings(unit_rows(seen), source.spec.encoder_id)
    logits = logits_of(pictures, texts, temperature=temperature)[1][:, : len(rules.sentences)]
    score = median_smooth(abnormal_mass(softmax(logits), rules), window)
    return hold(video.truth.positions, seen.starts, score)
