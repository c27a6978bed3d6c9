"""Phase retrieval: symmetry, planted solution, noise, real measurement vectors."""

from __future__ import annotations

import numpy as np

from lra_ref.problems import make_problem


def test_the_sign_of_x_does_not_matter() -> None:
    problem = make_problem("phase_retrieval", n=20, dim=4)
    f, g = problem.value_and_gradient(problem.start)
    opposite, h = problem.value_and_gradient(-problem.start)
    assert f == opposite > 0
    assert np.array_equal(g, -h)
    assert not np.any(problem.gradient(np.zeros(4)))


def test_negative_measurements_bound_the_minimum() -> None:
    problem = make_problem("phase_retrieval", n=30, dim=4, noise=5)
    b = problem.data[:, -1]
    assert np.any(b < 0)
    assert problem.f_star is not None
    assert not problem.f_star.exact
    assert problem.x_star is None
    assert problem.f_star.value == np.mean(np.minimum(b, 0) ** 2) / 4
    assert problem.value(np.zeros(4)) >= problem.f_star.value


def test_real_measurement_vectors_and_the_radius() -> None:
    problem = make_problem("phase_retrieval", data="wine", radius=0.25)
    assert problem.dim == 13
    assert problem.samples == 178
    # rescaled to the sphere |x| = 1/4 with a dozen roundings
    assert abs(np.linalg.norm(problem.start) - 0.25) <= 16 * np.finfo(float).eps
    small, large = problem.smoothness, make_problem("phase_retrieval", data="wine").smoothness
    assert small is not None
    assert large is not None
    assert small.value < large.value
    assert small.where == "the ball |x| <= 0.25"
