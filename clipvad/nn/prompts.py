"""Learnable prompts: context vectors in place of words, through the frozen text tower (Eq. 1-4; Zhou et al. 2022)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from clipvad.errors import ModelError

Position = Literal["end", "middle"]
MAX_STRETCH = 2  # times the places of the tower
OTHERWISE = "no context can be learned through it. Write prompts: {kind: fixed}, or choose another encoder."


class LearnablePrompts(nn.Module):
    """Class embeddings from `[context][description]` ("end", a context a description) or `[context][description]
    [context]` ("middle", one context for all).

    `model`: an open_clip model; nothing of it is trained or held as a parameter. `tokens`: `tokenizer(descriptions)`,
    ids [N, L], a start and an end token around each. `owner[n]`: the class of description n; a class with several is
    the mean of their unit vectors. `length` context vectors begin as N(0, 0.02). Where context and description need
    more places than the tower has, its table of places is stretched to as many, by linear interpolation (after Zhang et
    al., Long-CLIP, 2024). `stretched`: how many there are then, None where the tower's own do. Raises `ModelError` for
    more than twice as many, if the tower has no such table, or is none that a context can be put into.
    """

    ids: Tensor
    places: Tensor
    owner: Tensor

    def __init__(
        self, model: Any, tokens: Tensor, owner: Sequence[int], *, length: int = 16, position: Position = "end"
    ) -> None:
        super().__init__()
        self.embedding = _embedding(model)
        rows = len(tokens) if position == "end" else 1
        self.context = nn.Parameter(torch.randn(rows, length, self.embedding[0].embedding_dim) * 0.02)
        before = length if position == "end" else length // 2
        ids, places = _make_room(tokens, before=before, after=length - before)
        self.register_buffer("ids", ids, persistent=False)
        self.register_buffer("places", places, persistent=False)
        self.register_buffer("owner", torch.tensor(owner), persistent=False)
        self.classes = max(owner) + 1
        self._seen = int(ids.argmax(1).max()) + 1
        self.stretched = ids.shape[1] if ids.shape[1] > tokens.shape[1] else None
        tower = model if self.stretched is None else _stretched(model, self.stretched)
        self._tower = (tower,)  # a tuple hides it from `parameters()` and the state dict
        text = _text_part(tower)
        pool = getattr(text, "pool_type", getattr(text, "text_pool_type", ""))
        self._can_cut = pool == "argmax" and text.attn_mask is not None and not _has_class_token(text)

    def forward(self) -> Tensor:
        """Class embeddings, unit vectors [C, D]."""
        context = self.context.expand(len(self.ids), -1, -1)

        def put(_: nn.Module, __: tuple[Tensor], words: Tensor) -> Tensor:
            index = self.places[..., None].expand(-1, -1, words.shape[-1])
            return words.scatter(1, index, context.to(words.dtype))

        # The tower looks its words up in one table, whatever its class: what it finds there is replaced.
        hooks = [self.embedding[0].register_forward_hook(put)]
        if self._can_cut:
            hooks.append(_text_part(self._tower[0]).transformer.register_forward_pre_hook(self._cut, with_kwargs=True))
        try:
            found = F.normalize(self._tower[0].encode_text(self.ids).float(), dim=-1)  # (N, D)
        finally:
            for hook in hooks:
                hook.remove()
        mean = found.new_zeros(self.classes, found.shape[1]).index_add(0, self.owner, found)
        return F.normalize(mean, dim=-1)

    def _cut(
        self, _: nn.Module, args: tuple[Tensor, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
        """Leave out what stands behind every end token: a causal tower never looks there; it is most of CLIP's 77."""
        seen = self._seen
        return (args[0][:, :seen], *args[1:]), {**kwargs, "attn_mask": kwargs["attn_mask"][..., :seen, :seen]}


def _embedding(model: Any) -> tuple[nn.Embedding]:
    """The table of word vectors, in a tuple that hides it from `parameters()`."""
    found = getattr(_text_part(model), "token_embedding", None)
    if found is None:
        raise ModelError(f"This text tower is none of open_clip's own, so {OTHERWISE}")
    return (found,)


def _text_part(model: Any) -> Any:
    """The text tower, which in some of open_clip's classes is a module of its own."""
    return getattr(model, "text", model)


def _has_class_token(text: Any) -> bool:
    """Does it put a token of its own behind all places, to pool there (CoCa)?"""
    return getattr(text, "cls_emb", None) is not None


def _stretched(model: Any, places: int) -> Any:
    """The same model, sharing its weights, with a table of `places` places; `model` itself stays as it is."""
    text = _text_part(model)
    places += _has_class_token(text)
    table, mask = getattr(text, "positional_embedding", None), getattr(text, "attn_mask", None)
    if table is None or table.ndim != 2 or places > MAX_STRETCH * len(table):
        raise ModelError(
            f"Descriptions and context vectors need {places} places, more than this text tower can be given. Shorten "
            "the descriptions or the context."
        )
    longer = _twin(text)
    drawn = F.interpolate(table.detach().T[None], size=places, mode="linear", align_corners=True)[0].T
    longer.positional_embedding = nn.Parameter(drawn, requires_grad=False)
    if mask is not None:
        longer.attn_mask = torch.full((places, places), -torch.inf, dtype=mask.dtype, device=mask.device).triu(1)
    if text is model:
        return longer
    whole = _twin(model)
    whole.text = longer
    return whole


def _twin(module: nn.Module) -> Any:
    """A copy whose parts can be exchanged: the tables of them are its own, what they hold is shared."""
    twin = copy.copy(module)
    for parts in ("_parameters", "_buffers", "_modules"):
        setattr(twin, parts, dict(getattr(module, parts)))
    return twin


def _make_room(tokens: Tensor, *, before: int, after: int) -> tuple[Tensor, Tensor]:
    """Ids [N, L] with `before` places after the start token and `after` before the end token, and where they are. L is
    that of `tokens`, or as many as the longest needs.
    """
    end = tokens.argmax(1)  # the end token has the highest id, as open_clip's own pooling takes for granted
    if len(set(tokens[:, 0].tolist())) > 1 or len(set(tokens.amax(1).tolist())) > 1:
        raise ModelError(f"This text tower's tokenizer puts no start and end token around a sentence, so {OTHERWISE}")
    ids = tokens.new_zeros(len(tokens), max(tokens.shape[1], int(end.max()) + before + after + 1))
    places = []
    for row, last in enumerate(end.tolist()):
        words = tokens[row, 1:last]
        filler = words[:1] if last > 1 else tokens[row, :1]
        start = [tokens[row, :1], filler.repeat(before), words, filler.repeat(after), tokens[row, last : last + 1]]
        made = torch.cat(start)
        ids[row, : len(made)] = made
        behind = 1 + before + len(words)
        places.append([*range(1, 1 + before), *range(behind, behind + after)])
    return ids, torch.tensor(places)
