"""Ripples: definition, relative accuracy at the minimiser, and the line between convex and not."""

from __future__ import annotations

import numpy as np
from mpmath import cos, mp, mpf

from lra_ref.problems import make_problem
from tests.problems.harness import EPS, agrees_with, hessian


def test_definition() -> None:
    problem = make_problem("ripple", dim=2, curvature=0.5, amplitude=3, frequency=7)
    agrees_with(problem, lambda x, y: (x**2 + y**2) / 4 + 3 * (1 - cos(7 * x)) + 3 * (1 - cos(7 * y)), (0, 0), (1, -2.5), (100, 0.125))


def test_no_digits_are_lost_near_the_minimiser() -> None:
    problem = make_problem("ripple", dim=1)
    for x in (1e-3, 1e-9, 1e-100):
        with mp.workdps(300):
            exact = mpf(x) ** 2 / 2 + (1 - cos(5 * mpf(x)))
            # 8 roundings, and 4 ulp = 8 unit roundoffs of a sine that enters squared
            assert abs(mpf(float(problem.value([x]))) - exact) <= 12 * EPS * exact


def test_convexity_ends_where_the_ripples_bend_as_much_as_the_bowl() -> None:
    for amplitude, convex, mu in [(0.125, True, 0.5), (0.25, True, None), (0.3, False, None)]:
        problem = make_problem("ripple", dim=1, curvature=1, amplitude=amplitude, frequency=2)
        assert problem.convex == convex
        assert (problem.strong_convexity.value if problem.strong_convexity else None) == mu
        lowest = hessian(problem, np.array([np.pi / 2]))[0, 0]  # cos(2 x) = -1 there, to the rounding of pi
        assert abs(lowest - (1 - 4 * amplitude)) <= 8 * EPS
