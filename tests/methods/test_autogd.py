"""AutoGD by hand on the parabola, and the edge cases of its docstring."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lra_ref.engine.optimizer import Optimizer
from lra_ref.engine.reference import reference_run
from lra_ref.engine.run import Run, run
from lra_ref.methods import make_method
from lra_ref.methods.autogd import VANISHED, least_rate, preferred
from lra_ref.oracles import make_oracle
from lra_ref.problems import Problem, make_problem
from lra_ref.status import Status
from tests.test_options import assert_same

BOWL = make_problem("quadratic", spectrum=(1.0,))


def value_with_a_wall(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """x^2/2 for x > par[0], else par[1] (kernel)."""
    g[lo] = x[lo]
    return par[1] if x[lo] <= par[0] else x[lo] * x[lo] / 2


def walled(wall: float, value: float) -> Problem:
    return replace(BOWL, value_kernel=value_with_a_wall, par=np.array([wall, value]))


def went(problem: Any, steps: int, x0: Any = (1.0,), **parameters: Any) -> Run:
    """Compiled run, checked against the reference."""
    method = make_method("autogd", **parameters)
    made = run(method, problem, steps=steps, x0=x0)
    assert_same(method, made, reference_run(method, problem, steps=steps, x0=x0))
    return made


def test_three_steps_by_hand() -> None:
    """F = x^2/2 at x: candidate e leads to (1-e)^2 F.  gamma 1/8: 1/4 is best; then 1/2; then 1, which is the minimum."""
    made = went(BOWL, 3, gamma_0=0.125)
    assert made.records["gamma"][0].tolist() == [0.125, 0.25, 0.5, 1.0]
    assert made.records["rate"][0, :3].tolist() == [0.25, 0.5, 1.0]
    assert made.records["loss"][0].tolist() == [0.5, 0.5 * 0.75**2, 0.5 * 0.375**2, 0.0]
    assert made.records["loss_evaluations"][0].tolist() == [0, 3, 6, 9]


def test_a_smaller_rate_costs_a_fourth_loss() -> None:
    """gamma 3/2: (1-e)^2 is 1/16 at 3/4, 1/4 at 3/2, 4 at 3."""
    made = went(BOWL, 1, gamma_0=1.5)
    assert made.records["rate"][0, 0] == 0.75
    assert made.records["gamma"][0].tolist() == [1.5, 0.75]
    assert made.records["best_loss"][0, 0] == 1 / 32
    assert made.records["loss_evaluations"][0].tolist() == [0, 4]


def test_no_candidate_passes() -> None:
    """gamma 8: 4, 8 and 16 all raise F; then 2, 4, 8 do; then 1, 2, 4 and 1 is the minimum."""
    made = went(BOWL, 3, gamma_0=8.0)
    assert made.records["rate"][0, :3].tolist() == [0.0, 0.0, 1.0]
    assert made.records["gamma"][0].tolist() == [8.0, 4.0, 2.0, 1.0]
    assert made.records["loss"][0].tolist() == [0.5, 0.5, 0.5, 0.0]
    assert made.records["best_loss"][0, 0] == 0.5


def test_the_largest_of_equal_candidates_wins() -> None:
    """(1-e)^2 is the same at 3/4 and 5/4 = 3/4 * 5/3."""
    made = went(BOWL, 1, gamma_0=0.75, C=5 / 3)
    assert made.records["rate"][0, 0] == 1.25
    assert made.records["loss"][0, 1] == 0.25**2 / 2


def test_the_rule_of_preference() -> None:
    assert preferred(1.0, 5.0, 0.0, 0.0)
    assert preferred(1.0, 4.0, 2.0, 5.0)
    assert not preferred(1.0, 5.0, 2.0, 5.0)
    assert preferred(4.0, 5.0, 2.0, 5.0)
    assert not preferred(4.0, 6.0, 2.0, 5.0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_trial_loss_that_is_not_finite_is_refused(value: float) -> None:
    """From x = 1 the rates 2 and 4 land beyond the wall at -1/2, whatever is there; 1 lands at 0."""
    made = went(walled(-0.5, value), 1, gamma_0=2.0)
    assert made.records["rate"][0, 0] == 1.0
    assert made.status == [Status.RUNNING]


def test_at_a_stationary_point_nothing_moves_and_gamma_is_kept() -> None:
    made = went(BOWL, 4, x0=(0.0,), gamma_0=0.25)
    assert made.records["rate"][0, :4].tolist() == [0.0] * 4
    assert made.records["gamma"][0].tolist() == [0.25] * 5
    assert made.status == [Status.RUNNING]
    tiny = went(BOWL, 2, x0=(1e-170,), gamma_0=0.25)
    assert tiny.x[0, 0] == 1e-170, "the square of the gradient underflows"


def lying_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """0 at x = 0 and 9 elsewhere, with the gradient 1 (kernel)."""
    g[lo] = 1.0
    return 0.0 if x[lo] == 0 else 9.0


def test_a_rate_that_cannot_shrink_stops_by_name() -> None:
    """No step away from 0 is accepted: gamma halves until c gamma is 0."""
    made = went(replace(BOWL, value_kernel=lying_value), 1200, x0=(0.0,), gamma_0=1.0)
    assert made.status == [Status.RATE_VANISHED]
    assert float(Status.RATE_VANISHED) == VANISHED
    assert made.x[0, 0] == 0.0
    assert np.nanmin(made.records["gamma"]) == 5e-324


def test_a_candidate_that_overflows_is_refused() -> None:
    made = went(BOWL, 2, gamma_0=1.5e308)
    assert made.status == [Status.RUNNING]
    assert made.records["gamma"][0].tolist() == [1.5e308, 0.75e308, 0.375e308]


@settings(max_examples=40, deadline=None)
@given(gamma_0=st.floats(1e-3, 1e3), c=st.floats(0.1, 0.9), C=st.floats(1.1, 10), a=st.floats(1e-4, 0.45), x0=st.floats(0.1, 10))
def test_F_never_rises_and_gamma_keeps_its_bound(gamma_0: float, c: float, C: float, a: float, x0: float) -> None:
    """A1 exactly; A2s while the loss is far from its rounding."""
    problem = make_problem("quadratic", spectrum=(1.0, 0.1))
    made = reference_run(make_method("autogd", gamma_0=gamma_0, c=c, C=C, a=a), problem, steps=12, x0=[x0, -x0])
    loss, gamma = made.records["loss"][0], made.records["gamma"][0]
    assert np.all(np.diff(loss) <= 0)
    low = least_rate(gamma_0, c, a, 1.0)
    assert np.all(gamma[: 1 + np.argmin(loss)] >= low * (1 - 1e-9))


def test_the_optimizer_asks_for_losses_along_the_step() -> None:
    problem = make_problem("rosenbrock", dim=4)
    method = make_method("autogd", gamma_0=1e-4)
    optimizer = Optimizer(method, problem.start)
    for _ in range(20):
        optimizer.step(lambda x, sample: problem.value_and_gradient(x))
    assert np.array_equal(optimizer.x, run(method, problem, steps=20).x[0])


@pytest.mark.parametrize("offsets", [None, [0, 1, 4, 9]], ids=["one", "three"])
@pytest.mark.parametrize(
    "parameters", [{"gamma_0": 1e-3}, {"gamma_0": 100.0, "c": 0.3, "C": 4.0}, {"a": 0.5, "C": 1.25}], ids=["small", "large", "half"]
)
def test_reference_and_kernels_agree(parameters: dict[str, Any], offsets: Any) -> None:
    problem, method = make_problem("ellipsoid", dim=9, condition=30.0), make_method("autogd", **parameters)
    for oracle in (make_oracle("gaussian", problem, sigma=0.5), make_oracle("exact", problem)):
        case: dict[str, Any] = {"steps": 60, "trajectories": 3, "seed": 5, "offsets": offsets}
        made = run(method, oracle, **case)
        assert_same(method, made, reference_run(method, oracle, **case))
        again = run(method, oracle, **{**case, "steps": 25}).resume(35)
        assert np.array_equal(again.x, made.x)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"c": 1.0}, r"c must be in \(0, 1\), got 1.0"),
        ({"C": 1.0}, r"C must be in \(1, inf\), got 1.0"),
        ({"a": 0.6}, r"a must be in \(0, 0.5\], got 0.6"),
        ({"gamma_0": 0.0}, r"gamma_0 must be in \(0, inf\), got 0.0"),
        ({"gama_0": 1.0}, "unknown parameter of autogd 'gama_0'; did you mean gamma_0"),
    ],
)
def test_what_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_method("autogd", **parameters)


def test_the_lower_bound_of_gamma() -> None:
    """(c/L) min(2/(1+c), 2(1-a)), and gamma_0 below that."""
    assert least_rate(9.0, 0.5, 1e-4, 4.0) == pytest.approx(0.125 * 4 / 3, rel=1e-15)
    assert least_rate(9.0, 0.25, 0.5, 2.0) == 0.125
    assert least_rate(0.01, 0.5, 1e-4, 1.0) == 0.01
