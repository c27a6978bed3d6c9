"""x^4, sums of quartics, and the underflow of fourth powers."""

from __future__ import annotations

import numpy as np

from lra_ref.problems import make_problem
from tests.problems.harness import agrees_with


def test_definitions() -> None:
    agrees_with(make_problem("quartic"), lambda x: x**4, (0,), (1,), (-3.5,), (1e-60,))
    agrees_with(make_problem("sum_of_quartics", dim=3), lambda x, y, z: x**4 + 2 * y**4 + 3 * z**4, (1, 1, 1), (0.25, -3, 7))


def test_one_dimension_is_x_to_the_fourth() -> None:
    problem = make_problem("quartic")
    assert problem.dim == 1
    assert problem.value([3]) == 81
    assert problem.gradient([3]) == 108
    assert problem.hvp([3], [1]) == 108


def test_underflow_is_zero_and_the_gradient_outlives_the_value() -> None:
    f, g = make_problem("quartic").value_and_gradient(np.array([1e-100]))
    assert f == 0
    assert g[0] > 0
