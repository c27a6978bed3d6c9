"""Small arithmetic shared by the parts: written once, the same bits in the reference and in compiled kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.formulas import PRIMITIVES, bits_of, float_of, where

#: below / above these arguments exp is 0 / inf in float64; the layout of a float64
LOWEST, HIGHEST = np.float64(-746.0), np.float64(710.0)
UNIT, HALF, TWO_52, BIAS, FRACTION_BITS = np.float64(1), np.float64(0.5), np.float64(2.0**52), np.float64(1023), np.uint64(52)
#: ln 2 in two parts; the first has 40 bits, so that whole multiples of it below 2^13 are exact
LN2_HIGH, LN2_LOW = np.float64(0.6931471805592082), np.float64(7.371002565167799e-13)
#: Chebyshev interpolant of (exp(r) - 1 - r) / r^2 for |r| <= ln(2)/2, lowest power first
EXP = (
    np.float64(0.5), np.float64(0.16666666666666666), np.float64(0.04166666666666668), np.float64(0.008333333333333333),
    np.float64(0.0013888888888879082), np.float64(0.00019841269841263304), np.float64(2.480158733642132e-05),
    np.float64(2.755731924720479e-06), np.float64(2.755726330147475e-07), np.float64(2.5052071109214447e-08),
    np.float64(2.0918129454967065e-09), np.float64(1.6086622436215554e-10),
)  # fmt: skip


def power(base: Any, n: Any) -> Any:
    """``base^n`` for a whole number n >= 0, by repeated squaring.

    Products in a fixed order, so that reference and kernels agree to the last bit, which they would not through a library's ``pow``.
    Relative error at most 2 n unit roundoffs (squaring doubles an error and adds one rounding), to first order.
    """
    result = 1.0
    while n > 0:
        if n % 2 == 1:
            result = result * base
        base = base * base
        n = n // 2
    return result


def total(sums: Any, first: Any, last: Any, j: Any) -> Any:
    """Sum over the blocks ``first..last`` of column j, in order (kernel); bit for bit ``backends.sums.in_order``."""
    result = sums[first, j]
    for s in range(first + 1, last):
        result = result + sums[s, j]
    return result


def quotient(top: Any, bottom: Any) -> Any:
    """``top / bottom``, and 0 where the denominator is 0; a denominator that is not a number gives nan."""
    zero = bottom == 0
    return where(zero, 0 * top, top / where(zero, 1, bottom))


def finite_or_nan(a: Any) -> Any:
    """``a`` where it is finite, else nan: a rate or norm that overflowed then stops the trajectory instead of freezing it silently."""
    return a + (a - a)


def hypotenuse(a: Any, b: Any) -> Any:
    """``sqrt(a^2 + b^2)`` for a, b >= 0 without overflow or underflow of the squares."""
    large, small = np.maximum(a, b), np.minimum(a, b)
    share = quotient(small, large)
    return large * np.sqrt(1 + share * share)


def exponential(a: Any) -> Any:
    """``exp(a)`` with the same bits in NumPy and in compiled code, which the libraries' own do not have; nan gives nan.

    ``a = k ln 2 + r``, the polynomial in r, and two exact powers of two whose product is 2^k. Error below 1 ulp for normal results.
    """
    a = UNIT * a
    inside = np.minimum(np.maximum(a, LOWEST), HIGHEST)
    k = np.floor(inside / LN2_HIGH + HALF)
    r = (inside - k * LN2_HIGH) - k * LN2_LOW
    high = EXP[6] + r * (EXP[7] + r * (EXP[8] + r * (EXP[9] + r * (EXP[10] + r * EXP[11]))))
    tail = EXP[0] + r * (EXP[1] + r * (EXP[2] + r * (EXP[3] + r * (EXP[4] + r * (EXP[5] + r * high)))))
    half = np.floor(k * HALF)
    return (UNIT + (r + r * r * tail)) * whole_power_of_two(half) * whole_power_of_two(k - half)


def whole_power_of_two(k: Any) -> Any:
    """``2^k`` for a whole number -1022 <= k <= 1023, from the bits of a float64; nan gives some number."""
    return float_of(bits_of(k + BIAS + TWO_52) << FRACTION_BITS)


PRIMITIVES[exponential] = "exp"
