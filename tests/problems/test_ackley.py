"""Ackley: definition, the cone at the minimiser, and the far field."""

from __future__ import annotations

import numpy as np
from mpmath import cos, exp, mp, mpf, pi, sqrt

from lra_ref.problems import make_problem
from tests.problems.harness import EPS, agrees_with


def published(*x: object) -> object:
    n = len(x)
    mean_square, mean_cos = sum(t**2 for t in x) / n, sum(cos(2 * pi * t) for t in x) / n  # type: ignore[operator]
    return -20 * exp(-sqrt(mean_square) / 5) - exp(mean_cos) + 20 + mp.e


def test_definition() -> None:
    for dim in (1, 2, 5):
        agrees_with(
            make_problem("ackley", dim=dim),
            published,
            np.ones(dim) / 2,
            np.arange(dim) + 0.25 * (dim == 1),
            *np.random.default_rng(dim).normal(size=(3, dim)),
        )


def test_gradient_at_the_tip_is_zero_and_right_beside_it_the_slope_of_the_cone() -> None:
    problem = make_problem("ackley", dim=4)
    assert problem.value(np.zeros(4)) == 0
    assert np.all(problem.gradient(np.zeros(4)) == 0)
    for scale in (1e-300, 1e-200, 1e-100, 1e-20):
        slope = np.linalg.norm(problem.gradient(scale * np.array([1.0, -2, 3, 0])))
        # 4/sqrt(D) = 2; the ripples add 4 pi^2 e / D * |x| < 1e-17; a dozen roundings
        assert abs(slope - 2) <= 16 * EPS


def test_far_field_is_flat() -> None:
    problem = make_problem("ackley", dim=2)
    f, g = problem.value_and_gradient(np.array([1e300, 1e300]))
    assert f == 20
    assert np.all(g == 0)
    # half a period off, at a size where pi x would have lost its phase: 20 + e - 1/e, to a dozen roundings
    far = problem.value(np.full(2, 2.0**51 + 1 / 2))
    assert abs(far - (20 + np.e - 1 / np.e)) <= 6 * 20 * EPS


def test_no_digits_are_lost_near_the_minimiser() -> None:
    problem = make_problem("ackley", dim=2)
    for scale in (1e-3, 1e-9, 1e-100):
        x = scale * np.array([1.0, -0.5])
        with mp.workdps(300):
            exact = published(*map(mpf, x))
            # 4 ulp each of expm1 and (squared) sine, and about ten roundings, half an ulp each; both terms are positive
            assert abs(mpf(float(problem.value(x))) - exact) <= 18 * mpf(EPS) * exact  # type: ignore[operator]
