"""The chained form, its published values, and the second minimum of D >= 4."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from lra_ref.problems import make_problem
from tests.problems.harness import agrees_with, hessian


def test_definition() -> None:
    def chained(*x: object) -> object:
        return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))  # type: ignore[operator]

    for dim in (2, 3, 6):
        rng = np.random.default_rng(dim)
        agrees_with(make_problem("rosenbrock", dim=dim), chained, np.zeros(dim), np.ones(dim), *rng.normal(size=(3, dim)))


def test_published_start() -> None:
    problem = make_problem("rosenbrock")
    assert np.array_equal(problem.start, [-1.2, 1])
    # 100 * 0.44^2 + 2.2^2 = 24.2; about ten roundings of numbers below 25
    assert abs(problem.value(problem.start) - 24.2) <= 10 * 25 * np.finfo(float).eps


def test_second_minimum_near_minus_one() -> None:
    problem = make_problem("rosenbrock", dim=6)
    x = np.array([-1.0, 1, 1, 1, 1, 1])
    for _ in range(20):
        x = x - np.linalg.solve(hessian(problem, x), problem.gradient(x))
    assert np.linalg.norm(problem.gradient(x)) <= 1e-9
    assert x[0] < -0.9
    assert np.all(np.linalg.eigvalsh(hessian(problem, x)) > 0)
    assert problem.value(x) > 3
