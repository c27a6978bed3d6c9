"""A convex function that grows exponentially: (L0, L1)-smooth, with no L everywhere.

    F(x) = sum_i exp(a x_i) + exp(-a x_i) - 2  =  sum_i (2 sinh(a x_i / 2))^2

gradient 2 a sinh(a x_i), Hessian diag(2 a^2 cosh(a x_i)).  Because cosh(t) <= 1 + |sinh(t)|,

    |H(x)| = 2 a^2 max_i cosh(a x_i) <= 2 a^2 + a max_i |g_i| <= L0 + L1 |g(x)|,      L0 = 2 a^2,  L1 = a

(the condition of J. Zhang, T. He, S. Sra and A. Jadbabaie, "Why gradient clipping accelerates training", ICLR 2020; this pair is
derived here).
On the box |x_i| <= R, L = 2 a^2 cosh(a R) exactly; mu = 2 a^2 everywhere, attained at the minimiser 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.problems.base import Known, Problem, family


@dataclass(frozen=True, kw_only=True)
class ExponentialParameters(Parameters):
    """Growth, dimension and the box of L."""

    dim: int = parameter(2, Range(1, ends="[)", integer=True), "dimension D")
    exponent: float = parameter(1, Range(0, 1e100, "(]"), "a: F grows like exp(a |x|)")
    radius: float = parameter(5, Range(0, 1e100, "(]"), "half width R of the box on which L is stated")


def twice_sinh(half: Any) -> Any:
    """``2 sinh(half)`` to full relative accuracy: both terms have the same sign."""
    return np.expm1(half) - np.expm1(-half)


def exponential_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (a); half angles overflow only where F itself does."""
    xs, gs = x[lo:hi], g[lo:hi]
    total = 0.0
    for i in range(xs.size):
        half = par[0] * xs[i] / 2
        s = twice_sinh(half)
        total += s * s
        gs[i] = par[0] * s * (np.exp(half) + np.exp(-half))
    return total


def exponential_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Diagonal Hessian ``a^2 ((2 sinh(a x / 2))^2 + 2) = 2 a^2 cosh(a x)``."""
    xs, vs, outs = x[lo:hi], v[lo:hi], out[lo:hi]
    for i in range(xs.size):
        s = twice_sinh(par[0] * xs[i] / 2)
        outs[i] = par[0] * par[0] * (s * s + 2) * vs[i]


@family("exponential", ExponentialParameters)
def exponential(p: ExponentialParameters) -> Problem:
    """The (L0, L1)-smooth problem ``sum_i 2 (cosh(a x_i) - 1)``; start (4/a, ..., 4/a)."""
    a, reach = p.exponent, p.exponent * p.radius
    if reach > 700:
        raise ValueError(f"exponent * radius must be at most 700 (L would overflow), got {reach:g}")
    return Problem(
        name="exponential",
        dim=p.dim,
        value_kernel=exponential_value,
        hvp_kernel=exponential_hvp,
        start=np.full(p.dim, 4 / a),
        par=np.array([a]),
        smoothness=Known(2 * a * a * math.cosh(reach), where=f"the box |x_i| <= {p.radius:g}", source="Hessian diag(2 a^2 cosh(a x_i))"),
        f_star=Known(0.0, source="sum of squares, zero at 0"),
        x_star=np.zeros(p.dim),
        convex=True,
        strong_convexity=Known(2 * a * a, source="cosh >= 1"),
        l0_l1=(2 * a * a, a),
        notes="(L0, L1)-smooth with L0 = 2 a^2, L1 = a; no L holds everywhere.",
    )
