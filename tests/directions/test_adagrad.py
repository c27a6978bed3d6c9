"""AdaGrad and AdaGrad-norm: exact cases by hand and the edge cases of the docstring; test_golden.py has more numbers for the former."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.directions import DIRECTIONS
from tests.stepping import walk


def test_adagrad_by_hand() -> None:
    d, state = walk(DIRECTIONS["adagrad"](eps=0.0), [[3.0, 0.0], [4.0, 2.0]])
    assert d.tolist() == [[1.0, 0.0], [0.8, 1.0]]
    assert state["sum"].tolist() == [25.0, 4.0]


def test_the_initial_value_enters_once() -> None:
    d, state = walk(DIRECTIONS["adagrad"](eps=0.0, initial_accumulator_value=16.0), [[3.0], [12.0]])
    assert d.tolist() == [[3 / 5], [12 / 13]]
    assert state["sum"].tolist() == [169.0]


def test_lr_decay_divides_from_the_second_step_on() -> None:
    d, _ = walk(DIRECTIONS["adagrad"](eps=0.0, lr_decay=0.25), [[3.0], [4.0]])
    assert d.tolist() == [[1.0], [4 / (1.25 * 5)]]


def test_adagrad_norm_counts_the_present_gradient() -> None:
    d, state = walk(DIRECTIONS["adagrad_norm"](b_0=12.0), [[3.0, 4.0], [0.0, 0.0]], offsets=[0, 1, 2])
    assert d.tolist() == [[3 / 13, 4 / 13], [0.0, 0.0]]
    assert state["norm"].tolist() == [13.0]


def test_adagrad_norm_per_block() -> None:
    d, state = walk(DIRECTIONS["adagrad_norm"](norm="block"), [[3.0, 4.0, 5.0], [12.0, 0.0, 12.0]], offsets=[0, 2, 3])
    assert d.tolist() == [[3 / 5, 4 / 5, 1.0], [12 / 13, 0.0, 12 / 13]]
    assert state["norm"].tolist() == [13.0, 13.0]


def test_adagrad_norm_is_the_root_of_the_sum_of_squares() -> None:
    """Each step rounds the norm of 4 elements (5 roundings) and the hypotenuse (5): at most 10 unit roundoffs a step."""
    rng = np.random.default_rng(3)
    gradients = rng.normal(size=(40, 4))
    d, _ = walk(DIRECTIONS["adagrad_norm"](b_0=0.5), gradients)
    b = np.sqrt(0.25 + np.cumsum(np.square(gradients).sum(axis=1)))
    exact = gradients / b[:, None]
    assert np.all(np.abs(d - exact) <= 2.0**-53 * (20 * np.arange(1, 41)[:, None] + 50) * np.abs(exact))


@pytest.mark.parametrize("scale", [2.0**-1000, 2.0**-600, 2.0**600, 2.0**1000])
def test_squares_out_of_range(scale: float) -> None:
    d, state = walk(DIRECTIONS["adagrad_norm"](), [[3 * scale, 4 * scale], [12 * scale, 0.0]])
    assert d.tolist() == [[3 / 5, 4 / 5], [12 / 13, 0.0]]
    assert state["norm"].tolist() == [13 * scale]


def test_a_norm_out_of_range_is_named_not_a_standstill() -> None:
    d, _ = walk(DIRECTIONS["adagrad_norm"](), [[1.7e308, 1.7e308]])
    assert np.isnan(d).all()


@pytest.mark.parametrize(("name", "options"), [("adagrad", {"eps": 0.0}), ("adagrad_norm", {})])
def test_no_gradient_gives_no_direction(name: str, options: dict[str, float]) -> None:
    d, _ = walk(DIRECTIONS[name](**options), np.zeros((2, 2)))
    assert d.tolist() == [[0.0, 0.0]] * 2


def test_an_overflowing_square_freezes_its_element_of_adagrad() -> None:
    d, _ = walk(DIRECTIONS["adagrad"](), [[1e200, 1.0], [1.0, 1.0]])
    assert d[:, 0].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("name", ["adagrad", "adagrad_norm", "rmsprop", "adam"])
def test_weight_decay_is_added_to_the_gradient(name: str) -> None:
    g, x = np.array([[1.0, -2.0], [3.0, 0.5]]), np.array([[8.0, 4.0], [-2.0, 16.0]])
    assert np.array_equal(walk(DIRECTIONS[name](weight_decay=0.125), g, x)[0], walk(DIRECTIONS[name](), g + 0.125 * x)[0])
