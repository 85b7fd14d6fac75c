"""Text-to-image and image-to-text recall of encoders on held-out captioned photographs, side by side.

    python -m benchmarks.retrieval DATA/captions/flickr8k bundled open_clip:FOLDER

The folder holds `captions.csv` (columns image, caption, split) and `images/`; rows of the split `heldout` count.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.common import machine
from clipvad.encoders import load_encoder
from tools.bundled.data import read_photographs
from tools.bundled.evaluate import retrieval


def main() -> None:
    """Print one row an encoder, in per cent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("encoders", nargs="+")
    options = parser.parse_args()
    heldout = [photograph for photograph in read_photographs(options.folder) if photograph.split == "heldout"]
    captions = sum(len(photograph.captions) for photograph in heldout)
    print(f"{len(heldout)} photographs, {captions} captions; {machine()}\n")
    header = None
    for name in options.encoders:
        encoder = load_encoder(name, device="cpu", precision="fp32")
        found = retrieval(encoder, heldout)
        if header is None:
            header = [key for key in found if "@" in key]
            print("| encoder | " + " | ".join(header) + " |\n|---|" + "---:|" * len(header))
        shown = Path(name.rpartition(":")[2]).name
        print(f"| {shown} | " + " | ".join(f"{found[key]:.1f}" for key in header) + " |", flush=True)


if __name__ == "__main__":
    main()
