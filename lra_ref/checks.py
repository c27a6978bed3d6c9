"""Checks of user input: one clear line, nothing modified, nothing lost."""

from __future__ import annotations

import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lra_ref.parameters import shown, unknown
from lra_ref.readings import bits
from lra_ref.typing import Array


def as_array(name: str, value: Any) -> Array:
    """``value`` as an array of any type; what is no array, or has entries masked, is refused by name."""
    listed = isinstance(value, list | tuple) and any(entry is np.ma.masked for entry in value)
    if listed or (isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value)):
        raise ValueError(f"{name} must be an array of real numbers, got one with masked entries")
    try:
        return np.asarray(value)
    except (ValueError, TypeError, OverflowError) as problem:
        raise ValueError(f"{name} must be an array of real numbers: {' '.join(str(problem).split())}") from None


def vector(name: str, value: Any, dim: int | None = None, *, finite: bool = False) -> Array:
    """``value`` as a C-contiguous float64 array of shape ``(..., dim)``; the user's array is never modified.

    Integers are accepted; complex, text, object, boolean and masked arrays, a wrong last axis and an empty array are refused. Within
    :func:`lra_ref.readings.precise` an array of balls is one of real numbers.
    """
    array = as_array(name, value)
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
    with np.errstate(over="ignore"):  # a long double may be an infinity as a float
        result = np.ascontiguousarray(array, dtype=float)
    if finite and not np.all(np.isfinite(result)):
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(result))[0])
        raise ValueError(f"{name} must be finite, got {result[where]} at index {where}")
    return result


def starts(name: str, value: Any, count: int, dim: int) -> Array:
    """Finite starting points as a new array of shape ``(count, dim)``, from one of shape (dim,) or (1, dim) or as many as there are."""
    start = vector(name, value, dim, finite=True)
    if start.ndim > 2 or (start.ndim == 2 and start.shape[0] not in (1, count)):
        raise ValueError(f"{name} must have shape ({dim},) or ({count}, {dim}), got {start.shape}")
    return np.array(np.broadcast_to(start, (count, dim)), order="C")


def block_offsets(offsets: Sequence[int] | Array | None, dim: int) -> Array:
    """Offsets ``0 = o_0 < o_1 < ... < o_K = dim`` of the blocks as int64; ``None`` means one block."""
    if offsets is None:
        return np.array([0, dim], dtype=np.int64)
    array = as_array("offsets", offsets)
    good = array.ndim == 1 and array.size >= 2 and array.dtype.kind in "iu"
    if not good or array[0] != 0 or array[-1] != dim or np.any(np.diff(array.astype(np.int64)) <= 0):
        raise ValueError(f"offsets must be whole numbers rising from 0 to {dim}, got {shown(offsets)}")
    return array.astype(np.int64)


#: what a file that is no archive of arrays, or damaged, makes the readers of archives and arrays raise
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, ValueError, EOFError, RuntimeError, OverflowError, MemoryError, SyntaxError,
    tokenize.TokenError,
)  # fmt: skip
#: the largest whole number of compiled code
INT64 = 2**63 - 1


def whole(name: str, value: Any, low: int = 0, high: int | None = None) -> int:
    """``value`` as a whole number that is at least ``low``, and at most ``high`` if that is given."""
    # np.timedelta64 calls itself a whole number
    if isinstance(value, bool | np.timedelta64) or not isinstance(value, int | np.integer) or value < low:
        raise ValueError(f"{name} must be a whole number of at least {low}, got {shown(value)}")
    if high is not None and value > high:
        raise ValueError(f"{name} must be a whole number of at most {high}, got {shown(value)}")
    return int(value)


def real(name: str, value: Any) -> float:
    """``value`` as a float; a number, or an array of one, in any of NumPy's real types."""
    array = as_array(name, value)
    if array.dtype.kind not in "fiu" or array.size != 1:
        raise ValueError(f"{name} must be a real number, got {shown(value)}")
    with np.errstate(over="ignore"):
        return float(array.reshape(())[()])


def path_of(value: Any) -> str:
    """The text of a path; ``ValueError`` for what is none (a number would be a file that is open)."""
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise ValueError(f"path must be the name of a file or folder, got {shown(value)}")
    return text


def names_in(name: str, value: Any) -> list[str]:
    """A text, or several, as a list of texts."""
    if isinstance(value, str):
        return [value]
    listed = isinstance(value, Iterable) and not isinstance(value, Mapping | np.ndarray | bytes)
    found = list(value) if listed else []
    if not listed or not all(isinstance(entry, str) for entry in found):
        raise ValueError(f"{name} must be a name or a list of names, got {shown(value)}")
    return found


def settings_in(name: str, value: Any) -> dict[str, Any]:
    """A dictionary whose keys are texts; None is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"{name} must be a dictionary of names and values, got {shown(value)}")
    return dict(value)


def chosen(name: str, value: Any, valid: Iterable[Any]) -> Any:
    """``value`` if it is one of a few texts (or None, if that is one of them); else ``ValueError`` with the nearest of them."""
    known = list(valid)
    if not (value is None and None in known) and not (isinstance(value, str) and value in known):
        raise ValueError(unknown(name, shown(value) if not isinstance(value, str) else value, map(str, known)))
    return value
