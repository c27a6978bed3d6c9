"""High-accuracy minimisers of strongly convex problems, with a certificate.

For a mu-strongly convex F every point carries its own proof of accuracy: minimising both sides of
``F(y) >= F(x) + <g(x), y - x> + mu |y - x|^2/2`` over y gives (derived)

    F(x) - F* <= |g(x)|^2 / (2 mu).
"""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np

from lra_ref.problems.base import Known, Problem
from lra_ref.typing import Array

NEWTON_STEPS = 500
HALVINGS = 50
#: share of the decrease predicted by the slope that a step must bring (Armijo)
SUFFICIENT = 1e-4


class Solution(NamedTuple):
    """A minimiser, ``F`` there, and ``certificate``: F(x_star) exceeds the minimum by at most that.

    The certificate is ``|gradient|^2/(2 mu)`` of the computed gradient; the rounding errors of gradient and F themselves, a few
    ``eps`` times their summands, come on top.
    """

    x_star: Array
    f_star: float
    certificate: float


def solve(problem: Problem) -> Solution:
    """Minimise a strongly convex problem as far as float64 goes: Newton's method, conjugate gradients inside, Armijo backtracking.

    Raises ``ValueError`` if no modulus of strong convexity is known.
    """
    if problem.strong_convexity is None:
        raise ValueError(f"solve needs a strongly convex problem, {problem.name} has no modulus (for many problems l2 > 0 gives one)")
    x = problem.start.copy()
    f, g = problem.value_and_gradient(x)
    for _ in range(NEWTON_STEPS):
        following = _step(problem, x, f, g)
        if following is None:
            break
        x, f, g = following
    return Solution(x, float(f), float(g @ g) / (2 * problem.strong_convexity.value))


def with_minimum(problem: Problem) -> Problem:
    """The same problem with the minimiser of :func:`solve` and a certified lower bound of the minimum."""
    x_star, value, certificate = solve(problem)
    # Rounding of F: eps times its summands, and through the predictions, off by D eps |a| |x|, times the mean slope of the
    # losses.  A row has |a| <= 2 sqrt(Lbar) for all losses here; a slope is at most 1 (logistic), or sqrt(2 loss) (squares),
    # whose mean is at most sqrt(2 F).
    known = problem.sample_smoothness or problem.smoothness
    reach = 2 * np.sqrt(known.value if known else 0.0) * float(np.linalg.norm(x_star))
    operations = problem.samples + problem.dim + 16
    rounding = operations * float(np.finfo(float).eps) * (abs(value) + reach * (1 + np.sqrt(2 * abs(value))))
    bound = Known(value - certificate - rounding, exact=False, source="F(x) - |gradient(x)|^2/(2 mu) at the computed minimiser")
    return dataclasses.replace(problem, x_star=x_star, f_star=bound)


def _step(problem: Problem, x: Array, f: float, g: Array) -> tuple[Array, float, Array] | None:
    """The next point with its F and gradient; None if rounding allows no progress."""
    size = float(np.linalg.norm(g))
    if size == 0:
        return None
    d = _newton_direction(problem, x, g)
    slope, length = float(g @ d), 1.0
    for _ in range(HALVINGS):
        point = x + length * d
        value, gradient = problem.value_and_gradient(point)
        # close to the minimum F no longer resolves the decrease, but the gradient still does
        if value < f + SUFFICIENT * length * slope or float(np.linalg.norm(gradient)) <= size / 2:
            return point, float(value), gradient
        length /= 2
    return None


def _newton_direction(problem: Problem, x: Array, g: Array) -> Array:
    """Solution d of ``H d = -g`` by conjugate gradients, to a residual of ``|g| min(1/2, |g|)`` or rounding."""
    d, residual = np.zeros_like(g), -g
    along, square = residual.copy(), float(residual @ residual)
    goal = square * min(0.5, np.sqrt(square)) ** 2
    for _ in range(10 * g.size):
        product = problem.hvp(x, along)
        bend = float(along @ product)
        if bend <= 0:
            break
        move = square / bend
        d += move * along
        residual = residual - move * product
        fresh = float(residual @ residual)
        if fresh <= goal:
            break
        along, square = residual + fresh / square * along, fresh
    return d
