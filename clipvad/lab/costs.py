"""What an analysis costs when nothing is cached, remembered beside the cached features that it paid for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clipvad.cache import Cache
from clipvad.core import Analysis, Mode


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Seconds of one mode of one clip. `total_s`: decoding, detecting, encoding; `encode_s`: the encoder's part."""

    total_s: float
    encode_s: float


class Costs:
    """Keeps costs in `cache`, so that a second run, which computes nothing, still knows them."""

    def __init__(self, cache: Cache | None, *, fps: float) -> None:
        self._cache = cache
        self._fps = fps

    def of(self, analysis: Analysis, mode: Mode) -> Cost | None:
        """The cost of this analysis of `mode` alone; None where it came from the cache and was never measured.

        An analysis whose boxes came from the cache (another encoder ran before) is charged what they cost then.
        """
        known = self._get(analysis, mode)
        if analysis.from_cache:
            return known
        spent = analysis.timings_s
        detect_s = spent.get("detect", 0.0)
        paid_s = max(detect_s, self._detection(analysis, detect_s)) if mode == "object" else 0.0
        cost = Cost(total_s=spent["extract"] - detect_s + paid_s, encode_s=spent.get("encode", 0.0))
        if self._cache is not None:
            self._cache.put(self._key(analysis, mode), {"seconds": np.array([cost.total_s, cost.encode_s])})
        return cost

    def _detection(self, analysis: Analysis, detect_s: float) -> float:
        """What the boxes of this clip cost at their first time, which is now if nothing is stored."""
        if self._cache is None:
            return detect_s
        key = self._clip(analysis) | {"table": "lab, detection", "detector": _detector(analysis)}
        entry = self._cache.get(key)
        if entry is not None:
            return float(entry[0]["seconds"][0])
        self._cache.put(key, {"seconds": np.array([detect_s])})
        return detect_s

    def _get(self, analysis: Analysis, mode: Mode) -> Cost | None:
        entry = self._cache.get(self._key(analysis, mode)) if self._cache is not None else None
        return (
            None
            if entry is None
            else Cost(total_s=float(entry[0]["seconds"][0]), encode_s=float(entry[0]["seconds"][1]))
        )

    def _key(self, analysis: Analysis, mode: Mode) -> dict[str, object]:
        use = analysis.encoder
        key = self._clip(analysis) | {"table": f"lab, {mode}", "encoder": use.id, "precision": use.precision}
        return key | ({"detector": _detector(analysis)} if mode == "object" else {})

    def _clip(self, analysis: Analysis) -> dict[str, object]:
        return {"video": analysis.video.sha256, "fps": self._fps}


def _detector(analysis: Analysis) -> str:
    return analysis.detector.id if analysis.detector is not None else ""
