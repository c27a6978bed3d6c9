"""The polynomials are the published ones, and their other minima are where the notes say."""

from __future__ import annotations

import numpy as np
from mpmath import mp, mpf

from lra_ref.problems import make_problem
from tests.problems.harness import agrees_with

POINTS = ((0, 0), (3, 2), (-1.25, 0.375), (4.5, -4.5), (-2.75, 3.125), (1e3, -7e2))


def test_definitions() -> None:
    agrees_with(make_problem("himmelblau"), lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2, *POINTS)
    agrees_with(
        make_problem("beale"),
        lambda x, y: (mpf("1.5") - x + x * y) ** 2 + (mpf("2.25") - x + x * y**2) ** 2 + (mpf("2.625") - x + x * y**3) ** 2,
        *POINTS,
    )
    agrees_with(make_problem("three_hump_camel"), lambda x, y: 2 * x**2 - 21 * x**4 / 20 + x**6 / 6 + x * y + y**2, *POINTS)


def test_himmelblau_has_four_minima() -> None:
    problem = make_problem("himmelblau")
    for x in [(3, 2), (-2.8051, 3.1313), (-3.7793, -3.2832), (3.5844, -1.8481)]:
        start = np.array(x)
        hessian = problem.hvp(np.broadcast_to(start, (2, 2)), np.eye(2))
        newton = start - np.linalg.solve(hessian, problem.gradient(start))
        # the notes give 4 decimals, so the true minimiser is within half a unit of the last place in each coordinate
        assert np.all(np.abs(newton - start) <= 0.5e-4 * (1 + 1e-3))
        assert problem.value(newton) <= problem.value(start)
        assert np.all(np.linalg.eigvalsh(hessian) > 0)


def test_three_hump_camel_lower_bound() -> None:
    # 2 - 1.05 s + s^2/6 is least at s = 3.15, where it is above 1/4: what is left is (x/2 + y)^2
    with mp.workdps(30):
        s = mpf("3.15")
        assert 2 - mpf("1.05") * s + s**2 / 6 > mpf(1) / 4
