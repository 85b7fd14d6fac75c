"""The training of the bundled encoder: a run that was cut off ends as one that was not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from tools.bundled.heads import clip_loss
from tools.bundled.model import build, model_config, normalise
from tools.bundled.street import is_cut_out, street_photographs
from tools.bundled.student import Plan, Run, Targets, relational_loss, train_image_tower
from tools.bundled.views import View

VIEWS = 12


def run(folder: Path, **changes: float) -> Run:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (48, 48, 3), dtype=np.uint8) for _ in range(VIEWS)]
    views = [View(i, (0, 0, 40 + i % 8, 48), i if i % 3 else -1, "") for i in range(VIEWS)]
    vectors = torch.from_numpy(rng.standard_normal((3 * VIEWS, 16)).astype(np.float32))
    targets = Targets(
        middle=rng.standard_normal((VIEWS, 4, 4, 8)).astype(np.float16),
        last=rng.standard_normal((VIEWS, 2, 2, 8)).astype(np.float16),
        image=F.normalize(vectors[:VIEWS], dim=-1),
        text=F.normalize(vectors, dim=-1),
        owner=np.arange(3 * VIEWS) // 3,
        scale=16.0,
        groups=F.normalize(vectors[:4], dim=-1),
        group_of=np.arange(VIEWS) % 5 - 1,
        rendered=np.arange(VIEWS) >= VIEWS - 4,
        rendered_text=np.arange(3 * VIEWS) >= 3 * (VIEWS - 4),
    )
    plan = Plan(**{"steps": 6, "batch": 4, "bank": 20, "sides": ((0.5, 32), (1.0, 64))} | changes)
    model = build(model_config("regnetx_002", vocab_size=10, context_length=8, dim=16), seed=0)
    return Run(model.visual, pictures, views, targets, plan, folder / "image.pt")


def trained(folder: Path, first_steps: int = 0) -> tuple[dict[str, torch.Tensor], list[float]]:
    """Weights and measured losses of a whole run, begun anew from its checkpoint after `first_steps`."""
    if first_steps:
        begun = run(folder)
        for _ in range(first_steps):
            begun.advance(normalise)
        begun.save()
    ongoing = run(folder)
    assert ongoing.step == first_steps
    seen: list[float] = []
    tower = train_image_tower(
        ongoing, normalise, log=folder / "log.jsonl", measure=lambda _: seen.append(1.0) or {}, line_every=2
    )
    return tower.state_dict(), seen


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole, _ = trained(tmp_path / "whole")
    parts, _ = trained(tmp_path / "parts", first_steps=4)
    assert whole.keys() == parts.keys()
    for name, tensor in whole.items():
        assert torch.equal(tensor, parts[name]), name
    lines = (tmp_path / "parts/log.jsonl").read_text().splitlines()
    assert len(lines) == 1
    assert '"step": 6' in lines[0]


def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path) -> None:
    begun = run(tmp_path)
    begun.advance(normalise)
    begun.save()
    with pytest.raises(ValueError, match="another plan"):
        run(tmp_path, steps=7)


def test_pictures_of_one_group_do_not_compete() -> None:
    image, text = torch.eye(3), torch.eye(3)[[1, 0, 2]]  # each of the first two has the other's caption
    scale = torch.tensor(2.0)
    alone = clip_loss(image, text, scale)
    assert alone.item() == pytest.approx((2 * np.log(np.exp(2) + 2) + np.log(np.exp(2) + 2) - 2) / 3, abs=1e-5)
    # Without the partner each of the two has only the third beside it: log(1 + 1); the third is as before.
    grouped = clip_loss(image, text, scale, torch.tensor([4, 4, -1]))
    assert grouped.item() == pytest.approx((2 * np.log(2) + np.log(np.exp(2) + 2) - 2) / 3, abs=1e-5)
    assert clip_loss(image, text, scale, torch.tensor([-1, -1, -1])).item() == pytest.approx(alone.item())


def test_street_pictures_are_the_same_again_and_captioned() -> None:
    first, again = street_photographs(2, seed=3), street_photographs(2, seed=3)
    assert [p.captions for p in first] == [p.captions for p in again]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, again, strict=True))
    assert all(p.captions and p.group and min(p.pixels.shape[:2]) >= 14 for p in first)
    whole = [p for p in first if not is_cut_out(p)]
    assert len(whole) == 8
    assert {p.pixels.shape for p in whole} == {(240, 320, 3)}
    assert len(first) > len(whole)


def test_each_batch_holds_its_share_of_rendered_views(tmp_path: Path) -> None:
    loader = run(tmp_path, batch=10).loader
    seen = [loader.next_rows() for _ in range(8)]
    assert all((rows >= VIEWS - 4).sum() == 2 for rows in seen)  # a fifth of ten
    photographed = np.concatenate(seen)
    photographed = photographed[photographed < VIEWS - 4]
    assert set(photographed[: VIEWS - 4]) <= set(range(VIEWS - 4))
    rendered = np.concatenate([rows[rows >= VIEWS - 4] for rows in seen])
    assert np.bincount(rendered)[VIEWS - 4 :].tolist() == [4] * 4, "every view as often as the others"


def test_photographs_are_compared_with_captions_of_photographs_only(tmp_path: Path) -> None:
    ongoing = run(tmp_path)
    targets, views, bank = ongoing.targets, ongoing.views, np.arange(3 * VIEWS)
    vectors = targets.image[:3].clone()
    before = relational_loss(vectors, np.arange(3), views, targets, bank)
    targets.text[3 * (VIEWS - 4) :] = -targets.text[3 * (VIEWS - 4) :]
    assert relational_loss(vectors, np.arange(3), views, targets, bank) == before
    rendered = np.arange(VIEWS - 3, VIEWS)
    assert relational_loss(targets.image[rendered], rendered, views, targets, bank) != before


def test_what_was_trained_before_keeps_its_trunk_while_the_maps_are_learned(tmp_path: Path) -> None:
    ongoing = run(tmp_path, steps=10, dense_part=0.15, frozen_first=True)
    before = {name: value.clone() for name, value in ongoing.model.visual.named_parameters()}

    def moved() -> bool:
        return any(not torch.equal(before[name], value) for name, value in ongoing.model.visual.named_parameters())

    ongoing.advance(normalise)
    ongoing.advance(normalise)
    assert not moved()
    ongoing.advance(normalise)
    assert moved()
