"""Splits, training sets, predictions and accuracies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.problems import make_problem
from lra_ref.problems.classification import accuracy, labels, on_rows, predict, split
from lra_ref.problems.data import planted

CASES: dict[str, dict[str, Any]] = {
    "logistic": {"n": 40, "dim": 3},
    "logistic_nonconvex": {"n": 40, "dim": 3, "lam": 0.1},
    "multinomial": {"n": 40, "dim": 3, "classes": 4},
    "squared_hinge_svm": {"n": 40, "dim": 3},
    "tanh_network": {"n": 40, "dim": 3, "hidden": 2, "l2": 0.1},
}


def scores(name: str, problem: Any, x: Any) -> Any:
    """Scores of the labels, (n, labels), from the definitions."""
    a = problem.data[:, :-1]
    if name == "multinomial":
        return a @ x[:12].reshape(4, 3).T + x[12:]
    output = np.tanh(a @ x[:6].reshape(2, 3).T + x[6:8]) @ x[8:10] + x[10] if name == "tanh_network" else a @ x
    return np.stack([-output, output], axis=1)


@pytest.mark.parametrize("name", CASES)
def test_the_largest_score_is_predicted(name: str) -> None:
    problem = make_problem(name, **CASES[name])
    x = np.random.default_rng(1).normal(size=(2, 3, problem.dim))
    found = predict(problem, x)
    assert found.shape == (2, 3, 40)
    for index in np.ndindex(2, 3):
        wanted = labels(problem)[np.argmax(scores(name, problem, x[index]), axis=1)]
        np.testing.assert_array_equal(found[index], wanted)
        some = [3, 0, 17]
        np.testing.assert_array_equal(predict(problem, x[index], some), wanted[some])
        assert accuracy(problem, x[index]) == np.mean(wanted == problem.data[:, -1])
        assert accuracy(problem, x[index], some) == np.mean(wanted[some] == problem.data[some, -1])
    assert len(np.unique(found)) == len(labels(problem))


def test_the_planted_model_is_always_right() -> None:
    problem = make_problem("logistic", n=50, dim=4, noise=0.0, bias=False, seed=3)
    assert accuracy(problem, planted(3, 4)) == 1.0
    assert accuracy(problem, -planted(3, 4)) == 0.0


def test_no_prediction_is_never_right() -> None:
    problem = make_problem("multinomial", n=5, dim=2)
    assert accuracy(problem, np.full(problem.dim, np.nan)) == 0.0
    assert np.all(np.isnan(predict(problem, np.full(problem.dim, np.nan))))


def test_equal_losses_go_to_the_smaller_label() -> None:
    problem = make_problem("multinomial", n=9, dim=2)
    assert np.all(predict(problem, np.zeros(problem.dim)) == 0)


@pytest.mark.parametrize(("rows", "share", "held"), [(150, 0.2, 30), (178, 0.2, 36), (569, 0.2, 114), (1797, 0.2, 360), (2, 0.5, 1)])
def test_split(rows: int, share: float, held: int) -> None:
    train, test = split(rows, share, 4)
    assert (train.size, test.size) == (rows - held, held)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(rows))
    assert train.tolist() == sorted(train)
    if rows > 2:
        assert split(rows, share, 5)[1].tolist() != test.tolist()
        # every row is as likely as any other: 200 splits, the count of a row is within 6 standard deviations
        counts = np.bincount(np.concatenate([split(rows, share, seed)[1] for seed in range(200)]), minlength=rows)
        p = held / rows
        assert np.max(np.abs(counts - 200 * p)) <= 6 * np.sqrt(200 * p * (1 - p))


def test_training_rows_give_the_mean_over_them() -> None:
    whole = make_problem("multinomial", n=20, dim=3, l2=0.1)
    rows = [4, 7, 11]
    part = on_rows(whole, rows)
    x = np.random.default_rng(0).normal(size=whole.dim)
    assert part.value(x) == whole.value(x, rows)
    assert part.gradient(x).tobytes() == whole.gradient(x, rows).tobytes()
    assert part.hvp(x, x).tobytes() == whole.hvp(x, x, rows).tobytes()
    assert part.samples == 3
    assert part.smoothness is None
    assert part.f_star is None
    assert part.sample_smoothness == whole.sample_smoothness


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: split(10, 0.0, 0), r"^share must be in \(0, 1\), got 0.0$"),
        (lambda: split(10, 1.0, 0), r"^share must be in \(0, 1\), got 1.0$"),
        (lambda: split(10, 0.95, 0), "^share must leave a row for training, got 0.95 of 10 rows$"),
        (lambda: split(1, 0.5, 0), "^rows must"),
        (lambda: predict(make_problem("sphere"), np.zeros(10)), "^predictions need a problem with labels .* got sphere$"),
        (lambda: labels(make_problem("tanh_network", n=9, dim=3, loss="squares")), "got tanh_network$"),
        (lambda: on_rows(make_problem("multinomial", n=5, dim=2), [5]), r"^rows must be indices in \[0, 5\)"),
        (lambda: predict(make_problem("multinomial", n=5, dim=2), np.zeros(3)), "^x must"),
    ],
)
def test_bad_input(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_the_problem_is_not_written_to() -> None:
    problem = make_problem("multinomial", n=12, dim=2)
    before = problem.data.copy()
    predict(problem, np.ones(problem.dim))
    predict(problem, np.ones(problem.dim), [1, 2])
    assert problem.data.tobytes() == before.tobytes()
