"""RMSProp: exact cases by hand and the edge cases of the docstring; test_golden.py has the numbers."""

from __future__ import annotations

import numpy as np

from lra_ref.directions import DIRECTIONS
from tests.stepping import walk

QUARTERS = {"alpha": 0.75, "eps": 0.0}


def test_first_step() -> None:
    d, state = walk(DIRECTIONS["rmsprop"](**QUARTERS), [[3.0, -0.5]])
    assert d.tolist() == [[2.0, -2.0]]
    assert state["square_avg"].tolist() == [2.25, 0.0625]


def test_eps_is_added_to_the_root() -> None:
    d, _ = walk(DIRECTIONS["rmsprop"](alpha=0.75, eps=0.5), [[3.0]])
    assert d.tolist() == [[1.5]]


def test_centered() -> None:
    """g = 4 with alpha = 1/2: v = 8, a = 2, v - a^2 = 4, d = 2."""
    d, state = walk(DIRECTIONS["rmsprop"](alpha=0.5, eps=0.0, centered=True), [[4.0]])
    assert d.tolist() == [[2.0]]
    assert state["grad_avg"].tolist() == [2.0]


def test_momentum_accumulates_the_scaled_gradient() -> None:
    """g = 2, 0: r = 2, 0; b = 2, 1."""
    d, state = walk(DIRECTIONS["rmsprop"](**QUARTERS, momentum=0.5), [[2.0], [0.0]])
    assert d.tolist() == [[2.0], [1.0]]
    assert state["momentum_buffer"].tolist() == [1.0]


def test_state_holds_only_what_is_used() -> None:
    assert DIRECTIONS["rmsprop"]().vectors == ("square_avg",)
    assert DIRECTIONS["rmsprop"](centered=True).vectors == ("square_avg", "grad_avg")
    assert DIRECTIONS["rmsprop"](momentum=0.1).vectors == ("square_avg", "momentum_buffer")
    assert DIRECTIONS["rmsprop"](momentum=0.1, centered=True).vectors == ("square_avg", "grad_avg", "momentum_buffer")


def test_rounding_below_the_square_of_the_mean_is_no_nan() -> None:
    """A constant gradient: v - a^2 -> 0 and, rounded, falls below 0 at times; torch then has the root of a negative number."""
    gradients = np.full((2000, 1), 0.7)
    d, _ = walk(DIRECTIONS["rmsprop"](alpha=0.5, eps=0.125, centered=True), gradients)
    v = a = 0.0
    for _ in range(2000):
        v, a = 0.5 * v + 0.5 * (0.7 * 0.7), 0.5 * a + 0.5 * 0.7
    assert v - a * a < 0
    assert np.isfinite(d).all()
    assert d[-1].tolist() == [0.7 / 0.125]


def test_no_gradient_gives_no_direction_without_eps() -> None:
    d, _ = walk(DIRECTIONS["rmsprop"](**QUARTERS), np.zeros((2, 1)))
    assert d.tolist() == [[0.0], [0.0]]


def test_an_overflowing_square_freezes_its_element() -> None:
    d, _ = walk(DIRECTIONS["rmsprop"](), [[1e200], [1.0]])
    assert d.tolist() == [[0.0], [0.0]]
