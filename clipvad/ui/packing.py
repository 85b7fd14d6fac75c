"""Arrays on their way to the browser: base64 of little-endian numbers, quantised to what a screen can show."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import ArrayLike, NDArray


def unit(values: NDArray[np.floating], *, bits: int = 16) -> str:
    """Values in [0, 1] as unsigned integers of so many bits; NaN (nothing seen) becomes 0."""
    top = 2**bits - 1
    return pack(np.round(np.clip(np.nan_to_num(values), 0, 1) * top), f"<u{bits // 8}")


def pack(values: ArrayLike, dtype: str) -> str:
    """`values` as `dtype`, row by row."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=np.dtype(dtype)).tobytes()).decode("ascii")
