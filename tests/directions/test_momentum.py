"""Momentum, Nesterov, moving average: cases computed by hand, every number exact in float64."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.directions import DIRECTIONS
from tests.stepping import walk

GRADIENTS = [[1.0], [2.0], [-4.0]]


def test_heavy_ball() -> None:
    d, state = walk(DIRECTIONS["momentum"](momentum=0.5), GRADIENTS)
    assert d.tolist() == [[1.0], [2.5], [-2.75]]
    assert state["momentum_buffer"].tolist() == [-2.75]


def test_dampening_spares_the_first_gradient() -> None:
    d, _ = walk(DIRECTIONS["momentum"](momentum=0.5, dampening=0.75), GRADIENTS)
    assert d.tolist() == [[1.0], [1.0], [-0.5]]


def test_nesterov_looks_ahead() -> None:
    d, state = walk(DIRECTIONS["nesterov"](momentum=0.5), GRADIENTS)
    assert d.tolist() == [[1.5], [3.25], [-5.375]]
    assert state["momentum_buffer"].tolist() == [-2.75]


def test_moving_average_starts_at_the_first_gradient() -> None:
    d, state = walk(DIRECTIONS["ema_momentum"](alpha=0.25), GRADIENTS)
    assert d.tolist() == [[1.0], [1.25], [-0.0625]]
    assert state["exp_avg"].tolist() == [-0.0625]


@pytest.mark.parametrize(("name", "off"), [("momentum", {"momentum": 0}), ("nesterov", {"momentum": 0}), ("ema_momentum", {"alpha": 1})])
def test_without_memory_it_is_the_gradient(name: str, off: dict[str, float]) -> None:
    d, _ = walk(DIRECTIONS[name](**off), GRADIENTS)
    assert d.tolist() == GRADIENTS


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "ema_momentum"])
def test_weight_decay_is_added_to_the_gradient(name: str) -> None:
    points = [[8.0], [-16.0], [4.0]]
    decayed = [[g[0] + 0.125 * x[0]] for g, x in zip(GRADIENTS, points, strict=True)]
    with_decay, _ = walk(DIRECTIONS[name](weight_decay=0.125), GRADIENTS, points)
    without, _ = walk(DIRECTIONS[name](), decayed)
    assert np.array_equal(with_decay, without)


def test_an_overflowing_buffer_is_not_hidden() -> None:
    d, _ = walk(DIRECTIONS["momentum"](momentum=1.0), [[1.5e308], [1.5e308]])
    assert d.tolist() == [[1.5e308], [np.inf]]


def test_leading_axes_are_a_batch() -> None:
    rng = np.random.default_rng(0)
    batch = rng.normal(size=(4, 3, 5))
    together, _ = walk(DIRECTIONS["nesterov"](), batch)
    for k in range(3):
        assert np.array_equal(together[:, k], walk(DIRECTIONS["nesterov"](), batch[:, k])[0])
