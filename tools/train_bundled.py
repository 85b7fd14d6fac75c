"""Train the bundled encoder and print the figures of its model card.

    python tools/train_bundled.py --captions DATA/captions --clips DATA --yolo yolo11n.pt --out OUT

`--captions` holds `flickr8k` and `coco_mini`, `--clips` holds `ucsd_ped2` and (for the figures) also `ucf_crime_clips`
and `annotations`. Every finished stage is kept in `--work` (about 6 GB), and the same command goes on where it was cut
off; a work folder belongs to one set of options. Install with `pip install -e .[train]`. The run is
seeded; on other hardware floating-point sums differ, so the figures will be near the card's, not equal.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import load_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from clipvad.encoders.openclip import open_folder
from clipvad.encoders.tokenizer import WordTokenizer
from tools.bundled.data import Photograph
from tools.bundled.evaluate import report
from tools.bundled.export import export
from tools.bundled.finetune import Pooled, finetune, pool_features, pooled_features
from tools.bundled.heads import recall
from tools.bundled.model import IMAGE_SIDE, build, model_config, normalise
from tools.bundled.pool import Pool, build_pool
from tools.bundled.spaces import CONTEXT_LENGTH, DIM, Spaces, TextData, build_spaces, group_numbers, read_texts
from tools.bundled.student import Plan, Run, Targets, train_image_tower
from tools.bundled.text_tower import train_text_tower
from tools.bundled.views import View, cut

CARD = {
    "name": "bundled",
    "limits": "Small model: judges single objects (people, riders, vehicles) fairly, whole scenes and crimes hardly "
    "better than chance. Use object mode, or real CLIP.",
    "licence": "AGPL-3.0-or-later; trained on research photographs (Flickr8k)",
    "source": "tools/train_bundled.py of this project",
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, what in {
        "captions": "folder with flickr8k and coco_mini",
        "clips": "folder with ucsd_ped2",
        "yolo": "checkpoint of the detector that teaches",
        "out": "folder for the encoder",
        "work": "folder for intermediate features",
    }.items():
        parser.add_argument(f"--{name}", type=Path, required=name != "work", default=Path("bundled-work"), help=what)
    parser.add_argument("--steps", type=int, default=5000, help="batches of 256 views for the image tower")
    parser.add_argument("--start", type=Path, help="encoder folder whose image tower the training goes on from")
    parser.add_argument("--rate", type=float, default=Plan.rate, help="learning rate at its highest")
    parser.add_argument("--scenes", type=int, default=500, help="scenes of the street world to learn from")
    parser.add_argument("--trunk", default="regnetx_002", help="timm model of the image tower")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


@torch.inference_mode()
def whole_photographs(visual: Any, photographs: list[Photograph], *, batch: int = 100) -> torch.Tensor:
    """The image tower's unit vectors [n, D] of whole photographs."""
    found = []
    for start in range(0, len(photographs), batch):
        part = [p.pixels for p in photographs[start : start + batch]]
        views = [View(i, (0, 0, p.shape[1], p.shape[0]), i, "") for i, p in enumerate(part)]
        images = torch.from_numpy(np.stack([cut(part, view, IMAGE_SIDE) for view in views])).permute(0, 3, 1, 2)
        found.append(F.normalize(visual(normalise(images)).float(), dim=-1))
    return torch.cat(found)


def go_on_from(
    folder: Path, visual: Any, pool: Pool, targets: Targets, *, rows: int = 12000, ridge: float = 1e-3
) -> None:
    """Take the trunk of an encoder trained before; its last layer is fitted anew, by least squares, to the targets."""
    stored = load_file(folder / "image.safetensors")
    visual.load_state_dict({name.removeprefix("visual."): value for name, value in stored.items()})
    chosen = np.sort(np.random.default_rng(0).choice(len(pool.views), min(rows, len(pool.views)), replace=False))
    features = pooled_features(visual.eval(), (cut(pool.pictures, pool.views[r], IMAGE_SIDE) for r in chosen)).float()
    inputs = torch.cat([features, torch.ones(len(features), 1)], 1)
    gram = inputs.T @ inputs + ridge * len(inputs) * torch.eye(inputs.shape[1])
    fitted = torch.linalg.solve(gram, inputs.T @ targets.image[chosen])
    with torch.no_grad():
        visual.trunk.head.fc.weight.copy_(fitted[:-1].T)
        visual.trunk.head.fc.bias.copy_(fitted[-1])


def finish(
    model: Any, config: dict[str, Any], pooled: Pooled, pool: Pool, texts: TextData, spaces: Spaces, out: Path
) -> dict[str, int]:
    """Fit the towers, trained on the teacher's space, to each other, and write the encoder."""
    tokenizer = WordTokenizer(texts.words, context_length=CONTEXT_LENGTH)
    learned = finetune(
        model.text,
        model.visual.trunk.head.fc,
        pooled,
        torch.from_numpy(tokenizer([*texts.captions, *texts.sentences])),
        texts.owner,
        group_numbers(pool.photos),
        spaces.text,
        end=tokenizer.end,
        epochs=10,
        seed=0,
        scale=spaces.scale,
    )
    with torch.no_grad():
        model.logit_scale.fill_(float(np.log(learned)))
    return export(model, config, texts.words, CARD, out)


def kept(file: Path, make: Callable[[], Any]) -> Any:
    """What `make` returned when it first ran: later runs read it from `file`."""
    if not file.exists():
        part = file.with_suffix(".part")
        torch.save(make(), part)
        part.replace(file)
    return torch.load(file, weights_only=False)


def main() -> None:
    args = arguments()
    torch.set_num_threads(args.threads)
    from ultralytics import YOLO

    detector = YOLO(str(args.yolo))
    detector.model.eval().fuse()
    pool = build_pool(args.captions, args.clips, detector, args.work, seed=args.seed, scenes=args.scenes)
    texts = read_texts(pool, args.work, seed=args.seed)
    spaces = kept(args.work / "spaces.pt", lambda: build_spaces(pool, texts, seed=args.seed, epochs=20))
    targets = spaces.targets(pool, texts)

    tokenizer = WordTokenizer(texts.words, context_length=CONTEXT_LENGTH)
    config = model_config(args.trunk, vocab_size=tokenizer.vocab_size, context_length=CONTEXT_LENGTH, dim=DIM)
    model = build(config, seed=args.seed)
    ids = torch.from_numpy(tokenizer([*texts.captions, *texts.sentences]))

    def text_tower() -> dict[str, torch.Tensor]:
        train_text_tower(
            model.text, ids, spaces.text, end=tokenizer.end, epochs=4, seed=args.seed, captions=len(texts.captions)
        )
        return dict(model.text.state_dict())

    model.text.load_state_dict(kept(args.work / "text.pt", text_tower))

    def measure(visual: Any) -> dict[str, float]:
        found = recall(whole_photographs(visual, pool.heldout), spaces.queries, texts.heldout_owner)
        return {"R@10": round(found["t2i R@10"], 2)}

    plan = Plan(steps=args.steps, rate=args.rate, seed=args.seed, frozen_first=args.start is not None)
    if args.start is not None:
        go_on_from(args.start, model.visual, pool, targets)
    run = Run(model.visual, pool.pictures, pool.views, targets, plan, args.work / "image.pt")
    model.visual = train_image_tower(run, normalise, log=args.work / "training.jsonl", measure=measure)
    pooled = kept(args.work / "pooled.pt", lambda: pool_features(model.visual, pool, seed=args.seed))
    print(finish(model, config, pooled, pool, texts, spaces, args.out), flush=True)
    encoder = open_folder(args.out, device="cpu", precision="fp32")
    figures = report(encoder, pool.heldout, args.clips, str(args.yolo), cache=args.work / "cache")
    print(json.dumps({"teacher": spaces.teacher, **figures}, indent=2))


if __name__ == "__main__":
    main()
