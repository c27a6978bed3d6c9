"""Directions with gains: what they are without learning, the order of gain and direction, the correction."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.directions.exponentiated import average_correction
from lra_ref.methods import make_method
from tests.stepping import walk

G = np.random.default_rng(2).normal(size=(25, 3))


@pytest.mark.parametrize("around", ["momentum", "adam", "adagrad"])
def test_without_learning_it_is_the_direction_inside(around: str) -> None:
    plain, gained = make_method(around).direction, make_method(f"eg_{around}", gamma_p=0.0).direction
    assert np.array_equal(walk(plain, G)[0], walk(gained, G)[0])


def test_gains_multiply_the_gradient_of_momentum_and_the_direction_of_adam() -> None:
    signs = np.sign(G)
    for around in ("momentum", "adam"):
        direction = make_method(f"eg_{around}", gamma_p=0.5, beta=0.0).direction
        d, state = walk(direction, G[:2])
        gains = np.clip(np.exp(0.5 * signs[0] * signs[1]), 1e-2, 1e2)
        # an exponential and a product: 2 roundings
        assert np.all(np.abs(state["gains"] - gains) <= 4 * np.finfo(float).eps * gains)
        expected = (
            0.9 * G[0] + state["gains"] * G[1]
            if around == "momentum"
            else state["gains"] * walk(make_method("adam").direction, G[:2])[0][1]
        )
        assert np.all(
            np.abs(d[1] - expected) <= 4 * np.finfo(float).eps * (np.abs(G[0]) + np.abs(state["gains"] * G[1]) + np.abs(expected))
        )


def test_the_correction_counts_the_old_gradients() -> None:
    # n = 1 and n = 2 share the exponent 1
    assert [average_correction(0.5, t) for t in range(4)] == [0.5, 0.5, 0.75, 0.875]


def test_a_zero_leaves_the_gain_alone() -> None:
    g = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    _, state = walk(make_method("eg_momentum").direction, g)
    assert state["gains"][0] == state["gains"][1] > 1.0
    _, state = walk(make_method("eg_momentum").direction, g[:2])
    assert state["gains"].tolist() == [1.0, 1.0]
