"""Right-hand sides of GALA's bounds: values computed by hand, limits, and the relations between them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lra_ref.rates.gala_bounds import (
    endpoint_factor,
    linear_bound,
    momentum_closed_bound,
    momentum_explicit_bound,
    momentum_noise_bound,
    sgd_closed_bound,
    sgd_comparator,
)

EPS = np.finfo(float).eps
SIZES = st.floats(1e-6, 1e6)


def test_values_by_hand() -> None:
    assert sgd_comparator(2.0, 8.0, 1.0, 100) == np.sqrt(8 / 200)
    assert sgd_comparator(2.0, 8.0, 1.0, 4) == 0.25
    assert sgd_closed_bound(2.0, 8.0, 9.0, 16) == 4.0 + 12.0
    assert momentum_noise_bound(3.0, 0.25, 16) == 4.5
    assert linear_bound(6.0, 8.0, 0.5, 4) == 4.0
    assert momentum_closed_bound(4.0, 9.0, 2.0, 3) == 4.0
    assert momentum_closed_bound(4.0, 9.0, 0.5, 4) == 4.0
    assert momentum_explicit_bound(4.0, 4.0, 2.0, 8.0, 4.0, 16) == 2 * 1 + 2 * 8 / 2 + 8 / 16 + 2 * 2 / 2 + 2 * 16 / 4
    assert (endpoint_factor(1.0, 0.0), endpoint_factor(2.0, 1.0), endpoint_factor(3.0, 1.0)) == (1.0, 1.5, 1.75)


def test_without_noise() -> None:
    assert sgd_comparator(2.0, 8.0, 0.0, 100) == 0.25
    assert sgd_closed_bound(2.0, 8.0, 0.0, 16) == 4.0
    assert momentum_explicit_bound(4.0, 1.0, 2.0, 2.0, 0.0, 16) == 2 * 0.5 + 4 / 16


def test_arrays_are_read_element_by_element() -> None:
    steps = np.array([4, 100])
    assert np.array_equal(sgd_comparator(2.0, 8.0, 1.0, steps), [0.25, np.sqrt(8 / 200)])
    assert np.array_equal(sgd_comparator(2.0, 8.0, np.array([1.0, 0.0]), 100), [np.sqrt(8 / 200), 0.25])


@given(SIZES, SIZES, SIZES, SIZES, st.integers(1, 10**6))
def test_the_closed_form_is_the_linear_one_at_the_best_comparator_or_above(
    q: float, s: float, top: float, factor: float, steps: int
) -> None:
    best = min(np.sqrt(q / s), top)
    closed = momentum_closed_bound(q, s, top, steps)
    assert linear_bound(q, s, best, steps) <= closed * (1 + 16 * EPS)
    # no comparator in (0, eta_max] gives less than half of it
    assert linear_bound(q, s, min(best * factor, top), steps) >= closed / 2 * (1 - 16 * EPS)
