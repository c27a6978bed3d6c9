"""Formulas: what they compute, and that another reading is the same formula."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from lra_ref import formulas
from lra_ref.backends.cpu import compiled
from lra_ref.formulas import average, bits_of, clip, descend, erfc, float_of, names_used, product, read, square, where

NUMBERS = st.floats(-1e100, 1e100)
BINARY, TERNARY = "float64(float64, float64)", "float64(float64, float64, float64)"


def test_small_cases() -> None:
    assert average(2.0, 10.0, 0.75, 0.25) == 4.0
    assert descend(5.0, 0.5, 4.0) == 3.0
    assert product(3.0, -2.0) == -6.0
    assert square(-3.0) == 9.0
    assert [clip(v, 0.0, 1.0) for v in (-1.0, 0.25, 7.0)] == [0.0, 0.25, 1.0]
    assert np.array_equal(where(np.array([True, False]), 1, np.array([5, 6])), [1, 6])


def test_where_and_clip_keep_what_is_not_a_number() -> None:
    assert np.isnan(clip(np.nan, 0.0, 1.0))
    assert where(np.nan > 0, 1.0, 2.0) == 2.0
    assert where(True, 1.0, np.nan) == 1.0


@settings(deadline=None)
@given(NUMBERS, NUMBERS, NUMBERS)
def test_scalars_arrays_and_compiled_code_agree_bit_for_bit(a: float, b: float, c: float) -> None:
    with np.errstate(all="ignore"):
        for formula, signature, values in (
            (descend, TERNARY, (a, b, c)),
            (product, BINARY, (a, b)),
            (clip, TERNARY, (a, min(b, c), max(b, c))),
        ):
            scalar = formula(*map(np.float64, values))
            array = formula(*(np.array([v, v]) for v in values))
            assert compiled(formula, signature)(*values) == scalar == array[0] == array[1]


@given(st.floats(allow_nan=False))
def test_bits_and_back(x: float) -> None:
    assert float_of(bits_of(np.float64(x))) == x
    assert np.array_equal(float_of(bits_of(np.array([x, -x]))), [x, -x])
    assert int(bits_of(np.float64(1.0))) == 0x3FF0000000000000


def test_erfc() -> None:
    with mp.workdps(30):
        for x in (-3.0, 0.0, 0.5, 5.0):
            # the C library's erfc is good to a few ulp
            assert abs(mpf(erfc(x)) - mp.erfc(mpf(x))) <= 4 * mpf(2) ** -52 * mp.erfc(mpf(x))
    assert compiled(erfc, "float64(float64)")(0.5) == erfc(0.5)


# --- read ---------------------------------------------------------------------------------------------------------------------------
FACTOR = 3
RECORD = SimpleNamespace(
    sqrt=lambda x: f"sqrt({x})", maximum=lambda a, b: f"max({a}, {b})", minimum=lambda a, b: f"min({a}, {b})",
    where=lambda c, a, b: f"({a} if {c} else {b})", erfc=lambda x: f"erfc({x})", pi="pi",
)  # fmt: skip


def deepest(x: Any) -> Any:
    """Called through another formula."""
    return np.sqrt(x)


def deep(x: Any, low: Any = 0) -> Any:
    """Calls formulas, a constant, the house functions."""
    return where(erfc(x), clip(deepest(x), low, FACTOR), np.pi)


def countdown(n: Any) -> Any:
    """Calls itself."""
    return np.maximum(0, 0) if n == 0 else countdown(n - 1)


def test_reading_replaces_the_namespace_everywhere() -> None:
    assert read(deep, RECORD)("x") == "(min(max(sqrt(x), 0), 3) if erfc(x) else pi)"
    assert read(deep, RECORD)("x", low="l") == "(min(max(sqrt(x), l), 3) if erfc(x) else pi)"
    assert read(countdown, RECORD)(3) == "max(0, 0)"


def test_reading_leaves_the_original_alone() -> None:
    read(deep, RECORD)
    assert deep(4.0) == 2.0
    assert formulas.np is np


def test_reading_over_numpy_is_the_function_itself() -> None:
    namespace = SimpleNamespace(**{name: getattr(np, name) for name in ("sqrt", "maximum", "minimum", "where", "pi")}, erfc=erfc)
    assert read(deep, namespace)(4.0) == deep(4.0)


def test_a_house_function_is_read_as_the_namespaces_own() -> None:
    assert read(where, RECORD) is RECORD.where
    assert read(erfc, RECORD) is RECORD.erfc


def test_a_function_that_the_namespace_lacks_is_named() -> None:
    with pytest.raises(AttributeError, match="sqrt"):
        read(deepest, SimpleNamespace())(2.0)


def test_names_used_sees_nested_functions() -> None:
    def outer(x: Any) -> Any:
        def inner(y: Any) -> Any:
            return np.sqrt(y) + FACTOR

        return inner(x)

    assert names_used(outer.__code__) == {"np", "sqrt", "FACTOR"}
