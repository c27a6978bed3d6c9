from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lra_ref.views import data_profile, first_solved, performance_profile, performance_ratios, solved_share, table_of
from tests.views.drawn import lines

COSTS = {"a": [10.0, 20.0, None, 40.0], "b": [20.0, 10.0, np.inf, np.nan], "c": [40.0, 40.0, np.nan, 10.0]}


def test_ratios_are_to_the_best_of_the_problem() -> None:
    ratios = performance_ratios(COSTS)
    assert ratios["a"].tolist() == [1.0, 2.0, np.inf, 4.0]
    assert ratios["b"].tolist() == [2.0, 1.0, np.inf, np.inf]
    assert ratios["c"].tolist() == [4.0, 4.0, np.inf, 1.0]


def test_shares_count_every_problem() -> None:
    at, share = solved_share([30.0, None, 10.0, 30.0])
    assert at.tolist() == [10.0, 30.0, 30.0]
    assert share.tolist() == [0.25, 0.5, 0.75]
    assert solved_share([None, None])[0].size == 0


def value_at(line: np.ndarray, x: float) -> float:
    """A staircase at x, from its points."""
    return float(line[np.flatnonzero(line[:, 0] <= x)[-1], 1])


def test_the_performance_profile_is_the_share_within_a_factor() -> None:
    figure = performance_profile(COSTS)
    shown = lines(figure)
    for name, ratio in performance_ratios(COSTS).items():
        for tau in (1.0, 1.5, 2.0, 3.0, 4.0, 4.5):
            assert value_at(shown[name], tau) == np.mean(ratio <= tau)
    assert figure.axes[0].get_ylabel() == "share of 4 problems"
    # between its points a line keeps the height of the one before
    assert {line.get_drawstyle() for line in figure.axes[0].lines} == {"steps-post"}
    assert table_of(figure).rows[1] == ("a", 1, 20.0, 2.0)


@given(st.lists(st.one_of(st.none(), st.floats(0.1, 1e6)), min_size=1, max_size=12))
def test_the_data_profile_is_the_share_within_a_budget(costs: list[float | None]) -> None:
    figure = data_profile({"a": costs}, lowest=0.05, budget=2e6)
    line = lines(figure)["a"]
    numbers = np.array([np.inf if cost is None else cost for cost in costs])
    for budget in (0.05, 1.0, 500.0, 1e6):
        assert value_at(line, budget) == np.mean(numbers <= budget)
    assert np.all(np.diff(line[:, 1]) >= 0)


def test_costs_are_counted_in_units() -> None:
    rows = table_of(data_profile({"a": [10.0, 30.0]}, unit=[5.0, 3.0])).rows
    assert rows == [("a", 0, 2.0), ("a", 1, 10.0)]


def test_a_problem_is_solved_at_the_first_value_low_enough() -> None:
    x, values = [0, 1, 2, 3, 4], [10.0, 1.95, 1.9, 3.0, 1.0]
    # best + 0.1 (start - best) = 1.9
    assert first_solved(x, values, start=10.0, best=1.0, tolerance=0.1) == 2.0
    assert first_solved(x, values, start=10.0, best=1.0, tolerance=0.01) == 4.0
    assert first_solved(x, values, start=10.0, best=-50.0, tolerance=0.01) == np.inf
    assert first_solved(x, [10.0, np.nan, None, np.inf, 1.0], start=10.0, best=1.0, tolerance=0.1) == 4.0
    with pytest.raises(ValueError, match=r"tolerance must be in \(0, 1\), got 1"):
        first_solved(x, values, start=10.0, best=1.0, tolerance=1)


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ({}, "at least one method, got none"),
        ({"a": [1.0], "b": [1.0, 2.0]}, "one cost per problem"),
        ({"a": []}, "one cost per problem"),
        ({"a": [0.0]}, "costs must be > 0, got 0 for a"),
    ],
)
def test_what_is_refused(costs: dict, message: str) -> None:
    for view in (performance_profile, data_profile):
        with pytest.raises(ValueError, match=message):
            view(costs)


def test_nothing_solved_is_drawn_at_zero() -> None:
    assert not lines(data_profile({"a": [None, None]}))["a"][:, 1].any()
    assert not lines(performance_profile({"a": [None, None]}))["a"][:, 1].any()
