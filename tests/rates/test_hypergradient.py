"""Hypergradient descent against plain transcriptions, its published defect, the multiplicative rule and where it overflows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.problems import make_problem
from lra_ref.status import Status

EPS = np.finfo(float).eps
STEPS = 40
#: 40 steps of a few dozen roundings each on given gradients
OPERATIONS = 40 * 60


def _gradients(dim: int = 4) -> Any:
    return np.random.default_rng(11).normal(size=(STEPS, dim))


def _told(name: str, options: dict[str, Any], start: Any, offsets: Any = None) -> tuple[Any, Any]:
    """Last point and the rates of all steps."""
    optimizer, rates = Optimizer(make_method(name, **options), start, offsets), []
    for g in _gradients(len(start)):
        info = optimizer.tell([(0.0, g)])
        assert info is not None
        rates.append(info.rate)
    return optimizer.x, rates


def _close(actual: Any, expected: Any) -> None:
    expected = np.asarray(expected)
    assert np.all(np.abs(np.asarray(actual) - expected) <= OPERATIONS * EPS * (1 + np.abs(expected))), (actual, expected)


@pytest.mark.parametrize(("name", "mu", "nesterov"), [("sgd", 0.0, False), ("momentum", 0.9, False), ("nesterov", 0.9, True)])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_sgd_forms_are_the_published_code(name: str, mu: float, nesterov: bool, decay: float) -> None:
    x, eta, buffer, last, rates = np.arange(4.0), 0.01, np.zeros(4), np.zeros(4), []
    for g in _gradients():
        g = g + decay * x
        eta = eta + 1e-4 * (g @ last)
        buffer = mu * buffer + g
        last = g + mu * buffer if nesterov else buffer
        x = x - eta * last
        rates.append(eta)
    actual = _told(f"hypergradient_{name}", {"lr": 0.01, "gamma": 1e-4, "weight_decay": decay}, np.arange(4.0))
    _close(actual[0], x)
    _close(actual[1], rates)


def _published_adam(blocks: list[slice], in_turn: bool) -> Any:
    """The published loop over tensors: the rate is updated inside it; ``in_turn=False`` as in the paper."""
    x, eta, m, v, last = np.arange(4.0), 0.01, np.zeros(4), np.zeros(4), np.zeros(4)
    for n, g in enumerate(_gradients(), start=1):
        if not in_turn:
            eta = eta + 1e-3 * (g @ last)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        d = m / (np.sqrt(v) + 1e-8) * np.sqrt(1 - 0.999**n) / (1 - 0.9**n)
        for cut in blocks:
            if in_turn:
                eta = eta + 1e-3 * (g[cut] @ last[cut])
            x[cut] = x[cut] - eta * d[cut]
        last = d
    return x


def test_adam_is_the_papers_and_the_published_code_stays_selectable() -> None:
    blocks, options = [slice(0, 1), slice(1, 4)], {"lr": 0.01, "gamma": 1e-3}
    ours = _told("hypergradient_adam", options, np.arange(4.0), [0, 1, 4])[0]
    theirs = _told("hypergradient_adam", {**options, "in_turn": True}, np.arange(4.0), [0, 1, 4])[0]
    _close(ours, _published_adam(blocks, False))
    _close(theirs, _published_adam(blocks, True))
    # the difference is no rounding
    assert np.max(np.abs(ours - theirs)) > 1e6 * EPS
    whole = _told("hypergradient_adam", {**options, "in_turn": True}, np.arange(4.0))[0]
    assert np.array_equal(whole, _told("hypergradient_adam", options, np.arange(4.0))[0])


def test_defaults_are_the_published_ones() -> None:
    assert make_method("hypergradient_sgd").rate.parameters.gamma == 1e-6
    made = make_method("hypergradient_adam")
    assert (made.rate.parameters.gamma, made.direction.name) == (1e-8, "adam_epsilon_hat")
    assert make_method("hypergradient_momentum", weight_decay=0.5).direction.parameters.weight_decay == 0.5
    assert make_method("multiplicative_hypergradient_sgd").rate.parameters.beta == 0.05


def test_the_additive_rate_may_turn_negative() -> None:
    made = run(make_method("hypergradient_sgd", lr=1.5, gamma=1.0), make_problem("quadratic", spectrum=[1.0]), steps=1, x0=[2.0])
    # g_0 = 2, x_1 = -1, h_1 = -2: 1.5 - 2
    assert made.records["rate"][0].tolist() == [1.5, -0.5]


def test_multiplicative_rule_is_its_definition() -> None:
    x, eta, last, rates = np.arange(4.0), 0.01, None, []
    for g in _gradients():
        if last is not None:
            eta = eta * (1 + 0.2 * (g @ last) / (np.linalg.norm(g) * np.linalg.norm(last)))
        x, last = x - eta * g, g
        rates.append(eta)
    actual = _told("multiplicative_hypergradient_sgd", {"lr": 0.01, "beta": 0.2}, np.arange(4.0))
    _close(actual[0], x)
    _close(actual[1], rates)


def test_a_vanishing_gradient_keeps_the_multiplicative_rate() -> None:
    optimizer = Optimizer(make_method("multiplicative_hypergradient_sgd", lr=0.5, beta=0.5), [1.0])
    rates = []
    for g in ([1.0], [0.0], [1.0], [2.0]):
        info = optimizer.tell([(0.0, g)])
        assert info is not None
        rates.append(info.rate)
    assert rates == [0.5, 0.5, 0.5, 0.75]


@pytest.mark.parametrize("name", ["hypergradient_sgd", "multiplicative_hypergradient_sgd"])
def test_a_signal_out_of_range_stops_by_name(name: str) -> None:
    optimizer = Optimizer(make_method(name), [0.0])
    while not optimizer.status:
        optimizer.tell([(0.0, [1e160])])
    assert optimizer.status == Status.NONFINITE_FEEDBACK
    assert optimizer.t <= 1


@pytest.mark.parametrize(("exponent", "stops"), [(300.0, False), (450.0, True)])
def test_first_growth_of_the_multiplicative_rule(exponent: float, stops: bool) -> None:
    """In double the growth exp((ln eta_0 a)^2 / (2 beta)) overflows once its exponent exceeds about 350: |g|^2 leaves the range."""
    beta = 0.02
    problem = make_problem("quadratic", spectrum=[1.0])
    made = run(
        make_method("multiplicative_hypergradient_sgd", lr=math.exp(math.sqrt(2 * beta * exponent)), beta=beta),
        problem,
        steps=4000,
        x0=[1.0],
    )
    assert (made.status != [Status.RUNNING]) == stops
    if not stops:
        assert abs(made.x[0, 0]) < 1e-8


def test_the_euler_factor_is_close_to_the_exponential() -> None:
    """|1 - (1 + beta c) e^(-beta c)| <= (beta^2/2) e^beta, up to 4 roundings."""
    c = np.linspace(-1, 1, 2001)
    for beta in (1e-3, 0.05, 0.5, 0.99):
        assert np.all(np.abs(1 - (1 + beta * c) * np.exp(-beta * c)) <= beta**2 / 2 * math.exp(beta) + 4 * EPS)
