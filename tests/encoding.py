"""Tiny open_clip models for tests: saved to a folder, or published on a hub that is a web server of the test's own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from safetensors.torch import save_file

MODEL_CFG: dict[str, Any] = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 16, "head_width": 32},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}
PREPROCESS = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.4], "interpolation": "bicubic", "resize_mode": "shortest"}
OWN_CFG: dict[str, Any] = {
    "embed_dim": 16,
    "custom_text": True,
    "vision_cfg": {
        "timm_model_name": "test_resnet",
        "timm_model_pretrained": False,
        "timm_pool": "catavgmax",
        "timm_proj": "",
        "image_size": 32,
    },
    "text_cfg": {"context_length": 8, "vocab_size": 9, "width": 16, "heads": 2, "layers": 1},
}
OWN_WORDS = ["a", "person", "walking", "car", "riding"]


def save_tiny(folder: Path, *, seed: int = 0) -> Path:
    """A random open_clip model as open_clip's own local folders hold it."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(open_clip.CLIP(**MODEL_CFG).state_dict(), folder / "open_clip_model.safetensors")
    config = {"model_cfg": MODEL_CFG, "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


def save_own(folder: Path, *, seed: int = 0) -> Path:
    """A random model in this project's layout, as the bundled encoder has it."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    settings = {key: value for key, value in OWN_CFG.items() if key != "custom_text"}
    halves = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in open_clip.CustomTextCLIP(**settings).state_dict().items()
    }
    save_file({k: v for k, v in halves.items() if k.startswith("visual.")}, folder / "image.safetensors")
    save_file({k: v for k, v in halves.items() if not k.startswith("visual.")}, folder / "text.safetensors")
    preprocess = {**PREPROCESS, "size": [32, 32], "resize_mode": "squash", "mode": "RGB", "fill_color": 0}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": OWN_CFG, "preprocess_cfg": preprocess}))
    (folder / "vocab.txt").write_text("\n".join(OWN_WORDS))
    card = {"name": "tiny", "limits": "sees nothing", "licence": "none", "source": "a test"}
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def pictures(count: int = 5, *, seed: int = 0) -> list[np.ndarray]:
    """Smooth random RGB pictures of different sizes, wide, tall and tiny."""
    rng = np.random.default_rng(seed)
    sizes = [(48, 64), (90, 31), (32, 32), (7, 5), (33, 120)]
    return [rng.integers(0, 256, (*sizes[i % len(sizes)], 3), dtype=np.uint8) for i in range(count)]


def vectors_by_open_clip(folder: Path, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of `pictures()` and `texts` by open_clip alone, one picture at a time."""
    from PIL import Image

    model, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{folder}")
    model.eval()
    with torch.no_grad():
        images = torch.cat([model.encode_image(preprocess(Image.fromarray(p))[None]) for p in pictures()])
        tokens = open_clip.get_tokenizer(f"local-dir:{folder}")(texts)
        sentences = model.encode_text(tokens)
    return tuple(torch.nn.functional.normalize(v, dim=-1).numpy() for v in (images, sentences))  # type: ignore[return-value]


@contextmanager
def hub(files: dict[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """A hub on this machine that serves `files` by name in every repository: its address and the paths asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            asked.append(self.path)
            name = self.path.rpartition("/")[2].partition("?")[0]
            body = files.get(name)
            if body is None:
                # The front page answers; a file that is not there is told as the hub tells it.
                self.send_response(404 if name else 200)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"' + name.replace(".", "") + '"')
            self.send_header("X-Repo-Commit", "0" * 40)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
