"""Classic functions of two variables that are polynomials: Himmelblau, Beale, three-hump camel.

The source and the constants of each are in the docstring of its factory, with the derivation of L on the box |x|, |y| <= R.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.problems.base import Known, Problem, family

RADIUS = Range(0, 1e30, "(]")
DOC = "half width R of the box on which L is stated"


@dataclass(frozen=True, kw_only=True)
class HimmelblauParameters(Parameters):
    """The box of L."""

    radius: float = parameter(5, RADIUS, DOC)


@dataclass(frozen=True, kw_only=True)
class BealeParameters(Parameters):
    """The box of L."""

    radius: float = parameter(4.5, RADIUS, DOC)


@dataclass(frozen=True, kw_only=True)
class ThreeHumpCamelParameters(Parameters):
    """The box of L."""

    radius: float = parameter(5, RADIUS, DOC)


def box(radius: float) -> str:
    """Name of the box."""
    return f"the box |x|, |y| <= {radius:g}"


def himmelblau_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """Two squares."""
    a, b, gs = x[lo], x[lo + 1], g[lo:hi]
    one, two = a * a + b - 11, a + b * b - 7
    gs[0] = 4 * a * one + 2 * two
    gs[1] = 2 * one + 4 * b * two
    return one * one + two * two


def himmelblau_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Explicit 2 x 2 Hessian."""
    a, b, vs, outs = x[lo], x[lo + 1], v[lo:hi], out[lo:hi]
    cross = 4 * (a + b)
    outs[0] = (12 * a * a + 4 * b - 42) * vs[0] + cross * vs[1]
    outs[1] = cross * vs[0] + (12 * b * b + 4 * a - 26) * vs[1]


@family("himmelblau", HimmelblauParameters)
def himmelblau(p: HimmelblauParameters) -> Problem:
    """Himmelblau: ``F = (x^2 + y - 11)^2 + (x + y^2 - 7)^2``; four minima with F = 0, one of them (3, 2); start (0, 0).

    D. M. Himmelblau (1972), "Applied Nonlinear Programming".  Hessian [[12 x^2 + 4 y - 42, 4 (x + y)], [., 12 y^2 + 4 x - 26]]; by
    Gershgorin's theorem L = 8 R + max(12 R^2 + 4 R - 26, 42 + 4 R).
    """
    r = p.radius
    return Problem(
        name="himmelblau",
        dim=2,
        value_kernel=himmelblau_value,
        hvp_kernel=himmelblau_hvp,
        start=np.zeros(2),
        smoothness=Known(8 * r + max(12 * r * r + 4 * r - 26, 42 + 4 * r), exact=False, where=box(r), source="Gershgorin's theorem"),
        f_star=Known(0.0, source="sum of squares, zero at (3, 2)"),
        x_star=np.array([3.0, 2.0]),
        notes="Four minimisers with F = 0: (3, 2), (-2.8051, 3.1313), (-3.7793, -3.2832), (3.5844, -1.8481).",
    )


def beale_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (3/2, 9/4, 21/8)."""
    a, b, gs = x[lo], x[lo + 1], g[lo:hi]
    total = 0.0
    gs[0] = 0.0
    gs[1] = 0.0
    power, power_slope = b, 1.0
    for k in range(3):
        residual = par[k] - a * (1 - power)
        total += residual * residual
        gs[0] -= 2 * residual * (1 - power)
        gs[1] += 2 * residual * a * power_slope
        power_slope = (k + 2) * power
        power = power * b
    return total


def beale_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Gauss-Newton part plus residual times its own Hessian, over the three residuals."""
    a, b, vs, outs = x[lo], x[lo + 1], v[lo:hi], out[lo:hi]
    outs[0] = 0.0
    outs[1] = 0.0
    power, power_slope, power_bend = b, 1.0, 0.0
    for k in range(3):
        residual = par[k] - a * (1 - power)
        by_a, by_b = power - 1, a * power_slope
        along = by_a * vs[0] + by_b * vs[1]
        outs[0] += 2 * (along * by_a + residual * power_slope * vs[1])
        outs[1] += 2 * (along * by_b + residual * (power_slope * vs[0] + a * power_bend * vs[1]))
        power_bend = (k + 2) * power_slope
        power_slope = (k + 2) * power
        power = power * b


@family("beale", BealeParameters)
def beale(p: BealeParameters) -> Problem:
    """Beale: ``F = sum_{k=1}^{3} r_k^2``, ``r_k = c_k - x (1 - y^k)``, c = (1.5, 2.25, 2.625); minimiser (3, 0.5), F* = 0; start (1, 1).

    E. M. L. Beale (1958), Princeton technical report 25.  The Hessian is 2 sum_k (grad r_k grad r_k' + r_k Hess r_k); on the box
    |grad r_k|^2 <= (1 + R^k)^2 + (k R^k)^2, |r_k| <= c_k + R (1 + R^k), |Hess r_k| <= k R^(k-1) + k (k-1) R^(k-1) = k^2 R^(k-1).
    """
    r, constants = p.radius, (1.5, 2.25, 2.625)
    bound = 0.0
    for k, c in enumerate(constants, start=1):
        bound += 2 * ((1 + r**k) ** 2 + (k * r**k) ** 2 + (c + r * (1 + r**k)) * k * k * r ** (k - 1))
    return Problem(
        name="beale",
        dim=2,
        value_kernel=beale_value,
        hvp_kernel=beale_hvp,
        start=np.ones(2),
        par=np.array(constants),
        smoothness=Known(bound, exact=False, where=box(r), source="triangle inequality over the residuals"),
        f_star=Known(0.0, source="sum of squares, zero at (3, 0.5)"),
        x_star=np.array([3.0, 0.5]),
        notes="Not convex; flat valleys run to infinity along y -> 1.",
    )


def three_hump_camel_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """Horner's form in x^2."""
    a, b, gs = x[lo], x[lo + 1], g[lo:hi]
    square = a * a
    gs[0] = a * (4 + square * (5 * square - 21) / 5) + b
    gs[1] = a + 2 * b
    return square * (2 + square * (10 * square - 63) / 60) + a * b + b * b


def three_hump_camel_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Explicit 2 x 2 Hessian."""
    a, vs, outs = x[lo], v[lo:hi], out[lo:hi]
    square = a * a
    outs[0] = (4 + square * (25 * square - 63) / 5) * vs[0] + vs[1]
    outs[1] = vs[0] + 2 * vs[1]


@family("three_hump_camel", ThreeHumpCamelParameters)
def three_hump_camel(p: ThreeHumpCamelParameters) -> Problem:
    """Three-hump camel: ``F = 2 x^2 - 1.05 x^4 + x^6 / 6 + x y + y^2``; minimiser (0, 0), F* = 0; start (2, 2).

    F. H. Branin (1972), IBM Journal of Research and Development 16, 504-522.  Hessian [[a, 1], [1, 2]] with a = 4 - 12.6 x^2 + 5 x^4.  Its
    eigenvalues rise with a, so L is reached at the largest or smallest a: a = 4 (x = 0), 5 R^4 - 12.6 R^2 + 4 (x = R), -3.938
    (x^2 = 1.26, if R^2 >= 1.26).
    """
    r2 = p.radius * p.radius
    bends = [4 + s * (5 * s - 12.6) for s in (0.0, min(r2, 1.26), r2)]
    norms = [abs((a + 2) / 2) + math.hypot((a - 2) / 2, 1) for a in bends]
    return Problem(
        name="three_hump_camel",
        dim=2,
        value_kernel=three_hump_camel_value,
        hvp_kernel=three_hump_camel_hvp,
        start=np.full(2, 2.0),
        smoothness=Known(max(norms), where=box(p.radius), source="eigenvalues of the Hessian at its extreme points"),
        f_star=Known(0.0, source="2 - 1.05 s + s^2/6 > 1/4 for s = x^2, so F > x^2/4 + x y + y^2 >= 0"),
        x_star=np.zeros(2),
        notes="Three local minima.",
    )
