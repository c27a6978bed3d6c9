"""Squared hinge: definition, and the generalised Hessian at the kink."""

from __future__ import annotations

import numpy as np

from lra_ref.problems import make_problem


def test_definition_at_points_where_it_is_exact() -> None:
    """On the grid of the data margins are exact, and the mean of 8 rows divides exactly."""
    problem = make_problem("squared_hinge_svm", n=8, dim=2, l2=0)
    for x in np.array([[0.0, 0, 0], [0.5, -0.25, 2], [-4, 8, 1]]):
        margins = problem.data[:, -1] * (problem.data[:, :-1] @ x)
        assert problem.value(x) == np.sum(np.maximum(0, 1 - margins) ** 2) / 16
    assert problem.value(np.zeros(3)) == 0.5


def test_a_row_at_the_kink_is_inactive() -> None:
    problem = make_problem("squared_hinge_svm", n=8, dim=2, l2=0)
    kink, v = np.array([0.0, 0, 1]), np.array([1.0, -2, 3])
    positive = problem.data[:, -1] > 0
    active = problem.data[~positive, :-1]
    assert np.any(positive)
    assert np.array_equal(problem.hvp(kink, v), active.T @ (active @ v) / 8)
    np.testing.assert_array_equal(problem.hvp(kink * (1 - 2.0**-52), v), problem.data[:, :-1].T @ (problem.data[:, :-1] @ v) / 8)
