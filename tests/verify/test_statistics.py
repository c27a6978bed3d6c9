"""Confidence limits: exact cases, and error rates by simulation at fixed seeds with derived thresholds."""

import numpy as np
import pytest
from scipy import stats

from lra_ref.verify import Expectation, Verdict
from lra_ref.verify.fits import loglog_slope
from lra_ref.verify.statistics import (
    correlation,
    jackknife,
    kolmogorov_limits,
    mean_limits,
    median_limits,
    share,
    steady_mean,
    variance_values,
)


def most(trials, probability, level=1e-6):
    """How many of independent trials of a probability are still within chance, at the stated false-alarm level."""
    return stats.binom.isf(level, trials, probability)


def test_the_shares_of_all_looks_stay_below_the_budget():
    shares = [share(1e-3, look) for look in range(50)]
    assert shares[0] == 5e-4
    assert sum(shares) < 1e-3 * (1 + 1e-12)


def test_limits_of_data_that_do_not_vary_are_the_data():
    for value in (0.1, -3.7e-300, 1e300):
        mean, low, high = mean_limits(np.full((33, 2), value), 1e-3)
        assert np.all(mean == value)
        assert np.all(low == value)
        assert np.all(high == value)
    assert np.isinf(mean_limits(np.ones((1, 1)), 1e-3)[1]).all()
    assert steady_mean(np.array([1.0, 2.0, 6.0])) == 3.0


def test_symmetric_data_have_students_limits():
    # skewness zero: Hall's limits are Student's
    data = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0]] * 4)
    mean, low, high = mean_limits(data, 0.01)
    width = stats.t.isf(0.01, 19) * data.std(ddof=1) / np.sqrt(20)
    # about twenty rounded operations
    assert low[0] == pytest.approx(-width, rel=20 * np.finfo(float).eps)
    assert high[0] == pytest.approx(width, rel=20 * np.finfo(float).eps)
    assert mean[0] == 0


def test_limits_scale_and_mirror_with_the_data():
    data = np.random.default_rng(0).exponential(size=(50, 1))
    mean, low, high = mean_limits(data, 1e-3)
    # by powers of two and with the sign: the same operations on the same significands
    for factor in (2.0**-900, 2.0**900):
        assert mean_limits(data * factor, 1e-3) == (mean * factor, low * factor, high * factor)
    assert mean_limits(-data, 1e-3) == (-mean, -high, -low)


LAWS = {
    # law, mean, admitted multiple of the nominal error (with 1e6 trials the worse side has 0.86, 0.58 and 1.72 of it)
    "normal": (lambda rng, shape: rng.standard_normal(shape), 0.0, 1.0),
    "uniform": (lambda rng, shape: rng.random(shape), 0.5, 1.0),
    "exponential": (lambda rng, shape: rng.exponential(size=shape), 1.0, 2.0),
}


@pytest.mark.parametrize("law", LAWS)
def test_the_error_of_the_limits_at_64_seeds(law):
    draw, mean, multiple = LAWS[law]
    trials, alpha = 100_000, 1e-3
    _, low, high = mean_limits(draw(np.random.default_rng(5), (64, trials)), alpha)
    for wrong in (low > mean, high < mean):
        assert wrong.sum() <= most(trials, multiple * alpha)


def decide(rng, mean, draw, first=32, looks=4, alpha=1e-3, prefixes=2):
    """The sequential rule on fresh data, as a verification runs it."""
    sides = None
    for number in range(looks):
        count = first if number == 0 else sides.seeds
        values = draw(rng, (count, prefixes)) + mean
        more = Expectation(lhs=values, rhs=0.0, scale=np.abs(values), operations=1)
        sides = more if sides is None else sides.merged(more)
        verdict = sides.judge(share(alpha, number)).verdict
        if verdict is not Verdict.UNDECIDED:
            return verdict, number
    return Verdict.UNDECIDED, looks - 1


def test_the_sequential_rule_keeps_its_error_budget_under_the_null():
    # mean exactly 0 at both prefixes: either verdict would be claimed with probability at most alpha in all looks together
    rng, trials, alpha = np.random.default_rng(6), 1500, 0.02
    verdicts = [decide(rng, 0.0, LAWS["normal"][0], alpha=alpha)[0] for _ in range(trials)]
    assert verdicts.count(Verdict.VIOLATED) <= most(trials, alpha)
    assert verdicts.count(Verdict.HOLDS) <= most(trials, alpha)
    assert verdicts.count(Verdict.UNDECIDED) >= trials - 2 * most(trials, alpha)


def test_the_sequential_rule_decides_when_there_is_something_to_see():
    # an effect of 0.35 standard deviations: 5.6 standard errors at the last of four looks (256 seeds), where the limits are
    # about 4 away (alpha / 2 / 16): missed with probability below P(z < -1.6) = 0.06 per prefix, and violated is enough at one
    rng = np.random.default_rng(7)
    raised = [decide(rng, 0.35, LAWS["normal"][0]) for _ in range(100)]
    assert all(verdict is not Verdict.HOLDS for verdict, _ in raised)
    assert sum(verdict is Verdict.VIOLATED for verdict, _ in raised) >= 100 - most(100, 0.06)
    lowered = [decide(rng, -0.5, LAWS["normal"][0])[0] for _ in range(100)]
    assert Verdict.VIOLATED not in lowered
    # -0.5: 8 standard errors against 4, missed with probability below P(z < -4) per prefix
    assert lowered.count(Verdict.HOLDS) >= 100 - most(100, 2 * stats.norm.sf(4))


def test_variance_values_are_the_jackknife():
    data = np.random.default_rng(8).standard_normal(30)
    direct = jackknife(lambda rows: np.var(rows, ddof=1), data)
    # each pseudo-value is a difference of numbers 30 times the variance, from about 30 operations: 30 * 30 * eps of it
    assert variance_values(data) == pytest.approx(direct, rel=0, abs=900 * np.finfo(float).eps * 2)
    assert np.isnan(variance_values(data[:2])).all()


def test_the_correlation_of_dependent_columns():
    assert correlation(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])) == pytest.approx(1, rel=8 * np.finfo(float).eps)
    assert np.isnan(correlation(np.array([[1.0, 2.0], [1.0, 4.0]])))


def test_median_limits_are_exact():
    # P(the smallest of 10 exceeds the median) = 2^-10; of the two smallest 11 / 1024
    data = np.arange(10.0)
    assert median_limits(data, 2.0**-10) == (4.5, 0.0, 9.0)
    assert median_limits(data, 11 / 1024) == (4.5, 1.0, 8.0)
    assert median_limits(data, 2.0**-11) == (4.5, -np.inf, np.inf)


def test_kolmogorov_distance_is_scipys_and_its_limits_hold():
    rng = np.random.default_rng(9)
    data = rng.standard_normal(200)
    distance, low, high = kolmogorov_limits(data, stats.norm.cdf, 0.01)
    assert distance == stats.kstest(data, "norm").statistic
    assert low <= distance <= high
    # the true law's distance from itself is 0: the lower limit is positive with probability at most alpha
    wrong = sum(kolmogorov_limits(rng.random(50), lambda x: x, 0.05)[1] > 0 for _ in range(2000))
    assert wrong <= most(2000, 0.05)


def test_slopes_of_powers_are_exact_and_their_limits_cover():
    x = np.geomspace(10, 1000, 7)
    exact = loglog_slope(x, 3 * x[np.newaxis] ** -0.25, 1e-3)
    # seven logarithms of size up to 7, weights of size 1 / 10
    assert exact.value == pytest.approx(-0.25, rel=0, abs=50 * np.finfo(float).eps)
    assert exact.low <= exact.value <= exact.high
    assert exact.early == pytest.approx(exact.late, rel=0, abs=100 * np.finfo(float).eps)
    rng, trials, alpha = np.random.default_rng(10), 300, 0.01
    wrong = 0
    for _ in range(trials):
        found = loglog_slope(x, x**-0.25 * (1 + 0.3 * rng.standard_normal((40, 7))), alpha)
        wrong += found.low > -0.25 or found.high < -0.25
    assert wrong <= most(trials, 2 * alpha)


def test_slopes_that_differ_between_seeds_widen_the_limits():
    # every seed is a clean line of a slope of its own, so there is no misfit to see; linear in the noise, so the mean is exact
    x, rng, trials, alpha = np.geomspace(10, 1000, 7), np.random.default_rng(11), 300, 0.01
    tilt = 0.1 * (np.log(x) - np.mean(np.log(x)))
    wrong = 0
    for _ in range(trials):
        found = loglog_slope(x, x**-0.25 * (1 + tilt * rng.standard_normal((40, 1))), alpha)
        wrong += found.low > -0.25 or found.high < -0.25
    assert wrong <= most(trials, 2 * alpha)
