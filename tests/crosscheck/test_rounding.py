"""What rounding can do, quantity by quantity."""

from __future__ import annotations

import numpy as np
import pytest

from lra_ref.crosscheck.layouts import flat_layout
from lra_ref.crosscheck.rounding import FACTOR, Ruler, condition
from lra_ref.methods import make_method

LAYOUT = flat_layout("own", [0, 2, 4])
X = np.array([1.0, 4.0, 0.5, 0.25])


def ruler(name: str, steps: int = 10, limit: float = 64.0) -> Ruler:
    made = Ruler(make_method(name), LAYOUT, "float64", X, limit)
    for _ in range(steps):
        made.moved(np.array([0.1, 0.2, 0.0, 0.0]))
    return made


def test_bias_corrections_have_a_condition() -> None:
    assert condition(make_method("sgd")) == 0
    assert condition(make_method("adam")) == pytest.approx(1530)
    # the bound behind it: 1 - beta^n from a power with n roundings, and from one with a single rounding
    for beta in (0.9, 0.999):
        n = np.arange(1, 5000)
        relative = 3 * n * beta**n / (1 - beta**n)
        assert np.all(relative <= 3 / (1 - beta))


def test_plain_methods_have_the_limit_alone() -> None:
    for name in ("sgd", "momentum", "rmsprop"):
        assert np.all(ruler(name).limit("x") == 64)
        assert ruler(name).limit("momentum_buffer") == 64


def test_factors_and_bias_corrections_add_to_the_way_of_every_tensor() -> None:
    # ten moves of length 0.2 in a tensor whose scale is 4, none in the other
    unit = 0.2 * 2.0**-53 / 2.0**-50
    np.testing.assert_allclose(ruler("clara_sgd").limit("x"), [64 + FACTOR * 55 * unit] * 2 + [64] * 2, rtol=1e-14)
    np.testing.assert_allclose(ruler("adam").limit("x"), [64 + 10 * 1530 * unit] * 2 + [64] * 2, rtol=1e-14)
    np.testing.assert_allclose(ruler("egdd_momentum").limit("x"), [64 + 2 * FACTOR * 55 * unit] * 2 + [64] * 2, rtol=1e-14)
    assert ruler("clara_sgd").limit("eta") == 64 + FACTOR * 10
    assert ruler("clara_sgd").limit("path") == 64
    assert ruler("egdd_momentum").limit("momentum_buffer") == ruler("egdd_momentum").limit("gains") == 64 + FACTOR * 10
    assert ruler("hypergradient_sgd").limit("eta") == 64
    assert ruler("adam").limit("exp_avg") == 64


def test_the_scale_is_the_largest_so_far_but_for_rates_by_factors() -> None:
    made, one = ruler("clara_sgd"), np.ones(1)
    shift = one + 2.0**-50
    assert made.measure("eta", False, shift, one) == 4
    made.measure("eta", False, 1024 * one, 1024 * one)
    assert made.measure("eta", False, shift, one) == 4
    made.measure("path_norm2", False, 1024 * one, 1024 * one)
    assert made.measure("path_norm2", False, shift, one) == 4 / 1024
    assert made.measure("x", True, X + 2.0**-50, X)[0] == 1
    made.measure("x", True, 1024 * X, 1024 * X)
    assert made.measure("x", True, X + 2.0**-50, X)[0] == 1 / 1024
