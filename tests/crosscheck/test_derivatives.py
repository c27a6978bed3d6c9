"""Numerical derivatives of functions whose derivatives are known: errors are within SAFETY times the estimate, and that is small."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lra_ref.crosscheck.derivatives import EPS, FIRST, LEVELS, RATIO, complex_steps, differences, steps_for
from lra_ref.crosscheck.gradients import SAFETY

SMOOTH = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "cubic": (lambda x: x**3 - x, lambda x: 3 * x**2 - 1),
    "tanh": (np.tanh, lambda x: 1 / np.cosh(x) ** 2),
    "log1p": (lambda x: np.log1p(x * x), lambda x: 2 * x / (1 + x * x)),
    "far away": (lambda x: np.sin(x) + 1e6, np.cos),
}


@pytest.mark.parametrize("name", list(SMOOTH))
def test_the_estimate_bounds_the_error_and_is_near_rounding(name: str) -> None:
    function, slope = SMOOTH[name]
    for x in np.random.default_rng(0).normal(size=(40, 1)) * 3:
        found, error = differences(lambda many: function(many[:, 0]), x, np.eye(1))
        assert abs(found[0] - slope(x)[0]) <= SAFETY * error[0]
        # rounding of F over the largest step of the finest column used; 2^16 is the span of the first nine steps
        size = abs(function(x)[0]) + abs(slope(x)[0] * x[0]) + 1
        assert error[0] <= 2**16 * EPS * size


def test_vectors_and_directions() -> None:
    matrix = np.random.default_rng(1).normal(size=(4, 3))
    directions = np.random.default_rng(2).normal(size=(5, 3))
    found, error = differences(lambda many: many @ matrix.T, np.array([1.0, -2.0, 3.0]), directions)
    assert found.shape == error.shape == (5, 4)
    assert np.all(np.abs(found - directions @ matrix.T) <= SAFETY * error)
    # one output is still a vector if the function says so
    assert differences(lambda many: many[:, :1], np.ones(3), directions)[0].shape == (5, 1)


@pytest.mark.parametrize("level", range(LEVELS - 2))
def test_a_kink_farther_away_than_the_two_smallest_steps_is_no_harm(level: int) -> None:
    distance = 0.3 * FIRST * RATIO**-level
    found, error = differences(lambda many: np.abs(many[:, 0]) + many[:, 0] ** 2, np.array([distance]), np.eye(1))
    assert abs(found[0] - 1 - 2 * distance) <= SAFETY * error[0]
    # the finest steps see no kink: rounding of F ~ distance over the smallest step is what is left
    assert error[0] <= 2**6 * EPS * distance / (FIRST * RATIO ** -(LEVELS - 1)) + 2**6 * EPS


def test_not_finite_entries_are_left_out() -> None:
    with np.errstate(invalid="ignore"):
        found, error = differences(lambda many: np.log(many[:, 0]), np.array([0.05]), np.eye(1))
        assert abs(found[0] - 20) <= SAFETY * error[0] < 1e-6
        _, error = differences(lambda many: np.full(len(many), np.nan), np.array([0.05]), np.eye(1))
    assert np.isinf(error[0])


def test_steps_follow_the_size_of_what_moves() -> None:
    h = steps_for(np.array([1e6, 1e-3]), np.eye(2))
    assert h[1, 0] == FIRST
    assert h[0, 0] == FIRST * 2**20
    assert np.all(h[:, :-1] == RATIO * h[:, 1:])


def test_complex_steps_are_exact_to_rounding() -> None:
    x = np.array([0.3, -2.0, 5.0])
    found = complex_steps(lambda z: np.sum(np.exp(z) * np.sin(z)), x, np.eye(3))
    exact = np.exp(x) * (np.sin(x) + np.cos(x))
    assert found is not None
    # three roundings of terms of size exp(x), here and there
    assert np.all(np.abs(found - exact) <= 8 * EPS * 2 * np.exp(x))


def into_real(z: Any) -> Any:
    y = np.zeros(1)
    y[:] = z * z
    return y[0]


def refuses(z: Any) -> Any:
    if np.iscomplexobj(z):
        raise TypeError("real numbers only")
    return z @ z


@pytest.mark.parametrize(
    "function", [into_real, refuses, lambda z: np.linalg.norm(z), lambda z: z * 1j * np.nan, lambda z: np.stack([z, z])],
    ids=["drops the imaginary part", "raises", "real answer", "nan", "vector"],
)  # fmt: skip
def test_functions_without_complex_numbers(function: Any) -> None:
    assert complex_steps(function, np.ones(1), np.eye(1)) is None
