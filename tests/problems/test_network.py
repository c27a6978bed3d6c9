"""The tanh network: definition, layout, saturation, real data."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.problems import make_problem

EPS = float(np.finfo(float).eps)


@pytest.mark.parametrize("loss", ["squares", "logistic"])
def test_definition_and_layout(loss: str) -> None:
    problem = make_problem("tanh_network", n=9, dim=3, hidden=4, loss=loss, l2=0.5)
    assert problem.offsets is not None
    assert list(problem.offsets) == [0, 12, 16, 20, 21]
    assert problem.dim == 21
    x = np.random.default_rng(0).normal(size=21)
    w1, b1, w2, b2 = x[:12].reshape(4, 3), x[12:16], x[16:20], x[20]
    a, t = problem.data[:, :3], problem.data[:, 3]
    o = np.tanh(a @ w1.T + b1) @ w2 + b2
    rows = (o - t) ** 2 / 2 if loss == "squares" else np.logaddexp(0, -t * o)
    expected = np.mean(rows) + x @ x / 4
    # arguments, outputs and means: 3 + 4 + 9 + 21 roundings, those of the outputs weighted with slopes and weights below 10
    assert abs(problem.value(x) - expected) <= 10 * 40 * EPS * (expected + np.sum(np.abs(x)))
    assert problem.start.size == 21
    assert not np.any(problem.start[12:16])
    assert problem.start[20] == 0


def test_saturated_units_pass_no_gradient_but_never_nan() -> None:
    problem = make_problem("tanh_network", n=9, dim=3, hidden=4)
    for scale in (1e3, 1e8, 1e150, 1e300):
        x = scale * np.ones(26)[: problem.dim]
        f, g = problem.value_and_gradient(x)
        assert np.isfinite(f)
        assert np.all(np.isfinite(g))
        assert np.all(np.isfinite(problem.hvp(x, np.ones(problem.dim))))


def test_far_tails_of_the_units_keep_their_slope() -> None:
    """One unit, w2 = 1, argument 20 b1: tanh' = 4 exp(-40), which 1 - tanh^2 would lose."""
    problem = make_problem("tanh_network", n=1, dim=1, hidden=1, loss="squares")
    x = np.array([0.0, 20, 1, 0])
    slope = 1 - problem.data[0, 1]
    # a dozen roundings, exp within 2 ulp of a number of size 1; terms of order exp(-40) are left out
    assert abs(problem.gradient(x)[1] - slope * 4 * np.exp(-40)) <= 16 * EPS * abs(slope) * 4 * np.exp(-40)


def test_real_data_and_the_radius() -> None:
    problem = make_problem("tanh_network", data="breast_cancer", hidden=5, radius=0.5)
    assert problem.dim == 5 * 32 + 1
    assert set(problem.data[:, -1]) == {-1.0, 1.0}
    assert np.linalg.norm(problem.start) <= 0.5 * (1 + 16 * EPS)
    assert make_problem("tanh_network", data="wine", loss="squares").samples == 178
