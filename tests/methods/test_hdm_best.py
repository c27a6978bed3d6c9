"""HDM-Best against a plain transcription of the published loop, bit for bit in two dimensions, and at the traps of that loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.problems import make_problem
from lra_ref.status import Status


def total(v: Any) -> Any:
    return v[0] + v[1]


def published(
    problem: Any, x: Any, steps: int, *, convex: bool, L: float, lr: float, beta_lr: float, tol: float, max_iter: int
) -> list[Any]:
    """Accepted points after every iteration, lr, beta, L_est; the loop of the published code with sums of two terms."""
    lr_0, P, G, beta, Gm, records, count, guessed = lr, np.zeros(2), np.zeros(2), 0.95, 0.0, [], 0, False
    old, out = x, []
    f, g = problem.value_and_gradient(x)
    for n in range(1, steps + 1):
        if np.max(np.abs(g)) < tol:
            break
        y = x - P * g + beta * (x - old)
        fy, gy = problem.value_and_gradient(y)
        e = total((x - old) ** 2) * L * L / 4 if guessed else 1e-12
        bottom = total(g * g) + e
        r, rm = -(gy * g / bottom), total(gy * (x - old)) / bottom
        G = G + r * r
        P = P - lr * r / (np.sqrt(G) + 1e-12)
        if convex:
            P = np.minimum(np.maximum(P, 0.0), 1e10 / L)
        Gm = Gm + rm * rm
        beta = min(max(beta - beta_lr * rm / (np.sqrt(Gm) + 1e-12), 0.0), 0.9995)
        if n % 50 == 49 and not guessed:
            lr = max(0.8 * lr, 1e-3 * lr_0) if convex else max(0.05 * lr, 1e-2 * lr_0)
        old = x
        if fy < f:
            moved = np.sqrt(total((y - x) ** 2))
            if moved > 1e-3:
                records.append(np.sqrt(total((gy - g) ** 2)) / moved)
            x, f, g, count = y, fy, gy, count + 1
        else:
            count = max(0, count - 2)
        if count > max(min(max_iter / 4, 200), 20) and not guessed:
            L = sum(records) / len(records)
            lr = lr_0 = 1 / L
            G, guessed = 0 * G, True
        out.append([*x, lr, beta, L, float(guessed)])
    return out


@pytest.mark.parametrize(
    ("convex", "lr", "beta_lr", "max_iter"),
    [(True, 0.01, 0.3, 1), (True, 0.1, 10.0, 1000), (False, 0.05, 1.0, 1000), (False, 0.01, 0.3, 1)],
)
def test_it_is_the_published_loop(convex: bool, lr: float, beta_lr: float, max_iter: int) -> None:
    problem, x0 = make_problem("rosenbrock" if not convex else "quadratic", dim=2), np.array([-1.2, 1.0]) * 30
    given = {"convex": convex, "lr": lr, "beta_lr": beta_lr, "max_iter": max_iter, "tol": 1e-6}
    expected = published(problem, x0, 260, L=1.0, **given)
    optimizer = Optimizer(make_method("hdm_best", L_est=1.0, **given), x0)
    actual = []
    for _ in range(len(expected) + 1):
        info = optimizer.step(lambda x, sample: problem.value_and_gradient(x))
        actual.append([*optimizer.answer, *(info.scalars[name] for name in ("lr", "beta", "L_est", "guessed"))])
    assert np.array_equal(np.array(actual[1:]), np.array(expected))
    if max_iter == 1 and convex:
        assert expected[-1][-1] == 1.0, "the guess was not tested"
    if len(expected) < 260:
        optimizer.step(lambda x, sample: problem.value_and_gradient(x))
        assert optimizer.status == Status.STATIONARY
        assert optimizer.t == len(expected) + 1, "one gradient per iteration, and one at the start"


def test_defaults() -> None:
    for given, lr in (({}, 0.1), ({"L_est": 4.0}, 0.5), ({"L_est": 4.0, "convex": True}, 2.5), ({"L_est": 4.0, "lr": 3.0}, 3.0)):
        assert make_method("hdm_best", **given).rate.hyper()[0] == lr
    for max_iter, enough in ((1000, 200.0), (400, 100.0), (1, 20.0), (10**6, 200.0)):
        assert make_method("hdm_best", max_iter=max_iter).rate.hyper()[5] == enough


def test_convex_without_L_is_refused() -> None:
    with pytest.raises(ValueError, match="convex=True needs L_est, an estimate of the smoothness constant"):
        make_method("hdm_best", convex=True)


def test_a_count_that_triggers_without_a_record_leaves_L_unguessed() -> None:
    # values fall in every step, and no step is longer than 1e-3: the published code would average nothing
    optimizer = Optimizer(make_method("hdm_best", lr=1e-9, beta_lr=1e-9, max_iter=1, tol=0.0), np.zeros(2))
    for t in range(40):
        info = optimizer.tell([(-float(t), np.array([1e-3, 0.0]))])
    assert info is not None
    assert (info.scalars["no_record"], info.scalars["guessed"], info.scalars["records"]) == (1.0, 0.0, 0.0)
    assert np.isfinite(optimizer.x).all()
    assert optimizer.status == Status.RUNNING


def test_it_descends_and_answers_with_the_accepted_point() -> None:
    problem = make_problem("logistic", data="iris", l2=0.01)
    assert problem.smoothness is not None
    made = run(make_method("hdm_best", convex=True, L_est=problem.smoothness.value), problem, steps=300)
    values = made.records["value"][0]
    values = values[np.isfinite(values)]
    assert np.all(np.diff(values) <= 0)
    assert problem.value(made.answer[0]) == values[-1] == np.min(made.records["loss"][0][: len(values)])
