"""The video-level model's modules against plain loops over the equations, and what must change nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from clipvad.nn import (
    LocalTransformer,
    ModelConfig,
    PaperGraph,
    TwoLayerGraph,
    VideoModel,
    alignment_loss,
    alignment_map,
    class_contrast,
    class_probabilities,
    top_k_mean,
)
from clipvad.nn.graph import near
from clipvad.nn.model import Adapter, Standard

DIM = 8
MODULES = {
    "local": lambda: LocalTransformer(DIM, window=4, heads=2, depth=2),
    "paper graph": lambda: PaperGraph(DIM, residual=False),
    "paper graph, residual": lambda: PaperGraph(DIM, residual=True),
    "two-layer graph": lambda: TwoLayerGraph(DIM),
}


def made(name: str, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return MODULES[name]().double().eval()


def video(length: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(1, length, DIM, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def alone(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return module(x, torch.ones(x.shape[:2], dtype=torch.bool))


@pytest.mark.parametrize("name", MODULES)
@settings(max_examples=15, deadline=None)
@given(lengths=st.lists(st.integers(1, 19), min_size=1, max_size=4), extra=st.integers(0, 7), junk=st.floats(-50, 50))
def test_padding_batching_and_other_videos_change_nothing(
    name: str, lengths: list[int], extra: int, junk: float
) -> None:
    module = made(name)
    batch = torch.full((len(lengths), max(lengths) + extra, DIM), junk, dtype=torch.float64)
    mask = torch.zeros(batch.shape[:2], dtype=torch.bool)
    for row, length in enumerate(lengths):
        batch[row, :length] = video(length, seed=row)[0]
        mask[row, :length] = True
    with torch.no_grad():
        together = module(batch, mask)
    for row, length in enumerate(lengths):
        torch.testing.assert_close(together[row, :length], alone(module, video(length, seed=row))[0])
        assert not together[row, length:].any()


def softmax(values: np.ndarray) -> np.ndarray:
    raised = np.exp(values - values.max())
    return raised / raised.sum()


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


@pytest.mark.parametrize("residual", [False, True])
def test_paper_graph_is_equations_7_to_9(residual: bool) -> None:
    length, sigma = 7, 1.7
    torch.manual_seed(3)
    module = PaperGraph(DIM, sigma=sigma, residual=residual).double()
    x = video(length)[0].numpy()
    wanted = np.zeros((length, DIM))
    for i in range(length):
        alike = softmax(np.array([cosine(x[i], x[j]) for j in range(length)]))
        near = softmax(np.array([-abs(i - j) / sigma for j in range(length)]))
        both = np.concatenate([sum(alike[j] * x[j] for j in range(length)), sum(near[j] * x[j] for j in range(length))])
        wanted[i] = np.maximum(module.join.weight.detach().numpy() @ both, 0) + (x[i] if residual else 0)
    np.testing.assert_allclose(alone(module, video(length))[0].numpy(), wanted, rtol=1e-9)


@pytest.mark.parametrize(("dtype", "close"), [(torch.float32, 1e-6), (torch.float64, 1e-14)])
@pytest.mark.parametrize("sigma", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("length", [1, 127, 128, 400])
def test_the_band_of_near_frames_is_the_whole_matrix(
    dtype: torch.dtype, close: float, sigma: float, length: int
) -> None:
    x = torch.randn(2, length, DIM, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    mask = torch.arange(length) < torch.tensor([[length], [(length + 1) // 2]])
    steps = torch.arange(length, dtype=torch.float64)
    whole = -(steps[:, None] - steps).abs() / sigma
    wanted = whole.expand(2, -1, -1).masked_fill(~mask[:, None], -torch.inf).softmax(-1) @ x
    found = near(x.to(dtype), mask, sigma=sigma)
    assert found.dtype == dtype
    assert (found - wanted)[mask].abs().max() < close


def gelu(x: np.ndarray) -> np.ndarray:
    return np.array([0.5 * v * (1 + math.erf(v / math.sqrt(2))) for v in x.ravel()]).reshape(x.shape)


def quick_gelu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-1.702 * x))


def convolved(x: np.ndarray, layer: nn.Conv1d) -> np.ndarray:
    """Every frame with the two before and the two behind it, of those that there are."""
    taps, length = layer.weight.detach().numpy(), len(x)
    near = [[(i + step, step + 2) for step in range(-2, 3) if 0 <= i + step < length] for i in range(length)]
    return layer.bias.detach().numpy() + np.array([sum(taps[..., k] @ x[j] for j, k in pairs) for pairs in near])


def test_two_layer_graph_is_the_design_of_vadclip() -> None:
    length = 6
    module = made("two-layer graph")
    x = video(length, seed=5)[0].numpy()
    x[1] = x[0] * 1.1 + 0.01  # two frames that are alike, or every edge is cut
    cut = np.array([[(c if (c := cosine(a, b)) > 0.7 else 0.0) for b in x] for a in x])
    near = np.array([[math.exp(-abs(i - j) / math.e) for j in range(length)] for i in range(length)])
    parts = []
    for adjacency, layers in ((np.stack([softmax(row) for row in cut]), module.alike), (near, module.near)):
        hidden = x
        for layer in layers:
            skip = convolved(hidden, layer.skip) if isinstance(layer.skip, nn.Conv1d) else hidden
            hidden = quick_gelu(adjacency @ (hidden @ layer.weight.weight.detach().numpy().T) + skip)
        parts.append(hidden)
    wanted = np.concatenate(parts, 1) @ module.join.weight.detach().numpy().T + module.join.bias.detach().numpy()
    np.testing.assert_allclose(alone(module, torch.from_numpy(x)[None])[0].numpy(), wanted, rtol=1e-8, atol=1e-10)


def test_local_transformer_sees_its_window_and_nothing_else() -> None:
    module = made("local")  # windows of 4
    before = video(12)
    after = before.clone()
    after[0, 5, 0] += 1.0  # in the second window
    moved = (alone(module, after) - alone(module, before)).abs().sum(-1)[0] > 1e-9
    assert moved.tolist() == [False] * 4 + [True] * 4 + [False] * 4


def test_local_transformer_is_attention_within_a_window() -> None:
    torch.manual_seed(0)
    module = LocalTransformer(DIM, window=3, heads=2, depth=1).double().eval()
    block = module.blocks.layers[0]
    x = video(3)[0].numpy() + module.positions.detach().numpy()

    def norm(rows: np.ndarray, layer: nn.LayerNorm) -> np.ndarray:
        scaled = (rows - rows.mean(1, keepdims=True)) / np.sqrt(rows.var(1, keepdims=True) + layer.eps)
        return scaled * layer.weight.detach().numpy() + layer.bias.detach().numpy()

    def linear(rows: np.ndarray, layer: nn.Linear) -> np.ndarray:
        return rows @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()

    attention, width = block.self_attn, DIM // 2
    given = norm(x, block.norm1)
    q, k, v = np.split(
        given @ attention.in_proj_weight.detach().numpy().T + attention.in_proj_bias.detach().numpy(), 3, axis=1
    )
    heads = []
    for head in range(2):
        part = slice(head * width, (head + 1) * width)
        weights = np.stack(
            [softmax(np.array([q[i, part] @ k[j, part] / math.sqrt(width) for j in range(3)])) for i in range(3)]
        )
        heads.append(weights @ v[:, part])
    x = x + linear(np.concatenate(heads, 1), attention.out_proj)
    x = x + linear(gelu(linear(norm(x, block.norm2), block.linear1)), block.linear2)
    np.testing.assert_allclose(alone(module, video(3))[0].numpy(), x, rtol=1e-8)


def test_blocks_begin_with_weights_of_their_own() -> None:
    first, second = made("local").blocks.layers
    assert not torch.equal(first.linear1.weight, second.linear1.weight)
    assert not torch.equal(first.self_attn.in_proj_weight, second.self_attn.in_proj_weight)


def test_alignment_by_hand() -> None:
    frames = torch.tensor([[[3.0, 4.0], [0.0, 2.0], [0.0, 0.0]]])
    classes = torch.tensor([[1.0, 0.0], [0.0, 5.0]])
    torch.testing.assert_close(alignment_map(frames, classes), torch.tensor([[[0.6, 0.8], [0.0, 1.0], [0.0, 0.0]]]))


def test_a_row_of_zeros_leaves_the_gradient_of_the_others() -> None:
    """A video without an object is one: it has no direction, and the slope of one from nothing has no bound."""
    torch.manual_seed(0)
    model = VideoModel(ModelConfig(temporal="none", adapter=4, heads=1, dropout=0), dim=DIM)
    rows, classes = torch.randn(1, 5, DIM), torch.randn(3, DIM)

    def slope(x: torch.Tensor) -> torch.Tensor:
        model.zero_grad()
        found = model(x, torch.ones(x.shape[:2], dtype=torch.bool), classes)
        assert not found[0, 5:].any()
        (found + 1).square().sum().backward()
        assert isinstance(model.adapter, Adapter)
        assert model.adapter.up.weight.grad is not None
        return model.adapter.up.weight.grad.clone()

    with_empty = torch.cat([rows, torch.zeros(1, 1, DIM)], 1)
    torch.testing.assert_close(slope(with_empty), slope(rows))


@pytest.mark.parametrize(("length", "k"), [(1, 1), (15, 1), (16, 2), (33, 3)])
def test_top_k_counts_the_real_frames_only(length: int, k: int) -> None:
    values = torch.full((1, 40, 1), 99.0)
    values[0, :length, 0] = torch.arange(length)
    mask = torch.arange(40)[None] < length
    assert top_k_mean(values, mask).item() == pytest.approx(sum(range(length - k, length)) / k)


@pytest.mark.parametrize("length", [1, 3, 5])
def test_one_row_in_one_is_all_of_them_and_no_more(length: int) -> None:
    values = torch.arange(5.0).reshape(1, 5, 1)
    mask = torch.arange(5)[None] < length
    assert top_k_mean(values, mask, top=1).item() == pytest.approx(sum(range(length)) / length)


def test_features_are_standardised_as_they_come_and_scaled_afterwards() -> None:
    config = ModelConfig(branch="classifier", temporal="none", standardise=True, scale=8.0, heads=1)
    model = VideoModel(config, dim=2).eval()
    rows = torch.tensor([[1.0, 5.0], [3.0, 5.0]])  # mean 2, 5; squares of what is left: 1, 0, 1, 0
    assert isinstance(model.standard, Standard)
    model.standard.fit(rows)
    seen = model.visual(rows[None], torch.ones(1, 2, dtype=torch.bool))
    torch.testing.assert_close(seen[0], torch.tensor([[-1.0, 0.0], [1.0, 0.0]]) * 8 / math.sqrt(0.5))
    model.standard.fit(rows[:1])  # nothing to tell apart: no division by 0
    torch.testing.assert_close(model.standard(rows), torch.tensor([[0.0, 0.0], [2.0, 0.0]]))


def test_losses_by_hand() -> None:
    video_scores = torch.tensor([[0.7, 0.0], [0.0, 0.14]])
    expected = (math.log(1 + math.exp(-10)) + math.log(1 + math.exp(-2))) / 2
    assert alignment_loss(video_scores, torch.tensor([0, 1])).item() == pytest.approx(expected, rel=1e-4)
    classes = torch.tensor([[1.0, 0.0], [0.6, 0.8], [-1.0, 0.0], [3.0, 4.0]])
    assert class_contrast(classes).item() == pytest.approx(1.2)
    assert class_contrast(classes, normal=2).item() == pytest.approx(0.0)


def test_class_probabilities_are_a_softmax_of_cosines_over_tau() -> None:
    model = VideoModel(ModelConfig(temporal="none", tau=0.5, heads=1), dim=2)
    rows = np.array([[[3.0, 0.0], [0.0, 2.0]]])
    found = class_probabilities(model, rows, torch.eye(2))
    share = math.exp(2) / (math.exp(2) + 1)
    np.testing.assert_allclose(found, [[share, 1 - share], [1 - share, share]], rtol=1e-6)
