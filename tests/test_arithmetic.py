"""Powers, quotients, hypotenuses, sums over blocks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from mpmath import mp, mpf

from lra_ref.arithmetic import exponential, finite_or_nan, hypotenuse, power, quotient, total
from lra_ref.backends.cpu import compiled
from lra_ref.backends.sums import in_order

EXPONENTS = [0, 1, 2, 3, 4, 5, 7, 8, 31, 100, 1000, 4097, 30_000]


@pytest.mark.parametrize("base", [0.0, 0.1, 0.5, 0.9, 0.999, 0.999999, 1.0])
@pytest.mark.parametrize("n", EXPONENTS)
def test_power_against_many_digits(base: float, n: int) -> None:
    """Relative error at most 2 n unit roundoffs; what underflows is off by less than the smallest normal number."""
    with mp.workdps(60):
        exact = mpf(base) ** n
        assert abs(mpf(power(base, n)) - exact) <= 2 * n * mpf(2) ** -53 * exact + mpf(2) ** -1022


def test_power_is_the_same_compiled() -> None:
    kernel = compiled(power, "float64(float64, int64)")
    for base in (0.9, 0.999, 0.1, 1.5):
        assert [kernel(base, n) for n in EXPONENTS[:11]] == [power(base, n) for n in EXPONENTS[:11]]


def test_quotient() -> None:
    top, bottom = np.array([1.0, 0.0, -2.0, 1.0, np.nan, 1.0]), np.array([4.0, 0.0, 0.0, np.nan, 2.0, -4.0])
    with np.errstate(invalid="ignore"):
        assert np.array_equal(quotient(top, bottom), [0.25, 0.0, 0.0, np.nan, np.nan, -0.25], equal_nan=True)


def test_finite_or_nan() -> None:
    values = np.array([1.5, -0.1, 1.7e308, 2.0**-1074, np.inf, -np.inf, np.nan])
    with np.errstate(invalid="ignore"):
        assert np.array_equal(finite_or_nan(values), [1.5, -0.1, 1.7e308, 2.0**-1074, np.nan, np.nan, np.nan], equal_nan=True)


@pytest.mark.parametrize("scale", [2.0**-1000, 1.0, 2.0**1000])
def test_hypotenuse(scale: float) -> None:
    assert hypotenuse(np.float64(3 * scale), np.float64(4 * scale)) == 5 * scale
    assert hypotenuse(np.float64(4 * scale), np.float64(3 * scale)) == 5 * scale
    assert hypotenuse(np.float64(0), np.float64(scale)) == scale


def test_hypotenuse_at_the_ends() -> None:
    zero, infinity = np.float64(0), np.float64(np.inf)
    assert hypotenuse(zero, zero) == 0
    with np.errstate(invalid="ignore"):
        assert hypotenuse(infinity, np.float64(1)) == math.inf
        assert math.isnan(hypotenuse(np.float64(np.nan), np.float64(1)))


def test_total_is_the_sum_of_the_reference() -> None:
    sums = np.random.default_rng(2).normal(size=(7, 2)) * 10.0 ** np.arange(7)[:, None]
    kernel = compiled(total, "float64(float64[:, ::1], int64, int64, int64)")
    assert kernel(sums, 0, 7, 1) == in_order(sums[:, 1])[0]
    assert kernel(sums, 2, 3, 0) == sums[2, 0]


ARGUMENTS = [0.0, -0.0, 1e-300, -1e-17, 0.5, 1.0, -1.0, 0.3465735902799726, 0.34657359027997264, 20.0, -700.0, 700.0, 709.78, -708.3]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 40.0, 700.0])
def test_exponential_against_many_digits(scale: float) -> None:
    """Within 1 ulp where the result is normal: half an ulp of the last sum, the polynomial's rounding is scaled down by |r| < 0.35."""
    arguments = [*ARGUMENTS, *np.random.default_rng(3).uniform(-scale, scale, 300)]
    values = exponential(np.array(arguments))
    with mp.workdps(60):
        for a, value in zip(arguments, values, strict=True):
            exact = mp.exp(mpf(float(a)))
            assert abs(mpf(float(value)) - exact) <= mpf(float(np.spacing(value)))


def test_exponential_at_its_ends() -> None:
    values = np.array([710.0, np.inf, -745.1, -746.0, -np.inf, np.nan])
    with np.errstate(over="ignore"):
        assert np.array_equal(exponential(values), [np.inf, np.inf, 2.0**-1074, 0.0, 0.0, np.nan], equal_nan=True)
    assert exponential(0) == exponential(0.0) == 1.0


def test_exponential_is_the_same_compiled() -> None:
    kernel = compiled(exponential, "float64(float64)")
    arguments = np.concatenate([ARGUMENTS, np.random.default_rng(4).normal(scale=30.0, size=2000), [1e3, -1e3]])
    with np.errstate(over="ignore"):
        assert np.array_equal(exponential(arguments), [kernel(a) for a in arguments])
