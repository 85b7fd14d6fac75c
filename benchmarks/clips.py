"""Every clip of a folder through `clipvad score`, each in a process of its own: a table of time and memory.

    python -m benchmarks.clips FOLDER --mode frame --encoder bundled --detector motion > table.md

Seconds are those of the analysis (decoding, detecting, encoding, scoring) without loading the models and without
writing results; memory is the peak of the whole process, models included. The cache is off.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.common import machine
from clipvad.cli.score import find_clips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--mode", nargs="+", default=["frame"], choices=["frame", "object", "both"])
    options, passed_on = parser.parse_known_args()
    clips = [clip for given in options.clips for clip in find_clips([given])]
    print(f"`python -m benchmarks.clips {' '.join(sys.argv[1:])}`\n\n{machine()}\n", flush=True)
    print("| clip | mode | size | video s | analysis s | x real time | peak MB | result |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    ended = 0
    for clip in clips:
        for mode in options.mode:
            cells, ok = row(clip, mode, passed_on)
            ended += ok
            print(f"| {' | '.join(cells)} |", flush=True)
    print(f"\n{ended} of {len(clips) * len(options.mode)} runs ended with a result or one clear line.")
    sys.exit(ended < len(clips) * len(options.mode))


def row(clip: Path, mode: str, passed_on: list[str]) -> tuple[list[str], bool]:
    """The cells of one run, and whether it ended as it should: a result, or one clear line."""
    with tempfile.TemporaryDirectory() as out:
        summary, errors, peak_mb = measured(
            ["score", str(clip), "--mode", mode, "--out", out, "--json", "--no-cache", *passed_on]
        )
        size = frame_size(summary)
    name = f"{clip.parent.name}/{clip.name}"
    found: dict[str, Any] = summary["clips"][0] if summary else {"ok": False, "error": " ".join(errors)}
    if not found["ok"]:
        one_line = len(errors) == 1 and "Traceback" not in errors[0] and "unexpected" not in errors[0]
        return [name, mode, "", "", "", "", f"{peak_mb:.0f}", found["error"]], one_line
    timings = found["timings_s"]
    seconds = timings["total"] - timings.get("load", 0.0)
    duration = found["duration_s"]
    result = f"{len(found['events'])} events" + (", with a note" if found["warnings"] else "")
    numbers = [f"{duration:.1f}", f"{seconds:.2f}", f"{duration / seconds:.1f}", f"{peak_mb:.0f}"]
    return [name, mode, size, *numbers, result], True


def measured(args: list[str]) -> tuple[dict[str, Any] | None, list[str], float]:
    """Run the command line; its JSON (None without one), its error lines, and its peak memory in MB (2**20)."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen([sys.executable, "-m", "clipvad", *args], stdout=out, stderr=err)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text, messages = out.read().decode(), err.read().decode().splitlines()
    errors = [line for line in messages if line.startswith(("error:", "Traceback"))]
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return (json.loads(text) if text else None), errors, peak


def frame_size(summary: dict[str, Any] | None) -> str:
    if not summary or not summary["clips"][0]["ok"]:
        return ""
    video = json.loads(Path(summary["clips"][0]["files"]["analysis"]).read_text())["video"]
    return f"{video['width']}x{video['height']} @ {video['fps']:.3g}"


if __name__ == "__main__":
    main()
