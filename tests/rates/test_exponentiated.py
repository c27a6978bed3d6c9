"""EGDD against plain transcriptions of the code and of the paper's equations, its edge cases, its per-block form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import make_problem
from lra_ref.rates.exponentiated import Exponentiated
from lra_ref.status import Status

EPS = np.finfo(float).eps
STEPS = 40
#: 40 steps of a few dozen roundings each; the map is stable (rate 0.02 on curvatures up to 1, momentum 0.9 amplifies at most tenfold)
OPERATIONS = 40 * 40 * 10


def _gradients(dim: int = 4, steps: int = STEPS) -> Any:
    return np.random.default_rng(7).normal(size=(steps, dim))


def _told(method: Any, gradients: Any, x0: Any, offsets: Any = None) -> Optimizer:
    optimizer = Optimizer(method, x0, offsets)
    for g in gradients:
        optimizer.tell([(0.0, g)])
    return optimizer


def _close(actual: Any, expected: Any) -> None:
    expected = np.asarray(expected)
    assert np.all(np.abs(np.asarray(actual) - expected) <= OPERATIONS * EPS * (1 + np.abs(expected))), (actual, expected)


def _code(
    x: Any, gradients: Any, *, lr: float, mu: float = 0.9, beta: float = 0.9, gamma_s: float, gamma_p: float, signs: bool, directions: bool
) -> Any:
    """The published code written out: lr inside the momentum, as there."""
    x, m, average, p, s = np.array(x), np.zeros(len(x)), np.zeros(len(x)), np.ones(len(x)), 1.0
    for n, g in enumerate(gradients, start=1):
        c = g @ m
        if directions:
            c = min(max(c / ((np.linalg.norm(g) + 1e-10) * (np.linalg.norm(m) + 1e-10)), -1.0), 1.0)
        s = min(max(s * np.exp(gamma_s * c), 0.1), 10.0)
        e = np.sign(g) * np.sign(average) if signs else g * average / (1 - beta ** max(n - 1, 1))
        p = np.clip(p * np.exp(gamma_p * e), 1e-2, 1e2)
        m = mu * m + lr * p * g
        average = beta * average + (1 - beta) * g
        x = x - s * m
    return x, m, p, s


@pytest.mark.parametrize("signs", [True, False])
@pytest.mark.parametrize("directions", [True, False])
def test_code_form_is_the_published_code(signs: bool, directions: bool) -> None:
    options: dict[str, Any] = {"gamma_s": 0.05, "gamma_p": 0.02}
    start, gradients = [0.5, 1.0, -1.0, 0.0], _gradients()
    made = _told(make_method("egdd_momentum", lr=0.02, use_signs=signs, use_directions=directions, **options), gradients, start)
    x, m, p, s = _code(start, gradients, lr=0.02, signs=signs, directions=directions, **options)
    state = made.state_dict()
    _close(made.x, x)
    _close(0.02 * state["direction.momentum_buffer"], m)
    _close(state["direction.gains"], p)
    _close(state["rate.scale"], [s])


def test_paper_form_is_the_papers_equations() -> None:
    lr, mu, beta, gamma_s, gamma_p = 0.02, 0.8, 0.7, 0.05, 0.02
    x, nu, m, p, s = np.array([0.5, 1.0, -1.0, 0.0]), np.zeros(4), np.zeros(4), np.ones(4), 1.0
    gradients = _gradients()
    made = _told(make_method("egdd_momentum", form="paper", lr=lr, momentum=mu, beta=beta, gamma_s=gamma_s, gamma_p=gamma_p), gradients, x)
    for g in gradients:
        p, s = p * np.exp(gamma_p * m * g), s * np.exp(gamma_s * (nu @ g))
        nu = mu * nu + lr * p * g
        x, m = x - s * nu, beta * m + (1 - beta) * g
    _close(made.x, x)
    _close(made.state_dict()["direction.gains"], p)
    _close(made.state_dict()["rate.scale"], [s])


def test_the_paper_form_does_not_clip() -> None:
    gradients = np.ones((12, 1))
    free = _told(make_method("egdd_momentum", form="paper", gamma_s=1.0, gamma_p=1.0), gradients, [0.0])
    bound = _told(make_method("egdd_momentum", gamma_s=1.0, gamma_p=1.0), gradients, [0.0])
    assert free.state_dict()["rate.scale"][0] > 10.0
    assert free.state_dict()["direction.gains"][0] > 100.0
    assert bound.state_dict()["rate.scale"][0] == 10.0
    assert bound.state_dict()["direction.gains"][0] == 100.0


@pytest.mark.parametrize("around", ["adam", "adagrad"])
def test_gains_stand_behind_an_invariant_direction(around: str) -> None:
    gradients, gamma = _gradients(), 0.05
    inner = make_method(around).direction
    made = _told(make_method(f"egdd_{around}", lr=0.02, gamma_p=gamma, gamma_s=0.0), gradients, np.zeros(4))
    state, x, p, average = inner.init(np.zeros(4), np.array([0, 4])), np.zeros(4), np.ones(4), np.zeros(4)
    from lra_ref.parts import Seen

    for t, g in enumerate(gradients):
        state, u = inner.step(state, Seen(t=t, x=x, g=g, f=np.zeros(1), offsets=np.array([0, 4])))
        p = np.clip(p * np.exp(gamma * np.sign(g) * np.sign(average)), 1e-2, 1e2)
        average = 0.9 * average + 0.1 * g
        x = x - 0.02 * p * u
    _close(made.x, x)


def test_decoupled_decay_is_outside_scale_gains_and_signals() -> None:
    gradients = _gradients()
    runs = [_told(make_method("egdd_momentum", lr=0.1, gamma_s=0.05, weight_decay=wd), gradients, np.ones(4)) for wd in (0.0, 0.3)]
    free, decayed = (made.state_dict() for made in runs)
    # on given gradients everything but the point is the same bits
    for name in free:
        if name.startswith(("direction.", "rate.")):
            assert np.array_equal(free[name], decayed[name]), name
    one = _told(make_method("egdd_momentum", lr=0.1, weight_decay=0.3), [np.zeros(4)], np.ones(4))
    assert np.array_equal(one.x, np.ones(4) - 0.1 * 0.3 * np.ones(4))


def test_a_scale_per_block_is_the_method_on_every_block_alone() -> None:
    gradients, start = _gradients(5), np.arange(5.0)
    whole = _told(make_method("egdd_momentum", per_block=True, gamma_s=0.05), gradients, start, [0, 2, 5])
    parts = [_told(make_method("egdd_momentum", gamma_s=0.05), gradients[:, cut], start[cut]) for cut in (slice(0, 2), slice(2, 5))]
    assert np.array_equal(whole.x, np.concatenate([part.x for part in parts]))
    assert np.array_equal(whole.state_dict()["rate.scale"], [part.state_dict()["rate.scale"][0] for part in parts])
    together = _told(make_method("egdd_momentum", gamma_s=0.05), gradients, start, [0, 2, 5])
    assert together.state_dict()["rate.scale"].shape == (1,)
    assert not np.array_equal(together.x, whole.x)


def test_signal_zero_without_gradient_or_direction() -> None:
    made = _told(make_method("egdd_momentum", norm_eps=0.0), [np.zeros(2), np.zeros(2), np.ones(2)], np.ones(2))
    assert made.state_dict()["rate.scale"].tolist() == [1.0]
    assert made.state_dict()["direction.gains"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"use_directions": False, "gamma_s": 1.0}, Status.NONFINITE_FEEDBACK),
        ({"use_signs": False, "gamma_p": 1.0}, Status.NONFINITE_POINT),
    ],
)
def test_an_exponential_that_overflows_stops_by_name(options: dict[str, Any], status: Status) -> None:
    optimizer = Optimizer(make_method("egdd_momentum", **options), [1.0, 1.0])
    optimizer.tell([(0.0, [100.0, 100.0])])
    before = optimizer.state_dict()
    info = optimizer.tell([(0.0, [1e4, 1e4])])
    assert info is not None
    assert info.status == status
    after = optimizer.state_dict()
    for name, value in before.items():
        if name.startswith(("direction.", "rate.")) or name == "x":
            assert np.array_equal(value, after[name]), name


def test_squares_out_of_range_stop_by_name() -> None:
    made = _told(make_method("egdd_momentum"), [[1.0]], [0.0])
    info = made.tell([(0.0, [1e200])])
    assert info is not None
    assert info.status == Status.NONFINITE_FEEDBACK


def test_nonfinite_gradients_are_reported_first() -> None:
    made = _told(make_method("egdd_momentum"), _gradients(2, 3), [0.0, 0.0])
    info = made.tell([(0.0, [np.nan, 1.0])])
    assert info is not None
    assert info.status == Status.NONFINITE_GRADIENT


def test_resumed_runs_are_the_same_bits() -> None:
    oracle = make_oracle("gaussian", make_problem("ellipsoid", dim=5, condition=10.0), sigma=0.3)
    for name in ("egdd_momentum", "egdd_adam", "egdd_adagrad"):
        method = make_method(name, lr=0.01)
        long, short = run(method, oracle, steps=30), run(method, oracle, steps=11).resume(19)
        assert np.array_equal(long.x, short.x)
        assert np.array_equal(long.records["scale"], short.records["scale"])


@pytest.mark.parametrize("options", [{"s_min": 2.0}, {"s_max": 0.5}])
def test_bounds_must_enclose_the_first_scale(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="s_min and s_max must enclose 1, the first scale"):
        Exponentiated(**options)
    with pytest.raises(ValueError, match="p_min and p_max must enclose 1, the first gain"):
        make_method("egdd_momentum", p_min=2.0)
