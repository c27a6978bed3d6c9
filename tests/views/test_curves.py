from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lra_ref.views import Band, learning_curves, rate_traces, svg, table_of
from tests.views.drawn import legend, lines, looks, marks

X = np.arange(0.0, 101.0, 10.0)


def falling(factor: float, seeds: int = 5) -> np.ndarray:
    return np.exp(-X / factor) * np.linspace(0.5, 1.5, seeds)[:, None]


def test_the_band_is_median_and_quantiles() -> None:
    values = falling(20.0)
    band = Band.of(X, values)
    assert np.array_equal(band.middle, np.median(values, axis=0))
    assert np.array_equal(band.low, np.quantile(values, 0.1, axis=0))
    assert np.array_equal(band.high, np.quantile(values, 0.9, axis=0))
    single = Band.of(X, values[0])
    assert np.array_equal(single.low, values[0])
    assert np.array_equal(single.high, values[0])


@given(st.lists(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=3, max_size=3), min_size=1, max_size=9))
def test_bands_are_ordered_whatever_fails(values: list[list[float]]) -> None:
    band = Band.of([1.0, 2.0, 3.0], values)
    assert not np.isnan(band.middle).any()
    assert np.all(band.low <= band.middle)
    assert np.all(band.middle <= band.high)


def test_a_failed_seed_is_worse_than_every_other() -> None:
    values = np.array([[1.0], [2.0], [np.nan], [np.inf], [np.inf]])
    band = Band.of([0.0], values)
    assert (band.low[0], band.middle[0], band.high[0]) == (pytest.approx(1.4), np.inf, np.inf)


def test_failures_do_not_move_quantiles_between_others() -> None:
    values = np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0], [8.0, np.inf]])
    band = Band.of([0.0, 1.0], values)
    assert list(band.low) == [pytest.approx(1.3)] * 2
    assert list(band.middle) == [3.0, 3.0]
    assert (np.isfinite(band.high[0]), band.high[1]) == (True, np.inf)


@pytest.mark.parametrize("n", range(1, 8))
def test_the_median_of_a_sweep_is_that_of_a_seed(n: int) -> None:
    values = np.sort(np.random.default_rng(n).normal(size=n))
    for failed in range(n + 1):
        seeds = np.r_[values[: n - failed], np.full(failed, np.nan)]
        # the smallest value that at least half of the seeds do not exceed
        expected = np.r_[values[: n - failed], np.full(failed, np.inf)][-(-n // 2) - 1]
        assert Band.of([0.0], seeds[:, None], method="inverted_cdf").middle[0] == expected
        # by interpolation it is infinite as soon as half of them failed
        assert np.isinf(Band.of([0.0], seeds[:, None]).middle[0]) == (2 * failed >= n)


def test_labels_are_the_numbers_themselves() -> None:
    figure = learning_curves({"a": Band.of(X, 1000.0 + 1e-5 * X)})
    assert ">1000.00050<" in svg(figure)


@pytest.mark.parametrize("level", [10.0, 0.1, -3.0, 0.0])
def test_a_constant_has_an_axis_with_short_labels(level: float) -> None:
    figure = learning_curves({"a": Band.of(X, np.full(X.size, level))})
    low, high = figure.axes[0].get_ylim()
    assert low < level < high
    assert max(len(label.get_text()) for label in figure.axes[0].get_yticklabels()) <= 6


def test_records_with_null() -> None:
    band = Band.record([0, 1], {"low": [1, 2], "median": [2, None], "high": [None, None]})
    assert list(band.low) == [1.0, 2.0]
    assert np.isnan(band.middle[1])


def test_every_method_has_its_line_and_the_axis_its_scale() -> None:
    figure = learning_curves({"slow": Band.of(X, falling(50.0)), "fast": Band.of(X, falling(8.0))}, title="t", marks={"bound": 0.3})
    axes = figure.axes[0]
    shown = lines(figure)
    assert np.allclose(shown["fast"][:, 1], np.exp(-X / 8.0))
    assert axes.get_yscale() == "log"
    assert axes.get_title() == "t"
    assert legend(figure) == ["slow", "fast", "bound"]
    assert len(set(looks(figure))) == 3
    low, high = axes.get_ylim()
    assert low < 0.5 * np.exp(-100 / 8.0) < 1.5 < high
    assert len(axes.collections) == 2


def test_values_that_are_not_positive_have_a_linear_axis() -> None:
    figure = learning_curves({"a": Band.of(X, falling(20.0) - 0.5)})
    assert figure.axes[0].get_yscale() == "linear"
    assert learning_curves({"a": Band.of(X, np.linspace(3.0, -2.0, 11))}).axes[0].get_yscale() == "linear"
    assert learning_curves({"a": Band.of(X, falling(8.0))}, log_y=False).axes[0].get_yscale() == "linear"


def test_grids_over_decades_have_a_logarithmic_axis() -> None:
    x = np.geomspace(1, 1e5, 60)
    values = 1 / x
    assert learning_curves({"a": Band.of(x, values)}).axes[0].get_xscale() == "log"
    assert learning_curves({"a": Band.of(np.linspace(0, 1e5, 60), values)}).axes[0].get_xscale() == "linear"


def test_a_run_that_ends_has_a_cross() -> None:
    values = falling(20.0)
    values[:, 6:] = np.nan
    figure = learning_curves({"stops": Band.of(X, values), "goes on": Band.of(X, falling(30.0))})
    (cross,) = marks(figure, "x")
    assert cross == (X[5], np.median(values[:, 5]))
    assert np.isnan(lines(figure)["stops"][6:, 1]).all()


def test_an_explosion_does_not_squeeze_the_others() -> None:
    values = falling(20.0)
    huge = np.exp(X) * np.ones((3, 1)) * 1e10
    low, high = learning_curves({"fine": Band.of(X, values), "huge": Band.of(X, huge)}).axes[0].get_ylim()
    assert low < 1e-2
    assert high < 1e22


@pytest.mark.parametrize("values", [np.zeros(11), np.full(11, np.nan), np.full(11, 1e300), np.full(11, -2.0)])
def test_awkward_values_are_drawn(values: np.ndarray) -> None:
    from lra_ref.views import svg

    assert svg(learning_curves({"a": Band.of(X, values)})).startswith("<?xml")


def test_the_table_holds_what_was_given() -> None:
    band = Band.of(X, falling(20.0))
    table = table_of(rate_traces({"a": band}))
    assert table.header == ("series", "gradient evaluations", "low", "middle", "high")
    assert table.rows[3] == ("a", X[3], band.low[3], band.middle[3], band.high[3])
    assert rate_traces({"a": band}).axes[0].get_ylabel() == "rate η"


def test_no_curve_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one curve, got none"):
        learning_curves({})
