from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lra_ref.crosscheck.ulp import PRECISIONS, digits, distance, rounded, ulp

# numpy.spacing overflows at the largest number
NUMBERS = st.floats(-1e308, 1e308)


@given(NUMBERS)
def test_one_ulp_is_numpys_spacing(value: float) -> None:
    assert ulp(value) == np.spacing(abs(value))


@given(st.floats(-(2.0**127), 2.0**127, width=32))
def test_one_ulp_of_float32(value: float) -> None:
    assert ulp(value, "float32") == np.spacing(np.float32(abs(value)))


@given(NUMBERS)
def test_rounding_to_float32_is_numpys(value: float) -> None:
    with np.errstate(over="ignore"):
        assert rounded(value, "float32") == np.float32(value)


@pytest.mark.parametrize(
    ("value", "expected"), [(1 + 2.0**-8, 1.0), (1 + 3 * 2.0**-8, 1 + 2.0**-6), (1 + 2.0**-7, 1 + 2.0**-7), (1e39, np.inf)]
)
def test_rounding_to_bfloat16_goes_to_even(value: float, expected: float) -> None:
    assert rounded(value, "bfloat16") == expected
    assert rounded(-value, "bfloat16") == -expected


def test_rounding_is_a_copy_in_float64() -> None:
    x = np.array([1.0, np.nan])
    assert rounded(x) is not x
    np.testing.assert_array_equal(rounded(x), x)


def test_distances_are_in_units_of_the_scale() -> None:
    one, scale = np.array([1.0, 1.0, 1e-3]), np.array([1.0, 1024.0, 1.0])
    np.testing.assert_array_equal(distance(one + 2.0**-51, one, scale), [2.0, 2.0**-9, distance(one + 2.0**-51, one, scale)[2]])
    assert distance(np.array([1 + 2.0**-22]), np.array([1.0]), 1.0, "float32") == 2


def test_what_is_no_number_is_infinitely_far_from_a_number_and_equal_to_itself() -> None:
    odd = np.array([np.nan, np.inf, np.nan, -np.inf, 0.0])
    other = np.array([np.nan, np.inf, 1.0, np.inf, -0.0])
    np.testing.assert_array_equal(distance(odd, other, np.ones(5)), [0, 0, np.inf, np.inf, 0])


def test_unknown_precisions_are_named() -> None:
    assert [digits(name) for name in PRECISIONS] == [53, 24, 8]
    with pytest.raises(ValueError, match="unknown precision 'float23'; did you mean float32"):
        digits("float23")
