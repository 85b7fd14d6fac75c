"""Building the pool of training views with all teacher features, kept in a work folder so that a run can be resumed."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tools.bundled.data import Image, Photograph, read_clip, read_photographs, training_clips
from tools.bundled.objects import PERSON, ObjectBox, detect, group_objects
from tools.bundled.street import is_cut_out, street_photographs
from tools.bundled.teacher_features import Backbone, extract
from tools.bundled.views import View, build_views

STREET_PARTS = 3
"""Random parts cut from a whole frame of the street world; its cut-out actors are seen whole."""

TEACHER_SIDE = 192
"""Pixels at which the teacher sees a view: the photographs' own size."""


@dataclass(frozen=True)
class Pool:
    """Pictures (photographs first, then frames of clips), views of them and the teacher's features of the views.

    `features` [n, P] are pooled; `middle`, `last` are the maps, float16 [n, h, w, C], read from disk.
    `heldout` are the photographs kept for testing, `heldout_features` their pooled features.
    """

    photos: list[Photograph]
    pictures: list[Image]
    views: list[View]
    features: np.ndarray
    middle: np.ndarray
    last: np.ndarray
    heldout: list[Photograph]
    heldout_features: np.ndarray


def find_objects(detector: Any, photos: list[Image], frames: list[Image], *, first_frame: int) -> list[ObjectBox]:
    """Objects of the photographs (pictures 0, 1, ...) and of the clips' frames (from `first_frame` on).

    On far footage the detector sees many a bicycle that is none, so there only sure boxes count beside people.
    """
    objects: list[ObjectBox] = []
    for index, boxes in enumerate(detect(detector, photos, image_size=320, confidence=0.25)):
        objects += group_objects(index, boxes, min_side=28)
    for index, boxes in enumerate(detect(detector, frames, image_size=960, confidence=0.15)):
        sure = boxes[(boxes[:, 5] == PERSON) | (boxes[:, 4] >= 0.5)]
        objects += group_objects(first_frame + index, sure, min_side=16)
    return objects


def build_pool(
    captions: Path, clips: Path, detector: Any, work: Path, *, seed: int, scenes: int, clip_step: int = 10
) -> Pool:
    """Read the data, render `scenes` of the street world, find objects, cut views and run the teacher.

    Every costly step is kept in `work`.
    """
    work.mkdir(parents=True, exist_ok=True)
    photographs = read_photographs(captions / "flickr8k")
    taken = [p for p in photographs if p.split == "train"] + read_photographs(captions / "coco_mini")
    heldout = [p for p in photographs if p.split == "heldout"]
    street_file = work / "street.pickle"
    if not street_file.exists():
        street_file.write_bytes(pickle.dumps(street_photographs(scenes, seed=seed)))
    street: list[Photograph] = pickle.loads(street_file.read_bytes())
    photos = [*taken, *street]
    frames = [frame for clip in training_clips(clips) for frame in read_clip(clip, every=clip_step)]
    pictures = [p.pixels for p in photos] + frames
    plan_file, features_file = work / "views.pickle", work / "features.npz"
    if plan_file.exists():
        objects, views = pickle.loads(plan_file.read_bytes())
    else:
        objects = find_objects(detector, pictures[: len(taken)], frames, first_frame=len(photos))
        parts = [7] * len(taken) + [STREET_PARTS * (not is_cut_out(p)) for p in street] + [4] * len(frames)
        views = build_views(
            pictures, len(photos), objects, np.random.default_rng(seed), parts=parts, views_per_group=5000
        )
        plan_file.write_bytes(pickle.dumps((objects, views)))
    print(
        f"{len(taken)} photographs, {len(street)} pictures of the street world, {len(frames)} frames of clips, "
        f"{len(objects)} objects, {len(views)} views",
        flush=True,
    )
    if not features_file.exists():
        backbone = Backbone(detector)
        whole = [View(i, (0, 0, p.pixels.shape[1], p.pixels.shape[0]), i, "") for i, p in enumerate(heldout)]
        tested = extract(backbone, [p.pixels for p in heldout], whole, side=TEACHER_SIDE, maps_to=None)
        features = extract(backbone, pictures, views, side=TEACHER_SIDE, maps_to=work)
        np.savez(features_file, features=features, heldout=tested)
    stored = np.load(features_file)
    return Pool(
        photos=photos,
        pictures=pictures,
        views=views,
        features=stored["features"],
        middle=np.load(work / "middle.npy"),
        last=np.load(work / "last.npy"),
        heldout=heldout,
        heldout_features=stored["heldout"],
    )
