"""Euclidean norms whose squares may leave the range of float64, from sums alone.

Blue (1978), "A portable Fortran program to find the Euclidean norm of a vector" (published; also LAPACK's ``dnrm2``): the squares are
added up in three classes, each scaled by a power of two, which is exact.

=========  ==============================  ====================
class      elements                        summand
=========  ==============================  ====================
small      ``|v| < 2^-511``                ``(2^537 v)^2``
ordinary   between, and nan                ``v^2``
large      ``|v| > 2^486``                 ``(2^-538 v)^2``
=========  ==============================  ====================

A norm is kept as the pair (scale, root), ``|v| = root / scale``, so that ``v / |v| = (scale v) / root`` is right even where ``|v|``
itself is out of range. Where every element is ordinary or 0, scale = 1 and root = sqrt(sum v^2) with no further rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.arithmetic import quotient
from lra_ref.backends.sums import block_sums, in_order
from lra_ref.formulas import shortcut, square, where
from lra_ref.typing import Array

#: ends of the ordinary class and the scales of the other two (J. L. Blue, ACM TOMS 4, 15-23; E. Anderson, ACM TOMS 44, 12)
LEAST, GREATEST = 2.0**-511, 2.0**486
UP, DOWN = 2.0**537, 2.0**-538
#: UP^-2
UP_BACK = 2.0**-1074


def small_square(v: Any) -> Any:
    """Summand of the class of small elements."""
    return square(where(np.abs(v) < LEAST, v, 0) * UP)


def ordinary_square(v: Any) -> Any:
    """Summand of the ordinary class; a nan belongs to it, and so is not lost."""
    return square(where((np.abs(v) < LEAST) | (np.abs(v) > GREATEST), 0, v))


def large_square(v: Any) -> Any:
    """Summand of the class of large elements."""
    return square(where(np.abs(v) > GREATEST, v, 0) * DOWN)


def norm_scale(ordinary: Any, large: Any) -> Any:
    """Power of two by which the root is larger than the norm."""
    return where(large > 0, DOWN, where(ordinary == 0, UP, 1))


def norm_root(small: Any, ordinary: Any, large: Any) -> Any:
    """``scale |v|`` from the three sums.

    What the smaller class adds is rounded to a multiple of 2^-1074, at most 1 ulp of the larger one.
    """
    both = where(large > 0, large + ordinary * DOWN * DOWN, ordinary + small * UP_BACK)
    return np.sqrt(where((large > 0) | (ordinary != 0), both, small))


def unit(v: Any, scale: Any, root: Any) -> Any:
    """Element of ``v / |v|``; 0 where ``|v| = 0``."""
    return quotient(v * scale, root)


def split_squares(v: Any, i: Any, out: Any) -> None:
    """The three summands of element i (kernel)."""
    out[0, i] += small_square(v)
    out[1, i] += ordinary_square(v)
    out[2, i] += large_square(v)


@shortcut
def all_ordinary(values: Any) -> Any:
    """Whether every element is 0 or in the ordinary class (kernel), where the class of an element need not be looked up."""
    # of float32 numbers only an infinite one is in another class, which changes neither the norm (infinite) nor v / |v|
    if values.itemsize < 8:
        return True
    count = 0
    for i in range(values.size):
        size = np.abs(values[i])
        count += where((size > GREATEST) | ((size < LEAST) & (size > 0)), 1, 0)
    return count == 0


def add_squares(values: Any, out: Any) -> None:
    """The summands of every element (kernel)."""
    if all_ordinary(values):
        for i in range(values.size):
            # a product with a whole number is a float64, as the classes are
            out[1, i] += square(1 * values[i])
    else:
        for i in range(values.size):
            split_squares(values[i], i, out)


def norms(v: Array, offsets: Array, per_block: bool) -> tuple[Array, Array]:
    """``(scale, root)``, (..., K) for a norm per block or (..., 1) for the norm of the whole vector (reference)."""
    small, ordinary, large = (block_sums(f(v), offsets) for f in (small_square, ordinary_square, large_square))
    if not per_block:
        small, ordinary, large = in_order(small), in_order(ordinary), in_order(large)
    return norm_scale(ordinary, large), norm_root(small, ordinary, large)
