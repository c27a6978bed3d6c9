"""Styblinski-Tang: a separable double well.

    F(x) = (1/2) sum_i (x_i^4 - 16 x_i^2 + 5 x_i)

M. A. Styblinski and T.-S. Tang (1990), Neural Networks 3, 467-483.  The coordinates of the minimiser are the smallest root of
4 x^3 - 32 x + 5; F* is D times the value there (both below are roundings of 50-digit values).  The other well of a coordinate, at
2.7468, is 14.14 higher.  Second derivative 6 x^2 - 16, hence L = max(16, 6 R^2 - 16) on the box |x_i| <= R, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.problems.base import Known, Problem, family

MINIMISER, MINIMUM = -2.903534027771177, -39.16616570377141


@dataclass(frozen=True, kw_only=True)
class StyblinskiTangParameters(Parameters):
    """Dimension and the box of L."""

    dim: int = parameter(2, Range(1, ends="[)", integer=True), "dimension D")
    radius: float = parameter(5, Range(0, 1e100, "(]"), "half width R of the box on which L is stated")


def styblinski_tang_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """Horner's form of each well."""
    xs, gs = x[lo:hi], g[lo:hi]
    total = 0.0
    for i in range(xs.size):
        square = xs[i] * xs[i]
        total += xs[i] * (xs[i] * (square - 16) + 5)
        gs[i] = (4 * xs[i] * (square - 8) + 5) / 2
    return total / 2


def styblinski_tang_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Diagonal Hessian ``6 x^2 - 16``."""
    xs, vs, outs = x[lo:hi], v[lo:hi], out[lo:hi]
    for i in range(xs.size):
        outs[i] = (6 * xs[i] * xs[i] - 16) * vs[i]


@family("styblinski_tang", StyblinskiTangParameters)
def styblinski_tang(p: StyblinskiTangParameters) -> Problem:
    """Styblinski-Tang function; start at the origin, between the wells."""
    where = f"the box |x_i| <= {p.radius:g}"
    return Problem(
        name="styblinski_tang",
        dim=p.dim,
        value_kernel=styblinski_tang_value,
        hvp_kernel=styblinski_tang_hvp,
        start=np.zeros(p.dim),
        smoothness=Known(max(16.0, 6 * p.radius * p.radius - 16), where=where, source="second derivative 6 x^2 - 16"),
        f_star=Known(MINIMUM * p.dim, source="smallest root of 4 x^3 - 32 x + 5"),
        x_star=np.full(p.dim, MINIMISER),
        notes="2^D local minima.",
    )
