"""Logistic regressions: definitions, two classes against one, real data."""

from __future__ import annotations

import mpmath
import numpy as np
from mpmath import mp, mpf

from lra_ref.problems import Problem, make_problem
from tests.problems.harness import read_value
from tests.readings import Rounded

POINTS = np.array([[0.0] * 6, [1.0, -2, 0.5, 3, 0, -1], [40, -60, 800, 0.25, -900, 7]])


def exact(problem: Problem, x: np.ndarray) -> mpf:
    return read_value(problem, x, np.empty(0), Rounded)[0].value


def test_definitions() -> None:
    for name, weight, penalty in (("logistic", "l2", lambda u: u * u / 2), ("logistic_nonconvex", "lam", lambda u: u * u / (1 + u * u))):
        problem = make_problem(name, n=6, dim=5, **{weight: 0.25})
        for x in POINTS:
            with mp.workdps(900):
                rows = [[mpf(a) for a in row] for row in problem.data]
                margins = [row[-1] * sum(a * mpf(b) for a, b in zip(row, x, strict=False)) for row in rows]
                value = sum(mpmath.log1p(mpmath.exp(-m)) for m in margins) / 6 + mpf(0.25) * sum(penalty(mpf(b)) for b in x)
                assert abs(exact(problem, x) - value) <= mpf(10) ** -30 * value


def test_multinomial_definition_and_layout() -> None:
    """x = (W row by row, b): scores W a + b."""
    problem = make_problem("multinomial", n=5, dim=1, l2=0.5)
    assert problem.offsets is not None
    assert list(problem.offsets) == [0, 3, 6]
    for x in POINTS:
        with mp.workdps(900):
            value = sum(mpf(b) ** 2 for b in x) / 4
            for a, label in problem.data:
                scores = [mpf(x[k]) * mpf(a) + mpf(x[3 + k]) for k in range(3)]
                value += (mpmath.log(sum(mpmath.exp(s) for s in scores)) - scores[int(label)]) / 5
            assert abs(exact(problem, x) - value) <= mpf(10) ** -30 * value


def test_two_classes_are_logistic_regression() -> None:
    """Scores (0, s) give log(1 + exp(-t s)), t = +1 for class 1."""
    two, one = make_problem("multinomial", data="breast_cancer", l2=0), make_problem("logistic", data="breast_cancer", l2=0)
    x = np.random.default_rng(0).normal(size=31)
    pair = np.concatenate([np.zeros(30), x[:30], [0], x[30:]])
    (f, g), (h, k) = one.value_and_gradient(x), two.value_and_gradient(pair)
    eps = float(np.finfo(float).eps)
    size = np.mean(np.abs(one.data[:, :-1]) @ np.abs(x))  # the margins carry 31 roundings of their summands, the means 569
    assert abs(f - h) <= 700 * eps * size
    flipped = np.concatenate([k[30:60], k[61:]])
    assert np.max(np.abs(g - flipped)) <= 700 * eps * size * np.max(np.abs(one.data))


def test_probabilities_far_from_even_stay_finite() -> None:
    problem = make_problem("multinomial", n=4, dim=1, l2=0)
    x = np.array([0.0, 0, 0, 1e300, -1e300, 0])
    f, g = problem.value_and_gradient(x)
    assert np.isfinite(f)
    assert f > 1e299
    assert np.all(np.abs(g) < 10)
    assert np.all(problem.hvp(x, np.ones(6)) == 0)


def test_smoothness_of_real_data() -> None:
    """exact L = lambda_max(A'A)/(4n) + l2, from the singular values of A; standardised columns with a bias."""
    problem = make_problem("logistic", data="breast_cancer", l2=0.5)
    norm = np.linalg.norm(problem.data[:, :-1], 2) ** 2 / (4 * 569)
    assert problem.smoothness is not None
    assert problem.smoothness.exact
    assert problem.dim == 31
    # Gram matrix and eigenvalues: n + d = 600 roundings of the trace, below 3 times the norm
    assert abs(problem.smoothness.value - norm - 0.5) <= 8 * 600 * 3 * np.finfo(float).eps * norm
    assert problem.strong_convexity is not None
    assert problem.strong_convexity.value == 0.5
    assert make_problem("logistic", l2=0).strong_convexity is None
