"""Numbers as text and distances in ulps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lra_ref.vectors.encoding import rows, written
from lra_ref.vectors.numbers import real, table, ulps

FINITE = st.floats(allow_nan=False, allow_infinity=False)
FINITE_32 = st.floats(allow_nan=False, allow_infinity=False, width=32)
LARGEST = float(np.finfo(float).max)


@given(st.floats())
def test_text_and_back_is_exact(value: float) -> None:
    again = real(written(value), "here")
    assert again == value or (math.isnan(again) and math.isnan(value))
    assert math.isnan(value) or math.copysign(1, again) == math.copysign(1, value)


@given(FINITE, st.integers(0, 5), st.booleans())
def test_ulps_count_the_numbers_between(value: float, steps: int, up: bool) -> None:
    other = value
    for _ in range(steps):
        other = math.nextafter(other, math.inf if up else -math.inf)
    if math.isfinite(other):
        assert ulps(np.array(value), np.array(other)) == steps


@given(FINITE_32, st.integers(0, 5))
def test_ulps_of_float32(value: float, steps: int) -> None:
    other = np.float32(value)
    with np.errstate(over="ignore"):
        for _ in range(steps):
            other = np.nextafter(other, np.float32(np.inf))
    if np.isfinite(other):
        assert ulps(np.array([value]), np.array([float(other)]), "float32") == [steps]


@given(FINITE, FINITE)
def test_ulps_are_a_distance_that_grows_with_the_numbers(a: float, b: float) -> None:
    there, back = float(ulps(np.array(a), np.array(b))), float(ulps(np.array(b), np.array(a)))
    assert there == back >= 0
    assert (there == 0) == (a == b)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (0.0, -0.0, 0), (5e-324, -5e-324, 2), (1.0, 2.0, 2**52), (-1.0, 1.0, 2 * 1023 * 2**52),
        (LARGEST, -LARGEST, 2.0 * (2047 * 2**52 - 1)),
        (math.nan, math.nan, 0), (math.inf, math.inf, 0), (-math.inf, -math.inf, 0),
        (math.nan, 1.0, math.inf), (math.inf, LARGEST, math.inf), (math.inf, -math.inf, math.inf), (math.nan, math.inf, math.inf),
    ],
)  # fmt: skip
def test_special_distances(a: float, b: float, expected: float) -> None:
    assert ulps(np.array(a), np.array(b)) == expected
    assert ulps(np.array([a]), np.array([b])).tolist() == [expected]


@pytest.mark.parametrize(
    ("text", "value"),
    [("0x1.8p+1", 3.0), ("-0X1p-1", -0.5), (" 2.5e3 ", 2500.0), ("inf", math.inf), ("-Infinity", -math.inf), (7, 7.0), (0.1, 0.1)],
)
def test_what_is_read(text: object, value: float) -> None:
    assert real(text, "here") == value


@pytest.mark.parametrize("value", ["", "x", "1_000", "0x", "0xg", None, True, [], {}, 10**400, "0x1p99999"])
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(ValueError, match=r"^here: "):
        real(value, "here")


def test_tables() -> None:
    assert table([["0x1p0", 2], [3, "nan"]], "x").tolist()[0] == [1.0, 2.0]
    assert table([1, 2], "x").shape == (2,)
    assert rows(np.array([[1.0, 2.5]])) == [["0x1p+0", "0x1.4p+1"]]
    with pytest.raises(ValueError, match=r"x\[1\] has shape \(1,\), x\[0\] has \(2,\)"):
        table([[1, 2], [3]], "x")
    with pytest.raises(ValueError, match=r"x\[1\]\[0\]: 'no' is no number"):
        table([[1], ["no"]], "x")
