"""Rosenbrock's function, chained form for any dimension D >= 2.

    F(x) = sum_{i=1}^{D-1} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2

H. H. Rosenbrock (1960), Computer Journal 3, 175-184 (D = 2).  Minimiser (1, ..., 1), F* = 0.  For D >= 4 there is a second local minimum
near (-1, 1, ..., 1).

L on the box |x_i| <= R.  The Hessian is tridiagonal with diagonal 1200 x_i^2 - 400 x_{i+1} + 2 (i < D; plus 200 if i > 1), 200
(i = D) and off-diagonal -400 x_i between i and i + 1.  By Gershgorin's theorem its norm is at most the largest absolute row sum:

    first row       1200 R^2 + 400 R + 2 + 400 R
    middle rows     1200 R^2 + 400 R + 202 + 800 R       (D >= 3)
    last row        200 + 400 R
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.problems.base import Known, Problem, family


@dataclass(frozen=True, kw_only=True)
class RosenbrockParameters(Parameters):
    """Dimension and the box of L."""

    dim: int = parameter(2, Range(2, ends="[)", integer=True), "dimension D")
    radius: float = parameter(2, Range(0, 1e100, "(]"), "half width R of the box on which L is stated")


def rosenbrock_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """One pass along the chain; ``before`` is what the previous link adds to the derivative."""
    xs, gs = x[lo:hi], g[lo:hi]
    total = 0.0
    before = 0.0
    for i in range(xs.size - 1):
        valley = xs[i + 1] - xs[i] * xs[i]
        slope = 1 - xs[i]
        total += 100 * valley * valley + slope * slope
        gs[i] = before - 400 * xs[i] * valley - 2 * slope
        before = 200 * valley
    gs[xs.size - 1] = before
    return total


def rosenbrock_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Product with the tridiagonal Hessian."""
    xs, vs, outs = x[lo:hi], v[lo:hi], out[lo:hi]
    before = 0.0
    for i in range(xs.size - 1):
        outs[i] = before + (1200 * xs[i] * xs[i] - 400 * xs[i + 1] + 2) * vs[i] - 400 * xs[i] * vs[i + 1]
        before = 200 * vs[i + 1] - 400 * xs[i] * vs[i]
    outs[xs.size - 1] = before


@family("rosenbrock", RosenbrockParameters)
def rosenbrock(p: RosenbrockParameters) -> Problem:
    """Rosenbrock's chained function; start (-1.2, 1, -1.2, 1, ...)."""
    r = p.radius
    first, last = 1200 * r * r + 800 * r + 2, 200 + 400 * r
    rows = [first, last] if p.dim == 2 else [1200 * r * r + 1200 * r + 202]
    return Problem(
        name="rosenbrock",
        dim=p.dim,
        value_kernel=rosenbrock_value,
        hvp_kernel=rosenbrock_hvp,
        start=np.where(np.arange(p.dim) % 2 == 0, -1.2, 1.0),
        smoothness=Known(max(rows), exact=False, where=f"the box |x_i| <= {r:g}", source="Gershgorin's theorem"),
        f_star=Known(0.0, source="sum of squares, zero at (1, ..., 1)"),
        x_star=np.ones(p.dim),
        notes="Not convex; for D >= 4 a second local minimum lies near (-1, 1, ..., 1).",
    )
