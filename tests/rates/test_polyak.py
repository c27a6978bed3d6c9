"""Polyak's rate and SPS_max: values by hand and the edge cases of the docstrings."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.engine.run import run
from lra_ref.methods import make_method
from lra_ref.problems import make_problem
from lra_ref.rates import RATES
from lra_ref.status import Status
from tests.stepping import first_rate


def polyak(loss: float, g: object, d: object = None, name: str = "polyak", **parameters: float | None) -> float:
    return float(first_rate(RATES[name](**parameters), loss, g, d)[0])


def test_polyak_for_sgd() -> None:
    assert polyak(50.0, [3.0, 4.0]) == 2.0
    assert polyak(50.0, [3.0, 4.0], f_star=25.0) == 1.0
    assert polyak(50.0, [3.0, 4.0], f_star=-25.0) == 3.0


def test_the_linear_model_along_another_direction_reaches_f_star() -> None:
    loss, g, d, f_star = 7.0, np.array([3.0, 4.0]), np.array([1.0, 0.25]), -1.0
    eta = polyak(loss, g, d, f_star=f_star)
    assert eta == 2.0
    assert loss - eta * (g @ d) == f_star


def test_limit() -> None:
    assert polyak(50.0, [3.0, 4.0], eta_max=0.5) == 0.5
    assert polyak(50.0, [3.0, 4.0], eta_max=3.0) == 2.0


@pytest.mark.parametrize("name", ["polyak", "sps_max"])
@pytest.mark.parametrize(
    ("loss", "g", "d"),
    [
        (50.0, [3.0, 4.0], [-3.0, 1.0]),  # no descent direction
        (50.0, [3.0, 4.0], [4.0, -3.0]),  # orthogonal
        (0.0, [0.0, 0.0], None),  # 0/0 at the minimum
        (1.0, [0.0, 0.0], None),  # vanishing gradient away from it
        (1.0, [1e-200, 0.0], None),  # <g, d> underflows
        (-1.0, [3.0, 4.0], None),  # loss below f_star
        (-1.0, [3.0, 4.0], [-3.0, 1.0]),  # both
    ],
)
def test_rate_zero(name: str, loss: float, g: list[float], d: list[float] | None) -> None:
    assert polyak(loss, g, d, name) == 0.0


def test_an_overflowing_slope_is_no_standstill() -> None:
    assert np.isnan(polyak(1.0, [1e200, 0.0]))
    assert np.isnan(polyak(1.0, [1e200, 1e200], [1e200, -1e200]))


def test_sps_max() -> None:
    assert polyak(50.0, [3.0, 4.0], name="sps_max", gamma_b=10.0) == 4.0
    assert polyak(50.0, [3.0, 4.0], name="sps_max", gamma_b=10.0, c=2.0) == 1.0
    assert polyak(50.0, [3.0, 4.0], name="sps_max", gamma_b=10.0, c=2.0, f_star=25.0) == 0.5
    assert polyak(50.0, [3.0, 4.0], name="sps_max") == 1.0
    assert polyak(50.0, [3.0, 4.0], name="sps_max", gamma_b=None) == 4.0


def test_the_sum_runs_over_all_blocks() -> None:
    eta, _, _ = first_rate(RATES["polyak"](), 50.0, [[3.0, 4.0], [1.0, 2.0]], offsets=[0, 1, 2])
    assert eta.tolist() == [2.0, 10.0]


def test_the_bowl_is_solved_with_the_contraction_of_the_theory() -> None:
    """F = |x|^2/2: eta = F/|g|^2 = 1/2, so x halves at every step, exactly; with eta = 2 F/|g|^2 (SPS, c = 1/2) one step is enough."""
    problem = make_problem("quadratic", spectrum=(1.0,) * 4)
    x0 = np.array([1.0, -2.0, 0.0, 2.0])
    result = run(make_method("polyak_sgd"), problem, steps=10, x0=x0)
    assert np.array_equal(result.x[0], x0 * 2.0**-10)
    assert result.records["rate"][0].tolist() == [0.5] * 11
    assert run(make_method("sps_max_sgd"), problem, steps=3, x0=x0).x[0].tolist() == [0.0] * 4


def test_an_unbounded_rate_stops_with_its_name() -> None:
    """A gradient of 1e-160 with a loss of 1 above f_star: the rate is not finite."""
    problem = make_problem("quadratic", spectrum=(1.0,))
    result = run(make_method("polyak_sgd", f_star=-1.0), problem, steps=3, x0=[1e-160])
    assert result.status == [Status.NONFINITE_RATE]
    assert result.x.tolist() == [[1e-160]]
