"""The exponential problem: definition, the range before overflow, and the (L0, L1) pair that cannot be made smaller at will."""

from __future__ import annotations

import numpy as np
from mpmath import exp, mp, mpf

from lra_ref.problems import make_problem
from tests.problems.harness import EPS, agrees_with, refused


def test_definition() -> None:
    points = [(0, 0), (1, -2), (-30, 2**-20)]
    agrees_with(make_problem("exponential"), lambda x, y: sum(exp(t) + exp(-t) - 2 for t in (x, y)), *points)
    steep = make_problem("exponential", dim=1, exponent=2.5)
    agrees_with(steep, lambda x: exp(mpf(5) / 2 * x) + exp(-mpf(5) / 2 * x) - 2, (0.5,), (-7,))


def test_finite_up_to_the_largest_float_then_infinite() -> None:
    problem = make_problem("exponential", dim=1)
    f, g = problem.value_and_gradient([[709.0], [711.0], [-711.0], [1e300]])
    assert np.isfinite(f[0])
    assert np.all(np.isfinite(g[0]))
    assert np.all(f[1:] == np.inf)
    assert np.array_equal(np.sign(g[:, 0]), [1, 1, -1, 1])


def test_l0_l1_pair_is_needed() -> None:
    problem = make_problem("exponential", dim=1, exponent=3)
    assert problem.l0_l1 == (18, 3)
    h0, h1 = problem.hvp([[0.0], [20.0]], [1.0])[:, 0]
    assert h0 == 18  # no smaller L0: the gradient is 0 there
    # no L1 below a: the ratio tends to a, faster than exp(-60)
    assert h1 / abs(problem.gradient([20.0])[0]) >= 3 * (1 - 16 * np.finfo(float).eps)


def test_radius_that_would_overflow_is_refused() -> None:
    refused("at most 700", lambda: make_problem("exponential", exponent=100, radius=8))


def test_no_digits_are_lost_near_the_minimiser() -> None:
    problem = make_problem("exponential", dim=1)
    for x in (1e-3, 1e-9, 1e-100):
        with mp.workdps(300):
            value, slope = exp(mpf(x)) + exp(-mpf(x)) - 2, exp(mpf(x)) - exp(-mpf(x))
            # expm1 is good to 4 ulp, and enters squared or beside an exp: 2 * 4 ulp and a few roundings
            f, g = problem.value_and_gradient([x])
            assert abs(mpf(float(f)) - value) <= 12 * mpf(EPS) * value
            assert abs(mpf(float(g[0])) - slope) <= 12 * mpf(EPS) * slope
