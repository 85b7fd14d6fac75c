"""Learned prompts: words in place of vectors give that sentence's embedding, through every tower that takes them."""

from __future__ import annotations

import json

import numpy as np
import open_clip
import pytest
import torch
from torch import nn

from clipvad.encoders import BUNDLED
from clipvad.encoders.openclip import open_folder
from clipvad.errors import ModelError
from clipvad.nn import LearnablePrompts
from tests.encoding import MODEL_CFG


@pytest.fixture(scope="module")
def bundled() -> object:
    return open_folder(BUNDLED, device="cpu", precision="fp32")


SENTENCES = ["a person walking", "a person riding a bicycle", "a car on the walkway"]


@pytest.mark.parametrize("position", ["end", "middle"])
def test_context_equal_to_words_is_those_words(bundled: object, position: str) -> None:
    """With the word vectors of "a photo of a" as context, the embedding is that of the sentence so begun."""
    tokenizer, model = bundled._tokenizer, bundled._model  # type: ignore[attr-defined]
    length = 4 if position == "end" else 8
    prompts = LearnablePrompts(
        model, torch.as_tensor(tokenizer(SENTENCES)), [0, 1, 2], length=length, position=position
    )
    words = torch.as_tensor(tokenizer(["a photo of a"]))[0, 1:5]
    vectors = prompts.embedding[0](words).detach()
    with torch.no_grad():
        prompts.context.copy_(vectors if position == "end" else torch.cat([vectors, vectors]))
        found = prompts().numpy()
    behind = "" if position == "end" else " a photo of a"
    wanted = bundled.encode_texts([f"a photo of a {text}{behind}" for text in SENTENCES])  # type: ignore[attr-defined]
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_places_behind_the_end_are_left_out_and_change_nothing() -> None:
    """CLIP's own class of 77 places, of which a prompt of 2 + 3 tokens takes 7."""
    torch.manual_seed(0)
    model = open_clip.CLIP(**MODEL_CFG).eval().requires_grad_(False)
    end = MODEL_CFG["text_cfg"]["vocab_size"] - 1
    tokens = torch.tensor([[end - 1, 5, 6, 7, end], [end - 1, 8, end, 0, 0]])
    prompts = LearnablePrompts(model, torch.nn.functional.pad(tokens, (0, 72)), [0, 1], length=2)
    words = torch.tensor([[11, 12], [13, 14]])
    whole = torch.zeros(2, 77, dtype=torch.long)
    whole[0, :7] = torch.tensor([end - 1, 11, 12, 5, 6, 7, end])
    whole[1, :5] = torch.tensor([end - 1, 13, 14, 8, end])
    with torch.no_grad():
        prompts.context.copy_(model.token_embedding(words))
    lengths: list[int] = []
    hook = model.transformer.register_forward_hook(lambda _, args, out: lengths.append(out.shape[1]))
    found = prompts()
    hook.remove()
    assert lengths == [7]
    wanted = torch.nn.functional.normalize(model.encode_text(whole), dim=-1)
    torch.testing.assert_close(found.detach(), wanted, atol=1e-5, rtol=0)


def test_descriptions_of_a_class_are_averaged_and_only_the_context_learns(bundled: object) -> None:
    tokenizer, model = bundled._tokenizer, bundled._model  # type: ignore[attr-defined]
    tokens = torch.as_tensor(tokenizer(SENTENCES))
    torch.manual_seed(0)
    together = LearnablePrompts(model, tokens, [0, 1, 1], length=2)
    apart = LearnablePrompts(model, tokens, [0, 1, 2], length=2)
    apart.load_state_dict(together.state_dict())
    with torch.no_grad():
        one, two = together(), apart()
    mean = two[1] + two[2]
    torch.testing.assert_close(one, torch.stack([two[0], mean / mean.norm()]))
    assert [name for name, _ in together.named_parameters()] == ["context"]
    together().sum().backward()
    assert together.context.grad is not None
    assert together.context.grad.abs().sum() > 0
    torch.testing.assert_close(  # the tower itself is as it was: no hook is left behind
        torch.from_numpy(bundled.encode_texts(SENTENCES)),  # type: ignore[attr-defined]
        torch.nn.functional.normalize(model.encode_text(tokens), dim=-1).detach(),
    )


def test_a_context_that_exceeds_the_places_stretches_their_table(bundled: object) -> None:
    """Beside a tower that is built with 38 places and holds the table of 32, interpolated by NumPy."""
    tokenizer, model = bundled._tokenizer, bundled._model  # type: ignore[attr-defined]
    tokens = torch.as_tensor(tokenizer(SENTENCES))
    before = bundled.encode_texts(SENTENCES)  # type: ignore[attr-defined]
    prompts = LearnablePrompts(model, tokens, [0, 1, 2], length=31)
    assert prompts.stretched == 38  # 31 and a sentence of 5 words, its start and its end
    filler = torch.as_tensor(tokenizer(["a dog"]))[0, 1]
    with torch.no_grad():
        prompts.context.copy_(prompts.embedding[0](filler).expand(3, 31, -1))
    found = prompts()

    cfg = json.loads((BUNDLED / "open_clip_config.json").read_text())["model_cfg"]
    cfg["text_cfg"]["context_length"] = 38
    longer = open_clip.CustomTextCLIP(**{key: value for key, value in cfg.items() if key != "custom_text"}).eval()
    table = model.text.positional_embedding.numpy()
    at = np.arange(38) * 31 / 37
    drawn = np.stack([np.interp(at, np.arange(32), column) for column in table.T], axis=1)
    state = {**model.text.state_dict(), "positional_embedding": torch.from_numpy(drawn).float()}
    longer.text.load_state_dict(state)
    ids = torch.zeros(3, 38, dtype=torch.long)
    for row, sentence in enumerate(tokens):
        last = int(sentence.argmax())
        ids[row, : 32 + last] = torch.cat([sentence[:1], filler.repeat(31), sentence[1 : last + 1]])
    with torch.no_grad():
        wanted = torch.nn.functional.normalize(longer.encode_text(ids), dim=-1)
    torch.testing.assert_close(found.detach(), wanted, atol=1e-5, rtol=0)
    found.sum().backward()
    assert prompts.context.grad is not None
    assert (prompts.context.grad.abs().sum(-1) > 0).all(), "every one of the 31 vectors learns"
    np.testing.assert_array_equal(bundled.encode_texts(SENTENCES), before)  # type: ignore[attr-defined]


def test_the_table_is_stretched_in_towers_of_clips_own_class_too() -> None:
    torch.manual_seed(0)
    model = open_clip.CLIP(**MODEL_CFG).eval().requires_grad_(False)
    end = MODEL_CFG["text_cfg"]["vocab_size"] - 1
    tokens = torch.zeros(1, 77, dtype=torch.long)
    tokens[0, :3] = torch.tensor([end - 1, 5, end])
    prompts = LearnablePrompts(model, tokens, [0], length=76)
    assert prompts.stretched == 79
    assert prompts().shape == (1, MODEL_CFG["embed_dim"])
    assert model.positional_embedding.shape[0] == len(model.attn_mask) == 77


@pytest.mark.parametrize("length", [2, 75])  # the second is stretched: 80 places and the class token's
def test_a_tower_with_a_class_token_behind_the_words_keeps_it(length: int) -> None:
    """CoCa's text tower, which pools there."""

    def tower(places: int) -> nn.Module:
        torch.manual_seed(0)
        text = {**MODEL_CFG["text_cfg"], "context_length": places, "embed_cls": True}
        return open_clip.CustomTextCLIP(**{**MODEL_CFG, "text_cfg": text}).eval().requires_grad_(False)

    model, end = tower(76), MODEL_CFG["text_cfg"]["vocab_size"] - 1
    tokens = torch.tensor([[end - 1, 5, 6, 7, end], [end - 1, 8, end, 0, 0]])
    prompts = LearnablePrompts(model, nn.functional.pad(tokens, (0, 71)), [0, 1], length=length)
    places = max(76, length + 5)
    ids = torch.zeros(2, places, dtype=torch.long)
    words = torch.arange(11, 11 + length)
    for row, last in enumerate((4, 2)):
        ids[row, : last + length + 1] = torch.cat([tokens[row, :1], words, tokens[row, 1 : last + 1]])
    with torch.no_grad():
        prompts.context.copy_(model.text.token_embedding(words).expand(2, -1, -1))
    longer = tower(places)
    table = model.text.positional_embedding.T[None]
    drawn = nn.functional.interpolate(table, size=places + 1, mode="linear", align_corners=True)[0].T
    state = {**model.state_dict(), "text.positional_embedding": drawn}
    longer.load_state_dict(state)
    wanted = nn.functional.normalize(longer.encode_text(ids), dim=-1)
    torch.testing.assert_close(prompts().detach(), wanted, atol=1e-5, rtol=0)


def test_towers_that_prompts_cannot_be_learned_through_are_refused() -> None:
    model = open_clip.CustomTextCLIP(**MODEL_CFG)
    words_alone = torch.tensor([[17, 900, 30, 1, 1], [44, 6, 801, 1, 1]])  # as SigLIP's tokenizer gives them
    with pytest.raises(ModelError, match=r"no start and end token.*fixed"):
        LearnablePrompts(model, words_alone, [0, 1])
    model.text = nn.Linear(2, 2)  # a tower of transformers has its words elsewhere
    with pytest.raises(ModelError, match=r"none of open_clip's own.*fixed"):
        LearnablePrompts(model, words_alone, [0, 1])


def test_too_long_a_context_says_what_to_do(bundled: object) -> None:
    tokens = torch.as_tensor(bundled._tokenizer(SENTENCES))  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match="Shorten"):
        LearnablePrompts(bundled._model, tokens, [0, 1, 2], length=60)  # type: ignore[attr-defined]
