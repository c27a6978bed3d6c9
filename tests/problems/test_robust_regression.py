"""Robust regression: outliers, scales, real targets."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.problems import make_problem
from lra_ref.problems.data import DataParameters, load_regression

NAMES = ("welsch", "geman_mcclure")


@pytest.mark.parametrize("name", NAMES)
def test_outliers_hit_the_stated_fraction_of_targets(name: str) -> None:
    clean = load_regression(DataParameters(n=50, dim=3)).target
    for fraction, hit in ((0, 0), (0.1, 5), (0.5, 25), (1, 50)):
        assert np.sum(make_problem(name, n=50, dim=3, outliers=fraction).data[:, -1] != clean) == hit


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_bounded_and_the_planted_solution_is_exact(name: str) -> None:
    problem = make_problem(name, n=20, dim=3, noise=0, outliers=0, c=2)
    assert problem.f_star is not None
    assert problem.f_star.exact
    assert problem.value(problem.x_star) == 0
    far = problem.value(1e250 * np.ones(4))
    assert abs(far - 2) <= 20 * np.finfo(float).eps * 2  # c^2/2, a mean of 20 rows
    for spoilt in ({"noise": 0.5, "outliers": 0}, {"noise": 0, "outliers": 0.1}, {"noise": 0, "outliers": 0, "l2": 1}):
        other = make_problem(name, n=20, dim=3, **spoilt)
        assert other.x_star is None
        assert other.f_star is not None
        assert not other.f_star.exact


@pytest.mark.parametrize("name", NAMES)
def test_a_large_scale_gives_least_squares(name: str) -> None:
    """u^2 <= (1e-6 * 100)^2 = 1e-8 bounds the relative distance of both losses from r^2/2."""
    problem = make_problem(name, data="wine", c=1e6)
    x = np.zeros(14)
    assert abs(problem.value(x) - np.mean(problem.data[:, -1] ** 2) / 2) <= 1e-8 * problem.value(x)
    assert problem.x_star is None
