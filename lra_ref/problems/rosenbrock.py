"""Rosenbrock's function, chained form for any dimension D >= 2.

    F(x) = sum_{i=1}^{D-1} 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2

H. H. Rosenbrock (1960), Computer Journal 3, 175-184 (D = 2).  Minimiser (1, ..., 1), F* = 0.  For D >= 4 there is a second local minimum
near (-1, 1, ..., 1).

L on the box |x_i| <= R.  The Hessian is tridiagonal with diagonal 1200 x_i^2 - 400 x_{i+1} + 2 (i < D; plus 200 if i > 1), 200
(i = D) and off-diagonal -400 x_i between i and i + 1.  By Gershgorin's theorem its norm is at most the largest absolute row sum:

    first row       1200 R^2 + 400 R + 2 + 400 R
    middle rows     1200 R^2 + 400 R + 202 + 800 R       (D >= 3)
    last row        200 + 400 R

The loss is a sum in a fixed order, the same bits wherever the kernel runs: fewer than 2 ROW links one after the other; of more, link i of
the whole rows of ROW links goes to running sum ``i mod ROW``, these are added in order, and what is left of the chain follows in order. So
a term passes at most ``n / ROW + 2 ROW`` of the n additions (n where n < 2 ROW). As no term is negative, so many roundings, and those of
the term itself, bound the relative error of the loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.problems.base import Known, Problem, family

#: running sums of the loss of a long chain
ROW = 32


@dataclass(frozen=True, kw_only=True)
class RosenbrockParameters(Parameters):
    """Dimension and the box of L."""

    dim: int = parameter(2, Range(2, ends="[)", integer=True), "dimension D")
    radius: float = parameter(2, Range(0, 1e100, "(]"), "half width R of the box on which L is stated")


def link(valley: Any, slope: Any) -> Any:
    """What a link of the chain adds to the loss."""
    return 100 * valley * valley + slope * slope


def link_slope(before: Any, x: Any, valley: Any, slope: Any) -> Any:
    """Derivative at the lower end of a link; ``before`` is what the previous link adds to it."""
    return before - 400 * x * valley - 2 * slope


def one_by_one(xs: Any, gs: Any, total: Any, before: Any) -> Any:
    """Gradient of a stretch of the chain, and ``total`` plus its links in their order."""
    for i in range(xs.size - 1):
        valley = xs[i + 1] - xs[i] * xs[i]
        slope = 1 - xs[i]
        total += link(valley, slope)
        gs[i] = link_slope(before, xs[i], valley, slope)
        before = 200 * valley
    gs[xs.size - 1] = before
    return total


def link_at(here: Any, there: Any, k: Any) -> Any:
    """Link k of a row, given its lower and its upper ends."""
    return link(there[k] - here[k] * here[k], 1 - here[k])


def in_rows(xs: Any, sums: Any, whole: Any) -> Any:
    """Sum of the first ``whole`` links, a multiple of ROW, in the ROW running sums ``sums``, which are then added in order."""
    for k in range(sums.size):
        sums[k] = 0.0
    base = 0
    # four rows at a time, one after the other: the running sums are read and written once
    while base + 4 * ROW <= whole:
        here, there = xs[base : base + 4 * ROW], xs[base + 1 : base + 1 + 4 * ROW]
        for k in range(sums.size):
            two = sums[k] + link_at(here, there, k) + link_at(here, there, k + ROW)
            sums[k] = two + link_at(here, there, k + 2 * ROW) + link_at(here, there, k + 3 * ROW)
        base += 4 * ROW
    while base < whole:
        here, there = xs[base : base + ROW], xs[base + 1 : base + 1 + ROW]
        for k in range(sums.size):
            sums[k] += link_at(here, there, k)
        base += ROW
    total = 0.0
    for k in range(sums.size):
        total += sums[k]
    return total


def rosenbrock_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """A long chain in two passes without a number that one link must wait for; the gradient has room for the running sums."""
    xs, gs = x[lo:hi], g[lo:hi]
    links = xs.size - 1
    if links < 2 * ROW:
        return one_by_one(xs, gs, 0.0, 0.0)
    whole = links - links % ROW
    total = in_rows(xs, gs[0:ROW], whole)
    previous, here, there, inner = xs[0 : whole - 1], xs[1:whole], xs[2 : whole + 1], gs[1:whole]
    for i in range(inner.size):
        before = 200 * (here[i] - previous[i] * previous[i])
        inner[i] = link_slope(before, here[i], there[i] - here[i] * here[i], 1 - here[i])
    gs[0] = link_slope(0.0, xs[0], xs[1] - xs[0] * xs[0], 1 - xs[0])
    return one_by_one(xs[whole:], gs[whole:], total, 200 * (xs[whole] - xs[whole - 1] * xs[whole - 1]))


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
