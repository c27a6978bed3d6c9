from __future__ import annotations

import numpy as np
import pytest

from lra_ref import make_problem
from lra_ref.views import table_of, trajectories
from tests.views.drawn import legend, lines, marks

PATH = np.array([[-1.2, 1.0], [-1.0, 1.1], [-0.5, 0.3], [0.2, 0.1]])


def bowl(x: np.ndarray) -> np.ndarray:
    return np.sum(x**2, axis=-1)


def test_paths_lie_over_the_contours_of_the_problem() -> None:
    problem = make_problem("rosenbrock")
    figure = trajectories(problem.value, {"gala": PATH, "sgd": PATH[:2]}, minimisers=[(1.0, 1.0)])
    assert np.array_equal(lines(figure)["gala"], PATH)
    assert legend(figure) == ["gala", "sgd", "start", "minimiser"]
    left, right = figure.axes[0].get_xlim()
    assert left < -1.2 < 1.0 < right
    assert len(figure.axes[0].collections) >= 1
    assert table_of(figure).rows[1] == ("gala", 1, -1.0, 1.1)


def test_a_contour_is_where_the_function_is_constant() -> None:
    figure = trajectories(bowl, {"a": np.array([[1.0, 0.5], [0.0, 0.0]])})
    contours = figure.axes[0].collections[0]
    radii = [np.hypot(*part.vertices.T) for path in contours.get_paths() for part in [path] if len(path.vertices)]
    # one level may have several pieces; each piece of the bowl is (part of) a circle
    spread = [np.ptp(radius) / radius.mean() for radius in radii if radius.mean() > 0.3]
    assert spread
    assert max(spread) < 0.05


def test_a_path_ends_with_a_cross_where_it_stops_being_finite() -> None:
    broken = np.vstack([PATH, [[np.nan, 0.0]], PATH[:1]])
    figure = trajectories(bowl, {"a": broken})
    assert np.array_equal(lines(figure)["a"], PATH)
    assert marks(figure, "x") == [tuple(PATH[-1])]
    assert marks(trajectories(bowl, {"a": PATH}), "x") == []


def test_a_path_that_runs_away_does_not_decide_the_window() -> None:
    away = np.array([[-1.2, 1.0], [1e3, 0.0], [-1e9, 1e9]])
    left, right = trajectories(bowl, {"a": PATH, "away": away, "b": PATH}).axes[0].get_xlim()
    assert -5 < left < -1.2
    assert 0.2 < right < 5


def test_a_window_can_be_chosen() -> None:
    axes = trajectories(bowl, {"a": PATH}, window=(-2, 2, -3, 3)).axes[0]
    assert (*axes.get_xlim(), *axes.get_ylim()) == (-2, 2, -3, 3)


def test_a_path_that_stands_still_and_a_flat_function() -> None:
    assert trajectories(lambda x: np.zeros(len(x)), {"a": np.zeros((3, 2))}).axes[0].get_xlim()[0] < 0


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ({}, "at least one path"),
        ({"a": np.zeros((3, 3))}, r"a: a path must have shape \(steps, 2\), got \(3, 3\)"),
        ({"a": np.zeros((0, 2))}, "a: a path must have shape"),
        ({"a": np.array([[np.nan, 0.0]])}, "a: the first point must be finite"),
    ],
)
def test_what_is_refused(paths: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trajectories(bowl, paths)
