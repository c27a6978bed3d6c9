from __future__ import annotations

import numpy as np
import pytest

from lra_ref.views import robustness, svg, table_of
from tests.views.drawn import legend, lines, looks, marks

RATES = np.geomspace(1e-4, 1.0, 5)
VALUES = np.array([[4.0, 5.0, 6.0], [1.0, 2.0, 3.0], [0.1, 0.2, 0.3], [0.01, np.inf, 0.03], [np.nan, np.inf, 7.0]])


def test_the_line_is_the_median_and_breaks_where_half_failed() -> None:
    figure = robustness({"sgd": (RATES, VALUES)})
    line = lines(figure)["sgd"]
    assert np.array_equal(line[:, 0], RATES)
    # of three seeds one failed at the fourth rate: the median is the worse of the other two
    assert list(line[:4, 1]) == [5.0, 2.0, 0.2, 0.03]
    assert np.isnan(line[4, 1])
    axes = figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_failures_are_crosses_in_a_row_above_the_axes() -> None:
    figure = robustness({"sgd": (RATES, VALUES), "adam": (RATES, np.abs(np.nan_to_num(VALUES, nan=1.0, posinf=1.0)))})
    crosses = sorted(marks(figure, "x"))
    assert [at for at, _ in crosses] == [RATES[3], RATES[4]]
    assert all(height > 1 for _, height in crosses)
    unnamed = [line for line in figure.axes[0].lines if line.get_marker() == "x" and str(line.get_label()).startswith("_")]
    small, large = sorted(line.get_markersize() for line in unnamed if line.get_xdata().size)
    assert small < large
    assert "half failed or more" in legend(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == ["sgd"]


def test_rows_of_failures_take_no_room_from_the_axes() -> None:
    def inches(methods: int) -> float:
        figure = robustness({f"m{k}": (RATES, VALUES) for k in range(methods)})
        return float(figure.axes[0].get_position().height * figure.get_figheight())

    assert inches(12) == pytest.approx(inches(1))


def test_without_failures_there_is_no_row() -> None:
    figure = robustness({"sgd": (RATES, np.ones((5, 3)) * RATES[:, None])})
    assert marks(figure, "x") == []
    assert legend(figure) == ["sgd"]
    assert not figure.axes[0].texts


def test_a_finite_explosion_is_a_triangle() -> None:
    values = VALUES[:, :1].copy()
    values[4] = 1e30
    figure = robustness({"sgd": (RATES, values)})
    assert [at for at, _ in marks(figure, "^")] == [RATES[4]]
    assert figure.axes[0].get_ylim()[1] < 1e8
    assert "above the axis" in legend(figure)


def test_a_run_that_hardly_left_the_start_is_no_explosion() -> None:
    # most come to within rounding of the lowest value
    values = np.array([0.9, 1e-19, 1e-22, 1e-20, 1e-21])
    figure = robustness({"sgd": (RATES, values)}, start=1.0)
    assert marks(figure, "^") == []
    assert lines(figure)["sgd"][0, 1] == 0.9
    low, high = figure.axes[0].get_ylim()
    assert low < 1e-22 < 1.0 < high
    exploded = robustness({"sgd": (RATES, np.where(RATES < 1, values, 1e30))}, start=1.0)
    assert [at for at, _ in marks(exploded, "^")] == [RATES[4]]


def test_a_median_of_zero_stands_at_the_edge() -> None:
    figure = robustness({"sgd": (RATES, [1.0, 0.1, 0.0, 0.001, 0.01]), "hdm": (None, [0.0])})
    bottom = figure.axes[0].get_ylim()[0]
    assert lines(figure)["sgd"][2, 1] == bottom < 0.001
    assert lines(figure)["hdm"][:, 1].tolist() == [bottom, bottom]


def test_half_failed_is_infinite_or_not_as_the_median_is_taken() -> None:
    values = np.array([[1.0, 2.0, np.nan, np.inf]] * 5)
    for method, expected, size, words in (
        ("linear", np.nan, 6.0, "half failed or more"),
        ("inverted_cdf", 2.0, 3.2, "more than half failed"),
    ):
        figure = robustness({"sgd": (RATES, values)}, method=method)
        assert np.array_equal(lines(figure)["sgd"][:, 1], np.full(5, expected), equal_nan=True)
        crosses = [line for line in figure.axes[0].lines if line.get_marker() == "x" and line.get_xdata().size]
        assert [line.get_markersize() for line in crosses] == [size]
        assert words in legend(figure)


def test_one_rate_stands_in_the_middle() -> None:
    for value in (1.0, np.nan):
        low, high = robustness({"sgd": ([0.1], [value])}, start=1.0).axes[0].get_xlim()
        assert low * high == pytest.approx(0.01)
        assert low < 0.1 < high


def test_a_method_without_a_rate_is_a_line_from_edge_to_edge() -> None:
    for rates in (None, [None]):
        figure = robustness({"sgd": (RATES, VALUES), "prodigy": (rates, [1.0, 2.0, 3.0])})
        assert lines(figure)["prodigy"].tolist() == [[RATES[0], 2.0], [RATES[-1], 2.0]]
    alone = robustness({"prodigy": (None, [1.0, 2.0])})
    assert len(lines(alone)["prodigy"]) == 2


def test_rates_in_any_order_and_single_runs() -> None:
    order = [3, 0, 4, 1, 2]
    assert np.array_equal(
        lines(robustness({"a": (RATES[order], VALUES[order])}))["a"], lines(robustness({"a": (RATES, VALUES)}))["a"], equal_nan=True
    )
    single = lines(robustness({"a": (RATES, [5, 4, None, 2, 1])}))["a"]
    assert np.array_equal(single[:, 1], [5, 4, np.nan, 2, 1], equal_nan=True)


def test_methods_differ_in_black_and_white_and_the_start_is_marked() -> None:
    figure = robustness({f"m{k}": (RATES, VALUES + k) for k in range(6)}, start=9.0)
    named = looks(figure)[:6]
    assert len(set(named)) == 6
    assert "at the start" in legend(figure)


def test_the_table_holds_every_seed() -> None:
    table = table_of(robustness({"sgd": (RATES, VALUES), "prodigy": (None, [1.0, 2.0])}))
    assert table.header == ("method", "rate", "seed", "value")
    assert len(table.rows) == 17
    assert table.rows[4] == ("sgd", RATES[1], 1, 2.0)
    assert table.rows[-1] == ("prodigy", None, 1, 2.0)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ({}, "at least one method, got none"),
        ({"a": (RATES, VALUES[:3])}, r"a: values must have shape \(rates, seeds\) with 5 rates, got \(3, 3\)"),
        ({"a": ([0.0, 1.0], [1.0, 2.0])}, "a: rates must be > 0, got 0"),
        ({"a": ([0.1], [[]])}, "a: values must have shape"),
    ],
)
def test_what_is_refused(results: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        robustness(results)


@pytest.mark.parametrize("values", [np.full((5, 2), np.nan), np.zeros((5, 2)), np.full((5, 2), -3.0), np.full((5, 2), 1e250), VALUES - 3.0])
def test_awkward_values_are_drawn(values: np.ndarray) -> None:
    assert svg(robustness({"a": (RATES, values)})).startswith("<?xml")
