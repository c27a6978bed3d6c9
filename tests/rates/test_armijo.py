"""Backtracking line search: by hand on F = |x|^2/2, and the edge cases of the docstring."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import Run, run
from lra_ref.methods import make_method
from lra_ref.oracles import make_oracle
from lra_ref.problems import Problem, make_problem
from lra_ref.rates.armijo import EXHAUSTED, first_trial, verdict
from lra_ref.status import Status


def value_with_a_wall(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """x^2/2 for x > par[0], else par[1]."""
    g[lo] = x[lo]
    return par[1] if x[lo] <= par[0] else x[lo] * x[lo] / 2


def walled(wall: float, value: float) -> Problem:
    bowl = make_problem("quadratic", spectrum=(1.0,))
    return replace(bowl, value_kernel=value_with_a_wall, par=np.array([wall, value]))


def search(problem: Problem, steps: int = 1, x0: Any = (1.0,), **parameters: Any) -> Run:
    """Compiled run, checked against the reference in every record."""
    method = make_method("armijo_sgd", **parameters)
    result = run(method, problem, steps=steps, x0=x0)
    twin = reference_run(method, problem, steps=steps, x0=x0)
    for name, column in twin.records.items():
        assert np.array_equal(result.records[name], column, equal_nan=True), name
    assert np.array_equal(result.x, twin.x)
    return result


def test_condition_on_the_bowl() -> None:
    """F(x - eta x) = (1 - eta)^2/2 <= 1/2 - c eta holds for eta <= 2 (1 - c): with c = 1/4 up to 3/2, equality included."""
    bowl = make_problem("quadratic", spectrum=(1.0,))
    assert search(bowl, c=0.25, eta_0=1.5).records["rate"][0, 0] == 1.5
    assert search(bowl, c=0.25, eta_0=2.0).records["rate"][0, 0] == 1.0
    assert search(bowl, c=0.25, eta_0=8.0).records["rate"][0, 0] == 1.0
    assert search(bowl, c=0.25, eta_0=8.0, factor=0.125).records["rate"][0, 0] == 1.0


def test_losses_are_counted() -> None:
    result = search(make_problem("quadratic", spectrum=(1.0,)), steps=2, c=0.25, eta_0=0.5)
    assert result.records["loss_evaluations"][0].tolist() == [0, 1, 2]
    result = search(make_problem("quadratic", spectrum=(1.0,)), steps=2, c=0.25, eta_0=7.0)
    assert result.records["loss_evaluations"][0].tolist() == [0, 4, 8]


def test_every_step_starts_anew_without_growth() -> None:
    result = search(make_problem("quadratic", spectrum=(1.0,)), steps=3, c=0.5, eta_0=1.5, factor=0.5)
    assert result.records["rate"][0, :3].tolist() == [0.75] * 3


def test_growth_starts_from_the_last_accepted_rate() -> None:
    """c = 1/2 accepts up to 1: 1/8, 1/4, 1/2 and 1, which ends the run."""
    result = search(make_problem("quadratic", spectrum=(1.0, 1.0)), steps=5, x0=(1.0, 1.0), c=0.5, eta_0=0.125, growth=2.0, factor=0.25)
    assert result.records["rate"][0, :4].tolist() == [0.125, 0.25, 0.5, 1.0]
    assert result.records["last_rate"][0, :4].tolist() == [0.125, 0.25, 0.5, 1.0]


def test_growth_is_limited() -> None:
    assert first_trial(4.0, 1.0, 2.0, 10.0) == 8.0
    assert first_trial(6.0, 1.0, 2.0, 10.0) == 10.0
    assert first_trial(0.0, 1.0, 2.0, 10.0) == 1.0
    assert first_trial(4.0, 1.0, 0.0, 10.0) == 1.0


def test_at_the_minimum_the_rate_is_zero_and_nothing_is_forgotten() -> None:
    result = search(make_problem("quadratic", spectrum=(1.0,)), steps=3, c=0.5, eta_0=1.0, growth=2.0)
    assert result.records["rate"][0, :3].tolist() == [1.0, 0.0, 0.0]
    assert result.records["last_rate"][0, :3].tolist() == [1.0, 1.0, 1.0]
    assert result.status == [Status.RUNNING]


def test_an_ascent_direction_gives_rate_zero() -> None:
    """Momentum that still points uphill after an overshoot: the search waits with rate 0 until it has turned."""
    method = make_method("armijo_momentum", momentum=1.0, c=0.01, eta_0=1.9)
    problem = make_problem("quadratic", spectrum=(1.0,))
    result = run(method, problem, steps=4, x0=[1.0])
    slopes, rates, losses = (result.records[name][0] for name in ("slope", "rate", "loss"))
    assert np.any(slopes[:-1] < 0)
    assert np.all(rates[:-1][slopes[:-1] <= 0] == 0)
    assert np.all(np.diff(losses) <= 0)


@pytest.mark.parametrize("wall", [math.nan, math.inf, -math.inf])
def test_a_trial_loss_that_is_not_finite_is_refused(wall: float) -> None:
    """From x = 1 the trials eta = 4, 2 land at -3, -1, beyond the wall at -1/2, whatever is there; eta = 1 lands at 0."""
    result = search(walled(-0.5, wall), eta_0=4.0)
    assert result.records["rate"][0, 0] == 1.0
    assert result.records["loss_evaluations"][0, 1] == 3


def test_exhausted_trials_stop_the_trajectory_at_its_point() -> None:
    """Everywhere but at x = 1 the loss is higher: a gradient that lies."""
    result = search(walled(1.0 - 2.0**-52, 9.0), steps=4, max_trials=5)
    assert result.status == [Status.TRIALS_EXHAUSTED]
    assert result.x.tolist() == [[1.0]]
    assert float(Status.TRIALS_EXHAUSTED) == EXHAUSTED


def test_the_last_trial_may_still_be_accepted() -> None:
    bowl = make_problem("quadratic", spectrum=(1.0,))
    assert search(bowl, eta_0=16.0, c=0.5, max_trials=5).records["rate"][0, 0] == 1.0
    assert search(bowl, eta_0=16.0, c=0.5, max_trials=4).status == [Status.TRIALS_EXHAUSTED]


def test_a_rate_that_cannot_shrink_is_exhausted_not_accepted() -> None:
    tiny = np.float64(2.0**-1074)
    following, accepted, exhausted = verdict(3, tiny, 9.0, 1.0, 1.0, 0.5, 0.9, 1000)
    assert following == tiny
    assert not accepted
    assert exhausted


def test_a_slope_that_overflowed_is_refused() -> None:
    _, accepted, _ = verdict(0, np.float64(1), 0.0, 1.0, np.float64(np.inf), 0.5, 0.5, 10)
    assert not accepted
    following, accepted, exhausted = verdict(9, np.float64(1), 0.0, 1.0, np.float64(np.nan), 0.5, 0.5, 10)
    assert (float(following), bool(accepted), bool(exhausted)) == (0.5, False, True)


def test_every_step_decreases_the_sample_loss_as_asked() -> None:
    """The accepted rate meets the condition on the step's own sample; checked by evaluating that sample again."""
    oracle = make_oracle("gaussian", make_problem("rosenbrock", dim=4), sigma=0.5)
    seen: list[tuple[float, float]] = []

    def observe(t: int, x: Any, what: Any, info: Any) -> None:
        if t == 20:
            return
        sample = oracle.sample(3, 0, t)
        before, g = oracle.evaluate(x[0], sample)
        after, _ = oracle.evaluate(x[0] - info.eta[0, 0] * info.d[0], sample)
        seen.append((after, before - 0.1 * info.eta[0, 0] * float(g @ info.d[0])))

    method = make_method("armijo_sgd", c=0.1)
    result = reference_run(method, oracle, steps=20, seed=3, observe=observe)
    assert result.status.tolist() == [0]
    assert len(seen) == 20
    # the inner product is summed in another order here: 4 elements, and three roundings more
    assert all(after <= bound + 8 * 2.0**-53 * (abs(after) + 2 * abs(bound)) for after, bound in seen)
