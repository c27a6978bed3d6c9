"""Checks of user input: one clear line, nothing modified, nothing lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lra_ref.readings import bits
from lra_ref.typing import Array


def vector(name: str, value: Any, dim: int | None = None, *, finite: bool = False) -> Array:
    """``value`` as a C-contiguous float64 array of shape ``(..., dim)``; the user's array is never modified.

    Integers are accepted; complex, text, object and boolean arrays, a wrong last axis and an empty array are refused. Within
    :func:`lra_ref.readings.precise` an array of balls is one of real numbers.
    """
    try:
        array = np.asarray(value)
    except ValueError as problem:
        raise ValueError(f"{name} must be an array of real numbers: {problem}") from None
    certified = array.dtype == object and bits() is not None
    if array.dtype.kind not in "fiu" and not certified:
        raise ValueError(f"{name} must be an array of real numbers, got dtype {array.dtype}")
    if array.ndim == 0:
        raise ValueError(f"{name} must have at least one axis, got a scalar")
    if dim is not None and array.shape[-1] != dim:
        raise ValueError(f"{name} must have shape (..., {dim}), got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty, got shape {array.shape}")
    if certified:
        return array
    result = np.ascontiguousarray(array, dtype=float)
    if finite and not np.all(np.isfinite(result)):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(result))[0])
        raise ValueError(f"{name} must be finite, got {result[where]} at index {where}")
    return result


def block_offsets(offsets: Sequence[int] | Array | None, dim: int) -> Array:
    """Offsets ``0 = o_0 < o_1 < ... < o_K = dim`` of the blocks as int64; ``None`` means one block."""
    if offsets is None:
        return np.array([0, dim], dtype=np.int64)
    array = np.asarray(offsets)
    good = array.ndim == 1 and array.size >= 2 and array.dtype.kind in "iu"
    if not good or array[0] != 0 or array[-1] != dim or np.any(np.diff(array.astype(np.int64)) <= 0):
        raise ValueError(f"offsets must be whole numbers rising from 0 to {dim}, got {offsets!r}")
    return array.astype(np.int64)


def whole(name: str, value: Any, low: int = 0) -> int:
    """``value`` as a whole number that is at least ``low``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        raise ValueError(f"{name} must be a whole number of at least {low}, got {value!r}")
    return int(value)
