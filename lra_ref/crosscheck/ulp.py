"""Differences counted in units in the last place (ulp), of the precision that the port computes in.

One ulp of a number v at p binary digits is ``2^(floor(log2 |v|) - p + 1)``; p = 53 (float64), 24 (float32), 8 (bfloat16).  The numbers
of a tensor are rounded together, in sums whose terms are as large as its largest element, so all of them are measured in ONE unit: the
ulp of the tensor's *scale*.  What the scale of a quantity is says :func:`lra_ref.crosscheck.trace.scales`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.checks import chosen
from lra_ref.typing import Array

#: precision -> (binary digits, exponent of the smallest subnormal number, largest exponent)
PRECISIONS = {"float64": (53, -1074, 1024), "float32": (24, -149, 128), "bfloat16": (8, -133, 128)}


def digits(precision: str) -> int:
    """Binary digits of a precision; an unknown one is a ``ValueError`` with the valid names."""
    chosen("precision", precision, PRECISIONS)
    return PRECISIONS[precision][0]


def ulp(scale: Any, precision: str = "float64") -> Array:
    """One unit in the last place of numbers of this size, at least the smallest subnormal number; nan for what is not finite."""
    p, least, _ = PRECISIONS[precision]
    size = np.abs(np.asarray(scale, dtype=float))
    _, exponent = np.frexp(size)
    unit = np.ldexp(1.0, np.maximum(np.where(size == 0, least, exponent - p), least))
    return np.where(np.isfinite(size), unit, np.nan)


def rounded(values: Any, precision: str = "float64") -> Array:
    """float64 numbers rounded to the nearest number of a precision, ties to even; too large ones become infinite."""
    exact = np.asarray(values, dtype=float)
    if precision == "float64":
        return exact.copy()
    unit = ulp(exact, precision)
    with np.errstate(all="ignore"):
        # a division by a power of two is exact, so that there is one rounding only
        near = np.where(np.isfinite(exact), np.rint(exact / unit) * unit, exact)
        return np.where(np.abs(near) >= 2.0 ** PRECISIONS[precision][2], np.copysign(np.inf, near), near)


def distance(port: Array, reference: Array, scale: Any, precision: str = "float64") -> Array:
    """``|port - reference|`` in ulp of ``scale``, element by element; 0 where both are the same number, inf where one is no number."""
    with np.errstate(all="ignore"):
        apart = np.abs(port - reference) / ulp(np.minimum(scale, np.finfo(float).max), precision)
    same = (port == reference) | (np.isnan(port) & np.isnan(reference))
    return np.where(same, 0.0, np.where(np.isnan(apart), np.inf, apart))
