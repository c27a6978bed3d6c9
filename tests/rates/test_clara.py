"""CLARA: against a plain transcription of its update, its options, its edge cases."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import run
from lra_ref.methods import Method, compose, make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.rates.clara import CLARA, VANISHED, reference_at
from lra_ref.rates.clara_laws import independent_mean, independent_variance, published_sd
from lra_ref.rates.clara_reference import adam_transient, autoregressive_mean, autoregressive_sd
from lra_ref.status import Status

EPS = 2.0**-52
BLOCKS = [0, 2, 5]


def transcription(
    gradients: Any, direction: str, c: float, d: float, mu: list[float], lr: float, unit: bool, blocks: list[int]
) -> tuple[Any, list[float]]:
    """Points and rates by the published update, block by block, in plain Python."""
    dim = len(gradients[0])
    x, m, v, p, eta = np.zeros(dim), np.zeros(dim), np.zeros(dim), np.zeros(dim), lr
    xs, etas = [], [eta]
    for t, g in enumerate(gradients):
        h = np.array(g)
        if direction == "adam":
            m, v = 0.9 * m + 0.1 * h, 0.999 * v + 0.001 * h * h
            h = (m / (1 - 0.9 ** (t + 1))) / (np.sqrt(v / (1 - 0.999 ** (t + 1))) + 1e-8)
        total = 0.0
        for lo, hi in pairwise(blocks):
            u = h[lo:hi] / max(np.linalg.norm(h[lo:hi]), 1e-12)
            x[lo:hi] -= eta * (u if unit else h[lo:hi])
            p[lo:hi] = (1 - c) * p[lo:hi] + c * u
            total += float(p[lo:hi] @ p[lo:hi])
        eta *= math.exp(d * (total / sum(mu) - 1))
        xs.append(x.copy())
        etas.append(eta)
    return np.array(xs), etas


def driven(method: Method, gradients: Any, blocks: list[int]) -> tuple[Any, list[float]]:
    """Points and rates of the implementation on the same gradients."""
    optimizer = Optimizer(method, np.zeros(len(gradients[0])), blocks)
    xs, etas = [], []
    for g in gradients:
        info = optimizer.tell([(0.0, g)])
        assert info is not None
        xs.append(optimizer.x)
        etas.append(info.rate)
    return np.array(xs), etas


@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize("direction", ["sgd", "adam"])
@pytest.mark.parametrize("blocks", [[0, 5], BLOCKS])
def test_against_a_transcription(direction: str, unit: bool, blocks: list[int]) -> None:
    gradients = np.random.default_rng(1).normal(size=(30, 5)) + 0.3
    gradients[4] = 0.0
    c, d, lr = 0.3, 0.2, 0.05
    sizes = np.diff(blocks).tolist()
    mu = [float(independent_mean(c)) if direction == "sgd" else autoregressive_mean(c, 0.9, size) for size in sizes]
    found = driven(compose(direction, "clara", c=c, d=d, lr=lr, unit_step=unit), gradients, blocks)
    xs, etas = transcription(gradients, direction, c, d, mu, lr, unit, blocks)
    # a step rounds about 40 times; eta carries the errors of all exponents, Adam's direction divides by 1 - 0.999^t
    size = np.abs(xs).max() + len(gradients) * max(etas)
    assert np.max(np.abs(found[0] - xs)) <= 30 * 64 * 1000 * EPS * size
    assert np.max(np.abs(np.array(found[1]) / etas[:-1] - 1)) <= 30 * 64 * 1000 * EPS


def test_global_norm_is_one_block() -> None:
    problem = make_problem("rosenbrock", dim=5)
    several = run(compose("adam", "clara", norm="global", lr=0.01), problem, steps=40, offsets=BLOCKS)
    one = run(compose("adam", "clara", lr=0.01), problem, steps=40)
    # the same sums, added up in another order
    assert np.max(np.abs(several.x - one.x)) <= 40 * 1000 * EPS * np.abs(one.x).max()


def bound(method: Method, offsets: Any) -> Any:
    return method.bound(np.array(offsets)).rate


def test_default_damping_is_twice_the_exact_standard_deviation() -> None:
    rate = bound(make_method("clara_sgd", c=0.1), BLOCKS)
    expected = 2 * math.sqrt(sum(independent_variance(0.1, size) for size in (2, 3))) / 2
    assert rate.d == pytest.approx(expected, rel=8 * EPS)
    rate = bound(make_method("clara_adam"), [0, 15])
    assert rate.d == 2 * autoregressive_sd(0.2, 0.9, 15)
    assert rate.references[0].mean == autoregressive_mean(0.2, 0.9, 15)


def test_published_damping_and_reference() -> None:
    assert bound(make_method("clara_sgd", damping="published"), [0, 4, 10]).d == 2 * published_sd(0.2, 10)
    rate = bound(make_method("clara_adam", damping="published", reference="published"), [0, 12, 15])
    assert rate.d == 2 * 0.0814
    assert rate.table() == (2 * 0.6729,)
    assert bound(make_method("clara_adam", reference="published", d=0.1), [0, 2]).table() == (0.5958,)


@pytest.mark.parametrize("more", [{}, {"d": 0.1}, {"damping": "published"}])
def test_the_published_table_fails_for_any_other_size(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^the published reference for adam is a table of total sizes 2, 15, .* and has no entry for 5$"):
        run(make_method("clara_adam", reference="published", **more), make_problem("rosenbrock", dim=5), steps=1)


def test_nothing_is_published_for_other_directions() -> None:
    with pytest.raises(ValueError, match="published for sgd and adam only, not for nesterov"):
        bound(compose("nesterov", "clara", reference="published", d=0.1), [0, 2])


def test_a_reference_of_ones_own() -> None:
    rate = bound(compose("nesterov", "clara", mu_ref=0.5, d=0.1), BLOCKS)
    assert (rate.table(), rate.d) == ((1.0,), 0.1)


def test_any_direction_has_a_reference() -> None:
    rate = bound(compose("nesterov", "clara"), [0, 3])
    assert rate.references[0].error > 0
    assert "Monte-Carlo" in rate.references[0].how
    assert bound(compose("sgd", "clara", reference="monte_carlo"), [0, 3]).references[0].error > 0
    assert 0.1 < rate.table()[0] < 1


def test_transient_starts_at_the_square_of_c() -> None:
    """After one step |p|^2 = c^2 whatever the direction, so the rate stays."""
    for direction in ("sgd", "adam"):
        method = compose(direction, "clara", transient=True, d=0.5, lr=0.1)
        rates = run(method, make_problem("sphere", dim=3), steps=2, x0=[1.0, 2.0, 3.0]).records["rate"][0]
        assert rates[1] == pytest.approx(0.1, rel=64 * EPS)
        assert rates[2] > rates[1]


def test_first_step_of_the_published_form() -> None:
    """eta exp(-d (1 - c^2/mu)): 0.64 d for SGD."""
    rates = run(make_method("clara_sgd", d=0.5, lr=0.1), make_problem("sphere", dim=3), steps=1, x0=[1.0, 2.0, 3.0]).records["rate"][0]
    assert rates[1] == pytest.approx(0.1 * math.exp(-0.5 * 0.64), rel=64 * EPS)


def test_a_zero_direction_leaves_x_and_lowers_eta() -> None:
    method = make_method("clara_sgd", d=0.1, lr=0.1)
    made = run(method, make_problem("sphere", dim=2), steps=3, x0=[0.0, 0.0])
    assert np.array_equal(made.x, [[0.0, 0.0]])
    assert made.records["rate"][0, 1] == pytest.approx(0.1 * math.exp(-0.1), rel=16 * EPS)


def test_a_block_without_gradient_still_counts() -> None:
    optimizer = Optimizer(make_method("clara_sgd", d=0.1, lr=0.1), np.zeros(4), [0, 2, 4])
    for _ in range(2):
        info = optimizer.tell([(0.0, np.array([3.0, 4.0, 0.0, 0.0]))])
    assert info is not None
    # one path of norm c, one of norm 0, against 2 mu
    assert info.rate == pytest.approx(0.1 * math.exp(0.1 * (0.04 / (2 / 9) - 1)), rel=64 * EPS)
    assert optimizer.x[2:].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("size", [1e200, 1e-200, 1e307])
def test_gradients_whose_squares_leave_the_range(size: float) -> None:
    """1e200: the unit vector; 1e-200 is below 1e-12, so u = g / 1e-12."""
    optimizer = Optimizer(make_method("clara_sgd", lr=1.0), np.zeros(2))
    optimizer.tell([(0.0, np.array([3.0, 4.0]) * size)])
    expected = np.array([0.6, 0.8]) if size > 1 else np.array([3.0, 4.0]) * size / 1e-12
    assert np.max(np.abs(optimizer.x + expected)) <= 4 * EPS * np.max(expected)


def test_limits_of_the_rate() -> None:
    problem = make_oracle("gaussian", make_problem("sphere", dim=3), sigma=1.0)
    rates = run(make_method("clara_sgd", d=1.0, lr=0.1, lr_min=0.05, lr_max=0.2), problem, steps=100).records["rate"]
    assert rates.min() == 0.05
    assert rates.max() <= 0.2


@pytest.mark.parametrize(("parameters", "message"), [
    ({"lr": 0.1, "lr_min": 0.2}, "^lr must be between"),
    ({"lr": 0.1, "lr_max": 0.05}, "^lr must be between"),
    ({"transient": True, "mu_ref": 0.2}, "^transient needs a reference that is computed"),
    ({"transient": True, "reference": "published"}, "^transient needs a reference that is computed"),
])  # fmt: skip
def test_contradicting_parameters(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CLARA(**parameters)


def test_it_must_know_its_direction() -> None:
    rate = CLARA()
    x = np.zeros((1, 2))
    with pytest.raises(ValueError, match=r"^clara compares with what its direction would do"):
        rate.choose(rate.init(x, np.array([0, 2])), None, x)  # type: ignore[arg-type]


def test_an_underflowing_rate_stops_by_name() -> None:
    made = run(make_method("clara_sgd", d=300.0, lr=1e-3), make_problem("sphere", dim=2), steps=20, x0=[0.0, 0.0])
    assert made.status == [Status.RATE_VANISHED]
    assert float(Status.RATE_VANISHED) == VANISHED


def test_an_overflowing_rate_stops_by_name() -> None:
    made = run(make_method("clara_sgd", d=100.0, lr=1e-3), make_problem("exponential", dim=2), steps=20, x0=[1e-3, 1e-3])
    assert made.status[0] in (Status.NONFINITE_RATE, Status.NONFINITE_POINT, Status.NONFINITE_GRADIENT)


def test_weight_decay_enters_before_the_moments() -> None:
    problem = make_problem("sphere", dim=2)
    for direction in ("sgd", "adam"):
        with_decay = reference_run(compose(direction, "clara", weight_decay=0.5, d=0.1, lr=0.1), problem, steps=1, x0=[1.0, -2.0])
        assert np.max(np.abs(with_decay.x)) < 2


def test_a_sweep_and_resuming() -> None:
    """Per-trajectory numbers, and a run in two parts, are bit for bit the single runs."""
    oracle = make_oracle("gaussian", make_problem("rosenbrock", dim=4), sigma=0.5)
    methods = [make_method("clara_adam", c=c, lr=0.01) for c in (0.1, 0.2)]
    both = run(methods, oracle, steps=30)
    for i, method in enumerate(methods):
        alone = run(method, oracle, steps=12, first=i).resume(18)
        assert np.array_equal(alone.x[0], both.x[i])


@pytest.mark.parametrize("direction", ["sgd", "adam"])
def test_transient_reference_at_every_step(direction: str) -> None:
    """Aligned directions: eta_{t+1}/eta_t = exp(d ((1-(1-c)^t)^2/mu_t - 1)), mu_t of the theory page; eta is a product of t factors."""
    c, d, steps = 0.2, 0.1, 600
    method = compose(direction, "clara", c=c, d=d, transient=True, lr=0.1)
    rate = bound(method, [0, 2])
    if direction == "sgd":
        means = [float(independent_mean(c, t)) for t in range(1, steps + 1)]
    else:
        table = adam_transient(c, 0.9, 2)
        means = [table[t - 1] if t <= len(table) else autoregressive_mean(c, 0.9, 2) for t in range(1, steps + 1)]
    found = [reference_at(t, rate.hyper()) for t in range(1, steps + 1)]
    # 1 - q^t cancels down to q's own rounding at t = 1
    assert np.max(np.abs(np.array(found) / means - 1)) <= 64 * EPS
    optimizer = Optimizer(method, np.zeros(2))
    rates = [info.rate for info in (optimizer.tell([(0.0, np.array([3.0, 4.0]))]) for _ in range(12)) if info is not None]
    expected = 0.1
    for t in range(1, 12):
        expected *= math.exp(d * ((1 - (1 - c) ** t) ** 2 / means[t - 1] - 1))
        assert rates[t] == pytest.approx(expected, rel=1000 * EPS)
