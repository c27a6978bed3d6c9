"""Almeida's rule and delta-bar-delta against plain transcriptions; the unsafe published form."""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.engine.optimizer import Optimizer
from lra_ref.methods import make_method
from lra_ref.status import Status

EPS = np.finfo(float).eps
STEPS = 40
#: 40 steps of a dozen roundings each; a rate takes part in every later one
OPERATIONS = 40 * 40


def _told(name: str, options: dict[str, Any], gradients: Any, start: Any) -> tuple[Optimizer, Any]:
    optimizer, rates = Optimizer(make_method(name, **options), start), []
    for g in gradients:
        optimizer.tell([(0.0, g)])
        rates.append(optimizer.state_dict()["rate.rates"])
    return optimizer, np.array(rates)


def _close(actual: Any, expected: Any) -> None:
    expected = np.asarray(expected)
    assert np.all(np.abs(np.asarray(actual) - expected) <= OPERATIONS * EPS * (1e-3 + np.abs(expected))), (actual, expected)


def _gradients(dim: int = 4) -> Any:
    g = np.random.default_rng(5).normal(size=(STEPS, dim))
    g[::3, 1] = 0.0
    return g


def test_almeida_is_its_definition() -> None:
    rho, beta, x, v, last = 0.9, 0.05, np.ones(4), np.zeros(4), np.zeros(4)
    a, rates = np.full(4, 0.01), []
    for t, g in enumerate(_gradients()):
        v = rho * v + (1 - rho) * last**2
        if t > 0:
            w = v / (1 - rho**t)
            a = a * np.clip(1 + beta * np.where(w > 0, g * last / np.where(w > 0, w, 1.0), 0.0), 0.5, 2.0)
        x, last = x - a * g, g
        rates.append(a)
    optimizer, actual = _told("almeida_sgd", {"lr": 0.01}, _gradients(), np.ones(4))
    _close(actual, rates)
    _close(optimizer.x, x)


def test_the_thesis_form_is_unsafe_and_ours_is_not() -> None:
    options = {"lr": 1.0, "rho": 0.99, "beta": 0.05}
    # v = 0.01 after one gradient: the factor 1 - 0.05/0.01 up to 4 roundings of numbers below 5
    thesis = _told("almeida_sgd", {**options, "form": "thesis"}, [[1.0], [-1.0]], [0.0])[1]
    assert abs(thesis[1, 0] + 4.0) <= 4 * 8 * EPS / 0.01
    safe = _told("almeida_sgd", options, [[1.0], [-1.0]], [0.0])[1]
    assert abs(safe[1, 0] - 0.95) <= 8 * EPS
    assert np.all(_told("almeida_sgd", {**options, "beta": 100.0}, _gradients(), np.zeros(4))[1] > 0)


def test_delta_bar_delta_is_its_definition() -> None:
    lr, phi, theta, x, m = 0.01, 0.5, 0.7, np.ones(4), np.zeros(4)
    a, rates = np.full(4, lr), []
    for g in _gradients():
        agreement = np.sign(g) * np.sign(m)
        a = np.where(agreement > 0, np.minimum(a + lr / 10, 1e3 * lr), np.where(agreement < 0, a * (1 - phi), a))
        m, x = theta * m + (1 - theta) * g, x - a * g
        rates.append(a)
    optimizer, actual = _told("delta_bar_delta_sgd", {"lr": lr}, _gradients(), np.ones(4))
    _close(actual, rates)
    _close(optimizer.x, x)


def test_delta_bar_delta_is_limited() -> None:
    rates = _told("delta_bar_delta_sgd", {"lr": 1.0, "kappa": 300.0}, np.ones((6, 1)), [0.0])[1]
    assert rates[:, 0].tolist() == [1.0, 301.0, 601.0, 901.0, 1000.0, 1000.0]


def test_the_recorded_rate_is_the_mean() -> None:
    optimizer = Optimizer(make_method("delta_bar_delta_sgd", lr=1.0), [0.0, 0.0])
    optimizer.tell([(0.0, [1.0, 1.0])])
    info = optimizer.tell([(0.0, [1.0, -1.0])])
    assert info is not None
    assert info.rate == (1.1 + 0.5) / 2


def test_a_rate_that_overflows_stops_by_name() -> None:
    optimizer = Optimizer(make_method("almeida_sgd", lr=1.0, form="thesis", beta=1e300), [0.0])
    for g in (1.0, 1.0):
        optimizer.tell([(0.0, [g])])
    info = optimizer.tell([(0.0, [1e-5])])
    assert info is not None
    assert info.status in (Status.NONFINITE_RATE, Status.NONFINITE_POINT)
