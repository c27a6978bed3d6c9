"""Normal and Student t numbers from random words, with the same bits in NumPy, CuPy and compiled loops.

Box and Muller (1958): ``sqrt(-2 ln u) (cos 2 pi v, sin 2 pi v)`` with ``u = (a + 1/2) / 2^32`` and ``v = (b + 1/2) / 2^32`` for
two words a, b.  Bailey (1994), "Polar generation of random variates with the t-distribution":
``sqrt(nu (u^(-2/nu) - 1)) cos 2 pi v``, here with 62 bits in u, because the tails of t live where u is small.

Logarithm, sine, cosine and exponential are polynomials of our own, with ``+ - * /``, square root, selects and the exponent's bits:
branch-free, so that loops vectorise, and without a library call, whose last bit would depend on the library.  Every scaling by a
power of two and the reduction to the nearest quarter turn are exact.  A normal is within 3 ulp of the true value of its words (largest
error seen: 2.86, over the pairs made of the worst of 2e7 words each).

Finite words make the tails finite: |normal| <= sqrt(66 ln 2) = 6.76371; the variance of the normals is 1 - 8.1e-11 (the mean of
``-ln u`` over the 2^32 midpoints is below its integral 1, since -ln is convex; the mean of ``cos^2`` is exactly 1/2), that of t below its
limit, for the same reason, by the order of ``2^(-62 (1 - 2/nu))``: 1e-6 for nu = 3, but a tenth for nu = 2.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.arithmetic import EXP, LN2_HIGH, LN2_LOW
from lra_ref.checks import whole
from lra_ref.formulas import bits_of, float_of, where
from lra_ref.oracles.philox import HALF, ONE, TWO, UNIT, WORD, ZERO, block, flat, label, labels, real
from lra_ref.typing import Array

TWICE = np.float64(2)
#: layout of a float64; LEAST: bits of 1/sqrt 2 (rounded: any number next to it does), SHIFT brings them to those of 1
EXPONENT, FRACTION, BIAS, SIGN = np.uint64(52), np.uint64(2**52 - 1), np.float64(1023), np.uint64(62)
LEAST, SHIFT = np.uint64(0x3FE6A09E00000000), np.uint64(0x3FF0000000000000 - 0x3FE6A09E00000000)
#: a quarter turn pi/2 in two parts
QUARTER_HIGH, QUARTER_LOW = np.float64(1.5707963267948966), np.float64(6.123233995736766e-17)
EIGHTH, QUADRANT, INSIDE = np.uint64(2**29), np.uint64(30), np.uint64(2**30 - 1)
BACK, QUARTER_UNIT = np.float64(0.5 - 2.0**29), np.float64(2.0**-30)
TAIL_BITS, TAIL_DROPPED, TAIL_UNIT = np.uint64(30), np.uint64(2), np.float64(2.0**-62)
# Chebyshev interpolants, lowest power first (the tests compute them again): of (log((1+s)/(1-s)) - 2s) / s^3 in s^2, of
# (sin(pi r/2)/r - pi/2) / r^2 and (cos(pi r/2) - 1) / r^2 in r^2 for |r| <= 1/2
LOG = (
    np.float64(0.666666666666667), np.float64(0.39999999999899505), np.float64(0.28571428625975487), np.float64(0.2222221113479508),
    np.float64(0.18182889125261723), np.float64(0.15331721600556042), np.float64(0.14616449685043406),
)  # fmt: skip
SIN = (
    np.float64(-0.6459640975062463), np.float64(0.07969262624616703), np.float64(-0.004681754135317561), np.float64(0.00016044118476030617),
    np.float64(-3.598842925925207e-06), np.float64(5.691991364926124e-08), np.float64(-6.635152387230837e-10),
)  # fmt: skip
COS = (
    np.float64(-1.2337005501361697), np.float64(0.2536695079010478), np.float64(-0.020863480763340773), np.float64(0.0009192602745468447),
    np.float64(-2.5202039028029178e-05), np.float64(4.710678405505227e-07), np.float64(-6.329396344967424e-09),
)  # fmt: skip
BINARY = tuple((np.float64(2**j), np.float64(2.0**2**j)) for j in range(8, -1, -1))
#: the fewest degrees of freedom of a Student t: below, u^(-2/nu) could leave the range of float64
LEAST_DF = 0.25


def seven(x: Any, c: Any) -> Any:
    """Polynomial with seven coefficients, lowest power first (Horner)."""
    return c[0] + x * (c[1] + x * (c[2] + x * (c[3] + x * (c[4] + x * (c[5] + x * c[6])))))


def minus_log(u: Any) -> Any:
    """``-ln u`` for u in [2^-1000, 1], relative error at most 2^-52 (1 ulp or less), also next to 1.

    With ``u = m 2^e``, ``f = m - 1`` (exact), ``s = f / (2 + f)``: ``ln m = 2 artanh s = f - f^2/2 + s (f^2/2 + R)``, where
    ``R = s^2 (2/3 + 2 s^2/5 + ...)``: what is rounded is small against f.
    """
    bits = bits_of(u) + SHIFT
    m = float_of((bits & FRACTION) + LEAST)
    e = real(bits >> EXPONENT) - BIAS
    f = m - UNIT
    s = f / (TWICE + f)
    z = s * s
    h = HALF * f * f
    return (h - (s * (h + z * seven(z, LOG)) + e * LN2_LOW)) - f - e * LN2_HIGH


def turn(radius: Any, word: Any) -> Any:
    """``radius (cos 2 pi v, sin 2 pi v)`` for ``v = (word + 1/2) / 2^32``.

    The nearest quarter turn q is split off in integers; the rest r, in quarter turns, is exact and |r| < 1/2 or = 1/2 - 2^-31.
    """
    shifted = word + EIGHTH
    q = shifted >> QUADRANT
    r = (real(shifted & INSIDE) + BACK) * QUARTER_UNIT
    y = r * r
    c = radius + radius * (y * seven(y, COS))
    s = radius * (r * (QUARTER_HIGH + (QUARTER_LOW + y * seven(y, SIN))))
    even = q & ONE == ZERO
    first, second = where(even, c, s), where(even, s, c)
    return float_of(bits_of(first) ^ (((q + ONE) & TWO) << SIGN)), float_of(bits_of(second) ^ ((q & TWO) << SIGN))


def box_muller(a: Any, b: Any) -> Any:
    """Two independent standard normals from two words."""
    return turn(np.sqrt(TWICE * minus_log((real(a) + HALF) / WORD)), b)


def four_normals(index: Any, key: Any) -> Any:
    """Normals ``4 index .. 4 index + 3`` of the sample with this label."""
    a, b, c, d = block(index, key)
    z0, z1 = box_muller(a, b)
    z2, z3 = box_muller(c, d)
    return z0, z1, z2, z3


def exp_minus_one(a: Any) -> Any:
    """``exp(a) - 1`` for 0 <= a <= 350: about 2 ulp, plus the error a ulp of the argument itself makes."""
    k = np.floor(a / LN2_HIGH + HALF)
    r = (a - k * LN2_HIGH) - k * LN2_LOW
    high = EXP[6] + r * (EXP[7] + r * (EXP[8] + r * (EXP[9] + r * (EXP[10] + r * EXP[11]))))
    small = r + r * r * seven(r, (EXP[0], EXP[1], EXP[2], EXP[3], EXP[4], EXP[5], high))
    power = power_of_two(k)
    return power * small + (power - UNIT)


def power_of_two(k: Any) -> Any:
    """``2^k`` for a whole number 0 <= k < 512, as float64."""
    p = UNIT
    for bit, factor in BINARY:
        p, k = where(k >= bit, p * factor, p), where(k >= bit, k - bit, k)
    return p


def student_t(a: Any, b: Any, c: Any, df: Any) -> Any:
    """A Student t number with ``df >= LEAST_DF`` degrees of freedom from three words."""
    u = (real((a << TAIL_BITS) | (b >> TAIL_DROPPED)) + HALF) * TAIL_UNIT
    return turn(np.sqrt(df * exp_minus_one(TWICE / df * minus_log(u))), c)[0]


def fill_normals(seed: Any, trajectory: Any, step: Any, stream: Any, z: Any) -> None:
    """Fill ``z`` with standard normals (kernel); bit for bit ``normals(seed, trajectory, step, stream, z.size)``."""
    key = label(np.uint64(seed), np.uint64(trajectory), np.uint64(step), np.uint64(stream))
    blocks = z.size // 4
    for j in range(blocks):
        z[4 * j], z[4 * j + 1], z[4 * j + 2], z[4 * j + 3] = four_normals(np.uint64(j), key)
    if 4 * blocks < z.size:
        rest = z[4 * blocks :]
        last = four_normals(np.uint64(blocks), key)
        for i in range(rest.size):
            rest[i] = last[i]


def fill_normal_rows(
    seeds: Any, trajectories: Any, first: Any, count: Any, step: Any, stream: Any, work: Any, z: Any
) -> None:  # fmt: skip
    """:func:`fill_normals` for the trajectories ``first .. first + count``, one per row of ``z``, together (kernel).

    The length of the rows must be a multiple of 4; ``work`` is scratch of four rows of at least ``count`` numbers.
    """
    own, keys = seeds[first : first + count], trajectories[first : first + count]
    w0, w1, w2, w3 = work[0], work[1], work[2], work[3]
    for j in range(z.shape[1] // 4):
        for i in range(own.size):
            key = label(np.uint64(own[i]), np.uint64(keys[i]), np.uint64(step), np.uint64(stream))
            w0[i], w1[i], w2[i], w3[i] = four_normals(np.uint64(j), key)
        for i in range(own.size):
            z[i, 4 * j], z[i, 4 * j + 1], z[i, 4 * j + 2], z[i, 4 * j + 3] = w0[i], w1[i], w2[i], w3[i]


def fill_student(seed: Any, trajectory: Any, step: Any, stream: Any, df: Any, z: Any) -> None:
    """Fill ``z`` with Student t numbers (kernel); bit for bit ``students(seed, trajectory, step, stream, df, z.size)``."""
    key = label(np.uint64(seed), np.uint64(trajectory), np.uint64(step), np.uint64(stream))
    for j in range(z.size):
        a, b, c, _ = block(np.uint64(j), key)
        z[j] = student_t(a, b, c, df)


def normals(seed: Any, trajectory: Any, step: Any, stream: Any, size: int) -> Array:
    """Independent standard normals, shape ``(..., size)``, for whole numbers or arrays that broadcast to ``(...)``.

    Raises ``ValueError`` if seed, trajectory, step or stream is no whole number or out of its range.
    """
    four = four_normals(np.arange((whole("size", size) + 3) // 4, dtype=np.uint64), labels(seed, trajectory, step, stream))
    return flat(four, size)


def students(seed: Any, trajectory: Any, step: Any, stream: Any, df: float, size: int) -> Array:
    """Independent Student t numbers with ``df`` degrees of freedom, shapes and errors as :func:`normals`."""
    if not df >= LEAST_DF:
        raise ValueError(f"df must be at least {LEAST_DF}, got {df!r}")
    a, b, c, _ = block(np.arange(whole("size", size), dtype=np.uint64), labels(seed, trajectory, step, stream))
    return np.ascontiguousarray(student_t(a, b, c, np.float64(df)))
