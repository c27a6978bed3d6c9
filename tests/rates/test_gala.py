"""GALA against a plain transcription of its definition, its edge cases, its configurations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.oracles import FRESH, RANDOM, make_oracle
from lra_ref.oracles.philox import uniforms
from lra_ref.problems import make_problem
from lra_ref.rates.gala import GALA, segment_point
from lra_ref.status import Status

EPS = np.finfo(float).eps
STEPS, SEED = 30, 3


def _oracle(sigma: float = 0.3):
    problem = make_problem("ripple", dim=3, curvature=1.0, amplitude=0.5, frequency=2.0)
    return make_oracle("gaussian", problem, sigma=sigma)


def _close(actual, expected, operations):
    """Equal up to the roundings of two orders of summation, each bounded by ``operations`` units."""
    scale = np.maximum.accumulate(np.abs(expected)) + 1e-300
    assert np.all(np.abs(actual - expected) <= operations * EPS * scale), (actual, expected)


def _theory(oracle, eta_0, delta, eta_max, clip):
    """The theory rule written out from its definition, one trajectory, plain NumPy."""
    x, eta, sum_a, sum_b, rates = oracle.problem.start.copy(), eta_0, 0.0, 0.0, []
    for t in range(STEPS):
        rates.append(eta)
        g = oracle.evaluate(x, oracle.sample(SEED, 0, t))[1]
        x_next = x - eta * g
        lam = uniforms(SEED, 0, t, RANDOM, 1)[0]
        w = x + lam * (x_next - x)
        fresh = oracle.sample(SEED, 0, t, FRESH)
        gw, gx = oracle.evaluate(w, fresh)[1], oracle.evaluate(x, fresh)[1]
        sum_a += gw @ g
        sum_b += np.linalg.norm(gw - gx) / np.linalg.norm(w - x) * (g @ g)
        eta = (delta * eta_0 + sum_a) / (delta + sum_b)
        eta = min(max(eta, 0.0), eta_max) if clip else eta
        x = x_next
    return np.array([*rates, eta]), x


def _practical(oracle, eta_0):
    """The practical rule (published eq. 11) written out from its definition."""
    x, eta, sum_a, sum_b, rates = oracle.problem.start.copy(), eta_0, 0.0, 0.0, []
    for t in range(STEPS):
        rates.append(eta)
        g = oracle.evaluate(x, oracle.sample(SEED, 0, t))[1]
        x_next = x - eta * g
        following = oracle.sample(SEED, 0, t + 1)
        new, old = oracle.evaluate(x_next, following)[1], oracle.evaluate(x, following)[1]
        sum_a += new @ old
        sum_b += np.linalg.norm(new - old) / np.linalg.norm(x_next - x) * (g @ g)
        eta, x = sum_a / sum_b, x_next
    return np.array([*rates, eta]), x


def _normalized(oracle, eta_0, alpha):
    """The analysed rule written out from its definition."""
    x, eta, sum_a, sum_b, rates, m = oracle.problem.start.copy(), eta_0, 0.0, 0.0, [], None
    for t in range(STEPS):
        rates.append(eta)
        g = oracle.evaluate(x, oracle.sample(SEED, 0, t))[1]
        m = g if m is None else (1 - alpha) * m + alpha * g
        d = m / np.linalg.norm(m)
        x_next = x - eta * d
        w = x + uniforms(SEED, 0, t, RANDOM, 1)[0] * (x_next - x)
        fresh, following = oracle.sample(SEED, 0, t, FRESH), oracle.sample(SEED, 0, t + 1)
        gw, gx = oracle.evaluate(w, fresh)[1], oracle.evaluate(x, fresh)[1]
        new, old = oracle.evaluate(x_next, following)[1], oracle.evaluate(x, following)[1]
        kappa, smooth = (1 - alpha) / alpha, np.linalg.norm(gw - gx) / np.linalg.norm(w - x)
        sum_a += gw @ d
        sum_b += smooth + 2 * kappa * np.linalg.norm(new - old) / np.linalg.norm(x_next - x)
        eta, x = min(max((eta_0 + sum_a) / (1 + sum_b), 0.0), 10.0), x_next
    return np.array([*rates, eta]), x


#: roundings of a step, and how they grow: 30 contracting steps on a function of curvature below 3, each of a few dozen operations
OPERATIONS = 4000


@pytest.mark.parametrize("clip", [True, False])
def test_theory_rule_is_its_definition(clip):
    oracle = _oracle()
    made = run(make_method("gala_sgd", eta_0=0.05, delta=1.0, eta_max=0.3, clip=clip), oracle, steps=STEPS, seed=SEED)
    rates, x = _theory(oracle, 0.05, 1.0, 0.3, clip)
    _close(made.records["rate"][0], rates, OPERATIONS)
    _close(made.x[0], x, OPERATIONS)


def test_practical_rule_is_its_definition():
    oracle = _oracle()
    made = run(make_method("gala_sgd_practical", eta_0=0.05), oracle, steps=STEPS, seed=SEED)
    rates, x = _practical(oracle, 0.05)
    _close(made.records["rate"][0], rates, OPERATIONS)
    _close(made.x[0], x, OPERATIONS)


def test_analysed_rule_is_its_definition():
    oracle = _oracle()
    made = run(make_method("gala_nsgdm", eta_0=0.05, alpha=0.25), oracle, steps=STEPS, seed=SEED)
    rates, x = _normalized(oracle, 0.05, 0.25)
    _close(made.records["rate"][0], rates, OPERATIONS)
    _close(made.x[0], x, OPERATIONS)


def test_a_wrong_rule_would_be_seen():
    oracle = _oracle()
    made = run(make_method("gala_sgd_practical", eta_0=0.05, samples="independent"), oracle, steps=STEPS, seed=SEED)
    with pytest.raises(AssertionError):
        _close(made.records["rate"][0], _practical(oracle, 0.05)[0], OPERATIONS)


@pytest.mark.parametrize(
    ("name", "options", "extra"),
    [
        ("gala_sgd", {}, 2),
        ("gala_sgd_practical", {}, 1),
        ("gala_nsgdm", {}, 3),
        ("gala_adam", {}, 2),
        ("gala_sgd", {"point": "end"}, 2),
        ("gala_sgd", {"point": "end", "samples": "same"}, 1),
    ],
)
def test_gradient_evaluations_are_counted(name, options, extra):
    made = run(make_method(name, **options), _oracle(), steps=7)
    # the step's own gradient, and from the second step on the extra ones of the feedback
    assert made.records["gradient_evaluations"][0].tolist() == [0, *(t + extra * (t - 1) for t in range(1, 8))]


def test_momentum_weight_and_kappa():
    made = make_method("gala_nsgdm", sigma=0.5, steps=64)
    assert made.direction.parameters.alpha == 0.25
    assert made.rate.parameters.kappa == 3.0
    assert make_method("gala_nsgdm", sigma=0.0, steps=64).direction.parameters.alpha == 1.0
    with pytest.raises(ValueError, match="not both"):
        make_method("gala_nsgdm", alpha=0.5, sigma=1.0, steps=3)
    for half in ({"sigma": 0.5}, {"steps": 64}, {"alpha": 0.5, "steps": 64}):
        with pytest.raises(ValueError, match="sigma and steps together"):
            make_method("gala_nsgdm", **half)
    for sigma, steps in (("text", 64), (0.5, "text"), (-1.0, 64), (np.nan, 64), (0.5, 0)):
        with pytest.raises(ValueError, match="sigma must be in"):
            make_method("gala_nsgdm", sigma=sigma, steps=steps)
    with pytest.raises(ValueError, match="alpha"):
        make_method("gala_nsgdm", alpha=2.0)


def test_practical_momentum_moves_along_the_buffer():
    made = make_method("gala_sgd_practical", momentum=0.9)
    assert made.direction.name == "momentum"
    assert made.direction.parameters.momentum == 0.9


def test_zero_rate_is_not_absorbing():
    problem = make_problem("sphere", dim=2)
    made = run(make_method("gala_sgd", eta_0=0.0), problem, steps=5, x0=[1.0, 1.0])
    # eta_0 = 0 does not move: L = b = 0 but a = |g|^2 lifts the next rate
    assert made.records["smoothness"][0, 1] == 0.0
    assert made.records["rate"][0, 1] > 0.0


def test_nothing_seen_keeps_the_rate():
    problem = make_problem("sphere", dim=2)
    made = run(make_method("gala_sgd_practical", eta_0=0.7), problem, steps=4, x0=[0.0, 0.0])
    assert made.records["rate"][0].tolist() == [0.7] * 5


def test_infinite_feedback_stops_by_name_with_the_state_kept():
    # F = 5e299 is finite, |g|^2 = 1e310 is not
    problem = make_problem("quadratic", spectrum=[1e10])
    made = run(make_method("gala_sgd_practical", eta_0=1e-13), problem, steps=5, x0=[1e145])
    assert made.status == [Status.NONFINITE_FEEDBACK]
    # step 0 was taken, step 1 could not be: x_1 is kept
    assert made.records["status"][0].tolist() == [0, 2, 2, 2, 2, 2]
    assert np.isfinite(made.x).all()
    assert made.x[0, 0] < 1e145


def test_kt_names_a_coin_out_of_range():
    made = run(make_method("gala_sgd", learner="kt", bound=1e-6), make_problem("sphere", dim=2), steps=5, x0=[1.0, 1.0])
    assert made.status == [Status.COIN_OUT_OF_RANGE]


def test_flagged_steps_are_counted():
    # at the minimiser of the noise-free part the two gradients agree up to rounding once the point has converged
    made = run(
        make_method("gala_sgd", eta_0=0.5), make_problem("quadratic", spectrum=[1.0, 1.0], x_star=[1e8, 1e8]), steps=60, x0=[0.0, 0.0]
    )
    assert made.records["flagged"][0, -1] >= 1
    assert made.records["flagged"][0, 1] == 0


@pytest.mark.parametrize(
    "options",
    [
        {"kappa": 1.0, "feedback": "gradient"},
        {"kappa": 1.0, "samples": "same"},
        {"learner": "eg", "eta_0": 1e-12},
        {"learner": "eg", "eta_0": 3.0, "eta_min": 2.0, "eta_max": 1.0},
        {"learner": "ogd_adagrad", "clip": False},
    ],
)
def test_contradictory_parameters(options):
    with pytest.raises(ValueError, match=r"needs|at least|at most"):
        GALA(**options)


def test_the_smallest_rate_of_eg_is_nobody_elses():
    assert GALA(eta_max=1e-9).parameters.eta_max == 1e-9


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 1))
def test_segment_point_ends_exactly(x, x_next, lam):
    assert segment_point(x, x_next, 1.0) == x_next
    low, high = min(x, x_next), max(x, x_next)
    assert low - 4 * EPS * (abs(low) + abs(high)) <= segment_point(x, x_next, lam) <= high + 4 * EPS * (abs(low) + abs(high))
