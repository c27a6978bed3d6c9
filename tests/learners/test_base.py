"""Online learners: exact accounts, the equality G1, bounds on random losses, wealth of the betting learner, errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lra_ref.arithmetic import exponential
from lra_ref.learners import CODES, Learner, LearnerParameters, make_learner

EPS = float(np.finfo(float).eps)
#: the smallest normal number: EPS times it is the smallest number
SMALLEST = float(np.finfo(float).tiny)
LOSSES = st.lists(st.tuples(st.floats(-10, 10), st.floats(0, 10)), min_size=1, max_size=20)
INTERVAL = {"eta_0": 0.5, "low": 0.0, "high": 2.0}
#: learner -> parameters for which its bound is claimed on [low, high]
CLAIMED: dict[str, dict[str, Any]] = {
    "ftrl": INTERVAL,
    "ogd": INTERVAL,
    "ogd_adagrad": INTERVAL,
    "ogd_constant": {**INTERVAL, "gamma": 0.05},
    "eg": {**INTERVAL, "low": 1e-3, "gamma": 0.02},
}


def suffered(learner: Learner, u: float) -> tuple[float, float]:
    """Regret term by term with one rounding at the end, and the sum of the absolute values of its terms."""
    h = learner.history()
    terms = []
    for a, b, eta in zip(h.a.tolist(), h.b.tolist(), h.plays[:-1].tolist(), strict=True):
        terms += [-a * eta, b * eta * eta / 2, a * u, -b * u * u / 2]
    return math.fsum(terms), math.fsum(map(abs, terms))


def roundings(learner: Learner, u: float) -> float:
    """How far both sides of G1 may be from their exact values.

    A play is computed from sums of up to T terms: its error is at most (T + 3) eps hat_t, hat_t = (delta |eta_0| + sum |a|) / B_t >=
    |eta_t|.  A term of either side is a polynomial of degree 2 in the play, of size at most that with hat_t in place of eta_t and plus
    signs: it is off by at most 2 (T + 3) eps of it, and by 5 roundings of its own; then T additions.  Together less than 4 (T + 8) eps
    of the sum of all sizes.
    """
    h, p = learner.history(), learner.parameters
    weight = p.delta + np.concatenate([[0.0], np.cumsum(h.b)])
    top = p.delta * abs(p.eta_0) + np.concatenate([[0.0], np.cumsum(np.abs(h.a))])
    hat = np.maximum(np.where(weight > 0, top / np.where(weight > 0, weight, 1), 0), np.abs(h.plays))
    size = hat + abs(u)
    before, after = size[:-1], size[1:]
    slope = h.b * before + np.abs(h.a)
    scale = np.sum(np.abs(h.a) * before + h.b * before**2) + np.sum(slope**2 / np.where(weight[1:] > 0, 2 * weight[1:], np.inf))
    scale += p.delta * (abs(u) + abs(p.eta_0)) ** 2 + weight[-1] * after[-1] ** 2
    # numbers below the smallest normal one lose 2^-1075 at most, and factors here are below 10^3 / (smallest weight)
    lost = (h.a.size + 8) * 2.0**-1074 * 1e3 * (1 + 1 / np.min(weight[1:], where=weight[1:] > 0, initial=1.0))
    return float(4 * (h.a.size + 8) * EPS * scale + lost)


def feed(learner: Learner, losses: list[tuple[float, float]]) -> Learner:
    for a, b in losses:
        learner.observe(a, b)
    return learner


@pytest.mark.parametrize("name", [*CLAIMED, "kt"])
@settings(max_examples=25, deadline=None)
@given(losses=LOSSES, u=st.floats(0.01, 2))
def test_the_account_is_what_was_suffered(name: str, losses: list[tuple[float, float]], u: float) -> None:
    parameters = CLAIMED.get(name, {"bound": 1e3})
    learner = feed(make_learner(name, **parameters), losses)
    exact, scale = suffered(learner, u)
    # four products and differences per term, and no more than T additions
    assert abs(learner.regret(u) - exact) <= (len(losses) + 6) * (EPS * scale + 2.0**-1070)
    h = learner.history()
    assert (h.a.tolist(), h.b.tolist()) == ([a for a, _ in losses], [b for _, b in losses])
    assert h.plays[0] == learner.parameters.eta_0
    assert h.plays[-1] == learner.play()
    assert h.plays.size == len(losses) + 1


@settings(max_examples=150, deadline=None)
@given(LOSSES, st.floats(0.01, 10), st.floats(-3, 3), st.floats(-5, 5), st.sampled_from(["eta_0", "zero"]))
@example([(1.0, 0.0), (0.0, 0.0)], 1.0, 0.5, 0.0, "zero")
def test_g1_is_an_equality_without_clipping(losses: list[tuple[float, float]], delta: float, eta_0: float, u: float, center: str) -> None:
    learner = feed(make_learner("ftrl", delta=delta, eta_0=eta_0, center=center), losses)
    assert abs(learner.regret(u) - learner.bound(u)) <= roundings(learner, u)


def test_g1_would_notice_a_wrong_constant() -> None:
    learner = feed(make_learner("ftrl"), [(1.0, 0.5), (-0.3, 0.2), (0.4, 0.0)])
    assert roundings(learner, 0.7) < 1e-12 < abs(learner.bound(0.7)) / 1e3


@settings(max_examples=60, deadline=None)
@given(LOSSES, st.floats(0.01, 10), st.floats(-3, 3))
@example([(0.0, 0.0)], 0.0625, 2.225073858507203e-309)
def test_unclipped_gradient_steps_are_ftrl(losses: list[tuple[float, float]], delta: float, eta_0: float) -> None:
    one, two = (feed(make_learner(name, delta=delta, eta_0=eta_0), losses) for name in ("ftrl", "ogd"))
    h = one.history()
    top = delta * abs(eta_0) + np.sum(np.abs(h.a))
    # T steps, each with 5 roundings of numbers below hat = top / delta (B_t >= delta) and its own slope over weight; below the normal
    # numbers a rounding is of EPS times the smallest of these
    assert abs(one.play() - two.play()) <= 8 * (len(losses) + 3) * EPS * ((top + SMALLEST) / delta) * (1 + np.sum(h.b) / delta)


@pytest.mark.parametrize("name", CLAIMED)
@settings(max_examples=60, deadline=None)
@given(losses=LOSSES, share=st.floats(0, 1))
def test_bounds_hold_at_every_prefix(name: str, losses: list[tuple[float, float]], share: float) -> None:
    learner = make_learner(name, **CLAIMED[name])
    p = learner.parameters
    u = min(max(p.low + share * (p.high - p.low), p.low), p.high)
    for a, b in losses:
        learner.observe(a, b)
        assert p.low <= learner.play() <= p.high
        bound = learner.bound(u)
        if name == "eg" and math.isnan(bound):  # a slope was too steep for the claim
            slopes = learner.history().b * learner.history().plays[:-1] - learner.history().a
            assert np.max(np.abs(p.gamma * slopes)) > 1 - 4 * EPS
            return
        assert learner.regret(u) <= bound + roundings(learner, u)


@pytest.mark.parametrize("eta_0", [-3.0, 5.0])
@settings(max_examples=30, deadline=None)
@given(losses=LOSSES, u=st.floats(0, 2))
def test_a_first_play_outside_the_interval_is_played_and_paid_for(eta_0: float, losses: list[tuple[float, float]], u: float) -> None:
    for name in ("ftrl", "ogd"):
        learner = feed(make_learner(name, eta_0=eta_0, low=0.0, high=2.0), losses)
        assert learner.history().plays[0] == eta_0
        assert learner.regret(u) <= learner.bound(u) + roundings(learner, u)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60), st.floats(0.1, 10), st.floats(0.1, 10))
def test_wealth_is_the_start_minus_what_the_coins_cost(coins: list[float], wealth: float, bound: float) -> None:
    learner = make_learner("kt", eta_0=0.0, wealth=wealth, bound=bound)
    for coin in coins:
        learner.observe(-coin * bound * (1 - 2 * EPS))  # a coin of |c| <= 1 after the division by G as well
    h = learner.history()
    costs = [a / bound * play for a, play in zip(h.a.tolist(), h.plays.tolist(), strict=False)]
    # per round: quotient, product, sum; sizes at most the wealth gathered and lost
    assert abs(h.wealth - math.fsum([wealth, *costs])) <= 4 * len(coins) * EPS * math.fsum([wealth, *map(abs, costs)])
    # a bet is less than the wealth: it stays positive
    assert h.wealth > 0
    assert abs(h.plays[-1]) <= h.wealth * (1 + 4 * EPS)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60), st.floats(-3, 3))
def test_the_betting_bound_holds(slopes: list[float], u: float) -> None:
    learner = make_learner("kt", eta_0=0.25, wealth=0.5)
    for slope in slopes:
        learner.observe(-slope)
        _, scale = suffered(learner, u)
        assert learner.regret(u) <= learner.bound(u) + 8 * (len(slopes) + 8) * EPS * (scale + 1)


def test_small_cases_by_hand() -> None:
    # minimiser of (eta - 0.5)^2 / 2 - eta + eta^2: (0.5 + 1) / (1 + 2)
    assert feed(make_learner("ftrl", eta_0=0.5), [(1.0, 2.0)]).play() == 0.5
    assert feed(make_learner("ftrl", eta_0=0.5, center="zero"), [(1.0, 1.0)]).play() == 0.5
    assert feed(make_learner("ftrl", eta_0=0.5, high=0.25), [(1.0, 1.0)]).play() == 0.25
    # 0.5 - (1 * 0.5 - 1) / 2, and with the weight 2 + (2 / 2) * 1
    assert feed(make_learner("ogd", eta_0=0.5), [(1.0, 1.0)]).play() == 0.75
    assert feed(make_learner("ogd_adagrad", eta_0=0.5, low=0.0, high=2.0), [(1.0, 1.0)]).play() == 0.5 + 0.5 / 3
    assert feed(make_learner("ogd_constant", eta_0=0.5, gamma=0.5), [(1.0, 1.0)]).play() == 0.75
    assert feed(make_learner("eg", eta_0=0.5, low=0.1, gamma=1.0), [(1.0, 0.0)]).play() == 0.5 * exponential(np.float64(1.0))
    # first bet 0; then -(c_1) / 2 * wealth with c_1 = -1
    assert feed(make_learner("kt", eta_0=0.0), [(1.0, 0.0)]).play() == 0.5
    # lazy and eager clipping differ: (1 + 3 - 3) / 1 against clip(1 + 3) - 3
    for name, last in (("ftrl", 1.0), ("ogd", 0.0)):
        assert feed(make_learner(name, eta_0=1.0, low=0.0, high=2.0), [(3.0, 0.0), (-3.0, 0.0)]).play() == last
    # no weight at all: the play stays
    assert feed(make_learner("ftrl", delta=0.0, eta_0=0.5), [(0.0, 0.0)]).play() == 0.5
    for name in ("ftrl", "ogd"):
        # eta_0 is played as it is, and nothing was learned that could clip it
        assert feed(make_learner(name, delta=0.0, eta_0=-0.5, low=0.0, high=2.0), [(0.0, 0.0)]).play() == -0.5


def test_before_the_first_loss() -> None:
    for name in CODES:
        learner = make_learner(name, **{"eg": {"low": 0.01}, "ogd_adagrad": {"low": 0.0, "high": 2.0}}.get(name, {}))
        assert learner.play() == 0.1
        assert learner.regret(0.5) == 0.0
        assert learner.history().a.size == 0
        bound = learner.bound(0.5)
        assert math.isnan(bound) or bound >= 0


def test_where_no_bound_is_claimed() -> None:
    losses = [(0.5, 0.1), (-0.2, 0.3)]
    assert math.isnan(feed(make_learner("ogd_adagrad", low=0.0, high=2.0, delta=0.0), losses).bound(1.0))
    assert math.isnan(feed(make_learner("ogd_adagrad", low=0.0, high=2.0, eta_0=3.0), losses).bound(1.0))
    assert math.isnan(feed(make_learner("kt", low=0.0), losses).bound(1.0))
    assert math.isnan(feed(make_learner("eg", low=0.1, gamma=100.0), losses).bound(1.0))
    # B_1 = 0 and a slope that is not 0: no finite bound follows
    for center in ("eta_0", "zero"):
        assert feed(make_learner("ftrl", delta=0.0, center=center), [(1.0, 0.0), (1.0, 1.0)]).bound(1.0) == math.inf


BAD_LOSSES = [
    (math.nan, 0.0),
    (math.inf, 0.0),
    (0.0, math.nan),
    (0.0, math.inf),
    (0.0, -1e-300),
    ("1", 0.0),
    (None, 0.0),
    (0.0, 1j),
    (True, 0.0),
]


@pytest.mark.parametrize(("a", "b"), BAD_LOSSES, ids=str)
def test_bad_losses_are_refused_and_change_nothing(a: Any, b: Any) -> None:
    learner = feed(make_learner("ftrl"), [(1.0, 1.0)])
    with pytest.raises(ValueError, match="the loss needs finite a and finite b >= 0, got a = "):
        learner.observe(a, b)
    assert learner.history().a.tolist() == [1.0]
    assert feed(make_learner("ftrl"), [(1.0, 1.0)]).play() == learner.play()


def test_a_coin_above_one_is_refused_and_changes_nothing() -> None:
    learner = feed(make_learner("kt", bound=2.0), [(2.0, 0.0)])
    wealth = learner.history().wealth
    with pytest.raises(ValueError, match=r"the learner kt needs \|l'\| <= G = 2, got -2\.5"):
        learner.observe(2.5)
    assert learner.history().wealth == wealth
    assert learner.history().a.tolist() == [2.0]


def test_a_play_that_would_overflow_is_refused_and_changes_nothing() -> None:
    learner = feed(make_learner("ftrl"), [(1e308, 0.0)])
    with pytest.raises(ValueError, match="the next play would not be finite after a = 1e"):
        learner.observe(1e308)
    assert learner.play() == 1e308
    assert feed(make_learner("eg", low=0.1, high=5.0, gamma=1.0), [(1e5, 0.0)]).play() == 5.0


def test_invalid_arguments() -> None:
    for name, parameters, message in (
        ("ftlr", {}, "unknown learner 'ftlr'; did you mean ftrl"),
        ("ftrl", {"dleta": 1.0}, "unknown parameter of ftrl 'dleta'; did you mean delta"),
        ("ftrl", {"delta": -1.0}, r"delta must be in \[0, inf\), got -1"),
        ("ftrl", {"low": 1.0, "high": 1.0}, "low must be less than high, got 1 and 1"),
        ("eg", {}, "the learner eg needs low > 0 and eta_0 > 0, got -inf and 0.1"),
        ("eg", {"low": 0.1, "eta_0": -1.0}, "the learner eg needs low > 0 and eta_0 > 0, got 0.1 and -1"),
        ("ogd_adagrad", {"low": 0.0}, "the learner ogd_adagrad needs an interval 0 <= low < high < inf, got 0 and inf"),
    ):
        with pytest.raises(ValueError, match=message):
            make_learner(name, **parameters)
    with pytest.raises(ValueError, match=r"u must be in \[0, 2\], got 3\.0"):
        feed(make_learner("ftrl", **INTERVAL), [(1.0, 1.0)]).bound(3.0)
    assert LearnerParameters().as_dict()["delta"] == 1.0
