"""Multiplicative noise: it scales with the gradient, and leaves the value alone."""

from __future__ import annotations

import numpy as np
from scipy import stats

from lra_ref.oracles import make_oracle
from tests.oracles.cases import DIM, toy
from tests.oracles.test_philox import LEVEL


def test_coordinates_are_stretched_by_independent_normals() -> None:
    oracle = make_oracle("multiplicative", toy(), ratio=0.25)
    x = np.array([3.0, -2.0, 1.0])
    f, g = oracle.evaluate(x, oracle.sample(1, np.arange(20000), 0))
    exact, gradient = oracle.problem.value_and_gradient(x)
    assert np.all(f == exact)
    assert stats.kstest(((g / gradient - 1) / 0.25).ravel(), "norm").pvalue > LEVEL
    assert oracle.sigma2 is None
    # the sum of DIM squares, times a square: DIM + 3 roundings
    want = 0.0625 * np.sum(gradient**2)
    assert abs(oracle.variance(x) - want) <= (DIM + 3) * np.finfo(float).eps * want


def test_no_noise_at_a_stationary_point() -> None:
    problem = toy(1)
    minimiser = problem.data[0, :DIM].copy()
    oracle = make_oracle("multiplicative", problem, ratio=10)
    assert oracle.variance(minimiser) == 0
    assert not np.any(oracle.evaluate(minimiser, oracle.sample(1, 2, 3))[1])
