"""Quartics: smooth and convex, with a Hessian that vanishes at the minimiser.

    quartic            F(x) = sum_i x_i^4          (D = 1: x^4)
    sum_of_quartics    F(x) = sum_i i x_i^4        (De Jong's fourth function without its noise)

With weights w_i the Hessian is diag(12 w_i x_i^2), hence L = 12 max(w) R^2 on the box |x_i| <= R, exactly.  No L holds everywhere, and F is
not strongly convex on any neighbourhood of the minimiser 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.problems.base import Known, Problem, family
from lra_ref.typing import Array

SIZE = Range(1, ends="[)", integer=True)
RADIUS = Range(0, 1e100, "(]")


@dataclass(frozen=True, kw_only=True)
class QuarticParameters(Parameters):
    """Dimension and the box of L."""

    dim: int = parameter(1, SIZE, "dimension D")
    radius: float = parameter(1, RADIUS, "half width R of the box on which L is stated")


@dataclass(frozen=True, kw_only=True)
class SumOfQuarticsParameters(Parameters):
    """Dimension and the box of L."""

    dim: int = parameter(10, SIZE, "dimension D")
    radius: float = parameter(1, RADIUS, "half width R of the box on which L is stated")


def quartic_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = weights w_1..w_D."""
    xs, gs = x[lo:hi], g[lo:hi]
    total = 0.0
    for i in range(xs.size):
        slope = par[i] * xs[i] * xs[i] * xs[i]
        total += slope * xs[i]
        gs[i] = 4 * slope
    return total


def quartic_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Diagonal Hessian ``12 w x^2``."""
    xs, vs, outs = x[lo:hi], v[lo:hi], out[lo:hi]
    for i in range(xs.size):
        outs[i] = 12 * par[i] * xs[i] * xs[i] * vs[i]


def weighted(name: str, weights: Array, radius: float) -> Problem:
    """``F = sum_i weights_i x_i^4``; start (1, ..., 1)."""
    largest = float(np.max(weights))
    return Problem(
        name=name,
        dim=weights.size,
        value_kernel=quartic_value,
        hvp_kernel=quartic_hvp,
        start=np.ones(weights.size),
        par=weights,
        smoothness=Known(12 * largest * radius * radius, where=f"the box |x_i| <= {radius:g}", source="Hessian diag(12 w_i x_i^2)"),
        f_star=Known(0.0, source="sum of fourth powers"),
        x_star=np.zeros(weights.size),
        convex=True,
        notes="Convex, not strongly: the Hessian is zero at the minimiser.",
    )


@family("quartic", QuarticParameters)
def quartic(p: QuarticParameters) -> Problem:
    """``F = sum_i x_i^4``; in one dimension x^4."""
    return weighted("quartic", np.ones(p.dim), p.radius)


@family("sum_of_quartics", SumOfQuarticsParameters)
def sum_of_quartics(p: SumOfQuarticsParameters) -> Problem:
    """``F = sum_i i x_i^4``, i = 1..D."""
    return weighted("sum_of_quartics", np.arange(1.0, p.dim + 1), p.radius)
