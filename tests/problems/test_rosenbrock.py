"""The chained form, its published values, and the second minimum of D >= 4."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from mpmath import mp

from lra_ref.problems import make_problem
from lra_ref.problems.rosenbrock import ROW, link, one_by_one
from tests.problems.harness import NO_ROWS, Rounded, agrees, agrees_with, hessian, read_value

#: dimensions on both sides of every edge of the sum: two rows, four and more, with and without a rest
EDGES = (2, ROW, 2 * ROW, 2 * ROW + 1, 2 * ROW + 2, 3 * ROW, 3 * ROW + 1, 4 * ROW + 1, 150, 300)


def test_definition() -> None:
    def chained(*x: object) -> object:
        return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))  # type: ignore[operator]

    for dim in (2, 3, 6, 2 * ROW + 1, 100):
        rng = np.random.default_rng(dim)
        agrees_with(make_problem("rosenbrock", dim=dim), chained, np.zeros(dim), np.ones(dim), *rng.normal(size=(3, dim)))


def links(x: np.ndarray) -> np.ndarray:
    """The summands of the loss."""
    return np.array([link(b - a * a, 1 - a) for a, b in pairwise(x)])


@pytest.mark.parametrize("dim", EDGES)
def test_the_loss_is_added_in_the_order_that_is_stated(dim: int) -> None:
    problem = make_problem("rosenbrock", dim=dim)
    # many points: two orders often give the same number
    for x in np.random.default_rng(dim).normal(size=(20, dim)):
        summands, total = links(x), 0.0
        whole = len(summands) // ROW * ROW if len(summands) >= 2 * ROW else 0
        if whole:
            sums = np.zeros(ROW)
            for row in summands[:whole].reshape(-1, ROW):
                sums = sums + row
            summands = np.concatenate([sums, summands[whole:]])
        for summand in summands:
            total = total + summand
        loss, gradient = problem.value_and_gradient(x)
        assert loss == total
        # however the loss is added, the gradient is that of one link after the other
        plain = np.empty(dim)
        one_by_one(x, plain, 0.0, 0.0)
        assert np.array_equal(gradient, plain)


@pytest.mark.parametrize("dim", EDGES)
def test_rounding_of_the_loss(dim: int) -> None:
    x = np.random.default_rng(dim).normal(size=dim)
    problem, terms = make_problem("rosenbrock", dim=dim), links(x)
    n = dim - 1
    additions = n if n < 2 * ROW else n / ROW + 2 * ROW
    assert abs(problem.value(x) - math.fsum(terms)) <= additions * np.finfo(float).eps / 2 * math.fsum(terms) * (1 + 1e-12)
    with mp.workdps(60):
        loss, gradient = read_value(problem, x, NO_ROWS, Rounded)
        agrees(problem.value(x), loss, "the loss")
        for found, exact in zip(problem.gradient(x), gradient, strict=True):
            agrees(found, exact, "the gradient")


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
