"""Closed forms of CLARA's reference: against the values of the theory page, against direct sums, against simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from mpmath import mp, mpf

from lra_ref.directions import DIRECTIONS
from lra_ref.rates import clara_laws as laws
from lra_ref.rates import clara_reference as ref

EPS = 2.0**-52
SIZES = [1, 2, 3, 5, 10, 15, 42, 62, 650]


@pytest.mark.parametrize("c", [0.01, 0.2, 0.7, 1.0])
@pytest.mark.parametrize("t", [1, 2, 7, 40])
def test_independent_mean_and_variance_are_the_sums_over_pairs(c: float, t: int) -> None:
    """E = sum w_i^2, Var = (4/D) sum_{i<j} w_i^2 w_j^2; sums of t and t^2 terms, a difference for the variance."""
    w = c * (1 - c) ** np.arange(t)
    mean, dim = float(np.sum(w**2)), 7
    assert abs(laws.independent_mean(c, t) - mean) <= 8 * t * EPS * (mean + c / (2 - c))
    variance = 4 / dim * sum(w[i] ** 2 * w[j] ** 2 for i in range(t) for j in range(i + 1, t))
    # 1 - q^t and its like lose up to 1/(c t) of their digits
    assert abs(laws.independent_variance(c, dim, t) - variance) <= 64 * t * EPS * (c / (2 - c)) ** 2 * (1 + 1 / (2 * c - c * c))


def test_limits_of_the_independent_case() -> None:
    c, dim = 0.2, 10
    mu, keep = c / (2 - c), 1 - c
    assert laws.independent_mean(c) == mu
    exact = 4 * mu**2 * keep**2 / (dim * (1 + keep**2))
    assert abs(laws.independent_variance(c, dim) - exact) <= 32 * EPS * exact
    # the published standard deviation is smaller by sqrt 2
    assert abs(math.sqrt(exact) / laws.published_sd(c, dim) - math.sqrt(2)) <= 32 * EPS
    assert abs(laws.drift(c, math.inf) + 16 / 9) <= 16 * EPS


@pytest.mark.parametrize("dim", [1, 2, 3, 15, 63, 64, 199, 200, 650, 5000])
def test_overlap_against_many_digits(dim: int) -> None:
    """Below 200 SciPy's poch and 2F1 lose a few hundred ulp; above, the series round about 40 times."""
    with mp.workdps(40):
        for rho in (0.0, 0.1, 0.5, 0.9, 0.999, 1.0):
            r = mpf(rho)
            front = mpf(2) / dim * (mp.gammaprod([mpf(dim + 1) / 2], [mpf(dim) / 2])) ** 2
            exact = front * r * mp.hyp2f1(mpf(1) / 2, mpf(1) / 2, mpf(dim) / 2 + 1, r * r)
            assert abs(mpf(float(ref.overlap(dim, rho))) - exact) <= (40 if dim >= 200 else 1024) * EPS * (exact + EPS)


def test_overlap_of_millions_of_dimensions() -> None:
    """h_D(rho) = rho (1 - (1 - rho^2)/(2D) + O(1/D^2)): SciPy's own functions give nan here."""
    rho = np.array([0.0, 0.3, 0.9, 1.0])
    for dim in (2_216_356, 10**9):
        assert np.max(np.abs(ref.overlap(dim, rho) - rho * (1 - (1 - rho**2) / (2 * dim)))) <= 1 / dim**2 + 16 * EPS


def test_overlap_in_one_and_infinitely_many_dimensions() -> None:
    rho = np.linspace(0, 1, 11)
    # E sign(g) sign(g') = (2/pi) arcsin rho, whose derivative is large next to 1: 1e-8 there is a rounding of rho^2
    assert np.max(np.abs(ref.overlap(1, rho) - 2 / np.pi * np.arcsin(rho))) <= 64 * EPS
    assert np.array_equal(ref.overlap(math.inf, rho), rho)


def test_values_of_the_theory_page() -> None:
    """Printed to four digits."""
    assert abs(ref.autoregressive_mean(0.2, 0.9) - 43 / 63) <= 8 * EPS
    rounded = [round(ref.autoregressive_mean(0.2, 0.9, dim), 4) for dim in SIZES]
    assert rounded == [0.5261, 0.603, 0.6311, 0.6532, 0.6686, 0.6735, 0.6794, 0.6804, 0.6823]
    means = ref.adam_transient(0.2, 0.9)
    assert [round(means[t - 1], 4) for t in (1, 2, 3, 5, 10, 20, 50)] == [0.04, 0.1041, 0.177, 0.3169, 0.542, 0.6642, 0.6823]
    assert round(sum(m / (43 / 63) - 1 for m in means), 2) == -6.22


def test_without_correlation_the_two_cases_agree() -> None:
    for c in (0.05, 0.2, 1.0):
        assert abs(ref.autoregressive_mean(c, 0.0, 5) - laws.independent_mean(c)) <= 8 * EPS
        assert ref.autoregressive_sd(c, 0.0, 5) == math.sqrt(laws.independent_variance(c, 5))
    assert ref.autoregressive_mean(0.2, 1.0, 5) == pytest.approx(1.0, abs=8 * EPS)


def test_slow_sums_are_summed_in_pieces() -> None:
    """c = 1e-4, beta = 0.999: 40000 lags; for large D the sum is geometric."""
    exact = ref.autoregressive_mean(1e-4, 0.999)
    assert ref.autoregressive_mean(1e-4, 0.999, 10**9) == pytest.approx(exact, rel=1e-8)  # the mean is off by the order of 1/D = 1e-9


def test_leading_variance_against_matrices() -> None:
    """The recursions against the matrix products, 60 lags; both sums of a few thousand terms."""
    c, beta, n = 0.5, 0.7, 60
    w = c * (1 - c) ** np.arange(n)
    R = beta ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    v = w * (R @ w)
    exact = 2 * ((w @ R @ w) ** 2 - 2 * np.sum(w * (R @ w) ** 3) + v @ (R * R) @ v)
    assert abs(ref._leading_variance(c, beta) - exact) <= n**2 * EPS


def test_the_table_of_transients_is_the_double_sum() -> None:
    c, beta, T = 0.3, 0.8, 12
    a = [math.sqrt(2 / n) * math.gamma((n + 1) / 2) / math.gamma(n / 2) for n in range(1, T + 1)]
    for dim in (math.inf, 4):
        means = ref.adam_transient(c, beta, dim, T)
        for t in range(1, T + 1):
            w = [c * (1 - c) ** (t - i) for i in range(1, t + 1)]
            total = 0.0
            for i in range(1, t + 1):
                for j in range(1, t + 1):
                    lo, hi = min(i, j), max(i, j)
                    rho = beta ** (hi - lo) * math.sqrt((1 - beta ** (2 * lo)) / (1 - beta ** (2 * hi))) * a[lo - 1] / a[hi - 1]
                    total += w[i - 1] * w[j - 1] * float(ref.overlap(dim, min(rho, 1.0)))
            assert abs(means[t - 1] - total) <= 2048 * EPS * total


@pytest.mark.parametrize(
    ("name", "parameters", "beta"),
    [("momentum", {"momentum": 0.7}, 0.7), ("rmsprop", {}, 0.0), ("sign", {}, 0.0), ("adam", {"beta1": 0.5}, 0.5)],
)
def test_closed_forms_against_simulation(name: str, parameters: dict[str, float], beta: float) -> None:
    """Six standard errors (probability 2e-9 for a normal mean), and 2e-3 for what beta2 = 0.999 leaves to its limit."""
    direction = DIRECTIONS[name](**parameters)
    found = ref.simulated(direction, 0.3, 4)
    exact = ref.closed_form(direction, 0.3, 4, transient=False)
    assert exact is not None
    assert exact.mean == ref.autoregressive_mean(0.3, beta, 4)
    assert abs(found.mean - exact.mean) <= 6 * found.error + (2e-3 if name == "adam" else 0.0)
    assert 0 < found.error < 0.01


def test_simulation_is_deterministic_and_kept_in_memory() -> None:
    direction = DIRECTIONS["amsgrad"]()
    first = ref.simulated(direction, 0.5, 3)
    hits = ref._simulated.cache_info().hits
    assert ref.simulated(DIRECTIONS["amsgrad"](), 0.5, 3) is first
    assert ref._simulated.cache_info().hits == hits + 1
    assert "Monte-Carlo" in first.how
    ref._simulated.cache_clear()
    assert ref.simulated(direction, 0.5, 3) == first


def test_a_path_too_long_to_simulate_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^c must be at least 0\.002 along amsgrad"):
        ref.simulated(DIRECTIONS["amsgrad"](), 0.001, 3)
