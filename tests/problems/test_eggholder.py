"""Eggholder: definition, kinks, and its minimum on the box confirmed by branch and bound."""

from __future__ import annotations

import numpy as np
from mpmath import diff, findroot, mp, mpf, sin, sqrt

from lra_ref.problems import make_problem
from lra_ref.problems.eggholder import MINIMISER_Y, MINIMUM
from tests.problems.harness import agrees_with


def published(x: object, y: object) -> object:
    q = y + 47  # type: ignore[operator]
    return -q * sin(sqrt(abs(q + x / 2))) - x * sin(sqrt(abs(x - q)))  # type: ignore[operator]


def test_definition() -> None:
    agrees_with(make_problem("eggholder"), published, (0, 0), (512, 404.25), (-512, -512), (100.5, 53.5), (94, 47))


def test_constants_are_correctly_rounded() -> None:
    with mp.workdps(50):
        y = findroot(lambda t: diff(lambda s: published(mpf(512), s), t), mpf("404.23"))
        assert float(y) == MINIMISER_Y
        assert float(published(mpf(512), y)) == MINIMUM
        assert diff(lambda t: published(t, y), mpf(512)) < 0  # F still falls where the box ends


def test_derivative_at_a_kink_is_defined() -> None:
    problem = make_problem("eggholder")
    for x in [(0.0, -47.0), (94.0, 47.0), (10.0, -52.0)]:
        f, g = problem.value_and_gradient(x)
        assert np.isfinite(f)
        assert np.all(np.isfinite(g))
        assert np.all(np.isfinite(problem.hvp(x, [1.0, 1.0])))


def wave_range(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Enclosure of sin sqrt|t| over the intervals [low, high], widened by 1e-12 (rounding is below 1e-14)."""
    size = np.maximum(np.abs(low), np.abs(high))
    a = np.sqrt(np.where((low < 0) & (high > 0), 0.0, np.minimum(np.abs(low), np.abs(high))))
    b = np.sqrt(size)
    ends = np.sin(a), np.sin(b)
    holds_top = np.ceil((a - np.pi / 2) / (2 * np.pi)) <= np.floor((b - np.pi / 2) / (2 * np.pi))
    holds_bottom = np.ceil((a + np.pi / 2) / (2 * np.pi)) <= np.floor((b + np.pi / 2) / (2 * np.pi))
    return np.where(holds_bottom, -1, np.minimum(*ends)) - 1e-12, np.where(holds_top, 1, np.maximum(*ends)) + 1e-12


def times(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Upper end of the product of two intervals."""
    return np.max([a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]], axis=0)


def lower_bound(x: np.ndarray, y: np.ndarray, half: float) -> np.ndarray:
    """Lower bound of F on the squares with centres (x, y), by interval arithmetic."""
    q = (y + 47 - half, y + 47 + half)
    one = wave_range(x / 2 + y + 47 - 1.5 * half, x / 2 + y + 47 + 1.5 * half)
    two = wave_range(x - y - 47 - 2 * half, x - y - 47 + 2 * half)
    return -times(q, one) - times((x - half, x + half), two)


def test_minimum_on_the_box_by_branch_and_bound() -> None:
    """No square of the box holds a value below F* - 1e-3, except squares next to the minimiser, where F falls towards the edge."""
    half = 16.0
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(-496.0, 512, 32), np.arange(-496.0, 512, 32)))
    while half > 2.0**-14:
        keep = lower_bound(x, y, half) < MINIMUM - 1e-3
        x, y = x[keep], y[keep]
        if x.size == 0:
            return
        half /= 2
        x, y = (np.add.outer([s * half for s in shifts], c).ravel() for shifts, c in [((-1, 1, -1, 1), x), ((-1, -1, 1, 1), y)])
    raise AssertionError(f"{x.size} squares are left, near {x[0]}, {y[0]}")
