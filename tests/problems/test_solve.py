"""The minimiser of strongly convex problems, and its certificate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

from lra_ref.problems import make_problem
from lra_ref.problems.solve import solve, with_minimum
from tests.problems.harness import read_value
from tests.readings import Rounded

EPS = float(np.finfo(float).eps)
CASES: list[tuple[str, dict[str, Any]]] = [
    ("logistic", {"data": "breast_cancer"}),
    ("logistic", {"n": 30, "dim": 4, "l2": 1e-8, "noise": 0}),
    ("multinomial", {"data": "iris"}),
    ("squared_hinge_svm", {"data": "wine"}),
    ("quadratic", {"dim": 5, "condition": 1e8}),
]


@pytest.mark.parametrize(("name", "parameters"), CASES, ids=str)
def test_the_gradient_vanishes_to_rounding(name: str, parameters: dict[str, Any]) -> None:
    problem = make_problem(name, **parameters)
    x, f, certificate = solve(problem)
    assert problem.smoothness is not None
    assert problem.strong_convexity is not None
    # the rounding of x alone makes a gradient of up to L eps |x|; of the losses (slopes <= 1) up to (n + D) eps |a|
    row = 2 * np.sqrt(problem.sample_smoothness.value) if problem.sample_smoothness else 0.0
    size = problem.smoothness.value * np.linalg.norm(x) + row
    norm = float(np.linalg.norm(problem.gradient(x)))
    assert norm <= (problem.samples + problem.dim) * EPS * size
    assert certificate == pytest.approx(norm**2 / (2 * problem.strong_convexity.value), rel=4 * problem.dim * EPS, abs=0)
    assert f == problem.value(x)
    rng = np.random.default_rng(0)
    for away in 10.0 ** np.arange(-3, 2):
        assert problem.value(x + away * rng.normal(size=problem.dim)) > f


def test_the_lower_bound_holds_in_exact_arithmetic() -> None:
    """F(x) - |g|^2/(2 mu) <= F* at 60 digits is above the bound that carries the rounding."""
    for name, parameters in (
        ("logistic", {"n": 12, "dim": 3}),
        ("multinomial", {"n": 6, "dim": 2}),
        ("squared_hinge_svm", {"n": 12, "dim": 3}),
    ):
        problem = with_minimum(make_problem(name, **parameters))
        assert problem.x_star is not None
        assert problem.strong_convexity is not None
        assert problem.f_star is not None
        assert not problem.f_star.exact
        with mp.workdps(60):
            f, g = read_value(problem, problem.x_star, np.empty(0), Rounded)
            lower = f.value - sum(entry.value**2 for entry in g) / (2 * mpf(problem.strong_convexity.value))
            assert mpf(problem.f_star.value) <= lower
            # and it is not loose: a few hundred roundings
            assert lower - mpf(problem.f_star.value) <= 1000 * EPS * (1 + 4 * np.linalg.norm(problem.x_star))


def test_a_problem_without_strong_convexity_is_refused() -> None:
    for problem in (make_problem("logistic", l2=0), make_problem("welsch")):
        with pytest.raises(ValueError, match=f"^solve needs a strongly convex problem, {problem.name} has no modulus"):
            solve(problem)
