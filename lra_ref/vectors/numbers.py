"""Numbers of files: reading floats as text, and how many representable numbers lie between two of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.checks import as_array
from lra_ref.parameters import shown
from lra_ref.typing import Array

#: name -> float type and the signed integer of its width
PRECISIONS: dict[str, tuple[Any, Any]] = {"float64": (np.float64, np.int64), "float32": (np.float32, np.int32)}
#: the distance of what cannot be compared: a nan or an infinity and something else
APART = np.inf


def real(value: Any, where: str) -> float:
    """One number: a JSON number, a decimal or hexadecimal text, or ``nan``, ``inf``, ``-inf``."""
    if isinstance(value, str):
        text = value.strip()
        try:
            return float.fromhex(text) if "x" in text.lower() else float(text.replace("_", "?"))
        except (ValueError, OverflowError):
            raise ValueError(f"{where}: {value[:40]!r} is no number") from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{where}: expected a number, got {str(value)[:40]!r}")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{where}: {str(value)[:40]}... is out of range") from None


def table(value: Any, where: str) -> Array:
    """Nested lists of numbers of a common shape as a float64 array."""
    if not isinstance(value, list):
        return np.float64(real(value, where))  # type: ignore[return-value]
    entries = [table(entry, f"{where}[{k}]") for k, entry in enumerate(value)]
    for k, entry in enumerate(entries):
        if entry.shape != entries[0].shape:
            raise ValueError(f"{where}[{k}] has shape {entry.shape}, {where}[0] has {entries[0].shape}")
    return np.array(entries, dtype=np.float64)


def ulps(a: Array, b: Array, precision: str = "float64") -> Array:
    """How many steps from one representable number to the next lead from a to b, elementwise, as float64.

    Both are first rounded to the precision.  +0 and -0 are the same number; a nan equals a nan; nan, inf and -inf are
    infinitely far from everything else.  Distances above 2^53 are rounded.
    """
    if not isinstance(precision, str) or precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {shown(precision)}")
    real_type, signed = PRECISIONS[precision]
    arrays = {"a": as_array("a", a), "b": as_array("b", b)}
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu":
            raise ValueError(f"{name} must be an array of real numbers, got dtype {array.dtype}")
    try:
        np.broadcast_shapes(arrays["a"].shape, arrays["b"].shape)
    except ValueError:
        raise ValueError(f"a and b must have shapes that broadcast, got {arrays['a'].shape} and {arrays['b'].shape}") from None
    with np.errstate(over="ignore"):
        first, second = (array.astype(real_type) for array in arrays.values())
    one, two = _rank(first, signed), _rank(second, signed)
    # exact where both have the same sign; otherwise the sum of two magnitudes, rounded
    same = (one < 0) == (two < 0)
    with np.errstate(over="ignore"):
        near = np.where(same, np.abs(np.where(same, one - two, 0)).astype(float), np.abs(one.astype(float)) + np.abs(two.astype(float)))
    special = ~(np.isfinite(first) & np.isfinite(second))
    equal = (first == second) | (np.isnan(first) & np.isnan(second))
    return np.asarray(np.where(special, np.where(equal, 0.0, APART), near))


def _rank(values: Array, signed: Any) -> Array:
    """Number of the value among the representable ones, 0 for both zeros, as int64."""
    bits = np.atleast_1d(np.ascontiguousarray(values)).view(signed).reshape(np.shape(values)).astype(np.int64)
    lowest = np.iinfo(signed).min
    return np.asarray(np.where(bits < 0, lowest - bits, bits))
