"""Scalar losses: definitions, far tails, and the extremes of the curvatures that the smoothness constants rest on."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from mpmath import mp, mpf

from lra_ref.formulas import read
from lra_ref.problems import losses
from tests.readings import ROUNDED, Rounded, numbers

PAR = np.array([0.75, 0.5])
POINTS = (0.0, 5e-324, 1e-9, 0.3, -0.3, 1.0, -1.0, 7.5, 36.0, -40.0, 700.0, -746.0, 1e3, -1e3, 1e8, 1e100, -1e153)
LOSSES = {
    "logistic": lambda s, t, c: mpmath.log1p(mpmath.exp(-t * s)),
    "squared_hinge": lambda s, t, c: max(0, 1 - t * s) ** 2 / 2,
    "squares": lambda s, t, c: (s - t) ** 2 / 2,
    "welsch": lambda s, t, c: -(c**2) / 2 * mpmath.expm1(-(((s - t) / c) ** 2)),
    "geman_mcclure": lambda s, t, c: c**2 / 2 * (s - t) ** 2 / (c**2 + (s - t) ** 2),
    "phase": lambda s, t, c: (s**2 - t) ** 2 / 4,
}


@pytest.mark.parametrize("name", LOSSES)
def test_values_are_those_of_the_definition(name: str) -> None:
    """At 400 digits, and the float64 values within the rounding bound of their own operations."""
    loss = getattr(losses, f"{name}_loss")
    for s in POINTS:
        for t in (1.0, -1.0):
            with mp.workdps(400), np.errstate(all="ignore"):
                exact = read(loss, ROUNDED)(Rounded(s), Rounded(t), numbers(Rounded, PAR))[0]
                assert abs(exact.value - LOSSES[name](mpf(s), mpf(t), mpf(PAR[1]))) <= mpf(10) ** -80 * abs(exact.value)
                computed = loss(np.float64(s), np.float64(t), PAR)[0]
                if exact.value < mpf(np.finfo(float).max):
                    assert abs(mpf(float(computed)) - exact.value) <= exact.error, (s, t)
                else:
                    assert computed == np.inf


@pytest.mark.parametrize(("name", "low", "high"), [
    ("logistic", 0, 0.25),
    ("squared_hinge", 0, 1),
    ("squares", 1, 1),
    ("welsch", -2 * np.exp(-1.5), 1),
    ("geman_mcclure", -0.25, 1),
])  # fmt: skip
def test_curvatures_stay_in_their_range_and_reach_its_ends(name: str, low: float, high: float) -> None:
    curvature = getattr(losses, f"{name}_curvature")
    # the grid of 2^-6 in units of c = 1/2 holds u = 0 and +-1; Welsch's lowest point u^2 = 3/2 is added
    grid = np.concatenate([np.arange(-640, 641) / 128, PAR[1] * np.sqrt([1.5]), [1e10, -1e200]])
    with np.errstate(all="ignore"):
        values = np.array([curvature(s, 0.0 if name in ("welsch", "geman_mcclure") else 1.0, PAR) for s in grid])
    # a dozen roundings of numbers of size 1
    assert abs(np.min(values) - low) <= 12 * np.finfo(float).eps
    assert abs(np.max(values) - high) <= 12 * np.finfo(float).eps


def test_the_regulariser_has_second_derivatives_between_minus_a_half_and_two() -> None:
    grid = np.concatenate([np.arange(-640, 641) / 64, [1e10, -1e200]])
    with np.errstate(over="ignore"):
        values = np.array([losses.saturating_curvature(u) for u in grid])
    assert np.min(values) == -0.5
    assert np.max(values) == 2
    assert grid[np.argmax(values)] == 0
    assert abs(grid[np.argmin(values)]) == 1


def test_small_losses_and_slopes_keep_their_relative_accuracy() -> None:
    """exp(-m) for m = 50..700: log1p and the quotient add a few roundings, the C library's exp at most one ulp."""
    for m in (50.0, 300.0, 700.0):
        value, slope = losses.logistic_loss(m, 1.0, PAR)
        assert abs(value - np.exp(-m)) <= 4 * np.finfo(float).eps * value
        assert slope == -value
        assert losses.logistic_loss(-m, 1.0, PAR) == (m, -1.0)
    with mp.workdps(60):
        for a in (1e-300, 0.5, -20.0, 300.0):
            exact = mpmath.sech(mpf(a)) ** 2
            # exp(-2|a|) within 2 ulp, then four operations
            assert abs(mpf(float(losses.tanh_slope(a))) - exact) <= 8 * mpf(2) ** -52 * exact
