"""The hard instance: definition, the derived constants, and the chain that hides its coordinates."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from mpmath import diff, e, erfc, exp, mp, mpf, pi, sqrt

from lra_ref.problems import make_problem
from lra_ref.problems.hard_instance import SMOOTHNESS, inverse_gap, phi, phi_slope, psi, psi_bend, psi_slope
from tests.problems.harness import EPS, agrees_with, hessian, spectral_norm


def published_psi(x: object) -> object:
    return exp(1 - 1 / (2 * x - 1) ** 2) if x > mpf(1) / 2 else mpf(0)  # type: ignore[operator]


def published_phi(x: object) -> object:
    return sqrt(e) * sqrt(pi / 2) * erfc(-x / sqrt(2))  # type: ignore[operator]


def published(*x: object) -> object:
    total = -published_psi(mpf(1)) * published_phi(x[0])  # type: ignore[operator]
    for before, here in pairwise(x):
        total += published_psi(-before) * published_phi(-here) - published_psi(before) * published_phi(here)  # type: ignore[operator]
    return total


def test_definition() -> None:
    for dim in (1, 2, 5):
        rng = np.random.default_rng(dim)
        agrees_with(make_problem("hard_instance", dim=dim), published, np.zeros(dim), np.ones(dim), *(2 * rng.normal(size=(4, dim))))


def test_phi_is_the_integral_of_the_gaussian() -> None:
    with mp.workdps(30):
        for x in (mpf(-2), mpf(1) / 3, mpf(3)):
            assert abs(published_phi(x) - sqrt(e) * mp.quad(lambda t: exp(-t * t / 2), [-mp.inf, x])) < mpf(10) ** -25
            assert abs(diff(published_phi, x) - exp((1 - x * x) / 2)) < mpf(10) ** -12


def test_scaling() -> None:
    x = np.random.default_rng(1).normal(size=6) * 2
    plain, scaled = make_problem("hard_instance", dim=6), make_problem("hard_instance", dim=6, smoothness=3, scale=0.25)
    # L s^2 / 152 of the value and L s / 152 of the gradient: a power of two in the argument, a few roundings in the factor
    np.testing.assert_allclose(scaled.value(x / 4), plain.value(x) * 3 / 16 / SMOOTHNESS, rtol=8 * EPS)
    np.testing.assert_allclose(scaled.gradient(x / 4), plain.gradient(x) * 3 / 4 / SMOOTHNESS, rtol=8 * EPS)


def test_bounds_of_the_parts_and_of_the_hessian() -> None:
    x = np.linspace(0.5, 40, 400_001)[1:]
    w = 1 / (2 * x - 1)
    height = np.exp(1 - w * w)
    assert np.max(height) < np.e
    assert psi(0.0) == np.e
    assert np.max(4 * w**3 * height) <= np.sqrt(54 / np.e) * (1 + 8 * EPS) < 4.458
    assert np.max(np.abs(16 * w**6 - 24 * w**4) * height) < 32.4
    t = np.linspace(-10, 10, 200_001)
    assert np.max(np.abs(t) * np.exp((1 - t * t) / 2)) <= 1 + 8 * EPS
    assert 32.4 * np.sqrt(2 * np.pi * np.e) + np.e + 2 * 4.458 * np.sqrt(np.e) < 151.4 < SMOOTHNESS
    # the grids above are those of the kernel's own parts
    k = 12_345
    assert inverse_gap(x[k]) == w[k]
    assert psi(w[k]) == pytest.approx(height[k], rel=16 * EPS)
    assert psi_slope(w[k]) == pytest.approx(4 * w[k] ** 3 * height[k], rel=16 * EPS)
    assert psi_bend(w[k]) == pytest.approx((16 * w[k] ** 6 - 24 * w[k] ** 4) * height[k], rel=64 * EPS)
    assert phi(40.0) == pytest.approx(np.sqrt(2 * np.pi * np.e), rel=16 * EPS)
    assert phi_slope(0.0) == pytest.approx(np.sqrt(np.e), rel=8 * EPS)


def test_smoothness_is_nearly_reached() -> None:
    # w^2 = 3.686 makes |Psi''| largest, and Phi(x_2) is nearly sqrt(2 pi e) at 6: more than 0.85 of the quoted constant
    problem = make_problem("hard_instance", dim=2)
    norm, error = spectral_norm(hessian(problem, np.array([(1 + 3.6862**-0.5) / 2, 6])))
    assert 0.85 * SMOOTHNESS < norm <= SMOOTHNESS - error


@pytest.mark.parametrize("dim", [1, 4, 20])
def test_infimum_is_approached_and_the_gap_is_at_most_twelve_per_coordinate(dim: int) -> None:
    problem = make_problem("hard_instance", dim=dim)
    assert problem.f_star is not None
    assert problem.value(np.zeros(dim)) - problem.f_star.value <= 12 * dim
    # at x = 1e9 the summands are within exp(-1/(2e9)^2) of their limits, far below one rounding each
    assert abs(problem.value(np.full(dim, 1e9)) - problem.f_star.value) <= 8 * dim * EPS * abs(problem.f_star.value)


def test_gradient_is_large_while_any_coordinate_is_small() -> None:
    problem = make_problem("hard_instance", dim=6)
    rng = np.random.default_rng(3)
    x = 4 * rng.normal(size=(2000, 6))
    x[np.arange(2000), rng.integers(0, 6, 2000)] = rng.uniform(-1, 1, 2000) * (1 - EPS)
    assert np.min(np.linalg.norm(problem.gradient(x), axis=1)) > 1
    assert np.linalg.norm(problem.gradient(np.full(6, 20.0))) < 1  # and small once all have passed


def test_one_coordinate_per_gradient() -> None:
    problem = make_problem("hard_instance", dim=8)
    x = np.zeros(8)
    for step in range(8):
        gradient = problem.gradient(x)
        assert np.all(gradient[step + 1 :] == 0)
        assert gradient[step] != 0
        x = x - gradient
