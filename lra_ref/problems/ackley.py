"""Ackley's function: a narrow cone in a field of ripples, smooth away from the minimiser.

    F(x) = -20 exp(-r / 5) - exp(mean_i cos(2 pi x_i)) + 20 + e,      r = sqrt(mean_i x_i^2)

D. H. Ackley (1987), "A Connectionist Machine for Genetic Hillclimbing".  Computed without cancellation as

    F(x) = -20 expm1(-r / 5) - e expm1(S),      S = -2 mean_i sin(pi x_i)^2

At the minimiser 0 F is not differentiable (a cone of slope 4 / sqrt(D)); there the gradient is DEFINED as 0, and the Hessian as that of the
second term.  The largest |x_i| is taken out of r, so that no square under- or overflows, and whole periods out of x_i (exactly), so
that the ripples keep their phase however large x is.

L on the set r >= R (the minimiser's neighbourhood cut out).  With n = grad r, |n|^2 = 1/D, the Hessian of the first term is
-(4/5) exp(-r/5) n n' + 4 exp(-r/5) (I/D - n n') / r, of norm at most max(4/5, 4/R) / D.  That of the second is
e exp(S) (diag((4 pi^2/D) cos(2 pi x_i)) - s s') with |s|^2 = (4 pi^2/D) mean_i sin(2 pi x_i)^2 <= 4 pi^2/D, of norm at most 8 pi^2 e / D.
No L holds on a set that has 0 in its closure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lra_ref.parameters import Parameters, Range, parameter
from lra_ref.problems.base import Known, Problem, family


@dataclass(frozen=True, kw_only=True)
class AckleyParameters(Parameters):
    """Dimension and the neighbourhood that L leaves out."""

    dim: int = parameter(2, Range(1, ends="[)", integer=True), "dimension D")
    gap: float = parameter(1, Range(1e-100, 1e100), "R: L is stated where the root mean square of x is at least R")


def largest_size(xs: Any) -> Any:
    """``max_i |x_i|``."""
    largest = 0.0
    for i in range(xs.size):
        largest = np.maximum(largest, np.abs(xs[i]))
    return largest


def scaled_rms(xs: Any, largest: Any) -> Any:
    """``r / largest``, in [1/sqrt(D), 1]."""
    total = 0.0
    for i in range(xs.size):
        part = xs[i] / largest
        total += part * part
    return np.sqrt(total / xs.size)


def phase(x: Any) -> Any:
    """``pi x`` up to a multiple of pi: the difference to the nearest whole number is exact."""
    return np.pi * (x - np.floor(x + 1 / 2))


def ripple_exponent(xs: Any) -> Any:
    """``S = mean_i (cos(2 pi x_i) - 1)``."""
    total = 0.0
    for i in range(xs.size):
        wave = np.sin(phase(xs[i]))
        total += wave * wave
    return -2 * total / xs.size


def ackley_value(lo: Any, hi: Any, x: Any, z: Any, data: Any, par: Any, g: Any) -> Any:
    """The ripples first, then the cone unless x = 0."""
    xs, gs = x[lo:hi], g[lo:hi]
    exponent = ripple_exponent(xs)
    height = 2 * np.pi * np.exp(1) * np.exp(exponent) / xs.size
    for i in range(xs.size):
        gs[i] = height * (2 * np.sin(phase(xs[i])) * np.cos(phase(xs[i])))
    total = -np.exp(1) * np.expm1(exponent)
    largest = largest_size(xs)
    if largest > 0:
        part = scaled_rms(xs, largest)
        r = largest * part
        total -= 20 * np.expm1(-r / 5)
        slope = 4 * np.exp(-r / 5)
        for i in range(xs.size):
            gs[i] += slope * (xs[i] / largest / part / xs.size)
    return total


def ackley_hvp(lo: Any, hi: Any, x: Any, v: Any, z: Any, data: Any, par: Any, out: Any) -> None:
    """Hessians of both terms, rank-one parts by inner products."""
    xs, vs, outs = x[lo:hi], v[lo:hi], out[lo:hi]
    height = 2 * np.pi * np.exp(1) * np.exp(ripple_exponent(xs)) / xs.size
    waves = 0.0
    for i in range(xs.size):
        waves += 2 * np.pi / xs.size * (2 * np.sin(phase(xs[i])) * np.cos(phase(xs[i]))) * vs[i]
    for i in range(xs.size):
        sine, cosine = np.sin(phase(xs[i])), np.cos(phase(xs[i]))
        outs[i] = height * (2 * np.pi * (cosine * cosine - sine * sine) * vs[i] - waves * (2 * sine * cosine))
    largest = largest_size(xs)
    if largest > 0:
        part = scaled_rms(xs, largest)
        r = largest * part
        slope = 4 * np.exp(-r / 5)
        along = 0.0
        for i in range(xs.size):
            along += xs[i] / largest / part / xs.size * vs[i]
        for i in range(xs.size):
            normal = xs[i] / largest / part / xs.size
            outs[i] += slope * ((vs[i] / xs.size - normal * along) / r - normal * along / 5)


@family("ackley", AckleyParameters)
def ackley(p: AckleyParameters) -> Problem:
    """Ackley's function; start (3.3, ..., 3.3)."""
    where = f"the set sqrt(mean x_i^2) >= {p.gap:g} (not convex)"
    bound = (max(0.8, 4 / p.gap) + 8 * math.pi**2 * math.e) / p.dim
    return Problem(
        name="ackley",
        dim=p.dim,
        value_kernel=ackley_value,
        hvp_kernel=ackley_hvp,
        start=np.full(p.dim, 3.3),
        smoothness=Known(bound, exact=False, where=where, source="norm of both parts of the Hessian"),
        f_star=Known(0.0, source="both terms are nonnegative, zero at 0"),
        x_star=np.zeros(p.dim),
        notes="Not differentiable at the minimiser 0, where the gradient is defined as 0; no L on any neighbourhood of it.",
    )
