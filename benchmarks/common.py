"""What the benchmarks share: longer clips made by looping a short one, and a line on the machine."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path

import av


def loop_clip(source: Path, seconds: float, target: Path) -> Path:
    """Repeat `source` until `target` lasts at least `seconds`; packets are copied, not encoded again."""
    offset = 0
    with av.open(str(target), "w") as output:
        copy = None
        while copy is None or offset * copy.time_base < seconds:
            with av.open(str(source)) as clip:
                stream = clip.streams.video[0]
                copy = copy or output.add_stream_from_template(stream)
                copy.time_base = stream.time_base
                end = offset
                for packet in clip.demux(stream):
                    if packet.dts is None:
                        continue
                    packet.pts += offset
                    packet.dts += offset
                    end = max(end, packet.pts + (packet.duration or 1))
                    packet.stream = copy
                    output.mux(packet)
                offset = end
    return target


def machine() -> str:
    """Processor, cores, Python and date, for the head of a results table."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return f"{model}, {os.cpu_count()} cores{load}; Python {platform.python_version()}; {today}"
