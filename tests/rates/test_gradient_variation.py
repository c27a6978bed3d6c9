"""The gradient-variation rates against plain transcriptions of their formulas, their edge cases, their counters and configurations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import Run, run
from lra_ref.methods import Method, compose, make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import Problem, make_problem
from lra_ref.rates.gradient_variation import CODES, FISHER, PAIRS, GradientVariation, applied_rate, long_step, secant, short_step
from tests.stepping import first_rate
from tests.test_options import assert_same

EPS = np.finfo(float).eps
STEPS, SEED = 25, 3
BASES = ("sgd", "momentum", "sign")
CONFIGURATIONS = [(member, pair) for member in CODES for pair in ("same", "fresh") if pair == "same" or not member.startswith("random")]
OPTIONS: dict[str, Any] = {"theta": 0.7, "eps_f": 0.3, "eta_0": 0.05, "eta_max": 0.4, "eta_min": 0.02, "gamma": 3.0, "batch": 4}


def noisy() -> Any:
    """A nonconvex function, so that rates are kept too."""
    return make_oracle("gaussian", make_problem("ripple", dim=3, curvature=1.0, amplitude=0.5, frequency=2.0), sigma=0.8)


def vary(direction: str, **parameters: Any) -> Method:
    return compose(direction, "gradient_variation", **parameters)


def raw_rate(member: str, g: Any, d: Any, s: Any, y: Any, v: float, p: dict[str, Any]) -> float:
    """The formulas of the theory page, written out for one vector; nan where the rate must be kept."""
    slope, norm2 = g @ d, d @ d
    if slope <= 0:
        return np.nan
    if member == "fisher":
        return slope / (p["eps_f"] * norm2 + slope**2)
    if member == "fisher_ema":
        return slope / (norm2 * (p["eps_f"] + v))
    if s @ y <= 0:
        return np.nan
    factor = p["gamma"] / p["batch"] if member.startswith("random") else 1.0
    formula = {"secant": np.linalg.norm(s) / np.linalg.norm(y), "bb1": s @ s / (s @ y), "bb2": s @ y / (y @ y)}
    return factor * formula[member.removeprefix("random_")]


def transcription(base: str, member: str, pair: str, oracle: Any, p: dict[str, Any]) -> tuple[Any, Any, int]:
    """Rates, last point and kept steps of one trajectory, in plain NumPy."""
    x, x_prev, g_prev, m, v = oracle.problem.start.copy(), None, None, 0.0, 0.0
    eta, rates, kept = min(max(p["eta_0"], p["eta_min"]), p["eta_max"]), [], 0
    for t in range(STEPS):
        sample = oracle.sample(SEED, 0, t)
        g = oracle.evaluate(x, sample)[1]
        m = 0.9 * m + g
        d = {"sgd": g, "momentum": m, "sign": np.sign(g)}[base]
        v = g @ g if t == 0 else 0.9 * v + 0.1 * (g @ g)
        if member in FISHER or t > 0:
            y = 0.0 if t == 0 else g - (oracle.evaluate(x_prev, sample)[1] if pair == "same" else g_prev)
            raw = raw_rate(member, g, d, 0.0 if t == 0 else x - x_prev, y, v, p)
            kept += int(np.isnan(raw))
            eta = eta if np.isnan(raw) else min(max(p["theta"] * raw, p["eta_min"]), p["eta_max"])
        rates.append(eta)
        x_prev, g_prev, x = x, g, x - eta * d
    return np.array(rates), x, kept


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(("member", "pair"), CONFIGURATIONS)
def test_every_member_is_its_definition(base: str, member: str, pair: str) -> None:
    oracle = noisy()
    made = run(vary(base, member=member, pair=pair, **OPTIONS), oracle, steps=STEPS, seed=SEED)
    rates, x, kept = transcription(base, member, pair, oracle, OPTIONS)
    # two orders of summation differ by a few dozen roundings a step; a step of at most 0.4 on a function of curvature below 3 enlarges what
    # came before it by 1 + 0.4 * 3 at most, and on these 25 steps far less often than it shrinks it
    tolerance = 1e5 * EPS
    assert np.all(np.abs(made.records["rate"][0, :-1] - rates) <= tolerance)
    assert np.all(np.abs(made.x[0] - x) <= tolerance * np.max(np.abs(x)))
    # the record before the last move counts the steps taken
    assert made.records["kept"][0, -2] == kept


def test_the_runs_above_do_keep_rates() -> None:
    counts = {base: max(transcription(base, m, pair, noisy(), OPTIONS)[2] for m, pair in CONFIGURATIONS) for base in BASES}
    assert all(count > 0 for count in counts.values()), counts


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(("member", "pair"), CONFIGURATIONS)
def test_reference_and_kernels_agree(base: str, member: str, pair: str) -> None:
    method = vary(base, member=member, pair=pair, **OPTIONS)
    case: dict[str, Any] = {"steps": STEPS, "trajectories": 2, "seed": SEED, "offsets": [0, 1, 3]}
    assert_same(method, run(method, noisy(), **case), reference_run(method, noisy(), **case))


# --- the Fisher members ------------------------------------------------------------------------------------------------------------
def test_fisher_along_the_gradient_and_along_its_sign() -> None:
    g = np.array([3.0, 4.0])
    assert start_rate("sgd", g, eps_f=7.0) == 1 / (7 + 25)
    assert start_rate("sign", g, eps_f=7.0) == 7 / (7 * 2 + 49)
    assert start_rate("sgd", g, member="fisher_ema", eps_f=7.0) == 1 / (7 + 25)
    assert start_rate("sign", g, member="fisher_ema", eps_f=7.0) == 7 / (2 * (7 + 25))


def start_rate(base: str, gradient: Any, **parameters: Any) -> float:
    """Rate of the first step where the gradient is that vector."""
    problem = make_problem("quadratic", spectrum=[1.0] * len(gradient))
    return float(run(vary(base, **parameters), problem, steps=0, x0=gradient).records["rate"][0, 0])


def test_fisher_minimises_its_model_along_the_direction() -> None:
    g, d, eps = np.array([1.0, -2.0, 0.5]), np.array([2.0, -1.0, 1.0]), 0.25
    eta = float(first_rate(GradientVariation(eps_f=eps), 0.0, g, d)[0])

    def model(step: float) -> float:
        return -step * (g @ d) + step**2 * (eps * (d @ d) + (g @ d) ** 2) / 2

    # a parabola: exact to a few roundings at the vertex, where shifts of +-h change it by the same h^2
    h = 2.0**-10
    assert model(eta) < min(model(eta + h), model(eta - h))
    assert abs(model(eta + h) - model(eta - h)) <= 16 * EPS * abs(model(eta)) / h


def test_fisher_at_a_vanishing_gradient() -> None:
    zero = [0.0, 0.0]
    assert start_rate("sgd", zero, eps_f=0.25) == 4.0
    assert start_rate("sgd", zero, eps_f=0.25, theta=0.5, eta_max=1.5) == 1.5
    assert start_rate("sgd", zero, member="fisher_ema", eps_f=0.25) == 4.0
    for base in ("sign", "momentum"):
        assert start_rate(base, zero, eps_f=0.25, eta_0=0.7) == 0.7
    # with weight decay the direction is not the gradient
    assert start_rate("sgd", zero, eps_f=0.25, eta_0=0.7, weight_decay=0.1) == 0.7


def test_the_special_form_belongs_to_the_direction_not_to_the_rate() -> None:
    rate = GradientVariation()
    sgd, sign = compose("sgd", rate), compose("sign", rate)
    problem = make_problem("quadratic", spectrum=[1.0, 1.0])
    offsets = np.array([0, 2])
    assert sgd.bound(offsets).rate.hyper()[1] == 1.0
    assert sign.bound(offsets).rate.hyper()[1] == 0.0
    assert rate.hyper()[1] == 0.0
    assert run(sign, problem, steps=0, x0=[0.0, 0.0]).records["kept"].tolist() == [[1.0]]


@given(g=st.floats(1e-100, 1e3), sign=st.sampled_from([-1.0, 1.0]), eps=st.floats(1e-9, 1e3))
def test_fisher_steps_are_bounded(g: float, sign: float, eps: float) -> None:
    eta = float(first_rate(GradientVariation(eps_f=eps), 0.0, [sign * g], [sign])[0])
    # one square root and three operations
    assert eta <= (1 + 8 * EPS) / (2 * np.sqrt(eps))


def test_overflowing_squares_keep_the_rate() -> None:
    for member in FISHER:
        made = run(vary("sgd", member=member, eta_0=0.25), make_problem("quadratic", spectrum=[1e10]), steps=0, x0=[1e145])
        assert made.records["rate"][0].tolist() == [0.25]
        assert made.records["kept"][0].tolist() == [1.0]


# --- the members of the curvature --------------------------------------------------------------------------------------------------
@given(h=st.floats(1e-3, 1e3), x0=st.floats(-1e3, 1e3).filter(lambda x: abs(x) > 1e-3), q=st.floats(0.01, 0.9))
def test_all_agree_with_the_curvature_in_one_dimension(h: float, x0: float, q: float) -> None:
    x1 = x0 - q * x0
    s, y = x1 - x0, h * x1 - h * x0
    # the two gradients round and cancel: their sum over their difference is at most 2/q
    allowed = 8 * EPS * (2 / q) / h
    for rate in (secant(s * s, y * y), long_step(s * s, s * y), short_step(s * y, y * y)):
        assert abs(rate - 1 / h) <= allowed


@pytest.mark.parametrize("member", PAIRS)
def test_kept_at_the_minimiser_and_counted(member: str) -> None:
    made = run(vary("sgd", member=member, eta_0=0.7), make_problem("sphere", dim=2), steps=4, x0=[0.0, 0.0])
    assert made.records["rate"][0].tolist() == [0.7] * 5
    assert made.records["kept"][0].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("member", PAIRS)
def test_kept_on_concave_and_on_linear_functions(member: str) -> None:
    concave = make_problem("quadratic", spectrum=[-1.0, -2.0])
    linear = replace(concave, value_kernel=slope_of_one)
    for problem in (concave, linear):
        made = run(vary("sgd", member=member, eta_0=0.3), problem, steps=3)
        assert made.records["rate"][0].tolist() == [0.3] * 4
        assert made.records["kept"][0].tolist() == [0, 1, 2, 3]


def slope_of_one(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """F = sum x: y = 0."""
    total = 0.0
    for i in range(lo, hi):
        g[i] = 1.0
        total += x[i]
    return total


def test_kept_is_the_applied_rate_not_the_raw_one() -> None:
    # the cap acts on the first pair; then the point is the minimiser (theta = 1/2 halves nothing more) and the capped rate stays
    problem = make_problem("quadratic", spectrum=[1.0])
    made = run(vary("sgd", member="bb1", theta=0.5, eta_0=0.5, eta_max=0.125), problem, steps=3, x0=[1.0])
    assert made.records["rate"][0].tolist() == [0.125] * 4
    kept = run(vary("momentum", member="bb1", eta_0=0.5, momentum=1.0), problem, steps=40, x0=[1.0]).records
    steps = np.diff(kept["kept"][0]) > 0
    assert steps.any()
    assert np.array_equal(kept["rate"][0, 1:][steps], kept["rate"][0, :-1][steps])


def test_order_is_rate_then_theta_then_caps() -> None:
    problem = make_problem("quadratic", spectrum=[4.0])
    expected = {(0.5, None, None): 0.125, (0.5, 0.1, None): 0.1, (0.5, None, 0.2): 0.2, (3.0, 0.5, None): 0.5}
    for (theta, eta_max, eta_min), rate in expected.items():
        made = run(vary("sgd", member="secant", theta=theta, eta_max=eta_max, eta_min=eta_min, eta_0=0.125), problem, steps=1, x0=[1.0])
        assert made.records["rate"][0, 1] == rate
        # the first rate is capped too, but not multiplied by theta
        assert made.records["rate"][0, 0] == min(max(0.125, eta_min or 0), eta_max or 1)


def test_rates_that_overflow_or_vanish_are_not_applied() -> None:
    for raw in (np.inf, np.nan, 0.0, -1.0):
        assert applied_rate(raw, True, 1.0, 0.0, np.inf, 0.3) == (0.3, 1)
    assert applied_rate(1e300, True, 1e300, 0.0, 5.0, 0.3) == (0.3, 1)
    assert applied_rate(2.0, True, 1.0, 0.0, np.inf, 0.3) == (2.0, 0)
    assert applied_rate(2.0, False, 1.0, 0.0, np.inf, 0.3) == (0.3, 1)


def test_pairs_whose_squares_underflow_keep() -> None:
    made = run(vary("sgd", member="bb1", eta_0=0.5), tiny(), steps=2, x0=[1e-170, 1e-170])
    assert made.records["rate"][0].tolist() == [0.5] * 3


def tiny() -> Problem:
    return make_problem("quadratic", spectrum=[1.0, 0.5])


@pytest.mark.parametrize(("pair", "extra"), [("same", 1), ("fresh", 0)])
@pytest.mark.parametrize("member", ["secant", "bb2"])
def test_gradient_evaluations_are_counted(member: str, pair: str, extra: int) -> None:
    made = run(vary("sgd", member=member, pair=pair, eta_max=0.1), noisy(), steps=6)
    assert made.records["gradient_evaluations"][0].tolist() == [0, *(t + extra * (t - 1) for t in range(1, 7))]
    plain = run(vary("sgd", member="fisher"), noisy(), steps=6)
    assert plain.records["gradient_evaluations"][0].tolist() == list(range(7))


def test_same_and_fresh_pairs_differ_only_through_the_noise() -> None:
    exact = make_problem("ripple", dim=3)
    for oracle, equal in ((exact, True), (noisy(), False)):
        rates = [run(vary("sgd", member="secant", pair=pair, eta_0=0.01), oracle, steps=1).records["rate"] for pair in ("same", "fresh")]
        assert np.array_equal(*rates) == equal


# --- hyper-parameters and names ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"eta_min": 2.0, "eta_max": 1.0}, "eta_min must be at most eta_max = 1, got 2"),
        ({"member": "random_bb1", "pair": "fresh"}, 'random_bb1 needs pair="same"'),
    ],
)
def test_contradictory_parameters(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        GradientVariation(**options)


def test_named_configurations() -> None:
    for member in CODES:
        method = make_method(f"{member}_sgd", theta=0.5)
        assert (method.direction.name, method.rate.parameters.member, method.rate.parameters.theta) == ("sgd", member, 0.5)
    for name, direction in (("gradient_variation_sgdm", "momentum"), ("gradient_variation_signsgd", "sign")):
        method = make_method(name, member="secant")
        assert (method.name, method.direction.name, method.rate.parameters.member) == (name, direction, "secant")
    assert make_method("gradient_variation_sgd").rate.parameters.member == "fisher"


def test_resuming_gives_the_bits_of_one_run() -> None:
    for member in ("fisher_ema", "secant"):
        method = vary("momentum", member=member, pair="fresh", eta_max=0.2)
        whole: Run = run(method, noisy(), steps=12, seed=1)
        parts = run(method, noisy(), steps=5, seed=1).resume(7)
        assert np.array_equal(whole.x, parts.x)
        assert np.array_equal(whole.records["rate"], parts.records["rate"])
