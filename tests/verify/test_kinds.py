"""Every kind of statement: one that is true, one that is false, one that cannot be decided, and numbers that are not finite."""

import numpy as np
import pytest
from scipy import stats

from lra_ref.verify import (
    MACHEPS,
    Bound,
    Distribution,
    Expectation,
    Fit,
    Identity,
    Invariance,
    Moment,
    Rate,
    Verdict,
    WorstCase,
    bound_times,
)
from lra_ref.verify.kinds import KINDS
from lra_ref.verify.statistics import mean_limits

ALPHA = 1e-3
WALK = np.cumsum(np.random.default_rng(1).random((3, 40)), axis=1)
NOISE = np.random.default_rng(2).standard_normal((4096, 2))
HORIZONS = np.array([10.0, 20, 40, 80, 160, 320])


def identity(error):
    return Identity(lhs=WALK, rhs=WALK * (1 + error), scale=2 * WALK, operations=np.arange(1, 41), factor=2.0)


def test_an_identity_holds_up_to_its_allowance_and_is_violated_beyond():
    # the allowance at the first prefix is 2 * 1 * eps * 2 |walk|: an error of 4 eps is within, one of 5 eps is not
    assert identity(4 * MACHEPS).judge(ALPHA).verdict is Verdict.HOLDS
    outcome = identity(5 * MACHEPS).judge(ALPHA)
    assert outcome.verdict is Verdict.VIOLATED
    assert outcome.where is not None
    assert outcome.where[1] == 0
    assert outcome.margin < 0


def test_a_bound_finds_its_worst_place_and_tightness_where_both_sides_are_positive():
    lhs = np.array([[-1.0, 0.9, -3.0], [0.5, 0.2, 1.0]])
    outcome = Bound(lhs=lhs, rhs=1.0, scale=np.abs(lhs) + 1, operations=1).judge(ALPHA)
    assert (outcome.verdict, outcome.where, outcome.tightness) == (Verdict.HOLDS, (1, 2), 1.0)
    below = Bound(lhs=lhs - 1e-15, rhs=1.0 - 1e-12, scale=np.abs(lhs) + 1, operations=1).judge(ALPHA)
    assert (below.verdict, below.where, below.lhs) == (Verdict.VIOLATED, (1, 2), 1 - 1e-15)


def test_a_bound_reports_a_violated_place_before_an_allowed_one_with_less_slack():
    # place 0 lies 1e-9 of its scale above the bound, which is allowed there; place 1 only 1e-10, which is not
    outcome = Bound(lhs=[[1e-9, 1e-10]], rhs=0.0, scale=1.0, operations=[[1e8, 1.0]]).judge(ALPHA)
    assert (outcome.verdict, outcome.where) == (Verdict.VIOLATED, (0, 1))


def test_a_bound_of_zero_scale_holds_only_for_zeros():
    assert Bound(lhs=np.zeros((1, 2)), rhs=0.0, scale=0.0, operations=5).judge(ALPHA).verdict is Verdict.HOLDS
    assert Bound(lhs=np.full((1, 2), 1e-300), rhs=0.0, scale=0.0, operations=5).judge(ALPHA).verdict is Verdict.VIOLATED


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["lhs", "rhs", "scale"])
@pytest.mark.parametrize("kind", [Identity, Bound, Expectation])
def test_numbers_that_are_not_finite_never_hold(kind, side, bad):
    sides = {"lhs": np.zeros((32, 3)), "rhs": np.ones((32, 3)), "scale": np.ones((32, 3))}
    if kind is Identity:
        sides["rhs"] = np.zeros((32, 3))
    if side != "scale" or bad > 0 or np.isnan(bad):
        sides[side] = sides[side].copy()
        sides[side][5, 1] = bad
        outcome = kind(**sides, operations=3).judge(ALPHA)
        assert outcome.verdict is Verdict.UNDECIDED
        assert not outcome.finite
        assert any("non-finite" in note for note in outcome.notes)


def test_a_violation_beside_a_nan_is_a_violation():
    lhs = np.array([[np.nan, 2.0]])
    assert Bound(lhs=lhs, rhs=1.0, scale=3.0, operations=1).judge(ALPHA).verdict is Verdict.VIOLATED


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ({"lhs": 1.0, "rhs": 1.0, "scale": 1.0, "operations": 1}, "scalars"),
        ({"lhs": np.zeros((2, 0)), "rhs": 0.0, "scale": 1.0, "operations": 1}, "nothing was checked"),
        ({"lhs": np.zeros((2, 3)), "rhs": np.zeros((2, 4)), "scale": 1.0, "operations": 1}, "broadcast"),
        ({"lhs": np.zeros((2, 3)), "rhs": 0.0, "scale": -1.0, "operations": 1}, "scale must be >= 0"),
        ({"lhs": np.zeros((2, 3)), "rhs": 0.0, "scale": 1.0, "operations": 1, "factor": 0}, "factor must be > 0"),
        ({"lhs": np.zeros((2, 3), dtype=complex), "rhs": 0.0, "scale": 1.0, "operations": 1}, "real numbers"),
        ({"lhs": np.zeros((2, 3)), "rhs": 0.0, "scale": 1.0, "operations": 1, "at": [1, 2]}, "at must name the 3 prefixes"),
    ],
)
def test_malformed_sides_are_refused(sides, message):
    with pytest.raises(ValueError, match=message):
        Bound(**sides)


def expectation(mean, seeds=1024, **more):
    values = NOISE[:seeds] + mean
    return Expectation(lhs=values, rhs=0.0, scale=np.abs(values), operations=3, **more)


def test_a_bound_in_expectation_is_decided_by_its_confidence_limits():
    # the standard error is 1/32; 0.2 is more than six of them away from 0
    assert expectation(-0.2).judge(ALPHA).verdict is Verdict.HOLDS
    assert expectation(0.2).judge(ALPHA).verdict is Verdict.VIOLATED
    assert expectation(0.0).judge(ALPHA).verdict is Verdict.UNDECIDED


def test_one_prefix_that_fails_is_enough():
    values = NOISE[:1024] + np.array([-0.3, 0.3])
    outcome = Expectation(lhs=values, rhs=0.0, scale=np.abs(values), operations=3, at=[10, 20]).judge(ALPHA)
    assert (outcome.verdict, outcome.where) == (Verdict.VIOLATED, (0, 1))


def test_the_error_probability_is_split_over_prefixes_and_over_moments():
    column = NOISE[:64, 0]
    table = np.stack([column] * 4, axis=1)
    (estimate,) = Expectation(lhs=table, rhs=0.0, scale=1.0, operations=1).judge(ALPHA).estimates
    assert [estimate.value, estimate.low, estimate.high] == [limit[0] for limit in mean_limits(table, ALPHA / 4)]
    moments = [Moment(name, column, 0.0, 1.0) for name in "abcd"]
    for estimate in Distribution(moments=moments).judge(ALPHA).estimates:
        # equality: both limits can be wrong
        assert (estimate.value, estimate.low, estimate.high) == tuple(mean_limits(column, ALPHA / 4 / 2))


def test_few_seeds_decide_nothing_even_if_they_agree():
    assert Expectation(lhs=-np.ones((15, 2)), rhs=0.0, scale=1.0, operations=1).judge(ALPHA).verdict is Verdict.UNDECIDED
    assert Expectation(lhs=-np.ones((16, 2)), rhs=0.0, scale=1.0, operations=1).judge(ALPHA).verdict is Verdict.HOLDS


def test_expectations_merge_seeds_but_not_other_prefixes():
    whole = expectation(-0.2)
    first, second = (Expectation(lhs=part, rhs=0.0, scale=np.abs(part), operations=3) for part in np.split(whole.lhs, 2))
    merged = first.merged(second)
    assert merged.seeds == 1024
    assert merged.judge(ALPHA) == whole.judge(ALPHA)
    with pytest.raises(ValueError, match="fixed in advance"):
        whole.merged(expectation(0, at=[5, 6]))


def moment(value, tol, seeds=4096, **more):
    return Distribution(moments=[Moment("m", NOISE[:seeds, 0], value, tol, **more)]).judge(ALPHA).verdict


def test_equality_needs_the_interval_inside_the_tolerance():
    # the standard error is 1/64 and the limits are about 3.3 of them, 0.05, away
    assert moment(0.0, 0.2) is Verdict.HOLDS
    assert moment(0.5, 0.2) is Verdict.VIOLATED
    assert moment(0.0, 0.01) is Verdict.UNDECIDED
    # further off than the tolerance, but not beyond doubt
    assert moment(0.02, 0.001) is Verdict.UNDECIDED
    # beyond doubt not equal, but closer than the tolerance
    assert moment(0.15, 0.16) is Verdict.UNDECIDED
    assert moment(-0.15, 0.16) is Verdict.UNDECIDED


def test_one_sided_moments():
    assert moment(0.5, 0.0, side="at most") is Verdict.HOLDS
    assert moment(0.5, 0.0, side="at least") is Verdict.VIOLATED
    assert moment(-0.5, 0.0, side="at most") is Verdict.VIOLATED
    assert moment(-0.5, 0.0, side="at least") is Verdict.HOLDS
    assert moment(0.0, 0.0, side="at most") is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("statistic", "samples", "true", "false"),
    [
        ("variance", NOISE[:, 0], 1.0, 1.5),
        ("median", NOISE[:, 0], 0.0, 0.3),
        ("correlation", NOISE[:512] @ np.array([[1.0, 0.6], [0.0, 0.8]]), 0.6, 0.1),
    ],
)
def test_other_statistics(statistic, samples, true, false):
    for value, expected in ((true, Verdict.HOLDS), (false, Verdict.VIOLATED)):
        assert Distribution(moments=[Moment("m", samples, value, 0.2, statistic)]).judge(ALPHA).verdict is expected


def test_goodness_of_fit():
    for law, expected in ((stats.norm.cdf, Verdict.HOLDS), (stats.norm(0.5, 1).cdf, Verdict.VIOLATED)):
        assert Distribution(moments=[Fit("law", NOISE[:, 0], law, 0.1)]).judge(ALPHA).verdict is expected
    assert Distribution(moments=[Fit("law", NOISE[:100, 0], stats.norm.cdf, 0.1)]).judge(ALPHA).verdict is Verdict.UNDECIDED


def test_a_distribution_is_as_good_as_its_worst_moment():
    good, bad = Moment("good", NOISE[:, 0], 0, 0.2), Moment("bad", NOISE[:, 1], 1, 0.2)
    outcome = Distribution(moments=[good, bad]).judge(ALPHA)
    assert (outcome.verdict, outcome.rhs) == (Verdict.VIOLATED, 1)
    assert [estimate.name for estimate in outcome.estimates] == ["good", "bad"]


def test_moments_with_nan_never_hold():
    samples = NOISE[:, 0].copy()
    samples[7] = np.nan
    for entry in (Moment("m", samples, 0, 0.5), Fit("law", samples, stats.norm.cdf, 0.5)):
        outcome = Distribution(moments=[entry]).judge(ALPHA)
        assert (outcome.verdict, outcome.finite) == (Verdict.UNDECIDED, False)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Moment("m", np.zeros((3, 2)), 0, 1), "1 axes"),
        (lambda: Moment("m", np.zeros(3), 0, 1, "mode"), "statistic of moment"),
        (lambda: Moment("m", np.zeros(3), 0, -1), "tol of moment"),
        (lambda: Distribution(moments=[]), "at least one moment"),
        (lambda: Distribution(moments=[Moment("m", np.zeros(3), 0, 1), Moment("n", np.zeros(4), 0, 1)]).seeds, "one sample per seed"),
        (lambda: Rate(horizons=[1, 2], values=np.ones((1, 2)), exponent=0, tol=0), "at least 3"),
        (lambda: Rate(horizons=[1, 2, 3], values=np.ones((1, 2)), exponent=0, tol=0), "one column per horizon"),
        (lambda: WorstCase(primal=None, dual=None, bound=1, tol=0), "needs a primal or a dual"),
        (lambda: Invariance(first=np.zeros(3), second=np.zeros(4)), "equal shapes"),
    ],
)
def test_malformed_data_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def power(exponent, seeds=256, **more):
    # multiplicative noise of coefficient of variation 0.3: the slope's standard error is about 0.3 / sqrt(256) / 2.5 = 0.008
    values = HORIZONS**exponent * (1 + 0.3 * np.random.default_rng(3).standard_normal((seeds, 6)))
    return Rate(horizons=HORIZONS, values=values, **{"exponent": -0.5, "tol": 0.1, **more}).judge(ALPHA)


def test_rates():
    assert power(-0.5).verdict is Verdict.HOLDS
    assert power(-0.8).verdict is Verdict.HOLDS
    assert power(-0.8, side="equal").verdict is Verdict.VIOLATED
    assert power(-0.2).verdict is Verdict.VIOLATED
    assert power(-0.2, side="at least").verdict is Verdict.HOLDS
    # the slope's limits are about 0.03 away: just within and just beyond the tolerance nothing is decided
    for exponent in (-0.41, -0.39):
        outcome = power(exponent)
        assert (outcome.verdict, outcome.lhs > -0.4) == (Verdict.UNDECIDED, exponent > -0.4)


def test_a_rate_with_noise_needs_seeds():
    for seeds, verdict in ((15, Verdict.UNDECIDED), (16, Verdict.HOLDS)):
        values = HORIZONS**-0.5 * (1 + 1e-6 * NOISE[:seeds, :1])
        assert Rate(horizons=HORIZONS, values=values, exponent=-0.5, tol=0.1).judge(ALPHA).verdict is verdict


def test_a_rate_with_a_bound_checks_the_bound_too():
    assert power(-0.5, bound=2 * HORIZONS**-0.5).verdict is Verdict.HOLDS
    outcome = power(-0.5, bound=0.5 * HORIZONS**-0.5)
    assert outcome.verdict is Verdict.VIOLATED
    assert outcome.tightness == pytest.approx(2, abs=6 * 2 * 0.3 / 16)  # six standard errors of 2 (1 + 0.3 / sqrt(256) z)


def test_means_above_their_bound_but_not_beyond_doubt_are_undecided():
    outcome = power(-0.5, bound=HORIZONS**-0.5)
    assert outcome.tightness > 1
    assert outcome.verdict is Verdict.UNDECIDED


def test_a_rate_without_noise_needs_one_seed_and_its_misfit_counts():
    exact = Rate(horizons=HORIZONS, values=HORIZONS[np.newaxis] ** -0.5, exponent=-0.5, tol=1e-9).judge(ALPHA)
    assert exact.verdict is Verdict.HOLDS
    bent = HORIZONS[np.newaxis] ** -0.5 * (1 + 0.5 * (HORIZONS > 50))
    assert Rate(horizons=HORIZONS, values=bent, exponent=-0.5, tol=0.2).judge(ALPHA).verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_rate_of_unusable_values_is_undecided(bad):
    values = np.ones((32, 6))
    values[:, 2] = bad
    outcome = Rate(horizons=HORIZONS, values=values, exponent=0, tol=1).judge(ALPHA)
    assert (outcome.verdict, outcome.finite) == (Verdict.UNDECIDED, False)


@pytest.mark.parametrize(
    ("primal", "dual", "bound", "verdict"),
    [
        (1.0, 1.0 + 1e-8, 1.0, Verdict.HOLDS),
        (1.0, 1.0 + 1e-8, 0.9, Verdict.VIOLATED),
        (0.8, 1.0, 0.9, Verdict.UNDECIDED),
        (0.8, None, 0.9, Verdict.UNDECIDED),  # a search guarantees nothing
        (1.0, None, 0.9, Verdict.VIOLATED),
        (None, 0.8, 0.9, Verdict.HOLDS),
        (1.0, 0.8, 0.9, Verdict.UNDECIDED),  # inconsistent
        (np.nan, 0.8, 0.9, Verdict.UNDECIDED),
        (0.8, 0.8, np.inf, Verdict.UNDECIDED),
    ],
)
def test_worst_cases(primal, dual, bound, verdict):
    assert WorstCase(primal=primal, dual=dual, bound=bound, tol=1e-7).judge(ALPHA).verdict is verdict


def test_invariance_bit_for_bit_and_in_ulps():
    other = np.nextafter(WALK, np.inf)
    assert Invariance(first=WALK, second=WALK.copy()).judge(ALPHA).verdict is Verdict.HOLDS
    assert Invariance(first=WALK, second=other).judge(ALPHA).verdict is Verdict.VIOLATED
    assert Invariance(first=WALK, second=other, ulps=1).judge(ALPHA).verdict is Verdict.HOLDS
    assert Invariance(first=WALK, second=np.nextafter(other, np.inf), ulps=1).judge(ALPHA).verdict is Verdict.VIOLATED
    # differences up to 23e-12 against 10 units of 2.2e-16 times the scale
    assert Invariance(first=WALK, second=WALK * (1 + 1e-12), ulps=10, scale=1e5).judge(ALPHA).verdict is Verdict.HOLDS
    assert Invariance(first=WALK, second=WALK * (1 + 1e-12), ulps=10, scale=1e3).judge(ALPHA).verdict is Verdict.VIOLATED
    assert Invariance(first=np.zeros((1, 1)), second=-np.zeros((1, 1))).judge(ALPHA).verdict is Verdict.VIOLATED


def test_invariance_of_numbers_that_are_not_finite():
    both = np.array([[1.0, np.nan]])
    assert Invariance(first=both, second=both.copy()).judge(ALPHA).verdict is Verdict.UNDECIDED
    assert Invariance(first=both, second=np.ones((1, 2))).judge(ALPHA).verdict is Verdict.VIOLATED
    assert Invariance(first=both, second=np.ones((1, 2)), ulps=5).judge(ALPHA).verdict is Verdict.VIOLATED


def test_bound_times_shrinks_the_right_hand_side_only():
    whole = bound_times(0.5, lambda _: Bound(lhs=WALK, rhs=WALK * 1.5, scale=WALK * 2.5, operations=2))(None)
    assert whole.judge(ALPHA).verdict is Verdict.VIOLATED
    assert np.array_equal(whole.scale, WALK * 2.5)
    with pytest.raises(TypeError, match="right-hand side"):
        bound_times(0.5, lambda _: WorstCase(primal=1, dual=1, bound=1, tol=0))(None)


def test_sides_without_seeds_or_growth_say_so():
    assert WorstCase(primal=1, dual=1, bound=1, tol=0).seeds is None
    with pytest.raises(TypeError, match="does not grow"):
        identity(0).merged(identity(0))


def test_every_kind_has_a_name_and_series_of_plain_data():
    assert set(KINDS) == {
        "identity", "pathwise bound", "bound in expectation", "distribution", "rate", "worst case", "invariance", "refutation",
    }  # fmt: skip
    series = identity(0).series()
    assert len(series["x"]) == len(series["lhs"]["mean"]) == 40
    assert isinstance(series["lhs"]["mean"][0], float)


def test_numbers_that_underflow_are_allowed_one_subnormal_per_operation():
    tiny = 2.0**-1074
    # near 1e-322 a number has five bits: no multiple of macheps covers one rounding
    for off, verdict in ((3, Verdict.HOLDS), (5, Verdict.VIOLATED)):
        sides = Bound(lhs=np.full((1, 1), (20 + off) * tiny), rhs=np.full((1, 1), 20 * tiny), scale=40 * tiny, operations=4.0)
        assert sides.judge(0.001).verdict is verdict
