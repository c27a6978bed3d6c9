"""A quadratic with cosine ripples: smooth, coercive, with many local minima (or none), and everything about it known exactly.

    F(x) = sum_i  h x_i^2 / 2 + a (1 - cos(w x_i)),      1 - cos(w x) = 2 sin(w x / 2)^2

Second derivative h + a w^2 cos(w x), hence L = h + a w^2, attained at 0.  Where a w^2 <= h F is convex with mu = h - a w^2, attained at
x = pi / w; else it is not.  Minimiser 0, F* = 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.problems.base import Known, Problem, family


@dataclass(frozen=True, kw_only=True)
class RippleParameters(Parameters):
    """Bowl and ripples."""

    dim: int = parameter(2, Range(1, ends="[)", integer=True), "dimension D")
    curvature: float = parameter(1, Range(0, 1e100, "(]"), "curvature h of the quadratic")
    amplitude: float = parameter(1, Range(0, 1e100), "amplitude a of the ripples")
    frequency: float = parameter(5, Range(0, 1e100, "(]"), "angular frequency w of the ripples")


def ripple_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """par = (h, a, w); the half angle keeps the digits that 1 - cos would lose near the minimiser."""
    xs, gs = x[lo:hi], g[lo:hi]
    h, a, w = par[0], par[1], par[2]
    total = 0.0
    for i in range(xs.size):
        half = np.sin(w * xs[i] / 2)
        total += h * xs[i] * xs[i] / 2 + 2 * a * half * half
        gs[i] = h * xs[i] + a * w * np.sin(w * xs[i])
    return total


def ripple_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Diagonal Hessian ``h + a w^2 cos(w x)``."""
    xs, vs, outs = x[lo:hi], v[lo:hi], out[lo:hi]
    h, a, w = par[0], par[1], par[2]
    for i in range(xs.size):
        outs[i] = (h + a * w * w * np.cos(w * xs[i])) * vs[i]


@family("ripple", RippleParameters)
def ripple(p: RippleParameters) -> Problem:
    """Quadratic plus cosine ripples; start (3, ..., 3)."""
    bend = p.amplitude * p.frequency * p.frequency
    convex = bend <= p.curvature
    return Problem(
        name="ripple",
        dim=p.dim,
        value_kernel=ripple_value,
        hvp_kernel=ripple_hvp,
        start=np.full(p.dim, 3.0),
        par=np.array([p.curvature, p.amplitude, p.frequency]),
        smoothness=Known(p.curvature + bend, source="second derivative h + a w^2 cos(w x) at 0"),
        f_star=Known(0.0, source="sum of squares, zero at 0"),
        x_star=np.zeros(p.dim),
        convex=convex,
        strong_convexity=Known(p.curvature - bend, source="second derivative at x = pi / w") if bend < p.curvature else None,
        notes="" if convex else "Not convex: a w^2 > h.",
    )
