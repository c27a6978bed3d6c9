"""The readings are right themselves: derivatives against mpmath's, and error bounds that hold and are not idle."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from lra_ref.formulas import clip, erfc, read, where
from tests.readings import DERIVATIVE, DUAL, ROUNDED, UNIT, Dual, Namespace, Rounded, numbers

ARGUMENTS = {"sqrt": [1e-200, 0.3, 7e9], "log": [1e-200, 0.9, 7e9], "log1p": [-0.7, 1e-20, 1e5]}


def mixed(x: Any, y: Any) -> Any:
    """Uses every operation of the house, smooth at the points tested."""
    total = np.sqrt(np.abs(x) + 2) / (3 + y * y) - np.exp(-x) * np.log(1 + y * y) + np.tanh(x * y)
    total += np.sin(x) * np.cos(y) + np.expm1(x / 3) - np.log1p(x * x) + erfc(x - y) * np.pi
    return clip(total + where(x > y, x, -y), -1000, 1000) + np.sign(x) * np.maximum(x, y) - np.minimum(x, y) / 7


@pytest.mark.parametrize("name", sorted(DERIVATIVE))
def test_derivatives_of_the_elementary_functions(name: str) -> None:
    with mp.workdps(60):
        for x in ARGUMENTS.get(name, [-3.0, 1e-20, 0.7, 12.0]):
            slope = getattr(DUAL, name)(Dual(x, 1)).slope
            expected = mpmath.diff(getattr(mpmath, name), mpf(x), h=mpf(x) * mpf(10) ** -25)
            assert abs(slope - expected) <= mpf(10) ** -20 * abs(expected)


@pytest.mark.parametrize(("x", "y"), [(0.7, 0.3), (-1.2, 2.5), (0.1, -0.4)])
def test_dual_differentiates_a_whole_formula(x: float, y: float) -> None:
    with mp.workdps(60):
        value = read(mixed, DUAL)(Dual(x, 2), Dual(y, -3))
        h = mpf(10) ** -20
        ahead, behind = (read(mixed, DUAL)(Dual(mpf(x) + 2 * s, 0), Dual(mpf(y) - 3 * s, 0)).value for s in (h, -h))
        assert abs(value.slope - (ahead - behind) / (2 * h)) <= mpf(10) ** -30


@given(x=st.floats(-20, 20), y=st.floats(-20, 20))
def test_rounded_bounds_the_error_of_float64(x: float, y: float) -> None:
    with mp.workdps(60):
        exact = read(mixed, ROUNDED)(Rounded(x), Rounded(y))
        assert abs(mpf(float(mixed(x, y))) - exact.value) <= exact.error


@given(st.lists(st.floats(-1e100, 1e100), min_size=2, max_size=6))
def test_rounded_bounds_sums_and_products_and_is_sharp(values: list[float]) -> None:
    with mp.workdps(400):
        total, exact = values[0], Rounded(values[0])
        for a in values[1:]:
            total, exact = total * 0.5 + a, exact * 0.5 + a
            assert abs(mpf(total) - exact.value) <= exact.error
        sizes = sum(abs(mpf(v)) for v in values)
        assert exact.error <= 4 * len(values) * (UNIT * sizes + mpf(2) ** -1074)


@pytest.mark.parametrize("name", sorted(DERIVATIVE))
def test_rounded_propagates_the_error_of_the_argument(name: str) -> None:
    function = getattr(mpmath, name)
    with mp.workdps(60):
        for x in ARGUMENTS.get(name, [-3.0, 0.7, 12.0]):
            for relative in (1e-12, 1e-3, 0.2):
                error = abs(mpf(x)) * mpf(relative)
                bound = getattr(ROUNDED, name)(Rounded(x, error)).error
                changes = [abs(function(mpf(x) + s * error) - function(mpf(x))) for s in (-1, mpf(-1) / 2, 1)]
                assert max(changes) <= bound
                if relative < 1e-6:  # not idle: the true change to first order, plus the rounding of the function itself
                    assert bound <= (1 + mpf(10) ** -6) * max(changes) + 16 * UNIT * abs(function(mpf(x)))


def test_rounded_quotient_by_an_uncertain_zero_is_unbounded() -> None:
    assert (Rounded(1) / Rounded(mpf(10) ** -20, mpf(10) ** -19)).error == mp.inf


def test_numbers_are_exact_and_scalars_of_numpy_mix_in() -> None:
    array = numbers(Rounded, [[0.1, 0.2]])
    assert array.shape == (1, 2)
    assert array[0, 0].value == mpf(0.1)
    for product in (np.float64(3) * Dual(2, 1), Dual(2, 1) * np.float64(3), np.int64(3) * Dual(2, 1)):
        assert isinstance(product, Dual)
        assert product.value == 6
        assert product.slope == 3
    assert not Dual(1) > 2
    assert Dual(1) <= np.float64(1)
    assert 0.5 < Rounded(1)


def test_functions_without_a_reading_are_refused() -> None:
    with pytest.raises(AttributeError, match="arctan"):
        _ = Namespace(Dual).arctan
    with pytest.raises(TypeError):
        _ = Dual(2) ** 2  # type: ignore[operator]  # powers are written as products: their rounding is then known


def test_erfc_is_the_house_function() -> None:
    assert erfc(0.3) == math.erfc(0.3)
    with mp.workdps(40):
        assert read(mixed, DUAL)(Dual(1), Dual(1 / 2)).value == read(mixed, ROUNDED)(Rounded(1), Rounded(1 / 2)).value
        assert read(erfc, DUAL)(Dual(3)).value == mpmath.erfc(3)


def test_floor_and_where_follow_the_values() -> None:
    assert DUAL.floor(Dual(-1.5, 7)).value == -2
    assert DUAL.floor(Dual(-1.5, 7)).slope == 0
    assert DUAL.where(Dual(1) > 0, 3, Dual(4)).value == 3
