"""The loops over rows: blocks, remainders, minibatches; and the largest eigenvalue of a Gram matrix."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.problems import linear, make_problem

EPS = float(np.finfo(float).eps)


@pytest.mark.parametrize("n", [1, 3, 4, 5, 63, 64, 65, 130])
def test_every_number_of_rows(n: int) -> None:
    """Against plain linear algebra; n + D roundings of every summand."""
    problem = make_problem("squared_hinge_svm", n=n, dim=5, seed=n)
    rng = np.random.default_rng(n)
    x, v = rng.normal(size=(2, 6))
    features, labels = problem.data[:, :-1], problem.data[:, -1]
    for rows in (None, rng.integers(0, n, 7), rng.permutation(n)[: max(1, n // 2)]):
        a, t = (features, labels) if rows is None else (features[rows], labels[rows])
        short = np.maximum(0, 1 - t * (a @ x))
        tolerance = 2 * (len(a) + 20) * EPS
        size = np.abs(a).T @ (np.abs(t) * (1 + np.abs(a) @ np.abs(x))) / len(a) + np.abs(x)
        f, g = problem.value_and_gradient(x, rows)
        expected = np.mean(short**2) / 2 + 1e-3 * x @ x / 2
        assert abs(f - expected) <= tolerance * (np.mean((1 + np.abs(a) @ np.abs(x)) ** 2) + x @ x)
        assert np.all(np.abs(g - (-a.T @ (t * short) / len(a) + 1e-3 * x)) <= tolerance * size)
        product = a.T @ ((short > 0) * (a @ v)) / len(a) + 1e-3 * v
        assert np.all(np.abs(problem.hvp(x, v, rows) - product) <= tolerance * (np.abs(a).T @ (np.abs(a) @ np.abs(v)) / len(a) + np.abs(v)))


def test_a_minibatch_is_what_its_rows_say_in_any_order_and_multiplicity() -> None:
    problem = make_problem("multinomial", n=12, dim=3)
    x = np.random.default_rng(0).normal(size=problem.dim)
    rows = [3, 3, 7, 0]
    singles = [problem.value_and_gradient(x, [i]) for i in rows]
    f, g = problem.value_and_gradient(x, rows)
    # four positive losses and two orders of four summands: a dozen roundings of the largest
    assert abs(f - np.mean([s[0] for s in singles])) <= 16 * EPS * f
    assert np.max(np.abs(g - np.mean([s[1] for s in singles], axis=0))) <= 16 * EPS * np.max(np.abs([s[1] for s in singles]))


def test_largest_gram_is_exact_for_matrices_of_either_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    for shape in ((40, 6), (6, 40), (1, 3)):
        a = rng.normal(size=shape)
        value, exact = linear.largest_gram(a)
        norm = np.linalg.norm(a, 2) ** 2 / shape[0]
        # Gram matrix and its eigenvalues: n + d roundings of the trace, at most 6 times the norm
        assert exact
        assert abs(value - norm) <= 6 * 8 * sum(shape) * EPS * norm
        monkeypatch.setattr(linear, "EXACT_GRAM", 0)
        bound, exact = linear.largest_gram(a)
        assert not exact
        assert norm <= bound
        monkeypatch.undo()
    assert linear.largest_row(np.array([[3.0, 4], [1, 1]])) == 25
