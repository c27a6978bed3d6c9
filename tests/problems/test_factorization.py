"""Matrix factorization: definition, invariance, Eckart-Young minimum."""

from __future__ import annotations

import numpy as np

from lra_ref.problems import make_problem

EPS = float(np.finfo(float).eps)


def test_definition_and_layout() -> None:
    """Small whole numbers: every operation is exact."""
    problem = make_problem("factorization", n=4, dim=3, noise=0)
    assert problem.offsets is not None
    assert list(problem.offsets) == [0, 8, 14]
    assert problem.samples == 4
    x = np.random.default_rng(0).integers(-3, 4, problem.dim).astype(float)
    u, v = x[:8].reshape(4, 2), x[8:].reshape(3, 2)
    residual = u @ v.T - problem.data
    f, g = problem.value_and_gradient(x)
    assert f == np.sum(residual**2) / 2
    np.testing.assert_array_equal(g, np.concatenate([(residual @ v).ravel(), (residual.T @ u).ravel()]))
    f, g = problem.value_and_gradient(x, [2])
    assert f == 2 * np.sum(residual[2] ** 2)
    np.testing.assert_array_equal(g[:8].reshape(4, 2), np.outer([0, 0, 4, 0], residual[2] @ v))


def test_the_minimum_is_that_of_eckart_and_young() -> None:
    for parameters in ({"n": 12, "dim": 7, "noise": 0.5, "rank": 3}, {"data": "iris", "rank": 1}):
        problem = make_problem("factorization", **parameters)
        rank = parameters["rank"]
        u, s, vt = np.linalg.svd(problem.data, full_matrices=False)
        x = np.concatenate([(u[:, :rank] * np.sqrt(s[:rank])).ravel(), (vt[:rank].T * np.sqrt(s[:rank])).ravel()])
        assert problem.f_star is not None
        assert not problem.f_star.exact
        gap = problem.value(x) - problem.f_star.value
        # the singular values beyond the rank are lowered by 8 max(n, d) eps |M|; twice that for those of this test
        assert 0 <= gap <= 3 * 8 * max(problem.data.shape) * EPS * s[0] * np.sum(s[rank:])
        # the ball of L has twice the length of this minimiser: two sums of D squares, and singular values to max(n, d) eps
        assert problem.smoothness is not None
        assert abs(2 * np.linalg.norm(x) / float(problem.smoothness.where.split()[-1]) - 1) <= 8 * problem.dim * EPS


def test_without_noise_the_planted_factors_are_exact() -> None:
    problem = make_problem("factorization", noise=0)
    assert problem.f_star is not None
    assert problem.f_star.exact
    assert problem.f_star.value == 0
    assert problem.value(problem.x_star) == 0
    assert not np.any(problem.gradient(problem.x_star))


def test_full_rank_has_minimum_zero() -> None:
    problem = make_problem("factorization", n=3, dim=3, rank=3)
    assert problem.f_star is not None
    assert problem.f_star.value == 0
