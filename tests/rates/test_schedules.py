"""Schedules: values by hand, the cosine against many digits, reference and kernels alike."""

from __future__ import annotations

import numpy as np
import pytest
from mpmath import mp, mpf

from lra_ref.backends.cpu import compiled
from lra_ref.engine.loop import SCALAR
from lra_ref.rates import RATES
from lra_ref.rates.schedules import cos_half_turns
from tests.stepping import first_rate


def values(name: str, steps: range, **parameters: float) -> list[float]:
    rate = RATES[name](**parameters)
    return [float(first_rate(rate, 0.0, [1.0], t=t)[0]) for t in steps]


def test_inverse_time() -> None:
    assert values("inverse_time", range(4), lr=6.0) == [6.0, 3.0, 2.0, 1.5]
    assert values("inverse_time", range(3), lr=3.0, decay=0.5) == [3.0, 2.0, 1.5]
    assert values("inverse_time", range(3), lr=3.0, decay=0.0) == [3.0] * 3


def test_inverse_sqrt() -> None:
    rates = values("inverse_sqrt", range(9), lr=-6.0)
    assert (rates[0], rates[3], rates[8]) == (-6.0, -3.0, -2.0)


def test_step() -> None:
    assert values("step", range(7), lr=8.0, step_size=3, gamma=0.5) == [8.0, 8.0, 8.0, 4.0, 4.0, 4.0, 2.0]


def test_cosine_by_hand() -> None:
    """A quarter of the way cos = 1/2 would need T_max = 3: there t = 1 gives 3/4, t = 2 gives 1/4, up to the rounding of cos(pi/3)."""
    assert values("cosine", range(5), lr=4.0, T_max=2) == [4.0, 2.0, 0.0, 2.0, 4.0]
    assert values("cosine", range(3), lr=5.0, T_max=2, eta_min=1.0) == [5.0, 3.0, 1.0]
    thirds = values("cosine", range(4), lr=1.0, T_max=3)
    assert np.all(np.abs(np.array(thirds) - [1.0, 0.75, 0.25, 0.0]) <= 2.0**-52)


@pytest.mark.parametrize("period", [1, 2, 3, 4, 5, 7, 10, 100, 1000, 12_345, 10**9 + 7, 2**40])
def test_cosine_of_half_turns_against_many_digits(period: int) -> None:
    """One rounding of r, worth at most pi/4 sin(pi/4) ulp of r, and the last operations of a polynomial: 1.5e-16 in all."""
    step = max(2 * period // 400, 1)
    with mp.workdps(60):
        for t in [*range(0, 2 * period + 1, step), 10**12 + 3]:
            assert abs(mpf(cos_half_turns(t, period)) - mp.cospi(mpf(t % (2 * period)) / period)) <= mpf("1.5e-16"), t


def test_cosine_is_exact_at_quarter_turns_and_symmetric() -> None:
    assert [cos_half_turns(t, 4) for t in (0, 2, 4, 6, 8)] == [1, 0, -1, 0, 1]
    for period in (5, 12, 1000):
        wave = np.array([float(cos_half_turns(t, period)) for t in range(2 * period + 1)])
        assert np.array_equal(wave, wave[::-1])
        assert np.array_equal(wave[: period + 1], -wave[period::-1])
        assert np.all(np.diff(wave[: period + 1]) < 0)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("inverse_time", {"lr": 0.3, "decay": 0.7}),
        ("inverse_sqrt", {"lr": 0.3}),
        ("cosine", {"lr": 0.3, "T_max": 37, "eta_min": 0.01}),
        ("step", {"lr": 0.3, "step_size": 10, "gamma": 0.9}),
    ],
)
def test_kernel_and_reference_have_the_same_bits(name: str, parameters: dict[str, float]) -> None:
    rate = RATES[name](**parameters)
    kernel, empty, scal = compiled(rate.decide, SCALAR), np.zeros((1, 1)), np.zeros((1, 1))
    hyp = np.array(rate.hyper())
    steps = [*range(200), 10**6, 10**9 + 1]
    assert [kernel(0, 1, t, np.zeros(1), empty, scal, hyp, empty) for t in steps] == [rate.at(t) for t in steps]


def test_shape_is_one_rate_per_trajectory() -> None:
    eta, _, info = first_rate(RATES["inverse_sqrt"](lr=2.0), 0.0, np.ones((5, 3)))
    assert eta.tolist() == [2.0] * 5
    assert info == {}


def test_values_against_torch() -> None:
    """Torch computes the same rates recursively: each step rounds at most 8 times, relative to the first rate."""
    torch = pytest.importorskip("torch")
    for name, scheduler, ours in (
        ("cosine", lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=17, eta_min=0.01), {"T_max": 17, "eta_min": 0.01}),
        ("step", lambda o: torch.optim.lr_scheduler.StepLR(o, step_size=5, gamma=0.7), {"step_size": 5, "gamma": 0.7}),
    ):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
        schedule, rate = scheduler(optimizer), RATES[name](lr=0.5, **ours)
        for t in range(17):
            assert abs(schedule.get_last_lr()[0] - rate.at(t)) <= 8 * (t + 1) * 2.0**-53 * 0.5
            optimizer.step()
            schedule.step()
