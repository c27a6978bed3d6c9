"""The problems that the contract of tests/problems/test_contract.py runs on: at least one entry for every registered name.

Keep the dimension and the number of samples small (D <= 12, n <= 12): every kernel is read in high precision at about ten points.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lra_ref.problems import Problem
from lra_ref.problems.eggholder import MINIMISER_Y
from tests.problems.data_cases import DATA_CASES
from tests.problems.harness import Case, box, everywhere

KINKS = ((0.0, -47.0), (94.0, 47.0), (10.0, -52.0), (2.0**-30, -47.0), (100.0, 53.0 + 2.0**-40))


def away_from_zero(gap: float) -> Any:
    """Points whose root mean square is at least ``gap``."""

    def draw(problem: Problem, rng: np.random.Generator, n: int) -> Any:
        points = rng.normal(size=(n, problem.dim))
        return points * (gap * (1 + 4 * rng.random((n, 1))) / np.sqrt(np.mean(points * points, axis=1, keepdims=True)))

    return draw


def smooth_at(x: Any) -> bool:
    """Eggholder: neither argument of its waves is 0 (in the arithmetic of the kernel)."""
    q = x[1] + 47
    return bool(x[0] / 2 + q != 0 and x[0] - q != 0)


def off_kinks(problem: Problem, rng: np.random.Generator, n: int) -> Any:
    """Eggholder: points of the box whose distance from the kinks is at least 1, some of them right at it."""
    x, y = rng.uniform(-512, 512, (2, 4 * n))
    y[: 2 * n] = x[: 2 * n] - 47 + rng.choice([-1.0, 1.0], 2 * n) * (1 + 2.0**-20)
    keep = (np.abs(x / 2 + y + 47) >= 1) & (np.abs(x - y - 47) >= 1) & (np.abs(y) <= 512)
    return np.column_stack([x, y])[keep][rng.permutation(np.sum(keep))[:n]]


CASES: list[Case] = [
    Case("quadratic", {}, attained=(np.zeros(10),)),
    Case("quadratic", {"spectrum": [0.0, 1.0, 3.0], "x_star": [1.0, -2.0, 0.5], "rotated": True, "seed": 3}, attained=(np.zeros(3),)),
    Case("quadratic", {"spectrum": [-2.0, 1.0]}, attained=(np.zeros(2),)),
    Case("quadratic", {"dim": 6, "condition": 1e9, "largest": 1e3, "rotated": True}, attained=(np.zeros(6),)),
    Case("sphere", {"dim": 3}, attained=(np.zeros(3),), scales=(1e-150, 1e8, 1e150)),
    Case("ellipsoid", {"dim": 5}, attained=(np.zeros(5),)),
    Case("rosenbrock", {}, region=box(-2, 2)),
    Case("rosenbrock", {"dim": 5, "radius": 0.1}, region=box(-0.1, 0.1)),
    Case("himmelblau", {}, region=box(-5, 5)),
    Case("himmelblau", {"radius": 0.5}, region=box(-0.5, 0.5)),
    Case("beale", {}, region=box(-4.5, 4.5)),
    Case("beale", {"radius": 0.5}, region=box(-0.5, 0.5)),
    Case("three_hump_camel", {}, region=box(-5, 5), attained=([5, 0],)),
    Case("three_hump_camel", {"radius": 0.5}, region=box(-0.5, 0.5), attained=([0, 0],)),
    Case("three_hump_camel", {"radius": 1.25}, region=box(-1.25, 1.25), attained=([0, 0],)),
    Case("eggholder", {}, region=off_kinks, convex=False, points=((512.0, MINIMISER_Y), *KINKS), differentiable=smooth_at),
    Case(
        "ackley",
        {},
        region=away_from_zero(1),
        convex=False,
        differentiable=np.any,
        points=([1, -2], [1e-300, 0], [0, 1e-200], [1e250, 1e250]),
    ),
    Case("ackley", {"dim": 1, "gap": 0.01}, region=away_from_zero(0.01), convex=False, differentiable=np.any),
    Case("styblinski_tang", {"dim": 3}, region=box(-5, 5), attained=([5, 0, 0],)),
    Case("styblinski_tang", {"radius": 1}, region=box(-1, 1), attained=([0, 0],)),
    Case("quartic", {}, region=box(-1, 1), attained=([1],)),
    Case("sum_of_quartics", {"dim": 4, "radius": 3}, region=box(-3, 3), attained=([0, 0, 0, 3],)),
    Case("ripple", {}, region=everywhere(3), attained=([0, 0],)),
    Case("ripple", {"dim": 1, "amplitude": 0.5, "frequency": 1}, region=everywhere(3), attained=([0],)),
    Case("hard_instance", {"dim": 5}, points=([1, 1, 1, 1, 1], [0.5, -0.5, 0.51, -0.6, 0.7], [-2, 3, -0.75, 0.9, 1e300])),
    Case("hard_instance", {"dim": 1, "smoothness": 2, "scale": 0.1}, region=everywhere(0.1)),
    Case("exponential", {}, region=box(-5, 5), attained=([5, 5],), points=([700, -709], [360, 1])),
    Case("exponential", {"dim": 1, "exponent": 3, "radius": 0.5}, region=box(-0.5, 0.5), attained=([0.5],)),
    *DATA_CASES,
]
