"""Learnable prompts: context vectors in place of words, through the frozen text tower (Eq. 1-4; Zhou et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from clipvad.errors import ModelError

Position = Literal["end", "middle"]


class LearnablePrompts(nn.Module):
    """Class embeddings from `[context][description]` ("end", a context a description) or `[context][description]
    [context]` ("middle", one context for all).

    `model`: an open_clip model; nothing of it is trained or held as a parameter. `tokens`: `tokenizer(descriptions)`,
    ids [N, L], a start and an end token around each. `owner[n]`: the class of description n; a class with several is
    the mean of their unit vectors. `length` context vectors begin as N(0, 0.02). Raises `ModelError` if context and
    description do not fit the tower's length together.
    """

    ids: Tensor
    places: Tensor
    owner: Tensor

    def __init__(
        self, model: Any, tokens: Tensor, owner: Sequence[int], *, length: int = 16, position: Position = "end"
    ) -> None:
        super().__init__()
        self._tower = (model,)  # a tuple hides it from `parameters()` and the state dict
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
        text = _text_part(model)
        pool = getattr(text, "pool_type", getattr(text, "text_pool_type", ""))
        self._can_cut = pool == "argmax" and text.attn_mask is not None and text.attn_mask.ndim == 2

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
    return (_text_part(model).token_embedding,)


def _text_part(model: Any) -> Any:
    """The text tower, which in some of open_clip's classes is a module of its own."""
    return getattr(model, "text", model)


def _make_room(tokens: Tensor, *, before: int, after: int) -> tuple[Tensor, Tensor]:
    """Ids [N, L] with `before` places after the start token and `after` before the end token, and where they are."""
    length = tokens.shape[1]
    end = tokens.argmax(1)  # the end token has the highest id, as open_clip's own pooling takes for granted
    if int(end.max()) + before + after >= length:
        raise ModelError(
            f"A description of {int(end.max()) - 1} tokens and {before + after} context vectors exceed the {length} "
            "places of the text tower. Shorten the description or the context."
        )
    ids = torch.zeros_like(tokens)
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
